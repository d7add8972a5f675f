"""The judge of one objective after one merge: the statistic of its kind, and the guards around it.

Guards, in the order in which they are asked:

- *Roll-out*: the first blocks after a deployment are not judged; counters restart and instances come and go.
- *The source is unreachable*: nothing is said against the merge, and nothing for it; the watch may be prolonged once.
- *The target is gone*: it reported before the merge and does not any more, for the hold time: a violation.
- *No data*: never health; too little of it is undecided.
- *Other merges*: where one landed in the same time on the same objective, a violation is a person's to decide.

Everything is a pure function of the state and the block; states are JSON data both ways through ``bascule.wire``.
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import evolve, frozen

from bascule.messages import slo as say
from bascule.slo import gauge, ratio
from bascule.slo.records import Answer, Block, Direction, GaugeBlock, Judgement, RatioBlock, Seen


@frozen(kw_only=True)
class State:
    """All that is kept of one watched objective.

    Args:
        ratio, gauge: the statistic's state, one of the two.
        planned: blocks that are judged.
        blank: blocks of the roll-out, which are not judged.
        hold: blocks in a row that a target must be gone.
        present: whether there was data before the merge.
        seen: blocks so far, those of the roll-out included.
        silent: blocks since the roll-out in which the source did not answer.
        mute: those of them in a row, until now.
        gone: blocks in a row, until now, in which no target reported.
        gone_at: index of the block at which that was a violation, -1 before.
        fired: index of the block at which the statistic fired, -1 before; both indices count from the merge.
        others: merges that landed in the same time on the same objective.
    """

    ratio: ratio.RatioState | None = None
    gauge: gauge.GaugeState | None = None
    planned: int
    blank: int
    hold: int
    present: bool
    seen: int = 0
    silent: int = 0
    mute: int = 0
    gone: int = 0
    gone_at: int = -1
    fired: int = -1
    others: tuple[str, ...] = ()


@frozen(kw_only=True)
class Decision:
    """What follows from a state.

    Args:
        judgement: the answer with its reason and numbers; ``fired_at`` counts from the merge, roll-out included.
        person: whether a violation is a person's to decide, because other merges may have caused it.
        prolong: whether the watch should go on for as long again, because the source did not answer; at most once.
    """

    judgement: Judgement
    person: bool = False
    prolong: bool = False


def watch_ratio(
    objective: float,
    before: Sequence[RatioBlock],
    *,
    step_seconds: float,
    planned: int,
    objectives: int = 1,
    blank: int = 2,
) -> State:
    """Return the state of a watch on a ratio that begins now; arguments as for :func:`bascule.slo.ratio.begin`.

    Args:
        blank: blocks of the roll-out: at least two scrapes, or as long as the roll-out takes.
    """
    begun = ratio.begin(objective, before, step_seconds=step_seconds, planned=planned, objectives=objectives)
    present = any(b.seen is Seen.DATA and b.total > 0 for b in before)
    return State(ratio=begun, planned=planned, blank=blank, hold=begun.plan.hold, present=present)


def watch_gauge(
    direction: Direction,
    before: Sequence[float | None],
    *,
    step_seconds: float,
    planned: int,
    objectives: int = 1,
    blank: int = 2,
    limit: float | None = None,
) -> State:
    """Return the state of a watch on a gauge that begins now; arguments as for :func:`bascule.slo.gauge.begin`.

    Args:
        objectives: how many objectives this watch has; with many, the bars are higher.
        blank: blocks of the roll-out, as for a ratio.
        limit: value that the objective allows; without leaving it, nothing is a violation.
    """
    begun = gauge.begin(
        direction, before, step_seconds=step_seconds, planned=planned, objectives=objectives, limit=limit
    )
    present = any(v is not None for v in before)
    return State(gauge=begun, planned=planned, blank=blank, hold=begun.hold, present=present)


def step(state: State, block: Block) -> State:
    """Return the state after one more block of the kind that is watched.

    Raises:
        TypeError: a block of the other kind; that is a bug of the caller.
    """
    seen = state.seen + 1
    if seen <= state.blank or state.gone_at >= 0:
        return evolve(state, seen=seen)
    if block.seen is Seen.UNREACHABLE:
        return evolve(state, seen=seen, silent=state.silent + 1, mute=state.mute + 1)
    state = evolve(state, mute=0) if state.mute else state
    gone = state.gone + 1 if block.seen is Seen.GONE else 0
    gone_at = seen - 1 if gone >= state.hold and state.present else -1
    if state.ratio is not None and isinstance(block, RatioBlock):
        counted = ratio.step(state.ratio, block)
        fired = seen - 1 if counted.fired >= 0 > state.fired else state.fired
        return evolve(state, seen=seen, gone=gone, gone_at=gone_at, fired=fired, ratio=counted)
    if state.gauge is not None and isinstance(block, GaugeBlock):
        gauged = gauge.step(state.gauge, block)
        fired = seen - 1 if gauged.fired >= 0 > state.fired else state.fired
        return evolve(state, seen=seen, gone=gone, gone_at=gone_at, fired=fired, gauge=gauged)
    raise TypeError(f"a {type(block).__name__} for a watch of the other kind")


def overlapped(state: State, others: Sequence[str]) -> State:
    """Return the state with the names of merges that landed in the same time on the same objective."""
    return evolve(state, others=tuple(dict.fromkeys((*state.others, *others))))


def decide(state: State) -> Decision:
    """Return what follows now. Before all planned blocks were seen, ``ok`` only means that nothing was found yet."""
    if state.gone_at >= 0:
        reason = say.target_gone(state.gone)
        return _owned(state, Judgement(answer=Answer.VIOLATION, fired_at=state.gone_at, reason=reason))
    inner = ratio.verdict(state.ratio) if state.ratio is not None else _gauged(state)
    if inner.answer is Answer.VIOLATION:
        return _owned(state, evolve(inner, fired_at=state.fired))
    judged = state.seen - state.blank
    if judged <= 0:
        return Decision(judgement=Judgement(answer=Answer.UNDECIDED, reason=say.not_begun(state.blank)))
    # What broke after the source fell silent would not have been seen: that is no "ok".
    cut_off = inner.answer is Answer.OK and state.mute >= state.hold
    if 2 * state.silent >= judged or cut_off:
        reason = say.unreachable(state.silent, judged)
        judgement = Judgement(answer=Answer.UNDECIDED, reason=reason)
        return Decision(judgement=judgement, prolong=state.planned <= judged < 2 * state.planned)
    return Decision(judgement=inner)


def _gauged(state: State) -> Judgement:
    assert state.gauge is not None, "a state has one of the two"
    return gauge.verdict(state.gauge)


def _owned(state: State, judgement: Judgement) -> Decision:
    if not state.others:
        return Decision(judgement=judgement)
    return Decision(judgement=evolve(judgement, reason=say.shared(judgement.reason, state.others)), person=True)
