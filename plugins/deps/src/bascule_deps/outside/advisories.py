"""Evidence of advisories: from a given file of OSV records, and from a service with OSV's API."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

from attrs import define, field

from bascule.kit import given
from bascule.types import DryRunContext
from bascule_deps.outside.given import bad, read
from bascule_deps.outside.osv import ECOSYSTEMS, Advisory, UnknownError, advisory, names
from bascule_deps.outside.registries import moment
from bascule_deps.outside.services import address
from bascule_deps.outside.wanted import Wanted
from bascule_deps.outside.web import Web, WebError

INPUT = "advisories"
"""The pack's ``evidence:`` of this name is a file of OSV records."""
SECONDS = 90.0
_BATCH = 500
"""Questions in one request; the API takes 1,000."""
_MOST = 500
"""Records that are fetched."""
_PAGES = 20

Version = tuple[str, str, str]
"""(ecosystem, name, version)"""


@define
class _Known:
    """What was learnt: ids by version, versions that could not be judged with the reason, records by id."""

    ids: dict[Version, list[str]] = field(factory=dict)
    unknown: dict[Version, str] = field(factory=dict)
    records: dict[str, Advisory] = field(factory=dict)

    def add(self, version: Version, record: Advisory) -> None:
        """Note that ``record`` names ``version``."""
        self.records[record.id] = record
        ids = self.ids.setdefault(version, [])
        if record.id not in ids:
            ids.append(record.id)


def look(ctx: DryRunContext, versions: tuple[Wanted, ...]) -> dict[str, Any]:
    """Return what is known of ``versions`` and of those that they replace.

    ``rows``: per version its ids and those of the versions before, and ``problem``, why it could not be judged, if so.
    ``records``: summary, severity and kind by id. ``at``: when the given file says that it was made.

    Raises:
        RehearsalError: the given file is not what it should be.
    """
    asked = sorted({v for one in versions if not one.why for v in _all(one) if one.ecosystem in ECOSYSTEMS})
    sources, at = [], ""
    if (file := given(ctx, INPUT)) is not None:
        data = read(file, INPUT)
        at = _made(data)
        sources.append(_from_file(data, asked))
    if (where := address(ctx, "osv")) is not None:
        sources.append(_from_service(Web(min(SECONDS, ctx.time_limit / 3)), where, asked))
    rows = [_row(one, sources) for one in versions]
    used = {i for row in rows for i in (*row["ids"], *row["before"])}
    records = {r.id: r for source in sources for r in source.records.values() if r.id in used}
    return {
        "rows": rows,
        "records": {
            i: {"summary": r.summary, "severity": r.severity, "malicious": r.malicious, "aliases": list(r.aliases)}
            for i, r in sorted(records.items())
        },
        "at": at,
        "file": file is not None,
    }


def _all(one: Wanted) -> Iterable[Version]:
    return ((one.ecosystem, one.name, version) for version in (one.version, *one.was))


def _row(one: Wanted, sources: list[_Known]) -> dict[str, Any]:
    first, *before = _all(one)
    problem = one.why
    if not problem and one.ecosystem not in ECOSYSTEMS:
        problem = "is of an ecosystem that advisories are not published for"
    elif not problem and not sources:
        problem = f"was not looked up: nobody gave the file `{INPUT}` or named the service 'osv'"
    elif not problem:
        problem = next((s.unknown[first] for s in sources if first in s.unknown), "")
    return {
        "ecosystem": one.ecosystem,
        "name": one.name,
        "version": one.version,
        "files": list(one.files),
        "ids": _ids(sources, [first]),
        "before": _ids(sources, before),
        "problem": problem,
        "covered": one.ecosystem in ECOSYSTEMS,
    }


def _ids(sources: list[_Known], versions: list[Version]) -> list[str]:
    return sorted({i for source in sources for version in versions for i in source.ids.get(version, ())})


# -- a file ------------------------------------------------------------------------------------------------------------


def _made(data: Any) -> str:
    stated = data.get("at") if isinstance(data, dict) else None
    if stated is None:
        return ""
    try:
        return moment(stated).isoformat()
    except WebError as error:
        raise bad(INPUT, f"{error} in `at`", "an ISO 8601 time, such as 2026-01-05T09:00:00Z") from error


def _from_file(data: Any, versions: list[Version]) -> _Known:
    listed = data.get("advisories") if isinstance(data, dict) else data
    if not isinstance(listed, list):
        raise bad(INPUT, "has no list of records", 'a list of OSV records, or {"at": ..., "advisories": [...]}')
    try:
        records = [advisory(r) for r in listed]
    except ValueError as error:
        raise bad(INPUT, f"has {error}", "OSV records") from error
    by: dict[str, list[Advisory]] = {}
    for record in records:
        for package in {str((a.get("package") or {}).get("name", "")).casefold() for a in record.affected}:
            by.setdefault(_loose(package), []).append(record)
    known = _Known()
    for version in versions:
        for record in by.get(_loose(version[1].casefold()), ()):
            try:
                if names(record, *version):
                    known.add(version, record)
            except UnknownError as error:
                known.unknown[version] = f"is not judged: {error}"
    return known


def _loose(name: str) -> str:
    return name.replace("_", "-").replace(".", "-")


# -- a service ---------------------------------------------------------------------------------------------------------


def _from_service(web: Web, where: str, versions: list[Version]) -> _Known:
    known = _Known()
    found: dict[Version, set[str]] = {}
    for at in range(0, len(versions), _BATCH):
        batch = versions[at : at + _BATCH]
        try:
            for version, ids in _batch(web, where, batch).items():
                found.setdefault(version, set()).update(ids)
        except WebError as error:
            known.unknown |= dict.fromkeys(batch, f"is not judged: osv {error}")
        except Exception as error:
            form = f"is not judged: osv answered in another form ({type(error).__name__})"
            known.unknown |= dict.fromkeys(batch, form)
    named = sorted({i for some in found.values() for i in some})
    with ThreadPoolExecutor(4) as pool:
        records = dict(zip(named, pool.map(lambda i: _record(web, where, i), named[:_MOST]), strict=False))
    for version, ids in found.items():
        for one in sorted(ids):
            # One that is named, and whose text could not be had, is enough to stop a version.
            record = records.get(one) or _nameless(one)
            if not record.withdrawn:
                known.add(version, record)
    return known


def _nameless(name: str) -> Advisory:
    return Advisory(id=name, summary="", severity="", aliases=(), withdrawn=False, affected=())


def _batch(web: Web, where: str, versions: list[Version]) -> Mapping[Version, set[str]]:
    """Return the ids that the service names for each version, page by page."""
    found: dict[Version, set[str]] = {}
    waiting: list[tuple[Version, str]] = [(v, "") for v in versions]
    for _ in range(_PAGES):
        if not waiting:
            return found
        queries = [{**_query(v), **({"page_token": token} if token else {})} for v, token in waiting]
        reply = web.get(f"{where}/v1/querybatch", method="POST", body={"queries": queries})
        if reply.status != 200:
            raise WebError(f"answered with status {reply.status}")
        results = reply.json()["results"]
        if len(results) != len(waiting):
            raise WebError(f"answered {len(results)} of {len(waiting)} questions")
        again = []
        for (version, _token), result in zip(waiting, results, strict=True):
            found.setdefault(version, set()).update(str(v["id"]) for v in (result or {}).get("vulns") or ())
            if token := (result or {}).get("next_page_token"):
                again.append((version, str(token)))
        waiting = again
    raise WebError(f"answered in more than {_PAGES} pages")


def _query(version: Version) -> dict[str, Any]:
    ecosystem, name, number = version
    plain = number.removeprefix("v") if ecosystem in {"go", "actions"} else number
    return {"package": {"ecosystem": ECOSYSTEMS[ecosystem], "name": name}, "version": plain}


def _record(web: Web, where: str, name: str) -> Advisory | None:
    try:
        reply = web.get(f"{where}/v1/vulns/{quote(name, safe='')}")
        return advisory(reply.json()) if reply.status == 200 else None
    except (WebError, ValueError):
        return None
