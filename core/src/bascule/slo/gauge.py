"""The judge of gauges: a level that has held longer after the merge than anything like it did before.

Real series are autocorrelated, seasonal, heavy-tailed and quantised, so no formula says how far chance carries them.
History does: what a *level held for w values* (the low end of w values in a row) has risen over the level just before
it, at every place of the history and as far ahead as the watch goes, is the null distribution. This is a moving-block
reading of history (Kuensch, Ann. Stat. 1989) applied to forecast errors, and needs no calibration. A bar is what
history reached, plus a few units of noise; the watch fires when one of three levels (of the hold time, of 5/3 and of 3
times it) passes its bar.

Why not the robust CUSUM of Page and Huber: it was the first version, and is kept as a rival in the acceptance table;
its drift and threshold assume values that are independent, and a day's rhythm breaks them.

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
from math import ceil, isfinite, log10
from struct import pack, unpack

from attrs import frozen

from bascule.messages import slo as say
from bascule.slo.history import MOST, SHORT, Bars, bars, rank, unit
from bascule.slo.records import Answer, Direction, GaugeBlock, Judgement, Seen

LEAST_BEFORE = 6
"""Values before the merge without which nothing is judged."""
FADING = 0.2
"""Share of the highest value below which one is still coming down from a spike."""
DAY = 86_400.0


@frozen
class Side:
    """One direction in which a gauge can be worse; numbers are turned so that higher is worse.

    Args:
        bars: what the values are held against.
        lifted: whether what was already there when the merge came still lasts.
        run: values in a row beyond the first bar, until now.
        most: the longest run that ended by itself.
        explained: which of the last values the same clock time explains, the newest in the lowest bit.
        fired: whether a level passed its bar.
    """

    bars: Bars
    lifted: bool
    run: int = 0
    most: int = 0
    explained: int = 0
    fired: bool = False


@frozen
class GaugeState:
    """What is kept of a watched gauge.

    Args:
        known: values that were there before the merge.
        normal: the level when the merge came, in the gauge's unit.
        hold: values of the shortest level.
        up, down: the directions in which it can be worse.
        last: the last values after the merge, as many as the longest level has, as packed doubles: there may be half
            a million states at a time.
        seen, missing: blocks so far, and those without a value.
        fired: index of the block at which it fired, -1 before.
    """

    known: int
    normal: float
    hold: int
    up: Side | None
    down: Side | None
    last: bytes = b""
    seen: int = 0
    missing: int = 0
    fired: int = -1


def begin(
    direction: Direction,
    before: Sequence[float | None],
    *,
    step_seconds: float,
    planned: int,
    objectives: int = 1,
    limit: float | None = None,
) -> GaugeState:
    """Return the state of a watch that begins now.

    Args:
        direction: which way is worse.
        before: values before the merge, oldest first, None where there is none; a day or more is best.
        step_seconds: time between two values.
        planned: blocks that the watch will have; the hold time grows with its square root.
        objectives: how many objectives this watch has; the margins grow with the logarithm of their number, as a tail
            that falls exponentially asks for (Bonferroni).
        limit: value that the objective allows: the upper one, or with direction ``DOWN`` the lower one.
    """
    known = [v for v in before if v is not None and isfinite(v)]
    hold = max(3, ceil(planned**0.5))
    if len(known) < LEAST_BEFORE:
        return GaugeState(len(known), 0.0, hold, None, None)
    carried, value = [], known[0]
    for one in before:
        value = value if one is None or not isfinite(one) else one
        carried.append(value)
    make = partial(
        bars,
        noise_unit=unit(known[-MOST:]),
        hold=hold,
        wider=1.0 + log10(max(1, objectives)) / 3.0,
        planned=max(planned, hold),
        day=round(DAY / step_seconds),
    )
    up = make(carried) if direction is not Direction.DOWN else None
    down = make([-v for v in carried]) if direction is not Direction.UP else None
    if up is not None and limit is not None:
        up = up.above(limit)
    elif down is not None and limit is not None:
        down = down.above(-limit)
    return GaugeState(
        len(known),
        sorted(carried[-SHORT:])[SHORT // 2],
        hold,
        None if up is None else Side(up, up.lift > 0),
        None if down is None else Side(down, down.lift > 0),
    )


def step(state: GaugeState, block: GaugeBlock) -> GaugeState:
    """Return the state after one more block; a state that has fired stays as it is.

    A value that is no worse than one of those at the same clock time 1 or 7 days ago, where they are given, is taken
    for the level before the merge: the day's rhythm explains it.
    """
    if state.fired >= 0:
        return state
    at, value, up, down = state.seen, block.value, state.up, state.down
    known, normal, hold = state.known, state.normal, state.hold
    if block.seen is not Seen.DATA or value is None or not isfinite(value):
        return GaugeState(known, normal, hold, up, down, state.last, at + 1, state.missing + 1, state.fired)
    any_side = up or down
    keep = any_side.bars.spans[-1] if any_side is not None else 1
    packed = (state.last + pack("d", value))[-8 * keep :]
    last = unpack(f"{len(packed) // 8}d", packed)
    ago = [v for v in (block.day_ago, block.week_ago) if v is not None]
    if up is not None:
        up = _advanced(up, last, at, max(ago) if ago else None)
    if down is not None:
        down = _advanced(down, [-v for v in last], at, -min(ago) if ago else None)
    fired = (up is not None and up.fired) or (down is not None and down.fired)
    return GaugeState(known, normal, hold, up, down, packed, at + 1, state.missing, at if fired else -1)


def values(state: GaugeState) -> list[float]:
    """Return the last values after the merge, oldest first."""
    return list(unpack(f"{len(state.last) // 8}d", state.last))


def _advanced(side: Side, last: Sequence[float], at: int, ago: float | None) -> Side:
    """Return the side after the newest of ``last``."""
    against = side.bars
    spans = against.spans
    explained = (side.explained << 1) & ((1 << spans[-1]) - 1)
    if ago is not None and last[-1] <= ago + against.least:
        explained |= 1
    if explained:
        newest = len(last) - 1
        last = [min(v, against.ref) if explained >> (newest - n) & 1 else v for n, v in enumerate(last)]
    value = last[-1]
    first = against.height(0, at)
    lifted = side.lifted and value > first
    lift = against.lift if lifted else 0.0
    # What is still coming down from a spike is no level: it must be comparable to the highest.
    beyond = value > first + lift
    near = beyond and value - against.ref >= FADING * (max(last[-2 * spans[0] :]) - against.ref)
    run = side.run + 1 if near else 0
    most = side.most if run else max(side.most, side.run)
    fired = False
    for level, span in enumerate(spans):
        if len(last) >= span and _passes(against, last[-span:], against.height(level, at) + lift):
            fired = True
            break
    return Side(against, lifted, run, most, explained, fired)


def _passes(against: Bars, values: Sequence[float], bar: float) -> bool:
    """Return whether ``values`` held a level beyond ``bar``, still hold it, and are no spike that fades."""
    if values[-1] <= bar:
        return False
    window = sorted(values)
    held = window[rank(len(window))]
    return (
        held > bar
        and window[len(window) // 2] > against.ref + against.least
        and held - against.ref >= FADING * (window[-1] - against.ref)
    )


def verdict(state: GaugeState) -> Judgement:
    """Return what can be said now; before the end of the watch, ``ok`` means "ok so far"."""
    if state.known < LEAST_BEFORE:
        return Judgement(answer=Answer.UNDECIDED, reason=say.gauge_no_baseline(state.known, LEAST_BEFORE))
    sides = [s for s in (state.up, state.down) if s is not None]
    run = max(s.run for s in sides)
    say_it = partial(Judgement, evidence=float(run), needed=float(state.hold))
    if state.fired >= 0:
        up = state.up is not None and state.up.fired
        reason = say.gauge_fired(state, "above" if up else "below", values(state)[-state.hold :])
        return say_it(answer=Answer.VIOLATION, fired_at=state.fired, reason=reason)
    got = state.seen - state.missing
    if got == 0:
        return Judgement(answer=Answer.UNDECIDED, reason=say.no_data(state.seen))
    if got < state.seen / 2:
        return say_it(answer=Answer.UNDECIDED, reason=say.too_little(got, state.seen))
    if run >= 2:
        return say_it(answer=Answer.UNDECIDED, reason=say.gauge_rising(state, run))
    return say_it(answer=Answer.OK, reason=say.gauge_ok(state, max(s.most for s in sides)))
