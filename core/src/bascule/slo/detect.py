"""What a watch can see at a given traffic: the least error rate that it would fire on, and what would pass unseen.

The CUSUM gains n·KL(p1, p0) a block on average (Page's test, Wald's approximation of the time to a threshold), and it
needs three blocks and errors that outlast the hold time. The figures are rounded up by a safety factor, so that a
regression of the said size fires in nine of ten watches; tests/slo/test_detect.py holds them to that.
"""

from __future__ import annotations

import math

from attrs import frozen

from bascule.slo import ratio
from bascule.slo.before import BURNING, upper
from bascule.slo.objective import Ratio

SAFETY = 2.2
"""Factor on the evidence, for the chance in when errors come."""
LEAST_ERRORS = 14.0
"""Expected errors below which nothing is said with certainty."""


@frozen(kw_only=True)
class Detectable:
    """What a watch of ``blocks`` blocks with ``requests`` each can see.

    Args:
        requests: expected requests of the whole watch.
        rate: least share of errors that fires in nine of ten watches; 1 or more when none does.
        seconds: how long that takes from its onset, about; 0 when none does.
        outage: how long it takes until a complete outage fires, about; 0 when it does not.
        enough: whether a regression worth a rollback would be seen; else the watch will be undecided.
        worth: the share of errors that is worth a rollback.
    """

    requests: float
    rate: float
    seconds: float
    outage: float
    enough: bool
    worth: float


def detectable(sli: Ratio, *, requests: float, blocks: int, step_seconds: float, objectives: int = 1) -> Detectable:
    """Return what can be seen.

    Args:
        sli: the ratio.
        requests: requests a block.
        blocks: blocks that the watch has.
        step_seconds: length of a block.
        objectives: how many objectives the watch has.
    """
    budget = 1.0 - sli.target
    plan = ratio.begin(sli.target, (), step_seconds=step_seconds, planned=blocks, objectives=objectives).plan
    rate = budget * BURNING
    while rate < 1.0 and _blocks(rate, budget, requests, plan.threshold, plan.hold) > blocks:
        rate *= 1.02
    worth = max(4.0 * budget, min(ratio.WORTH * budget, ratio.WORTH_SHARE))
    outage = _blocks(0.99, budget, requests, plan.threshold, plan.hold)
    seen = rate < 1.0
    return Detectable(
        requests=requests * blocks,
        rate=min(1.0, rate),
        seconds=step_seconds * _blocks(rate, budget, requests, plan.threshold, plan.hold) if seen else 0.0,
        outage=step_seconds * outage if outage <= blocks else 0.0,
        enough=seen and upper(0.0, requests * blocks) <= worth,
        worth=worth,
    )


def _blocks(rate: float, budget: float, requests: float, threshold: float, hold: int) -> float:
    """Return after how many blocks at ``rate`` the watch fires, infinity when it never does."""
    if requests <= 0:
        return math.inf
    gain = requests * (rate * math.log(rate / budget) + (1.0 - rate) * math.log((1.0 - rate) / (1.0 - budget)))
    blocks_with = 1.0 - math.exp(requests * math.log1p(-rate))
    gain = min(gain, ratio.CAP * blocks_with)
    needed = SAFETY * (threshold + math.log(len(ratio.FACTORS)))
    return max(hold, needed / gain, LEAST_ERRORS / (requests * rate))
