"""User expressions: RE2 only."""

from __future__ import annotations

import pytest

from bascule import regex
from bascule.types import TextRule


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("(?=x)", "not an RE2 expression: invalid perl operator"),
        (r"(a)\1", "not an RE2 expression: invalid escape sequence"),
        ("a(b", "not an RE2 expression: missing )"),
        ("", "an empty expression matches every text"),
        ("a" * (regex.MAX_LENGTH + 1), "an expression of 1001 characters"),
        ("a\udcff", "an expression must be valid UTF-8"),
    ],
)
def test_each_refusal(expression: str, reason: str) -> None:
    assert (regex.problems(expression) or "").startswith(reason)


def test_searched_not_anchored_and_all_that_fail_are_named() -> None:
    rule = TextRule(require=("^feat", r"#\d+"), deny=("(?i)wip", "draft"))
    assert regex.judge(rule, "feat: add #12").ok
    answer = regex.judge(rule, "WIP draft")
    assert (answer.missing, answer.found) == (("^feat", r"#\d+"), ("(?i)wip", "draft"))


def test_a_text_that_is_not_utf8_is_still_judged() -> None:
    assert regex.judge(TextRule(deny=("evil",)), "caf\udce9 evil").found == ("evil",)


def test_nested_repetition_is_linear() -> None:
    # A backtracking engine would need about 2**30 steps for this; the test would not come back.
    assert not regex.judge(TextRule(require=("(a+)+$",)), "a" * 3000 + "b").ok
