"""Comments on issues and pull requests."""

from bascule.simulator import conversation
from bascule.simulator.access import find_repo
from bascule.simulator.auth import require_user
from bascule.simulator.http import Ctx, HttpError, Reply, created, not_found, paginate, route
from bascule.simulator.model import IssueComment, Repo
from bascule.simulator.rest.issues import find_subject
from bascule.simulator.talk_views import comment_json


def find_comment(ctx: Ctx) -> tuple[Repo, IssueComment]:
    """The repository and comment in the path."""
    repo = find_repo(ctx, grant="issues|pull_requests")
    comment = ctx.world.store.issue_comments.get(ctx.params["id"])
    if comment is None or comment.repo_id != repo.id:
        raise not_found()
    return repo, comment


def _list(ctx: Ctx) -> Reply:
    repo, subject = find_subject(ctx)
    found = ctx.world.store.issue_comments.where(repo_id=repo.id, number=subject.number)
    if since := ctx.query.get("since"):
        found = [c for c in found if c.updated_at >= since]
    return paginate(ctx, found, lambda c: comment_json(ctx, repo, c))


def _list_all(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, grant="issues")
    found = ctx.world.store.issue_comments.where(repo_id=repo.id)
    if since := ctx.query.get("since"):
        found = [c for c in found if c.updated_at >= since]
    if ctx.query.get("direction") == "desc":
        found.reverse()
    return paginate(ctx, found, lambda c: comment_json(ctx, repo, c))


def _create(ctx: Ctx) -> Reply:
    actor = require_user(ctx)
    repo, subject = find_subject(ctx)
    body = ctx.take("body", str, resource="IssueComment")
    shown = comment_json(ctx, repo, conversation.add_comment(ctx.world, repo, actor, subject, body))
    return created(shown)


def _get(ctx: Ctx) -> Reply:
    repo, comment = find_comment(ctx)
    return Reply(body=comment_json(ctx, repo, comment))


def _changeable(ctx: Ctx) -> tuple[Repo, IssueComment]:
    repo, comment = find_comment(ctx)
    if not conversation.may_change(ctx.world, repo, require_user(ctx), comment.author_id):
        raise HttpError(403, "Must have admin rights to Repository.")
    return repo, comment


def _patch(ctx: Ctx) -> Reply:
    repo, comment = _changeable(ctx)
    conversation.edit_comment(ctx.world, comment, ctx.take("body", str))
    return Reply(body=comment_json(ctx, repo, comment))


def _delete(ctx: Ctx) -> Reply:
    _, comment = _changeable(ctx)
    ctx.world.store.issue_comments.remove(comment)
    return Reply(status=204)


routes = [
    route("GET", "/repos/{owner}/{repo}/issues/comments", _list_all),
    route("GET", "/repos/{owner}/{repo}/issues/comments/{id:int}", _get),
    route("PATCH", "/repos/{owner}/{repo}/issues/comments/{id:int}", _patch),
    route("DELETE", "/repos/{owner}/{repo}/issues/comments/{id:int}", _delete),
    route("GET", "/repos/{owner}/{repo}/issues/{number:int}/comments", _list),
    route("POST", "/repos/{owner}/{repo}/issues/{number:int}/comments", _create),
]
