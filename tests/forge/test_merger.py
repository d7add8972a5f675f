"""One merge call, every outcome told apart; and the re-read."""

from __future__ import annotations

from typing import Any

import pytest
from forge_answers import LANDED, SHA, answer, armed, calm, rollup, ruleset, run, state

from bascule.errors import OutsideError, UsageError
from bascule.forge.allowlists import AllowlistTransport
from bascule.forge.github import GitHubTransport
from bascule.forge.identity import Identity
from bascule.forge.merger import GitHubMerger
from bascule.forge.ports import LostReplyError
from bascule.forge.rest import RepoAddress


@pytest.fixture
def merger(transport: GitHubTransport) -> GitHubMerger:
    guarded = AllowlistTransport(transport, identity=Identity.MERGER)
    return GitHubMerger(guarded, address=RepoAddress("octo/box", repository_id=7))


def merge(merger: GitHubMerger, **changes: Any) -> Any:
    return merger.merge(5, **{"sha": SHA, "method": "squash", "title": "T", "message": "M", **changes})


def test_a_merge_is_pinned_to_one_sha(script: Any, merger: GitHubMerger) -> None:
    script.say(200, {"sha": LANDED, "merged": True, "message": "Pull Request successfully merged"})
    outcome = merge(merger)
    assert (outcome.status, outcome.sha) == (200, LANDED)
    assert script.lines == ["PUT /repos/octo/box/pulls/5/merge"]
    assert script.seen[0].body == {"sha": SHA, "merge_method": "squash", "commit_title": "T", "commit_message": "M"}


def test_empty_texts_leave_githubs_own(script: Any, merger: GitHubMerger) -> None:
    script.say(200, {"sha": LANDED, "merged": True})
    merge(merger, title="", message="")
    assert script.seen[0].body == {"sha": SHA, "merge_method": "squash"}


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (405, "Pull Request is not mergeable"),
        (405, "At least 1 approving review is required by reviewers with write access."),
        (405, "Base branch was modified. Review and try the merge again."),
        (409, "Head branch was modified. Review and try the merge again."),
        (403, "Resource not accessible by integration"),
        (404, "Not Found"),
        (422, "Validation Failed"),
    ],
)
def test_every_refusal_is_an_outcome(script: Any, merger: GitHubMerger, status: int, message: str) -> None:
    script.say(status, {"message": message})
    outcome = merge(merger)
    assert (outcome.status, outcome.message, outcome.sha, outcome.retry_after) == (status, message, None, None)
    assert len(script.seen) == 1


@pytest.mark.parametrize("status", [403, 429])
def test_a_limit_is_an_outcome_too(script: Any, merger: GitHubMerger, status: int) -> None:
    script.say(status, {"message": "You have exceeded a secondary rate limit"}, headers={"Retry-After": "7"})
    outcome = merge(merger)
    assert (outcome.status, outcome.retry_after, outcome.sha) == (status, 7.0, None)


@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_lost_reply_is_not_repeated(script: Any, merger: GitHubMerger, status: int) -> None:
    """The server merged and answered 502: a second call would answer 405 for our own merge."""
    script.say(status, {}).say(405, {"message": "Pull Request is not mergeable"})
    with pytest.raises(LostReplyError):
        merge(merger)
    assert len(script.seen) == 1


@pytest.mark.parametrize(
    "body", [{"merged": False, "sha": LANDED}, {"merged": True, "sha": "x"}, {"message": "Moved", "url": "x"}, {}, None]
)
def test_200_without_a_merge_is_not_a_merge(script: Any, merger: GitHubMerger, body: Any) -> None:
    script.say(200, body)
    with pytest.raises(LostReplyError):
        merge(merger)


def test_a_307_is_not_a_merge(script: Any, merger: GitHubMerger) -> None:
    script.say(307, {"message": "Temporary Redirect"}, headers={"Location": f"{script.url}/repositories/7/x"})
    script.say(200, {"id": 7, "full_name": "octo/crate"}).say(200, {"sha": LANDED, "merged": True})
    assert merge(merger).sha == LANDED
    assert script.lines[-1] == "PUT /repos/octo/crate/pulls/5/merge"


# --- the re-read ---


def test_the_re_read_is_one_call(script: Any, merger: GitHubMerger) -> None:
    script.graphql(answer(state(), calm(5), armed(9), armed(8, "dev")))
    pull = merger.pull(5, armed_branches=("main",))
    assert (pull.number, pull.state, pull.merged, pull.head_sha) == (5, "open", False, SHA)
    # The tip of the branch, not the base that GitHub noted at the last push.
    assert pull.base_sha == LANDED
    assert (pull.labels, pull.review_decision, pull.checks_state) == (("a", "b"), "APPROVED", "SUCCESS")
    assert pull.armed == (9,)
    assert len(script.seen) == 1
    assert script.seen[0].body["variables"]["base"] == "main"


def test_without_branches_every_armed_pull_request_counts(script: Any, merger: GitHubMerger) -> None:
    script.graphql(answer(state(), armed(5), armed(9), armed(8, "dev")))
    assert merger.pull(5).armed == (8, 9)
    assert script.seen[0].body["variables"]["base"] is None


def test_several_branches(script: Any, merger: GitHubMerger) -> None:
    script.graphql(answer(state(), armed(7, "x"), armed(8, "dev"), armed(9)))
    assert merger.pull(5, armed_branches=("main", "dev")).armed == (8, 9)


def test_an_armed_one_on_a_later_page_is_found(script: Any, merger: GitHubMerger) -> None:
    script.graphql(answer(state(), calm(1), more="c1"))
    script.graphql(answer(None, armed(101)))
    assert merger.pull(5).armed == (101,)
    assert script.seen[1].body["operationName"] == "OpenPulls"
    assert script.seen[1].body["variables"]["after"] == "c1"


def test_too_many_open_pull_requests_cannot_be_ruled_out(script: Any, merger: GitHubMerger) -> None:
    script.graphql(answer(state(), calm(1), more="c"))
    for _ in range(49):
        script.graphql(answer(None, calm(1), more="c"))
    with pytest.raises(OutsideError, match="more than 5000 open"):
        merger.pull(5)


def test_a_namesake_is_refused(script: Any, merger: GitHubMerger) -> None:
    script.graphql(answer(state(), repository_id=8))
    with pytest.raises(OutsideError, match="another repository"):
        merger.pull(5)


def test_a_merged_pull_request_says_by_whom(script: Any, merger: GitHubMerger) -> None:
    bot = {"__typename": "Bot", "login": "release-bot", "databaseId": 4}
    script.graphql(answer(state(state="MERGED", merged=True, mergeCommit={"oid": LANDED}, mergedBy=bot)))
    pull = merger.pull(5)
    assert (pull.state, pull.merged, pull.merge_sha, pull.merged_by) == ("merged", True, LANDED, "release-bot[bot]")


@pytest.mark.parametrize("data", [{"repository": None}, answer(None)])
def test_no_such_pull_request(script: Any, merger: GitHubMerger, data: Any) -> None:
    script.graphql(data)
    with pytest.raises(UsageError, match="no pull request #5 in octo/box"):
        merger.pull(5)


MOVES: dict[str, dict[str, Any]] = {
    "head": {"headRefOid": LANDED},
    "base tip": {"baseRef": {"target": {"oid": "c" * 40, "tree": {"oid": "7" * 40}}, "rules": ruleset()}},
    "base": {"baseRefName": "dev"},
    "a ruleset": {"baseRef": {**state()["baseRef"], "rules": ruleset("UPDATE")}},
    "a merge queue": {"isMergeQueueEnabled": True},
    "draft": {"isDraft": True},
    "closed": {"state": "CLOSED"},
    "title": {"title": "other"},
    "label": {"labels": {"totalCount": 1, "nodes": [{"name": "a"}]}},
    "decision": {"reviewDecision": None},
    "review": {
        "latestOpinionatedReviews": {
            "totalCount": 1,
            "pageInfo": {"hasNextPage": False},
            "nodes": [
                {"state": "CHANGES_REQUESTED", "authorCanPushToRepository": True, "author": None, "commit": None}
            ],
        }
    },
    "conversation": {
        "reviewThreads": {"totalCount": 1, "pageInfo": {"hasNextPage": False}, "nodes": [{"isResolved": False}]}
    },
    "check": {"headCommit": {"nodes": [{"commit": {"oid": SHA, "statusCheckRollup": rollup(run("test", "FAILURE"))}}]}},
    "check's app": {
        "headCommit": {"nodes": [{"commit": {"oid": SHA, "statusCheckRollup": rollup(run("test", app="other"))}}]}
    },
    "no checks": {"headCommit": {"nodes": [{"commit": {"oid": SHA, "statusCheckRollup": None}}]}},
    "armed": {"autoMergeRequest": {"mergeMethod": "MERGE", "enabledBy": None}},
}


@pytest.mark.parametrize("move", MOVES)
def test_whatever_moves_changes_the_fingerprint(script: Any, merger: GitHubMerger, move: str) -> None:
    script.graphql(answer(state())).graphql(answer(state(**MOVES[move])))
    assert merger.pull(5).fingerprint != merger.pull(5).fingerprint


def test_what_bascule_reports_itself_does_not_move_it(script: Any, merger: GitHubMerger) -> None:
    ours = {"__typename": "StatusContext", "context": "bascule", "state": "PENDING", "targetUrl": None, "creator": None}
    more = rollup(run("test"), ours, state="PENDING")
    own = {"headCommit": {"nodes": [{"commit": {"oid": SHA, "statusCheckRollup": more}}]}}
    lag = {"mergeStateStatus": "UNKNOWN", "mergeable": "UNKNOWN"}
    script.graphql(answer(state())).graphql(answer(state(**own, **lag)))
    assert merger.pull(5).fingerprint == merger.pull(5).fingerprint
