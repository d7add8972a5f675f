"""Review comments: each one that is not a reply opens a thread, which GraphQL can resolve."""

from typing import Any

from bascule.simulator import reviewing, threads
from bascule.simulator.access import find_repo
from bascule.simulator.auth import require_user
from bascule.simulator.conversation import may_change
from bascule.simulator.http import Ctx, Reply, bad_request_shape, created, invalid, not_found, paginate, route
from bascule.simulator.model import PullRequest, Repo, ReviewComment
from bascule.simulator.pull_content import content
from bascule.simulator.pull_views import review_comment_json
from bascule.simulator.rest.pulls import find_pull
from bascule.simulator.threads import Place, Side


def place_from(ctx: Ctx, repo: Repo, pull: PullRequest, row: dict[str, Any]) -> Place:
    """Where a comment goes, from `path` with `line` and `side`, or with the older `position`. 422."""
    path = row.get("path")
    if not isinstance(path, str):
        raise bad_request_shape('"path" wasn\'t supplied.')
    if row.get("subject_type") == "file":
        return Place(path=path)
    if isinstance(row.get("line"), int):
        start = row.get("start_line")
        side: Side = "LEFT" if row.get("side") == "LEFT" else "RIGHT"
        return Place(path=path, line=row["line"], side=side, start_line=start if isinstance(start, int) else None)
    if isinstance(row.get("position"), int):
        change = next((f for f in content(ctx.world, repo, pull).files if f.path == path), None)
        place = threads.position_of(change, row["position"]) if change else None
        if place is None:
            raise invalid("PullRequestReviewComment", "position")
        return place
    raise invalid("PullRequestReviewComment", "line", "missing_field")


def _found(ctx: Ctx) -> tuple[Repo, PullRequest, ReviewComment]:
    repo = find_repo(ctx, grant="pull_requests")
    comment = ctx.world.store.review_comments.get(ctx.params["id"])
    if comment is None or comment.repo_id != repo.id or not _visible(ctx, comment):
        raise not_found()
    return repo, ctx.world.store.pulls[comment.pull_id], comment


def _visible(ctx: Ctx, comment: ReviewComment) -> bool:
    review = ctx.world.store.reviews.get(comment.review_id)
    return review is None or reviewing.visible(review, ctx.actor)


def _list(ctx: Ctx) -> Reply:
    repo, pull = find_pull(ctx)
    found = ctx.world.store.review_comments.where(repo_id=repo.id, pull_id=pull.id)
    return paginate(ctx, [c for c in found if _visible(ctx, c)], lambda c: review_comment_json(ctx, repo, pull, c))


def _list_all(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, grant="pull_requests")
    found = [c for c in ctx.world.store.review_comments.where(repo_id=repo.id) if _visible(ctx, c)]
    return paginate(ctx, found, lambda c: review_comment_json(ctx, repo, ctx.world.store.pulls[c.pull_id], c))


def _create(ctx: Ctx) -> Reply:
    actor = require_user(ctx)
    repo, pull = find_pull(ctx)
    body = ctx.take("body", str, resource="PullRequestReviewComment")
    first = None
    if (known := ctx.json().get("in_reply_to")) is not None:
        first = ctx.world.store.review_comments.get(known) if isinstance(known, int) else None
        if first is None or first.pull_id != pull.id:
            raise invalid("PullRequestReviewComment", "in_reply_to")
        return _reply_to(ctx, repo, pull, first, body)
    place = place_from(ctx, repo, pull, ctx.json())
    threads.check_place(ctx.world, repo, pull, place)
    commit = ctx.take("commit_id", str, resource="PullRequestReviewComment")
    # GitHub wraps a single comment into a review of its own.
    review = reviewing.create(ctx.world, repo, actor, pull, event="COMMENT", commit_id=commit, has_comments=True)
    comment = threads.start_thread(ctx.world, repo, actor, pull, review, place, body)
    shown = review_comment_json(ctx, repo, pull, comment)
    return created(shown)


def _reply(ctx: Ctx) -> Reply:
    repo, pull = find_pull(ctx)
    first = ctx.world.store.review_comments.get(ctx.params["id"])
    if first is None or first.pull_id != pull.id:
        raise not_found()
    return _reply_to(ctx, repo, pull, first, ctx.take("body", str, resource="PullRequestReviewComment"))


def _reply_to(ctx: Ctx, repo: Repo, pull: PullRequest, first: ReviewComment, body: str) -> Reply:
    actor = require_user(ctx)
    review = reviewing.create(ctx.world, repo, actor, pull, event="COMMENT", has_comments=True)
    comment = threads.reply(ctx.world, repo, actor, pull, review, first, body)
    shown = review_comment_json(ctx, repo, pull, comment)
    return created(shown)


def _get(ctx: Ctx) -> Reply:
    repo, pull, comment = _found(ctx)
    return Reply(body=review_comment_json(ctx, repo, pull, comment))


def _patch(ctx: Ctx) -> Reply:
    actor = require_user(ctx)
    repo, pull, comment = _found(ctx)
    if not may_change(ctx.world, repo, actor, comment.author_id):
        raise not_found()
    comment.body, comment.updated_at = ctx.take("body", str), ctx.world.clock.iso()
    ctx.world.store.review_comments.save(comment)
    return Reply(body=review_comment_json(ctx, repo, pull, comment))


def _delete(ctx: Ctx) -> Reply:
    actor = require_user(ctx)
    repo, _, comment = _found(ctx)
    if not may_change(ctx.world, repo, actor, comment.author_id):
        raise not_found()
    threads.remove_comment(ctx.world, repo, comment)
    return Reply(status=204)


routes = [
    route("GET", "/repos/{owner}/{repo}/pulls/comments", _list_all),
    route("GET", "/repos/{owner}/{repo}/pulls/comments/{id:int}", _get),
    route("PATCH", "/repos/{owner}/{repo}/pulls/comments/{id:int}", _patch),
    route("DELETE", "/repos/{owner}/{repo}/pulls/comments/{id:int}", _delete),
    route("GET", "/repos/{owner}/{repo}/pulls/{number:int}/comments", _list),
    route("POST", "/repos/{owner}/{repo}/pulls/{number:int}/comments", _create),
    route("POST", "/repos/{owner}/{repo}/pulls/{number:int}/comments/{id:int}/replies", _reply),
]
