"""Evidence of when versions were published: from a given file, from registries, or as a lockfile states it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from attrs import evolve

from bascule.kit import RehearsalError, given
from bascule.types import DryRunContext, Status
from bascule_deps.outside.given import bad, read, text_of
from bascule_deps.outside.registries import ASK, Release, moment
from bascule_deps.outside.services import address, foreign
from bascule_deps.outside.wanted import Wanted
from bascule_deps.outside.web import Web, WebError

INPUT = "releases"
"""The pack's ``evidence:`` of this name is a file that states times of publication."""
MOST = 1500
"""Versions that are asked about; more is nothing that anybody means to merge unasked."""
SECONDS = 120.0
"""For all questions together; a rehearsal as a whole has 300."""
_THREADS = 4


def look(ctx: DryRunContext, versions: tuple[Wanted, ...]) -> list[dict[str, Any]]:
    """Return one row per version: what is known of its publication, or why nothing is.

    Raises:
        RehearsalError: there are too many, or the given file is not what it should be.
    """
    if len(versions) > MOST:
        raise RehearsalError(
            f"{len(versions):,} versions are new", expected=f"at most {MOST:,}, each of which is asked about",
            fix="split the pull request, or merge by hand", status=Status.BLOCK,
        )  # fmt: skip
    told = _given(ctx)
    web = Web(min(SECONDS, ctx.time_limit / 2))
    with ThreadPoolExecutor(_THREADS) as pool:
        found = list(pool.map(lambda one: _one(ctx, web, told, one), versions))
    return [_row(one, release) for one, release in zip(versions, found, strict=True)]


def _one(ctx: DryRunContext, web: Web, told: Mapping[tuple[str, str, str], Release], one: Wanted) -> Release:
    if (known := told.get((one.ecosystem, one.name, one.version))) is not None:
        return known
    asked = Release(problem=one.why) if one.why else _asked(ctx, web, one)
    if asked.at is None and not asked.wrong and one.stated:
        try:
            return Release(at=moment(one.stated), source="the lockfile", by="lockfile")
        except WebError:
            return evolve(asked, problem=f"{asked.problem}; the lockfile's own time cannot be read")
    return asked


def _asked(ctx: DryRunContext, web: Web, one: Wanted) -> Release:
    if one.ecosystem not in ASK:
        return Release(problem="has no registry that states times; a file can")
    name, ask = ASK[one.ecosystem]
    where = address(ctx, name)
    if where is None:
        return Release(problem=f"was not looked up: nobody named the service {name!r}")
    if foreign(name, one.origin):
        return Release(problem=f"comes from {one.origin}, and {name} is not asked about another's package")
    try:
        found = ask(web, where, one.name, one.version, one.pin)
    except WebError as error:
        return Release(source=name, problem=f"is not known: {name} {error}")
    except Exception as error:
        # An answer of another form than documented is no answer.
        return Release(source=name, problem=f"is not known: {name} answered in another form ({type(error).__name__})")
    said = f"is not known: {name} {found.problem}" if found.problem else ""
    return evolve(found, source=name, problem=said)


def _row(one: Wanted, release: Release) -> dict[str, Any]:
    return {
        "ecosystem": one.ecosystem,
        "name": one.name,
        "version": one.version,
        "level": one.level,
        "files": list(one.files),
        "at": release.at.isoformat() if release.at is not None else "",
        "source": release.source,
        "by": release.by,
        "wrong": release.wrong,
        "problem": release.problem,
    }


def _given(ctx: DryRunContext) -> dict[tuple[str, str, str], Release]:
    """Return what the file of the pack's ``evidence:`` states, by ecosystem, name and version."""
    file = given(ctx, INPUT)
    return dict(_entries(read(file, INPUT))) if file is not None else {}


def _entries(data: Any) -> Iterator[tuple[tuple[str, str, str], Release]]:
    listed = data.get("releases") if isinstance(data, dict) else None
    if not isinstance(listed, list):
        raise bad(INPUT, "has no list `releases`", '{"releases": [{"ecosystem", "name", "version", "published"}]}')
    for at, entry in enumerate(listed):
        where = f"releases[{at}]"
        ecosystem, name, version = (text_of(entry, key, INPUT, where) for key in ("ecosystem", "name", "version"))
        if entry.get("yanked"):
            yield (ecosystem, name, version), Release(source="the given file", by="file", wrong="is yanked")
            continue
        stated = text_of(entry, "published", INPUT, where)
        try:
            release = Release(at=moment(stated), source="the given file", by="file")
        except WebError as error:
            raise bad(INPUT, f"{error} in {where}", "ISO 8601 times, such as 2026-01-05T09:00:00Z") from error
        yield (ecosystem, name, version), release
