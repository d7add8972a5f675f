"""Terraform and OpenTofu: .terraform.lock.hcl."""

from __future__ import annotations

import re

from bascule.kit import UnreadableError
from bascule_deps.model import Entry, Manifest

_BLOCK = re.compile(r'provider\s+"([^"]+)"\s*\{(.*?)\n\}', re.DOTALL)


def lock(text: str, path: str) -> Manifest:  # noqa: ARG001
    """Read a dependency lock file: providers, their versions and hashes; constraints are the manifests' matter."""
    bare = re.sub(r"(?m)^\s*#.*$", "", text)
    entries = []
    for name, body in _BLOCK.findall(bare):
        version = re.search(r'(?m)^\s*version\s*=\s*"([^"]*)"', body)
        if version is None:
            raise UnreadableError(f"the provider {name} has no version")
        hashes = sorted(re.findall(r'"((?:h1|zh):[^"]+)"', body))
        entries.append(
            Entry(
                name=name.split("/", 1)[-1],
                version=version[1],
                origin=name.partition("/")[0],
                content=",".join(hashes),
                direct=True,
            )
        )
    rest = _BLOCK.sub("", bare).split()
    return Manifest(ecosystem="terraform", lock=True, entries=tuple(entries), rest=rest)
