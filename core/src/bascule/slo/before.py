"""What the time before a merge says of a ratio: its rate, how its counts vary, and incidents that were under way."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from bascule.slo.records import RatioBlock

INCIDENT = 3.0
"""Log likelihood ratio from which an incident before the merge is believed."""
CLEAR = 3.0
"""Standard errors from which a growth before the merge is believed."""
Z99 = 2.326
BURNING = 2.0
"""A burn rate (error rate over budget) that is a breach."""


def half(budget: float) -> float:
    """Return the rate half way between the budget and a complete outage."""
    return (1.0 + budget) / 2.0


def breach(budget: float) -> float:
    """Return the error rate that is a breach: twice the budget, or half way to a complete outage where that is less."""
    return min(BURNING * budget, half(budget))


def upper(errors: float, total: float, *, z: float = Z99) -> float:
    """Return the upper confidence bound of a rate (Wilson and Hilferty's cube root for Poisson counts), at most 1."""
    if total <= 0:
        return 1.0
    k = errors + 1.0
    return min(1.0, k * (1.0 - 1.0 / (9.0 * k) + z / (3.0 * math.sqrt(k))) ** 3 / total)


def dispersion(blocks: Sequence[RatioBlock]) -> float:
    """Return how much more the counts of ``blocks`` vary than a coin's would: 1 or more, at most 50.

    From successive differences, and 1 where there are fewer than 5 errors or 8 blocks to tell from.
    """
    total = sum(b.total for b in blocks)
    errors = sum(b.errors for b in blocks)
    if errors < 5 or len(blocks) < 8:
        return 1.0
    rate = errors / total
    spread = rate * (1.0 - rate)
    if spread <= 0:
        return 1.0
    terms = 0.0
    for one, two in pairwise(blocks):
        n = one.total * two.total / (one.total + two.total)
        terms += n * (one.errors / one.total - two.errors / two.total) ** 2
    return min(50.0, max(1.0, terms / (len(blocks) - 1) / spread))


def under_way(blocks: Sequence[RatioBlock], budget: float, phi: float) -> Sequence[RatioBlock]:
    """Return the last blocks in which an incident was under way, empty when there was none.

    The beginning is where the likelihood of "errors at their own rate since then" against "errors at the budget" is
    highest: the maximum likelihood estimate of a change point (Hinkley, Biometrika 1970).
    """
    best, start, n, e = INCIDENT, len(blocks), 0.0, 0.0
    for at in range(len(blocks) - 1, -1, -1):
        n, e = n + blocks[at].total, e + blocks[at].errors
        rate = min(e / n, 1.0 - 1e-9)
        if e < 2 or rate <= BURNING * budget:
            continue
        score = (e * math.log(rate / budget) + (n - e) * math.log((1.0 - rate) / (1.0 - budget))) / phi
        if score > best:
            best, start = score, at
    return blocks[start:]


def trend(incident: Sequence[RatioBlock], phi: float) -> tuple[float, float]:
    """Return where the rate of ``incident`` stood at its end and how fast it grew a block, both as upper bounds.

    Weighted least squares; (0, 0) where it did not clearly grow. It may go on by itself after the merge.
    """
    n, e = sum(b.total for b in incident), sum(b.errors for b in incident)
    if e < 10 or len(incident) < 6:
        return 0.0, 0.0
    middle = sum(at * b.total for at, b in enumerate(incident)) / n
    width = sum(b.total * (at - middle) ** 2 for at, b in enumerate(incident))
    rate = e / n
    slope = sum((at - middle) * b.errors for at, b in enumerate(incident)) / width
    doubt = math.sqrt(phi * rate * (1.0 - rate) / width)
    if slope < CLEAR * doubt:
        return 0.0, 0.0
    end = rate + slope * (len(incident) - middle)
    return end + Z99 * math.sqrt(phi * end * max(0.0, 1.0 - end) * 4.0 / n), slope + doubt
