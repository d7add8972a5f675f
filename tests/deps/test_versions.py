"""How far it is from one version to another."""

from __future__ import annotations

import pytest

from bascule_deps.versions import bound, level, parse, unstable, zero


@pytest.mark.parametrize(
    ("before", "after", "ecosystem", "far"),
    [
        ("1.2.3", "1.2.4", "npm", "patch"),
        ("1.2.3", "1.3.0", "npm", "minor"),
        ("1.2.3", "2.0.0", "npm", "major"),
        ("v1.2", "v1.2.1", "go", "patch"),
        ("v4", "v5", "actions", "major"),
        ("v4", "v4.1", "actions", "minor"),
        ("1.9.0", "1.10.0", "npm", "minor"),
        ("1.10.0", "1.9.0", "npm", "downgrade"),
        ("2.0.0-rc.1", "2.0.0", "npm", "prerelease"),
        ("2.0.0-rc.2", "2.0.0-rc.10", "npm", "prerelease"),
        ("2.0.0", "2.0.0-rc.1", "npm", "downgrade"),
        ("1.0.0+a", "1.0.0+b", "cargo", "build"),
        ("1.0", "1.0.0", "npm", "none"),
        ("1.0rc1", "1.0", "python", "prerelease"),
        ("1.0", "1.0.post1", "python", "prerelease"),
        ("1!1.0", "2!0.1", "python", "major"),
        ("2024.2", "2024.10", "python", "minor"),
        ("3.11-slim", "3.12-slim", "docker", "minor"),
        ("3.11-slim", "3.12-alpine", "docker", "unknown"),
        ("3.11", "latest", "docker", "unknown"),
        ("main", "develop", "actions", "unknown"),
        ("a" * 40, "b" * 40, "actions", "unknown"),
        ("1.2.3.4", "1.2.3.5", "nuget", "patch"),
        ("9" * 300, "1", "npm", "unknown"),
        ("v0.0.0-20230101000000-abcdefabcdef", "v0.0.0-20240101000000-abcdefabcde0", "go", "major"),
        ("v0.0.0-20240101000000-abcdefabcdef", "v0.0.0-20230101000000-abcdefabcde0", "go", "downgrade"),
        ("v1.2.4-0.20230101000000-abcdefabcdef", "v1.2.4", "go", "prerelease"),
    ],
)
def test_levels(before: str, after: str, ecosystem: str, far: str) -> None:
    assert level(before, after, ecosystem) == far


@pytest.mark.parametrize(
    ("spec", "lowest"),
    [
        ("^1.2.3", "1.2.3"), ("~> 1.2", "1.2"), (">=1.2,<2", "1.2"), (">=1.2.0 <2.0.0", "1.2.0"), ("1.x", "1"),
        ("==1.0", "1.0"), ("*", None), ("latest", None), ("<2", None), (">1", None), ("1 || 2", None), ("", None),
        (">=1,>=2", None), ("^1.0 || ^2.0", None),
    ],
)  # fmt: skip
def test_the_lowest_version_of_a_range_or_none(spec: str, lowest: str | None) -> None:
    assert bound(spec) == lowest


def test_versions_before_their_release_and_before_one() -> None:
    assert [v for v in ("1.0.0-rc.1", "2.0.0-beta", "1.0a1", "1.0.0", "3.11-slim", "1.0-canary.5") if unstable(v)] == [
        "1.0.0-rc.1", "2.0.0-beta", "1.0a1", "1.0-canary.5",
    ]  # fmt: skip
    assert unstable("v1.2.4-0.20230101000000-abcdefabcdef"), "a commit without a release"
    assert [zero(v) for v in ("1.0.0", "0.3.1", "0.0.7", "main")] == [0, 1, 2, 0]
    assert parse("not a version") is None
