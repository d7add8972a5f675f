"""Anchored globs: the grammar, its refusals, and agreement with a matcher that is too simple to be wrong."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bascule.globs import MAX_GLOBS, MAX_LENGTH, Globs, globs, is_utf8, problems


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("docs", "docs", True),
        ("docs", "src/docs/evil.py", False),
        ("docs", "docs/x", False),
        ("docs/**", "docs", False),
        ("docs/**", "docs/a/b", True),
        ("docs/**", "src/docs/a", False),
        ("infra/**/*.tf", "infra/a.tf", True),
        ("infra/**/*.tf", "infra/x/y/a.tf", True),
        ("infra/**/*.tf", "infra/x/a.tf/evil.sh", False),
        ("**", "a", True),
        ("**", ".github/workflows/ci.yml", True),
        ("**/x", "x", True),
        ("**/x", "a/b/x", True),
        ("**/x", "ax", False),
        ("a/**/b", "a/b", True),
        ("a/**/b", "a/x/y/b", True),
        ("a/**/b", "a/xb", False),
        ("**/**/x", "x", True),
        ("*.md", "README.md", True),
        ("*.md", "docs/README.md", False),
        ("*.md", ".md", True),
        ("*", ".hidden", True),
        ("a?c", "abc", True),
        ("a?c", "a/c", False),
        ("a?c", "aéc", True),
        ("a?c", "ac", False),
        ("[abc]", "b", True),
        ("[a-c]x", "bx", True),
        ("[!a-c]x", "bx", False),
        ("[!a-c]x", "dx", True),
        ("[^a-c]x", "bx", False),
        ("[!a]x", "/x", False),
        ("[ -~]x", "/x", False),
        ("[]]", "]", True),
        ("[!]]", "]", False),
        ("[a-]", "-", True),
        ("[[]x", "[x", True),
        ("[{]x", "{x", True),
        ("[*]", "*", True),
        ("[*]", "a", False),
        ("a.c", "abc", False),
        ("a+b(c)|d^$", "a+b(c)|d^$", True),
        ("README.md", "readme.md", False),
        ("*.md", "a\nb.md", True),
        ("*.md", "a.md\n", False),
        ("*.md", "a.md\nevil", False),
        ("d/**", "d/a\nb/c", True),
        ("a\u2028*", "a\u2028b", True),
    ],
)
def test_what_a_glob_means(pattern: str, path: str, matches: bool) -> None:
    assert Globs([pattern]).match(path) is matches


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("", "an empty glob matches nothing; write `**`"),
        ("/docs/**", "globs start at the root of the repository already; write `docs/**`"),
        ("/", "globs start at the root of the repository already; write `**`"),
        ("docs/", "a glob names files; write `docs/**`"),
        ("!docs", "globs cannot be negated; list the exception under `deny`"),
        ("a\\*", "there is no backslash escape; put the character into brackets"),
        ("{a,b}.md", "braces are not expanded; write one glob for each alternative"),
        ("a}", "braces are not expanded"),
        ("a//b", "an empty part (`//`) never occurs in a path"),
        ("../a", "`..` never occurs in a path"),
        ("./a", "`.` never occurs in a path"),
        ("a**", "`**` stands alone between slashes"),
        ("***", "`**` stands alone between slashes"),
        ("[a", "`[` in `[a` is not closed"),
        ("[]", "`[` in `[]` is not closed"),
        ("[a/b]", "`[` in `[a/b]` is not closed (a set cannot hold `/`)"),
        ("[z-a]", "the range `z-a` in `[z-a]` is backwards; write `a-z`"),
        (" a", "spaces around a glob"),
        ("a\nb", "spaces around a glob or control characters in it"),
        ("a\udcff", "a glob must be valid UTF-8"),
        ("a" * (MAX_LENGTH + 1), f"a glob of {MAX_LENGTH + 1} characters; at most {MAX_LENGTH}"),
    ],
)
def test_each_refusal_says_what_to_write(pattern: str, reason: str) -> None:
    assert (problems(pattern) or "").startswith(reason)
    with pytest.raises(ValueError, match=r"[a-z]"):
        Globs([pattern])


def test_a_path_that_is_not_utf8_never_matches() -> None:
    assert not Globs(["**"]).match("caf\udce9")
    assert Globs(["**"]).which("caf\udce9") is None
    assert not is_utf8("caf\udce9")
    assert is_utf8("café")


def test_which_names_the_first_in_order() -> None:
    several = Globs(["a/*", "**", "a/b"])
    assert several.which("a/b") == "a/*"
    assert several.which("c") == "**"
    assert Globs(["a"]).which("b") is None


def test_no_globs_match_nothing() -> None:
    assert not Globs([]).match("a")
    assert not Globs([])
    assert Globs(["a"])


def test_compiled_lists_are_shared() -> None:
    assert globs(("a", "b")) is globs(("a", "b"))


def test_a_long_list_still_answers() -> None:
    # A set of automata of this size would run out of memory and answer "no match", which for `deny` means "go on".
    many = [f"**/*[sS]*secret{i}.txt" for i in range(MAX_GLOBS)]
    assert Globs(many).match("ss/ssss/my-sS-secret7.txt")
    assert Globs(many).which("ss/ssss/my-sS-secret1999.txt") == "**/*[sS]*secret1999.txt"
    with pytest.raises(ValueError, match=f"at most {MAX_GLOBS}"):
        Globs([*many, "a"])


def reference(pattern: str, path: str) -> bool:
    """Match by trying every possibility; segments first, then characters."""
    return _segments(pattern.split("/"), path.split("/"))


def _segments(pattern: list[str], path: list[str]) -> bool:
    if not pattern:
        return not path
    if pattern[0] == "**":
        if len(pattern) == 1:
            return bool(path) and all(path)
        return _segments(pattern[1:], path) or (bool(path and path[0]) and _segments(pattern, path[1:]))
    return bool(path) and _chars(pattern[0], path[0]) and _segments(pattern[1:], path[1:])


def _chars(pattern: str, text: str) -> bool:
    if not pattern:
        return not text
    if pattern[0] == "*":
        return _chars(pattern[1:], text) or (bool(text) and _chars(pattern, text[1:]))
    if not text:
        return False
    if pattern[0] == "?":
        return _chars(pattern[1:], text[1:])
    if pattern[0] == "[":
        end = pattern.index("]", 2 + (pattern[1] in "!^"))
        members, negated = pattern[1:end], pattern[1] in "!^"
        return _member(members[negated:], text[0]) is not negated and _chars(pattern[end + 1 :], text[1:])
    return pattern[0] == text[0] and _chars(pattern[1:], text[1:])


def _member(members: str, char: str) -> bool:
    at = 0
    while at < len(members):
        if at + 2 < len(members) and members[at + 1] == "-":
            if members[at] <= char <= members[at + 2]:
                return True
            at += 3
        else:
            if members[at] == char:
                return True
            at += 1
    return False


_ALPHABET = "ab.é\n"
_CLASSES = st.sampled_from(["[ab]", "[!a]", "[a-é]", "[^b.]", "[]a]", "[!]]", "[.-]"])
_NAMES = st.lists(st.sampled_from([*_ALPHABET.replace("\n", ""), "*", "?"]) | _CLASSES, min_size=1, max_size=4)
_SEGMENTS = st.just("**") | _NAMES.map("".join).filter(lambda s: "**" not in s and s not in {".", ".."})
PATTERNS = st.lists(_SEGMENTS, min_size=1, max_size=4).map("/".join)
PATHS = st.lists(st.text(_ALPHABET + "]-", min_size=1, max_size=4), min_size=1, max_size=4).map("/".join)


@given(PATTERNS, PATHS)
@example("**/a/**", "a/a")
@example("a/**/**/b", "a/b")
def test_agrees_with_the_reference(pattern: str, path: str) -> None:
    assert problems(pattern) is None
    assert Globs([pattern]).match(path) is reference(pattern, path)


@given(st.lists(PATTERNS, max_size=5), PATHS)
def test_a_list_matches_as_its_first_matching_member(patterns: list[str], path: str) -> None:
    several = Globs(patterns)
    assert several.which(path) == next((p for p in patterns if reference(p, path)), None)
    assert several.match(path) is (several.which(path) is not None)


@given(st.text(max_size=20), st.text(max_size=20))
def test_any_text_is_refused_or_compiles(pattern: str, path: str) -> None:
    if problems(pattern) is None:
        assert Globs([pattern]).match(path) in {True, False}
