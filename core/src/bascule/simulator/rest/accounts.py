"""Users, organizations and teams."""

from typing import Any

from bascule.simulator.access import find_repo, full_name, level_at_least, permission_of, user_by_login
from bascule.simulator.auth import require_user
from bascule.simulator.http import Ctx, HttpError, Reply, invalid, not_found, paginate, route
from bascule.simulator.model import Team, User
from bascule.simulator.views import repo_json, team_json, user_json

_WORDS = {"pull": "read", "push": "write", "triage": "triage", "maintain": "maintain", "admin": "admin"}


def _full(ctx: Ctx, user: User) -> dict[str, Any]:
    own = len(ctx.world.store.repos.where(owner_id=user.id, private=False))
    return {
        **(user_json(ctx, user) or {}),
        "name": user.name,
        "company": None,
        "blog": "",
        "location": None,
        "email": user.email,
        "hireable": None,
        "bio": None,
        "public_repos": own,
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "created_at": user.created_at,
        "updated_at": user.created_at,
    }


def _me(ctx: Ctx) -> Reply:
    actor = require_user(ctx)
    if actor.token and actor.token.kind == "installation":
        raise HttpError(403, "Resource not accessible by integration")
    return Reply(body=_full(ctx, actor.user))


def _user(ctx: Ctx) -> Reply:
    user = user_by_login(ctx.world, ctx.params["login"])
    if user is None:
        raise not_found()
    return Reply(body=_full(ctx, user))


def _user_by_id(ctx: Ctx) -> Reply:
    user = ctx.world.store.users.get(ctx.params["id"])
    if user is None:
        raise not_found()
    return Reply(body=_full(ctx, user))


def _repos_of(ctx: Ctx) -> Reply:
    owner = require_user(ctx).user if "login" not in ctx.params else user_by_login(ctx.world, ctx.params["login"])
    if owner is None:
        raise not_found()
    mine = [
        r
        for r in ctx.world.store.repos
        if (r.owner_id == owner.id or ("login" not in ctx.params and owner.id in r.collaborators))
        and permission_of(ctx.world, r, ctx.actor) != "none"
    ]
    return paginate(ctx, sorted(mine, key=lambda r: full_name(ctx.world, r)), lambda r: repo_json(ctx, r))


def _org_of(ctx: Ctx) -> User:
    org = user_by_login(ctx.world, ctx.params["org"])
    if org is None or org.type != "Organization":
        raise not_found()
    return org


def _org(ctx: Ctx) -> Reply:
    org = _org_of(ctx)
    keys = ("login", "id", "node_id", "avatar_url", "html_url", "type")
    shown = {k: v for k, v in (user_json(ctx, org) or {}).items() if k in keys}
    return Reply(body={**shown, "url": f"{ctx.api}/orgs/{org.login}", "description": None, "name": org.name})


def _member(ctx: Ctx) -> Reply:
    org, user = _org_of(ctx), user_by_login(ctx.world, ctx.params["login"])
    if user is None or user.id not in org.members:
        raise not_found()
    return Reply(status=204)


def _members(ctx: Ctx) -> Reply:
    return paginate(ctx, [ctx.world.store.users[i] for i in _org_of(ctx).members], lambda u: user_json(ctx, u))


def _team_of(ctx: Ctx) -> Team:
    team = ctx.world.store.teams.find(org_id=_org_of(ctx).id, slug=ctx.params["slug"])
    if team is None:
        raise not_found()
    return team


def _owner_only(ctx: Ctx) -> None:
    actor, org = require_user(ctx), _org_of(ctx)
    if org.members.get(actor.user.id) != "admin" and not (actor.token and actor.token.admin):
        raise HttpError(403, "You must be an admin of this organization.")


def _teams(ctx: Ctx) -> Reply:
    return paginate(ctx, ctx.world.store.teams.where(org_id=_org_of(ctx).id), lambda t: team_json(ctx, t))


def _team(ctx: Ctx) -> Reply:
    return Reply(body=team_json(ctx, _team_of(ctx)))


def _create_team(ctx: Ctx) -> Reply:
    _owner_only(ctx)
    org, name = _org_of(ctx), ctx.take("name", str, resource="Team")
    slug = name.lower().replace(" ", "-")
    if ctx.world.store.teams.find(org_id=org.id, slug=slug):
        raise invalid("Team", "name", "already_exists", "Name must be unique for this org")
    team = Team(id=ctx.world.store.next_id(), org_id=org.id, slug=slug, name=name)
    return Reply(status=201, body=team_json(ctx, ctx.world.store.teams.save(team)))


def _team_members(ctx: Ctx) -> Reply:
    return paginate(ctx, [ctx.world.store.users[i] for i in _team_of(ctx).members], lambda u: user_json(ctx, u))


def _put_team_member(ctx: Ctx) -> Reply:
    _owner_only(ctx)
    team, user = _team_of(ctx), user_by_login(ctx.world, ctx.params["login"])
    if user is None:
        raise not_found()
    if user.id not in team.members:
        team.members.append(user.id)
    org = _org_of(ctx)
    org.members.setdefault(user.id, "member")
    ctx.world.store.users.save(org)
    ctx.world.store.teams.save(team)
    return Reply(
        body={"url": f"{ctx.api}/teams/{team.id}/memberships/{user.login}", "role": "member", "state": "active"}
    )


def _drop_team_member(ctx: Ctx) -> Reply:
    _owner_only(ctx)
    team, user = _team_of(ctx), user_by_login(ctx.world, ctx.params["login"])
    if user is None or user.id not in team.members:
        raise not_found()
    team.members.remove(user.id)
    ctx.world.store.teams.save(team)
    return Reply(status=204)


def _put_team_repo(ctx: Ctx) -> Reply:
    team = _team_of(ctx)
    repo = find_repo(ctx, "admin")
    if repo.owner_id != team.org_id:
        raise not_found()
    word = ctx.take("permission", str, "push")
    team.repositories[repo.id] = _WORDS.get(word, word)
    if not level_at_least(team.repositories[repo.id], "read"):
        raise invalid("Team", "permission")
    ctx.world.store.teams.save(team)
    return Reply(status=204)


routes = [
    route("GET", "/user", _me),
    route("GET", "/user/repos", _repos_of),
    route("GET", "/user/{id:int}", _user_by_id),
    route("GET", "/users/{login}", _user),
    route("GET", "/users/{login}/repos", _repos_of),
    route("GET", "/orgs/{org}", _org),
    route("GET", "/orgs/{login}/repos", _repos_of),
    route("GET", "/orgs/{org}/members", _members),
    route("GET", "/orgs/{org}/members/{login}", _member),
    route("GET", "/orgs/{org}/teams", _teams),
    route("POST", "/orgs/{org}/teams", _create_team),
    route("GET", "/orgs/{org}/teams/{slug}", _team),
    route("GET", "/orgs/{org}/teams/{slug}/members", _team_members),
    route("PUT", "/orgs/{org}/teams/{slug}/memberships/{login}", _put_team_member),
    route("DELETE", "/orgs/{org}/teams/{slug}/memberships/{login}", _drop_team_member),
    route("PUT", "/orgs/{org}/teams/{slug}/repos/{owner}/{repo}", _put_team_repo),
]
