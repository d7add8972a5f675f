"""What a watch measures, from Prometheus: each series in one query of a range, however many merges it judges.

The queries of a series (by role: ``total``, ``bad``, ...) go as one: each is summed to one row, named by a label and
joined with ``or``. ``sum()`` leaves no label, so that the name can meet no other. Silence is told apart, because it
means different things: the server that does not answer, the target that no longer reports, and neither.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import takewhile
from math import isfinite
from time import monotonic
from typing import Any

from attrs import frozen

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
        found = server if isinstance(server, _Silence) else _asked(server, series, end, SHARE * ctx.time_limit / TRIES)
        if isinstance(found, _Silence):
            if found.all_of_it:
                servers[name] = found
            nothing = (None,) * series.blocks
            yield Observation(series=series.id, start=series.start, blocks=nothing, seen="unreachable", note=found.note)
        else:
            yield _observation(series, found, _live_at(ctx, series))


def _server(ctx: WatchContext, name: str) -> Prometheus | _Silence:
    if name not in ctx.services:
        return _Silence(note="no Prometheus is named: set BASCULE_SERVICE_PROMETHEUS", all_of_it=True)
    try:
        return Prometheus(ctx.services[name], ctx.clients.get(name, ""))
    except ClientError as error:
        variable = VARIABLE if name == DEFAULT else f"BASCULE_HTTP_CONFIG_{name.upper().replace('-', '_')}"
        return _Silence(note=f"the file that {variable} names cannot be used: {error}", all_of_it=True)


def _asked(server: Prometheus, series: Series, end: float, most: float) -> Rows | _Silence:
    left = end - monotonic()
    if left <= 0:
        return _Silence(note="no time was left in this round; it is asked first in the next")
    first = series.start + timedelta(seconds=series.step)
    last = series.start + timedelta(seconds=series.blocks * series.step)
    try:
        span = Span(start=first, end=last, step=round(series.step))
        return _rows(server.range(combined(series), span, min(left, most)), series)
    except NotAnsweredError as error:
        return _Silence(note=str(error), all_of_it=True)
    except PartialError as error:
        return _Silence(note=str(error))
    except RefusedError as error:
        if error.is_the_query:
            said = f": {error.said}" if error.said else ""
            return _Silence(note=f"Prometheus answered {error.status} to the query of {series.objective}{said}")
        if error.status in {401, 403}:
            return _Silence(note=f"{error}: see that what the file of {VARIABLE} says may query", all_of_it=True)
        return _Silence(note=str(error), all_of_it=error.status == 429)


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


def _observation(series: Series, rows: Rows, live_at: datetime | None) -> Observation:
    """Return the blocks, as far as one reason holds for all of them that are empty.

    An observation has one reason. Before a merge it does not matter; after it, blocks from where it changes are left
    for the next round, which asks for them.
    """
    blocks = [_block(series, rows, at) for at in range(series.blocks)]
    first = 0 if live_at is None else int((live_at - series.start).total_seconds() // series.step)
    why = [
        ("gone" if _is_gone(series, rows, at) else "empty", at)
        for at in range(max(0, first), series.blocks)
        if blocks[at] is None
    ]
    seen = why[0][0] if why else "empty"
    same = list(takewhile(lambda pair: pair[0] == seen, why))
    upto = why[len(same)][1] if len(same) < len(why) else series.blocks
    return Observation(
        series=series.id, start=series.start, blocks=tuple(blocks[:upto]), seen=seen, note=_note(series, rows, blocks)
    )


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
