"""Releases: list, read, make, change and remove.

As GitHub documents it: a published release makes its tag where there is none, a draft does not; drafts are shown only
to who may push, and never by their tag.
"""

from typing import Any

from bascule.simulator import ref_writes
from bascule.simulator.access import find_repo, full_name, level_at_least, permission_of
from bascule.simulator.auth import require_user
from bascule.simulator.http import Ctx, Reply, created, invalid, not_found, paginate, route
from bascule.simulator.model import Release, Repo
from bascule.simulator.views import user_json


def release_json(ctx: Ctx, repo: Repo, found: Release) -> dict[str, Any]:
    """`release`."""
    name = full_name(ctx.world, repo)
    base = f"{ctx.api}/repos/{name}/releases/{found.id}"
    kind = f"tag/{found.tag_name}" if not found.draft else f"tag/untagged-{found.id}"
    return {
        "url": base,
        "assets_url": f"{base}/assets",
        "upload_url": f"{base}/assets{{?name,label}}",
        "html_url": f"{ctx.html}/{name}/releases/{kind}",
        "id": found.id,
        "node_id": found.node_id,
        "author": user_json(ctx, ctx.world.store.users.get(found.author_id)),
        "tag_name": found.tag_name,
        "target_commitish": found.target_commitish,
        "name": found.name,
        "body": found.body,
        "draft": found.draft,
        "prerelease": found.prerelease,
        "created_at": found.created_at,
        "published_at": found.published_at,
        "assets": [],
        "tarball_url": None if found.draft else f"{ctx.api}/repos/{name}/tarball/{found.tag_name}",
        "zipball_url": None if found.draft else f"{ctx.api}/repos/{name}/zipball/{found.tag_name}",
    }


def _seen(ctx: Ctx, repo: Repo) -> list[Release]:
    """What the caller may see, newest first."""
    drafts = level_at_least(permission_of(ctx.world, repo, ctx.actor), "write")
    rows = ctx.world.store.releases.where(repo_id=repo.id)
    return [r for r in reversed(rows) if drafts or not r.draft]


def _list(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, grant="contents")
    return paginate(ctx, _seen(ctx, repo), lambda r: release_json(ctx, repo, r))


def _one(ctx: Ctx, repo: Repo) -> Release:
    found = next((r for r in _seen(ctx, repo) if r.id == int(ctx.params["id"])), None)
    if found is None:
        raise not_found()
    return found


def _get(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, grant="contents")
    return Reply(body=release_json(ctx, repo, _one(ctx, repo)))


def _by_tag(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, grant="contents")
    found = _published(ctx, repo, ctx.params["tag"])
    if found is None:
        raise not_found()
    return Reply(body=release_json(ctx, repo, found))


def _latest(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, grant="contents")
    found = next((r for r in _seen(ctx, repo) if not r.draft and not r.prerelease), None)
    if found is None:
        raise not_found()
    return Reply(body=release_json(ctx, repo, found))


def _published(ctx: Ctx, repo: Repo, tag: str) -> Release | None:
    return next((r for r in ctx.world.store.releases.where(repo_id=repo.id, tag_name=tag) if not r.draft), None)


def _create(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, "write", grant="contents")
    actor, body = require_user(ctx), ctx.json()
    release = Release(
        id=ctx.world.store.next_id(),
        repo_id=repo.id,
        author_id=actor.user.id,
        tag_name=ctx.take("tag_name", str, resource="Release"),
        target_commitish=ctx.take("target_commitish", str, repo.default_branch),
        name=body.get("name"),
        body=body.get("body"),
        draft=ctx.take("draft", bool, False),
        prerelease=ctx.take("prerelease", bool, False),
        created_at=ctx.world.clock.iso(),
    )
    _publish(ctx, repo, release)
    return created(release_json(ctx, repo, ctx.world.store.releases.save(release)))


def _publish(ctx: Ctx, repo: Repo, release: Release) -> None:
    """Check the tag and, unless it stays a draft, make it where there is none."""
    git, name = ctx.world.git(repo), f"refs/tags/{release.tag_name}"
    if not git.valid_ref_name(name):
        raise invalid("Release", "tag_name")
    if release.draft:
        return
    other = _published(ctx, repo, release.tag_name)
    if other is not None and other.id != release.id:
        raise invalid("Release", "tag_name", "already_exists")
    if git.ref(name) is None:
        target = git.resolve(release.target_commitish, "commit") or git.ref(f"refs/heads/{release.target_commitish}")
        if target is None:
            raise invalid("Release", "target_commitish")
        ref_writes.create(ctx.world, repo, require_user(ctx), name, target)
    release.published_at = release.published_at or ctx.world.clock.iso()


def _patch(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, "write", grant="contents")
    release, body = _one(ctx, repo), ctx.json()
    release.tag_name = ctx.take("tag_name", str, release.tag_name)
    release.target_commitish = ctx.take("target_commitish", str, release.target_commitish)
    release.name, release.body = body.get("name", release.name), body.get("body", release.body)
    release.draft = ctx.take("draft", bool, release.draft)
    release.prerelease = ctx.take("prerelease", bool, release.prerelease)
    _publish(ctx, repo, release)
    return Reply(body=release_json(ctx, repo, ctx.world.store.releases.save(release)))


def _delete(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, "write", grant="contents")
    ctx.world.store.releases.remove(_one(ctx, repo))
    return Reply(status=204)


_ROOT = "/repos/{owner}/{repo}/releases"
routes = [
    route("GET", _ROOT, _list),
    route("POST", _ROOT, _create),
    route("GET", _ROOT + "/latest", _latest),
    route("GET", _ROOT + "/tags/{tag:path}", _by_tag),
    route("GET", _ROOT + "/{id:int}", _get),
    route("PATCH", _ROOT + "/{id:int}", _patch),
    route("DELETE", _ROOT + "/{id:int}", _delete),
]
