"""Forks."""

from bascule.simulator.access import find_repo, permission_of, repo_by_name, user_by_login
from bascule.simulator.auth import require_user
from bascule.simulator.http import Ctx, HttpError, Reply, invalid, paginate, route
from bascule.simulator.rest.repositories import new_repo
from bascule.simulator.views import repo_json


def _list(ctx: Ctx) -> Reply:
    repo = find_repo(ctx)
    forks = [
        f for f in ctx.world.store.repos.where(parent_id=repo.id) if permission_of(ctx.world, f, ctx.actor) != "none"
    ]
    return paginate(ctx, forks, lambda f: repo_json(ctx, f))


def _create(ctx: Ctx) -> Reply:
    actor = require_user(ctx)
    parent = find_repo(ctx, "read")
    owner = actor.user
    if "organization" in ctx.json():
        found = user_by_login(ctx.world, ctx.take("organization", str))
        if found is None or actor.user.id not in found.members:
            raise invalid("Fork", "organization")
        owner = found
    known = next((f for f in ctx.world.store.repos.where(parent_id=parent.id) if f.owner_id == owner.id), None)
    if known is not None:
        return Reply(status=202, body=repo_json(ctx, known, full=True))
    if owner.id == parent.owner_id:
        raise HttpError(403, "You cannot fork your own repository.")
    name = ctx.take("name", str, parent.name)
    if repo_by_name(ctx.world, owner.login, name):
        name = f"{name}-1"
    fork = new_repo(ctx, owner, name)
    fork.private, fork.description, fork.default_branch = parent.private, parent.description, parent.default_branch
    fork.parent_id, fork.source_id = parent.id, parent.source_id or parent.id
    git = ctx.world.git(fork)
    git.copy_from(
        ctx.world.git(parent), branch=parent.default_branch if ctx.take("default_branch_only", bool, False) else None
    )
    git.set_head(fork.default_branch)
    ctx.world.store.repos.save(fork)
    return Reply(status=202, body=repo_json(ctx, fork, full=True))


routes = [
    route("GET", "/repos/{owner}/{repo}/forks", _list),
    route("POST", "/repos/{owner}/{repo}/forks", _create),
]
