"""The judge of gauges. First version: a run of values beyond what history itself has held for as long."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from statistics import median

from attrs import evolve, frozen

from bascule.messages import slo as say
from bascule.slo.records import Answer, Direction, GaugeBlock, Judgement, Seen

LEAST_BEFORE = 6
"""Values before the merge without which nothing is judged."""
HOLD_SECONDS = 300.0
"""How long the gauge must stay beyond the bar; what comes back sooner is a blip."""


@frozen(kw_only=True)
class GaugeState:
    """What is kept of a watched gauge.

    Args:
        known: values that were there before the merge.
        normal: the median before the merge.
        above, below: bars beyond which the gauge is worse, None where that direction is harmless.
        noise: unit of the evidence.
        hold: values in a row that are needed.
        up, down: values in a row beyond each bar, until now.
        most: the longest such run that ended by itself.
        last: the last ``hold`` values.
        seen, missing: blocks so far, and those without a value.
        fired: index of the block at which it fired, -1 before.
    """

    known: int
    normal: float
    above: float | None
    below: float | None
    noise: float
    hold: int
    up: int = 0
    down: int = 0
    most: int = 0
    last: tuple[float, ...] = ()
    seen: int = 0
    missing: int = 0
    fired: int = -1


def begin(direction: Direction, before: Sequence[float | None], *, step_seconds: float, planned: int) -> GaugeState:
    """Return the state of a watch that begins now.

    Args:
        direction: which way is worse.
        before: values before the merge, oldest first, None where there is none.
        step_seconds: time between two values.
        planned: blocks that the watch will have.
    """
    known = [v for v in before if v is not None]
    hold = max(3, min(round(HOLD_SECONDS / step_seconds), planned // 6))
    if len(known) < LEAST_BEFORE:
        return GaugeState(known=len(known), normal=0.0, above=None, below=None, noise=1.0, hold=hold)
    normal = median(known)
    mad = median(abs(v - normal) for v in known)
    mean = sum(known) / len(known)
    sd = (sum((v - mean) ** 2 for v in known) / len(known)) ** 0.5
    noise = max(1.4826 * mad, 0.25 * sd, 0.01 * abs(normal), 1e-12)
    up = _bar(known, hold, noise) if direction is not Direction.DOWN else None
    down = _bar([-v for v in known], hold, noise) if direction is not Direction.UP else None
    return GaugeState(
        known=len(known), normal=normal, above=up, below=None if down is None else -down, noise=noise, hold=hold
    )


def _bar(known: Sequence[float], hold: int, noise: float) -> float:
    """Return the height over what came just before that nothing in ``known`` has held for ``hold`` values."""
    recent = median(known[-5:])
    level = max(median(known), recent)
    jumps = [min(known[at : at + hold]) - median(known[max(0, at - 5) : at]) for at in range(3, len(known) - hold + 1)]
    return level + max(4.0 * noise, 1.2 * max(jumps, default=0.0))


def step(state: GaugeState, block: GaugeBlock) -> GaugeState:
    """Return the state after one more block; a state that has fired stays as it is."""
    if state.fired >= 0:
        return state
    at, value = state.seen, block.value
    if block.seen is not Seen.DATA or value is None:
        return evolve(state, seen=at + 1, missing=state.missing + 1)
    up = state.up + 1 if state.above is not None and value > state.above else 0
    down = state.down + 1 if state.below is not None and value < state.below else 0
    most = max(state.most, state.up if up == 0 else 0, state.down if down == 0 else 0)
    return evolve(
        state,
        seen=at + 1,
        up=up,
        down=down,
        most=most,
        last=(*state.last, value)[-state.hold :],
        fired=at if max(up, down) >= state.hold else -1,
    )


def verdict(state: GaugeState) -> Judgement:
    """Return what can be said now; before the end of the watch, ``ok`` means "ok so far"."""
    if state.known < LEAST_BEFORE:
        return Judgement(answer=Answer.UNDECIDED, reason=say.gauge_no_baseline(state.known, LEAST_BEFORE))
    run = max(state.up, state.down)
    say_it = partial(Judgement, evidence=float(run), needed=float(state.hold))
    if state.fired >= 0:
        worse = "above" if state.up else "below"
        values = ", ".join(f"{v:.4g}" for v in state.last)
        reason = say.gauge_fired(state, worse, run, values)
        return say_it(answer=Answer.VIOLATION, fired_at=state.fired, reason=reason)
    got = state.seen - state.missing
    if got == 0:
        return say_it(answer=Answer.UNDECIDED, reason=say.no_data(state.seen))
    if got < state.seen / 2:
        return say_it(answer=Answer.UNDECIDED, reason=say.too_little(got, state.seen))
    if run >= 2:
        bar = state.above if state.up and state.above is not None else state.below
        return say_it(answer=Answer.UNDECIDED, reason=say.gauge_rising(state, run, bar or 0.0))
    bars = " and ".join(f"{b:.4g}" for b in (state.below, state.above) if b is not None)
    return say_it(answer=Answer.OK, reason=say.gauge_ok(state, bars))
