"""Versions, tags and Conventional Commits, as they are written and read."""

from __future__ import annotations

import pytest

from bascule_release.commits import said
from bascule_release.tags import fitting, spelled, version_of
from bascule_release.versions import later, level, parse, same


@pytest.mark.parametrize(
    ("scheme", "old", "new"),
    [
        ("pep440", "1.2.0", "1.2.1"),
        ("pep440", "1.3.0.dev0", "1.3.0"),
        ("pep440", "1.3.0rc1", "1.3.0"),
        ("pep440", "1.3.0", "1.3.0.post1"),
        ("pep440", "2020.1", "1!1.0"),
        ("pep440", "1.9", "1.10"),
        ("semver", "1.0.0-alpha.9", "1.0.0-alpha.10"),
        ("semver", "1.0.0-rc.1", "1.0.0"),
        ("loose", "1.2", "1.3"),
        ("loose", "1.2-SNAPSHOT", "1.2"),
        ("loose", "1.2.0.Final", "1.3.0.Final"),
    ],
)
def test_forward_and_not_back(scheme: str, old: str, new: str) -> None:
    first, second = parse(old, scheme), parse(new, scheme)
    assert first is not None
    assert second is not None
    assert later(second, first)
    assert not later(first, second)
    assert not later(first, first)


@pytest.mark.parametrize(
    ("scheme", "text"),
    [("semver", "1.2"), ("semver", "01.2.3"), ("semver", "v1.2.3"), ("pep440", "1.2-alpha-x"), ("loose", "next"),
     ("pep440", "$VERSION"), ("loose", "1" * 300)],
)  # fmt: skip
def test_what_is_no_version(scheme: str, text: str) -> None:
    assert parse(text, scheme) is None


@pytest.mark.parametrize(
    ("scheme", "text", "stage"),
    [
        ("pep440", "1.0", "final"),
        ("pep440", "1.0a1", "prerelease"),
        ("pep440", "1.0.dev3", "development"),
        ("semver", "1.0.0-beta.2", "prerelease"),
        ("semver", "1.0.0-dev.1", "development"),
        ("loose", "1.3-SNAPSHOT", "development"),
    ],
)
def test_stages(scheme: str, text: str, stage: str) -> None:
    found = parse(text, scheme)
    assert found is not None
    assert found.stage == stage


@pytest.mark.parametrize(
    ("a", "b", "equal"),
    [("1.0.0-rc.1", "1.0.0rc1", True), ("1.0", "1.0.0", True), ("v1.0", "1.0", True), ("1.0", "1.1", False),
     ("x", "x", True), ("1.0-x", "1.0", False)],
)  # fmt: skip
def test_one_version_in_two_forms(a: str, b: str, equal: bool) -> None:
    assert same(a, b) is equal


@pytest.mark.parametrize(
    ("old", "new", "step"),
    [("1.2.3", "1.2.4", "patch"), ("1.2.3", "1.3.0", "minor"), ("1.2.3", "2.0.0", "major"), ("1.2", "1.2.1", "patch"),
     ("1.2.3rc1", "1.2.3", "none"), ("1.2.3", "1.2.3.1", "patch"), ("0.9", "0.10", "minor")],
)  # fmt: skip
def test_steps(old: str, new: str, step: str) -> None:
    first, second = parse(old, "pep440"), parse(new, "pep440")
    assert first is not None
    assert second is not None
    assert level(first, second) == step


def test_tags_are_read_as_they_are_written() -> None:
    for form in fitting(None, "@acme/shop"):
        assert version_of(form, "@acme/shop", spelled(form, "@acme/shop", "1.2.3-rc.1")) == "1.2.3-rc.1"
    assert version_of("v{version}", "", "version-1") is None
    assert version_of("{name}-{version}", "shop", "shopper-1.0") is None
    assert "{name}@{version}" not in fitting(None, "")


@pytest.mark.parametrize(
    ("message", "kind", "breaking"),
    [
        ("feat: a thing", "feat", False),
        ("fix(core): a thing", "fix", False),
        ("feat(core)!: a thing", "feat", True),
        ("chore: a thing\n\nBREAKING CHANGE: it is gone", "chore", True),
        ("chore: a thing\n\nBREAKING-CHANGE: it is gone", "chore", True),
        ("feat: a thing\n\nBREAKING CHANGE:\nit is gone", "feat", True),
        ("feat: a thing\n\nno BREAKING CHANGE: here", "feat", False),
        ("Fix a thing", "", False),
        ("feat:a thing", "", False),
        ('Revert "feat: a thing"', "revert", False),
        ("FEAT: a thing", "feat", False),
    ],
)
def test_what_a_commit_says(message: str, kind: str, breaking: bool) -> None:
    found = said("a" * 40, message)
    assert found is not None
    assert (found.type, found.breaking) == (kind, breaking)


def test_a_merge_says_nothing_unless_its_title_does() -> None:
    assert said("a" * 40, "Merge pull request #4 from octo-dev/topic\n\nAdd a thing", 2) is None
    found = said("a" * 40, "Merge pull request #4 from octo-dev/topic\n\nfeat: a thing", 2)
    assert found is not None
    assert found.type == "feat"
