"""What was later reverted: by word, by title, by branch, by content; and reverts of reverts."""

from typing import Any

import pytest

from bascule.replay.reverts import Landed, Revert, mentioned, reverts


@pytest.fixture
def undone(story: Any, replayed: Any) -> Any:
    """Return (short) reverted id → revert of the story so far."""

    def run(**options: Any) -> dict[str, Revert]:
        return {c.sha: c.reverted for c in replayed(story.path, **options).changes if c.reverted is not None}

    return run


def test_git_revert_says_so(story: Any, undone: Any) -> None:
    story.commit("first", {"a.md": "1\n"})
    bad = story.commit("bad", {"a.md": "2\n"})
    story.commit("between", {"b.md": "1\n"})
    revert = story.revert(bad)
    assert undone() == {bad: Revert(by=revert, how="message", seconds=2 * 86_400)}


def test_a_short_id_in_capitals_and_a_list_of_ids(story: Any, undone: Any) -> None:
    story.commit("first", {"a.md": "1\n"})
    one = story.commit("one", {"a.md": "2\n"})
    two = story.commit("two", {"b.md": "2\n"})
    three = story.commit("three", {"c.md": "2\n"})
    by = story.commit(
        f"Undo all\n\nThis reverts commit {one[:7].upper()}.\nThis reverts commits {two[:10]} and {three}.",
        {"a.md": "3\n"},
    )
    assert {sha: r.by for sha, r in undone().items()} == {one: by, two: by, three: by}


def test_an_exact_inverse_without_a_word(story: Any, undone: Any) -> None:
    story.commit("first", {"a.md": "1\n", "b.md": "1\n"})
    bad = story.commit("bad", {"a.md": "2\n", "b.md": None, "c.md": "new\n"})
    story.commit("between", {"z.md": "1\n"})
    inverse = story.commit("tidy", {"a.md": "1\n", "b.md": "1\n", "c.md": None})
    assert undone() == {bad: Revert(by=inverse, how="inverse", seconds=2 * 86_400)}


def test_an_exact_inverse_of_a_rename_with_an_edit(story: Any, undone: Any) -> None:
    lines = "".join(f"{n}\n" for n in range(30))
    story.commit("first", {"old.md": lines})
    bad = story.commit("move", {"new.md": lines + "more\n", "old.md": None})
    inverse = story.commit("move back", {"old.md": lines, "new.md": None})
    assert undone()[bad].by == inverse


def test_a_mode_is_part_of_an_inverse(story: Any, undone: Any) -> None:
    story.commit("first", {"run.sh": "true\n"})
    (story.path / "run.sh").chmod(0o755)
    bad = story.commit("executable")
    (story.path / "run.sh").chmod(0o644)
    inverse = story.commit("not any more")
    assert undone()[bad] == Revert(by=inverse, how="inverse", seconds=86_400)


def test_nearly_an_inverse_is_none(story: Any, undone: Any) -> None:
    story.commit("first", {"a.md": "1\n", "b.md": "1\n"})
    story.commit("change", {"a.md": "2\n"})
    story.commit("back, and more", {"a.md": "1\n", "b.md": "2\n"})
    story.commit("nothing")
    story.commit("nothing again")
    assert undone() == {}


def test_a_revert_of_a_revert_brings_the_change_back(story: Any, undone: Any) -> None:
    story.commit("first", {"a.md": "1\n"})
    change = story.commit("change", {"a.md": "2\n"})
    revert = story.revert(change)
    again = story.revert(revert)
    assert undone() == {
        change: Revert(by=revert, how="message", seconds=86_400, undone_by=again),
        revert: Revert(by=again, how="message", seconds=86_400),
    }
    third = story.revert(again)
    found = undone()
    # The revert stands again, so the change is gone after all.
    assert found[change].undone_by is None
    assert found[revert].undone_by == third
    assert found[again] == Revert(by=third, how="message", seconds=86_400)


def test_a_merge_is_reverted_as_a_whole(story: Any, undone: Any) -> None:
    story.commit("first", {"a.md": "1\n"})
    story.branch("topic")
    story.commit("one", {"b.md": "1\n"})
    story.commit("two", {"c.md": "1\n"})
    story.back()
    merge = story.merge("Merge pull request #7 from octo-dev/topic\n\nBoth", "topic")
    story.commit("between", {"z.md": "1\n"})
    by = story.revert(merge, "-m", "1")
    # git writes "This reverts commit X, reversing changes made to Y": only X is meant.
    assert undone() == {merge: Revert(by=by, how="message", seconds=2 * 86_400)}


def test_a_commit_inside_a_merge_is_part_of_it(story: Any, undone: Any) -> None:
    story.commit("first", {"a.md": "1\n"})
    story.branch("topic")
    one = story.commit("one", {"b.md": "1\n"})
    two = story.commit("two", {"c.md": "1\n"})
    story.back()
    merge = story.merge("Merge branch topic", "topic")
    by = story.revert(one)
    assert undone() == {merge: Revert(by=by, how="message", seconds=86_400, part=True)}
    story.git("reset", "-q", "--hard", merge)
    both = story.commit(f"undo\n\nThis reverts commit {one}.\nThis reverts commit {two}.", {"b.md": None, "c.md": None})
    assert undone() == {merge: Revert(by=both, how="message", seconds=2 * 86_400)}


def test_a_revert_that_was_merged_counts_where_it_landed(story: Any, undone: Any) -> None:
    story.commit("first", {"a.md": "1\n"})
    bad = story.commit("bad", {"a.md": "2\n"})
    story.branch("undo")
    story.revert(bad)
    story.commit("and more", {"b.md": "1\n"})
    story.back()
    story.commit("between", {"z.md": "1\n"})
    merge = story.merge("Merge pull request #9 from octo-dev/undo\n\nUndo it", "undo")
    assert undone()[bad].by == merge


def test_what_a_branch_reverted_of_itself_is_nothing(story: Any, undone: Any) -> None:
    story.commit("first", {"a.md": "1\n"})
    story.branch("topic")
    one = story.commit("one", {"b.md": "1\n"})
    story.revert(one)
    story.commit("two", {"c.md": "1\n"})
    story.back()
    story.merge("Merge branch topic", "topic")
    assert undone() == {}


def test_pull_request_numbers_and_titles(story: Any, undone: Any) -> None:
    story.commit("first", {"a.md": "1\n"})
    one = story.commit("Bump axios (#41)", {"a.md": "2\n"})
    two = story.commit("Reword the guide (#42)", {"b.md": "1\n"})
    older = story.commit("Fix a typo", {"c.md": "1\n"})
    newer = story.commit("Fix a typo", {"c.md": "2\n"})
    by_body = story.commit("Undo the bump (#43)\n\nReverts acme/shop#41", {"a.md": "3\n"})
    by_title = story.commit('Revert "Reword the guide (#42)" (#44)', {"b.md": "2\n"})
    by_name = story.commit('Revert "Fix a typo"', {"c.md": "3\n"})
    assert {sha: r.by for sha, r in undone().items()} == {one: by_body, two: by_title, newer: by_name}
    assert older not in undone()


def test_the_branch_of_the_revert_button(story: Any, undone: Any) -> None:
    story.commit("first", {"a.md": "1\n"})
    bad = story.commit("Bump axios (#41)", {"a.md": "2\n"})
    story.branch("revert-41-bump-axios")
    story.commit("go back", {"a.md": "2.5\n"})
    story.back()
    merge = story.merge("Merge pull request #44 from acme/revert-41-bump-axios", "revert-41-bump-axios")
    assert {sha: r.by for sha, r in undone().items()} == {bad: merge}


def test_what_lies_below_the_limit_is_not_looked_at(story: Any, undone: Any) -> None:
    story.commit("first", {"a.md": "1\n"})
    bad = story.commit("bad", {"a.md": "2\n"})
    story.revert(bad)
    assert undone(last=1) == {}
    assert set(undone(last=2)) == {bad}


def landed(sha: str, *messages: str, **fields: Any) -> Landed:
    return Landed(**{"sha": sha, "number": 0, "title": "", "time": 0, "messages": messages, "entries": (), **fields})


def test_an_ambiguous_or_later_or_own_id_means_nothing() -> None:
    a, b, c = "ab" * 20, "ab" * 19 + "cd", "ef" * 20
    history = [  # newest first
        landed(c, f"This reverts commit {a[:7]}.", f"This reverts commit {c}."),
        landed(b, f"This reverts commit {c}."),
        landed(a),
    ]
    assert reverts(history) == {}
    assert reverts([landed(c, f"This reverts commit {a}."), landed(b), landed(a)])[a].by == c


@pytest.mark.parametrize(
    ("message", "ids", "numbers"),
    [
        ("This reverts commit 5d21c0e.", ("5d21c0e",), ()),
        ("this reverts commit 5D21C0E", ("5d21c0e",), ()),
        ("This reverts commit\n5d21c0e", ("5d21c0e",), ()),
        ("This reverts commit 5d21c0e, reversing\nchanges made to 1111111.", ("5d21c0e",), ()),
        ("This reverts commits 5d21c0e, 6d21c0e and 7d21c0e.", ("5d21c0e", "6d21c0e", "7d21c0e"), ()),
        ("This reverts part of commit 5d21c0e.", (), ()),
        ("This reverts commit abcdef.", (), ()),
        ("Reverts acme/shop#41", (), (41,)),
        ("x\n\nreverts #41.\n", (), (41,)),
        ("It reverts #41 and breaks #42", (), ()),
        ("Nothing to see", (), ()),
    ],
)
def test_what_a_message_names(message: str, ids: tuple[str, ...], numbers: tuple[int, ...]) -> None:
    assert mentioned(message) == (ids, numbers)
