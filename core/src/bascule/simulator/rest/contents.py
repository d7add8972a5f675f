"""Files and directories through the contents API."""

import base64
import binascii
from typing import Any
from urllib.parse import quote

from bascule.simulator.access import find_repo, full_name
from bascule.simulator.auth import require_user
from bascule.simulator.commits import commit_files, signature_of
from bascule.simulator.git import TreeEntry
from bascule.simulator.http import Ctx, HttpError, Reply, bad_request_shape, not_found, route, unprocessable
from bascule.simulator.model import Repo
from bascule.simulator.rest.git_objects import signature_from
from bascule.simulator.views import git_commit_json, wrapped_base64

_ONE_MEGABYTE = 1024 * 1024


def _entry_json(ctx: Ctx, repo: Repo, entry: TreeEntry, path: str, ref: str) -> dict[str, Any]:
    name = full_name(ctx.world, repo)
    api, html = f"{ctx.api}/repos/{name}", f"{ctx.html}/{name}"
    kind = {"tree": "dir", "commit": "submodule"}.get(entry.type, "symlink" if entry.mode == "120000" else "file")
    word = "trees" if kind == "dir" else "blobs"
    url = f"{api}/contents/{quote(path)}?ref={quote(ref)}"
    git_url = f"{api}/git/{word}/{entry.sha}" if kind != "submodule" else None
    html_url = f"{html}/{'tree' if kind == 'dir' else 'blob'}/{ref}/{path}"
    return {
        "name": path.rsplit("/", 1)[-1],
        "path": path,
        "sha": entry.sha,
        "size": entry.size or 0,
        "url": url,
        "html_url": html_url,
        "git_url": git_url,
        "download_url": f"{html}/raw/{ref}/{path}" if kind == "file" else None,
        "type": kind,
        "_links": {"self": url, "git": git_url, "html": html_url},
    }


def _get(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, grant="contents")
    git = ctx.world.git(repo)
    ref = ctx.query.get("ref") or repo.default_branch
    path = ctx.params.get("path", "").strip("/")
    commit = git.resolve(ref, "commit")
    if commit is None:
        raise HttpError(
            404, f"No commit found for the ref {ref}" if ctx.query.get("ref") else "This repository is empty."
        )
    entry = git.entry(commit, path) if path else None
    if not path or (entry and entry.type == "tree"):
        inside = git.tree(entry.sha if entry else commit)
        return Reply(body=[_entry_json(ctx, repo, e, f"{path}/{e.path}".lstrip("/"), ref) for e in inside])
    if entry is None:
        raise not_found()
    body = _entry_json(ctx, repo, entry, path, ref)
    if entry.type == "commit":
        return Reply(body={**body, "submodule_git_url": None})
    data = git.blob(entry.sha)
    if ctx.accepts("raw"):
        return Reply(raw=data, content_type="application/vnd.github.raw+json; charset=utf-8")
    if body["type"] == "symlink":
        return Reply(body={**body, "target": data.decode("utf-8", "replace")})
    if len(data) > _ONE_MEGABYTE:
        # Larger files come without content; the blob or the raw media type has it.
        return Reply(body={**body, "content": "", "encoding": "none"})
    return Reply(body={**body, "content": wrapped_base64(data), "encoding": "base64"})


def _write(ctx: Ctx, data: bytes | None) -> Reply:
    repo = find_repo(ctx, "write", grant="contents")
    actor, git, body = require_user(ctx), ctx.world.git(repo), ctx.json()
    path, branch = ctx.params["path"].strip("/"), ctx.take("branch", str, repo.default_branch)
    head = git.ref(f"refs/heads/{branch}")
    if head is None and git.refs("refs/heads/"):
        raise HttpError(404, f"Branch {branch} not found")
    entry = git.entry(head, path) if head else None
    known = body.get("sha")
    if entry is not None and known is None:
        raise unprocessable('Invalid request.\n\n"sha" wasn\'t supplied.')
    if known is not None and (entry is None or entry.sha != known):
        if entry is None and data is None:
            raise not_found()
        raise HttpError(409, f"{path} does not match {known}")
    if entry is None and data is None:
        raise not_found()
    message = ctx.take("message", str, ("Delete " if data is None else "Update " if entry else "Create ") + path)
    me = signature_of(ctx.world, actor.user)
    author = signature_from(ctx, body.get("author"), me, "author") if body.get("author") else None
    committer = signature_from(ctx, body.get("committer"), me, "committer") if body.get("committer") else None
    sha = commit_files(
        ctx.world, repo, actor, branch=branch, message=message, files={path: data}, author=author, committer=committer
    )
    written = git.entry(sha, path) if data is not None else None
    content = _entry_json(ctx, repo, written, path, branch) if written else None
    status = 201 if data is not None and entry is None else 200
    return Reply(status=status, body={"content": content, "commit": git_commit_json(ctx, repo, git.commit(sha))})


def _put(ctx: Ctx) -> Reply:
    text = ctx.json().get("content")
    if not isinstance(text, str):
        raise bad_request_shape('"content" wasn\'t supplied.')
    if "message" not in ctx.json():
        raise bad_request_shape('"message" wasn\'t supplied.')
    try:
        return _write(ctx, base64.b64decode(text))
    except binascii.Error as error:
        raise unprocessable("content is not valid Base64") from error


def _delete(ctx: Ctx) -> Reply:
    for name in ("message", "sha", "branch"):
        if name in ctx.query:
            # Clients may send these in the address, since some HTTP libraries drop a DELETE's body.
            ctx._json = {**ctx.json(), name: ctx.query[name]}
    if not ctx.json().get("sha"):
        raise bad_request_shape('"sha" wasn\'t supplied.')
    return _write(ctx, None)


routes = [
    route("GET", "/repos/{owner}/{repo}/contents", _get),
    route("GET", "/repos/{owner}/{repo}/contents/{path:path}", _get),
    route("PUT", "/repos/{owner}/{repo}/contents/{path:path}", _put),
    route("DELETE", "/repos/{owner}/{repo}/contents/{path:path}", _delete),
]
