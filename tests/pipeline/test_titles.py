"""The message of a merged commit."""

from bascule.pipeline.titles import default_message
from bascule.testing.builders import make_change
from bascule.types import Commit


def commit(message: str, parents: tuple[str, ...] = ("p",)) -> Commit:
    return Commit(sha="c" * 40, author=None, committer=None, message=message, parents=parents)


def test_one_commit_gives_its_body() -> None:
    change = make_change(commits=(commit("Fix it\n\nBecause.\n\nCo-authored-by: A <a@localhost>"),))
    assert default_message(change, "squash") == "Because.\n\nCo-authored-by: A <a@localhost>"


def test_several_commits_give_a_list_and_each_co_author_once() -> None:
    same = "Co-authored-by: A <a@localhost>"
    change = make_change(commits=(commit(f"One\n\n{same}"), commit("Merge main", ("p", "q")), commit(f"Two\n\n{same}")))
    assert default_message(change, "squash") == f"* One\n\n* Two\n\n{same}"


def test_a_merge_commit_carries_the_title_and_a_rebase_nothing() -> None:
    change = make_change(title="Add a page")
    assert default_message(change, "merge") == "Add a page"
    assert default_message(change, "rebase") == ""
