"""The judge of gauges: a level that has held longer after the merge than anything like it did before.

Real series are autocorrelated, seasonal, heavy-tailed and quantised, so no formula says how far chance carries them.
History does: what a *level held for w values* (the low end of w values in a row) has risen over the level just before
it, at every place of the history and as far ahead as the watch goes, is the null distribution. This is a moving-block
reading of history (Kuensch, Ann. Stat. 1989) applied to forecast errors, and needs no calibration. A bar is what
history reached, plus a few units of noise; the watch fires when one of several levels (3, 5 and 12 values) passes its
bar. Why not the robust CUSUM of Page and Huber: it was the first version, and is kept as a rival in the acceptance
table; its drift and threshold assume values that are independent, and a day's rhythm breaks them.

- **Blips** shorter than the hold time cannot lift a level, however high they are.
- **Already there**: values that were beyond the bar when the merge came are not held against it, until the gauge has
  been back; only what is as much worse again counts.
- **Rhythm**: a rise that came at the same clock time 1 or 7 days before is expected again.
- **One old jump is not a habit**: a rise in history is left out when, at that rate, less than one watch in twenty
  would meet one.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from math import ceil
from statistics import median

from attrs import evolve, frozen

from bascule.messages import slo as say
from bascule.slo.records import Answer, Direction, GaugeBlock, Judgement, Seen

LEAST_BEFORE = 6
"""Values before the merge without which nothing is judged."""
HOLD_SECONDS = 300.0
"""How long the gauge must stay beyond the bar; what comes back sooner is a blip."""
MARGIN = (3.0, 2.5, 2.0)
"""Units of noise over what history reached, for each level: the longer it is, the less chance can lift it."""
RARE = 0.05
"""Share of watches that may meet by chance what history shows."""
FLOOR = 0.005
"""Least unit of noise, as a share of the level: what is smaller concerns nobody."""
SHORT, LONG = 5, 24
"""Values that say what the level is at one time."""
PLACES = 160
"""Most places of the history that are looked at."""
TAIL = 6
"""Values before the merge that tell whether it was getting worse already."""
DAY = 86_400.0


@frozen(kw_only=True)
class Side:
    """One direction in which a gauge can be worse; numbers are turned so that higher is worse.

    Args:
        ref: the level when the merge came.
        least: how far beyond it the middle of a level must be.
        spans: lengths of the levels, in values.
        knots: for each level the indices of blocks at which its bar is known.
        bars: for each level the bar at those blocks; between them it is a straight line.
        lift: how much higher the bars are while what was already there lasts, 0 when it is over.
        run: values in a row beyond the first bar, until now.
        most: the longest run that ended by itself.
    """

    ref: float
    least: float
    spans: tuple[int, ...]
    knots: tuple[tuple[int, ...], ...]
    bars: tuple[tuple[float, ...], ...]
    lift: float = 0.0
    run: int = 0
    most: int = 0
    fired: int = -1


@frozen(kw_only=True)
class GaugeState:
    """What is kept of a watched gauge.

    Args:
        known: values that were there before the merge.
        normal: the level when the merge came, in the gauge's unit.
        noise: unit of noise.
        up, down: the directions in which it can be worse.
        last: the last values after the merge, as many as the longest level has.
        seen, missing: blocks so far, and those without a value.
        fired: index of the block at which it fired, -1 before.
    """

    known: int
    normal: float
    noise: float
    hold: int
    up: Side | None
    down: Side | None
    last: tuple[float, ...] = ()
    seen: int = 0
    missing: int = 0
    fired: int = -1


def rank(span: int) -> int:
    """Return which of ``span`` sorted values is the level that they held: all of 3, four of five, ten of twelve."""
    return span // 5


def begin(direction: Direction, before: Sequence[float | None], *, step_seconds: float, planned: int) -> GaugeState:
    """Return the state of a watch that begins now.

    Args:
        direction: which way is worse.
        before: values before the merge, oldest first, None where there is none.
        step_seconds: time between two values.
        planned: blocks that the watch will have.
    """
    known = [v for v in before if v is not None]
    hold = max(3, ceil(planned**0.5))
    if len(known) < LEAST_BEFORE:
        return GaugeState(known=len(known), normal=0.0, noise=1.0, hold=hold, up=None, down=None)
    carried, value = [], known[0]
    for one in before:
        value = value if one is None else one
        carried.append(value)
    level = sorted(abs(v) for v in known[-300:])[len(known[-300:]) // 2]
    noise = max(_noise(known), FLOOR * level, 1e-12)
    day = round(DAY / step_seconds)
    side = partial(_side, noise=noise, hold=hold, planned=max(planned, hold), day=day)
    return GaugeState(
        known=len(known),
        normal=median(carried[-SHORT:]),
        noise=noise,
        hold=hold,
        up=side(carried) if direction is not Direction.DOWN else None,
        down=side([-v for v in carried]) if direction is not Direction.UP else None,
    )


def _noise(values: Sequence[float], lag: int = 1) -> float:
    """Return the unit of noise: how far values lie from those ``lag`` earlier, robustly."""
    recent = values[-300:]
    steps = sorted(abs(b - a) for a, b in zip(recent, recent[lag:], strict=False))
    if not steps:
        return 0.0
    # Of steps between independent values: the median is 0.954 sigma, the 90th percentile 2.33 sigma.
    return max(steps[len(steps) // 2] / 0.954, steps[int(len(steps) * 0.9)] / 2.33 / 2)


def _side(y: Sequence[float], *, noise: float, hold: int, planned: int, day: int) -> Side:
    """Return one direction's bars; ``y`` is the history with higher meaning worse."""
    n = len(y)
    ref = _level(y, n)
    stride = max(1, min(n, 600) // PLACES)
    places = [t for t in range(n - hold, max(3, n - 600) - 1, -stride)]
    levels = {t: _level(y, t) for t in places}
    clock = [t for days in (1, 7) if (mid := n - days * day) >= SHORT for t in range(mid - day // 72, mid + day // 72)]
    levels.update({t: _level(y, t) for t in clock if t not in levels})
    allowed = int(RARE * n / planned) if n >= 2 * day else 0
    worse = _incident(y, ref, noise)
    slope = _momentum(y, noise)
    few = 1.0 + 4.0 / n
    spans = [s for s in (hold, hold * 5 // 3, hold * 3) if s <= planned]
    knots, bars = [], []
    for span, margin in zip(spans, MARGIN, strict=False):
        held = _held(y, span)
        unit = few * max(_noise(held, span), 0.5 * noise)
        ordered = sorted(held)
        top, middle = ordered[-1], ordered[len(ordered) // 2]
        at = sorted({span, round((span * planned) ** 0.5), planned})
        line, reached, seen_to, drift = [], 0.0, span, 0.0
        for ahead in at:
            shift = ahead - span
            rises = [(held[t + shift] - levels[t], t) for t in places if t + ahead <= n]
            if len(rises) >= 4:
                reached, seen_to = _reached(rises, allowed, ahead, n), ahead
                reached += max(0.0, reached) * min(1.0, 4.0 / len(rises))
                drift = max(0.0, median(r for r, _ in rises))
            scale = ahead / seen_to
            again = max((held[t + shift] - levels[t] for t in clock if 0 <= t and t + ahead <= n), default=reached)
            jump = ref + max(reached * scale if reached > 0 else reached, again) + margin * unit
            new = top + max(4.0 * noise, 0.5 * (top - middle)) + drift * scale
            if ahead > n / 4:
                jump = max(jump, top + margin * unit)
            moved = sorted(y[-3:])[1] + margin * unit + slope * min(ahead, TAIL)
            line.append(max(min(jump, new), moved, ref + worse))
        knots.append(tuple(k - 1 for k in at))
        bars.append(tuple(line))
    side = Side(ref=ref, least=1.5 * noise, spans=tuple(spans), knots=tuple(knots), bars=tuple(bars))
    already = 0
    while already < SHORT and y[n - 1 - already] > bars[0][0]:
        already += 1
    return evolve(side, lift=1.5 * (max(y[n - already :]) - ref)) if already else side


def _level(y: Sequence[float], at: int) -> float:
    """Return the level just before ``at``: the worse of the last few values and the last two dozen."""
    short = sorted(y[max(0, at - SHORT) : at])
    long = sorted(y[max(0, at - LONG) : at])
    return max(short[len(short) // 2], long[len(long) // 2])


def _held(y: Sequence[float], span: int) -> list[float]:
    """Return, for each place, the level that ``span`` values from there on held."""
    if len(y) < span:
        return [min(y)]
    at = rank(span)
    if at == 0:
        return [min(y[t : t + span]) for t in range(len(y) - span + 1)]
    return [sorted(y[t : t + span])[at] for t in range(len(y) - span + 1)]


def _incident(y: Sequence[float], ref: float, noise: float) -> float:
    """Return how much worse than ``ref`` it has to get where something new was already under way, else 0."""
    older = sorted(y[:-LONG]) if len(y) >= 2 * LONG else sorted(y[: len(y) // 2])
    lift = ref - older[len(older) // 2]
    if ref <= older[-1 - len(older) // 50] + 4.0 * noise:
        return 0.0
    recent = y[-LONG:]
    return max(0.5 * lift, 3.0 * _noise(recent))


def _momentum(y: Sequence[float], noise: float) -> float:
    """Return by how much a value the gauge was getting worse when the merge came, 0 where it was not."""
    tail = y[-TAIL:]
    down = max(a - b for a, b in pairwise(tail))
    gone = tail[-1] - tail[0]
    return gone / (len(tail) - 1) if gone > 4.0 * noise and down < 0.25 * gone else 0.0


def _reached(rises: Sequence[tuple[float, int]], allowed: int, ahead: int, now: int) -> float:
    """Return the highest rise, leaving out the ``allowed`` highest episodes that are not recent."""
    left = sorted(rises, reverse=True)
    for _ in range(allowed):
        _, peak = left[0]
        if peak > now - 72 - ahead:
            break
        rest = [r for r in left if abs(r[1] - peak) > ahead + SHORT]
        if not rest:
            break
        left = rest
    return left[0][0]


def bar(side: Side, level: int, at: int) -> float:
    """Return the bar of one level at block ``at``, with what was already there on top."""
    knots, bars = side.knots[level], side.bars[level]
    for (k0, b0), (k1, b1) in zip(zip(knots, bars, strict=True), zip(knots[1:], bars[1:], strict=True), strict=False):
        if at <= k1:
            return side.lift + b0 + (b1 - b0) * max(0, at - k0) / (k1 - k0)
    return side.lift + bars[-1]


def step(state: GaugeState, block: GaugeBlock) -> GaugeState:
    """Return the state after one more block; a state that has fired stays as it is."""
    if state.fired >= 0:
        return state
    at, value = state.seen, block.value
    if block.seen is not Seen.DATA or value is None:
        return evolve(state, seen=at + 1, missing=state.missing + 1)
    keep = 3 * state.hold
    last = (*state.last, value)[-keep:]
    up = _advanced(state.up, last, at) if state.up is not None else None
    down = _advanced(state.down, [-v for v in last], at) if state.down is not None else None
    fired = at if (up is not None and up.fired >= 0) or (down is not None and down.fired >= 0) else -1
    return evolve(state, seen=at + 1, last=last, up=up, down=down, fired=fired)


def _advanced(side: Side, last: Sequence[float], at: int) -> Side:
    value = last[-1]
    lift = side.lift
    if lift and value <= bar(evolve(side, lift=0.0), 0, at):
        lift = 0.0
    side = evolve(side, lift=lift)
    if value > bar(side, 0, at) and value - side.ref >= 0.2 * (max(last[-2 * side.spans[0] :]) - side.ref):
        run, most = side.run + 1, side.most
    else:
        run, most = 0, max(side.most, side.run)
    fired = -1
    for index, span in enumerate(side.spans):
        if len(last) < span:
            break
        window = sorted(last[-span:])
        held = window[rank(span)]
        height = bar(side, index, at)
        # What is still coming down from a spike is no level: the lowest must be comparable to the highest.
        enough = window[span // 2] > side.ref + side.least
        if enough and held > height and value > height and held - side.ref >= 0.2 * (window[-1] - side.ref):
            fired = at
            break
    return evolve(side, run=run, most=most, fired=fired)


def verdict(state: GaugeState) -> Judgement:
    """Return what can be said now; before the end of the watch, ``ok`` means "ok so far"."""
    if state.known < LEAST_BEFORE:
        return Judgement(answer=Answer.UNDECIDED, reason=say.gauge_no_baseline(state.known, LEAST_BEFORE))
    sides = [s for s in (state.up, state.down) if s is not None]
    run = max(s.run for s in sides)
    say_it = partial(Judgement, evidence=float(run), needed=float(state.hold))
    if state.fired >= 0:
        worse = "above" if state.up is not None and state.up.fired >= 0 else "below"
        values = ", ".join(f"{v:.4g}" for v in state.last[-state.hold :])
        return say_it(
            answer=Answer.VIOLATION, fired_at=state.fired, reason=say.gauge_fired(state, worse, run, values)
        )
    got = state.seen - state.missing
    if got == 0:
        return Judgement(answer=Answer.UNDECIDED, reason=say.no_data(state.seen))
    if got < state.seen / 2:
        return say_it(answer=Answer.UNDECIDED, reason=say.too_little(got, state.seen))
    if run >= 2:
        return say_it(answer=Answer.UNDECIDED, reason=say.gauge_rising(state, run))
    return say_it(answer=Answer.OK, reason=say.gauge_ok(state, max(s.most for s in sides)))
