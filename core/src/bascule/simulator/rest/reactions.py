"""Reactions to issues, pull requests and comments."""

from collections.abc import Callable
from typing import TypeAlias

from starlette.routing import Route

from bascule.simulator import conversation
from bascule.simulator.access import find_repo
from bascule.simulator.auth import require_user
from bascule.simulator.http import Ctx, HttpError, Reply, not_found, paginate, route
from bascule.simulator.model import Repo
from bascule.simulator.model.pulls import SubjectKind
from bascule.simulator.rest.comments import find_comment
from bascule.simulator.rest.issues import find_subject
from bascule.simulator.talk_views import reaction_json

#: The repository, and the id under which reactions to the thing in the path are kept.
Finder: TypeAlias = Callable[[Ctx], tuple[Repo, int]]


def _issue(ctx: Ctx) -> tuple[Repo, int]:
    repo, subject = find_subject(ctx)
    return repo, subject.number


def _issue_comment(ctx: Ctx) -> tuple[Repo, int]:
    repo, comment = find_comment(ctx)
    return repo, comment.id


def _review_comment(ctx: Ctx) -> tuple[Repo, int]:
    repo = find_repo(ctx, grant="pull_requests")
    comment = ctx.world.store.review_comments.get(ctx.params["id"])
    if comment is None or comment.repo_id != repo.id:
        raise not_found()
    return repo, comment.id


def _routes(path: str, kind: SubjectKind, find: Finder) -> list[Route]:
    def listed(ctx: Ctx) -> Reply:
        repo, subject_id = find(ctx)
        found = conversation.reactions_to(ctx.world, repo, kind, subject_id)
        # httpx and browsers encode the plus sign, others send it bare, where it means a space.
        wanted = ctx.query.get("content", "").replace(" ", "+")
        found = [r for r in found if wanted in ("", r.content)]
        return paginate(ctx, found, lambda r: reaction_json(ctx, r))

    def create(ctx: Ctx) -> Reply:
        actor = require_user(ctx)
        repo, subject_id = find(ctx)
        reaction, new = conversation.react(
            ctx.world, repo, actor, kind, subject_id, ctx.take("content", str, resource="Reaction")
        )
        return Reply(status=201 if new else 200, body=reaction_json(ctx, reaction))

    def delete(ctx: Ctx) -> Reply:
        actor = require_user(ctx)
        repo, subject_id = find(ctx)
        reaction = ctx.world.store.reactions.get(ctx.params["reaction"])
        if reaction is None or (reaction.repo_id, reaction.subject, reaction.subject_id) != (repo.id, kind, subject_id):
            raise not_found()
        if reaction.user_id != actor.user.id:
            raise HttpError(403, "Must be the author of the reaction.")
        ctx.world.store.reactions.remove(reaction)
        return Reply(status=204)

    return [
        route("GET", path, listed),
        route("POST", path, create),
        route("DELETE", path + "/{reaction:int}", delete),
    ]


_REPO = "/repos/{owner}/{repo}"
routes = [
    *_routes(_REPO + "/issues/{number:int}/reactions", "issue", _issue),
    *_routes(_REPO + "/issues/comments/{id:int}/reactions", "issue_comment", _issue_comment),
    *_routes(_REPO + "/pulls/comments/{id:int}/reactions", "review_comment", _review_comment),
]
