"""GitHub's JSON for issues, labels, comments, reactions and events."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from bascule.simulator.access import association, full_name
from bascule.simulator.conversation import CONTENTS, Subject, labels_of, reactions_to
from bascule.simulator.http import Ctx
from bascule.simulator.model import IssueComment, IssueEvent, Label, PullRequest, Reaction, Repo
from bascule.simulator.model.pulls import SubjectKind
from bascule.simulator.views import app_json, team_json, user_by_id, user_json

#: What stands as it is in a part of an address.
_PLAIN = ":@!$&'()*+,;="


def users_json(ctx: Ctx, ids: Iterable[int]) -> list[dict[str, Any]]:
    """`simple-user` for each id that exists."""
    return [shown for i in ids if (shown := user_by_id(ctx, i)) is not None]


def label_json(ctx: Ctx, repo: Repo, label: Label) -> dict[str, Any]:
    """`label`."""
    return {
        "id": label.id,
        "node_id": label.node_id,
        "url": f"{ctx.api}/repos/{full_name(ctx.world, repo)}/labels/{quote(label.name, safe=_PLAIN)}",
        "name": label.name,
        "color": label.color,
        "default": label.default,
        "description": label.description,
    }


def reaction_counts(ctx: Ctx, repo: Repo, kind: SubjectKind, subject_id: int, url: str) -> dict[str, Any]:
    """`reaction-rollup`."""
    found = [r.content for r in reactions_to(ctx.world, repo, kind, subject_id)]
    return {"url": f"{url}/reactions", "total_count": len(found), **{word: found.count(word) for word in CONTENTS}}


def reaction_json(ctx: Ctx, reaction: Reaction) -> dict[str, Any]:
    """`reaction`."""
    return {
        "id": reaction.id,
        "node_id": reaction.node_id,
        "user": user_by_id(ctx, reaction.user_id),
        "content": reaction.content,
        "created_at": reaction.created_at,
    }


def comment_json(ctx: Ctx, repo: Repo, comment: IssueComment) -> dict[str, Any]:
    """`issue-comment`."""
    name = full_name(ctx.world, repo)
    url = f"{ctx.api}/repos/{name}/issues/comments/{comment.id}"
    kind = "pull" if ctx.world.store.pulls.find(repo_id=repo.id, number=comment.number) else "issues"
    app = ctx.world.store.apps.get(comment.app_id)
    return {
        "url": url,
        "html_url": f"{ctx.html}/{name}/{kind}/{comment.number}#issuecomment-{comment.id}",
        "issue_url": f"{ctx.api}/repos/{name}/issues/{comment.number}",
        "id": comment.id,
        "node_id": comment.node_id,
        "user": user_by_id(ctx, comment.author_id),
        "created_at": comment.created_at,
        "updated_at": comment.updated_at,
        "author_association": association(ctx.world, repo, comment.author_id),
        "body": comment.body,
        "reactions": reaction_counts(ctx, repo, "issue_comment", comment.id, url),
        "performed_via_github_app": app_json(ctx, app) if app else None,
    }


def issue_json(ctx: Ctx, repo: Repo, subject: Subject) -> dict[str, Any]:
    """`issue`; a pull request has the key `pull_request`."""
    world, name = ctx.world, full_name(ctx.world, repo)
    base = f"{ctx.api}/repos/{name}"
    url = f"{base}/issues/{subject.number}"
    is_pull = isinstance(subject, PullRequest)
    html = f"{ctx.html}/{name}/{'pull' if is_pull else 'issues'}/{subject.number}"
    assignees = users_json(ctx, subject.assignees)
    body: dict[str, Any] = {
        "url": url,
        "repository_url": base,
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "html_url": html,
        "id": subject.issue_id if isinstance(subject, PullRequest) else subject.id,
        "node_id": subject.node_id,
        "number": subject.number,
        "title": subject.title,
        "user": user_by_id(ctx, subject.author_id),
        "labels": [label_json(ctx, repo, label) for label in labels_of(world, subject)],
        "state": subject.state,
        "locked": subject.locked,
        "assignee": assignees[0] if assignees else None,
        "assignees": assignees,
        "milestone": None,
        "comments": len(world.store.issue_comments.where(repo_id=repo.id, number=subject.number)),
        "created_at": subject.created_at,
        "updated_at": subject.updated_at,
        "closed_at": subject.closed_at,
        "author_association": association(ctx.world, repo, subject.author_id),
        "active_lock_reason": None,
        "body": subject.body,
        "closed_by": user_by_id(ctx, subject.closed_by_id),
        "reactions": reaction_counts(ctx, repo, "issue", subject.number, url),
        "timeline_url": f"{url}/timeline",
        "performed_via_github_app": None,
        "state_reason": None if isinstance(subject, PullRequest) else subject.state_reason,
    }
    if isinstance(subject, PullRequest):
        body["draft"] = subject.draft
        body["pull_request"] = {
            "url": f"{base}/pulls/{subject.number}",
            "html_url": html,
            "diff_url": f"{html}.diff",
            "patch_url": f"{html}.patch",
            "merged_at": subject.merged_at,
        }
    return body


def event_json(ctx: Ctx, repo: Repo, event: IssueEvent) -> dict[str, Any]:
    """`issue-event`, with the fields of its kind."""
    world, name = ctx.world, full_name(ctx.world, repo)
    base = f"{ctx.api}/repos/{name}"
    body: dict[str, Any] = {
        "id": event.id,
        "node_id": event.node_id,
        "url": f"{base}/issues/events/{event.id}",
        "actor": user_by_id(ctx, event.actor_id),
        "event": event.event,
        "commit_id": event.commit_id,
        "commit_url": f"{base}/commits/{event.commit_id}" if event.commit_id else None,
        "created_at": event.created_at,
        "performed_via_github_app": None,
    }
    details = event.details
    if event.event in ("labeled", "unlabeled"):
        body["label"] = {"name": details["label"], "color": details["color"]}
    if event.event == "renamed":
        body["rename"] = {"from": details["was"], "to": details["now"]}
    if "assignee" in details:
        body["assignee"] = _named(ctx, details["assignee"])
        body["assigner"] = body["actor"]
    if event.event.startswith("review_request"):
        body["review_requester"] = body["actor"]
        if "reviewer" in details:
            body["requested_reviewer"] = _named(ctx, details["reviewer"])
        else:
            team = world.store.teams.find(org_id=repo.owner_id, slug=details["team"])
            body["requested_team"] = team_json(ctx, team) if team else None
    if event.event == "review_dismissed":
        body["dismissed_review"] = {
            "state": details["state"],
            "review_id": int(details["review"]),
            "dismissal_message": details["message"] or None,
        }
    return body


def _named(ctx: Ctx, login: str) -> dict[str, Any] | None:
    return user_json(ctx, next((u for u in ctx.world.store.users if u.login == login), None))
