"""Git data: blobs, trees, commits and tags."""

import base64
import binascii
import re
from datetime import UTC, datetime
from typing import Any

from bascule.simulator.access import find_repo, full_name
from bascule.simulator.auth import require_user
from bascule.simulator.commits import signature_of, signed_commit
from bascule.simulator.git import GitError, GitObjectMissing, Signature
from bascule.simulator.http import Ctx, Reply, bad_request_shape, created, invalid, not_found, route, unprocessable
from bascule.simulator.model import Repo, node_id
from bascule.simulator.views import git_commit_json, wrapped_base64

_SHA = re.compile(r"[0-9a-f]{40}")
#: Entries after which a recursive tree is cut; GitHub's documented limit.
TREE_LIMIT = 100_000
_MODES = {"100644": "blob", "100755": "blob", "120000": "blob", "040000": "tree", "160000": "commit"}


def _base(ctx: Ctx, repo: Repo) -> str:
    return f"{ctx.api}/repos/{full_name(ctx.world, repo)}/git"


def signature_from(ctx: Ctx, value: Any, default: Signature, field: str) -> Signature:
    """Author or committer from a body: {name, email, date?}. 422 without name and email, or for a bad date."""
    if value is None:
        return default
    if not isinstance(value, dict) or not value.get("name") or not value.get("email"):
        raise bad_request_shape(f'"name", "email" weren\'t supplied for {field}.')
    when = ctx.world.clock.now()
    if value.get("date"):
        try:
            when = datetime.fromisoformat(str(value["date"]))
        except ValueError as error:
            raise bad_request_shape(f"{value['date']} is not a valid date-time.") from error
    return Signature(name=value["name"], email=value["email"], when=when if when.tzinfo else when.replace(tzinfo=UTC))


def _create_blob(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, "write", grant="contents")
    text = ctx.json().get("content")
    if not isinstance(text, str):
        raise bad_request_shape('"content" wasn\'t supplied.')
    try:
        data = base64.b64decode(text) if ctx.take("encoding", str, "utf-8") == "base64" else text.encode()
    except binascii.Error as error:
        raise unprocessable("content is not valid Base64") from error
    sha = ctx.world.git(repo).write_blob(data)
    url = f"{_base(ctx, repo)}/blobs/{sha}"
    return created({"sha": sha, "url": url})


def _get_blob(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, grant="contents")
    sha = ctx.params["sha"]
    try:
        data = ctx.world.git(repo).blob(sha)
    except GitObjectMissing as error:
        raise not_found() from error
    if ctx.accepts("raw"):
        return Reply(raw=data, content_type="application/vnd.github.raw; charset=utf-8")
    body = {
        "sha": sha,
        "node_id": node_id("B", f"{repo.id}:{sha}"),
        "size": len(data),
        "url": f"{_base(ctx, repo)}/blobs/{sha}",
    }
    return Reply(body={**body, "content": wrapped_base64(data), "encoding": "base64"})


def tree_json(ctx: Ctx, repo: Repo, name: str, *, recursive: bool) -> dict[str, Any]:
    """`git-tree`. GitObjectMissing."""
    git = ctx.world.git(repo)
    found = git.resolve(name, "tree")
    if found is None:
        raise GitObjectMissing(name)
    base, rows = _base(ctx, repo), []
    entries = git.tree(found, recursive=recursive)
    for entry in entries[:TREE_LIMIT]:
        row: dict[str, Any] = {"path": entry.path, "mode": entry.mode, "type": entry.type, "sha": entry.sha}
        if entry.size is not None:
            row["size"] = entry.size
        if entry.type != "commit":
            row["url"] = f"{base}/{entry.type}s/{entry.sha}"
        rows.append(row)
    return {"sha": found, "url": f"{base}/trees/{found}", "tree": rows, "truncated": len(entries) > TREE_LIMIT}


def _get_tree(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, grant="contents")
    try:
        # Any value of `recursive` means yes on GitHub, "0" and "false" included.
        return Reply(body=tree_json(ctx, repo, ctx.params["sha"], recursive="recursive" in ctx.query))
    except GitError as error:
        raise not_found() from error


def _create_tree(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, "write", grant="contents")
    git = ctx.world.git(repo)
    base = ctx.json().get("base_tree")
    if base is not None and git.resolve(str(base), "tree") is None:
        raise unprocessable("base_tree is not a valid tree oid")
    changes = []
    for entry in ctx.take("tree", list):
        mode, path = entry.get("mode"), entry.get("path")
        if mode not in _MODES or not path:
            raise unprocessable("tree.mode, tree.path or tree.type is missing or invalid")
        if "content" in entry:
            sha = git.write_blob(str(entry["content"]).encode())
        else:
            if "sha" not in entry:
                raise unprocessable("Must supply tree.sha or tree.content")
            sha = entry["sha"]
            known = git.info(sha) if isinstance(sha, str) and _SHA.fullmatch(sha) else None
            if sha is not None and mode != "160000" and (known is None or known[1] != _MODES[mode]):
                raise unprocessable("tree.sha " + str(sha) + " is not a valid " + _MODES[mode])
        changes.append((path, mode, sha))
    try:
        sha = git.write_tree(base, changes)
    except GitError as error:
        raise unprocessable("tree.path contains a malformed path component") from error
    return created(tree_json(ctx, repo, sha, recursive=False))


def _create_commit(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, "write", grant="contents")
    actor, git, body = require_user(ctx), ctx.world.git(repo), ctx.json()
    message, tree = ctx.take("message", str), ctx.take("tree", str)
    parents = ctx.take("parents", list, [])
    if not _SHA.fullmatch(tree) or (git.info(tree) or ("", ""))[1] != "tree":
        raise unprocessable("Tree SHA does not exist")
    for parent in parents:
        if not isinstance(parent, str) or not _SHA.fullmatch(parent) or (git.info(parent) or ("", ""))[1] != "commit":
            raise unprocessable("Parent SHA does not exist or is not a commit object")
    me = signature_of(ctx.world, actor.user)
    author = signature_from(ctx, body.get("author"), me, "author")
    committer = signature_from(ctx, body.get("committer"), author, "committer")
    # GitHub signs for apps that name nobody else.
    if actor.app_id and "author" not in body and "committer" not in body:
        sha = signed_commit(ctx.world, repo, tree=tree, parents=parents, author=me, message=message)
    else:
        sha = git.write_commit(
            tree=tree,
            parents=parents,
            author=author,
            committer=committer,
            message=message,
            signature=body.get("signature"),
        )
    shown = git_commit_json(ctx, repo, git.commit(sha))
    return created(shown)


def _get_commit(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, grant="contents")
    try:
        sha = ctx.params["sha"]
        if not _SHA.fullmatch(sha):
            raise not_found()
        return Reply(body=git_commit_json(ctx, repo, ctx.world.git(repo).commit(sha)))
    except GitObjectMissing as error:
        raise not_found() from error


def _create_tag(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, "write", grant="contents")
    git = ctx.world.git(repo)
    name, message = ctx.take("tag", str), ctx.take("message", str)
    target, kind = ctx.take("object", str), ctx.take("type", str)
    found = git.info(target) if _SHA.fullmatch(target) else None
    if found is None or found[1] != kind:
        raise invalid("Tag", "object")
    default = signature_of(ctx.world, require_user(ctx).user)
    tagger = signature_from(ctx, ctx.json().get("tagger"), default, "tagger")
    head = f"object {target}\ntype {kind}\ntag {name}\ntagger ".encode()
    sha = git.write_object("tag", head + tagger.encode() + b"\n\n" + message.encode())
    return created(_tag_json(ctx, repo, sha))


def _tag_json(ctx: Ctx, repo: Repo, sha: str) -> dict[str, Any]:
    tag = ctx.world.git(repo).tag(sha)
    tagger = tag.tagger
    return {
        "sha": sha,
        "node_id": node_id("TA", f"{repo.id}:{sha}"),
        "tag": tag.name,
        "url": f"{_base(ctx, repo)}/tags/{sha}",
        "message": tag.message,
        "tagger": {"name": tagger.name, "email": tagger.email, "date": tagger.iso()} if tagger else None,
        "object": {
            "sha": tag.target,
            "type": tag.target_type,
            "url": f"{_base(ctx, repo)}/{tag.target_type}s/{tag.target}",
        },
        "verification": {
            "verified": False,
            "reason": "unsigned",
            "signature": None,
            "payload": None,
            "verified_at": None,
        },
    }


def _get_tag(ctx: Ctx) -> Reply:
    repo = find_repo(ctx, grant="contents")
    try:
        return Reply(body=_tag_json(ctx, repo, ctx.params["sha"]))
    except GitObjectMissing as error:
        raise not_found() from error


routes = [
    route("POST", "/repos/{owner}/{repo}/git/blobs", _create_blob),
    route("GET", "/repos/{owner}/{repo}/git/blobs/{sha}", _get_blob),
    route("POST", "/repos/{owner}/{repo}/git/trees", _create_tree),
    route("GET", "/repos/{owner}/{repo}/git/trees/{sha:path}", _get_tree),
    route("POST", "/repos/{owner}/{repo}/git/commits", _create_commit),
    route("GET", "/repos/{owner}/{repo}/git/commits/{sha}", _get_commit),
    route("POST", "/repos/{owner}/{repo}/git/tags", _create_tag),
    route("GET", "/repos/{owner}/{repo}/git/tags/{sha}", _get_tag),
]
