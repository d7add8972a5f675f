"""The inverse of a merge by real git: over random histories the tree comes back, and what came later stays."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.rollback.kit import Box

from bascule.rollback.inverse import invert, merged_tree, span_of

PATHS = ("a.txt", "b.txt", "dir/c.txt", "dir/d.txt", "z.txt")
_folders = itertools.count()
TEXTS = st.lists(st.sampled_from(["one", "two", "three", "four"]), min_size=1, max_size=6).map(
    lambda w: "\n".join(w) + "\n"
)
EDIT = st.dictionaries(st.sampled_from(PATHS), st.one_of(st.none(), TEXTS), min_size=1, max_size=3)


def edited(files: dict[str, str], edit: dict[str, str | None]) -> dict[str, str]:
    """Return ``files`` after ``edit``; None takes a file away."""
    new = {**files, **{k: v for k, v in edit.items() if v is not None}}
    return {k: v for k, v in new.items() if edit.get(k, "") is not None}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    start=st.dictionaries(st.sampled_from(PATHS), TEXTS, min_size=1),
    edits=st.lists(EDIT, min_size=1, max_size=3),
    method=st.sampled_from(["merge", "squash", "rebase"]),
    ahead=st.booleans(),
)
def test_while_it_is_the_tip_the_tree_before_it_comes_back(
    tmp_path: Path, start: dict[str, str], edits: list[dict[str, str | None]], method: str, ahead: bool
) -> None:
    box = Box(tmp_path / f"box-{next(_folders)}")
    root = box.commit(box.tree(start), message="root")
    files, parent, own = dict(start), root, []
    for number, edit in enumerate(edits):
        files = edited(files, edit)
        parent = box.commit(box.tree(files), parent, message=f"Step {number}")
        own.append(parent)
    # The base branch may have moved since the change was begun.
    base = box.commit(box.tree({**start, "elsewhere.txt": "x\n"}), root, message="moved") if ahead else root
    landed = box.merge(method, base, own)
    if landed is None:
        return  # a conflict, or nothing to merge: GitHub would not have merged it either
    span = span_of(box.git, landed, head=own[-1], commits=box.own(own))
    assert span is not None
    inverse = invert(box.git, span, landed)
    assert inverse is not None
    assert inverse.exact
    if box.git.tree_of(landed) == box.git.tree_of(base):
        assert inverse.nothing_left  # the steps undo each other: there is nothing to bring back
    else:
        assert inverse.tree == box.git.tree_of(base)
        assert set(inverse.paths) == changed(box, base, landed)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    start=st.dictionaries(st.sampled_from(PATHS), TEXTS, min_size=1),
    edit=EDIT,
    later=st.lists(EDIT, min_size=1, max_size=3),
)
def test_afterwards_what_came_later_stays_or_a_person_is_told_the_paths(
    tmp_path: Path, start: dict[str, str], edit: dict[str, str | None], later: list[dict[str, str | None]]
) -> None:
    box = Box(tmp_path / f"box-{next(_folders)}")
    base = box.commit(box.tree(start), message="root")
    files = edited(start, edit)
    own = [box.commit(box.tree(files), base, message="Change")]
    landed = box.merge("squash", base, own)
    assert landed is not None
    tip = landed
    for number, one in enumerate(later):
        files = edited(files, one)
        tip = box.commit(box.tree(files), tip, message=f"Later {number}")
    span = span_of(box.git, landed, head=own[0], commits=box.own(own))
    assert span is not None
    inverse = invert(box.git, span, tip)
    assert inverse is not None
    touched, since = changed(box, base, landed), changed(box, landed, tip)
    assert set(inverse.paths) == touched
    assert all(set(o.paths) <= touched for o in inverse.overlap)
    if inverse.tree is None:
        # Git only ever gives up over a path that both sides changed.
        assert inverse.conflicts
        assert set(inverse.conflicts) & touched & since
        return
    now, before, then = box.files(inverse.tree), box.files(base), box.files(tip)
    for path in touched - since:
        assert now.get(path) == before.get(path), f"{path} is not what it was"
    for path in (set(then) | set(now)) - touched - since:
        assert now.get(path) == then.get(path), f"{path}, which came later, was lost"


def changed(box: Box, a: str, b: str) -> set[str]:
    """Return the paths that differ between two commits."""
    before, after = box.files(a), box.files(b)
    return {p for p in set(before) | set(after) if before.get(p) != after.get(p)}


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path / "box")


def test_a_rebase_merge_is_undone_whole(box: Box) -> None:
    base = box.commit(box.tree({"a": "1\n"}), message="root")
    first = box.commit(box.tree({"a": "1\n", "b": "1\n"}), base, message="Same words")
    second = box.commit(box.tree({"a": "1\n", "b": "1\n", "c": "1\n"}), first, message="Same words")
    moved = box.commit(box.tree({"a": "1\n", "x": "1\n"}), base, message="Same words")
    landed = box.merge("rebase", moved, [first, second])
    assert landed is not None
    # The commit below ours has the same message by the same author: only the tree tells that it is not ours.
    span = span_of(box.git, landed, head=second, commits=box.own([first, second]))
    assert span is not None
    assert (span.before, span.count) == (moved, 2)


def test_a_commit_that_the_base_had_already_is_not_counted(box: Box) -> None:
    base = box.commit(box.tree({"a": "1\n"}), message="root")
    first = box.commit(box.tree({"a": "2\n"}), base, message="First")
    second = box.commit(box.tree({"a": "2\n", "b": "1\n"}), first, message="Second")
    moved = box.commit(box.tree({"a": "2\n", "x": "1\n"}), base, message="The same by somebody else")
    landed = box.merge("rebase", moved, [first, second])
    assert landed is not None
    span = span_of(box.git, landed, head=second, commits=box.own([first, second]))
    assert span is not None
    assert (span.before, span.count) == (moved, 1)


def test_a_landed_tree_that_git_does_not_give_is_nobodys_guess(box: Box) -> None:
    base = box.commit(box.tree({"a": "1\n"}), message="root")
    own = box.commit(box.tree({"a": "2\n"}), base, message="Change")
    evil = box.commit(box.tree({"a": "2\n", "evil": "x\n"}), base, own, message="Merge")
    assert span_of(box.git, evil, head=own, commits=box.own([own])) is None


def test_a_branch_without_the_merge_has_nothing_to_undo(box: Box) -> None:
    base = box.commit(box.tree({"a": "1\n"}), message="root")
    own = box.commit(box.tree({"a": "2\n"}), base, message="Change")
    landed = box.merge("squash", base, [own])
    assert landed is not None
    span = span_of(box.git, landed, head=own, commits=box.own([own]))
    assert span is not None
    assert invert(box.git, span, base) is None


def test_renamed_later_is_followed(box: Box) -> None:
    body = "".join(f"line {n}\n" for n in range(30))
    base = box.commit(box.tree({"old.txt": body}), message="root")
    own = box.commit(box.tree({"old.txt": body.replace("line 3\n", "LINE 3\n")}), base, message="Change")
    landed = box.merge("squash", base, [own])
    assert landed is not None
    renamed = box.commit(box.tree({"new.txt": body.replace("line 3\n", "LINE 3\n")}), landed, message="Rename")
    span = span_of(box.git, landed, head=own, commits=box.own([own]))
    assert span is not None
    inverse = invert(box.git, span, renamed)
    assert inverse is not None
    assert inverse.tree == box.tree({"new.txt": body})
    assert [(o.sha, o.paths) for o in inverse.overlap] == [(renamed, ("old.txt",))]


def test_a_head_on_an_older_tip_gives_the_same_tree(box: Box) -> None:
    base = box.commit(box.tree({"a": "1\n"}), message="root")
    own = box.commit(box.tree({"a": "2\n"}), base, message="Change")
    landed = box.merge("squash", base, [own])
    assert landed is not None
    tip = box.commit(box.tree({"a": "2\n", "b": "1\n"}), landed, message="Later")
    tree = box.git.tree_of(base)
    assert merged_tree(box.git, base=landed, head_tree=tree, onto=tip) == box.tree({"a": "1\n", "b": "1\n"})


def test_the_same_objects_give_the_same_answer_and_move_no_ref(box: Box) -> None:
    base = box.commit(box.tree({"a": "1\n"}), message="root")
    own = box.commit(box.tree({"a": "2\n"}), base, message="Change")
    landed = box.merge("squash", base, [own])
    assert landed is not None
    tip = box.commit(box.tree({"a": "2\n", "b": "1\n"}), landed, message="Later")
    span = span_of(box.git, landed, head=own, commits=box.own([own]))
    assert span is not None
    refs = box.git.text("for-each-ref")
    assert invert(box.git, span, tip) == invert(box.git, span, tip)
    assert box.git.text("for-each-ref") == refs
