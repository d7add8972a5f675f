"""An objective as data for `bascule slo explain`: what it asks, its queries, and what a watch could see."""

from __future__ import annotations

from typing import Any

from bascule.slo import promql
from bascule.slo.detect import detectable
from bascule.slo.objective import Objective, Ratio, queries


def explained(
    objective: Objective, *, traffic: float | None, minutes: int, block: int, among: int = 1
) -> dict[str, Any]:
    """Return the objective as JSON data.

    Args:
        objective: one that has no faults.
        traffic: requests a minute, None where nothing is known.
        minutes: length of the watch.
        block: seconds of a block.
        among: how many objectives the watch has.
    """
    sli = objective.sli
    row: dict[str, Any] = {
        "name": objective.name,
        "where": objective.where,
        "service": objective.service,
        "source": objective.source,
        "kind": "ratio" if isinstance(sli, Ratio) else "gauge",
        "parsed": promql.can_check(),
        "block_seconds": block,
        "minutes": minutes,
        "queries": [{"role": q.role, "query": q.text} for q in queries(objective, block)],
    }
    if not isinstance(sli, Ratio):
        return {**row, "direction": str(sli.direction), "limit": sli.limit}
    row["target"] = sli.target
    if traffic is None:
        return row
    blocks = max(1, minutes * 60 // block)
    seen = detectable(sli, requests=traffic * block / 60, blocks=blocks, step_seconds=block, objectives=among)
    row["detectable"] = {
        "requests": seen.requests,
        "rate": seen.rate if seen.rate < 1 else None,
        "seconds": seen.seconds or None,
        "outage_seconds": seen.outage or None,
        "worth": seen.worth,
        "enough": seen.enough,
    }
    return row
