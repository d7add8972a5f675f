"""Readers of manifests and lockfiles, one module per ecosystem; :func:`reader` finds the one for a path."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

from bascule_deps.model import Manifest

Reader = Callable[[str, str], Manifest]
"""Reads (text, path). Raises :class:`~bascule.kit.UnreadableError`, or anything: nothing is believed then."""

_WHERE: tuple[tuple[str, str], ...] = (
    (r"package\.json", "npm:package_json"),
    (r"(?:package-lock|npm-shrinkwrap)\.json", "npm:package_lock"),
    (r"yarn\.lock", "npm:yarn_lock"),
    (r"pnpm-lock\.ya?ml", "npm:pnpm_lock"),
    (r"pyproject\.toml", "python:pyproject"),
    (r"(?:.*[-_.])?(?:requirements|constraints)(?:[-_.].*)?\.(?:txt|in)", "python:requirements"),
    (r"(?:poetry|uv|pdm)\.lock", "python:toml_lock"),
    (r"Pipfile\.lock", "python:pipfile_lock"),
    (r"Cargo\.toml", "rust:cargo_toml"),
    (r"Cargo\.lock", "rust:cargo_lock"),
    (r"go\.mod", "golang:go_mod"),
    (r"go\.sum", "golang:go_sum"),
    (r"pom\.xml", "jvm:pom"),
    (r"libs\.versions\.toml", "jvm:catalog"),
    (r"gradle\.lockfile", "jvm:gradle_lock"),
    (r"(?:.*\.)?Dockerfile(?:\..*)?|Containerfile", "images:dockerfile"),
    (r"(?:docker-)?compose(?:[.-].*)?\.ya?ml", "images:yaml_images"),
    (r"Chart\.ya?ml", "charts:chart"),
    (r"Chart\.lock", "charts:chart_lock"),
    (r"values(?:[-_.].*)?\.ya?ml", "charts:values"),
    (r"(?:build|settings)\.gradle(?:\.kts)?", "gradle:script"),
    (r"\.terraform\.lock\.hcl", "hashicorp:lock"),
    (r".*\.(?:tf|tofu)", "terraform:configuration"),
    (r"\.pre-commit-config\.ya?ml", "hooks:pre_commit"),
    (r"Gemfile\.lock", "ruby:gemfile_lock"),
    (r"composer\.lock", "php:composer_lock"),
    (r"Directory\.Packages\.props", "dotnet:packages_props"),
)
_PATHS: tuple[tuple[str, str], ...] = (
    (r"(?:.*/)?\.github/workflows/[^/]+\.ya?ml", "hooks:actions"),
    (r"(?:.*/)?action\.ya?ml", "hooks:actions"),
    (r"(?:.*/)?requirements/[^/]+\.(?:txt|in)", "python:requirements"),
)


def reader(path: str) -> Reader | None:
    """Return the reader for ``path``, None where it is neither manifest nor lockfile."""
    name = path.rpartition("/")[2]
    for patterns, text in ((_PATHS, path), (_WHERE, name)):
        for pattern, where in patterns:
            if re.fullmatch(pattern, text):
                return _load(where)
    return None


@cache
def _load(where: str) -> Reader:
    import importlib

    module, _, function = where.partition(":")
    found: Reader = getattr(importlib.import_module(f"bascule_deps.formats.{module}"), function)
    return found
