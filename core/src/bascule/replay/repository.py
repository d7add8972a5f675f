"""Which repository, which branch, and what the clone has of it. Nothing here writes or uses the network."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from attrs import frozen

from bascule.errors import OutsideError, UsageError
from bascule.git import Git
from bascule.messages import replay as say

# A partial clone would fetch what it lacks: GIT_NO_LAZY_FETCH stops that from git 2.44 on, and for older ones an
# allow-list of protocols without any that exists, which outranks every `protocol.*` setting of the repository.
# The repository was named by the person who runs this, and no program of its configuration is run: whose it is, is no
# reason to refuse (a container's checkout often belongs to somebody else).
READ_ONLY: Final[Mapping[str, str]] = {
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_GRAFT_FILE": os.devnull,
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "safe.directory",
    "GIT_CONFIG_VALUE_0": "*",
}


_REMOTE: Final = re.compile(r"(?:[a-z+]+://[^/]+/|[\w.-]+@[^:/]+:)(.+?)(?:\.git)?/*$")


@frozen(kw_only=True)
class Repository:
    """A local repository at one branch.

    ``branch`` is the name that a pull request's base would have, empty where HEAD is detached. ``boundary`` are the
    commits whose parents a shallow clone lacks. ``partial``: file contents may be missing.
    """

    git: Git
    name: str
    branch: str
    tip: str
    boundary: frozenset[str] = frozenset()
    partial: bool = False


def find(path: Path, branch: str | None = None, *, env: Mapping[str, str] | None = None) -> Repository:
    """Return the repository that ``path`` is or lies in, at ``branch`` (a branch, tag or commit; HEAD by default).

    Args:
        path: a work tree, a folder in one, a linked worktree, a bare repository or a ``.git`` directory.
        branch: local branches come first, then remote ones, then any other revision.
        env: more variables for git.

    Raises:
        UsageError: there is no repository, no such branch, or no commit yet.
        OutsideError: git is missing or cannot read the repository.
    """
    if not path.is_dir():
        raise UsageError(say.not_a_folder(path.exists()), where=str(path), hint=say.GIVE_A_REPOSITORY)
    variables = {**READ_ONLY, **(env or {})}
    try:
        directory = Path(Git(path, env=variables).text("rev-parse", "--absolute-git-dir"))
    except OutsideError as error:
        if "not a git repository" in error.message:
            raise UsageError(say.NOT_A_REPOSITORY, where=str(path), hint=say.GIVE_A_REPOSITORY) from error
        raise
    # From inside the git directory: there the attributes and the index of the checkout have no say.
    git = Git(directory, env=variables)
    named, tip = _tip(git, branch, path)
    return Repository(
        git=git, name=_name(git, path, directory), branch=named, tip=tip, boundary=_boundary(git), partial=_partial(git)
    )


def _tip(git: Git, branch: str | None, path: Path) -> tuple[str, str]:
    """Return (branch name or "", commit)."""
    if branch is None:
        status, out = git.call("symbolic-ref", "--quiet", "HEAD", ok=(0, 1))
        head = out.decode("utf-8", "surrogateescape").strip() if status == 0 else ""
        tip = git.resolve("HEAD^{commit}")
        if tip is not None:
            return head.removeprefix("refs/heads/"), tip
        others = _branches(git)
        if others:
            named = head.removeprefix("refs/heads/")
            raise UsageError(say.head_is_unborn(named), where=str(path), hint=say.choose_branch(others))
        raise UsageError(say.NO_COMMITS, where=str(path), hint=say.COMMIT_FIRST)
    for prefix in ("refs/heads/", "refs/remotes/", "refs/remotes/origin/", ""):
        tip = git.resolve(f"{prefix}{branch}^{{commit}}")
        if tip is not None:
            named = branch.split("/", 1)[1] if prefix == "refs/remotes/" and "/" in branch else branch
            return named, tip
    raise UsageError(say.no_branch(branch), where="--branch", hint=say.choose_branch(_branches(git)))


def _branches(git: Git) -> tuple[str, ...]:
    form = "--format=%(refname:lstrip=2)"
    listed = git.text("for-each-ref", "--sort=-committerdate", form, "refs/heads", "refs/remotes")
    return tuple(b for b in listed.splitlines() if not b.endswith("/HEAD"))


def _name(git: Git, path: Path, directory: Path) -> str:
    """Return ``owner/name`` as the remote's address ends, else the folder's name.

    The rest of the address is left out: it may hold a key.
    """
    status, out = git.call("config", "--get", "remote.origin.url", ok=(0, 1))
    remote = _REMOTE.match(out.decode("utf-8", "replace").strip()) if status == 0 else None
    if remote:
        return "/".join(remote[1].split("/")[-2:])
    if directory.parent.name == "worktrees":
        return path.resolve().name
    top = directory.parent if directory.name == ".git" else directory
    return top.name.removesuffix(".git") or str(top)


def _boundary(git: Git) -> frozenset[str]:
    common = git.directory / git.text("rev-parse", "--git-common-dir")
    try:
        return frozenset((common / "shallow").read_text("ascii").split())
    except FileNotFoundError:
        return frozenset()


def _partial(git: Git) -> bool:
    keys = r"^(remote\..*\.(promisor|partialclonefilter)|extensions\.partialclone)$"
    return git.call("config", "--get-regexp", keys, ok=(0, 1))[0] == 0
