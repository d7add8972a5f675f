"""Releases through the command line: judged from git, merged, tagged once and never twice."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.e2e.kit import ADMIN, DEV, Ran, Repo, World

from bascule.window import keys

RULES = """\
version: 1
scenario: release
extends: [release/default]
mode: auto
match: {files: [pyproject.toml, CHANGELOG.md, "src/**"]}
rules: [{id: tag, use: release/tag, tag: "v{version}", release: published}]
"""
LOG = "# Changelog\n\n## [Unreleased]\n%s\n## [1.2.0] - 2025-01-03\n\n- The beginning\n"
NEW = "# Changelog\n\n## [Unreleased]\n\n## [%s] - 2026-01-05\n\n- A thing\n\n## [1.2.0] - 2025-01-03\n\n- The beginning\n"


def manifest(version: str, **more: str) -> str:
    return f'[project]\nname = "shop"\nversion = "{version}"\n' + "".join(f"{k} = {v}\n" for k, v in more.items())


FIRST = {"pyproject.toml": manifest("1.2.0"), "CHANGELOG.md": LOG % "\n- A thing\n"}


def release(version: str) -> dict[str, str]:
    return {"pyproject.toml": manifest(version), "CHANGELOG.md": NEW % version}


def tag(repo: Repo, name: str, sha: str, *, annotated: bool = False) -> None:
    """Tag ``sha``, as a person would."""
    if annotated:
        body = {"tag": name, "message": name, "object": sha, "type": "commit"}
        sha = repo.call("POST", "/git/tags", body, by=ADMIN)["sha"]
    repo.call("POST", "/git/refs", {"ref": f"refs/tags/{name}", "sha": sha}, by=ADMIN)


def tags(repo: Repo) -> dict[str, str]:
    """Return the commit of each tag, annotated or not."""
    found = {}
    for ref in repo.call("GET", "/git/matching-refs/tags/", by=ADMIN):
        target = ref["object"]
        if target["type"] == "tag":
            target = repo.call("GET", f"/git/tags/{target['sha']}", by=ADMIN)["object"]
        found[ref["ref"].removeprefix("refs/tags/")] = target["sha"]
    return found


def releases(repo: Repo) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = repo.call("GET", "/releases", by=ADMIN)
    return found


def opened(world: World, rules: str = RULES, version: str = "1.3.0", **fields: Any) -> tuple[Repo, int]:
    """Return a repository whose release 1.2.0 is tagged, and a pull request that releases ``version``."""
    repo = world.repo(rulepack=rules, files=FIRST)
    tag(repo, "v1.2.0", repo.head())
    return repo, repo.pull(release(version), title=f"Release {version}", **fields)


def merged(repo: Repo, number: int, *args: str) -> Ran:
    ran = repo.merge(number, *args)
    assert (ran.code, ran.doc["status"]) == (0, "merged"), ran.out + ran.err
    return ran


def test_a_release_is_merged_tagged_and_released(world: World) -> None:
    repo, number = opened(world)
    ran = merged(repo, number)
    sha = ran.doc["merge"]["sha"]
    assert ran.doc["alarms"] == []
    assert (ran.doc["merge"]["tag"], tags(repo)["v1.3.0"]) == ("v1.3.0", sha)
    (made,) = releases(repo)
    assert (made["tag_name"], made["draft"], made["prerelease"]) == ("v1.3.0", False, False)
    assert made["body"] == "- A thing"
    assert ran.doc["merge"]["release"] == made["html_url"]
    audit, entries = repo.audit()
    assert audit.code == 0, audit.out
    assert [e["body"]["status"] for e in entries] == ["tag_due", "merged", "tagged"]
