"""Collaborators and their permission."""

from bascule.simulator.access import find_repo, level_at_least, role_of, user_by_login
from bascule.simulator.http import Ctx, HttpError, Reply, invalid, not_found, paginate, route
from bascule.simulator.model import Repo, User
from bascule.simulator.views import permissions_json, repo_json, team_json, user_json

_WORDS = {"pull": "read", "push": "write"}


def _named(ctx: Ctx) -> User:
    user = user_by_login(ctx.world, ctx.params["login"])
    if user is None:
        raise not_found()
    return user


def _shown(ctx: Ctx, repo: Repo, user: User) -> dict[str, object]:
    level = role_of(ctx.world, repo, user)
    return {**(user_json(ctx, user) or {}), "permissions": permissions_json(level), "role_name": level}


def _list(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, "write")
    found = [u for u in ctx.world.store.users if u.id in repo.collaborators or u.id == repo.owner_id]
    people = [u for u in found if u.type != "Organization"]
    return paginate(ctx, people, lambda u: _shown(ctx, repo, u))


def _check(ctx: Ctx) -> Reply:
    repo, user = find_repo(ctx, "write"), _named(ctx)
    if user.id != repo.owner_id and user.id not in repo.collaborators:
        raise not_found()
    return Reply(status=204)


def _permission(ctx: Ctx) -> Reply:
    repo, user = find_repo(ctx, "read"), _named(ctx)
    if ctx.actor is None:
        raise HttpError(401, "Requires authentication")
    role = role_of(ctx.world, repo, user)
    # The legacy word knows four levels; `role_name` tells the exact one.
    legacy = {"maintain": "write", "triage": "read"}.get(role, role)
    return Reply(body={"permission": legacy, "user": _shown(ctx, repo, user), "role_name": role})


def _put(ctx: Ctx) -> Reply:
    repo, user = find_repo(ctx, "admin"), _named(ctx)
    word = ctx.take("permission", str, "push")
    level = _WORDS.get(word, word)
    if level not in ("read", "triage", "write", "maintain", "admin"):
        raise invalid("Repository", "permission", "invalid", f"{word} is not a valid permission")
    if user.id == repo.owner_id:
        raise invalid("Repository", "base", "custom", "Repository owner cannot be a collaborator")
    known = user.id in repo.collaborators
    repo.collaborators[user.id] = level
    ctx.world.store.repos.save(repo)
    if known:
        return Reply(status=204)
    # The invitation counts as accepted at once.
    invitation = {
        "id": ctx.world.store.next_id(),
        "repository": repo_json(ctx, repo),
        "invitee": user_json(ctx, user),
        "inviter": user_json(ctx, ctx.user),
        "permissions": level,
        "created_at": ctx.world.clock.iso(),
        "url": f"{ctx.api}/user/repository_invitations/{repo.id}",
        "html_url": f"{ctx.html}/invitations",
        "node_id": "",
    }
    return Reply(status=201, body=invitation)


def _remove(ctx: Ctx) -> Reply:
    repo, user = find_repo(ctx, "admin"), _named(ctx)
    repo.collaborators.pop(user.id, None)
    ctx.world.store.repos.save(repo)
    return Reply(status=204)


def _teams(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, "read")
    teams = [t for t in ctx.world.store.teams if level_at_least(t.repositories.get(repo.id, "none"), "read")]
    return paginate(ctx, teams, lambda t: team_json(ctx, t))


routes = [
    route("GET", "/repos/{owner}/{repo}/collaborators", _list),
    route("GET", "/repos/{owner}/{repo}/collaborators/{login}", _check),
    route("GET", "/repos/{owner}/{repo}/collaborators/{login}/permission", _permission),
    route("PUT", "/repos/{owner}/{repo}/collaborators/{login}", _put),
    route("DELETE", "/repos/{owner}/{repo}/collaborators/{login}", _remove),
    route("GET", "/repos/{owner}/{repo}/teams", _teams),
]
