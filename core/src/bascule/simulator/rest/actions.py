"""Workflow runs and artifacts; what makes them is not here, because GitHub has no address for it either."""

from typing import Any

from bascule.simulator.access import find_repo, full_name
from bascule.simulator.actions import add_attempt, archive, expired, sign, signed
from bascule.simulator.auth import require_user
from bascule.simulator.git import GitObjectMissing
from bascule.simulator.http import Ctx, HttpError, Reply, not_found, paginate, route
from bascule.simulator.model import Artifact, PullRequest, Repo, RunAttempt, WorkflowRun
from bascule.simulator.pull_content import base_tip
from bascule.simulator.views import minimal_repo_json, user_by_id

_ACTIONS = "/repos/{owner}/{repo}/actions"
_SIGNED = "/_artifacts/{id}"


def _run_json(ctx: Ctx, repo: Repo, run: WorkflowRun, attempt: RunAttempt | None = None) -> dict[str, Any]:
    """`workflow-run`, as its latest attempt shows it unless another is named."""
    name = full_name(ctx.world, repo)
    url = f"{ctx.api}/repos/{name}/actions/runs/{run.id}"
    html = f"{ctx.html}/{name}/actions/runs/{run.id}"
    shown = attempt or run.last
    at = f"/attempts/{shown.number}" if attempt else ""
    head_repo = ctx.world.store.repos.get(run.head_repo_id)
    return {
        "id": run.id,
        "name": run.name,
        "node_id": run.node_id,
        "head_branch": run.head_branch,
        "head_sha": run.head_sha,
        "path": run.path,
        "display_title": run.name,
        "run_number": run.run_number,
        "event": run.event,
        "status": shown.status,
        "conclusion": shown.conclusion,
        "workflow_id": run.workflow_id,
        "url": url + at,
        "html_url": html + at,
        "pull_requests": _pulls_json(ctx, repo, run),
        "created_at": run.created_at,
        "updated_at": shown.updated_at,
        "actor": user_by_id(ctx, run.actor_id),
        "run_attempt": shown.number,
        "referenced_workflows": run.referenced,
        "run_started_at": shown.started_at,
        "triggering_actor": user_by_id(ctx, run.actor_id),
        "jobs_url": f"{url}/jobs",
        "logs_url": f"{url}/logs",
        "check_suite_url": f"{ctx.api}/repos/{name}/check-suites/{run.id}",
        "artifacts_url": f"{url}/artifacts",
        "cancel_url": f"{url}/cancel",
        "rerun_url": f"{url}/rerun",
        "previous_attempt_url": f"{url}/attempts/{shown.number - 1}" if shown.number > 1 else None,
        "workflow_url": f"{ctx.api}/repos/{name}/actions/workflows/{run.workflow_id}",
        "head_commit": _commit_json(ctx, head_repo, run.head_sha),
        "repository": minimal_repo_json(ctx, repo),
        "head_repository": minimal_repo_json(ctx, head_repo) if head_repo else None,
    }


def _commit_json(ctx: Ctx, repo: Repo | None, sha: str) -> dict[str, Any] | None:
    """`nullable-simple-commit`; None where the fork or the commit is gone."""
    if repo is None:
        return None
    try:
        commit = ctx.world.git(repo).commit(sha)
    except GitObjectMissing:
        return None
    people = {
        key: {"name": who.name, "email": who.email}
        for key, who in (("author", commit.author), ("committer", commit.committer))
    }
    return {
        "id": sha,
        "tree_id": commit.tree,
        "message": commit.message,
        "timestamp": commit.committer.iso(),
        **people,
    }


def _pulls_json(ctx: Ctx, repo: Repo, run: WorkflowRun) -> list[dict[str, Any]]:
    """Open pull requests from this head, within the repository only: GitHub lists none for forks."""
    if run.head_repo_id != repo.id or ctx.world.switches.run_pulls_hidden:
        return []
    found = [p for p in ctx.world.store.pulls.where(repo_id=repo.id, state="open") if p.head_sha == run.head_sha]
    return [_pull_json(ctx, repo, run, pull) for pull in found]


def _pull_json(ctx: Ctx, repo: Repo, run: WorkflowRun, pull: PullRequest) -> dict[str, Any]:
    """`pull-request-minimal`."""
    url = f"{ctx.api}/repos/{full_name(ctx.world, repo)}"
    now = base_tip(ctx.world, repo, pull)
    base = now if ctx.world.switches.run_base_sha_follows_branch else run.bases.get(str(pull.number), now)
    there = {"id": repo.id, "url": url, "name": repo.name}
    return {
        "id": pull.id,
        "number": pull.number,
        "url": f"{url}/pulls/{pull.number}",
        "head": {"ref": pull.head_ref, "sha": pull.head_sha, "repo": there},
        "base": {"ref": pull.base_ref, "sha": base, "repo": there},
    }


def _artifact_json(ctx: Ctx, repo: Repo, artifact: Artifact) -> dict[str, Any]:
    """`artifact`."""
    url = f"{ctx.api}/repos/{full_name(ctx.world, repo)}/actions/artifacts/{artifact.id}"
    run = ctx.world.store.workflow_runs.get(artifact.run_id)
    return {
        "id": artifact.id,
        "node_id": artifact.node_id,
        "name": artifact.name,
        "size_in_bytes": artifact.size,
        "url": url,
        "archive_download_url": f"{url}/zip",
        "expired": expired(ctx.world, artifact),
        "digest": artifact.digest,
        "created_at": artifact.created_at,
        "updated_at": artifact.created_at,
        "expires_at": artifact.expires_at,
        "workflow_run": run
        and {
            "id": run.id,
            "repository_id": repo.id,
            "head_repository_id": run.head_repo_id,
            "head_branch": run.head_branch,
            "head_sha": run.head_sha,
        },
    }


def _page_of_runs(ctx: Ctx, repo: Repo, runs: list[WorkflowRun]) -> Reply:
    query = ctx.query
    same = {"head_sha": query.get("head_sha"), "event": query.get("event"), "head_branch": query.get("branch")}
    found = [r for r in runs if all(want is None or getattr(r, key) == want for key, want in same.items())]
    if status := query.get("status"):
        found = [r for r in found if status in (r.last.status, r.last.conclusion)]
    newest = sorted(found, key=lambda r: r.id, reverse=True)
    return paginate(ctx, newest, lambda r: _run_json(ctx, repo, r), key="workflow_runs")


def _runs(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, grant="actions")
    return _page_of_runs(ctx, repo, ctx.world.store.workflow_runs.where(repo_id=repo.id))


def _runs_of_workflow(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, grant="actions")
    named = ctx.params["workflow"]
    runs = ctx.world.store.workflow_runs.where(repo_id=repo.id)
    mine = [r for r in runs if named in (str(r.workflow_id), r.path.rpartition("/")[2])]
    if not mine:
        raise not_found()
    return _page_of_runs(ctx, repo, mine)


def _run_named(ctx: Ctx, repo: Repo) -> WorkflowRun:
    text = ctx.params["id"]
    run = ctx.world.store.workflow_runs.get(int(text)) if text.isdigit() else None
    if run is None or run.repo_id != repo.id:
        raise not_found()
    return run


def _run(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, grant="actions")
    return Reply(body=_run_json(ctx, repo, _run_named(ctx, repo)))


def _attempt(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, grant="actions")
    run = _run_named(ctx, repo)
    found = next((a for a in run.attempts if str(a.number) == ctx.params["attempt"]), None)
    if found is None:
        raise not_found()
    return Reply(body=_run_json(ctx, repo, run, found))


def _rerun(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, "write", grant="actions")
    run = _run_named(ctx, repo)
    if run.last.status != "completed":
        raise HttpError(403, "This workflow is already running")
    add_attempt(ctx.world, run, {"status": "queued"})
    return Reply(body={}, status=201)


def _artifacts_of_run(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, grant="actions")
    run = _run_named(ctx, repo)
    return _page_of_artifacts(ctx, repo, ctx.world.store.artifacts.where(repo_id=repo.id, run_id=run.id))


def _artifacts(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, grant="actions")
    return _page_of_artifacts(ctx, repo, ctx.world.store.artifacts.where(repo_id=repo.id))


def _page_of_artifacts(ctx: Ctx, repo: Repo, artifacts: list[Artifact]) -> Reply:
    found = [a for a in artifacts if ctx.query.get("name") in (None, a.name)]
    newest = sorted(found, key=lambda a: a.id, reverse=True)
    return paginate(ctx, newest, lambda a: _artifact_json(ctx, repo, a), key="artifacts")


def _artifact_named(ctx: Ctx, repo: Repo) -> Artifact:
    text = ctx.params["id"]
    artifact = ctx.world.store.artifacts.get(int(text)) if text.isdigit() else None
    if artifact is None or artifact.repo_id != repo.id:
        raise not_found()
    return artifact


def _artifact(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, grant="actions")
    return Reply(body=_artifact_json(ctx, repo, _artifact_named(ctx, repo)))


def _download(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, grant="actions")
    require_user(ctx)  # GitHub gives no artifact to the anonymous, not even a public repository's
    artifact = _artifact_named(ctx, repo)
    if ctx.params["format"] != "zip":
        raise not_found()
    if expired(ctx.world, artifact):
        raise HttpError(410, "Artifact has expired")
    # The store is another host than the API: the same socket under this machine's other name.
    scheme, _, host = ctx.html.partition("://")
    name, colon, port = host.partition(":")
    store = {"127.0.0.1": "localhost", "localhost": "127.0.0.1"}.get(name, name)
    where = f"{scheme}://{store}{colon}{port}/_artifacts/{artifact.id}?{sign(ctx.world, artifact)}"
    return Reply(status=302, headers={"Location": where}, raw=b"", content_type="text/html;charset=utf-8")


def _stored(ctx: Ctx) -> Reply:
    # The store knows nothing of GitHub's tokens and answers 400 to whoever sends one.
    if "authorization" in ctx.headers:
        raise HttpError(400, "Authentication information is not given in the correct format.")
    text = ctx.params["id"]
    artifact = ctx.world.store.artifacts.get(int(text)) if text.isdigit() else None
    if artifact is None or not signed(ctx.world, artifact.id, ctx.query):
        raise HttpError(403, "Server failed to authenticate the request.")
    return Reply(raw=archive(ctx.world.store, artifact).read_bytes(), content_type="application/zip")


routes = [
    route("GET", f"{_ACTIONS}/runs", _runs),
    route("GET", f"{_ACTIONS}/workflows/{{workflow}}/runs", _runs_of_workflow),
    route("GET", f"{_ACTIONS}/runs/{{id}}", _run),
    route("GET", f"{_ACTIONS}/runs/{{id}}/attempts/{{attempt}}", _attempt),
    route("POST", f"{_ACTIONS}/runs/{{id}}/rerun", _rerun),
    route("GET", f"{_ACTIONS}/runs/{{id}}/artifacts", _artifacts_of_run),
    route("GET", f"{_ACTIONS}/artifacts", _artifacts),
    route("GET", f"{_ACTIONS}/artifacts/{{id}}", _artifact),
    route("GET", f"{_ACTIONS}/artifacts/{{id}}/{{format}}", _download),
    route("GET", _SIGNED, _stored),
]
