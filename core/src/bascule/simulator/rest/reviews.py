"""Reviews of pull requests, and requests for them."""

from typing import Any

from bascule.simulator import reviewing
from bascule.simulator.access import user_by_login
from bascule.simulator.auth import require_user
from bascule.simulator.http import Ctx, HttpError, Reply, bad_request_shape, paginate, route
from bascule.simulator.model import PullRequest, Repo, Review, Team, User
from bascule.simulator.pull_views import full_pull_json, review_comment_json, review_json
from bascule.simulator.rest.pulls import find_pull
from bascule.simulator.rest.review_comments import place_from
from bascule.simulator.threads import Place, check_place, start_thread
from bascule.simulator.views import team_json, user_by_id


def _found(ctx: Ctx) -> tuple[Repo, PullRequest, Review]:
    repo, pull = find_pull(ctx)
    return repo, pull, reviewing.review_by_id(ctx.world, pull, ctx.actor, ctx.params["id"])


def _list(ctx: Ctx) -> Reply:
    repo, pull = find_pull(ctx)
    found = reviewing.reviews_of(ctx.world, pull, ctx.actor)
    return paginate(ctx, found, lambda r: review_json(ctx, repo, pull, r))


def _drafts(ctx: Ctx, repo: Repo, pull: PullRequest) -> list[tuple[Place, str]]:
    rows = ctx.take("comments", list, [])
    if not all(isinstance(row, dict) and isinstance(row.get("body"), str) for row in rows):
        raise bad_request_shape('No subschema in "anyOf" matched.')
    drafts = [(place_from(ctx, repo, pull, row), str(row["body"])) for row in rows]
    for place, _ in drafts:
        check_place(ctx.world, repo, pull, place)
    return drafts


def _create(ctx: Ctx) -> Reply:
    actor = require_user(ctx)
    repo, pull = find_pull(ctx)
    drafts = _drafts(ctx, repo, pull)
    review = reviewing.create(
        ctx.world,
        repo,
        actor,
        pull,
        event=ctx.take("event", str, "") or None,
        body=ctx.take("body", str, ""),
        commit_id=ctx.take("commit_id", str, "") or None,
        has_comments=bool(drafts),
        write_comments=lambda made: [
            start_thread(ctx.world, repo, actor, pull, made, place, body) for place, body in drafts
        ],
    )
    return Reply(body=review_json(ctx, repo, pull, review))


def _get(ctx: Ctx) -> Reply:
    repo, pull, review = _found(ctx)
    return Reply(body=review_json(ctx, repo, pull, review))


def _own(ctx: Ctx, review: Review) -> None:
    if require_user(ctx).user.id != review.author_id:
        raise HttpError(403, "Must be the author of the review.")


def _put(ctx: Ctx) -> Reply:
    repo, pull, review = _found(ctx)
    _own(ctx, review)
    review.body = ctx.take("body", str)
    ctx.world.store.reviews.save(review)
    return Reply(body=review_json(ctx, repo, pull, review))


def _delete(ctx: Ctx) -> Reply:
    repo, pull, review = _found(ctx)
    _own(ctx, review)
    body = review_json(ctx, repo, pull, review)
    reviewing.drop_pending(ctx.world, repo, review)
    return Reply(body=body)


def _submit(ctx: Ctx) -> Reply:
    repo, pull, review = _found(ctx)
    _own(ctx, review)
    body = ctx.json().get("body")
    reviewing.submit(ctx.world, repo, require_user(ctx), pull, review, ctx.take("event", str), body)
    return Reply(body=review_json(ctx, repo, pull, review))


def _dismiss(ctx: Ctx) -> Reply:
    repo, pull, review = _found(ctx)
    reviewing.dismiss(ctx.world, repo, require_user(ctx), pull, review, ctx.take("message", str))
    return Reply(body=review_json(ctx, repo, pull, review))


def _comments(ctx: Ctx) -> Reply:
    repo, pull, review = _found(ctx)
    found = ctx.world.store.review_comments.where(repo_id=repo.id, review_id=review.id)
    return paginate(ctx, found, lambda c: review_comment_json(ctx, repo, pull, c))


# -- requests ----------------------------------------------------------------------------------------


def _requested(ctx: Ctx) -> Reply:
    _, pull = find_pull(ctx)
    teams = [t for i in pull.requested_teams if (t := ctx.world.store.teams.get(i))]
    users = [user_by_id(ctx, i) for i in pull.requested_reviewers]
    return Reply(body={"users": users, "teams": [team_json(ctx, t) for t in teams]})


def _asked(ctx: Ctx, repo: Repo) -> tuple[list[User], list[Team]]:
    logins: list[Any] = ctx.take("reviewers", list, [])
    slugs: list[Any] = ctx.take("team_reviewers", list, [])
    users = [user_by_login(ctx.world, str(login)) for login in logins]
    teams = [ctx.world.store.teams.find(org_id=repo.owner_id, slug=slug) for slug in slugs]
    if None in users or None in teams:
        owner = ctx.world.store.users[repo.owner_id].login
        raise HttpError(
            422,
            "Reviews may only be requested from collaborators. One or more of the users or teams you specified is "
            f"not a collaborator of the {owner}/{repo.name} repository.",
        )
    return [u for u in users if u], [t for t in teams if t]


def _request(ctx: Ctx) -> Reply:
    actor = require_user(ctx)
    repo, pull = find_pull(ctx, "triage" if not _is_author(ctx) else "read")
    users, teams = _asked(ctx, repo)
    reviewing.request(ctx.world, repo, actor, pull, users, teams)
    return Reply(status=201, body=full_pull_json(ctx, repo, pull))


def _unrequest(ctx: Ctx) -> Reply:
    actor = require_user(ctx)
    repo, pull = find_pull(ctx, "triage" if not _is_author(ctx) else "read")
    users, teams = _asked(ctx, repo)
    reviewing.unrequest(ctx.world, repo, actor, pull, users, teams)
    return Reply(body=full_pull_json(ctx, repo, pull))


def _is_author(ctx: Ctx) -> bool:
    _, pull = find_pull(ctx)
    return ctx.user is not None and ctx.user.id == pull.author_id


_PULL = "/repos/{owner}/{repo}/pulls/{number:int}"
routes = [
    route("GET", _PULL + "/reviews", _list),
    route("POST", _PULL + "/reviews", _create),
    route("GET", _PULL + "/reviews/{id:int}", _get),
    route("PUT", _PULL + "/reviews/{id:int}", _put),
    route("DELETE", _PULL + "/reviews/{id:int}", _delete),
    route("POST", _PULL + "/reviews/{id:int}/events", _submit),
    route("PUT", _PULL + "/reviews/{id:int}/dismissals", _dismiss),
    route("GET", _PULL + "/reviews/{id:int}/comments", _comments),
    route("GET", _PULL + "/requested_reviewers", _requested),
    route("POST", _PULL + "/requested_reviewers", _request),
    route("DELETE", _PULL + "/requested_reviewers", _unrequest),
]
