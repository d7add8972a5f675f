"""Git references: the compare-and-swap that locks and journals are built on."""

from typing import Any

from bascule.simulator import ref_writes
from bascule.simulator.access import find_repo, full_name
from bascule.simulator.auth import require_user
from bascule.simulator.http import Ctx, Reply, created, not_found, paginate, route
from bascule.simulator.model import Repo, node_id


def ref_json(ctx: Ctx, repo: Repo, name: str, sha: str, kind: str) -> dict[str, Any]:
    """`git-ref`."""
    base = f"{ctx.api}/repos/{full_name(ctx.world, repo)}/git"
    return {
        "ref": name,
        "node_id": node_id("REF", f"{repo.id}:{name}"),
        "url": f"{base}/{name}",
        "object": {"sha": sha, "type": kind, "url": f"{base}/{kind}s/{sha}"},
    }


def _get(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, grant="contents")
    name = f"refs/{ctx.params['ref']}"
    if name == "refs/":
        return _matching(ctx)
    found = ctx.world.git(repo).info(name) if not name.endswith("/") else None
    if found is None:
        raise not_found()
    return Reply(body=ref_json(ctx, repo, name, found[0], found[1]))


def _matching(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, grant="contents")
    refs = ctx.world.git(repo).refs(f"refs/{ctx.params.get('ref', '')}")
    return paginate(ctx, list(refs.items()), lambda row: ref_json(ctx, repo, row[0], row[1][0], row[1][1]))


def _create(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, "write", grant="contents")
    name, sha = ctx.take("ref", str), ctx.take("sha", str)
    kind = ref_writes.create(ctx.world, repo, require_user(ctx), name, sha)
    body = ref_json(ctx, repo, name, sha, kind)
    return created(body)


def _update(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, "write", grant="contents")
    name, sha = f"refs/{ctx.params['ref']}", ctx.take("sha", str)
    force = ctx.take("force", bool, False)
    kind = ref_writes.move(ctx.world, repo, require_user(ctx), name, sha, force=force)
    return Reply(body=ref_json(ctx, repo, name, sha, kind))


def _delete(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, "write", grant="contents")
    ref_writes.delete(ctx.world, repo, require_user(ctx), f"refs/{ctx.params['ref']}")
    return Reply(status=204)


routes = [
    # `/git/ref/` is for reading only; writes go to `/git/refs/`.
    route("GET", "/repos/{owner}/{repo}/git/ref/{ref:path}", _get),
    route("GET", "/repos/{owner}/{repo}/git/matching-refs/{ref:path}", _matching),
    route("GET", "/repos/{owner}/{repo}/git/refs", _matching),
    route("GET", "/repos/{owner}/{repo}/git/refs/{ref:path}", _get),
    route("POST", "/repos/{owner}/{repo}/git/refs", _create),
    route("PATCH", "/repos/{owner}/{repo}/git/refs/{ref:path}", _update),
    route("DELETE", "/repos/{owner}/{repo}/git/refs/{ref:path}", _delete),
]
