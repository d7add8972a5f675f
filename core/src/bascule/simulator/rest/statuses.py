"""Commit statuses and their combination."""

from typing import Any, get_args

from bascule.simulator.access import find_repo, full_name
from bascule.simulator.greenness import rollup
from bascule.simulator.http import Ctx, Reply, created, invalid, not_found, paginate, route
from bascule.simulator.model import CommitStatus, Repo, StatusState
from bascule.simulator.reactions import gate_changed
from bascule.simulator.views import minimal_repo_json, user_by_id


def status_json(ctx: Ctx, repo: Repo, status: CommitStatus) -> dict[str, Any]:
    """`status`."""
    creator = user_by_id(ctx, status.creator_id)
    return {
        "url": f"{ctx.api}/repos/{full_name(ctx.world, repo)}/statuses/{status.sha}",
        "avatar_url": creator["avatar_url"] if creator else None,
        "id": status.id,
        "node_id": status.node_id,
        "state": status.state,
        "description": status.description,
        "target_url": status.target_url,
        "context": status.context,
        "created_at": status.created_at,
        "updated_at": status.updated_at,
        "creator": creator,
    }


def commit_named(ctx: Ctx, repo: Repo, name: str) -> str:
    """The commit that a SHA, branch or tag names. 404 for nothing."""
    git = ctx.world.git(repo)
    for full in (f"refs/heads/{name}", f"refs/tags/{name}", name):
        sha = git.resolve(full, "commit")
        if sha is not None:
            return sha
    raise not_found()


def _create(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, "write", grant="statuses")
    sha, state = ctx.params["sha"], ctx.take("state", str, resource="Status")
    if ctx.world.git(repo).resolve(sha, "commit") != sha:
        raise invalid("Status", "sha", "custom", f"No commit found for SHA: {sha}")
    if state not in get_args(StatusState):
        raise invalid("Status", "state", "custom", "state is not included in the list")
    now = ctx.world.clock.iso()
    status = CommitStatus(
        id=ctx.world.store.next_id(),
        repo_id=repo.id,
        sha=sha,
        context=ctx.take("context", str, "default"),
        state=state,  # type: ignore[arg-type]  # checked against the list above
        creator_id=ctx.user.id if ctx.user else 0,
        app_id=ctx.actor.app_id if ctx.actor else None,
        description=ctx.json().get("description"),
        target_url=ctx.json().get("target_url"),
        created_at=now,
        updated_at=now,
    )
    ctx.world.store.statuses.save(status)
    gate_changed(ctx.world, repo)
    return created(status_json(ctx, repo, status))


def _list(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, grant="statuses")
    sha = commit_named(ctx, repo, ctx.params["ref"])
    newest_first = sorted(ctx.world.store.statuses.where(repo_id=repo.id, sha=sha), key=lambda s: -s.id)
    return paginate(ctx, newest_first, lambda s: status_json(ctx, repo, s))


def _combined(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, grant="statuses")
    sha = commit_named(ctx, repo, ctx.params["ref"])
    newest = list(rollup(ctx.world, repo, sha).statuses)
    words = {s.state for s in newest}
    failed = words & {"failure", "error"}
    state = "failure" if failed else "success" if words == {"success"} else "pending"
    base = f"{ctx.api}/repos/{full_name(ctx.world, repo)}"

    def simple(status: CommitStatus) -> dict[str, Any]:
        return {k: v for k, v in status_json(ctx, repo, status).items() if k != "creator"}

    page = paginate(ctx, newest, simple, key="statuses")
    body = {
        "state": state,
        **page.body,
        "sha": sha,
        "repository": minimal_repo_json(ctx, repo),
        "commit_url": f"{base}/commits/{sha}",
        "url": f"{base}/commits/{sha}/status",
    }
    return Reply(body=body, headers=page.headers)


routes = [
    route("POST", "/repos/{owner}/{repo}/statuses/{sha}", _create),
    route("GET", "/repos/{owner}/{repo}/commits/{ref:path}/statuses", _list),
    route("GET", "/repos/{owner}/{repo}/commits/{ref:path}/status", _combined),
]
