"""Check runs and suites; only apps write them."""

from typing import Any, get_args

from bascule.simulator.access import find_repo, full_name
from bascule.simulator.greenness import rollup
from bascule.simulator.http import (
    Ctx,
    HttpError,
    Reply,
    bad_request_shape,
    created,
    invalid,
    not_found,
    paginate,
    route,
)
from bascule.simulator.model import CheckRun, CheckSuite, Repo, RunStatus
from bascule.simulator.reactions import gate_changed
from bascule.simulator.rest.statuses import commit_named
from bascule.simulator.views import app_json

CONCLUSIONS = (
    "success", "failure", "neutral", "cancelled", "skipped", "timed_out", "action_required", "stale", "startup_failure",
)  # fmt: skip
_RUNS = "/repos/{owner}/{repo}/check-runs"
MOST_SUMMARY = 65_535


def run_json(ctx: Ctx, repo: Repo, run: CheckRun) -> dict[str, Any]:
    """`check-run`."""
    base = f"{ctx.api}/repos/{full_name(ctx.world, repo)}"
    html = f"{ctx.html}/{full_name(ctx.world, repo)}/runs/{run.id}"
    app = ctx.world.store.apps.get(run.app_id)
    return {
        "id": run.id,
        "name": run.name,
        "node_id": run.node_id,
        "head_sha": run.head_sha,
        "external_id": run.external_id,
        "url": f"{base}/check-runs/{run.id}",
        "html_url": html,
        "details_url": run.details_url or html,
        "status": run.status,
        "conclusion": run.conclusion,
        "started_at": run.started_at,
        "completed_at": run.completed_at,
        "output": {
            "title": run.title,
            "summary": run.summary,
            "text": run.text,
            "annotations_count": len(run.annotations),
            "annotations_url": f"{base}/check-runs/{run.id}/annotations",
        },
        "check_suite": {"id": run.suite_id},
        "app": app_json(ctx, app) if app else None,
        "pull_requests": [],
    }


def _suite(ctx: Ctx, repo: Repo, app_id: int, sha: str) -> CheckSuite:
    found = ctx.world.store.check_suites.find(repo_id=repo.id, app_id=app_id, head_sha=sha)
    if found is not None:
        return found
    made = CheckSuite(
        id=ctx.world.store.next_id(), repo_id=repo.id, app_id=app_id, head_sha=sha, created_at=ctx.world.clock.iso()
    )
    return ctx.world.store.check_suites.save(made)


def _app_id(ctx: Ctx) -> int:
    if ctx.actor is None or ctx.actor.app_id is None:
        raise HttpError(403, "You must authenticate via a GitHub App.")
    return ctx.actor.app_id


def _fill(ctx: Ctx, run: CheckRun) -> None:
    body, now = ctx.json(), ctx.world.clock.iso()
    status, conclusion = body.get("status", run.status), body.get("conclusion", run.conclusion)
    if status not in get_args(RunStatus):
        raise invalid("CheckRun", "status", "invalid", f"`{status}` is not a status")
    if conclusion is not None and conclusion not in CONCLUSIONS:
        raise invalid("CheckRun", "conclusion", "invalid", f"`{conclusion}` is not a conclusion")
    if body.get("conclusion") is not None:
        status = "completed"
    if status == "completed" and conclusion is None:
        raise bad_request_shape('"conclusion" wasn\'t supplied.')
    output = body.get("output") or {}
    if output and not ({"title", "summary"} <= set(output) or run.title):
        raise bad_request_shape('"summary" wasn\'t supplied.')
    if len(str(output.get("summary", "")).encode()) > MOST_SUMMARY:
        raise invalid("CheckRun", "summary", "invalid", f"Only {MOST_SUMMARY} characters are allowed")
    run.name = body.get("name", run.name)
    run.status, run.conclusion = status, conclusion if status == "completed" else None
    run.external_id, run.details_url = (
        body.get("external_id", run.external_id),
        body.get("details_url", run.details_url),
    )
    run.title, run.summary = output.get("title", run.title), output.get("summary", run.summary)
    run.text = output.get("text", run.text)
    run.annotations += output.get("annotations", [])
    run.started_at = body.get("started_at", run.started_at or now)
    run.completed_at = body.get("completed_at", now) if status == "completed" else None


def _create(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, "write", grant="checks")
    app_id, sha = _app_id(ctx), ctx.take("head_sha", str)
    name = ctx.take("name", str)
    if ctx.world.git(repo).resolve(sha, "commit") != sha:
        raise HttpError(422, f"No commit found for SHA: {sha}")
    suite = _suite(ctx, repo, app_id, sha)
    run = CheckRun(id=0, repo_id=repo.id, suite_id=suite.id, app_id=app_id, head_sha=sha, name=name)
    _fill(ctx, run)
    run.id = ctx.world.store.next_id()
    ctx.world.store.check_runs.save(run)
    gate_changed(ctx.world, repo)
    return created(run_json(ctx, repo, run))


def _named(ctx: Ctx, repo: Repo) -> CheckRun:
    text = ctx.params["id"]
    run = ctx.world.store.check_runs.get(int(text)) if text.isdigit() else None
    if run is None or run.repo_id != repo.id:
        raise not_found()
    return run


def _get(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, grant="checks")
    return Reply(body=run_json(ctx, repo, _named(ctx, repo)))


def _update(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, "write", grant="checks")
    run = _named(ctx, repo)
    if run.app_id != _app_id(ctx):
        raise HttpError(
            403, f"Invalid app_id `{run.app_id}` - check run can only be modified by the GitHub App that created it."
        )
    _fill(ctx, run)
    ctx.world.store.check_runs.save(run)
    gate_changed(ctx.world, repo)
    return Reply(body=run_json(ctx, repo, run))


def _for_commit(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, grant="checks")
    sha = commit_named(ctx, repo, ctx.params["ref"])
    latest = ctx.query.get("filter", "latest") == "latest"
    runs = rollup(ctx.world, repo, sha).runs if latest else ctx.world.store.check_runs.where(head_sha=sha)
    wanted = {key: ctx.query[word] for key, word in (("name", "check_name"), ("status", "status")) if word in ctx.query}
    found = [r for r in runs if r.repo_id == repo.id and all(getattr(r, k) == v for k, v in wanted.items())]
    if "app_id" in ctx.query:
        found = [r for r in found if str(r.app_id) == ctx.query["app_id"]]
    return paginate(ctx, found, lambda r: run_json(ctx, repo, r), key="check_runs")


def _suites(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, grant="checks")
    sha = commit_named(ctx, repo, ctx.params["ref"])

    def shown(suite: CheckSuite) -> dict[str, Any]:
        app = ctx.world.store.apps.get(suite.app_id)
        runs = [r for r in rollup(ctx.world, repo, sha).runs if r.app_id == suite.app_id]
        done = bool(runs) and all(r.status == "completed" for r in runs)
        bad = [r.conclusion for r in runs if r.conclusion not in ("success", "neutral", "skipped")]
        return {
            "id": suite.id,
            "node_id": suite.node_id,
            "head_branch": suite.head_branch,
            "head_sha": sha,
            "status": "completed" if done else "queued",
            "conclusion": (bad[0] if bad else "success") if done else None,
            "app": app_json(ctx, app) if app else None,
            "latest_check_runs_count": len(runs),
            "pull_requests": [],
            "created_at": suite.created_at,
            "updated_at": suite.updated_at,
        }

    found = ctx.world.store.check_suites.where(repo_id=repo.id, head_sha=sha)
    return paginate(ctx, found, shown, key="check_suites")


routes = [
    route("POST", _RUNS, _create),
    route("GET", _RUNS + "/{id}", _get),
    route("PATCH", _RUNS + "/{id}", _update),
    route("GET", "/repos/{owner}/{repo}/commits/{ref:path}/check-runs", _for_commit),
    route("GET", "/repos/{owner}/{repo}/commits/{ref:path}/check-suites", _suites),
]
