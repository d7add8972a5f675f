"""Cases from real series: the Numenta Anomaly Benchmark (Lavin and Ahmad, 2015), read from a path that the user gives.

A case's kind is fixed by a rule that looks at the days around the merge, never by the judge: it sees what came long
after, which no judge can. Places that the rule finds neither plainly one thing nor another are not used. The files are
split in two halves by a hash of their names; the judge was developed on the half ``dev``.
"""

from __future__ import annotations

import bisect
import csv
import hashlib
import random
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

DAY = 288
"""Samples of the neighbourhood that the rule looks at, before and after: a day at five minutes."""
SHAPES = ((12, 5), (24, 5), (72, 5), (288, 5), (600, 5), (36, 12), (288, 12), (600, 24), (120, 60), (600, 60))
"""Samples before and after the merge."""
PER_FILE = 12
"""At most so many cases of a kind from a file, so that none decides the figure."""


def half(name: str) -> str:
    """Return ``dev`` or ``held``, by the file's name alone."""
    return "dev" if hashlib.sha256(name.encode()).digest()[0] % 2 == 0 else "held"


def series(folder: Path) -> Iterator[tuple[str, float, list[float]]]:
    """Yield name, seconds between samples, and values of every series below ``folder``."""
    for path in sorted(folder.glob("data/*/*.csv")):
        with path.open(newline="") as file:
            rows = [(datetime.fromisoformat(r["timestamp"]), float(r["value"])) for r in csv.DictReader(file)]
        steps = sorted((b[0] - a[0]).total_seconds() for a, b in pairwise(rows))
        yield path.name, max(1.0, steps[len(steps) // 2]), [v for _, v in rows]


def spread(values: Sequence[float]) -> float:
    """Return a robust standard deviation that is not fooled by a value that repeats: MAD, or a wider quantile range."""
    ordered = sorted(values)
    middle = median(ordered)
    mad = 1.4826 * median(abs(v - middle) for v in ordered)
    wide = (ordered[int(len(ordered) * 0.975)] - ordered[int(len(ordered) * 0.025)]) / 3.92
    return max(mad, wide * 0.5, 0.01 * abs(middle), 1e-9)


class Around:
    """What the rule knows of a place in a series: level and spread of the day before it."""

    def __init__(self, values: Sequence[float], at: int) -> None:
        past = values[max(0, at - DAY) : at]
        self.spread = spread(past)
        self.level = median(past[-24:])
        ordered = sorted(past)
        self.low, self.high = ordered[int(len(ordered) * 0.02)], ordered[-1 - int(len(ordered) * 0.02)]

    def beyond(self, value: float, up: bool, by: float) -> bool:
        """Return whether ``value`` is worse than the last two hours and than nearly all of the day before."""
        if up:
            return value > max(self.level + by * self.spread, self.high + 0.5 * self.spread)
        return value < min(self.level - by * self.spread, self.low - 0.5 * self.spread)


def onset(values: Sequence[float], at: int, up: bool, lasts: int) -> bool:
    """Return whether a shift begins exactly at ``at`` and stays for ``lasts`` samples."""
    if at < 60 or at + lasts > len(values):
        return False
    around = Around(values, at)
    if not around.beyond(values[at], up, 3.0) or around.beyond(values[at - 1], up, 1.5):
        return False
    after = values[at : at + lasts]
    stays = sum(around.beyond(v, up, 3.0) for v in after) >= 0.9 * lasts
    return stays and around.beyond(median(after), up, 5.0)


def quiet(values: Sequence[float], at: int, after: int) -> bool:
    """Return whether nothing happens after ``at``, nor just before."""
    if at < 60 or at + 2 * after > len(values):
        return False
    around = Around(values, at)
    window = values[at - 12 : at + 2 * after]
    if any(around.beyond(v, up, 3.0) for v in window for up in (True, False)):
        return False
    return abs(median(values[at : at + after]) - around.level) < 1.5 * around.spread


def spike(values: Sequence[float], at: int, up: bool, longest: int, after: int) -> int:
    """Return how long a spike lasts that begins at ``at`` and recovers by itself, 0 when there is none."""
    if at < 60 or at + longest + after > len(values):
        return 0
    around = Around(values, at)
    if not around.beyond(values[at], up, 5.0) or around.beyond(values[at - 1], up, 3.0):
        return 0
    length = next((n for n in range(1, longest + 1) if not around.beyond(values[at + n], up, 3.0)), 0)
    rest = values[at + length : at + length + after]
    if not length or any(around.beyond(v, u, 3.0) for v in rest for u in (True, False)):
        return 0
    return length


def cases(folder: Path, only: str | None = None) -> Iterator[dict[str, Any]]:
    """Yield the cases, each with what is expected (``expect``) and why (``scenario``), always the same for one folder.

    Args:
        folder: a checkout of the benchmark, with ``data/``.
        only: ``dev`` or ``held`` for one half.
    """
    for name, step, values in series(folder):
        if only is not None and half(name) != only:
            continue
        rng = random.Random(f"bascule:{name}")
        found = [*_of_file(values, step, rng)]
        for at, case in enumerate(found):
            yield {"id": f"{name}:{at}", "file": name, **case}


def _of_file(values: Sequence[float], step: float, rng: random.Random) -> Iterator[dict[str, Any]]:
    places = list(range(60, len(values) - 60))
    rng.shuffle(places)
    onsets = {up: [t for t in range(60, len(values) - 60) if onset(values, t, up, 36)] for up in (True, False)}
    begun = sorted(onsets[True] + onsets[False])

    def make(scenario: str, expect: str, at: int, worse: str, after: int | None = None) -> dict[str, Any]:
        before, length = rng.choice([s for s in SHAPES if after is None or s[1] == after])
        case = {
            "kind": "gauge",
            "scenario": scenario,
            "expect": expect,
            "at": at,
            "direction": worse,
            "step_seconds": step,
            "before": list(values[max(0, at - before) : at]),
            "after": list(values[at : at + length]),
        }
        if rng.random() < 0.2:
            for part in ("before", "after"):
                case[part] = [None if rng.random() < 0.1 else v for v in case[part]]
            if case["after"].count(None) > 1 and length == 5:
                case["after"] = list(values[at : at + length])
        return case

    def either(up: bool) -> str:
        return rng.choice(["up" if up else "down", "both"])

    for up, starts in onsets.items():
        chosen = list(starts)
        rng.shuffle(chosen)
        for t in chosen[: PER_FILE // 2]:
            after = rng.choice([5, 5, 12, 24, 60])
            late = rng.randint(0, {5: 1, 12: 5}.get(after, 12))
            if bisect.bisect_right(begun, t - 1) == bisect.bisect_right(begun, t - late - 40):
                yield make("onset", "violation", t - late, either(up), after)
            yield make("harmless", "ok", t, "down" if up else "up", rng.choice([5, 12]))
            yield make("pre-existing", "ok", t + rng.choice([1, 2, 3, 5, 8, 12]), either(up), rng.choice([5, 12]))
    n = 0
    for t in places:
        up = rng.random() < 0.5
        after = rng.choice([5, 5, 12, 24, 60])
        length = spike(values, t, up, 2 if after == 5 else max(2, after // 8), after)
        if length:
            yield make("spike", "ok", max(60, t - rng.randint(0, max(0, after - length - 2))), either(up), after)
            n += 1
        if n == PER_FILE:
            break
    n = 0
    for t in places:
        after = rng.choice([5, 5, 12, 24, 60])
        if quiet(values, t, after):
            yield make("quiet", "ok", t, rng.choice(["up", "down", "both"]), after)
            n += 1
            if n % 2 == 0 and Around(values, t).spread > 1e-6:
                case = make("injected", "violation", t, rng.choice(["up", "down", "both"]), after)
                yield _shifted(case, Around(values, t).spread, rng)
        if n == PER_FILE:
            break


def _shifted(case: dict[str, Any], unit: float, rng: random.Random) -> dict[str, Any]:
    """Return the case with its values after an onset shifted the bad way by 6 to 15 spreads."""
    sign = {"up": 1, "down": -1, "both": rng.choice([1, -1])}[case["direction"]]
    start = rng.randint(0, 1 if len(case["after"]) == 5 else len(case["after"]) // 3)
    by = sign * unit * rng.uniform(6, 15)
    case["after"] = [v if v is None or i < start else v + by for i, v in enumerate(case["after"])]
    return case
