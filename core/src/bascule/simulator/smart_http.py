"""Clone, fetch and push over git's smart HTTP protocol (gitprotocol-http, gitprotocol-pack).

Fetching is git's own upload-pack. Receiving is done here, so that protection decides ref by ref before anything
moves, and so that a ref moves by compare-and-swap like everywhere else.
"""

import gzip
import subprocess
import zlib
from collections.abc import Sequence

import anyio.to_thread
from attrs import frozen
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bascule.simulator.access import full_name, level_at_least, permission_of, repo_by_former_name, repo_by_name
from bascule.simulator.auth import authenticate
from bascule.simulator.enforce import RefUpdate, Refusal
from bascule.simulator.git import GitError, GitRepo
from bascule.simulator.git.repository import ZERO
from bascule.simulator.git.run import clean_environment
from bascule.simulator.http import HttpError, run_locked
from bascule.simulator.model import Repo
from bascule.simulator.refs import try_updates
from bascule.simulator.world import Actor, World

_CAPABILITIES = "report-status delete-refs side-band-64k quiet atomic ofs-delta object-format=sha1 agent=git/github-sim"
_UNPACK_LIMIT = 500


@frozen(kw_only=True)
class _Push:
    updates: tuple[RefUpdate, ...]
    capabilities: frozenset[str]
    pack: bytes


def _text(status: int, text: str, headers: dict[str, str] | None = None) -> Response:
    return Response(text, status, {"Content-Type": "text/plain; charset=utf-8", **(headers or {})})


def _challenge() -> Response:
    return _text(401, "Authentication required.", {"WWW-Authenticate": 'Basic realm="GitHub"'})


def _open(world: World, request: Request, service: str) -> tuple[Repo, Actor | None] | Response:
    try:
        actor = authenticate(world, dict(request.headers))
    except HttpError:
        return _challenge()
    if actor:
        request.scope["sim_user"] = actor.user.login
    owner, name = request.path_params["owner"], request.path_params["repo"].removesuffix(".git")
    repo = repo_by_name(world, owner, name) or repo_by_former_name(world, owner, name)
    level = permission_of(world, repo, actor) if repo else "none"
    if repo is None or level == "none":
        return _text(404, "Repository not found.") if actor else _challenge()
    if service != "git-receive-pack":
        return repo, actor
    if actor is None:
        return _challenge()
    if not level_at_least(level, "write"):
        return _text(403, f"Permission to {full_name(world, repo)}.git denied to {actor.user.login}.")
    if repo.archived:
        return _text(403, "This repository was archived so it is read-only.")
    return repo, actor


def _pkt(data: bytes) -> bytes:
    return f"{len(data) + 4:04x}".encode() + data


def _upload_pack(directory: str, args: Sequence[str], stdin: bytes, protocol: str) -> bytes:
    env = clean_environment({"GIT_PROTOCOL": protocol} if protocol else None)
    # receive-pack never sees refs/pull; upload-pack shows them, as GitHub does.
    command = ["git", "upload-pack", "--stateless-rpc", *args, directory]
    return subprocess.run(command, input=stdin, capture_output=True, env=env, check=False).stdout


def _is_v2(protocol: str) -> bool:
    return "version=2" in protocol.split(":")


_greetings: dict[str, bytes] = {}
"""What git answers in protocol 2: its own capabilities, the same for every repository here, so it is asked once."""


def _upload_refs(directory: str, protocol: str) -> bytes:
    known = "version=2" if _is_v2(protocol) else None
    if known in _greetings:
        return _greetings[known]
    found = _upload_pack(directory, ["--http-backend-info-refs"], b"", protocol)
    if known and found:
        _greetings[known] = found
    return found


async def info_refs(request: Request) -> Response:
    """GET /o/r.git/info/refs?service=..."""
    request.scope["sim_git"] = True
    world: World = request.app.state.world
    service = request.query_params.get("service", "")
    if service not in ("git-upload-pack", "git-receive-pack"):
        return _text(403, "Please upgrade your git client.\nGitHub.com no longer supports git over dumb-http")
    opened = _open(world, request, service)
    if isinstance(opened, Response):
        return opened
    git = world.git(opened[0])
    protocol = request.headers.get("git-protocol", "")

    def advertise() -> bytes:
        if service == "git-upload-pack":
            listing = _upload_refs(str(git.directory), protocol)
        else:
            listing = _advertise_for_push(git)
        head = (
            b""
            if _is_v2(protocol) and service == "git-upload-pack"
            else _pkt(f"# service={service}\n".encode()) + b"0000"
        )
        return head + listing

    data = await run_locked(request, advertise)
    headers = {"Content-Type": f"application/x-{service}-advertisement", "Cache-Control": "no-cache"}
    return Response(data, 200, headers)


def _advertise_for_push(git: GitRepo) -> bytes:
    shown = [(sha, name) for name, (sha, _) in git.refs().items() if not name.startswith("refs/pull/")]
    shown = shown or [(ZERO, "capabilities^{}")]
    lines = [_pkt(f"{shown[0][0]} {shown[0][1]}\0{_CAPABILITIES}\n".encode())]
    lines += [_pkt(f"{sha} {name}\n".encode()) for sha, name in shown[1:]]
    return b"".join(lines) + b"0000"


async def _body(request: Request) -> bytes:
    data = await request.body()
    return gzip.decompress(data) if request.headers.get("content-encoding") in ("gzip", "x-gzip") else data


async def upload_pack(request: Request) -> Response:
    """POST /o/r.git/git-upload-pack."""
    request.scope["sim_git"] = True
    world: World = request.app.state.world
    opened = _open(world, request, "git-upload-pack")
    if isinstance(opened, Response):
        return opened
    try:
        data = await _body(request)
    except (OSError, EOFError, zlib.error):
        return _text(400, "Bad gzip body.")
    directory = str(world.git(opened[0]).directory)
    protocol = request.headers.get("git-protocol", "")
    # Outside the lock: a big clone must not stop the rest, and upload-pack only reads.
    out = await anyio.to_thread.run_sync(_upload_pack, directory, [], data, protocol)
    return Response(out, 200, {"Content-Type": "application/x-git-upload-pack-result", "Cache-Control": "no-cache"})


async def receive_pack(request: Request) -> Response:
    """POST /o/r.git/git-receive-pack."""
    request.scope["sim_git"] = True
    world: World = request.app.state.world
    opened = _open(world, request, "git-receive-pack")
    if isinstance(opened, Response):
        return opened
    repo, actor = opened
    assert actor is not None
    try:
        data = await _body(request)
        push = _parse(data)
    except (OSError, EOFError, zlib.error, ValueError, IndexError):
        return _text(400, "Bad request.")
    headers = {"Content-Type": "application/x-git-receive-pack-result", "Cache-Control": "no-cache"}
    if push is None:
        return Response(b"", 200, headers)

    def work() -> bytes:
        try:
            return _receive(world, repo, actor, push)
        finally:
            world.store.flush()

    return Response(await run_locked(request, work), 200, headers)


def _parse(data: bytes) -> _Push | None:
    """Commands up to the flush packet, then the pack. None for an empty probe."""
    updates: list[RefUpdate] = []
    capabilities: frozenset[str] = frozenset()
    at = 0
    while at < len(data):
        length = int(data[at : at + 4], 16)
        if length == 0:
            at += 4
            break
        line, _, caps = data[at + 4 : at + length].partition(b"\0")
        if caps:
            capabilities = frozenset(caps.decode().split())
        old, new, ref = line.decode().rstrip("\n").split(" ", 2)
        updates.append(RefUpdate(ref=ref, old=None if old == ZERO else old, new=None if new == ZERO else new))
        at += length
    return _Push(updates=tuple(updates), capabilities=capabilities, pack=data[at:]) if updates else None


def _receive(world: World, repo: Repo, actor: Actor, push: _Push) -> bytes:
    git = world.git(repo)
    unpacked = _store_pack(git, push.pack)
    results: list[Refusal | None]
    if unpacked is not None:
        results = [Refusal(message=unpacked, git_lines=(), git_reason="unpacker error") for _ in push.updates]
    else:
        results = _decide(world, repo, actor, push)
    report = _pkt(f"unpack {unpacked or 'ok'}\n".encode())
    shown: list[str] = []
    for update, refusal in zip(push.updates, results, strict=True):
        if refusal is None:
            report += _pkt(f"ok {update.ref}\n".encode())
        else:
            report += _pkt(f"ng {update.ref} {refusal.git_reason}\n".encode())
            shown += refusal.git_lines
    report += b"0000"
    if "side-band-64k" not in push.capabilities:
        return report if "report-status" in push.capabilities else b""
    out = b"".join(_pkt(b"\x02" + line.encode() + b"\n") for line in shown)
    for start in range(0, len(report), 65000):
        out += _pkt(b"\x01" + report[start : start + 65000])
    return out + b"0000"


def _store_pack(git: GitRepo, pack: bytes) -> str | None:
    if not pack.startswith(b"PACK"):
        return None
    count = int.from_bytes(pack[8:12], "big")
    command = ["unpack-objects", "-q"] if count <= _UNPACK_LIMIT else ["index-pack", "--stdin", "--fix-thin"]
    try:
        git.run(command, stdin=pack)
    except GitError as error:
        return str(error).splitlines()[-1][:200]
    return None


def _decide(world: World, repo: Repo, actor: Actor, push: _Push) -> list[Refusal | None]:
    git = world.git(repo)
    early = [_malformed(git, update) for update in push.updates]
    if "atomic" in push.capabilities and any(early):
        return [refusal or _atomic() for refusal in early]
    ready = [
        RefUpdate(ref=u.ref, old=u.old, new=u.new, forced=_is_forced(git, u))
        for u, refusal in zip(push.updates, early, strict=True)
        if refusal is None
    ]
    if "atomic" in push.capabilities:
        from bascule.simulator.enforce import check_push

        checked = check_push(world, repo, actor, ready)
        if any(checked):
            return [refusal or _atomic() for refusal in checked]
    done = iter(try_updates(world, repo, actor, ready))
    return [refusal if refusal is not None else next(done) for refusal in early]


def _atomic() -> Refusal:
    return Refusal(message="", git_lines=(), git_reason="atomic push failure")


def _malformed(git: GitRepo, update: RefUpdate) -> Refusal | None:
    reason = None
    if update.ref.startswith("refs/pull/"):
        reason = "deny updating a hidden ref"
    elif not update.ref.startswith("refs/") or not git.valid_ref_name(update.ref):
        reason = "funny refname"
    elif update.new is not None and not _connected(git, update.new):
        reason = "missing necessary objects"
    elif update.new is None and update.old is not None and git.ref(update.ref) is None:
        reason = "failed to update ref"
    elif update.ref.startswith("refs/heads/") and update.new and (git.info(update.new) or ("", ""))[1] != "commit":
        reason = "funny object"
    return Refusal(message=reason, git_lines=(), git_reason=reason) if reason else None


def _connected(git: GitRepo, new: str) -> bool:
    try:
        git.run(["rev-list", "--objects", "--quiet", new, "--not", "--all"])
    except GitError:
        return False
    return True


def _is_forced(git: GitRepo, update: RefUpdate) -> bool:
    if not update.old or not update.new or not update.ref.startswith("refs/heads/"):
        return False
    return git.resolve(update.old, "commit") is None or not git.is_ancestor(update.old, update.new)


routes = [
    Route("/{owner}/{repo}/info/refs", info_refs, methods=["GET"]),
    Route("/{owner}/{repo}/git-upload-pack", upload_pack, methods=["POST"]),
    Route("/{owner}/{repo}/git-receive-pack", receive_pack, methods=["POST"]),
]
