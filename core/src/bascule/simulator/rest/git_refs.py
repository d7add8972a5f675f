"""Git references: the compare-and-swap that locks and journals are built on."""

import re
from typing import Any

from bascule.simulator.access import find_repo, full_name
from bascule.simulator.auth import require_user
from bascule.simulator.enforce import RefUpdate
from bascule.simulator.http import Ctx, HttpError, Reply, not_found, paginate, route, unprocessable
from bascule.simulator.model import Repo, node_id
from bascule.simulator.refs import update_or_raise

_SHA = re.compile(r"[0-9a-f]{40}")


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
    git = ctx.world.git(repo)
    name, sha = ctx.take("ref", str), ctx.take("sha", str)
    if not name.startswith("refs/") or name.count("/") < 2 or not git.valid_ref_name(name):
        raise unprocessable("Reference name must start with 'refs/' and contain at least one additional '/'.")
    if name.startswith("refs/pull/") or not (
        name.startswith(("refs/heads/", "refs/tags/")) or ctx.world.switches.custom_refs_allowed
    ):
        raise unprocessable("Reference update failed")
    found = git.info(sha) if _SHA.fullmatch(sha) else None
    if not _SHA.fullmatch(sha):
        raise unprocessable("The sha parameter must be exactly 40 characters and contain only [0-9a-f].")
    if git.ref(name) is not None:
        raise unprocessable("Reference already exists")
    if found is None or (name.startswith("refs/heads/") and found[1] != "commit"):
        raise unprocessable("Object does not exist")
    update_or_raise(ctx.world, repo, require_user(ctx), RefUpdate(ref=name, old=None, new=sha))
    body = ref_json(ctx, repo, name, sha, found[1])
    return Reply(status=201, body=body, headers={"Location": body["url"]})


def _update(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, "write", grant="contents")
    git = ctx.world.git(repo)
    name, sha = f"refs/{ctx.params['ref']}", ctx.take("sha", str)
    force = ctx.take("force", bool, False)
    old = git.ref(name)
    if old is None:
        raise unprocessable("Reference does not exist")
    found = git.info(sha) if _SHA.fullmatch(sha) else None
    if found is None or (name.startswith("refs/heads/") and found[1] != "commit"):
        raise unprocessable("Object does not exist")
    if name.startswith("refs/pull/"):
        raise unprocessable("Reference update failed")
    forward = old == sha or (found[1] == "commit" and git.resolve(old, "commit") == old and git.is_ancestor(old, sha))
    if not forward and not force:
        raise unprocessable("Update is not a fast forward")
    if old != sha:
        update = RefUpdate(ref=name, old=old, new=sha, forced=not forward)
        update_or_raise(ctx.world, repo, require_user(ctx), update)
    return Reply(body=ref_json(ctx, repo, name, sha, found[1]))


def _delete(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, "write", grant="contents")
    name = f"refs/{ctx.params['ref']}"
    old = ctx.world.git(repo).ref(name)
    if old is None:
        raise unprocessable("Reference does not exist")
    if name == f"refs/heads/{repo.default_branch}":
        raise unprocessable("Cannot delete the default branch")
    if name.startswith("refs/pull/"):
        raise HttpError(422, "Reference update failed")
    update_or_raise(ctx.world, repo, require_user(ctx), RefUpdate(ref=name, old=old, new=None))
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
