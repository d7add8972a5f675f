"""Decision rules of others, written anew from their published descriptions, to be judged on the same cases.

- Argo Rollouts (https://argo-rollouts.readthedocs.io/en/stable/features/analysis/): each measurement passes or fails
  its ``successCondition``; the run fails when failures exceed ``failureLimit`` (default 0). Here: success rate over
  five minutes, measured every minute, against the objective. No data is no measurement.
- Flagger (https://docs.flagger.app/usage/how-it-works): each minute a metric outside its range, or without a value, is
  a failed check; at ``threshold`` failed checks it rolls back. Here: threshold 5, success rate over one minute.
- Kayenta (https://spinnaker.io/docs/guides/user/canary/judge/): Mann-Whitney at 98 % confidence between the samples;
  high when the confidence interval of the shift lies beyond 0.25 of the Hodges-Lehmann estimate. Here: the hour before
  is the baseline, asked once at the end; with ``effect``, the mean ratio must be beyond it as well.
- Burn rate (Site Reliability Workbook, ch. 5): 14.4 times the budget over one hour and over five minutes.
- For gauges also: one value beyond three standard deviations, and the robust CUSUM (Page 1954, with median, MAD and
  clipped values: k 1, h 8), which this project used first.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import mean, median, pstdev
from typing import Any

Counts = Sequence[Sequence[float]]
Rule = Callable[[dict[str, Any]], int | None]
"""The block of the case at which the rule says "violation", None when it never does."""


def _rate(blocks: Counts) -> float | None:
    total = sum(b[0] for b in blocks)
    return sum(b[1] for b in blocks) / total if total > 0 else None


def argo(limit: int) -> Rule:
    """Argo Rollouts with a ``failureLimit``."""

    def rule(case: dict[str, Any]) -> int | None:
        failures = 0
        for at in range(1, len(case["after"]), 2):
            rate = _rate(case["after"][max(0, at - 9) : at + 1])
            failures += rate is not None and rate > 1 - case["objective"]
            if failures > limit:
                return at
        return None

    return rule


def flagger(case: dict[str, Any]) -> int | None:
    """Flagger with threshold 5."""
    failed = 0
    for at in range(1, len(case["after"]), 2):
        rate = _rate(case["after"][at - 1 : at + 1])
        failed += rate is None or rate > 1 - case["objective"]
        if failed >= 5:
            return at
    return None


def burn_rate(case: dict[str, Any]) -> int | None:
    """14.4 times the budget over an hour and over five minutes."""
    blocks = [*case["before"], *case["after"]]
    bar = 14.4 * (1 - case["objective"])
    for at in range(len(case["before"]), len(blocks)):
        hour, minutes = _rate(blocks[max(0, at - 119) : at + 1]), _rate(blocks[at - 9 : at + 1])
        if hour is not None and minutes is not None and min(hour, minutes) > bar:
            return at - len(case["before"])
    return None


def shifted(before: Sequence[float], after: Sequence[float], *, effect: float = 0.0) -> int:
    """Return 1 or -1 when Mann-Whitney as Kayenta uses it finds ``after`` higher or lower, else 0."""
    if not before or not after:
        return 0
    n = len(before) * len(after)
    differences = sorted(b - a for a in before for b in after)
    off = round(n / 2 - 2.326 * math.sqrt(n * (len(before) + len(after) + 1) / 12))
    if off < 1:
        return 0
    estimate = median(differences)
    low, high = differences[off - 1], differences[n - off]
    tolerance = 0.25 * abs(estimate)
    if effect and (mean(before) <= 0 or mean(after) / mean(before) < effect):
        return 0
    return 1 if low > tolerance else -1 if high < -tolerance else 0


def kayenta(effect: float) -> Rule:
    """Kayenta's test on the error rates of the blocks, once at the end."""

    def rule(case: dict[str, Any]) -> int | None:
        before, after = ([b[1] / b[0] for b in case[key] if b[0] > 0] for key in ("before", "after"))
        return len(case["after"]) - 1 if shifted(before, after, effect=effect) > 0 else None

    return rule


def _signs(direction: str) -> tuple[int, ...]:
    return {"up": (1,), "down": (-1,), "both": (1, -1)}[direction]


def three_sigma(case: dict[str, Any]) -> int | None:
    """One value beyond three standard deviations of the time before."""
    before = [v for v in case["before"] if v is not None]
    if len(before) < 3:
        return None
    middle, bar = mean(before), 3 * pstdev(before)
    for at, value in enumerate(case["after"]):
        if value is not None and any(s * (value - middle) > bar for s in _signs(case["direction"])):
            return at
    return None


def mann_whitney(case: dict[str, Any]) -> int | None:
    """Kayenta's test on a gauge, once at the end."""
    before, after = ([v for v in case[key] if v is not None] for key in ("before", "after"))
    found = shifted(before[-288:], after)
    return len(case["after"]) - 1 if found in _signs(case["direction"]) else None


def robust_cusum(case: dict[str, Any]) -> int | None:
    """The robust CUSUM of the project's first design."""
    before = [v for v in case["before"] if v is not None]
    if len(before) < 3:
        return None
    middle = median(before)
    unit = max(1.4826 * median(abs(v - middle) for v in before), 0.25 * pstdev(before), 1e-12)
    sums = dict.fromkeys(_signs(case["direction"]), 0.0)
    for at, value in enumerate(case["after"]):
        if value is None:
            continue
        for sign in sums:
            sums[sign] = max(0.0, sums[sign] + min(6.0, sign * (value - middle) / unit) - 1.0)
            if sums[sign] > 8.0:
                return at
    return None


RATIO: dict[str, Rule] = {
    "Argo Rollouts, failureLimit 0": argo(0),
    "Argo Rollouts, failureLimit 3": argo(3),
    "Flagger, threshold 5": flagger,
    "Kayenta, Mann-Whitney 98 %": kayenta(0.0),
    "Kayenta, and twice the mean": kayenta(2.0),
    "14.4x burn, 1h and 5m": burn_rate,
}
GAUGE: dict[str, Rule] = {
    "one value beyond 3 sigma": three_sigma,
    "Mann-Whitney 98 % at the end": mann_whitney,
    "robust CUSUM (k 1, h 8)": robust_cusum,
}
