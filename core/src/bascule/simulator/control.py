"""`/_sim/`: what tests and the demo steer; nothing here exists on GitHub."""

import base64
from typing import Any

from cattrs.errors import BaseValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bascule.simulator import actions
from bascule.simulator import model as m
from bascule.simulator.access import repo_by_name, user_by_login
from bascule.simulator.auth import add_token, add_user
from bascule.simulator.beginning import begin_again
from bascule.simulator.faults import FaultRule
from bascule.simulator.gateway import Gateway
from bascule.simulator.http import HttpError, error_response, run_locked
from bascule.simulator.reactions import gate_changed
from bascule.simulator.store import converter
from bascule.simulator.world import World


def _endpoint(path: str, work: Any, methods: list[str]) -> Route:
    async def endpoint(request: Request) -> Response:
        body = await request.json() if await request.body() else {}
        world: World = request.app.state.world
        gateway: Gateway = request.app.state.gateway

        def locked() -> Response:
            try:
                return JSONResponse(work(request.method, body, world, gateway))
            except HttpError as error:
                return error_response(error)
            except (BaseValidationError, KeyError, TypeError, ValueError) as error:
                return JSONResponse({"message": f"{type(error).__name__}: {error}"}, status_code=422)
            finally:
                world.store.flush()

        return await run_locked(request, locked)

    return Route(f"/_sim/{path}", endpoint, methods=methods)


def _clock(method: str, body: Any, world: World, _: Gateway) -> Any:
    if method == "POST":
        world.clock.advance(float(body["advance"]))
        for repo in world.store.repos:
            gate_changed(world, repo)
    return {"now": world.clock.now().isoformat(), "offset": world.clock.offset}


def _latency(method: str, body: Any, _: World, gateway: Gateway) -> Any:
    if method == "POST":
        gateway.plan.latency = float(body["seconds"])
    return {"seconds": gateway.plan.latency}


def _faults(method: str, body: Any, _: World, gateway: Gateway) -> Any:
    if method == "DELETE":
        gateway.forget_faults()
    if method == "POST":
        rules = body if isinstance(body, list) else [body]
        for rule in rules:
            unknown = set(rule) - set(FaultRule.__annotations__)
            if unknown:
                raise KeyError(", ".join(sorted(unknown)))
        gateway.plan.rules += converter.structure(rules, list[FaultRule])
    return [converter.unstructure(rule) for rule in gateway.plan.rules]


def _requests(method: str, _body: Any, _: World, gateway: Gateway) -> Any:
    if method == "DELETE":
        gateway.log.clear()
    return list(gateway.log)


def _reset(_method: str, _body: Any, world: World, gateway: Gateway) -> Any:
    begin_again(world, gateway.first_users)
    gateway.begin_again()
    return {"users": [user.login for user in world.store.users]}


def _state(_method: str, body: Any, world: World, _: Gateway) -> Any:
    """{"repo"?}: its id, where only what belongs to that one is asked for; accounts and apps belong to none."""
    only = body.get("repo")
    repos = list(world.store.repos) if only is None else [world.store.repos[only]]
    return {**world.store.dump(only), "refs": {str(r.id): _refs(world, r) for r in repos}}


def _refs(world: World, repo: m.Repo) -> dict[str, str]:
    return {name: sha for name, (sha, _) in world.git(repo).refs().items()}


def _switches(method: str, body: Any, world: World, _: Gateway) -> Any:
    if method == "POST":
        world.settings.update(body)
    return converter.unstructure(world.switches)


def _users(_method: str, body: Any, world: World, _: Gateway) -> Any:
    """{"login", "token"?, "admin"?, "type"?, "name"?, "email"?}."""
    fields = {k: body[k] for k in ("type", "name", "email") if k in body}
    user = add_user(world, body["login"], **fields)
    if "token" in body:
        limits = {k: body[k] for k in ("scopes", "kind", "permissions", "expires_at") if k in body}
        add_token(world, user, body["token"], admin=bool(body.get("admin")), **limits)
    return {"id": user.id, "login": user.login}


def _orgs(_method: str, body: Any, world: World, _: Gateway) -> Any:
    """{"login", "members": {login: "admin"|"member"}, "teams": {slug: [logins]}, "default_permission"?}.

    Instead of its logins a team may have {"members": [logins], "name"?, "description"?}.
    """
    org = add_user(world, body["login"], type="Organization")
    org.default_permission = body.get("default_permission", org.default_permission)
    for login, role in body.get("members", {}).items():
        org.members[add_user(world, login).id] = role
    world.store.users.save(org)
    teams = []
    for slug, given in body.get("teams", {}).items():
        named = given if isinstance(given, dict) else {"members": given}
        team = world.store.teams.find(org_id=org.id, slug=slug) or m.Team(
            id=world.store.next_id(), org_id=org.id, slug=slug, name=slug
        )
        team.members = [add_user(world, login).id for login in named.get("members", [])]
        team.name, team.description = named.get("name", team.name), named.get("description", team.description)
        teams.append(world.store.teams.save(team))
    return {"id": org.id, "login": org.login, "teams": {t.slug: t.id for t in teams}}


def _apps(_method: str, body: Any, world: World, _: Gateway) -> Any:
    """{"slug", "owner", "token"?, "permissions"?, "repositories"? ["o/r"], "public_key"?, "id"?, "name"?}."""
    slug, owner = body["slug"], user_by_login(world, body["owner"])
    if owner is None:
        raise KeyError(body["owner"])
    app = next((a for a in world.store.apps if a.slug == slug), None)
    permissions = body.get("permissions", {})
    if app is None:
        bot = add_user(world, f"{slug}[bot]", type="Bot")
        app = m.App(
            id=int(body.get("id", world.store.next_id())),
            slug=slug,
            name=body.get("name", slug),
            owner_id=owner.id,
            bot_id=bot.id,
            permissions=permissions,
            public_key=body.get("public_key"),
            created_at=world.clock.iso(),
        )
        world.store.apps.save(app)
    ids = None
    if "repositories" in body:
        found = [repo_by_name(world, *name.split("/", 1)) for name in body["repositories"]]
        ids = [repo.id for repo in found if repo is not None]
    installation = world.store.installations.find(app_id=app.id, account_id=owner.id) or m.Installation(
        id=world.store.next_id(), app_id=app.id, account_id=owner.id, created_at=world.clock.iso()
    )
    installation.permissions, installation.repository_ids = permissions, ids
    world.store.installations.save(installation)
    if "token" in body:
        add_token(
            world,
            world.store.users[app.bot_id],
            body["token"],
            kind="installation",
            scopes=[],
            app_id=app.id,
            installation_id=installation.id,
            permissions=permissions,
            expires_at=body.get("expires_at"),
        )
    return {"id": app.id, "slug": app.slug, "installation_id": installation.id, "bot_id": app.bot_id}


def _run(world: World, repo: m.Repo, body: Any) -> m.WorkflowRun:
    run = world.store.workflow_runs.get(body["id"])
    if run is None or run.repo_id != repo.id:
        raise KeyError(body["id"])
    return run


def _named_repo(world: World, name: str) -> m.Repo:
    repo = repo_by_name(world, *name.split("/", 1))
    if repo is None:
        raise KeyError(name)
    return repo


def _runs(_method: str, body: Any, world: World, _: Gateway) -> Any:
    """A run begins: {"repo", "workflow", "head_sha", "event"?, "head_repo"?, "head_branch"?, "referenced_workflows"?}.

    With {"repo", "id"} an earlier one goes on, or with "rerun" begins its next attempt. "status" or "conclusion" say
    how it stands; without both it has succeeded.
    """
    repo = _named_repo(world, body["repo"])
    if "id" in body:
        run = _run(world, repo, body)
        (actions.add_attempt if body.get("rerun") else actions.settle)(world, run, body)
    else:
        head = _named_repo(world, body.get("head_repo", body["repo"]))
        run = actions.begin_run(world, repo, head, body, repo.owner_id)
    return {"id": run.id, "attempt": run.last.number, "number": run.run_number}


def _artifacts(_method: str, body: Any, world: World, _: Gateway) -> Any:
    """A step uploads: {"repo", "id" of the run, "name", "zip" in base64, "digest"?, "size"?, "retention_days"?}."""
    run = _run(world, _named_repo(world, body["repo"]), body)
    made = actions.upload(world, run, body, base64.b64decode(body["zip"]))
    return {"id": made.id, "digest": made.digest}


routes = [
    _endpoint("clock", _clock, ["GET", "POST"]),
    _endpoint("latency", _latency, ["GET", "POST"]),
    _endpoint("faults", _faults, ["GET", "POST", "DELETE"]),
    _endpoint("requests", _requests, ["GET", "DELETE"]),
    _endpoint("reset", _reset, ["POST"]),
    _endpoint("state", _state, ["GET", "POST"]),
    _endpoint("switches", _switches, ["GET", "POST"]),
    _endpoint("users", _users, ["POST"]),
    _endpoint("orgs", _orgs, ["POST"]),
    _endpoint("apps", _apps, ["POST"]),
    _endpoint("runs", _runs, ["POST"]),
    _endpoint("artifacts", _artifacts, ["POST"]),
]
