"""Generated traffic: requests and errors per block, in nine kinds of story, each with what should be said of it.

What is expected, and whether anybody could tell (``decidable``), follows from the generator's parameters alone, never
from what was drawn. Requests are Poisson, errors beta-binomial: ``rho`` is the correlation of requests within a block.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from typing import Any

from attrs import frozen

STEP = 30.0
BLOCKS = 120
"""Blocks before the merge, and after it: an hour each."""
TRAFFIC = (1, 5, 10, 30, 100, 200, 500, 1000, 2500)
"""Requests a block."""
OBJECTIVES = (0.99, 0.995, 0.999, 0.9995)
RHO = (0.0, 0.0, 0.0005, 0.003, 0.01)
UNKNOWABLE = "own worsening"
"""The kind of which nobody can say where it would have gone; only a violation is a wrong answer to it."""
LEAST_ERRORS = 10.0
"""Expected errors that must separate a regression from none, in independent requests, to call a case decidable."""


@frozen(kw_only=True)
class Story:
    """One drawn case and the parameters that it was drawn from."""

    scenario: str
    traffic: int
    objective: float
    rho: float
    expect: str
    decidable: bool
    onset: int
    """Block of the onset; after the merge, or negative where it began before."""
    before: list[list[float]]
    after: list[list[float]]

    def case(self, name: str) -> dict[str, Any]:
        """Return it in the format of `bascule slo backtest`."""
        return {
            "id": name,
            "kind": "ratio",
            "objective": self.objective,
            "step_seconds": STEP,
            "before": self.before,
            "after": self.after,
        }


def poisson(rng: random.Random, mean: float) -> int:
    """Draw from a Poisson distribution; above 50 from its normal approximation."""
    if mean > 50:
        return max(0, round(rng.gauss(mean, math.sqrt(mean))))
    limit, product, count = math.exp(-mean), rng.random(), 0
    while product > limit:
        product *= rng.random()
        count += 1
    return count


def binomial(rng: random.Random, n: int, p: float) -> int:
    """Draw from a binomial distribution: exactly where few are expected, else from the normal approximation."""
    if n <= 0 or p < 1e-12:
        return 0
    if p > 0.5:
        return n - binomial(rng, n, 1 - p)
    if n * p > 30:
        return min(n, max(0, round(rng.gauss(n * p, math.sqrt(n * p * (1 - p))))))
    count, at, log_q = 0, 0, math.log1p(-p)
    while True:  # gaps between successes are geometric
        at += 1 + min(n, int(math.log(1.0 - rng.random()) / log_q))
        if at > n:
            return count
        count += 1


def errors(rng: random.Random, n: int, p: float, rho: float) -> int:
    """Draw from a beta-binomial distribution with mean ``p`` and correlation ``rho``."""
    if n <= 0 or p < 1e-12:
        return 0
    if p >= 1:
        return n
    if rho > 0:
        size = 1.0 / rho - 1.0
        p = rng.betavariate(p * size, (1.0 - p) * size)
    return binomial(rng, n, p)


Rate = Callable[[int], float]


def stories(seed: str, count: int, traffic: tuple[int, ...] = TRAFFIC) -> Iterator[Story]:
    """Yield ``count`` stories of each kind and traffic level, always the same for one seed."""
    for level in traffic:
        for kind in KINDS:
            for number in range(count):
                yield story(random.Random(f"{seed}:{level}:{kind}:{number}"), kind, level)


def story(rng: random.Random, kind: str, traffic: int) -> Story:
    """Return one story."""
    objective, rho = rng.choice(OBJECTIVES), rng.choice(RHO)
    budget = 1.0 - objective
    healthy = budget * rng.uniform(0.05, 0.6)
    effect = max(math.exp(rng.uniform(math.log(0.005), math.log(0.5))), 4.0 * budget)
    rate, volume, onset, bad = KINDS[kind](rng, healthy, effect)
    blocks = []
    for at in range(-BLOCKS, BLOCKS):
        n = poisson(rng, traffic * volume(at))
        blocks.append([float(n), float(errors(rng, n, min(1.0, rate(at)), rho))])
    independent = 1.0 / (1.0 + (traffic - 1) * rho)
    if bad:
        expected = sum(traffic * volume(at) * (rate(at) - rate(-1)) for at in range(max(0, onset), BLOCKS))
        clear = rate(BLOCKS - 1) >= 4.0 * max(budget, rate(-1))
        decidable = clear and expected * independent >= LEAST_ERRORS
    else:
        worth = max(14.4 * budget, 3.0 * max(rate(-1), rate(0)))
        expected = min(
            sum(traffic * volume(at) * worth for at in blocks_of) for blocks_of in (range(-BLOCKS, 0), range(BLOCKS))
        )
        if onset < 0:  # an incident that began before the merge must have been visible there
            begun = sum(traffic * volume(at) * rate(at) for at in range(onset, 0))
            expected = min(expected, begun)
        decidable = expected * independent >= LEAST_ERRORS
    if kind == UNKNOWABLE:
        decidable = False
    return Story(
        scenario=kind,
        traffic=traffic,
        objective=objective,
        rho=rho,
        expect="violation" if bad else "ok",
        decidable=decidable,
        onset=onset,
        before=blocks[:BLOCKS],
        after=blocks[BLOCKS:],
    )


Kind = Callable[[random.Random, float, float], tuple[Rate, Rate, int, bool]]


def _steady(_: int) -> float:
    return 1.0


def _regression(rng: random.Random, healthy: float, effect: float) -> tuple[Rate, Rate, int, bool]:
    onset = rng.randint(0, 30)
    return lambda at: effect if at >= onset else healthy, _steady, onset, True


def _healthy(rng: random.Random, healthy: float, effect: float) -> tuple[Rate, Rate, int, bool]:
    return lambda _: healthy, _steady, 0, False


def _existing(rng: random.Random, healthy: float, effect: float) -> tuple[Rate, Rate, int, bool]:
    onset = -rng.randint(6, 100)
    return lambda at: effect if at >= onset else healthy, _steady, onset, False


def _worsening(rng: random.Random, healthy: float, effect: float) -> tuple[Rate, Rate, int, bool]:
    """An incident that the merge makes 5 to 20 times worse."""
    start, merge, factor = -rng.randint(25, 100), rng.randint(0, 10), rng.uniform(5, 20)
    low = min(effect, 0.03)
    return (
        lambda at: min(0.9, low * factor) if at >= merge else low if at >= start else healthy,
        _steady,
        merge,
        True,
    )


def _recovers(rng: random.Random, healthy: float, effect: float) -> tuple[Rate, Rate, int, bool]:
    start, end = -rng.randint(6, 60), rng.randint(1, 30)
    return lambda at: effect if start <= at < end else healthy, _steady, start, False


def _blip(rng: random.Random, healthy: float, effect: float) -> tuple[Rate, Rate, int, bool]:
    onset, high = rng.randint(0, 100), rng.uniform(0.3, 1.0)
    return lambda at: high if onset <= at < onset + 2 else healthy, _steady, onset, False


def _shift(rng: random.Random, healthy: float, effect: float) -> tuple[Rate, Rate, int, bool]:
    times = math.exp(rng.uniform(math.log(0.2), math.log(5.0)))
    return lambda _: healthy, lambda at: times if at >= 0 else 1.0, 0, False


def _ramp(rng: random.Random, healthy: float, effect: float) -> tuple[Rate, Rate, int, bool]:
    onset, length = rng.randint(0, 20), rng.randint(20, 80)
    return (
        lambda at: healthy + (effect - healthy) * min(1.0, max(0.0, (at - onset) / length)),
        _steady,
        onset,
        True,
    )


def _own_worsening(rng: random.Random, healthy: float, effect: float) -> tuple[Rate, Rate, int, bool]:
    """An incident that grows on its own, from before the merge to after it."""
    start, end = -rng.randint(30, 100), rng.randint(20, 100)
    return (
        lambda at: healthy + (effect - healthy) * min(1.0, max(0.0, (at - start) / (end - start))),
        _steady,
        start,
        False,
    )


KINDS: dict[str, Kind] = {
    "regression": _regression,
    "healthy": _healthy,
    "pre-existing": _existing,
    "worsening": _worsening,
    "own worsening": _own_worsening,
    "recovers": _recovers,
    "blip": _blip,
    "traffic shift": _shift,
    "ramp": _ramp,
}
