"""Matching many paths as one text gives what matching them one by one gives."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bascule.globs import Globs

SEGMENTS = st.sampled_from(
    ["a", "b", "*", "?", "a*", "*.md", "[ab]", "[!a]", "[^a-c]", "[[]", "[a-]", ".x", "x^y", "é", "a b"]
)
PATTERNS = st.lists(SEGMENTS | st.just("**"), min_size=1, max_size=4).map("/".join)
NAMES = st.sampled_from(["a", "b", "ab", "c.md", "[", "-", "^", ".x", "x^y", "é", "\n", "a b", "]"]) | st.text(
    max_size=3
)
PATHS = st.lists(st.lists(NAMES, min_size=1, max_size=4).map("/".join), max_size=6)


@settings(deadline=None, max_examples=500)
@given(patterns=st.lists(PATTERNS, max_size=4), paths=PATHS)
@example(patterns=["a*"], paths=["a", "evil"])
@example(patterns=["a/**"], paths=["a/b", "c"])
@example(patterns=["[!b]*"], paths=["a", "bb"])
@example(patterns=["*"], paths=["a\0b"])
@example(patterns=["*"], paths=["a", "\udce9"])
@example(patterns=["**"], paths=[""])
def test_bulk_is_one_by_one(patterns: list[str], paths: list[str]) -> None:
    globs = Globs(patterns)
    assert globs.all_match(paths) == all(globs.match(p) for p in paths)
    assert globs.any_match(paths) == any(globs.match(p) for p in paths)


def test_a_wildcard_does_not_reach_into_the_next_path() -> None:
    assert not Globs(["docs/*"]).all_match(["docs/a", "evil"])
    assert not Globs(["docs/**"]).all_match(["docs/a", "evil"])
    assert not Globs(["docs/[!x]*"]).all_match(["docs/a", "evil"])
    assert not Globs(["a*d"]).any_match(["ab", "cd"])
    assert not Globs(["a[!x]b"]).any_match(["a", "b"])
    assert Globs(["docs/*"]).any_match(["x", "docs/a", "y"])


@pytest.mark.parametrize("number", [1, 3_000])
def test_one_of_many(number: int) -> None:
    paths = [f"docs/{n}.md" for n in range(number)]
    globs = Globs(["docs/*.md"])
    assert globs.all_match(paths)
    assert not globs.all_match([*paths, "docs/x.py"])
    assert Globs(["docs/0.md"]).any_match(paths)
    assert not Globs(["docs/0.m"]).any_match(paths)
