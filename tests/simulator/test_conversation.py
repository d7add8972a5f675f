"""Reviews, threads, labels, comments, reactions, issues and events."""

from typing import Any

import pytest

from bascule.simulator.process import SimulatorProcess

from .conftest import Client
from .pull_helpers import (
    ONE_REVIEW,
    branch_off,
    events,
    give,
    merge,
    open_pull,
    protect,
    pull,
    refused,
    review,
)


@pytest.fixture
def box(dev: Client) -> str:
    """A repository with an open pull request of octo-dev; octo-reader may write."""
    repo = dev.make_repo()
    give(dev, repo, "octo-reader")
    dev.put_file(repo, "long.txt", "".join(f"line {n}\n" for n in range(1, 41)))
    dev.ok("POST", f"/repos/{repo}/git/refs", {"ref": "refs/heads/topic", "sha": dev.head(repo)}, 201)
    changed = "".join(f"line {n}{' changed' if n == 20 else ''}\n" for n in range(1, 41))
    dev.put_file(repo, "long.txt", changed, branch="topic")
    open_pull(dev, repo)
    return repo


# -- reviews -----------------------------------------------------------------------------------------


def test_review_is_written_submitted_and_dismissed(dev: Client, reader: Client, box: str) -> None:
    path = f"/repos/{box}/pulls/1/reviews"
    made = reader.ok("POST", path, {"body": "let me see"})
    assert made["state"] == "PENDING"
    assert "submitted_at" not in made
    assert dev.ok("GET", path) == [], "nobody else sees a pending review"
    assert dev.call("GET", f"{path}/{made['id']}").status_code == 404
    second = reader.ok("POST", path, {"body": "another"}, 422)
    assert second["errors"] == ["User can only have one pending review per pull request"]
    done = reader.ok("POST", f"{path}/{made['id']}/events", {"event": "REQUEST_CHANGES", "body": "no"})
    assert (done["state"], done["body"]) == ("CHANGES_REQUESTED", "no")
    assert dev.ok("GET", path)[0]["submitted_at"]
    gone = dev.ok("PUT", f"{path}/{made['id']}/dismissals", {"message": "talked about it"})
    assert gone["state"] == "DISMISSED"
    again = dev.ok("PUT", f"{path}/{made['id']}/dismissals", {"message": "m"}, 422)
    assert again["errors"] == ["Can not dismiss a dismissed pull request review"]
    assert events(dev, box) == ["review_dismissed"]


def test_what_reviews_refuse(dev: Client, reader: Client, box: str) -> None:
    path = f"/repos/{box}/pulls/1/reviews"
    assert dev.ok("POST", path, {"event": "APPROVE"}, 422)["errors"] == ["Can not approve your own pull request"]
    own = dev.ok("POST", path, {"event": "REQUEST_CHANGES", "body": "b"}, 422)
    assert own["errors"] == ["Can not request changes on your own pull request"]
    assert reader.ok("POST", path, {"event": "COMMENT"}, 422)["errors"] == ["Body can't be blank"]
    assert reader.call("POST", path, {"event": "LIKE"}).status_code == 422
    comment = review(reader, box, "COMMENT", body="b")
    refusal = dev.ok("PUT", f"{path}/{comment['id']}/dismissals", {"message": "m"}, 422)
    assert refusal["errors"] == ["Can not dismiss a commented pull request review"]
    assert [r["state"] for r in dev.ok("GET", path)] == ["COMMENTED"]


def test_the_latest_opinion_of_each_counts(dev: Client, reader: Client, box: str) -> None:
    protect(dev, box, required_pull_request_reviews=ONE_REVIEW)
    review(reader, box)
    review(reader, box, "COMMENT", body="still fine")
    assert pull(dev, box)["mergeable_state"] == "clean"
    review(reader, box, "REQUEST_CHANGES", body="wait")
    assert pull(dev, box)["mergeable_state"] == "blocked"
    review(reader, box)
    assert pull(dev, box)["mergeable_state"] == "clean"


def test_requested_reviewers(dev: Client, box: str) -> None:
    path = f"/repos/{box}/pulls/1/requested_reviewers"
    author = dev.call("POST", path, {"reviewers": ["octo-dev"]})
    assert refused(author) == (422, "Review cannot be requested from pull request author.")
    stranger = dev.ok("POST", path, {"reviewers": ["octo-admin"]}, 422)
    assert stranger["message"].startswith("Reviews may only be requested from collaborators.")
    assert dev.ok("POST", path, {"reviewers": ["octo-reader"]}, 201)["requested_reviewers"][0]["login"] == "octo-reader"
    dev.ok("DELETE", path, {"reviewers": ["octo-reader"]})
    assert dev.ok("GET", path) == {"users": [], "teams": []}
    assert events(dev, box) == ["review_requested", "review_request_removed"]


def test_a_review_answers_the_request(dev: Client, reader: Client, box: str) -> None:
    dev.ok("POST", f"/repos/{box}/pulls/1/requested_reviewers", {"reviewers": ["octo-reader"]}, 201)
    review(reader, box)
    assert pull(dev, box)["requested_reviewers"] == []


def test_dismissal_restrictions(sim: SimulatorProcess, dev: Client, reader: Client) -> None:
    sim.control("orgs", {"login": "acme", "members": {"octo-dev": "admin", "octo-reader": "member"}})
    dev.ok("POST", "/orgs/acme/repos", {"name": "shop", "auto_init": True}, 201)
    repo = "acme/shop"
    give(dev, repo, "octo-reader")
    give(dev, repo, "octo-admin")
    branch_off(dev, repo)
    open_pull(dev, repo)
    limits = {**ONE_REVIEW, "dismissal_restrictions": {"users": ["octo-admin"]}}
    protect(dev, repo, required_pull_request_reviews=limits)
    made = review(reader, repo)
    path = f"/repos/{repo}/pulls/1/reviews/{made['id']}/dismissals"
    assert reader.call("PUT", path, {"message": "m"}).status_code == 403
    assert dev.ok("PUT", path, {"message": "m"})["state"] == "DISMISSED"


# -- threads -----------------------------------------------------------------------------------------


def _thread(client: Client, repo: str, line: int = 20, **fields: Any) -> Any:
    body = {"path": "long.txt", "line": line, "side": "RIGHT", "body": "hm", **fields}
    return client.ok("POST", f"/repos/{repo}/pulls/1/comments", {**body, "commit_id": client.head(repo, "topic")}, 201)


def test_comments_open_threads_and_replies_join_them(dev: Client, reader: Client, box: str) -> None:
    first = _thread(reader, box)
    assert (first["path"], first["line"], first["side"]) == ("long.txt", 20, "RIGHT")
    assert first["diff_hunk"].startswith("@@ -17,7 +17,7 @@")
    assert first["diff_hunk"].endswith("+line 20 changed")
    reply = dev.ok("POST", f"/repos/{box}/pulls/1/comments/{first['id']}/replies", {"body": "why?"}, 201)
    assert reply["in_reply_to_id"] == first["id"]
    # Each single comment is wrapped into a review of its own.
    assert [r["state"] for r in dev.ok("GET", f"/repos/{box}/pulls/1/reviews")] == ["COMMENTED", "COMMENTED"]
    assert pull(dev, box)["review_comments"] == 2
    old_way = dev.ok(
        "POST",
        f"/repos/{box}/pulls/1/comments",
        {"path": "long.txt", "position": 5, "body": "by position", "commit_id": dev.head(box, "topic")},
        201,
    )
    assert old_way["line"] == 20


@pytest.mark.parametrize(
    ("place", "field", "text"),
    [
        ({"line": 3}, "line", "must be part of the diff"),
        ({"path": "other.txt", "line": 1}, "path", "is invalid"),
    ],
)
def test_comments_stand_on_the_diff(dev: Client, box: str, place: dict[str, Any], field: str, text: str) -> None:
    body = {"path": "long.txt", "body": "b", "commit_id": dev.head(box, "topic"), **place}
    refusal = dev.ok("POST", f"/repos/{box}/pulls/1/comments", body, 422)
    name = f"pull_request_review_thread.{field}"
    assert refusal["errors"][0] == {
        "resource": "PullRequestReviewComment",
        "code": "custom",
        "field": name,
        "message": f"{name} {text}",
    }
    assert dev.ok("GET", f"/repos/{box}/pulls/1/reviews") == []


def test_a_review_brings_its_comments(dev: Client, reader: Client, box: str) -> None:
    made = review(reader, box, "COMMENT", comments=[{"path": "long.txt", "line": 20, "body": "one"}])
    found = dev.ok("GET", f"/repos/{box}/pulls/1/reviews/{made['id']}/comments")
    assert [c["body"] for c in found] == ["one"]
    bad = {"event": "COMMENT", "comments": [{"path": "long.txt", "line": 1, "body": "off"}]}
    reader.ok("POST", f"/repos/{box}/pulls/1/reviews", bad, 422)
    assert len(dev.ok("GET", f"/repos/{box}/pulls/1/reviews")) == 1


def test_open_conversations_block_where_protection_says_so(
    sim: SimulatorProcess, dev: Client, reader: Client, box: str
) -> None:
    protect(dev, box, required_conversation_resolution=True)
    draft = {"comments": [{"path": "long.txt", "line": 20, "body": "not yet handed in"}]}
    pending = reader.ok("POST", f"/repos/{box}/pulls/1/reviews", draft)
    assert pull(dev, box)["mergeable_state"] == "clean"
    reader.ok("POST", f"/repos/{box}/pulls/1/reviews/{pending['id']}/events", {"event": "COMMENT"})
    text = "A conversation must be resolved before this pull request can be merged."
    assert refused(merge(dev, box)) == (405, text)
    assert pull(dev, box)["mergeable_state"] == "blocked"

    asked = "query($id: ID!) { node(id: $id) { ... on PullRequest { reviewThreads(first: 1) { nodes { id } } } } }"
    found = dev.data(asked, id=pull(dev, box)["node_id"])["node"]["reviewThreads"]["nodes"]
    resolve = "mutation($id: ID!) { resolveReviewThread(input: {threadId: $id}) { thread { isResolved } } }"
    assert dev.data(resolve, id=found[0]["id"])["resolveReviewThread"] == {"thread": {"isResolved": True}}
    assert merge(dev, box).status_code == 200


def test_threads_move_with_their_line_or_are_outdated(sim: SimulatorProcess, dev: Client, box: str) -> None:
    comment = _thread(dev, box)
    shifted = "top\n" + "".join(f"line {n}{' changed' if n == 20 else ''}\n" for n in range(1, 41))
    dev.put_file(box, "long.txt", shifted, branch="topic")
    assert dev.ok("GET", f"/repos/{box}/pulls/comments/{comment['id']}")["line"] == 21
    dev.put_file(box, "long.txt", shifted.replace("20 changed", "20 again"), branch="topic")
    shown = dev.ok("GET", f"/repos/{box}/pulls/comments/{comment['id']}")
    assert (shown["line"], shown["original_line"]) == (None, 20)
    (thread,) = sim.control("state")["review_threads"]
    assert thread["is_outdated"] is True


def test_comments_are_changed_and_deleted_by_their_author(
    dev: Client, reader: Client, anonymous: Client, box: str
) -> None:
    made = _thread(reader, box)
    path = f"/repos/{box}/pulls/comments/{made['id']}"
    assert anonymous.call("PATCH", path, {"body": "x"}).status_code == 401
    assert reader.ok("PATCH", path, {"body": "better"})["body"] == "better"
    reader.ok("DELETE", path, status=204)
    assert dev.ok("GET", f"/repos/{box}/pulls/1/comments") == []


# -- labels ------------------------------------------------------------------------------------------


def test_labels_on_pull_requests(dev: Client, reader: Client, box: str) -> None:
    path = f"/repos/{box}/issues/1/labels"
    added = reader.ok("POST", path, {"labels": ["change:safe", "Bug"]})
    assert [(x["name"], x["color"]) for x in added] == [("change:safe", "ededed"), ("bug", "d73a4a")]
    assert [x["name"] for x in dev.ok("DELETE", f"{path}/change:safe")] == ["bug"]
    assert refused(dev.call("DELETE", f"{path}/change:safe")) == (404, "Label does not exist")
    assert [x["name"] for x in dev.ok("PUT", path, ["auto-relax-merge"])] == ["auto-relax-merge"]
    dev.ok("DELETE", path, status=204)
    assert pull(dev, box)["labels"] == []
    told = [
        (e["event"], e["label"]["name"], e["actor"]["login"]) for e in dev.ok("GET", f"/repos/{box}/issues/1/events")
    ]
    assert told == [
        ("labeled", "change:safe", "octo-reader"),
        ("labeled", "bug", "octo-reader"),
        ("unlabeled", "change:safe", "octo-dev"),
        ("unlabeled", "bug", "octo-dev"),
        ("labeled", "auto-relax-merge", "octo-dev"),
        ("unlabeled", "auto-relax-merge", "octo-dev"),
    ]


def test_labels_of_a_repository(dev: Client, box: str) -> None:
    path = f"/repos/{box}/labels"
    made = dev.ok("POST", path, {"name": "area/api", "color": "F29513", "description": "d"}, 201)
    assert (made["color"], made["default"]) == ("F29513", False)
    again = dev.ok("POST", path, {"name": "AREA/api"}, 422)
    assert again["errors"] == [{"resource": "Label", "code": "already_exists", "field": "name"}]
    assert dev.ok("POST", path, {"name": "x", "color": "#fff"}, 422)["errors"][0]["field"] == "color"
    dev.ok("POST", f"/repos/{box}/issues/1/labels", ["area/api"])
    dev.ok("PATCH", f"{path}/area/api", {"new_name": "area:api"})
    assert [x["name"] for x in pull(dev, box)["labels"]] == ["area:api"]
    dev.ok("DELETE", f"{path}/area:api", status=204)
    assert pull(dev, box)["labels"] == []
    assert "area:api" not in [x["name"] for x in dev.ok("GET", path)]


# -- comments and reactions --------------------------------------------------------------------------


def test_comments_and_reactions(
    sim: SimulatorProcess, dev: Client, reader: Client, anonymous: Client, box: str
) -> None:
    path = f"/repos/{box}/issues/1/comments"
    made = reader.ok("POST", path, {"body": "/bascule merge"}, 201)
    assert made["author_association"] == "COLLABORATOR"
    assert dev.ok("POST", path, {"body": " "}, 422)["errors"][0]["field"] == "body"
    one = f"/repos/{box}/issues/comments/{made['id']}"
    sim.control("clock", {"advance": 60})
    assert dev.ok("PATCH", one, {"body": "edited"})["updated_at"] > made["created_at"]
    heart = dev.call("POST", f"{one}/reactions", {"content": "heart"})
    again = dev.call("POST", f"{one}/reactions", {"content": "heart"})
    assert (heart.status_code, again.status_code) == (201, 200)
    assert heart.json()["id"] == again.json()["id"]
    dev.ok("POST", f"{one}/reactions", {"content": "clap"}, 422)
    reader.ok("POST", f"{one}/reactions", {"content": "+1"}, 201)
    counts = dev.ok("GET", one)["reactions"]
    assert (counts["total_count"], counts["heart"], counts["+1"]) == (2, 1, 1)
    assert [r["content"] for r in dev.ok("GET", f"{one}/reactions", params={"content": "+1"})] == ["+1"]
    mine = f"{one}/reactions/{heart.json()['id']}"
    assert reader.call("DELETE", mine).status_code == 403
    dev.ok("DELETE", mine, status=204)
    dev.ok("POST", f"/repos/{box}/issues/1/reactions", {"content": "eyes"}, 201)
    assert dev.ok("GET", f"/repos/{box}/issues/1")["reactions"]["eyes"] == 1
    app = {"slug": "bot", "owner": "octo-dev", "token": "tok-app", "permissions": {"issues": "write"}}
    sim.control("apps", app)
    by_app = anonymous.call("POST", path, {"body": "from an app"}, headers={"Authorization": "token tok-app"}).json()
    assert (by_app["user"]["login"], by_app["user"]["type"]) == ("bot[bot]", "Bot")
    assert by_app["performed_via_github_app"]["slug"] == "bot"
    reader.ok("DELETE", one, status=204)
    assert [c["body"] for c in dev.ok("GET", path)] == ["from an app"]


def test_locked_conversations_are_for_collaborators(
    dev: Client, sim: SimulatorProcess, anonymous: Client, box: str
) -> None:
    sim.control("users", {"login": "octo-guest", "token": "tok-guest"})
    path = f"/repos/{box}/issues/1/comments"
    head = {"Authorization": "token tok-guest"}
    assert anonymous.call("POST", path, {"body": "hello"}, headers=head).status_code == 201
    dev.ok("PUT", f"/repos/{box}/issues/1/lock", status=204)
    refusal = anonymous.call("POST", path, {"body": "more"}, headers=head)
    assert refused(refusal) == (403, "Unable to create comment because issue is locked.")
    dev.ok("POST", path, {"body": "closing"}, 201)


# -- issues and events -------------------------------------------------------------------------------


def test_issues_and_pull_requests_share_numbers_and_lists(dev: Client, reader: Client, box: str) -> None:
    made = reader.ok("POST", f"/repos/{box}/issues", {"title": "Alarm", "body": "b", "labels": ["bug"]}, 201)
    assert made["number"] == 2
    both = dev.ok("GET", f"/repos/{box}/issues")
    assert [(i["number"], "pull_request" in i) for i in both] == [(2, False), (1, True)]
    assert [i["number"] for i in dev.ok("GET", f"/repos/{box}/issues", params={"labels": "bug"})] == [2]
    closed = dev.ok("PATCH", f"/repos/{box}/issues/2", {"state": "closed", "state_reason": "not_planned"})
    assert (closed["state"], closed["state_reason"], closed["closed_by"]["login"]) == (
        "closed",
        "not_planned",
        "octo-dev",
    )
    assert dev.call("GET", f"/repos/{box}/pulls/2").status_code == 404
    dev.ok("PATCH", f"/repos/{box}/issues/1", {"state": "closed", "labels": ["x"], "assignees": ["octo-reader"]})
    shut = pull(dev, box)
    assert (shut["state"], shut["merged"], shut["assignee"]["login"]) == ("closed", False, "octo-reader")
    assert events(dev, box) == ["closed", "labeled", "assigned"]


def test_timeline_mixes_everything_in_order(sim: SimulatorProcess, dev: Client, reader: Client, box: str) -> None:
    steps: list[Any] = [
        lambda: dev.ok("POST", f"/repos/{box}/issues/1/comments", {"body": "c"}, 201),
        lambda: review(reader, box),
        lambda: dev.ok("POST", f"/repos/{box}/issues/1/labels", ["x"]),
        lambda: merge(dev, box),
    ]
    for step in steps:
        sim.control("clock", {"advance": 5})
        step()
    shown = dev.ok("GET", f"/repos/{box}/issues/1/timeline")
    assert [e["event"] for e in shown] == ["committed", "commented", "reviewed", "labeled", "merged", "closed"]
    merged = shown[4]
    assert merged["commit_id"] == dev.head(box)
    assert dev.ok("GET", f"/repos/{box}/issues/events/{merged['id']}")["issue"]["number"] == 1
