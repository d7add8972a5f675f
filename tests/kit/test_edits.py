"""Differences by path, and patterns over paths."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bascule.kit import Edit, Pattern, edits, step_text

SCALARS = st.none() | st.booleans() | st.integers(-3, 3) | st.text("ab", max_size=2)
DOCUMENTS = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1, max_size=2), inner)
)


def applied(document: Any, edit: Edit) -> Any:
    """Apply one edit; lists here are compared by index."""
    if not edit.path:
        return edit.after
    made = copy.deepcopy(document)
    at = made
    for step in edit.path[:-1]:
        at = at[step]
    last = edit.path[-1]
    if edit.removed:
        del at[last]
    elif edit.added and isinstance(at, list):
        at.append(edit.after)
    else:
        at[last] = edit.after
    return made


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _sorted(v) for k, v in sorted(value.items())}
    return [_sorted(v) for v in value] if isinstance(value, list) else value


@given(DOCUMENTS, DOCUMENTS)
def test_the_edits_lead_from_one_document_to_the_other(before: Any, after: Any) -> None:
    found = list(edits(before, after, keys=()))
    assert (found == []) == (repr(_sorted(before)) == repr(_sorted(after)))
    made = before
    removed = [e for e in found if e.removed]
    for edit in [*(e for e in found if not e.removed), *reversed(removed)]:
        made = applied(made, edit)
    assert repr(_sorted(made)) == repr(_sorted(after))


def test_a_container_that_moved_did_not_change() -> None:
    before = {"containers": [{"name": "a", "image": "x:1"}, {"name": "b", "image": "y:1"}]}
    after = {"containers": [{"name": "b", "image": "y:1"}, {"name": "a", "image": "x:2"}]}
    (edit,) = edits(before, after)
    assert (edit.text, edit.before, edit.after) == ("containers[a].image", "x:1", "x:2")
    by_index = [e.text for e in edits(before, after, keys=())]
    assert by_index == ["containers[0].image", "containers[0].name", "containers[1].image", "containers[1].name"]


def test_true_is_not_one() -> None:
    assert len(list(edits({"a": 1}, {"a": True}))) == 1
    assert len(list(edits({"a": 1}, {"a": 1.0}))) == 1


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("spec.replicas", ("spec", "replicas"), True),
        ("spec.replicas", ("spec",), False),
        ("spec.replicas", ("spec", "replicasX"), False),
        ("spec", ("spec", "template", "spec"), True),
        ("spec.containers[*].image", ("spec", "containers", "[app]", "image"), True),
        ("spec.containers[app].image", ("spec", "containers", "[app]", "image"), True),
        ("spec.containers[*].image", ("spec", "containers", 0, "image"), True),
        ("spec.containers[*].image", ("spec", "containers", "[app]", "imagePullPolicy"), False),
        ("**.image", ("spec", "a", "b", "image"), True),
        ("**.image", ("image",), True),
        ("a.**.z", ("a", "z"), True),
        ("a.**.z", ("a", "b", "c", "z", "q"), True),
        ("a.**.z", ("b", "z"), False),
        ("**", (), True),
        ('metadata.annotations["a.b/c"]', ("metadata", "annotations", "a.b/c"), True),
        ("metadata.annotations.a*", ("metadata", "annotations", "a.b/c"), True),
        ('x["*"]', ("x", "anything"), False),
        ('x["*"]', ("x", "*"), True),
    ],
)
def test_patterns(pattern: str, path: tuple[str | int, ...], matches: bool) -> None:
    assert Pattern(pattern).match(path) is matches


@pytest.mark.parametrize("text", ["", ".", "a..b", "a[", 'a["b', "a."])
def test_patterns_that_cannot_be_read_say_where(text: str) -> None:
    if text in {".", "a."}:
        with pytest.raises(ValueError, match="without a name"):
            Pattern(text)
        return
    with pytest.raises(ValueError, match=r"column|empty"):
        Pattern(text)


def test_many_double_stars_cost_little() -> None:
    assert not Pattern(".".join(["**", "a"] * 30)).match(("a",) * 29)


@given(st.lists(st.text('ab.[]"*/', min_size=1, max_size=4), min_size=1, max_size=4))
def test_what_a_path_is_told_as_means_that_path(steps: list[str]) -> None:
    if any('"]' in s or (s.startswith("[") and s.endswith("]")) for s in steps):
        return
    assert Pattern(step_text(tuple(steps))).match(tuple(steps))
