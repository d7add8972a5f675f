"""Which pull request of which repository on which GitHub a person means.

The GitHub is decided by the environment alone (``BASCULE_API_URL``, ``GH_HOST``, ``GITHUB_API_URL``, else
github.com). A link, a ``-R`` or a clone that names another host is refused: the token must not follow an address
that came from elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from attrs import frozen

from bascule.errors import UsageError
from bascule.forge.addresses import Api, check_address, is_loopback
from bascule.git import Git
from bascule.messages import forge as text

_OWNER = r"(?P<owner>[A-Za-z0-9][A-Za-z0-9_.-]*)"
_NAME = r"(?P<name>[A-Za-z0-9._-]+?)"
_REPO = re.compile(rf"(?:(?P<host>[A-Za-z0-9.-]+(?::\d+)?)/)?{_OWNER}/{_NAME}(?:\.git)?/?")
_PULL_PATH = re.compile(rf"/{_OWNER}/{_NAME}/pull/(?P<number>\d{{1,9}})(?:/.*)?")
_REPO_PATH = re.compile(rf"/{_OWNER}/{_NAME}(?:\.git)?/?")
_SHORT = re.compile(rf"{_OWNER}/{_NAME}#(?P<number>\d{{1,9}})")
_SCP = re.compile(r"(?:[^@/\s]+@)?(?P<host>[^:/\s]+):(?P<path>[^/].*)")
_HOST = re.compile(r"[A-Za-z0-9.-]+(:\d+)?")
_PREFERRED = ("upstream", "github", "origin")


@frozen(kw_only=True)
class Target:
    """A repository, and a pull request by ``number`` or by the ``branch`` it comes from; at most one of them is set."""

    api: Api
    owner: str
    name: str
    number: int | None = None
    branch: str | None = None

    @property
    def full_name(self) -> str:
        """Return ``owner/name`` as the person wrote it; GitHub's own spelling comes with the first reading."""
        return f"{self.owner}/{self.name}"


@frozen(kw_only=True)
class _Named:
    """A repository as an address names it; ``host`` None where it names none, without a port for SSH."""

    owner: str
    name: str
    host: str | None = None
    ssh: bool = False
    number: int | None = None

    @property
    def slug(self) -> str:
        return f"{self.owner}/{self.name}"


def api_of(environ: Mapping[str, str]) -> Api:
    """Return the GitHub that the environment names.

    Raises:
        UsageError: a variable holds no usable address.
    """
    allow_http = environ.get("BASCULE_ALLOW_HTTP", "") == "1"
    if root := environ.get("BASCULE_API_URL", "").strip():
        return Api.of_root(root, allow_http=allow_http)
    if host := environ.get("GH_HOST", "").strip():
        if _HOST.fullmatch(host) is None:
            message, hint = text.bad_address(host, "GH_HOST takes a host name")
            raise UsageError(message, hint=hint)
        check_address(Api.of_host(host).rest)
        return Api.of_host(host)
    if root := environ.get("GITHUB_API_URL", "").strip():
        return Api.of_root(root, allow_http=allow_http)
    return Api.of_host("github.com")


def resolve(
    selector: str | None, *, repo: str | None = None, environ: Mapping[str, str], folder: Path, pull: bool = True
) -> Target:
    """Return what a person means.

    Args:
        selector: ``42``, ``#42``, ``owner/repo#42``, a link to a pull request, ``branch`` or ``owner:branch``;
        None means the
            pull request of the branch checked out in ``folder``.
        repo: the ``-R`` option: ``[HOST/]owner/repo`` or an address; None means ``GH_REPO``, else the remotes of
            ``folder``, else ``GITHUB_REPOSITORY`` (an Actions job without a checkout).
        pull: False where only a repository is meant and ``selector`` is None (``bascule-restore``).

    Raises:
        UsageError: nothing fits, two things contradict each other, or another GitHub is named.
    """
    api = api_of(environ)
    repo = repo or environ.get("GH_REPO", "").strip() or None
    option = None if repo is None else _option(repo, api)
    named, branch = _selector(selector, api)
    if named is not None and named.name:
        if option is not None and option.slug.lower() != named.slug.lower():
            message, hint = text.two_repositories(str(selector), option.slug)
            raise UsageError(message, hint=hint)
        return Target(api=api, owner=named.owner, name=named.name, number=named.number)
    where = option or _from_remotes(folder, api, environ.get("GITHUB_REPOSITORY", "").strip())
    number = named.number if named is not None else None
    if selector is None and pull:
        number, branch = _from_checkout(folder)
    return Target(api=api, owner=where.owner, name=where.name, number=number, branch=branch)


def parse_remote(address: str) -> tuple[str, str, str] | None:
    """Return (host, owner, name) of a git remote's address, SSH or HTTP(S) form, or None when it is no such address."""
    found = _remote(address)
    return None if found is None or found.host is None else (found.host, found.owner, found.name)


def _selector(selector: str | None, api: Api) -> tuple[_Named | None, str | None]:
    """Return (what is named, branch). A bare number is named with an empty repository."""
    if selector is None:
        return None, None
    if re.fullmatch(r"#?\d{1,9}", selector):
        return _Named(owner="", name="", number=int(selector.lstrip("#"))), None
    if short := _SHORT.fullmatch(selector):
        return _Named(owner=short["owner"], name=short["name"], number=int(short["number"])), None
    if "://" in selector:
        parts = _split(selector)
        found = _PULL_PATH.fullmatch(parts.path) if parts is not None else None
        if parts is None or parts.scheme not in {"http", "https"} or found is None:
            message, hint = text.bad_selector(selector)
            raise UsageError(message, hint=hint)
        named = _Named(
            host=parts.netloc.rpartition("@")[2],
            owner=found["owner"],
            name=found["name"],
            number=int(found["number"]),
        )
        _require_host(named, api)
        return named, None
    if not selector.strip() or selector.startswith("-") or re.search(r"\s|[~^?*\[\\]|\.\.|//|@\{", selector):
        message, hint = text.bad_selector(selector)
        raise UsageError(message, hint=hint)
    return None, selector


def _option(repo: str, api: Api) -> _Named:
    found = _remote(repo) if "://" in repo or _SCP.fullmatch(repo) else None
    if found is None and (plain := _REPO.fullmatch(repo)):
        found = _Named(host=plain["host"], owner=plain["owner"], name=plain["name"])
    if found is None or found.name in {".", ".."}:
        message, hint = text.bad_repository(repo)
        raise UsageError(message, hint=hint)
    _require_host(found, api)
    return found


def _remote(address: str) -> _Named | None:
    if "://" in address:
        parts = _split(address)
        if parts is None or parts.scheme not in {"https", "http", "ssh", "git+ssh", "git"} or not parts.hostname:
            return None
        ssh = parts.scheme in {"ssh", "git+ssh"}
        host, path = parts.hostname if ssh else parts.netloc.rpartition("@")[2], parts.path
    elif scp := _SCP.fullmatch(address):
        ssh, host, path = True, scp["host"], f"/{scp['path']}"
    else:
        return None
    found = _REPO_PATH.fullmatch(path)
    return None if found is None else _Named(host=host, owner=found["owner"], name=found["name"], ssh=ssh)


def _split(address: str) -> SplitResult | None:
    """Return the parts of an address, or None where it is none at all (``http://[x``)."""
    try:
        return urlsplit(address)
    except ValueError:
        return None


def _require_host(named: _Named, api: Api) -> None:
    if named.host is not None and not _same_host(named, api):
        message, hint = text.foreign_host(named.host, api.host)
        raise UsageError(message, hint=hint)


def _same_host(named: _Named, api: Api) -> bool:
    found, wanted = str(named.host).lower(), api.host
    if found in {"www.github.com", "ssh.github.com"}:
        found = "github.com"
    if named.ssh:  # an SSH address has a port of its own, or none
        return found == wanted.partition(":")[0]
    (a, _, p), (b, _, q) = found.partition(":"), wanted.partition(":")
    return found == wanted or (p == q and is_loopback(a) and is_loopback(b))


def _from_remotes(folder: Path, api: Api, otherwise: str) -> _Named:
    status, out = Git(folder).call("config", "--get-regexp", r"^remote\..*\.(url|gh-resolved)$", ok=(0, 1, 128))
    remotes: dict[str, _Named] = {}
    chosen: str | None = None
    for line in out.decode("utf-8", "replace").splitlines() if status == 0 else ():
        key, _, value = line.partition(" ")
        name, _, kind = key.removeprefix("remote.").rpartition(".")
        found = _remote(value)
        if kind == "gh-resolved" and value == "base":
            chosen = name  # what the person told `gh` once
        elif kind == "url" and found is not None and _same_host(found, api):
            remotes.setdefault(name, found)
    if chosen in remotes:
        return remotes[chosen]
    for name in _PREFERRED:
        if name in remotes:
            return remotes[name]
    slugs = sorted({r.slug for r in remotes.values()})
    if len(slugs) == 1:
        return next(iter(remotes.values()))
    if otherwise and not slugs:
        return _option(otherwise, api)
    message, hint = text.many_remotes(str(folder), slugs) if slugs else text.no_remote(str(folder), api.host)
    raise UsageError(message, hint=hint)


def _from_checkout(folder: Path) -> tuple[int | None, str | None]:
    """Return (number, branch) of what is checked out; a branch made by `gh pr checkout` may track a pull request's
    ref."""
    git = Git(folder)
    status, out = git.call("symbolic-ref", "--quiet", "--short", "HEAD", ok=(0, 1, 128))
    branch = out.decode("utf-8", "replace").strip()
    if status != 0 or not branch:
        message, hint = text.no_branch(str(folder))
        raise UsageError(message, hint=hint)
    status, out = git.call("config", "--get", f"branch.{branch}.merge", ok=(0, 1))
    tracked = out.decode("utf-8", "replace").strip() if status == 0 else ""
    if pull := re.fullmatch(r"refs/pull/(\d+)/head", tracked):
        return int(pull[1]), None
    return None, tracked.removeprefix("refs/heads/") or branch
