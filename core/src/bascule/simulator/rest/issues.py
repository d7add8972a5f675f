"""Issues, which pull requests are too: create, list, read, change, assignees, lock."""

from typing import Any

from bascule.simulator import conversation, pulls, timeline
from bascule.simulator.access import find_repo, level_at_least, permission_of, require_grant, user_by_login
from bascule.simulator.auth import require_user
from bascule.simulator.conversation import Subject
from bascule.simulator.http import (
    Ctx,
    HttpError,
    Reply,
    bad_request_shape,
    created,
    invalid,
    not_found,
    paginate,
    route,
)
from bascule.simulator.model import Issue, Label, PullRequest, Repo, User
from bascule.simulator.talk_views import issue_json
from bascule.simulator.world import Actor


def find_subject(ctx: Ctx, need: str = "read") -> tuple[Repo, Subject]:
    """The repository and the issue or pull request in the path."""
    repo = find_repo(ctx, need, grant="issues|pull_requests")
    subject = conversation.subject_by_number(ctx.world, repo, ctx.params["number"])
    if isinstance(subject, Issue):
        require_grant(ctx.actor, "issues", "read" if ctx.method in ("GET", "HEAD") else "write")
    return repo, subject


def labels_in(ctx: Ctx, repo: Repo, value: Any) -> list[Label]:
    """Labels from names or from objects with a name; unknown ones are made. 422 for anything else."""
    names = [row.get("name") if isinstance(row, dict) else row for row in value] if isinstance(value, list) else [None]
    if not all(isinstance(name, str) and name.strip() for name in names):
        raise bad_request_shape("For 'properties/labels', the value is not an array of names.")
    return [conversation.label_or_new(ctx.world, repo, str(name)) for name in names]


def _list(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, grant="issues")
    store = ctx.world.store
    state = ctx.query.get("state", "open")
    found: list[Subject] = [*store.pulls.where(repo_id=repo.id), *store.issues.where(repo_id=repo.id)]
    found = [s for s in found if state in ("all", s.state)]
    for name in filter(None, ctx.query.get("labels", "").split(",")):
        label = conversation.label_by_name(ctx.world, repo, name)
        found = [s for s in found if label is not None and label.id in s.labels]
    if creator := ctx.query.get("creator"):
        author = user_by_login(ctx.world, creator)
        found = [s for s in found if author is not None and s.author_id == author.id]
    if since := ctx.query.get("since"):
        found = [s for s in found if s.updated_at >= since]
    by_update = ctx.query.get("sort") == "updated"
    found.sort(key=lambda s: (s.updated_at if by_update else s.created_at, s.number))
    if ctx.query.get("direction", "desc") == "desc":
        found.reverse()
    return paginate(ctx, found, lambda s: issue_json(ctx, repo, s))


def _create(ctx: Ctx) -> Reply:
    actor = require_user(ctx)
    repo = find_repo(ctx, grant="issues")
    if not repo.has_issues:
        raise HttpError(410, "Issues are disabled for this repo")
    title = ctx.take("title", str, resource="Issue")
    if not title.strip():
        raise invalid("Issue", "title", "missing_field")
    world, now = ctx.world, ctx.world.clock.iso()
    issue = Issue(
        id=world.store.next_id(),
        repo_id=repo.id,
        number=pulls.next_number(world, repo),
        author_id=actor.user.id,
        title=title,
        body=ctx.json().get("body"),
        created_at=now,
        updated_at=now,
    )
    world.store.issues.save(issue)
    # Labels and assignees of who may not set them are dropped without a word.
    if level_at_least(permission_of(world, repo, actor), "triage"):
        conversation.add_labels(world, repo, actor, issue, labels_in(ctx, repo, ctx.take("labels", list, [])))
        conversation.assign(world, repo, actor, issue, _users(ctx, "assignees"))
    return created(issue_json(ctx, repo, issue))


def _get(ctx: Ctx) -> Reply:
    repo, subject = find_subject(ctx)
    return Reply(body=issue_json(ctx, repo, subject))


def _patch(ctx: Ctx) -> Reply:
    actor = require_user(ctx)
    repo, subject = find_subject(ctx)
    body, world = ctx.json(), ctx.world
    triages = level_at_least(permission_of(world, repo, actor), "triage")
    if not triages and actor.user.id != subject.author_id:
        raise not_found()
    if isinstance(subject, PullRequest):
        known = {k: v for k, v in body.items() if k in ("title", "body", "state")}
        if known:
            pulls.edit(world, repo, actor, subject, known)
    else:
        _edit(ctx, repo, actor, subject)
    if triages and body.get("labels") is not None:
        conversation.set_labels(world, repo, actor, subject, labels_in(ctx, repo, body["labels"]))
    if triages and body.get("assignees") is not None:
        wanted = _users(ctx, "assignees")
        gone = [u for i in subject.assignees if (u := world.store.users.get(i)) and u not in wanted]
        conversation.unassign(world, repo, actor, subject, gone)
        conversation.assign(world, repo, actor, subject, wanted)
    return Reply(body=issue_json(ctx, repo, subject))


def _edit(ctx: Ctx, repo: Repo, actor: Actor, issue: Issue) -> None:
    body, world = ctx.json(), ctx.world
    if body.get("state") not in (None, "open", "closed"):
        raise invalid("Issue", "state")
    if body.get("title") is not None and body["title"] != issue.title:
        title = ctx.take("title", str)
        timeline.record(world, repo, issue.number, actor, "renamed", was=issue.title, now=title)
        issue.title = title
    if "body" in body:
        issue.body = body["body"]
    if body.get("state") not in (None, issue.state):
        issue.state = body["state"]
        closed = issue.state == "closed"
        issue.state_reason = body.get("state_reason") or ("completed" if closed else "reopened")
        issue.closed_at = world.clock.iso() if closed else None
        issue.closed_by_id = actor.user.id if closed else None
        timeline.record(world, repo, issue.number, actor, "closed" if closed else "reopened")
    conversation.save(world, issue)


def _users(ctx: Ctx, name: str) -> list[User]:
    rows: list[Any] = ctx.take(name, list, [])
    found = [user_by_login(ctx.world, str(login)) for login in rows]
    if None in found:
        raise invalid("Issue", name)
    return [u for u in found if u]


def _assign(ctx: Ctx) -> Reply:
    repo, subject = find_subject(ctx, "triage")
    conversation.assign(ctx.world, repo, require_user(ctx), subject, _users(ctx, "assignees"))
    return Reply(status=201, body=issue_json(ctx, repo, subject))


def _unassign(ctx: Ctx) -> Reply:
    repo, subject = find_subject(ctx, "triage")
    conversation.unassign(ctx.world, repo, require_user(ctx), subject, _users(ctx, "assignees"))
    return Reply(body=issue_json(ctx, repo, subject))


def _lock(ctx: Ctx) -> Reply:
    repo, subject = find_subject(ctx, "triage")
    subject.locked = ctx.method == "PUT"
    conversation.save(ctx.world, subject)
    timeline.record(ctx.world, repo, subject.number, require_user(ctx), "locked" if subject.locked else "unlocked")
    return Reply(status=204)


_ISSUE = "/repos/{owner}/{repo}/issues/{number:int}"
routes = [
    route("GET", "/repos/{owner}/{repo}/issues", _list),
    route("POST", "/repos/{owner}/{repo}/issues", _create),
    route("GET", _ISSUE, _get),
    route("PATCH", _ISSUE, _patch),
    route("POST", _ISSUE + "/assignees", _assign),
    route("DELETE", _ISSUE + "/assignees", _unassign),
    route("PUT", _ISSUE + "/lock", _lock),
    route("DELETE", _ISSUE + "/lock", _lock),
]
