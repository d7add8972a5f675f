"""Deployments, their statuses, and environments.

GitHub offers to merge the default branch into what is deployed (`auto_merge`); here nothing is merged: a ref that is
behind is deployed as it is, as with `auto_merge: false`. Rules of environments are not played.
"""

from typing import Any, get_args

from bascule.simulator.access import find_repo, full_name
from bascule.simulator.auth import require_user
from bascule.simulator.greenness import rollup
from bascule.simulator.http import Ctx, HttpError, Reply, created, invalid, not_found, paginate, route, unprocessable
from bascule.simulator.model import Deployment, DeploymentState, DeploymentStatus, Environment, Repo
from bascule.simulator.views import user_by_id

_DEPLOYMENTS = "/repos/{owner}/{repo}/deployments"
_ENVIRONMENTS = "/repos/{owner}/{repo}/environments"
PRODUCTION = "production"


def _base(ctx: Ctx, repo: Repo) -> str:
    return f"{ctx.api}/repos/{full_name(ctx.world, repo)}"


def deployment_json(ctx: Ctx, repo: Repo, one: Deployment) -> dict[str, Any]:
    """`deployment`."""
    url = f"{_base(ctx, repo)}/deployments/{one.id}"
    return {
        "url": url,
        "id": one.id,
        "node_id": one.node_id,
        "sha": one.sha,
        "ref": one.ref,
        "task": one.task,
        "payload": {} if one.payload is None else one.payload,
        "original_environment": one.environment,
        "environment": one.environment,
        "description": one.description,
        "creator": user_by_id(ctx, one.creator_id),
        "created_at": one.created_at,
        "updated_at": one.updated_at,
        "statuses_url": f"{url}/statuses",
        "repository_url": _base(ctx, repo),
        "transient_environment": one.transient,
        "production_environment": one.production,
    }


def status_json(ctx: Ctx, repo: Repo, one: DeploymentStatus) -> dict[str, Any]:
    """`deployment-status`."""
    deployment = f"{_base(ctx, repo)}/deployments/{one.deployment_id}"
    return {
        "url": f"{deployment}/statuses/{one.id}",
        "id": one.id,
        "node_id": one.node_id,
        "state": one.state,
        "creator": user_by_id(ctx, one.creator_id),
        "description": one.description,
        "environment": one.environment,
        "target_url": one.log_url,
        "log_url": one.log_url,
        "environment_url": one.environment_url,
        "created_at": one.created_at,
        "updated_at": one.updated_at,
        "deployment_url": deployment,
        "repository_url": _base(ctx, repo),
    }


def environment_json(ctx: Ctx, repo: Repo, one: Environment) -> dict[str, Any]:
    """`environment`."""
    return {
        "id": one.id,
        "node_id": one.node_id,
        "name": one.name,
        "url": f"{_base(ctx, repo)}/environments/{one.name}",
        "html_url": f"{ctx.html}/{full_name(ctx.world, repo)}/deployments/activity_log?environments_filter={one.name}",
        "created_at": one.created_at,
        "updated_at": one.updated_at,
        "protection_rules": [],
        "deployment_branch_policy": None,
    }


def _environment(ctx: Ctx, repo: Repo, name: str) -> Environment:
    """The environment of that name, made now where there is none."""
    store, now = ctx.world.store, ctx.world.clock.iso()
    found = store.environments.find(repo_id=repo.id, name=name)
    return found or store.environments.save(
        Environment(id=store.next_id(), repo_id=repo.id, name=name, created_at=now, updated_at=now)
    )


def _create(ctx: Ctx) -> Reply:
    repo, actor = find_repo(ctx, "write", grant="deployments"), require_user(ctx)
    ref, name = ctx.take("ref", str), ctx.take("environment", str, PRODUCTION)
    git = ctx.world.git(repo)
    found = (git.resolve(full, "commit") for full in (f"refs/heads/{ref}", f"refs/tags/{ref}", ref))
    sha = next((one for one in found if one is not None), None)
    if sha is None:
        raise unprocessable(f"No ref found for: {ref}")
    _require_contexts(ctx, repo, ref, sha)
    now = ctx.world.clock.iso()
    _environment(ctx, repo, name)
    one = Deployment(
        id=ctx.world.store.next_id(),
        repo_id=repo.id,
        sha=sha,
        ref=ref,
        task=ctx.take("task", str, "deploy"),
        environment=name,
        creator_id=actor.user.id,
        payload=ctx.json().get("payload"),
        description=ctx.json().get("description"),
        transient=ctx.take("transient_environment", bool, False),
        production=ctx.take("production_environment", bool, name == PRODUCTION),
        created_at=now,
        updated_at=now,
    )
    ctx.world.store.deployments.save(one)
    return created(deployment_json(ctx, repo, one))


def _require_contexts(ctx: Ctx, repo: Repo, ref: str, sha: str) -> None:
    """409 unless the commit's checks are green: all of them, or those that are named; an empty list asks for none."""
    named = ctx.json().get("required_contexts")
    if named is not None and not isinstance(named, list):
        raise invalid("Deployment", "required_contexts")
    found = rollup(ctx.world, repo, sha)
    green = {"success", "neutral", "skipped"}
    words = {s.context: s.state == "success" for s in found.statuses}
    words |= {r.name: r.status == "completed" and r.conclusion in green for r in found.runs}
    wanted = list(words) if named is None else named
    if not all(words.get(context, False) for context in wanted):
        raise HttpError(409, f"Conflict: Commit status checks failed for {ref}.")


def _list(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, grant="deployments")
    wanted = {k: ctx.query[k] for k in ("sha", "ref", "task", "environment") if ctx.query.get(k, "none") != "none"}
    found = sorted(ctx.world.store.deployments.where(repo_id=repo.id, **wanted), key=lambda d: -d.id)
    return paginate(ctx, found, lambda d: deployment_json(ctx, repo, d))


def _named(ctx: Ctx, repo: Repo) -> Deployment:
    text = ctx.params["id"]
    found = ctx.world.store.deployments.get(int(text)) if text.isdigit() else None
    if found is None or found.repo_id != repo.id:
        raise not_found()
    return found


def _get(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, grant="deployments")
    return Reply(body=deployment_json(ctx, repo, _named(ctx, repo)))


def _statuses_of(ctx: Ctx, one: Deployment) -> list[DeploymentStatus]:
    """Newest first."""
    found = ctx.world.store.deployment_statuses.where(repo_id=one.repo_id, deployment_id=one.id)
    return sorted(found, key=lambda s: -s.id)


def _delete(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, "write", grant="deployments")
    one, only = _named(ctx, repo), len(ctx.world.store.deployments.where(repo_id=repo.id)) == 1
    statuses = _statuses_of(ctx, one)
    if not only and statuses and statuses[0].state == "success":
        raise unprocessable(
            "We cannot delete an active deployment unless it is the only deployment in a given environment."
        )
    for status in statuses:
        ctx.world.store.deployment_statuses.remove(status)
    ctx.world.store.deployments.remove(one)
    return Reply(status=204)


def _add_status(ctx: Ctx) -> Reply:
    repo, actor = find_repo(ctx, "write", grant="deployments"), require_user(ctx)
    one, state = _named(ctx, repo), ctx.take("state", str, resource="DeploymentStatus")
    if state not in get_args(DeploymentState):
        raise invalid("DeploymentStatus", "state", "custom", "state is not included in the list")
    name = ctx.take("environment", str, one.environment)
    if name != one.environment:
        one.environment = name
        _environment(ctx, repo, name)
    status = _said(ctx, one, state, actor.user.id)
    if state == "success" and ctx.take("auto_inactive", bool, True):
        _retire(ctx, one, actor.user.id)
    return created(status_json(ctx, repo, status))


def _said(ctx: Ctx, one: Deployment, state: str, creator: int, *, alone: bool = False) -> DeploymentStatus:
    """Keep a status of `one`; `alone`: the server says it by itself, so that nothing is taken from the request."""
    body, now = {} if alone else ctx.json(), ctx.world.clock.iso()
    one.updated_at = now
    ctx.world.store.deployments.save(one)
    return ctx.world.store.deployment_statuses.save(
        DeploymentStatus(
            id=ctx.world.store.next_id(),
            repo_id=one.repo_id,
            deployment_id=one.id,
            state=state,  # type: ignore[arg-type]  # checked by the caller
            creator_id=creator,
            environment=one.environment,
            description=str(body.get("description") or "")[:140],
            log_url=str(body.get("log_url") or body.get("target_url") or ""),
            environment_url=str(body.get("environment_url") or ""),
            created_at=now,
            updated_at=now,
        )
    )


def _retire(ctx: Ctx, newest: Deployment, creator: int) -> None:
    """What was live in the environment before is `inactive` now: neither transient environments nor, as the switch
    says, production."""
    spared = ctx.world.switches.auto_inactive_spares_production
    for one in ctx.world.store.deployments.where(repo_id=newest.repo_id, environment=newest.environment):
        statuses = _statuses_of(ctx, one)
        older = one.id < newest.id and not one.transient and not (one.production and spared)
        if older and statuses and statuses[0].state == "success":
            _said(ctx, one, "inactive", creator, alone=True)


def _list_statuses(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, grant="deployments")
    return paginate(ctx, _statuses_of(ctx, _named(ctx, repo)), lambda s: status_json(ctx, repo, s))


def _get_status(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, grant="deployments")
    one, text = _named(ctx, repo), ctx.params["status"]
    found = ctx.world.store.deployment_statuses.get(int(text)) if text.isdigit() else None
    if found is None or found.deployment_id != one.id:
        raise not_found()
    return Reply(body=status_json(ctx, repo, found))


def _environments(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, grant="actions")
    found = sorted(ctx.world.store.environments.where(repo_id=repo.id), key=lambda e: e.name)
    return paginate(ctx, found, lambda e: environment_json(ctx, repo, e), key="environments")


def _get_environment(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, grant="actions")
    found = ctx.world.store.environments.find(repo_id=repo.id, name=ctx.params["name"])
    if found is None:
        raise not_found()
    return Reply(body=environment_json(ctx, repo, found))


def _put_environment(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, "admin", grant="administration")
    return Reply(body=environment_json(ctx, repo, _environment(ctx, repo, ctx.params["name"])))


def _delete_environment(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, "admin", grant="administration")
    found = ctx.world.store.environments.find(repo_id=repo.id, name=ctx.params["name"])
    if found is None:
        raise not_found()
    ctx.world.store.environments.remove(found)
    return Reply(status=204)


routes = [
    route("POST", _DEPLOYMENTS, _create),
    route("GET", _DEPLOYMENTS, _list),
    route("GET", _DEPLOYMENTS + "/{id}", _get),
    route("DELETE", _DEPLOYMENTS + "/{id}", _delete),
    route("POST", _DEPLOYMENTS + "/{id}/statuses", _add_status),
    route("GET", _DEPLOYMENTS + "/{id}/statuses", _list_statuses),
    route("GET", _DEPLOYMENTS + "/{id}/statuses/{status}", _get_status),
    route("GET", _ENVIRONMENTS, _environments),
    route("GET", _ENVIRONMENTS + "/{name}", _get_environment),
    route("PUT", _ENVIRONMENTS + "/{name}", _put_environment),
    route("DELETE", _ENVIRONMENTS + "/{name}", _delete_environment),
]
