"""What the time before a merge says of a gauge: the bars that a level must pass to be news.

All numbers here are turned so that higher is worse. *A level held for w values* is the low end of w values in a row
(all of 3, four of five): a spike cannot lift it. *A rise* is a level over the level just before, some values ahead.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from math import ceil, sqrt

from attrs import evolve, frozen

MARGIN = 3.0
"""Units of noise over what history reached."""
PRACTICAL = 1.25
"""Units of noise that the middle of a level must be over the level before."""
USUAL = 0.9
"""Share of rises in history that are its usual wandering."""
RARE = 0.05
"""Share of watches that may meet by chance what history shows."""
FLOOR = 0.005
"""Least unit of noise, as a share of the level: what is smaller concerns nobody."""
SHORT, LONG = 5, 24
"""Values that say what the level is at one time."""
TAIL = 6
"""Values before the merge that tell whether it was getting worse already."""
MOST = 432
"""Most values before the merge that are looked at, apart from those at the same clock time."""
RECENT = 72
"""Values before the merge whose jumps are never taken for rare."""


@frozen
class Bars:
    """What to hold the values after a merge against.

    Args:
        ref: the level when the merge came.
        least: how far beyond it the middle of a level must be.
        spans: lengths of the levels, in values.
        knots: for each level the three blocks at which its bar is known, flattened.
        heights: the bars there, flattened; between two blocks it is a straight line.
        lift: how much higher all bars are while what was already there lasts, else 0.
    """

    ref: float
    least: float
    spans: tuple[int, ...]
    knots: tuple[int, ...]
    heights: tuple[float, ...]
    lift: float = 0.0

    def height(self, level: int, at: int) -> float:
        """Return the bar of one level at block ``at``, without the lift."""
        low = 3 * level if at < self.knots[3 * level + 1] else 3 * level + 1
        start, end = self.knots[low], self.knots[low + 1]
        if at >= end:
            return self.heights[low + 1]
        share = max(0, at - start) / (end - start)
        return self.heights[low] + share * (self.heights[low + 1] - self.heights[low])

    def above(self, limit: float) -> Bars:
        """Return these bars, none of them lower than ``limit``."""
        return evolve(self, heights=tuple(max(h, limit) for h in self.heights))


def rank(span: int) -> int:
    """Return which of ``span`` sorted values is the level that they held: all of 3, four of five, ten of twelve."""
    return span // 5


def noise(values: Sequence[float], lag: int = 1) -> float:
    """Return how far values lie from those ``lag`` earlier, in standard deviations of one value, robustly."""
    steps = sorted([abs(b - a) for a, b in zip(values, values[lag:], strict=False)])
    if not steps:
        return 0.0
    # Of steps between independent normal values: the median is 0.954 sigma, the 90th percentile 2.33 sigma.
    return max(steps[len(steps) // 2] / 0.954, steps[int(len(steps) * 0.9)] / 4.66)


def unit(values: Sequence[float]) -> float:
    """Return the unit of noise of a gauge's history, above zero."""
    return max(noise(values), FLOOR * sorted([abs(v) for v in values])[len(values) // 2], 1e-12)


def held(y: Sequence[float], span: int, places: range) -> list[float]:
    """Return the level that the ``span`` values from each place on held, as far as they go."""
    at = rank(span)
    ends = [t + span for t in places if t + span <= len(y)]
    if at == 0:
        return [min(y[e - span : e]) for e in ends]
    return [sorted(y[e - span : e])[at] for e in ends]


def levels(y: Sequence[float], places: range) -> list[float]:
    """Return the level just before each place: the worse of the last few values and the last two dozen."""
    out = []
    for t in places:
        short, long = sorted(y[max(0, t - SHORT) : t]), sorted(y[max(0, t - LONG) : t])
        out.append(max(short[len(short) // 2], long[len(long) // 2]))
    return out


def bars(history: Sequence[float], *, noise_unit: float, hold: int, planned: int, day: int, wider: float = 1.0) -> Bars:
    """Return the bars of one direction.

    Args:
        history: values before the merge without gaps, oldest first.
        noise_unit: as :func:`unit` gives it.
        hold: values that the shortest level has.
        planned: blocks that the watch will have, at least ``hold``.
        day: values of a day.
        wider: factor on the margins, at least 1.
    """
    y = history[-MOST:]
    n = len(y)
    # A jump can be seen from three places in a row, so every third is enough.
    stride = 1 + (n > 150) + (n > 300)
    first = min(3, n - hold)
    places = range(first + (n - first) % stride, n + 1, stride)
    level = levels(y, places)
    ref = level[-1]
    allowed = int(RARE * len(history) / planned) if len(history) >= 2 * day else 0
    worse, slope, few = _incident(y, ref, noise_unit), _momentum(y, noise_unit), 1.0 + 4.0 / n
    wander = _wander(y, noise_unit) if 2 * planned > n else 0.0
    spans = tuple(s for s in (hold, hold * 5 // 3, hold * 3) if s <= planned)
    heights: list[float] = []
    for span in spans:
        low = held(y, span, places) or [sorted(y)[n // 2]]
        ordered = sorted(low)
        top, middle = ordered[-1], ordered[len(ordered) // 2]
        margin = wider * MARGIN * few * max(noise(low, ceil(span / stride)), 0.5 * noise_unit)
        moved = sorted(y[-3:])[1] + margin
        reached, seen_to, drift = 0.0, span, 0.0
        for ahead in aheads(span, planned):
            rises = [h - b for h, b in zip(low[(ahead - span) // stride :], level, strict=False)]
            if len(rises) >= 4:
                reached, seen_to = _reached(rises, allowed, ceil(ahead / stride), ceil(RECENT / stride)), ahead
                reached += max(0.0, reached) * min(1.0, 4.0 / len(rises))
                drift = max(0.0, sorted(rises)[int(len(rises) * USUAL)])
            scale = ahead / seen_to
            rise = max(reached * scale if reached > 0 else reached, _again(history, span, ahead, day))
            jump = ref + rise + margin
            if ahead > n / 4:
                jump = max(jump, top + margin)
            # The longer ahead, the fewer times history tells of; what wanders may go further than it did there.
            further = 2.0 * wander * max(0.0, 2.0 * ahead / n - 1.0) ** 0.5 + drift * max(0.0, 2.0 * ahead / n - 0.5)
            new = top + max(4.0 * noise_unit, 0.5 * (top - middle)) + drift * scale
            heights.append(max(min(jump, new) + further, moved + slope * min(ahead, TAIL), ref + worse))
    lift = _already(y, heights[0], ref)
    return Bars(ref, PRACTICAL * noise_unit, spans, blocks(spans, planned), tuple(heights), lift)


def aheads(span: int, planned: int) -> tuple[int, int, int]:
    """Return how many values ahead the bar of a level is known."""
    return span, max(span + 1, round((span * planned) ** 0.5)), max(span + 2, planned)


@cache
def blocks(spans: tuple[int, ...], planned: int) -> tuple[int, ...]:
    """Return the blocks at which bars are known, flattened; one object for all states that have the same."""
    return tuple(ahead - 1 for span in spans for ahead in aheads(span, planned))


def _reached(rises: Sequence[float], allowed: int, ahead: int, recent: int) -> float:
    """Return the highest rise, leaving out the ``allowed`` highest episodes that are not recent."""
    if not allowed:
        return max(rises)
    left = list(rises)
    for _ in range(allowed):
        peak = left.index(max(left))
        if peak >= len(rises) - recent:
            break
        for at in range(max(0, peak - ahead - SHORT), min(len(left), peak + ahead + SHORT + 1)):
            left[at] = float("-inf")
    best = max(left)
    return best if best > float("-inf") else max(rises)


def _again(history: Sequence[float], span: int, ahead: int, day: int) -> float:
    """Return the highest rise at the same clock time, 1 and 7 days before; minus infinity where nothing is known."""
    n, near, best = len(history), max(1, day // 144), float("-inf")
    if n < day:
        return best
    for days in (1, 7):
        for t in range(max(LONG, n - days * day - near), n - days * day + near + 1):
            if LONG <= t <= n - ahead:
                held = sorted(history[t + ahead - span : t + ahead])[rank(span)]
                short, long = sorted(history[t - SHORT : t]), sorted(history[t - LONG : t])
                best = max(best, held - max(short[SHORT // 2], long[LONG // 2]))
    return best


def _incident(y: Sequence[float], ref: float, noise_unit: float) -> float:
    """Return how much worse than ``ref`` it has to get where something new was already under way, else 0."""
    older = sorted(y[:-LONG] if len(y) >= 2 * LONG else y[: len(y) // 2])
    if ref <= older[-1 - len(older) // 50] + 4.0 * noise_unit:
        return 0.0
    return max(0.5 * (ref - older[len(older) // 2]), 3.0 * noise(y[-LONG:]))


def _wander(y: Sequence[float], noise_unit: float) -> float:
    """Return the standard deviation of what is left of ``y`` without noise: how far it strays, slowly."""
    mean = sum(y) / len(y)
    return sqrt(max(0.0, sum([(v - mean) ** 2 for v in y]) / len(y) - noise_unit**2))


def _momentum(y: Sequence[float], noise_unit: float) -> float:
    """Return by how much a value the gauge was getting worse when the merge came, 0 where it was not."""
    tail = y[-TAIL:]
    back = max(a - b for a, b in pairwise(tail))
    gone = tail[-1] - tail[0]
    return gone / (len(tail) - 1) if gone > 4.0 * noise_unit and back < 0.25 * gone else 0.0


def _already(y: Sequence[float], bar: float, ref: float) -> float:
    """Return how much higher the bars are where the last values before the merge were beyond them, else 0."""
    count = 0
    while count < SHORT and y[-1 - count] > bar:
        count += 1
    return 1.5 * (max(y[-count:]) - ref) if count else 0.0
