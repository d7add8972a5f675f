"""Passing a change for which nothing has to be relaxed: re-read, merge at one SHA, one ``outcome`` entry."""

from __future__ import annotations

from collections.abc import Callable

from attrs import define, evolve

from bascule.clock import Clock
from bascule.errors import BasculeError
from bascule.forge.ports import Merger
from bascule.messages import window as say
from bascule.types import RunStatus
from bascule.window.entries import Landing, Outcome
from bascule.window.journal import Journal, OvertakenError, TipRead
from bascule.window.merging import Answer, Ask, Asked
from bascule.window.order import Inspect, Inspection, Order, Passage, inspected
from bascule.window.results import MEANING
from bascule.window.retry import reading
from bascule.window.state import State
from bascule.window.sweeper import flaw_alarms, met_alarms

RECORD_TRIES = 5


def record_outcome(
    journal: Journal, run: str, outcome: Outcome, *, state: State | None = None, tip: TipRead | None = None
) -> State:
    """Append the ``outcome`` entry of a run without a window (blocked, waiting, nothing to relax) and return the state.

    ``state`` or ``tip`` save the read of the tip. A window entry that came between is no reason not to record.

    Raises:
        UsageError: no key may sign it. JournalAlarmError, OutsideError: the journal cannot be read or written.
    """
    known = state or journal.read(tip)
    for _ in range(RECORD_TRIES):
        try:
            return journal.append(known, (run, evolve(outcome, newest=known.newest)))
        except OvertakenError as other:
            known = other.state
    return journal.append(known, (run, evolve(outcome, newest=known.newest)))


@define(kw_only=True, eq=False)
class PlainMerge:
    """Merges without a window. ``journal`` None: this process has no key, and nothing is recorded."""

    merger: Merger
    clock: Clock
    journal: Journal | None = None
    on_step: Callable[[str], None] = lambda step: None  # noqa: ARG005 - nobody listens

    def run(self, order: Order, *, tip: TipRead | None = None, inspect: Inspect | None = None) -> Passage:
        """Merge ``order``'s change if nothing moved and nobody's window is open; return what happened.

        Raises:
            JournalAlarmError: the journal was rewritten; nothing was merged.
            OutsideError: GitHub cannot be read; nothing was merged.
        """
        met = frozenset(self.journal.met) if self.journal is not None else frozenset()
        passage = self._run(order, tip, inspect)
        return (
            passage if self.journal is None else evolve(passage, alarms=met_alarms(self.journal, met, passage.alarms))
        )

    def _run(self, order: Order, tip: TipRead | None, inspect: Inspect | None) -> Passage:
        state = self.journal.read(tip) if self.journal is not None else None
        alarms = flaw_alarms(state) if state is not None else ()
        if self.journal is not None and state is not None and state.is_open:
            # Somebody's protection is loose: a merge now would hide in his window, and he could not tell it from a
            # leak.
            assert state.window is not None
            assert state.opened is not None
            left = (state.opened.deadline - self.journal.now()).total_seconds()
            found = say.busy(state.window.run, state.opened.branch, left)
            return Passage(status=RunStatus.WAITING, reason="busy", found=found, fix=say.BUSY_FIX, alarms=alarms)
        passage = self._merge(order)
        seen = inspected(inspect, passage.sha if passage.status is RunStatus.MERGED else None)
        passage = evolve(passage, alarms=(*alarms, *passage.alarms, *seen.alarms))
        return self._record(order, state, passage, seen)

    def _merge(self, order: Order) -> Passage:
        now = reading(self.clock, lambda: self.merger.pull(order.gated.number))
        if now.merged:
            found = say.merged_by_other(now.merged_by, now.merge_sha)
            return Passage(status=RunStatus.NOOP, reason="merged_by_other", found=found)
        moved = order.gated.moved(now)
        if moved is not None:
            return Passage(status=RunStatus.WAITING, reason="moved", found=moved, fix=say.MOVED_FIX)
        ask = Ask(
            merger=self.merger,
            clock=self.clock,
            run=order.run,
            gated=order.gated,
            plan=order.plan.merge,
            actor=order.actor,
            may_go=lambda: None,
            may_read=lambda: True,
        )
        try:
            asked = ask.settle(ask.send())
        except BasculeError as error:
            # The merge may have been asked for: say so rather than raise.
            asked = Asked(answer=Answer.UNCLEAR, found=error.message, alarm=say.whose_unclear(None, None))
        status, reason, fix = MEANING[asked.answer]
        if asked.answer is Answer.MERGED:
            self.on_step("merged")
        return Passage(
            status=status,
            reason=reason,
            found=asked.found,
            fix=fix,
            sha=asked.sha,
            proof=asked.proof,
            alarms=(asked.alarm,) if asked.alarm is not None else (),
        )

    def _record(self, order: Order, state: State | None, passage: Passage, seen: Inspection) -> Passage:
        if self.journal is None or state is None:
            return passage
        outcome = Outcome(
            status=passage.status.value,
            summary=passage.found or passage.reason,
            changes=(order.change,),
            landed=(Landing(number=order.gated.number, sha=passage.sha),) if passage.sha is not None else (),
            details={**order.details, **seen.details, "reason": passage.reason},
        )
        try:
            record_outcome(self.journal, order.run, outcome, state=state)
        except BasculeError as error:
            return evolve(passage, alarms=(*passage.alarms, say.outcome_not_journalled(error.message)))
        return passage
