"""What a rollback's port sends, reads and refuses."""

from __future__ import annotations

from typing import Any

import pytest

from bascule.errors import OutsideError
from bascule.forge.allowlists import AllowlistTransport
from bascule.forge.identity import Identity
from bascule.forge.ports import RefusedError, Request, Response, Transport
from bascule.forge.rest import RepoAddress
from bascule.forge.reverter import Reverter

BRANCH = "bascule/rollback-42-r-1"


class Answers:
    """A transport that answers in order and keeps what was asked."""

    def __init__(self, *answers: tuple[int, Any]) -> None:
        self.answers, self.asked = list(answers), list[Request]()

    def send(self, request: Request) -> Response:
        self.asked.append(request)
        status, body = self.answers.pop(0)
        return Response(status=status, body=body)


def port(*answers: tuple[int, Any]) -> tuple[Reverter, Answers]:
    both = Answers(*answers)

    def limited(identity: Identity) -> Transport:
        return AllowlistTransport(both, identity=identity)

    address = RepoAddress("acme/shop", repository_id=7)
    return Reverter(limited(Identity.MERGER), limited(Identity.OBSERVER), address=address), both


def pull(number: int, *, ref: str = BRANCH, repo: int = 7, merged: bool = False, state: str = "open") -> dict[str, Any]:
    return {
        "number": number, "state": state, "head": {"ref": ref, "sha": "a" * 40, "repo": {"id": repo}},
        "base": {"ref": "main", "repo": {"id": 7}}, "html_url": "u", "merged_at": "t" if merged else None,
        "merge_commit_sha": "b" * 40,
    }  # fmt: skip


def test_only_our_own_branch_counts_and_the_newest_of_it() -> None:
    found = [pull(9, ref="topic"), pull(8, repo=99), pull(5, state="closed"), pull(6, merged=True, state="closed")]
    reverter, there = port((200, found))
    made = reverter.find(BRANCH)
    assert made is not None
    assert (made.number, made.state, made.merged_sha) == (6, "merged", "b" * 40)
    assert there.asked[0].query == {"state": "all", "head": f"acme:{BRANCH}", "per_page": 10}
    assert port((200, found[:2]))[0].find(BRANCH) is None


def test_a_branch_that_is_there_and_one_that_is_not() -> None:
    assert port((404, {"message": "Not Found"}))[0].branch(BRANCH) is None
    assert port((200, {"object": {"sha": "c" * 40}}))[0].branch(BRANCH) == "c" * 40


@pytest.mark.parametrize("branch", ["main", "topic", "refs/heads/main"])
def test_no_other_branch_is_ever_written(branch: str) -> None:
    reverter, there = port()
    for write in (reverter.create, reverter.move):
        with pytest.raises(OutsideError, match="not a branch of Bascule's"):
            write(branch, "a" * 40)
    assert there.asked == []


def test_what_exists_already_is_no_error_and_anything_else_is() -> None:
    exists = {"message": "Reference already exists"}
    assert port((422, exists))[0].create(BRANCH, "a" * 40) is False
    assert port((201, {"ref": "x"}))[0].create(BRANCH, "a" * 40) is True
    with pytest.raises(RefusedError, match="Object does not exist"):
        port((422, {"message": "Object does not exist"}))[0].create(BRANCH, "a" * 40)

    def opened(*answer: Any) -> Any:
        return port(answer)[0].open(branch=BRANCH, base="main", title="t", body="b")

    twice = {"message": "Validation Failed", "errors": [{"message": "A pull request already exists for acme:x."}]}
    assert opened(422, twice) is None
    assert opened(201, pull(3)).number == 3
    with pytest.raises(RefusedError):
        opened(422, {"message": "Validation Failed", "errors": [{"message": "No commits between main and x"}]})


def test_an_issue_is_opened_once() -> None:
    reverter, there = port((200, [{"number": 3, "body": None}, {"number": 4, "body": "<!-- mark -->\nx"}]))
    assert reverter.issue(title="t", body="<!-- mark -->", label="l", mark="<!-- mark -->") == 4
    assert [r.method for r in there.asked] == ["GET"]
    reverter, there = port((200, []), (201, {"number": 5}))
    assert reverter.issue(title="t", body="<!-- mark -->", label="l", mark="<!-- mark -->") == 5
    assert [r.method for r in there.asked] == ["GET", "POST"]
