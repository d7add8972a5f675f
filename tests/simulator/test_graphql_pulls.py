"""Pull requests, talk and refs through GraphQL; each write is seen through REST afterwards, and the other way round."""

from __future__ import annotations

from typing import Any

import pytest

from bascule.simulator.process import SimulatorProcess

from .conftest import Client
from .pull_helpers import ONE_REVIEW, arm, branch_off, events, give, merge, open_pull, protect, pull, review

ZERO = "0" * 40


@pytest.fixture
def box(dev: Client) -> str:
    return dev.make_repo()


@pytest.fixture
def made(dev: Client, box: str) -> Any:
    """An open pull request that adds a.txt."""
    branch_off(dev, box, a="one\ntwo\nthree\n")
    return open_pull(dev, box, body="Why")


def mutate(client: Client, name: str, shown: str = "clientMutationId", /, **given: Any) -> Any:
    """One mutation; what it shows."""
    return answered(client.graphql(*_document(name, shown), input=given), name)


def refusal(client: Client, name: str, /, **given: Any) -> tuple[str, str]:
    """Type and message of the refusal of one mutation."""
    answer = client.graphql(*_document(name, "clientMutationId"), input=given)
    assert answer["data"] == {name: None}
    (error,) = answer["errors"]
    return error["type"], error["message"]


def _document(name: str, shown: str) -> tuple[str]:
    kind = name[0].upper() + name[1:]
    return (f"mutation($input: {kind}Input!) {{ {name}(input: $input) {{ {shown} }} }}",)


def answered(answer: Any, name: str) -> Any:
    assert "errors" not in answer, answer["errors"]
    return answer["data"][name]


def read(client: Client, shown: str, number: int = 1) -> Any:
    text = f'query {{ repository(owner: "octo-dev", name: "box") {{ pullRequest(number: {number}) {{ {shown} }} }} }}'
    return client.data(text)["repository"]["pullRequest"]


def repository_id(client: Client, repo: str) -> str:
    return str(client.ok("GET", f"/repos/{repo}")["node_id"])


# -- reading -----------------------------------------------------------------------------------------


def test_graphql_and_rest_tell_the_same(sim: SimulatorProcess, dev: Client, reader: Client, made: Any) -> None:
    box = "octo-dev/box"
    give(dev, box, "octo-reader")
    dev.ok("POST", f"/repos/{box}/issues/1/labels", ["one"])
    dev.ok("POST", f"/repos/{box}/issues/1/assignees", {"assignees": ["octo-reader"]}, 201)
    dev.ok("POST", f"/repos/{box}/pulls/1/requested_reviewers", {"reviewers": ["octo-reader"]}, 201)
    dev.ok("POST", f"/repos/{box}/statuses/{made['head']['sha']}", {"state": "success", "context": "ci"}, 201)
    found = read(
        dev,
        """id number title body state isDraft merged locked headRefName headRefOid baseRefName baseRefOid
        author { login __typename } authorAssociation mergeable mergeStateStatus additions deletions changedFiles
        labels(first: 9) { nodes { name } } assignees(first: 9) { nodes { login } }
        reviewRequests(first: 9) { nodes { requestedReviewer { ... on User { login } } } }
        commits(last: 9) { totalCount nodes { commit { oid messageHeadline authors(first: 1) { nodes { email } } } } }
        files(first: 9) { nodes { path additions deletions changeType } }
        statusCheckRollup { state contexts(first: 9) { statusContextCount nodes {
          ... on StatusContext { context state isRequired(pullRequestNumber: 1) } } } }
        baseRef { name prefix } headRepository { nameWithOwner } potentialMergeCommit { oid }""",
    )
    shown = pull(dev, box)
    assert (found["id"], found["number"], found["title"], found["body"]) == (shown["node_id"], 1, "Add a thing", "Why")
    assert (found["state"], found["isDraft"], found["merged"], found["locked"]) == ("OPEN", False, False, False)
    assert (found["headRefName"], found["headRefOid"]) == (shown["head"]["ref"], shown["head"]["sha"])
    assert (found["baseRefName"], found["baseRefOid"]) == ("main", dev.head(box))
    assert (found["author"], found["authorAssociation"]) == ({"login": "octo-dev", "__typename": "User"}, "OWNER")
    assert (found["mergeable"], found["mergeStateStatus"]) == ("MERGEABLE", shown["mergeable_state"].upper())
    assert (found["additions"], found["deletions"], found["changedFiles"]) == (3, 0, 1)
    assert [n["name"] for n in found["labels"]["nodes"]] == ["one"]
    assert [n["login"] for n in found["assignees"]["nodes"]] == ["octo-reader"]
    assert found["reviewRequests"]["nodes"] == [{"requestedReviewer": {"login": "octo-reader"}}]
    assert [n["commit"]["oid"] for n in found["commits"]["nodes"]] == [made["head"]["sha"]]
    assert found["files"]["nodes"] == [{"path": "a.txt", "additions": 3, "deletions": 0, "changeType": "ADDED"}]
    assert found["statusCheckRollup"] == {
        "state": "SUCCESS",
        "contexts": {
            "statusContextCount": 1,
            "nodes": [{"context": "ci", "state": "SUCCESS", "isRequired": False}],
        },
    }
    assert found["potentialMergeCommit"]["oid"] == shown["merge_commit_sha"]
    checks = {"strict": False, "checks": [{"context": "ci", "app_id": -1}]}
    protect(dev, box, required_status_checks=checks)
    required = "statusCheckRollup { contexts(first: 1) { nodes { ... on StatusContext { isRequired(%s) } } } }"
    for asked in ("pullRequestNumber: 1", f'pullRequestId: "{made["node_id"]}"'):
        node = read(dev, required % asked)["statusCheckRollup"]["contexts"]["nodes"][0]
        assert node == {"isRequired": True}


def test_lists_of_pull_requests_are_filtered_and_ordered(dev: Client, box: str, made: Any) -> None:
    for number in (2, 3):
        branch_off(dev, box, f"topic-{number}", **{f"f{number}": "x"})
        open_pull(dev, box, f"topic-{number}")
    dev.ok("POST", f"/repos/{box}/issues/2/labels", ["one"])
    dev.ok("PATCH", f"/repos/{box}/pulls/3", {"state": "closed"})

    def numbers(arguments: str) -> list[int]:
        asked = f"pullRequests(first: 9{arguments}) {{ nodes {{ number }} }}"
        text = f'query {{ repository(owner: "octo-dev", name: "box") {{ {asked} }} }}'
        return [n["number"] for n in dev.data(text)["repository"]["pullRequests"]["nodes"]]

    assert numbers("") == [1, 2, 3]
    assert numbers(", states: [OPEN]") == [1, 2]
    assert numbers(", states: [CLOSED, MERGED]") == [3]
    assert numbers(", orderBy: {field: CREATED_AT, direction: DESC}") == [3, 2, 1]
    assert numbers(', labels: ["one"]') == [2]
    assert numbers(', headRefName: "topic-2"') == [2]
    assert numbers(', baseRefName: "other"') == []
    of_ref = """query { repository(owner: "octo-dev", name: "box") {
      ref(qualifiedName: "topic") { associatedPullRequests(first: 9, states: OPEN) { nodes { number } } } } }"""
    assert dev.data(of_ref)["repository"]["ref"]["associatedPullRequests"]["nodes"] == [{"number": 1}]


def test_search_finds_ones_own(dev: Client, reader: Client, box: str, made: Any) -> None:
    give(dev, box, "octo-reader")
    branch_off(reader, box, "other", b="x")
    open_pull(reader, box, "other", title="Mend it")
    dev.ok("POST", f"/repos/{box}/pulls/2/requested_reviewers", {"reviewers": ["octo-dev"]}, 201)

    def found(query: str) -> list[int]:
        text = """query($q: String!) { search(query: $q, type: ISSUE, first: 9) {
          issueCount nodes { ... on PullRequest { number } } } }"""
        answer = dev.data(text, q=query)["search"]
        assert answer["issueCount"] == len(answer["nodes"])
        return [node["number"] for node in answer["nodes"]]

    assert found(f"repo:{box} is:pr is:open author:@me") == [1]
    assert found(f"repo:{box} state:open review-requested:@me") == [2]
    assert found("is:pr mend") == [2]
    assert found("is:pr -author:@me") == [2]
    assert found("is:issue") == []
    answer = dev.graphql('query { search(query: "archived:false", type: ISSUE, first: 1) { issueCount } }')
    assert "does not search by `archived:`" in answer["errors"][0]["message"]


def test_an_annotated_tag_and_a_tree_are_read(dev: Client, box: str) -> None:
    sha = dev.head(box)
    tag = {"tag": "v1", "message": "first", "object": sha, "type": "commit"}
    made = dev.ok("POST", f"/repos/{box}/git/tags", tag, 201)
    dev.ok("POST", f"/repos/{box}/git/refs", {"ref": "refs/tags/v1", "sha": made["sha"]}, 201)
    text = """query { repository(owner: "octo-dev", name: "box") {
      ref(qualifiedName: "refs/tags/v1") { name target { __typename oid ... on Tag {
        name message tagger { name } target { oid ... on Commit { history(first: 9) { totalCount } } } } } }
      tree: object(expression: "HEAD:") { ... on Tree { entries { name type mode } } }
      none: object(expression: "HEAD:nothing") { oid } } }"""
    found = dev.data(text)["repository"]
    assert found["ref"]["name"] == "v1"
    target = found["ref"]["target"]
    assert (target["__typename"], target["oid"], target["name"], target["message"]) == (
        "Tag",
        made["sha"],
        "v1",
        "first",
    )
    assert target["target"] == {"oid": sha, "history": {"totalCount": 1}}
    assert found["tree"]["entries"] == [{"name": "README.md", "type": "blob", "mode": 0o100644}]
    assert found["none"] is None


@pytest.mark.parametrize("hidden", [False, True])
def test_refs_outside_heads_and_tags_may_be_hidden(sim: SimulatorProcess, dev: Client, box: str, hidden: bool) -> None:
    dev.ok("POST", f"/repos/{box}/git/refs", {"ref": "refs/bascule/lock", "sha": dev.head(box)}, 201)
    sim.control("switches", {"graphql_hides_custom_refs": hidden})
    text = """query { repository(owner: "octo-dev", name: "box") {
      ref(qualifiedName: "refs/bascule/lock") { name prefix target { oid } }
      object(expression: "refs/bascule/lock") { oid }
      refs(refPrefix: "refs/bascule/", first: 9) { nodes { name } } } }"""
    found = dev.data(text)["repository"]
    if hidden:
        assert found == {"ref": None, "object": None, "refs": {"nodes": []}}
    else:
        assert found["ref"] == {"name": "lock", "prefix": "refs/bascule/", "target": {"oid": dev.head(box)}}
        assert found["refs"] == {"nodes": [{"name": "lock"}]}


# -- merging -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("method", "parents"), [("MERGE", 2), ("SQUASH", 1), ("REBASE", 1)])
def test_merging(dev: Client, box: str, made: Any, method: str, parents: int) -> None:
    shown = "pullRequest { state merged mergedBy { login } mergeCommit { oid parents(first: 3) { totalCount } } }"
    given = {"pullRequestId": made["node_id"], "mergeMethod": method, "expectedHeadOid": made["head"]["sha"]}
    done = mutate(dev, "mergePullRequest", shown, **given)["pullRequest"]
    assert (done["state"], done["merged"], done["mergedBy"]) == ("MERGED", True, {"login": "octo-dev"})
    assert done["mergeCommit"] == {"oid": dev.head(box), "parents": {"totalCount": parents}}


def test_merging_is_refused_as_through_rest(dev: Client, reader: Client, box: str, made: Any) -> None:
    protect(dev, box, required_pull_request_reviews=ONE_REVIEW)
    text = "At least 1 approving review is required by reviewers with write access."
    before = dev.head(box)
    assert refusal(dev, "mergePullRequest", pullRequestId=made["node_id"]) == ("UNPROCESSABLE", text)
    assert merge(dev, box).json()["message"] == text
    moved = {"pullRequestId": made["node_id"], "expectedHeadOid": ZERO}
    assert refusal(dev, "mergePullRequest", **moved)[1] == "Head branch was modified. Review and try the merge again."
    kind, _ = refusal(reader, "mergePullRequest", pullRequestId=made["node_id"])
    assert kind == "FORBIDDEN"
    assert dev.head(box) == before


def test_auto_merge_is_armed_and_disarmed(dev: Client, box: str, made: Any) -> None:
    dev.ok("PATCH", f"/repos/{box}", {"allow_auto_merge": True})
    protect(dev, box, required_pull_request_reviews=ONE_REVIEW)
    assert arm(dev, box, "rebase") == []
    armed = read(dev, "autoMergeRequest { mergeMethod enabledBy { login } pullRequest { number } }")
    assert armed["autoMergeRequest"] == {
        "mergeMethod": "REBASE",
        "enabledBy": {"login": "octo-dev"},
        "pullRequest": {"number": 1},
    }
    shown = "pullRequest { autoMergeRequest { mergeMethod } }"
    off = mutate(dev, "disablePullRequestAutoMerge", shown, pullRequestId=made["node_id"])
    assert off == {"pullRequest": {"autoMergeRequest": None}}
    kind, text = refusal(dev, "disablePullRequestAutoMerge", pullRequestId=made["node_id"])
    assert (kind, text) == ("UNPROCESSABLE", "Can't disable auto-merge for this pull request.")


# -- the life of a pull request ----------------------------------------------------------------------


def test_opened_edited_closed_and_opened_again(dev: Client, box: str) -> None:
    branch_off(dev, box)
    given = {"repositoryId": repository_id(dev, box), "headRefName": "topic", "baseRefName": "main"}
    opened = mutate(dev, "createPullRequest", "pullRequest { id number state isDraft }", **given, title="T", draft=True)
    number = opened["pullRequest"]["id"]
    assert opened["pullRequest"] == {"id": number, "number": 1, "state": "OPEN", "isDraft": True}
    again = refusal(dev, "createPullRequest", **given, title="T")
    assert again == ("UNPROCESSABLE", "A pull request already exists for octo-dev:topic.")
    mutate(dev, "updatePullRequest", pullRequestId=number, title="Better")
    assert pull(dev, box)["title"] == "Better"
    shown = "pullRequest { state closed }"
    closed = mutate(dev, "closePullRequest", shown, pullRequestId=number)
    assert closed["pullRequest"] == {"state": "CLOSED", "closed": True}
    assert mutate(dev, "reopenPullRequest", shown, pullRequestId=number)["pullRequest"]["state"] == "OPEN"
    assert events(dev, box) == ["renamed", "closed", "reopened"]


def test_strangers_change_nothing(dev: Client, reader: Client, box: str, made: Any) -> None:
    label = dev.ok("POST", f"/repos/{box}/labels", {"name": "hot", "color": "ff0000"}, 201)["node_id"]
    number, before = made["node_id"], pull(dev, box)
    for name in ("closePullRequest", "convertPullRequestToDraft", "updatePullRequestBranch", "updatePullRequest"):
        assert refusal(reader, name, pullRequestId=number)[0] in ("FORBIDDEN", "UNPROCESSABLE"), name
    kind, text = refusal(reader, "addLabelsToLabelable", labelableId=number, labelIds=[label])
    assert kind == "FORBIDDEN"
    assert text == "octo-reader does not have the correct permissions to execute `AddLabelsToLabelable`"
    assert pull(dev, box) == before


def test_update_branch_merges_the_base_in(dev: Client, box: str, made: Any) -> None:
    dev.put_file(box, "later.txt", "later\n")
    wrong = refusal(dev, "updatePullRequestBranch", pullRequestId=made["node_id"], expectedHeadOid=ZERO)
    assert wrong[0] == "UNPROCESSABLE"
    head = {"pullRequestId": made["node_id"], "expectedHeadOid": made["head"]["sha"]}
    done = mutate(dev, "updatePullRequestBranch", "pullRequest { headRefOid }", **head)
    assert done["pullRequest"]["headRefOid"] == dev.head(box, "topic") != made["head"]["sha"]
    assert refusal(dev, "updatePullRequestBranch", pullRequestId=made["node_id"])[1] == (
        "There are no new commits on the base branch."
    )


# -- talk --------------------------------------------------------------------------------------------


def test_comments_and_reactions(dev: Client, reader: Client, box: str, made: Any) -> None:
    shown = "commentEdge { node { id databaseId body author { login } viewerDidAuthor } } subject { id }"
    said = mutate(reader, "addComment", shown, subjectId=made["node_id"], body="hello")
    comment = said["commentEdge"]["node"]
    assert (comment["body"], comment["author"]["login"], comment["viewerDidAuthor"]) == ("hello", "octo-reader", True)
    assert said["subject"] == {"id": made["node_id"]}
    assert refusal(dev, "addComment", subjectId=made["node_id"], body=" ")[1] == "body can't be blank"
    changed = mutate(dev, "updateIssueComment", "issueComment { body }", id=comment["id"], body="better")
    assert changed == {"issueComment": {"body": "better"}}
    assert dev.ok("GET", f"/repos/{box}/issues/comments/{comment['databaseId']}")["body"] == "better"
    other = mutate(dev, "addComment", "commentEdge { node { id } }", subjectId=made["node_id"], body="mine")
    kind, _ = refusal(reader, "updateIssueComment", id=other["commentEdge"]["node"]["id"], body="no")
    assert kind == "FORBIDDEN"
    for content in ("EYES", "EYES", "ROCKET"):
        mutate(dev, "addReaction", "reaction { content }", subjectId=comment["id"], content=content)
    rows = dev.ok("GET", f"/repos/{box}/issues/comments/{comment['databaseId']}/reactions")
    assert sorted(row["content"] for row in rows) == ["eyes", "rocket"]
    groups = (
        "reactionGroups { content viewerHasReacted users { totalCount } reactors(first: 1) { nodes { __typename } } }"
    )
    left = mutate(dev, "removeReaction", groups, subjectId=comment["id"], content="ROCKET")["reactionGroups"]
    assert [g["content"] for g in left if g["users"]["totalCount"]] == ["EYES"]
    assert len(left) == 8
    mutate(dev, "addReaction", "subject { id }", subjectId=made["node_id"], content="THUMBS_UP")
    assert dev.ok("GET", f"/repos/{box}/issues/1")["reactions"]["+1"] == 1
    mutate(dev, "deleteIssueComment", id=comment["id"])
    assert [c["body"] for c in dev.ok("GET", f"/repos/{box}/issues/1/comments")] == ["mine"]


def test_labels_go_on_and_off_and_the_timeline_tells(dev: Client, box: str, made: Any) -> None:
    hot = dev.ok("POST", f"/repos/{box}/labels", {"name": "hot", "color": "ff0000"}, 201)["node_id"]
    other = dev.make_repo("other")
    strange = dev.ok("GET", f"/repos/{other}/labels")[0]["node_id"]
    given = {"labelableId": made["node_id"], "labelIds": [hot]}
    shown = "labelable { labels(first: 9) { nodes { name } } }"
    assert mutate(dev, "addLabelsToLabelable", shown, **given) == {
        "labelable": {"labels": {"nodes": [{"name": "hot"}]}}
    }
    assert refusal(dev, "addLabelsToLabelable", labelableId=made["node_id"], labelIds=[strange])[0] == "UNPROCESSABLE"
    dev.ok("PATCH", f"/repos/{box}/labels/hot", {"new_name": "warm"})
    mutate(dev, "removeLabelsFromLabelable", shown, **given)
    mutate(dev, "addComment", subjectId=made["node_id"], body="hello")
    asked = """timelineItems(first: 9, itemTypes: [LABELED_EVENT, UNLABELED_EVENT]) { totalCount filteredCount pageCount
      nodes { __typename ... on LabeledEvent { actor { login } label { name } labelable { __typename } }
                         ... on UnlabeledEvent { label { name } } } }"""
    assert read(dev, asked)["timelineItems"] == {
        "totalCount": 2,
        "filteredCount": 2,
        "pageCount": 2,
        "nodes": [
            {
                "__typename": "LabeledEvent",
                "actor": {"login": "octo-dev"},
                "label": {"name": "warm"},
                "labelable": {"__typename": "PullRequest"},
            },
            {"__typename": "UnlabeledEvent", "label": {"name": "warm"}},
        ],
    }
    dev.ok("DELETE", f"/repos/{box}/labels/warm", status=204)
    assert read(dev, asked)["timelineItems"]["nodes"][0]["label"] == {"name": "hot"}, "as it was called then"


def test_the_timeline_has_every_kind_of_event(dev: Client, reader: Client, box: str) -> None:
    give(dev, box, "octo-reader")
    dev.ok("PATCH", f"/repos/{box}", {"allow_auto_merge": True})
    branch_off(dev, box)
    old = dev.head(box, "topic")
    made = open_pull(dev, box)
    protect(dev, box, required_pull_request_reviews=ONE_REVIEW)
    number = made["node_id"]
    mutate(dev, "convertPullRequestToDraft", pullRequestId=number)
    mutate(dev, "markPullRequestReadyForReview", pullRequestId=number)
    mutate(dev, "updatePullRequest", pullRequestId=number, title="New")
    mutate(dev, "closePullRequest", pullRequestId=number)
    mutate(dev, "reopenPullRequest", pullRequestId=number)
    dev.ok("POST", f"/repos/{box}/issues/1/assignees", {"assignees": ["octo-reader"]}, 201)
    dev.ok("POST", f"/repos/{box}/pulls/1/requested_reviewers", {"reviewers": ["octo-reader"]}, 201)
    dev.ok("PUT", f"/repos/{box}/issues/1/lock", status=204)
    assert arm(dev, box, "squash") == []
    tree = dev.ok("GET", f"/repos/{box}/git/commits/{old}")["tree"]["sha"]
    body = {"message": "otherwise", "tree": tree, "parents": [dev.head(box)]}
    new = dev.ok("POST", f"/repos/{box}/git/commits", body, 201)["sha"]
    dev.ok("PATCH", f"/repos/{box}/git/refs/heads/topic", {"sha": new, "force": True})
    mutate(dev, "disablePullRequestAutoMerge", pullRequestId=number)
    first = review(reader, box)
    mutate(dev, "dismissPullRequestReview", pullRequestReviewId=first["node_id"], message="not so fast")
    review(reader, box)
    assert merge(dev, box).status_code == 200
    dev.ok("DELETE", f"/repos/{box}/git/refs/heads/topic", status=204)
    asked = """timelineItems(first: 100) { nodes {
      __typename
      ... on RenamedTitleEvent { previousTitle currentTitle }
      ... on AssignedEvent { assignee { ... on User { login } } }
      ... on ReviewRequestedEvent { requestedReviewer { ... on User { login } } }
      ... on AutoSquashEnabledEvent { enabler { login } }
      ... on AutoMergeDisabledEvent { disabler { login } }
      ... on HeadRefForcePushedEvent { beforeCommit { oid } afterCommit { oid } }
      ... on PullRequestReview { state }
      ... on ReviewDismissedEvent { previousReviewState dismissalMessage review { state } }
      ... on MergedEvent { commit { oid } mergeRefName }
      ... on ClosedEvent { closable { closed } }
      ... on LockedEvent { lockable { locked } }
      ... on HeadRefDeletedEvent { headRefName pullRequest { number } } } }"""
    items = [node for node in read(dev, asked)["timelineItems"]["nodes"] if node["__typename"] != "PullRequestCommit"]
    assert items == [
        {"__typename": "ConvertToDraftEvent"},
        {"__typename": "ReadyForReviewEvent"},
        {"__typename": "RenamedTitleEvent", "previousTitle": "Add a thing", "currentTitle": "New"},
        {"__typename": "ClosedEvent", "closable": {"closed": True}},
        {"__typename": "ReopenedEvent"},
        {"__typename": "AssignedEvent", "assignee": {"login": "octo-reader"}},
        {"__typename": "ReviewRequestedEvent", "requestedReviewer": {"login": "octo-reader"}},
        {"__typename": "LockedEvent", "lockable": {"locked": True}},
        {"__typename": "AutoSquashEnabledEvent", "enabler": {"login": "octo-dev"}},
        {"__typename": "HeadRefForcePushedEvent", "beforeCommit": {"oid": old}, "afterCommit": {"oid": new}},
        {"__typename": "AutoMergeDisabledEvent", "disabler": {"login": "octo-dev"}},
        {"__typename": "PullRequestReview", "state": "DISMISSED"},
        {
            "__typename": "ReviewDismissedEvent",
            "previousReviewState": "APPROVED",
            "dismissalMessage": "not so fast",
            "review": {"state": "DISMISSED"},
        },
        {"__typename": "PullRequestReview", "state": "APPROVED"},
        {"__typename": "MergedEvent", "commit": {"oid": dev.head(box)}, "mergeRefName": "main"},
        {"__typename": "ClosedEvent", "closable": {"closed": True}},
        {"__typename": "HeadRefDeletedEvent", "headRefName": "topic", "pullRequest": {"number": 1}},
    ]


# -- reviews -----------------------------------------------------------------------------------------


def test_a_review_with_a_conversation_that_is_resolved(dev: Client, reader: Client, box: str, made: Any) -> None:
    give(dev, box, "octo-reader")
    protect(dev, box, required_conversation_resolution=True)
    shown = """pullRequestReview { state body author { login } commit { oid } authorCanPushToRepository
      comments(first: 9) { nodes { path line body } } }"""
    thread = {"path": "a.txt", "line": 2, "body": "why two?"}
    given = {"pullRequestId": made["node_id"], "event": "REQUEST_CHANGES", "body": "see below", "threads": [thread]}
    done = mutate(reader, "addPullRequestReview", shown, **given)["pullRequestReview"]
    assert done == {
        "state": "CHANGES_REQUESTED",
        "body": "see below",
        "author": {"login": "octo-reader"},
        "commit": {"oid": made["head"]["sha"]},
        "authorCanPushToRepository": True,
        "comments": {"nodes": [{"path": "a.txt", "line": 2, "body": "why two?"}]},
    }
    asked = """reviewDecision reviewThreads(first: 9) { nodes { id isResolved isOutdated path line diffSide
      resolvedBy { login } viewerCanResolve comments(first: 9) { nodes { body author { login } } } } }"""
    found = read(dev, asked)
    assert found["reviewDecision"] == "CHANGES_REQUESTED"
    (open_thread,) = found["reviewThreads"]["nodes"]
    assert (open_thread["isResolved"], open_thread["line"], open_thread["viewerCanResolve"]) == (False, 2, True)
    text = "A conversation must be resolved before this pull request can be merged."
    assert merge(dev, box).json()["message"] == text
    resolved = mutate(
        dev, "resolveReviewThread", "thread { isResolved resolvedBy { login } }", threadId=open_thread["id"]
    )
    assert resolved == {"thread": {"isResolved": True, "resolvedBy": {"login": "octo-dev"}}}
    again = mutate(
        dev, "unresolveReviewThread", "thread { isResolved resolvedBy { login } }", threadId=open_thread["id"]
    )
    assert again == {"thread": {"isResolved": False, "resolvedBy": None}}
    mutate(dev, "resolveReviewThread", threadId=open_thread["id"])
    assert merge(dev, box).status_code == 200


def test_resolving_the_last_conversation_lets_an_armed_merge_go(
    dev: Client, reader: Client, box: str, made: Any
) -> None:
    dev.ok("PATCH", f"/repos/{box}", {"allow_auto_merge": True})
    protect(dev, box, required_conversation_resolution=True)
    thread = {"path": "a.txt", "line": 2, "body": "why two?"}
    given = {"pullRequestId": made["node_id"], "event": "COMMENT", "threads": [thread]}
    mutate(reader, "addPullRequestReview", **given)
    assert arm(dev, box) == []
    found = read(dev, "merged reviewThreads(first: 1) { nodes { id } }")
    assert found["merged"] is False
    kind, _ = refusal(reader, "resolveReviewThread", threadId=found["reviewThreads"]["nodes"][0]["id"])
    assert kind == "FORBIDDEN"
    mutate(dev, "resolveReviewThread", threadId=found["reviewThreads"]["nodes"][0]["id"])
    assert read(dev, "merged") == {"merged": True}


def test_a_draft_of_a_review_is_seen_by_its_author_alone(dev: Client, reader: Client, box: str, made: Any) -> None:
    thread = {"path": "a.txt", "line": 2, "body": "not yet"}
    shown = "pullRequestReview { id state }"
    given = {"pullRequestId": made["node_id"], "threads": [thread]}
    draft = mutate(reader, "addPullRequestReview", shown, **given)["pullRequestReview"]
    assert draft["state"] == "PENDING"
    asked = "reviews(first: 9) { totalCount } reviewThreads(first: 9) { totalCount }"
    assert read(reader, asked) == {"reviews": {"totalCount": 1}, "reviewThreads": {"totalCount": 1}}
    assert read(dev, asked) == {"reviews": {"totalCount": 0}, "reviewThreads": {"totalCount": 0}}
    answer = dev.graphql("query($id: ID!) { node(id: $id) { id } }", id=draft["id"])
    assert answer["errors"][0]["type"] == "NOT_FOUND"


def test_reviews_by_state_author_and_opinion(dev: Client, reader: Client, box: str, made: Any) -> None:
    review(reader, box, "COMMENT", body="hm")
    review(reader, box)
    asked = """reviewDecision
      all: reviews(first: 9) { nodes { state } }
      approvals: reviews(first: 9, states: [APPROVED]) { totalCount }
      byDev: reviews(first: 9, author: "octo-dev") { totalCount }
      latestReviews(first: 9) { nodes { state } }
      any: latestOpinionatedReviews(first: 9) { nodes { state authorCanPushToRepository } }
      counted: latestOpinionatedReviews(first: 9, writersOnly: true) { totalCount }"""
    found = read(dev, asked)
    assert [n["state"] for n in found["all"]["nodes"]] == ["COMMENTED", "APPROVED"]
    assert (found["approvals"]["totalCount"], found["byDev"]["totalCount"]) == (1, 0)
    assert found["latestReviews"]["nodes"] == [{"state": "APPROVED"}]
    assert found["any"]["nodes"] == [{"state": "APPROVED", "authorCanPushToRepository": False}]
    assert (found["counted"]["totalCount"], found["reviewDecision"]) == (0, None)
    give(dev, box, "octo-reader")
    found = read(dev, asked)
    assert (found["counted"]["totalCount"], found["reviewDecision"]) == (1, "APPROVED")


# -- refs --------------------------------------------------------------------------------------------


def ref_id(client: Client, name: str) -> str:
    text = 'query($name: String!) { repository(owner: "octo-dev", name: "box") { ref(qualifiedName: $name) { id } } }'
    return str(client.data(text, name=name)["repository"]["ref"]["id"])


def commit_on(client: Client, repo: str, parent: str, message: str = "more") -> str:
    tree = client.ok("GET", f"/repos/{repo}/git/commits/{parent}")["tree"]["sha"]
    body = {"message": message, "tree": tree, "parents": [parent]}
    return str(client.ok("POST", f"/repos/{repo}/git/commits", body, 201)["sha"])


def refs_of(sim: SimulatorProcess) -> dict[str, str]:
    (found,) = sim.control("state")["refs"].values()
    return dict(found)


def test_one_ref_is_made_moved_and_deleted(dev: Client, box: str) -> None:
    first = dev.head(box)
    second = commit_on(dev, box, first)
    given = {"repositoryId": repository_id(dev, box), "name": "refs/heads/side"}
    made = mutate(dev, "createRef", "ref { id name target { oid } }", **given, oid=first)["ref"]
    assert (made["name"], made["target"]) == ("side", {"oid": first})
    assert refusal(dev, "createRef", **given, oid=first)[1] == (
        'A ref named "refs/heads/side" already exists in the repository.'
    )
    under = {**given, "name": "refs/heads/side/below"}
    assert refusal(dev, "createRef", **under, oid=first) == ("UNPROCESSABLE", "Ref cannot be created.")
    mutate(dev, "updateRef", "ref { target { oid } }", refId=made["id"], oid=second)
    assert dev.head(box, "side") == second
    assert refusal(dev, "updateRef", refId=made["id"], oid=first) == ("UNPROCESSABLE", "Update is not a fast forward")
    mutate(dev, "updateRef", refId=made["id"], oid=first, force=True)
    assert dev.head(box, "side") == first
    mutate(dev, "deleteRef", refId=made["id"])
    assert dev.call("GET", f"/repos/{box}/git/ref/heads/side").status_code == 404
    assert refusal(dev, "deleteRef", refId=made["id"])[0] == "NOT_FOUND"
    main = ref_id(dev, "main")
    assert refusal(dev, "deleteRef", refId=main) == ("UNPROCESSABLE", "Cannot delete the default branch")


def test_several_refs_move_all_or_none(sim: SimulatorProcess, dev: Client, box: str) -> None:
    first = dev.head(box)
    second = commit_on(dev, box, first)
    repo = repository_id(dev, box)

    def updates(*rows: tuple[str, str | None, str]) -> dict[str, Any]:
        return {
            "repositoryId": repo,
            "refUpdates": [{"name": n, **({"beforeOid": b} if b else {}), "afterOid": a} for n, b, a in rows],
        }

    mutate(dev, "updateRefs", **updates(("refs/bascule/lock", ZERO, first), ("refs/heads/side", None, first)))
    assert refs_of(sim) == {"refs/heads/main": first, "refs/bascule/lock": first, "refs/heads/side": first}
    before = refs_of(sim)
    for wrong in (
        ("refs/bascule/lock", ZERO, second),
        ("refs/bascule/lock", second, first),
        ("refs/heads/none", first, second),
        ("refs/heads/main", None, ZERO),
        ("refs/pull/1/head", None, second),
        ("refs/heads/main", None, "1" * 40),
        ("side", None, second),
        ("refs/heads/side", None, second),
    ):
        kind, text = refusal(dev, "updateRefs", **updates(("refs/heads/side", first, second), wrong))
        assert (kind, wrong[0].split("/")[-1] in text or "default branch" in text or "Object" in text) == (
            "UNPROCESSABLE",
            True,
        ), text
        assert refs_of(sim) == before
    mutate(dev, "updateRefs", **updates(("refs/bascule/lock", first, second), ("refs/heads/side", first, ZERO)))
    assert refs_of(sim) == {"refs/heads/main": first, "refs/bascule/lock": second}
    backwards = updates(("refs/bascule/lock", second, first))
    assert "fast forward" in refusal(dev, "updateRefs", **backwards)[1]
    backwards["refUpdates"][0]["force"] = True
    mutate(dev, "updateRefs", **backwards)
    assert refs_of(sim)["refs/bascule/lock"] == first


def test_several_refs_are_refused_together_by_protection(sim: SimulatorProcess, dev: Client, box: str) -> None:
    first = dev.head(box)
    second = commit_on(dev, box, first)
    protect(dev, box, required_pull_request_reviews=ONE_REVIEW)
    rows = [{"name": name, "afterOid": second} for name in ("refs/heads/side", "refs/heads/main")]
    given = {"repositoryId": repository_id(dev, box), "refUpdates": rows}
    assert refusal(dev, "updateRefs", **given) == ("UNPROCESSABLE", "Changes must be made through a pull request.")
    assert refs_of(sim) == {"refs/heads/main": first}


def test_update_refs_may_take_no_refs_outside_heads_and_tags(sim: SimulatorProcess, dev: Client, box: str) -> None:
    sim.control("switches", {"update_refs_custom_allowed": False})
    row = {"name": "refs/bascule/lock", "beforeOid": ZERO, "afterOid": dev.head(box)}
    given = {"repositoryId": repository_id(dev, box), "refUpdates": [row]}
    assert refusal(dev, "updateRefs", **given) == ("UNPROCESSABLE", "refs/bascule/lock is neither a branch nor a tag.")
    mutate(dev, "updateRefs", **{**given, "refUpdates": [{**row, "name": "refs/tags/v1"}]})
    assert set(refs_of(sim)) == {"refs/heads/main", "refs/tags/v1"}


def test_a_head_that_moves_together_with_others_moves_its_pull_request(dev: Client, box: str, made: Any) -> None:
    new = commit_on(dev, box, made["head"]["sha"])
    rows = [{"name": "refs/heads/topic", "afterOid": new}, {"name": "refs/tags/v1", "afterOid": new}]
    mutate(dev, "updateRefs", repositoryId=repository_id(dev, box), refUpdates=rows)
    assert read(dev, "headRefOid") == {"headRefOid": new}


# -- limited tokens ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("permissions", "may"),
    [
        ({"metadata": "read", "issues": "write"}, {"addComment", "addReaction"}),
        ({"pull_requests": "write"}, {"addComment", "addReaction", "closePullRequest"}),
        ({"contents": "write"}, {"createRef"}),
        (
            {"contents": "write", "pull_requests": "write"},
            {"addComment", "addReaction", "closePullRequest", "createRef", "enablePullRequestAutoMerge"},
        ),
    ],
)
def test_an_apps_permissions_bind_its_mutations(
    sim: SimulatorProcess, dev: Client, box: str, made: Any, permissions: dict[str, str], may: set[str]
) -> None:
    dev.ok("PATCH", f"/repos/{box}", {"allow_auto_merge": True})
    protect(dev, box, required_pull_request_reviews=ONE_REVIEW)
    sim.control("apps", {"slug": "helper", "owner": "octo-dev", "token": "tok-app", "permissions": permissions})
    app = Client(sim, "tok-app")
    number, repo = made["node_id"], repository_id(dev, box)
    tries: dict[str, dict[str, Any]] = {
        "createRef": {"repositoryId": repo, "name": "refs/heads/new", "oid": dev.head(box)},
        "enablePullRequestAutoMerge": {"pullRequestId": number},
        "addComment": {"subjectId": number, "body": "hello"},
        "addReaction": {"subjectId": number, "content": "EYES"},
        "closePullRequest": {"pullRequestId": number},
        "createBranchProtectionRule": {"repositoryId": repo, "pattern": "x"},
    }
    answers = {name: app.graphql(*_document(name, "clientMutationId"), input=given) for name, given in tries.items()}
    app.session.close()
    assert {name for name, answer in answers.items() if "errors" not in answer} == may
    refused = [answer["errors"][0] for answer in answers.values() if "errors" in answer]
    assert {error["type"] for error in refused} == {"FORBIDDEN"}
    texts = {error["message"] for error in refused}
    assert texts <= {
        "Resource not accessible by integration",
        "helper[bot] does not have the correct permissions to change branch protection",
    }
