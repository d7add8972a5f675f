"""One reading of a pull request, record by record; pages; bots; what a token may not see."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from forge_answers import (
    LANDED,
    SHA,
    armed,
    blob,
    calm,
    comment,
    commit,
    file,
    folder,
    page,
    protection_rule,
    pull,
    rollup,
    run,
    snapshot,
    tree_entry,
    who,
)

from bascule.clock import ManualClock
from bascule.errors import BusyError, OutsideError, UsageError
from bascule.forge.addresses import Api
from bascule.forge.allowlists import AllowlistTransport
from bascule.forge.github import GitHubTransport
from bascule.forge.identity import Identity
from bascule.forge.observer import Observer
from bascule.forge.ports import LostReplyError, RefusedError
from bascule.forge.rest import RepoAddress
from bascule.messages.forge import STICKY_MARK
from bascule.types import Actor

ROLLUP = ["repository", "pullRequest", "headCommit", "nodes", 0, "commit", "statusCheckRollup"]
RULE = ["repository", "pullRequest", "rule", "branchProtectionRule"]


@pytest.fixture
def observer(transport: GitHubTransport, clock: ManualClock) -> Observer:
    guarded = AllowlistTransport(transport, identity=Identity.OBSERVER)
    return Observer(guarded, address=RepoAddress("Octo/Box"), api=Api.of_host("github.com"), clock=clock)


def status(name: str = "ci", state: str = "SUCCESS", creator: Any = None) -> dict[str, Any]:
    return {
        "__typename": "StatusContext",
        "context": name,
        "state": state,
        "targetUrl": "https://x",
        "creator": creator,
    }


def head(*contexts: Any, oid: str = SHA) -> dict[str, Any]:
    return {"headCommit": {"nodes": [{"commit": {"oid": oid, "statusCheckRollup": rollup(*contexts)}}]}}


def test_everything_in_one_call(script: Any, observer: Observer) -> None:
    script.graphql(snapshot())
    found = observer.snapshot(5)
    change = found.change_without_git
    assert len(script.seen) == 1
    assert script.seen[0].body["variables"] == {"owner": "Octo", "name": "Box", "number": 5}
    assert (change.number, change.title, change.head_sha, change.base_ref) == (5, "T", SHA, "main")
    assert (change.state, change.draft, change.mergeable, change.merge_state) == ("open", False, "MERGEABLE", "CLEAN")
    assert change.base_sha == LANDED
    assert change.author == Actor(login="octo-dev", id=3, type="User")
    assert change.labels == ("a", "b")
    assert not change.from_fork
    assert (found.repo.id, found.repo.full_name, found.repo.owner_type) == (7, "octo/box", "Organization")
    assert (found.viewer.login, found.viewer.id, found.viewer.admin, found.viewer.can_write) == (
        "octo-admin",
        2,
        True,
        True,
    )
    assert found.merge_methods == ("merge", "squash")
    assert found.packs == {"rulepack/docs.yml": "version: 1\n"}
    assert (found.packs_commit, found.packs_problem, found.settings_text) == (LANDED, None, None)
    assert found.protection_rule == protection_rule()
    assert (found.remaining, found.base_tree, found.notes) == (4990, "7" * 40, ())
    assert change.read_at == found.date
    assert found.date.tzinfo is not None


def test_githubs_own_file_list_is_never_enough(script: Any, observer: Observer) -> None:
    script.graphql(snapshot())
    found = observer.snapshot(5)
    assert found.change_without_git.files_complete is False
    assert found.change_without_git.files_note
    assert [f.path for f in found.listed] == ["docs/a.md"]
    assert found.listed_complete


def test_a_fork_and_a_deleted_fork(script: Any, observer: Observer) -> None:
    for head_repository in ({"databaseId": 99}, None):
        script.graphql(snapshot(pull(headRepository=head_repository)))
        assert observer.snapshot(5).change_without_git.from_fork


# --- people ---


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (who("renovate", 29139614, "Bot"), Actor(login="renovate[bot]", id=29139614, type="Bot")),
        (who("renovate[bot]", 29139614, "Bot"), Actor(login="renovate[bot]", id=29139614, type="Bot")),
        (who("renovate[bot]", 29139614), Actor(login="renovate[bot]", id=29139614, type="Bot")),
        (who("octo", 1, "Mannequin"), Actor(login="octo", id=1, type="Mannequin")),
        (
            {"__typename": "EnterpriseUserAccount", "login": "octo"},
            Actor(login="octo", id=None, type="EnterpriseUserAccount"),
        ),
        (None, None),
    ],
)
def test_bots_get_their_suffix_back(script: Any, observer: Observer, node: Any, expected: Actor | None) -> None:
    script.graphql(snapshot(pull(author=node)))
    assert observer.snapshot(5).change_without_git.author == expected


def test_commits_without_an_account(script: Any, observer: Observer) -> None:
    stranger = commit(author={"name": "A", "user": None}, committer=None, signature=None)
    script.graphql(snapshot(pull(commits=page(stranger, commit("c" * 40)))))
    first, second = observer.snapshot(5).change_without_git.commits
    assert (first.author, first.committer, first.author_name, first.verified) == (None, None, "A", False)
    assert second.committer == Actor(login="web-flow", id=19864447, type="User")
    assert second.verified
    assert second.parents == ("0" * 40,)


def test_reviews(script: Any, observer: Observer) -> None:
    found = page(
        {"state": "APPROVED", "authorCanPushToRepository": True, "author": who(), "commit": {"oid": SHA}},
        {"state": "CHANGES_REQUESTED", "authorCanPushToRepository": False, "author": None, "commit": None},
    )
    script.graphql(snapshot(pull(latestOpinionatedReviews=found)))
    first, second = observer.snapshot(5).change_without_git.reviews
    assert (first.state, first.can_write, first.commit_sha) == ("APPROVED", True, SHA)
    assert (second.author, second.can_write, second.commit_sha) == (None, False, "")


@pytest.mark.parametrize(
    ("login", "permission", "admin", "app"),
    [
        ("octo-admin", "ADMIN", True, None),
        ("octo-dev", "WRITE", False, None),
        ("bascule[bot]", "ADMIN", False, "bascule"),
    ],
)
def test_an_app_is_never_an_administrator(
    script: Any, observer: Observer, login: str, permission: str, admin: bool, app: str | None
) -> None:
    viewer = {"login": login, "databaseId": 1}
    script.say(
        200,
        {"data": snapshot(viewer=viewer, viewerPermission=permission)},
        headers={"GitHub-Authentication-Token-Expiration": "2026-03-01 12:00:00 +0200"},
    )
    found = observer.snapshot(5).viewer
    assert (found.admin, found.app_slug, found.can_write) == (admin, app, True)
    assert found.expires_at == datetime(2026, 3, 1, 10, tzinfo=UTC)


# --- checks ---


@pytest.mark.parametrize(
    ("found", "conclusion", "expected"),
    [
        ("COMPLETED", "SUCCESS", "success"),
        ("COMPLETED", "TIMED_OUT", "timed_out"),
        ("COMPLETED", "STARTUP_FAILURE", "failure"),
        ("COMPLETED", "SOMETHING_NEW", "failure"),
        ("COMPLETED", None, "failure"),
        ("IN_PROGRESS", None, "in_progress"),
        ("QUEUED", None, "queued"),
        ("WAITING", None, "queued"),
        ("SOMETHING_NEW", None, "queued"),
    ],
)
def test_check_runs(script: Any, observer: Observer, found: str, conclusion: str | None, expected: str) -> None:
    script.graphql(snapshot(pull(**head({**run("test"), "status": found, "conclusion": conclusion}))))
    check = observer.snapshot(5).change_without_git.checks[0]
    assert (check.name, check.state, check.app, check.app_id, check.is_status) == (
        "test", expected, "github-actions", 15368, False
    )  # fmt: skip


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("SUCCESS", "success"),
        ("FAILURE", "failure"),
        ("ERROR", "error"),
        ("PENDING", "pending"),
        ("EXPECTED", "pending"),
    ],
)
def test_statuses(script: Any, observer: Observer, state: str, expected: str) -> None:
    script.graphql(snapshot(pull(**head(status(state=state, creator=who("ci-bot", 9, "Bot"))))))
    check = observer.snapshot(5).change_without_git.checks[0]
    assert (check.name, check.state, check.creator, check.is_status) == ("ci", expected, "ci-bot[bot]", True)


def test_no_checks_are_complete_and_none(script: Any, observer: Observer) -> None:
    nothing = {"headCommit": {"nodes": [{"commit": {"oid": SHA, "statusCheckRollup": None}}]}}
    script.graphql(snapshot(pull(**nothing)))
    change = observer.snapshot(5).change_without_git
    assert (change.checks, change.checks_complete) == ((), True)


def test_checks_of_another_commit_are_not_the_heads(script: Any, observer: Observer) -> None:
    script.graphql(snapshot(pull(**head(run("test"), oid="d" * 40))))
    assert observer.snapshot(5).change_without_git.checks_complete is False


def test_checks_that_the_token_may_not_see_are_not_complete(script: Any, observer: Observer) -> None:
    hidden = {"headCommit": {"nodes": [{"commit": {"oid": SHA, "statusCheckRollup": None}}]}}
    error = {"type": "FORBIDDEN", "path": ROLLUP, "message": "Resource not accessible"}
    script.graphql(snapshot(pull(**hidden)), errors=[error])
    assert observer.snapshot(5).change_without_git.checks_complete is False


# --- pages ---


def test_further_pages_are_read(script: Any, observer: Observer) -> None:
    first = pull(
        changedFiles=2,
        files=page(file("a"), more="f1", total=2),
        commits=page(commit(), more="c1", total=2),
        latestOpinionatedReviews=page(more="r1", total=1),
        reviewThreads=page({"isResolved": True}, more="t1", total=2),
    )
    first["headCommit"]["nodes"][0]["commit"]["statusCheckRollup"]["contexts"] = page(run("a"), more="k1", total=2)
    review = {"state": "APPROVED", "authorCanPushToRepository": True, "author": who(), "commit": {"oid": SHA}}
    script.graphql(snapshot(first))

    def more(**found: Any) -> None:
        script.graphql({"repository": {"pullRequest": {"headRefOid": SHA, **found}}})

    more(page=page(file("b")))
    more(page=page(commit("c" * 40)))
    more(page=page(review))
    more(page=page({"isResolved": False}))
    contexts = {"statusCheckRollup": {"page": page(run("b"))}}
    more(headCommit={"nodes": [{"commit": {"oid": SHA, **contexts}}]})
    found = observer.snapshot(5)
    change = found.change_without_git
    assert [f.path for f in found.listed] == ["a", "b"]
    assert (len(change.commits), len(change.reviews), change.unresolved_threads) == (2, 1, 1)
    assert [c.name for c in change.checks] == ["a", "b"]
    assert found.listed_complete
    assert change.commits_complete
    assert change.reviews_complete
    assert change.threads_complete
    assert change.checks_complete
    names = [s.body["operationName"] for s in script.seen]
    assert names == ["Snapshot", "MoreFiles", "MoreCommits", "MoreReviews", "MoreThreads", "MoreContexts"]
    assert [s.body["variables"].get("after") for s in script.seen] == [None, "f1", "c1", "r1", "t1", "k1"]


def test_a_list_that_goes_on_and_on_is_not_complete(script: Any, observer: Observer) -> None:
    script.graphql(snapshot(pull(reviewThreads=page({"isResolved": True}, more="x", total=5000))))
    for _ in range(9):
        found = {"headRefOid": SHA, "page": page({"isResolved": True}, more="x")}
        script.graphql({"repository": {"pullRequest": found}})
    assert observer.snapshot(5).change_without_git.threads_complete is False


def test_a_list_shorter_than_its_count_is_not_complete(script: Any, observer: Observer) -> None:
    script.graphql(snapshot(pull(commits=page(commit(), total=2), files=None)))
    found = observer.snapshot(5)
    assert found.change_without_git.commits_complete is False
    assert found.listed_complete is False


def test_a_push_between_pages_starts_anew(script: Any, observer: Observer) -> None:
    moved = {"repository": {"pullRequest": {"headRefOid": LANDED, "page": page(file("b"))}}}
    script.graphql(snapshot(pull(files=page(file("a"), more="x", total=2)))).graphql(moved)
    script.graphql(snapshot())
    assert observer.snapshot(5).listed_complete
    assert len(script.seen) == 3


def test_a_pull_request_that_keeps_moving_waits(script: Any, observer: Observer) -> None:
    moved = {"repository": {"pullRequest": {"headRefOid": LANDED, "page": page(file("b"))}}}
    for _ in range(3):
        script.graphql(snapshot(pull(files=page(file("a"), more="x", total=2)))).graphql(moved)
    with pytest.raises(BusyError, match="pushed to") as busy:
        observer.snapshot(5)
    assert busy.value.exit_code == 8


# --- still computing ---


def test_unknown_is_asked_again_for_a_while(script: Any, observer: Observer, clock: ManualClock) -> None:
    unknown = {"mergeable": "UNKNOWN", "mergeStateStatus": "UNKNOWN"}
    script.graphql(snapshot(pull(**unknown)))
    for found in (unknown, {"mergeable": "CONFLICTING", "mergeStateStatus": "DIRTY"}):
        script.graphql({"repository": {"pullRequest": {"headRefOid": SHA, **found}}})
    change = observer.snapshot(5).change_without_git
    assert (change.mergeable, change.merge_state) == ("CONFLICTING", "DIRTY")
    assert clock.sleeps == [0.5, 1.0]


def test_unknown_for_good_stays_unknown(script: Any, observer: Observer, clock: ManualClock) -> None:
    unknown = {"mergeable": "UNKNOWN", "mergeStateStatus": "UNKNOWN"}
    script.graphql(snapshot(pull(**unknown)))
    for _ in range(9):
        script.graphql({"repository": {"pullRequest": {"headRefOid": SHA, **unknown}}})
    assert observer.snapshot(5).change_without_git.mergeable == "UNKNOWN"
    assert sum(clock.sleeps) <= 30.0
    assert max(clock.sleeps) == 4.0


def test_who_does_not_want_to_wait(script: Any, observer: Observer, clock: ManualClock) -> None:
    script.graphql(snapshot(pull(mergeable="UNKNOWN")))
    assert observer.snapshot(5, settle=0).change_without_git.mergeable == "UNKNOWN"
    assert clock.sleeps == []


# --- rulepacks ---


def test_packs_of_another_base_branch_cost_one_call_more(script: Any, observer: Observer) -> None:
    script.graphql(snapshot(defaultBranchRef={"name": "main", "target": {"oid": "e" * 40}}))
    packs = {"packs": None, "dotPacks": folder(tree_entry("x.yml", blob("a: 1"))), "settings": blob("b: 2")}
    script.graphql({"repository": packs})
    found = observer.snapshot(5)
    assert found.packs == {".github/rulepack/x.yml": "a: 1"}
    assert found.settings_text == "b: 2"
    assert script.seen[1].body["variables"]["packs"] == f"{LANDED}:rulepack"


@pytest.mark.parametrize(
    ("entries", "problem"),
    [
        (folder(tree_entry("a.yml", blob(isTruncated=True))), "rulepack/a.yml: is cut short"),
        (folder(tree_entry("a.yml", blob(None, isBinary=True))), "rulepack/a.yml: is not text"),
        (folder(tree_entry("a.yml", mode=0o120000)), "rulepack/a.yml: is not a regular file"),
        (folder(tree_entry("a.yml", {"__typename": "Commit"}, mode=0o160000, kind="commit")), "not a regular file"),
        (folder(tree_entry("a.yaml")), "rename it to .yml"),
        (blob(), "rulepack: is not a folder"),
    ],
)
def test_a_pack_that_is_not_plain_text_is_a_problem(
    script: Any, observer: Observer, entries: Any, problem: str
) -> None:
    script.graphql(snapshot(packs=entries))
    found = observer.snapshot(5)
    assert found.packs == {}
    assert problem in str(found.packs_problem)


def test_other_files_beside_packs_do_not_matter(script: Any, observer: Observer) -> None:
    more = [tree_entry("README.md", blob(None, isBinary=True)), tree_entry("old", {"__typename": "Tree"}, kind="tree")]
    script.graphql(snapshot(packs=folder(tree_entry("a.yml", mode=0o100755), *more)))
    found = observer.snapshot(5)
    assert (list(found.packs), found.packs_problem) == (["rulepack/a.yml"], None)


def test_settings_that_are_a_folder_are_a_problem(script: Any, observer: Observer) -> None:
    script.graphql(snapshot(settings={"__typename": "Tree"}))
    assert ".github/bascule.yml" in str(observer.snapshot(5).packs_problem)


# --- the rest ---


def test_the_sticky_comment_is_the_viewers_own(script: Any, observer: Observer) -> None:
    other = comment(1, f"{STICKY_MARK}\nforged", who("octo-dev"))
    mine = comment(2, f"{STICKY_MARK}\r\nreal", who("octo-admin", 2))
    quoted = comment(3, f"> {STICKY_MARK}", who("octo-admin", 2))
    script.graphql(snapshot(pull(firstComments={"nodes": [other, mine]}, lastComments={"nodes": [mine, quoted]})))
    found = observer.snapshot(5)
    assert [s.id for s in found.stickies] == [1, 2]
    assert found.sticky == 2
    assert found.sticky_of("OCTO-DEV") == 1
    assert found.sticky_of("nobody") is None


def test_others_with_auto_merge_armed(script: Any, observer: Observer) -> None:
    script.graphql(snapshot(open=page(armed(5), armed(9), calm(6), more="x", total=101)))
    found = observer.snapshot(5)
    assert [(a.number, a.base_ref, a.method) for a in found.armed] == [(9, "main", "squash")]
    assert found.armed_complete is False


def test_the_journal_in_passing(script: Any, observer: Observer) -> None:
    entry = {"oid": SHA, "message": "open", "tree": {"oid": "7" * 40}, "parents": {"nodes": []}}
    history = {"pageInfo": {"hasNextPage": False, "endCursor": None}, "nodes": [entry]}
    script.graphql(snapshot(journal={"target": {"oid": SHA, "history": history}}))
    found = observer.snapshot(5).journal
    assert (found.tip, found.commits[0].message) == (SHA, "open")


def test_protection_that_the_token_may_not_see(script: Any, observer: Observer) -> None:
    error = {"type": "FORBIDDEN", "path": RULE, "message": "Resource not accessible"}
    script.graphql(snapshot(pull(rule={"branchProtectionRule": None})), errors=[error])
    found = observer.snapshot(5)
    assert (found.protection_rule, found.protection_rule_hidden) == (None, True)
    assert found.notes == (".".join(RULE),)


def test_a_merged_pull_request(script: Any, observer: Observer) -> None:
    done = {"state": "MERGED", "merged": True, "mergeCommit": {"oid": LANDED}, "mergedBy": who(), "baseRef": None}
    script.graphql(snapshot(pull(**done, rule=None)))
    script.graphql({"repository": {"packs": None, "dotPacks": None, "settings": None}})
    change = observer.snapshot(5).change_without_git
    assert (change.state, change.merged_sha, change.merged_by) == (
        "merged", LANDED, Actor(login="octo-dev", id=3, type="User")
    )  # fmt: skip
    assert change.base_sha == "0" * 40  # the branch is gone: GitHub's own note is all there is


def test_the_snapshots_fingerprint_is_the_re_reads(script: Any, observer: Observer, transport: GitHubTransport) -> None:
    from forge_answers import answer, state

    from bascule.forge.merger import GitHubMerger

    script.graphql(snapshot()).graphql(answer(state()))
    merger = GitHubMerger(transport, address=RepoAddress("octo/box"))
    assert observer.snapshot(5).fingerprint == merger.pull(5).fingerprint


# --- errors ---


def test_no_such_repository(script: Any, observer: Observer) -> None:
    error = {"type": "NOT_FOUND", "path": ["repository"], "message": "Could not resolve to a Repository"}
    script.say(200, {"data": {"repository": None}, "errors": [error]})
    with pytest.raises(UsageError, match="no repository Octo/Box"):
        observer.snapshot(5)


def test_no_such_pull_request(script: Any, observer: Observer) -> None:
    error = {"type": "NOT_FOUND", "path": ["repository", "pullRequest"], "message": "Could not resolve"}
    data = snapshot()
    data["repository"]["pullRequest"] = None
    script.graphql(data, errors=[error])
    with pytest.raises(UsageError, match="no pull request #5 in Octo/Box"):
        observer.snapshot(5)


@pytest.mark.parametrize("path", [["viewer"], ["repository", "packs"], ["repository", "pullRequest", "labels"], None])
def test_any_other_error_stops_the_run(script: Any, observer: Observer, path: Any) -> None:
    script.graphql(snapshot(), errors=[{"type": "FORBIDDEN", "path": path, "message": "no"}])
    with pytest.raises(OutsideError, match="answered with errors: no"):
        observer.snapshot(5)


def test_single_sign_on_says_what_to_do(script: Any, observer: Observer) -> None:
    error = {
        "type": "FORBIDDEN",
        "path": ["repository"],
        "message": "Resource protected by organization SAML enforcement.",
    }
    script.say(200, {"data": {"repository": None}, "errors": [error]})
    with pytest.raises(OutsideError) as refused:
        observer.snapshot(5)
    assert "single sign-on" in refused.value.hint


@pytest.mark.parametrize(("status", "error"), [(401, RefusedError), (403, RefusedError), (502, LostReplyError)])
def test_http_errors(script: Any, observer: Observer, status: int, error: type) -> None:
    script.say(status, {"message": "Bad credentials"})
    with pytest.raises(error) as refused:
        observer.snapshot(5)
    assert isinstance(refused.value, OutsideError)
    assert refused.value.hint


@pytest.mark.parametrize("body", [{}, {"data": None}, [], {"data": {"repository": {"pullRequest": {"number": 5}}}}])
def test_another_shape_is_an_error_and_not_a_traceback(script: Any, observer: Observer, body: Any) -> None:
    script.say(200, body)
    with pytest.raises(OutsideError) as odd:
        observer.snapshot(5)
    assert odd.value.hint


# --- the small questions ---


def test_find_a_branch(script: Any, observer: Observer) -> None:
    def found(*nodes: tuple[int, bool, str]) -> dict[str, Any]:
        return {
            "repository": {
                "pullRequests": {
                    "nodes": [
                        {"number": n, "isCrossRepository": c, "headRepositoryOwner": {"login": o}} for n, c, o in nodes
                    ]
                }
            }
        }

    script.graphql(found((5, False, "octo")))
    assert observer.find("topic") == 5
    script.graphql(found((5, False, "octo"), (6, True, "octo-dev")))
    assert observer.find("topic") == 5
    script.graphql(found((5, False, "octo"), (6, True, "Octo-Dev")))
    assert observer.find("octo-dev:topic") == 6
    assert script.seen[-1].body["variables"]["branch"] == "topic"
    script.graphql(found())
    with pytest.raises(UsageError, match="no open pull request in Octo/Box comes from branch topic"):
        observer.find("topic")
    script.graphql(found((5, False, "octo"), (6, False, "octo")))
    with pytest.raises(UsageError, match="#5, #6"):
        observer.find("topic")


def test_find_the_merge_that_a_commit_names(script: Any, observer: Observer) -> None:
    def pull(number: int, sha: str, merged: str | None = "2026-01-05T09:00:00Z") -> dict[str, Any]:
        return {"number": number, "merge_commit_sha": sha, "merged_at": merged}

    script.say(200, [pull(5, "abc1234" + "0" * 33), pull(6, "def" + "0" * 37), pull(7, "abc1234", None)])
    assert observer.of_commit("abc1234") == 5
    assert script.lines == ["GET /repos/Octo/Box/commits/abc1234/pulls"]
    script.say(200, [pull(6, "def" + "0" * 37)])
    assert observer.of_commit("0123abc") == 6, "one of its own commits, after a rebase merge"
    script.say(422, {"message": "No commit found for SHA: 0123abc"})
    with pytest.raises(UsageError, match="no merged pull request of Octo/Box has the commit 0123abc"):
        observer.of_commit("0123abc")
    script.say(200, [pull(5, "d"), pull(6, "e")])
    with pytest.raises(UsageError, match="#5, #6"):
        observer.of_commit("0123abc")


def test_permission_is_asked_live(script: Any, observer: Observer) -> None:
    script.say(200, {"permission": "write", "role_name": "maintain"}).say(404, {"message": "x is not a user"})
    assert observer.permission("octo-dev") == "write"
    assert observer.permission("ghost[bot]") == "none"
    assert script.lines == [
        "GET /repos/Octo/Box/collaborators/octo-dev/permission",
        "GET /repos/Octo/Box/collaborators/ghost%5Bbot%5D/permission",
    ]
    script.say(403, {"message": "Resource not accessible"})
    with pytest.raises(RefusedError):
        observer.permission("octo-dev")


def test_labels_of_a_very_long_history_are_nobodys(script: Any, observer: Observer) -> None:
    event = {"event": "labeled", "label": {"name": "hold"}, "actor": {"login": "octo-dev"}}
    script.say(200, [event])
    assert observer.labelled_by(5, "hold") == "octo-dev"
    for _ in range(10):
        script.say(200, [event] * 100)
    assert observer.labelled_by(5, "hold") is None


def test_team_members(script: Any, observer: Observer) -> None:
    script.say(200, [{"id": i} for i in range(100, 0, -1)]).say(200, [{"id": 200}])
    assert observer.team_members("octo", "platform") == (*range(1, 101), 200)
    assert [s.query["page"] for s in script.seen] == ["1", "2"]
    script.say(404, {"message": "Not Found"})
    with pytest.raises(RefusedError):
        observer.team_members("octo", "nobody")


def test_a_team_that_cannot_be_read_whole_is_not_taken_for_whole(script: Any, observer: Observer) -> None:
    """A member beyond the last page would pass `authors.deny`."""
    for _ in range(50):
        script.say(200, [{"id": i} for i in range(100)])
    with pytest.raises(OutsideError, match="@octo/everybody has more than 5,000 members"):
        observer.team_members("octo", "everybody")


def test_a_commit(script: Any, observer: Observer) -> None:
    body = {"sha": SHA, "message": "m", "tree": {"sha": "7" * 40}, "parents": [{"sha": LANDED}]}
    script.say(200, body).say(404, {"message": "Not Found"})
    found = observer.commit(SHA)
    assert (found.sha, found.tree, found.parents, found.message) == (SHA, "7" * 40, (LANDED,), "m")
    with pytest.raises(RefusedError):
        observer.commit("0" * 40)


def test_what_landed_in_between(script: Any, observer: Observer) -> None:
    one = {"sha": SHA, "parents": [{"sha": LANDED}], "commit": {"message": "m", "tree": {"sha": "7" * 40}}}
    script.say(200, {"status": "ahead", "total_commits": 1, "commits": [one]})
    found = observer.between(LANDED, "release/1.0")
    assert ([c.sha for c in found.commits], found.complete, found.diverged) == ([SHA], True, False)
    assert script.seen[0].path == f"/repos/Octo/Box/compare/{LANDED}...release%2F1.0"
    script.say(200, {"status": "diverged", "total_commits": 300, "commits": [one]})
    found = observer.between(LANDED, "main")
    assert (found.complete, found.diverged) == (False, True)


def test_the_viewer(script: Any, observer: Observer) -> None:
    repository = {"databaseId": 7, "nameWithOwner": "octo/box", "viewerPermission": "WRITE"}
    script.graphql({"viewer": {"login": "octo-dev", "databaseId": 3}, "repository": repository})
    found = observer.viewer()
    assert (found.login, found.admin, found.can_write) == ("octo-dev", False, True)


# --- the answers in these tests are ones that GitHub could give ---


def test_the_answers_here_have_the_published_shape() -> None:
    from forge_answers import answer, state
    from graphql_shape import misfits
    from tests.support import octokit

    from bascule.forge.queries import PULL_STATE, SNAPSHOT

    schema = octokit.graphql_schema()
    rich = pull(
        **head(run("a"), status(creator=who("ci", 9, "Bot"))),
        firstComments={"nodes": [comment(1, "x", who())]},
        autoMergeRequest={"mergeMethod": "SQUASH", "enabledBy": who()},
    )
    assert misfits(schema, SNAPSHOT.text, snapshot(rich, settings=blob(), open=page(calm(1), armed(9)))) == []
    assert misfits(schema, PULL_STATE.text, answer(state(), armed(9))) == []
    assert misfits(schema, PULL_STATE.text, answer(state(mergeable="PERHAPS", isDraft=None, number="5"))) != []
