"""What `bascule slo explain` prints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bascule.messages.slo import percent
from bascule.messages.slo_files import NO_PARSER
from bascule.messages.wording import shown

_WORSE = {"up": "higher is worse", "down": "lower is worse", "both": "higher and lower are worse"}


def duration(seconds: float) -> str:
    """Return a time as a person says it: ``45 s``, ``12 min``, ``1 h 5 min``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def lines(rows: Sequence[Mapping[str, Any]], ignored: Sequence[str]) -> Iterator[str]:
    """Yield the lines for all objectives of a file."""
    for at, row in enumerate(rows):
        if at:
            yield ""
        yield from _objective(row)
    if ignored:
        yield ""
        yield f"Not used by a watch ({len(ignored)}):"
        yield from (f"  {line}" for line in ignored)
    if rows and not rows[0]["parsed"]:
        yield ""
        yield NO_PARSER


def _objective(row: Mapping[str, Any]) -> Iterator[str]:
    service = f" of {shown(row['service'])}" if row["service"] else ""
    yield f"{shown(row['name'])}{service}  [{row['where']}]"
    if row["kind"] == "ratio":
        yield f"  asks      {row['target'] * 100:.6g} % good requests: {percent(1 - row['target'])} may fail"
    else:
        limit = "" if row["limit"] is None else f"; a violation only beyond {row['limit']:g}"
        yield f"  asks      that it gets no worse; {_WORSE[row['direction']]}{limit}"
    yield f"  source    {shown(row['source']) if row['source'] else 'the default Prometheus'}"
    for query in row["queries"]:
        yield f"  {query['role']:9} {shown(query['query'], limit=2000)}"
    yield f"  block     {row['block_seconds']} s, {row['minutes']} minutes"
    if row["kind"] == "ratio":
        yield from _traffic(row)


def _traffic(row: Mapping[str, Any]) -> Iterator[str]:
    seen = row.get("detectable")
    if seen is None:
        yield "  sees      depends on the traffic; give it with --traffic N (requests a minute)"
        return
    yield f"  traffic   {seen['requests']:,.0f} requests in the watch"
    if seen["rate"] is None:
        yield "  sees      nothing: too few requests to tell any regression from chance; the watch will be undecided"
        return
    after = duration(seen["seconds"])
    yield f"  sees      {percent(seen['rate'])} errors or more, in nine of ten watches, after about {after}"
    if seen["outage_seconds"]:
        yield f"  outage    all requests failing: after about {duration(seen['outage_seconds'])}"
    worth = percent(seen["worth"])
    if seen["enough"]:
        yield f"  ok        can be said: {worth}, which is worth a rollback, would not pass unseen"
    else:
        yield f"  ok        cannot be said: {worth}, worth a rollback, could pass unseen; expect undecided"
