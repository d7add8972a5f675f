"""An objective as the watch needs it, whatever it was written in, and the queries that it becomes."""

from __future__ import annotations

from typing import Literal

from attrs import frozen

from bascule.slo import promql
from bascule.slo.records import Direction

BLOCK_SECONDS = 30
"""Length of a block where nothing else is asked for."""
SCRAPES = 4
"""Scrapes that a block must have, so that an increase is more than an extrapolation."""


@frozen(kw_only=True)
class Ratio:
    """Good requests of all requests. One of ``good`` and ``bad`` is given.

    Args:
        target: share of good requests that is asked, 0 < target < 1.
        good, bad, total: queries as they were written: selectors of counters, or queries with ranges.
        counter: whether bare selectors are counters.
    """

    target: float
    good: str = ""
    bad: str = ""
    total: str
    counter: bool = True


@frozen(kw_only=True)
class Gauge:
    """One value that must not get worse.

    Args:
        query: what gives the value.
        direction: which way is worse.
        limit: value that the objective allows, None where it only must not get worse.
    """

    query: str
    direction: Direction
    limit: float | None = None


@frozen(kw_only=True)
class Objective:
    """One objective.

    Args:
        name: how it is called in messages and in the journal.
        service: what it belongs to, may be empty.
        sli: what is measured.
        source: the data source that the file names, empty for the default one.
        where: ``file:line:column``.
        text: what it is for, in its author's words.
    """

    name: str
    sli: Ratio | Gauge
    service: str = ""
    source: str = ""
    where: str = ""
    text: str = ""


@frozen(kw_only=True)
class Query:
    """One query for a range: its value at the end of each block.

    ``role`` is ``total``, ``good``, ``bad`` (counts of the block), ``value`` (a gauge) or ``presence`` (how many series
    report: 0 or nothing, while the source answers, means that the target is gone).
    """

    role: Literal["total", "good", "bad", "value", "presence"]
    text: str


def block_seconds(scrape_seconds: float, *, asked: int = BLOCK_SECONDS) -> int:
    """Return the length of a block: what was asked for, but not less than four scrapes."""
    return max(asked, round(SCRAPES * scrape_seconds))


def queries(objective: Objective, seconds: int = BLOCK_SECONDS) -> tuple[Query, ...]:
    """Return the queries for blocks of ``seconds``; the step of the range is the block.

    Raises:
        bascule.slo.promql.QueryError: when a query cannot be turned into counts.
    """
    sli = objective.sli
    if isinstance(sli, Gauge):
        out = [Query(role="value", text=promql.at_value(sli.query, seconds))]
        told = promql.presence(sli.query, seconds)
    else:
        out = [Query(role="total", text=promql.per_block(sli.total, seconds, counter=sli.counter))]
        if sli.bad:
            out.append(Query(role="bad", text=promql.per_block(sli.bad, seconds, counter=sli.counter)))
        else:
            out.append(Query(role="good", text=promql.per_block(sli.good, seconds, counter=sli.counter)))
        told = promql.presence(sli.total, seconds)
    if told is not None:
        out.append(Query(role="presence", text=told))
    return tuple(out)
