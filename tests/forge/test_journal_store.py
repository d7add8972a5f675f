"""The journal's chain on git data: compare-and-swap, and what is no journal as against no access."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from bascule.errors import OutsideError
from bascule.forge.allowlists import AllowlistTransport
from bascule.forge.github import GitHubTransport
from bascule.forge.identity import Identity
from bascule.forge.journal import REF, GitHubJournal
from bascule.forge.ports import LostReplyError, RefusedError
from bascule.forge.rest import RepoAddress

A, B, C = "a" * 40, "b" * 40, "c" * 40
TREE = "7" * 40


@pytest.fixture
def journal(transport: GitHubTransport) -> GitHubJournal:
    guarded = AllowlistTransport(transport, identity=Identity.KEEPER)
    return GitHubJournal(guarded, address=RepoAddress("octo/box"), base_tree=TREE)


def ref(sha: str, name: str = REF) -> dict[str, Any]:
    return {"ref": name, "node_id": "x", "url": "x", "object": {"sha": sha, "type": "commit", "url": "x"}}


def entry(sha: str, *parents: str, message: str = "m") -> dict[str, Any]:
    nodes = [{"oid": p} for p in parents]
    return {"oid": sha, "message": message, "tree": {"oid": TREE}, "parents": {"nodes": nodes}}


def history(*entries: dict[str, Any], more: str | None = None) -> dict[str, Any]:
    return {"pageInfo": {"hasNextPage": more is not None, "endCursor": more}, "nodes": list(entries)}


def repository(journal: Any) -> dict[str, Any]:
    tree = {"target": {"tree": {"oid": TREE}}}
    return {"repository": {"databaseId": 7, "nameWithOwner": "octo/box", "defaultBranchRef": tree, "journal": journal}}


# --- reading ---


def test_the_tip(script: Any, journal: GitHubJournal) -> None:
    script.say(200, ref(A))
    tip = journal.tip()
    assert tip.sha == A
    assert tip.date.tzinfo is not None
    assert script.lines == ["GET /repos/octo/box/git/ref/bascule/journal"]


def test_no_journal_yet(script: Any, journal: GitHubJournal) -> None:
    script.say(404, {"message": "Not Found"}).say(200, [ref(B, f"{REF}-old")])
    assert journal.tip().sha is None
    assert script.lines[1] == "GET /repos/octo/box/git/matching-refs/bascule/journal"


def test_no_access_is_not_no_journal(script: Any, journal: GitHubJournal) -> None:
    script.say(404, {"message": "Not Found"}).say(404, {"message": "Not Found"})
    with pytest.raises(RefusedError):
        journal.tip()


def test_a_ref_that_appears_in_between_is_seen(script: Any, journal: GitHubJournal) -> None:
    script.say(404, {"message": "Not Found"}).say(200, [ref(A)])
    assert journal.tip().sha == A


@pytest.mark.parametrize("body", [[ref(A)], ref(A, "refs/heads/bascule/journal"), {"ref": REF}, {}, None])
def test_another_shape_is_not_a_tip(script: Any, journal: GitHubJournal, body: Any) -> None:
    script.say(200, body)
    with pytest.raises(LostReplyError):
        journal.tip()


def test_tip_and_entries_in_one_call(script: Any, journal: GitHubJournal) -> None:
    # The server's order is not trusted: the chain is followed from the tip.
    target = {"oid": C, "history": history(entry(A), entry(C, B, message="third"), entry(B, A))}
    script.graphql(repository({"target": target}))
    tip, chain = journal.read(limit=20)
    assert tip.sha == C
    assert [c.sha for c in chain] == [C, B, A]
    assert chain[0].message == "third"
    assert chain[0].parents == (B,)
    assert len(script.seen) == 1
    assert script.seen[0].body["variables"]["entries"] == 20


def test_entries_that_do_not_hang_on_the_tip_are_left_out(script: Any, journal: GitHubJournal) -> None:
    script.graphql(repository({"target": {"oid": C, "history": history(entry(C, B), entry(A))}}))
    assert [c.sha for c in journal.read()[1]] == [C]


def test_a_ref_that_graphql_hides_is_found_through_rest(script: Any, journal: GitHubJournal) -> None:
    script.graphql(repository(None)).say(200, ref(B))
    script.graphql({"repository": {"databaseId": 7, "object": {"oid": B, "history": history(entry(B, A), entry(A))}}})
    tip, chain = journal.read()
    assert tip.sha == B
    assert [c.sha for c in chain] == [B, A]


def test_an_empty_journal_is_read_in_three_calls(script: Any, journal: GitHubJournal) -> None:
    script.graphql(repository(None)).say(404, {"message": "Not Found"}).say(200, [])
    tip, chain = journal.read()
    assert (tip.sha, chain) == (None, ())
    assert len(script.seen) == 3


def test_a_namesake_is_not_read(script: Any, transport: GitHubTransport) -> None:
    journal = GitHubJournal(transport, address=RepoAddress("octo/box", repository_id=99))
    script.graphql(repository(None))
    with pytest.raises(OutsideError, match="another repository"):
        journal.read()


def test_a_long_chain_is_read_in_pages(script: Any, journal: GitHubJournal) -> None:
    shas = [f"{i:040x}" for i in range(250)]
    entries = [entry(s, *shas[i + 1 : i + 2]) for i, s in enumerate(shas)]
    for start, more in ((0, "x"), (100, "y"), (200, None)):
        page = history(*entries[start : start + 100], more=more)
        script.graphql({"repository": {"databaseId": 7, "object": {"oid": shas[0], "history": page}}})
    assert [c.sha for c in journal.chain(shas[0], limit=1000)] == shas
    assert [s.body["variables"]["after"] for s in script.seen] == [None, "x", "y"]


def test_the_limit_holds(script: Any, journal: GitHubJournal) -> None:
    page = history(entry(C, B), entry(B, A), more="x")
    script.graphql({"repository": {"databaseId": 7, "object": {"oid": C, "history": page}}})
    assert len(journal.chain(C, limit=2)) == 2
    assert len(script.seen) == 1


@pytest.mark.parametrize("found", [None, {"oid": A}])
def test_a_missing_commit_is_an_error(script: Any, journal: GitHubJournal, found: Any) -> None:
    script.graphql({"repository": {"databaseId": 7, "object": found}})
    with pytest.raises(OutsideError, match=f"no commit {A}"):
        journal.chain(A)


# --- writing ---


def commit(sha: str, parents: tuple[str, ...] = (A,), tree: str = TREE) -> dict[str, Any]:
    return {"sha": sha, "tree": {"sha": tree}, "parents": [{"sha": p} for p in parents], "message": "m"}


def test_a_commit_is_one_call(script: Any, journal: GitHubJournal) -> None:
    script.say(201, commit(B))
    assert journal.commit("open\n\n{}", parents=(A,)) == B
    assert script.seen[0].body == {"message": "open\n\n{}", "tree": TREE, "parents": [A]}
    assert script.lines == ["POST /repos/octo/box/git/commits"]


@pytest.mark.parametrize(
    "body", [commit(B, parents=()), commit(B, tree=C), commit("not-a-sha"), {"sha": B}, {"message": "ok"}]
)
def test_another_commit_than_asked_for_is_not_taken(script: Any, journal: GitHubJournal, body: Any) -> None:
    script.say(201, body)
    with pytest.raises(LostReplyError):
        journal.commit("m", parents=(A,))


def test_a_tree_is_learnt_once(script: Any, transport: GitHubTransport) -> None:
    journal = GitHubJournal(transport, address=RepoAddress("octo/box"))
    script.graphql(repository(None)).say(201, commit(A, ())).say(201, commit(B))
    journal.commit("first", parents=())
    journal.commit("second", parents=(A,))
    assert len(script.seen) == 3


def test_a_repository_without_commits_cannot_hold_a_journal(script: Any, transport: GitHubTransport) -> None:
    journal = GitHubJournal(transport, address=RepoAddress("octo/box"))
    data = repository(None)
    data["repository"]["defaultBranchRef"] = None
    script.graphql(data)
    with pytest.raises(OutsideError, match="no default branch"):
        journal.commit("first", parents=())


def test_a_large_entry_goes_and_comes_as_a_file(script: Any, journal: GitHubJournal) -> None:
    data = '{"snapshot": "größer"}'.encode()
    script.say(201, {"sha": C}).say(201, commit(B, tree=C))
    assert journal.commit("open", parents=(A,), blob=data) == B
    assert script.seen[0].body["tree"][0]["path"] == "entry.json"
    assert script.seen[0].body["tree"][0]["content"].encode() == data
    assert script.seen[1].body["tree"] == C
    script.say(200, {"tree": [{"path": "entry.json", "type": "blob", "sha": A}]})
    script.say(200, {"content": base64.encodebytes(data).decode(), "encoding": "base64"})
    assert journal.large(C) == data


def test_a_small_entry_has_no_file(script: Any, journal: GitHubJournal) -> None:
    script.say(200, {"tree": [{"path": "README.md", "type": "blob", "sha": A}]})
    assert journal.large(TREE) is None


def test_a_file_that_no_entry_can_be_is_not_fetched(script: Any, journal: GitHubJournal) -> None:
    script.say(200, {"tree": [{"path": "entry.json", "type": "blob", "sha": A, "size": 100_000_000}]})
    assert journal.large(C) is None
    assert len(script.lines) == 1


def test_the_first_entry_creates_the_ref(script: Any, journal: GitHubJournal) -> None:
    script.say(201, ref(A))
    assert journal.advance(A, expected=None) is True
    assert script.lines == ["POST /repos/octo/box/git/refs"]
    assert script.seen[0].body == {"ref": REF, "sha": A}


def test_further_entries_fast_forward_the_plural_path(script: Any, journal: GitHubJournal) -> None:
    script.say(200, ref(B))
    assert journal.advance(B, expected=A) is True
    assert script.lines == ["PATCH /repos/octo/box/git/refs/bascule/journal"]
    assert script.seen[0].body == {"sha": B, "force": False}


@pytest.mark.parametrize(
    ("expected", "status", "message"),
    [
        (None, 422, "Reference already exists"),
        (A, 422, "Update is not a fast forward"),
        (A, 422, "Reference does not exist"),
        (A, 409, "Conflict"),
    ],
)
def test_a_lost_swap_is_an_answer(
    script: Any, journal: GitHubJournal, expected: str | None, status: int, message: str
) -> None:
    script.say(status, {"message": message})
    assert journal.advance(B, expected=expected) is False


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (422, "Object does not exist"),
        (422, "Reference update failed"),
        (403, "Resource not accessible"),
        (404, "Not Found"),
    ],
)
def test_what_is_not_allowed_is_not_a_lost_swap(script: Any, journal: GitHubJournal, status: int, message: str) -> None:
    script.say(status, {"message": message})
    with pytest.raises(RefusedError, match=message):
        journal.advance(B, expected=A)


@pytest.mark.parametrize("body", [ref(A), ref(B, "refs/heads/main"), {"message": "Moved", "url": "x"}, {}])
def test_a_swap_that_answers_otherwise_is_a_lost_reply(script: Any, journal: GitHubJournal, body: Any) -> None:
    script.say(200, body)
    with pytest.raises(LostReplyError):
        journal.advance(B, expected=A)


def test_an_applied_swap_with_a_lost_reply_is_not_reported_as_somebody_elses(
    script: Any, journal: GitHubJournal
) -> None:
    """The server applied it and answered 502: repeating would answer 422 for our own lock."""
    script.say(502, {}).say(422, {"message": "Reference already exists"})
    with pytest.raises(LostReplyError):
        journal.advance(A, expected=None)
    assert len(script.seen) == 1
