"""An objective in one line, as a rulepack may have it under ``watch.slos``.

::

    checkout: 99.9% of sum(rate(http_requests_total{code!~"5.."}[1m])) / sum(rate(http_requests_total[1m]))
    checkout: at most 0.1% of http_requests_total{code=~"5.."} / http_requests_total
    latency: histogram_quantile(0.99, sum by (le) (rate(http_seconds_bucket[5m]))) < 0.5
    queue: sum(queue_length) (up is worse)
"""

from __future__ import annotations

import re

from bascule.messages import slo_files as say
from bascule.slo import promql
from bascule.slo.objective import Gauge, Objective, Ratio
from bascule.slo.openslo import faults
from bascule.slo.records import Direction

_LINE = re.compile(r"(?P<name>[a-z0-9][a-z0-9.-]{0,62}):\s+(?P<rest>\S.*)", re.DOTALL)
_SHARE = re.compile(r"(?P<most>at most\s+)?(?P<percent>\d+(?:\.\d+)?)\s*%\s+of\s+(?P<query>\S.*)", re.DOTALL)
_WORSE = re.compile(r"(?P<query>.*\S)\s*\((?P<way>up|down|both) (?:is|are) worse\)\s*", re.DOTALL)
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")


def is_short(text: str) -> bool:
    """Return whether ``text`` is meant as an objective in one line, not as a file's path."""
    return _LINE.fullmatch(text.strip()) is not None


def parse(text: str, *, where: str = "") -> Objective:
    """Return the objective in ``text``.

    Raises:
        bascule.slo.promql.QueryError: when it is none; ``said`` has what is wrong and what to do.
    """
    line = _LINE.fullmatch(text.strip())
    if line is None:
        raise promql.QueryError(*say.short_form(text))
    sli = _ratio(line["rest"]) or _gauge(line["rest"])
    if sli is None:
        raise promql.QueryError(*say.short_form(text))
    objective = Objective(name=line["name"], sli=sli, where=where)
    for said in faults(objective):
        raise promql.QueryError(*said)
    return objective


def _ratio(text: str) -> Ratio | None:
    share = _SHARE.fullmatch(text)
    if share is None:
        return None
    halves = promql.split_top(share["query"], ("/",))
    if halves is None or not halves[0] or not halves[2]:
        return None
    part, _, total = halves
    target = float(share["percent"])
    target = float(f"{(100.0 - target if share['most'] else target) / 100.0:.10g}")
    if not 0.0 < target < 1.0:
        raise promql.QueryError(*say.bad_target(target))
    if share["most"]:
        return Ratio(target=target, bad=part, total=total)
    return Ratio(target=target, good=part, total=total)


def _gauge(text: str) -> Gauge | None:
    worse = _WORSE.fullmatch(text)
    query, way = (worse["query"], Direction(worse["way"])) if worse is not None else (text.strip(), None)
    sides = promql.split_top(query, ("<=", ">=", "<", ">"))
    if sides is not None and _NUMBER.fullmatch(sides[2]):
        implied = Direction.UP if sides[1].startswith("<") else Direction.DOWN
        if way not in (None, implied):
            return None
        return Gauge(query=sides[0], direction=implied, limit=float(sides[2]))
    return Gauge(query=query, direction=way) if way is not None else None


def fault(text: str) -> tuple[str, str] | None:
    """Return what is wrong with an entry of ``watch.slos`` and what to do, None when nothing is."""
    if not is_short(text):
        return None if text.endswith((".yml", ".yaml")) else say.short_form(text)
    try:
        parse(text)
    except promql.QueryError as error:
        return error.said
    return None
