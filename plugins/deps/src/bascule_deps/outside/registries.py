"""When a version was published, as each ecosystem's registry states it.

Every function asks its registry for one package and version, and returns a :class:`Release`. What a registry's time
means differs: most state when they received the version; Go's proxy and Packagist hand on the commit's time, which
whoever made the commit could choose.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

from attrs import frozen

from bascule_deps.outside.web import Reply, Web, WebError


@frozen(kw_only=True)
class Release:
    """What is known of a version.

    ``at`` is when it was published (UTC), None where ``problem`` says why that is not known. ``by`` is whose word it
    is: ``registry``, ``commit`` (its author's), ``lockfile`` (the change's) or ``file``. ``wrong`` is what speaks
    against the version, whatever its age.
    """

    at: datetime | None = None
    source: str = ""
    by: str = "registry"
    wrong: str = ""
    problem: str = ""


Ask = Callable[[Web, str, str, str, str], Release]
"""(web, address, name, version, pin) → release. Raises WebError, or anything where an answer has no such form."""


def moment(text: Any) -> datetime:
    """Return an ISO 8601 time with a zone (``Z``: UTC).

    Raises:
        WebError: it is none.
    """
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError as error:
        raise WebError(f"states the time {str(text)[:40]!r}") from error
    return (found if found.tzinfo is not None else found.replace(tzinfo=UTC)).astimezone(UTC)


def _path(name: str, *, whole: bool = False) -> str:
    """Return ``name`` for use in an address; names come from the change, so none may lead elsewhere."""
    parts = name.split("/")
    if not name or any(p in {"", ".", ".."} for p in parts) or re.search(r"[\s\\?#%]", name):
        raise WebError("was not asked: the name or version is not one that a registry has")
    return quote(name, safe="@" if whole else "@/")


def _found(reply: Reply) -> bool:
    """Return whether there is such a thing; only a plain yes and a plain no count as answers."""
    if reply.status == 200:
        return True
    if reply.status in {404, 410}:
        return False
    if reply.status in {403, 429}:
        raise WebError(f"refused to answer ({reply.status}): too many questions, or none allowed")
    raise WebError(f"answered with status {reply.status}")


_MISSING = Release(problem="does not have it: not published yet, or withdrawn")


def npm(web: Web, at: str, name: str, version: str, pin: str) -> Release:  # noqa: ARG001 - one signature for all
    """Ask an npm registry: the package's whole document, which alone has ``time``."""
    reply = web.get(f"{at}/{_path(name, whole=True)}")
    if not _found(reply):
        return _MISSING
    data = reply.json()
    stated = data.get("time", {}).get(version)
    if version not in data.get("versions", {}):
        return Release(wrong="was published and is withdrawn") if stated else _MISSING
    return Release(at=moment(stated)) if stated else Release(problem="does not state its time")


def pypi(web: Web, at: str, name: str, version: str, pin: str) -> Release:  # noqa: ARG001
    """Ask a Python index for one version (``/pypi/NAME/VERSION/json``).

    A version is as old as its newest file: files can be added to an old one.
    """
    reply = web.get(f"{at}/pypi/{_path(name)}/{_path(version)}/json")
    if not _found(reply):
        return _MISSING
    data = reply.json()
    files = data["urls"]
    gone = [f for f in files if f.get("yanked")]
    if gone or data["info"].get("yanked"):
        why = data["info"].get("yanked_reason") or next((f.get("yanked_reason") for f in gone), "")
        return Release(wrong=_yanked(why))
    if not files:
        return Release(problem="has no files of it")
    return Release(at=max(moment(f["upload_time_iso_8601"]) for f in files))


def _yanked(why: Any = "") -> str:
    return f"is yanked ({str(why)[:120]})" if why else "is yanked"


def crates(web: Web, at: str, name: str, version: str, pin: str) -> Release:  # noqa: ARG001
    """Ask a Cargo registry's API for one version."""
    reply = web.get(f"{at}/api/v1/crates/{_path(name)}/{_path(version)}")
    if not _found(reply):
        return _MISSING
    data = reply.json()["version"]
    return (
        Release(wrong=_yanked(data.get("yank_message"))) if data["yanked"] else Release(at=moment(data["created_at"]))
    )


def go(web: Web, at: str, name: str, version: str, pin: str) -> Release:  # noqa: ARG001
    """Ask a module proxy (go.dev/ref/mod#goproxy-protocol); upper-case letters are written ``!x``."""
    escaped = [re.sub("[A-Z]", lambda m: "!" + m[0].lower(), part) for part in (name, version)]
    reply = web.get(f"{at}/{_path(escaped[0]).replace('%21', '!')}/@v/{_path(escaped[1]).replace('%21', '!')}.info")
    if not _found(reply):
        return _MISSING
    return Release(at=moment(reply.json()["Time"]), by="commit")


def maven(web: Web, at: str, name: str, version: str, pin: str) -> Release:  # noqa: ARG001
    """Ask a Maven repository when it received the version's pom."""
    group, _, artifact = name.partition(":")
    where = f"{_path(group).replace('.', '/')}/{_path(artifact)}/{_path(version)}"
    reply = web.get(f"{at}/{where}/{_path(artifact)}-{_path(version)}.pom", method="HEAD")
    if not _found(reply):
        return _MISSING
    stated = reply.headers.get("last-modified", "")
    try:
        return Release(at=parsedate_to_datetime(stated).astimezone(UTC))
    except ValueError:
        return Release(problem="does not state its time")


def rubygems(web: Web, at: str, name: str, version: str, pin: str) -> Release:  # noqa: ARG001
    """Ask a gem server for the versions it has; a version for several platforms is as old as its newest gem."""
    reply = web.get(f"{at}/api/v1/versions/{_path(name)}.json")
    if not _found(reply):
        return _MISSING
    times = [
        moment(v["created_at"])
        for v in reply.json()
        if version in {v["number"], f"{v['number']}-{v.get('platform', '')}"}
    ]
    return Release(at=max(times)) if times else _MISSING


def packagist(web: Web, at: str, name: str, version: str, pin: str) -> Release:  # noqa: ARG001
    """Ask a Composer repository (``/p2/VENDOR/NAME.json``)."""
    reply = web.get(f"{at}/p2/{_path(name)}.json")
    if not _found(reply):
        return _MISSING
    for entry in reply.json()["packages"].get(name, ()):
        if str(entry.get("version", "")).removeprefix("v") == version.removeprefix("v"):
            return Release(at=moment(entry["time"]), by="commit")
    return _MISSING


def nuget(web: Web, at: str, name: str, version: str, pin: str) -> Release:  # noqa: ARG001
    """Ask a NuGet server for the registration of one version."""
    reply = web.get(f"{at}/v3/registration5-semver1/{_path(name.lower())}/{_path(version.lower())}.json")
    if not _found(reply):
        return _MISSING
    data = reply.json()
    return Release(at=moment(data["published"])) if data.get("listed", True) else Release(wrong="is unlisted")


def dockerhub(web: Web, at: str, name: str, version: str, pin: str) -> Release:
    """Ask Docker Hub when a tag was last pushed, and whether it still points to the digest that is pinned."""
    first, _, rest = name.partition("/")
    name = rest if "." in first else name  # whose host it is was looked at before
    where = name if "/" in name else f"library/{name}"
    if not version:
        return Release(problem="is asked about tags, and there is none beside the digest")
    reply = web.get(f"{at}/v2/repositories/{_path(where)}/tags/{_path(version)}")
    if not _found(reply):
        return _MISSING
    data = reply.json()
    if pin and pin not in {data.get("digest"), *(i.get("digest") for i in data.get("images") or ())}:
        return Release(problem="has another image under that tag by now")
    return Release(at=moment(data.get("tag_last_pushed") or data["last_updated"]))


def github(web: Web, at: str, name: str, version: str, pin: str) -> Release:
    """Ask GitHub when a release was published, and whether its tag is the commit that is pinned.

    A tag without a release states no time but its commit's author's, which is not asked for.
    """
    repo = "/".join(re.sub(r"^https?://[^/]+/", "", name).removesuffix(".git").split("/")[:2])
    if repo.count("/") != 1:
        return Release(problem=f"has no repository {repo!r}")
    if pin and re.fullmatch(r"[0-9a-f]{40}", pin):
        commit = web.get(f"{at}/repos/{_path(repo)}/commits/{_path(version)}")
        if commit.status != 422 and _found(commit):
            sha = commit.json()["sha"]
            if sha != pin:
                return Release(wrong=f"is pinned to {pin[:12]}, and its tag is {str(sha)[:12]}")
        else:
            return _MISSING
    reply = web.get(f"{at}/repos/{_path(repo)}/releases/tags/{_path(version)}")
    if not _found(reply):
        return Release(problem="has no release of that tag")
    data = reply.json()
    if data.get("draft") or not data.get("published_at"):
        return Release(problem="has only a draft of that release")
    return Release(at=moment(data["published_at"]))


def terraform(web: Web, at: str, name: str, version: str, pin: str) -> Release:  # noqa: ARG001
    """Ask a Terraform registry: ``hashicorp/aws`` is a provider, ``acme/vpc/aws`` a module."""
    kind = "providers" if name.count("/") == 1 else "modules"
    reply = web.get(f"{at}/v1/{kind}/{_path(name)}/{_path(version)}")
    if not _found(reply):
        return _MISSING
    return Release(at=moment(reply.json()["published_at"]))


ASK: Mapping[str, tuple[str, Ask]] = {
    "npm": ("npm", npm), "python": ("pypi", pypi), "cargo": ("crates", crates), "go": ("go", go),
    "maven": ("maven", maven), "gradle": ("maven", maven), "ruby": ("rubygems", rubygems),
    "composer": ("packagist", packagist), "nuget": ("nuget", nuget), "docker": ("dockerhub", dockerhub),
    "actions": ("github", github), "pre-commit": ("github", github), "terraform": ("terraform", terraform),
}  # fmt: skip
"""Which service is asked for an ecosystem, and how."""
