"""What a watch measures, from Prometheus: each series in one query of a range, however many merges it judges.

The queries of a series (by role: ``total``, ``bad``, ...) go as one: each is summed to one row, named by a label and
joined with ``or``. ``sum()`` leaves no label, so that the name can meet no other. Silence is told apart, because it
means different things: the server that does not answer, the target that no longer reports, and neither.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from math import isfinite
from time import monotonic
from typing import Any

from attrs import evolve, frozen

from bascule.types import Observation, Series, WatchContext
from bascule_observability.client import VARIABLE, ClientError
from bascule_observability.findings import short
from bascule_observability.prometheus.api import NotAnsweredError, PartialError, Prometheus, RefusedError, Span

DEFAULT = "prometheus"
"""The service that is asked where a series names no other."""
ROLE = "bascule_role"
"""Label that says whose row it is."""
SHARE = 0.8
"""Part of the time limit that is spent on queries; the rest is for what comes before and after them."""
TRIES = 3
"""A query may take one part in so many of that: one that is too heavy leaves time for the others."""
STOPPED = "Prometheus answers, and has nothing new from any target: see that it still scrapes, or is still written to"
_most: dict[str, int] = {}
"""Blocks to ask for at once of series of which more were too much, for as long as this process lives."""

Rows = Mapping[str, Mapping[int, float]]
"""Values by role and by block."""


@frozen(kw_only=True)
class _Silence:
    """Why there is nothing; ``all_of_it``: nobody else needs to ask."""

    note: str
    all_of_it: bool = False


def watch(ctx: WatchContext) -> Iterator[Observation]:
    """Yield one observation for each series of Prometheus.

    Series that are furthest behind go first, so that none is left out twice where time is short.
    """
    end = monotonic() + SHARE * ctx.time_limit
    servers: dict[str, Prometheus | _Silence] = {}
    for series in sorted(ctx.series, key=lambda s: s.start):
        name = series.source or DEFAULT
        if name != DEFAULT and name not in ctx.services:
            continue  # in another's language, perhaps
        if name not in servers:
            servers[name] = _server(ctx, name)
        server = servers[name]
        found = server if isinstance(server, _Silence) else _asked(server, ctx, series, end)
        if isinstance(found, _Silence):
            if found.all_of_it:
                servers[name] = found
            nothing = (None,) * series.blocks
            found = Observation(
                series=series.id, start=series.start, blocks=nothing, seen="unreachable", note=found.note
            )
        yield found


def _server(ctx: WatchContext, name: str) -> Prometheus | _Silence:
    if name not in ctx.services:
        return _Silence(note="no Prometheus is named: set BASCULE_SERVICE_PROMETHEUS", all_of_it=True)
    try:
        return Prometheus(ctx.services[name], ctx.clients.get(name, ""))
    except ClientError as error:
        variable = VARIABLE if name == DEFAULT else f"BASCULE_HTTP_CONFIG_{name.upper().replace('-', '_')}"
        return _Silence(note=f"the file that {variable} names cannot be used: {error}", all_of_it=True)


def _asked(server: Prometheus, ctx: WatchContext, series: Series, end: float) -> Observation | _Silence:
    def left() -> float:
        return min(end - monotonic(), SHARE * ctx.time_limit / TRIES)

    if left() <= 0:
        return _Silence(note="no time was left in this round; it is asked first in the next")
    series = evolve(series, blocks=min(series.blocks, _most.get(series.id, series.blocks)))
    span = Span(start=_end(series, 0), end=_end(series, series.blocks - 1), step=round(series.step))
    try:
        rows = _rows(server.range(combined(series), span, left()), series)
        return _observation(series, rows, _checked(server, series, _reasons(ctx, series, rows), left()))
    except NotAnsweredError as error:
        _less(series, too_much=error.too_much)
        return _Silence(note=str(error), all_of_it=True)
    except PartialError as error:
        return _Silence(note=str(error))
    except RefusedError as error:
        _less(series, too_much=error.too_much)
        if error.is_the_query:
            said = f": {error.said}" if error.said else ""
            return _Silence(note=f"Prometheus answered {error.status} to the query of {series.objective}{said}")
        if error.status in {401, 403}:
            return _Silence(note=f"{error}: see that what the file of {VARIABLE} says may query", all_of_it=True)
        return _Silence(note=str(error), all_of_it=error.status == 429)


def _less(series: Series, *, too_much: bool) -> None:
    """Ask for a quarter of the blocks the next time: the first round asks for hours, and the others for minutes."""
    if too_much:
        _most[series.id] = max(2, series.blocks // 4)


def combined(series: Series) -> str:
    """Return all queries of ``series`` as one, a row for each role.

    A gauge has one value: where its query gives more than one, there is none, and ``many`` says how many. Their sum or
    mean would change with the number of instances, and a merge would be blamed for it.
    """
    rows = []
    for role, query in sorted(series.queries.items()):
        # On lines of its own, so that a comment at its end swallows nothing.
        inner = f"(\n{query}\n)"
        if role == "value":
            rows.append(_row(f"sum({inner} unless on() (count({inner}) > 1))", role))
            rows.append(_row(f"count({inner}) > 1", "many"))
        else:
            rows.append(_row(f"sum({inner})", role))
    return "\nor ".join(rows)


def _row(query: str, role: str) -> str:
    return f'label_replace({query}, "{ROLE}", "{role}", "", "")'


def _rows(found: Iterable[Mapping[str, Any]], series: Series) -> Rows:
    """Return finite values by role and block; what is not on the grid, or no number, is left out."""
    rows: dict[str, dict[int, float]] = {}
    begin = series.start.timestamp()
    for one in found:
        row = rows.setdefault(str(one["metric"].get(ROLE, "")), {})
        for pair in one["values"]:
            try:
                at, value = float(pair[0]), float(pair[1])
            except (TypeError, ValueError, IndexError) as error:
                raise NotAnsweredError("Prometheus answered with something that is no number") from error
            block = round((at - begin) / series.step) - 1
            if isfinite(value) and 0 <= block < series.blocks:
                row[block] = value
    return rows


def _live_at(ctx: WatchContext, series: Series) -> datetime | None:
    return min((r.started_at for r in ctx.requests if series.id in r.series), default=None)


def _observation(series: Series, rows: Rows, reasons: Mapping[int, str]) -> Observation:
    """Return the blocks, as far as one reason holds for all of them that are empty.

    An observation has one reason. Blocks from where it changes are left for the next round, which asks for them; so
    are those for which the source may have an answer later.
    """
    blocks = [_block(series, rows, at) for at in range(series.blocks)]
    seen = reasons[min(reasons)] if reasons else "empty"
    upto = next((at for at in sorted(reasons) if reasons[at] != seen), series.blocks)
    if seen == "unreachable" and min(reasons) > 0:
        seen, upto = "empty", min(reasons)
    note = STOPPED if seen == "unreachable" else _note(series, rows, blocks)
    return Observation(series=series.id, start=series.start, blocks=tuple(blocks[:upto]), seen=seen, note=note)


def _reasons(ctx: WatchContext, series: Series, rows: Rows) -> dict[int, str]:
    """Return why blocks without data have none. Before a merge it does not matter, so it is not said."""
    live_at = min((r.started_at for r in ctx.requests if series.id in r.series), default=None)
    first = 0 if live_at is None else int((live_at - series.start).total_seconds() // series.step)
    return {
        at: "gone" if _is_gone(series, rows, at) else "empty"
        for at in range(max(0, first), series.blocks)
        if _block(series, rows, at) is None
    }


def _checked(server: Prometheus, series: Series, reasons: dict[int, str], seconds: float) -> dict[int, str]:
    """Return the reasons, after a second look at what is gone: whether anything at all still reports.

    Where no target's ``up`` has come in any more, but did hours ago, it is not the target that is gone: nobody
    scrapes, or what is scraped no longer arrives, and the source does not know.
    """
    gone = [at for at, why in reasons.items() if why == "gone"]
    if not gone:
        return reasons
    span = Span(start=_end(series, min(gone)), end=_end(series, max(gone)), step=round(series.step))
    query = "\nor ".join(_row(f"count(last_over_time(up[{w}]))", r) for r, w in (("fresh", "2m"), ("known", "6h")))
    rows = _rows(server.range(query, span, seconds), series)
    fresh, known = rows.get("fresh", {}), rows.get("known", {})
    return {
        at: "unreachable" if why == "gone" and at in known and at not in fresh else why for at, why in reasons.items()
    }


def _end(series: Series, at: int) -> datetime:
    return series.start + timedelta(seconds=(at + 1) * series.step)


def _block(series: Series, rows: Rows, at: int) -> tuple[float, ...] | None:
    if series.kind != "ratio":
        value = rows.get("value", {}).get(at)
        # A selector gives its last value for five minutes, whether or not its target is still there.
        return None if value is None or _is_gone(series, rows, at) else (value,)
    total = rows.get("total", {}).get(at)
    if total is None:
        return None
    # A counter of bad (or good) requests that is not there has not counted one: libraries make it with the first.
    counted = rows.get("good" if "good" in series.queries else "bad", {}).get(at, 0.0)
    bad = total - counted if "good" in series.queries else counted
    return max(0.0, total), max(0.0, bad)


def _is_gone(series: Series, rows: Rows, at: int) -> bool:
    return "presence" in series.queries and rows.get("presence", {}).get(at, 0.0) <= 0


def _note(series: Series, rows: Rows, blocks: list[tuple[float, ...] | None]) -> str:
    many = rows.get("many", {})
    if many:
        most = int(max(many.values()))
        return f"the query of {short(series.objective)} gives up to {most} values at one time; one is needed: aggregate"
    if blocks and not any(b is not None for b in blocks):
        return "Prometheus answered, with no data"
    return ""
