"""The files of a change, from git itself.

GitHub's own list (REST ``/pulls/N/files``, GraphQL ``files``) is cut at 3,000 and shows neither modes nor, in
GraphQL, old names. So the pull request's ref is fetched into a bare clone without file contents (``blob:none``),
and git says what changed: renames with both names, modes, submodules, links, and the tree that merging gives. That
saves one call and gives a second, independent list: where it and GitHub's differ by even one path, the list is not
believed and the change blocks.
"""

from __future__ import annotations

import base64
import fcntl
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

from attrs import evolve

from bascule import streams
from bascule.clock import Clock
from bascule.errors import BusyError, UsageError
from bascule.forge.addresses import Api, is_loopback
from bascule.forge.snapshot import ListedFile, Snapshot
from bascule.forge.tokens import Secret
from bascule.git import Git
from bascule.messages import forge as text
from bascule.types import Change, FileChange, Repo

LOCK_SECONDS = 120.0
STALE_SECONDS = 10.0
"""Age from which a lock of git's is nobody's."""
_PROXIES = ("http_proxy", "https_proxy", "no_proxy", "all_proxy")


def cache_root(environ: Mapping[str, str]) -> Path:
    """Return the folder for clones: ``$XDG_CACHE_HOME/bascule``, else ``~/.cache/bascule``."""
    root = environ.get("XDG_CACHE_HOME", "")
    return (Path(root) if root.startswith("/") else streams.home(environ) / ".cache") / "bascule"


def clone_path(cache: Path, repo: Repo) -> Path:
    """Return where the bare clone of ``repo`` is; by id, so that a rename keeps it and a namesake does not get it."""
    return cache / repo.host.replace(":", "_") / f"{repo.id}.git"


def fetch_change(snapshot: Snapshot, cache: Path, token: Secret | None, *, api: Api, clock: Clock) -> Change:
    """Return the snapshot's change with files, modes, merge base and merge tree from git. No API call; one git fetch.

    ``files_complete`` is True only when git's list and GitHub's name the same paths.

    Raises:
        BusyError: the pull request's ref is not at the SHA that was read, or another run holds the clone.
        OutsideError: git or the network failed.
    """
    change = snapshot.change_without_git
    path = clone_path(cache, change.repo)
    with locked(path, clock=clock):
        git = open_clone(path, url=api.git_url(change.repo.full_name), token=token)
        mine = f"refs/bascule/pulls/{change.number}"
        git.run(
            "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--force", "--filter=blob:none", "origin",
            f"{change.base_sha}:{mine}/base", f"refs/pull/{change.number}/head:{mine}/head",
        )  # fmt: skip
        found = git.resolve(f"{mine}/head^{{commit}}") or ""
        if found != change.head_sha:
            message, hint = text.head_moved(change.number, change.head_sha, found)
            raise BusyError(message, hint=hint)
        merge_base = git.merge_base(change.base_sha, change.head_sha)
        if merge_base is None:
            return evolve(change, files_complete=False, files_note=text.no_common_history())
        files = git.raw_diff(merge_base, change.head_sha)
        note = compare(files, snapshot.listed, snapshot.changed_files)
        return evolve(
            change,
            files=files,
            files_complete=not note,
            files_note=note,
            merge_base=merge_base,
            merge_tree=git.merge_tree(change.base_sha, change.head_sha),
        )


def fetch_branch(
    repo: Repo, branch: str, cache: Path, token: Secret | None, *, api: Api, clock: Clock
) -> tuple[Git, str]:
    """Fetch ``branch`` and return the clone and the tip. No API call; one git fetch.

    The tip is read while the clone is held: other runs, for other branches, fetch into the same one.

    Raises:
        BusyError, OutsideError: as :func:`fetch_change`.
    """
    path = clone_path(cache, repo)
    with locked(path, clock=clock):
        git = open_clone(path, url=api.git_url(repo.full_name), token=token)
        git.run(
            "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--force", "--filter=blob:none", "origin",
            f"refs/heads/{branch}:refs/bascule/branch",
        )  # fmt: skip
        return git, git.text("rev-parse", "--verify", "refs/bascule/branch")


def fetch_merged(snapshot: Snapshot, cache: Path, token: Secret | None, *, api: Api, clock: Clock) -> tuple[Git, str]:
    """Fetch a merged pull request's base branch and its head; return the clone and the branch's tip. As
    :func:`fetch_branch`: no API call, one git fetch.

    Raises:
        BusyError, OutsideError: as :func:`fetch_change`.
    """
    change = snapshot.change_without_git
    path = clone_path(cache, change.repo)
    with locked(path, clock=clock):
        git = open_clone(path, url=api.git_url(change.repo.full_name), token=token)
        mine = f"refs/bascule/pulls/{change.number}"
        git.run(
            "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--force", "--filter=blob:none", "origin",
            f"refs/heads/{change.base_ref}:refs/bascule/branch", f"refs/pull/{change.number}/head:{mine}/head",
        )  # fmt: skip
        return git, git.text("rev-parse", "--verify", "refs/bascule/branch")


def fetch_tags(repo: Repo, cache: Path, token: Secret | None, *, api: Api, clock: Clock) -> None:
    """Let the clone have exactly the tags that the repository has now, with their commits. One git fetch, no API call.

    Raises:
        BusyError, OutsideError: as :func:`fetch_change`.
    """
    path = clone_path(cache, repo)
    with locked(path, clock=clock):
        git = open_clone(path, url=api.git_url(repo.full_name), token=token)
        git.run(
            "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--force", "--prune", "--filter=blob:none",
            "origin", "+refs/tags/*:refs/tags/*",
        )  # fmt: skip


def fill(snapshot: Snapshot, cache: Path, token: Secret | None, *, api: Api, clock: Clock) -> Path:
    """Fetch every file content of base and head, and return the clone: what token-less processes read offline.

    Raises:
        BusyError, OutsideError: as :func:`fetch_change`.
    """
    change = snapshot.change_without_git
    path = clone_path(cache, change.repo)
    with locked(path, clock=clock):
        git = open_clone(path, url=api.git_url(change.repo.full_name), token=token)
        listed = git.text(
            "rev-list", "--objects", "--missing=print", "--no-object-names",
            f"{change.base_sha}^{{tree}}", f"{change.head_sha}^{{tree}}",
        )  # fmt: skip
        missing = [line[1:] for line in listed.splitlines() if line.startswith("?")]
        if missing:
            git.run(
                "-c", "fetch.negotiationAlgorithm=noop", "fetch", "--quiet", "--no-tags", "--no-write-fetch-head",
                "--filter=blob:none", "--stdin", "origin", stdin="\n".join([*missing, ""]).encode(),
            )  # fmt: skip
    return path


def compare(files: Iterable[FileChange], listed: Iterable[ListedFile], counted: int) -> str:
    """Return why git's list and GitHub's do not agree, or an empty string when they do.

    GitHub names a renamed file by its new name only, and the two may disagree about what is a rename. So: every path
    that GitHub lists must be touched in git; a path that only git has must be one that goes away, and there must
    be as many of those as GitHub lists renames.
    """
    touched: set[str] = set()
    gone: set[str] = set()
    for f in files:
        touched.update(f.paths)
        gone.update(f.paths[1:] if f.status == "renamed" else f.paths if f.status == "removed" else ())
    shown = tuple(listed)
    names = {f.path for f in shown}
    only_git = touched - names
    renames = sum(f.change == "RENAMED" for f in shown)
    if names <= touched and only_git <= gone and len(only_git) == renames and len(shown) == counted == len(names):
        return ""
    unexplained = only_git - gone if only_git - gone else only_git if len(only_git) != renames else set()
    return text.files_differ(names - touched, unexplained, len(shown), counted) or text.files_differ_somehow(
        len(touched), counted
    )


@contextmanager
def locked(path: Path, *, clock: Clock, seconds: float = LOCK_SECONDS) -> Iterator[None]:
    """Hold the clone at ``path`` alone, waiting up to ``seconds`` for another run.

    While it is held, and after a run that failed or was killed, the lock's file is not empty: then the next one looks
    for what git left behind.

    Raises:
        BusyError: it is still held then.
        UsageError: the folder cannot be written.
    """
    try:
        path.parents[1].parent.mkdir(parents=True, exist_ok=True)
        for folder in (path.parents[1], path.parent):  # private code may lie here: one by one, for the mode
            folder.mkdir(exist_ok=True, mode=0o700)
        descriptor = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as odd:
        message, hint = text.cache_unwritable(str(path.parent), odd.strerror or "")
        raise UsageError(message, hint=hint) from odd
    try:
        waited = 0.0
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if waited >= seconds:
                    message, hint = text.cache_busy(str(path), seconds)
                    raise BusyError(message, hint=hint) from None
                clock.sleep(0.2)
                waited += 0.2
        if os.fstat(descriptor).st_size:
            _unlock(path)
        with suppress(OSError):  # a full disk is git's to tell
            os.pwrite(descriptor, b"held\n", 0)
        yield
        os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def _unlock(path: Path) -> None:
    """Remove what git locked in the clone and never let go of, because the machine or its container ended.

    Whoever calls this holds the clone alone. A git that a killed run left behind may still be at work, though; git
    holds a lock for a moment only, so what is older than :data:`STALE_SECONDS` is not its.
    """
    before = time.time() - STALE_SECONDS
    for lock in (*path.glob("*.lock"), *(path / "refs").rglob("*.lock")):
        with suppress(FileNotFoundError):
            if lock.stat().st_mtime < before:
                lock.unlink()


def open_clone(path: Path, *, url: str, token: Secret | None) -> Git:
    """Return the bare clone at ``path``, made when it is not there; contents that git misses are fetched from ``url``.

    The token goes into git's environment, for this address only, never into an argument or a file; redirects are not
    followed, so that it cannot be carried elsewhere.
    """
    git = Git(path, env=_environment(url, token))
    if not (path / "HEAD").is_file():
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        git.run("init", "--quiet", "--bare", ".")
        with (path / "config").open("a", encoding="utf-8") as config:
            config.write("[core]\n\trepositoryFormatVersion = 1\n[extensions]\n\tpartialClone = origin\n")
    return git


def _environment(url: str, token: Secret | None) -> dict[str, str]:
    settings = {
        "remote.origin.url": url,
        "remote.origin.promisor": "true",
        "remote.origin.partialCloneFilter": "blob:none",
        "http.followRedirects": "false",
        "http.lowSpeedLimit": "1000",
        "http.lowSpeedTime": "30",
        "credential.helper": "",
        "protocol.version": "2",
        "gc.auto": "0",
        "maintenance.auto": "false",
        "fetch.recurseSubmodules": "false",
    }
    if token is not None:
        pair = base64.b64encode(f"x-access-token:{token.reveal()}".encode()).decode()
        settings[f"http.{url}.extraHeader"] = f"Authorization: Basic {pair}"
    made = {"GIT_CONFIG_COUNT": str(len(settings)), "GIT_ALLOW_PROTOCOL": "https:http"}
    for i, (key, value) in enumerate(settings.items()):
        made |= {f"GIT_CONFIG_KEY_{i}": key, f"GIT_CONFIG_VALUE_{i}": value}
    if is_loopback(urlsplit(url).hostname or ""):
        return made  # a proxy must never be asked to reach this very machine: it would see the token
    names = {n for p in _PROXIES for n in (p, p.upper())}
    return made | {n: os.environ[n] for n in names if n in os.environ}
