"""Pull requests: open, list, read, change; their commits and files."""

from bascule.simulator import pulls
from bascule.simulator.access import find_repo
from bascule.simulator.auth import require_user
from bascule.simulator.http import Ctx, HttpError, Reply, bad_request_shape, created, invalid, paginate, route
from bascule.simulator.model import PullRequest, Repo
from bascule.simulator.pull_content import base_tip, content
from bascule.simulator.pull_views import full_pull_json, pull_json
from bascule.simulator.views import commit_json, file_json

_COMMIT_LIMIT = 250


def find_pull(ctx: Ctx, need: str = "read") -> tuple[Repo, PullRequest]:
    """The repository and pull request in the path; errors as `find_repo`, and 404."""
    repo = find_repo(ctx, need, grant="pull_requests")
    return repo, pulls.pull_by_number(ctx.world, repo, ctx.params["number"])


def _list(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, grant="pull_requests")
    state = ctx.query.get("state", "open")
    if state not in ("open", "closed", "all"):
        raise invalid("PullRequest", "state")
    found = [p for p in ctx.world.store.pulls.where(repo_id=repo.id) if state in ("all", p.state)]
    if head := ctx.query.get("head"):
        owner, colon, branch = head.partition(":")
        # A head without an owner is ignored, as on GitHub.
        if colon:
            found = [p for p in found if p.head_owner.lower() == owner.lower() and p.head_ref == branch]
    if base := ctx.query.get("base"):
        found = [p for p in found if p.base_ref == base]
    by_update = ctx.query.get("sort") == "updated"
    found.sort(key=lambda p: (p.updated_at if by_update else p.created_at, p.number))
    # Newest first, unless something else than the time of creation was named.
    if ctx.query.get("direction", "desc" if ctx.query.get("sort", "created") == "created" else "asc") == "desc":
        found.reverse()
    return paginate(ctx, found, lambda p: pull_json(ctx, repo, p))


def _create(ctx: Ctx) -> Reply:
    actor = require_user(ctx)
    repo = find_repo(ctx, "read", grant="pull_requests")
    for name in ("head", "base"):
        if not isinstance(ctx.json().get(name), str):
            raise bad_request_shape(f'"{name}" wasn\'t supplied.')
    title = ctx.take("title", str, resource="PullRequest")
    if not title.strip():
        raise invalid("PullRequest", "title", "missing_field")
    name = str(ctx.json().get("head_repo") or "").split("/")[-1]
    head, head_ref = pulls.head_named(ctx.world, repo, ctx.take("head", str), name)
    pull = pulls.create(
        ctx.world,
        repo,
        actor,
        title=title,
        head=head,
        head_ref=head_ref,
        base_ref=ctx.take("base", str),
        body=ctx.json().get("body"),
        draft=ctx.take("draft", bool, False),
        maintainer_can_modify=ctx.take("maintainer_can_modify", bool, True),
    )
    # The test merge is a background job: nobody knows its outcome yet.
    unknown = {"mergeable": None, "rebaseable": None, "mergeable_state": "unknown"}
    body = {**full_pull_json(ctx, repo, pull), **unknown}
    return created(body)


def _get(ctx: Ctx) -> Reply:
    repo, pull = find_pull(ctx)
    if ctx.accepts("diff") or ctx.accepts("patch"):
        return _text(ctx, repo, pull)
    return Reply(body=full_pull_json(ctx, repo, pull, counts_as_read=True))


def _text(ctx: Ctx, repo: Repo, pull: PullRequest) -> Reply:
    git, base = ctx.world.git(repo), base_tip(ctx.world, repo, pull)
    if ctx.accepts("diff"):
        _, out = git.run(["diff", "-M", "--no-ext-diff", f"{base}...{pull.head_sha}"])
        return Reply(raw=out, content_type="application/vnd.github.diff; charset=utf-8")
    _, out = git.run(["format-patch", "--stdout", "-M", f"{base}..{pull.head_sha}"])
    return Reply(raw=out, content_type="application/vnd.github.patch; charset=utf-8")


def _patch(ctx: Ctx) -> Reply:
    actor = require_user(ctx)
    repo, pull = find_pull(ctx)
    pulls.edit(ctx.world, repo, actor, pull, ctx.json())
    return Reply(body=full_pull_json(ctx, repo, pull))


def _commits(ctx: Ctx) -> Reply:
    repo, pull = find_pull(ctx)
    git = ctx.world.git(repo)
    shown = list(content(ctx.world, repo, pull).commits)[:_COMMIT_LIMIT]
    return paginate(ctx, shown, lambda sha: commit_json(ctx, repo, git.commit(sha)))


def _files(ctx: Ctx) -> Reply:
    repo, pull = find_pull(ctx)
    # The list ends at the limit without a word; only `changed_files` tells how many there are.
    shown = list(content(ctx.world, repo, pull).files)[: ctx.world.switches.files_limit]
    return paginate(ctx, shown, lambda change: file_json(ctx, repo, change, pull.head_sha))


def _of_commit(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, grant="contents")
    git = ctx.world.git(repo)
    sha = git.resolve(ctx.params["sha"], "commit")
    if sha is None:
        raise HttpError(422, f"No commit found for SHA: {ctx.params['sha']}")

    def about(pull: PullRequest) -> bool:
        return pull.merge_commit_sha == sha or sha in content(ctx.world, repo, pull).commits

    found = [p for p in ctx.world.store.pulls.where(repo_id=repo.id) if (p.merged or p.state == "open") and about(p)]
    return paginate(ctx, found, lambda p: pull_json(ctx, repo, p))


routes = [
    route("GET", "/repos/{owner}/{repo}/pulls", _list),
    route("POST", "/repos/{owner}/{repo}/pulls", _create),
    route("GET", "/repos/{owner}/{repo}/pulls/{number:int}", _get),
    route("PATCH", "/repos/{owner}/{repo}/pulls/{number:int}", _patch),
    route("GET", "/repos/{owner}/{repo}/pulls/{number:int}/commits", _commits),
    route("GET", "/repos/{owner}/{repo}/pulls/{number:int}/files", _files),
    route("GET", "/repos/{owner}/{repo}/commits/{sha}/pulls", _of_commit),
]
