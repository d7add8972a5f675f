"""Before anything is merged, by whichever way: what a dead run left open, or what leaked since, is put back first.

The window sees to that itself (protocol.md, "A run", steps 1 and 2). But a decision is made before, from protection as
it was read then; where that was loose, fewer requirements stood in the way than there are, and a change for which
nothing seems to be left to relax would pass through somebody else's opening.
"""

from __future__ import annotations

from attrs import evolve

from bascule.errors import BasculeError
from bascule.forge.ports import RefState
from bascule.messages import pipeline as texts
from bascule.messages import window as say
from bascule.pipeline.decide import Decision
from bascule.pipeline.session import Session
from bascule.types import Result, RunStatus
from bascule.window.guarding import leaking
from bascule.window.journal import Journal, JournalAlarmError, TipRead
from bascule.window.keys import Role
from bascule.window.restoring import by_hand
from bascule.window.state import guards
from bascule.window.sweeper import Sweeper, Swept
from bascule.window.timing import Timing


def sweep_first(session: Session, decision: Decision, journal: Journal) -> Decision | Swept | Result:
    """Put back what is open and expired, or has leaked, and return what was done: then the decision is made anew.

    Where nothing is due, the decision comes back with the journal's tip as it was read, which spares the window that
    read. A result says why this run must go no further: what is loose could not be put back, or was put back once
    already, or the journal was rewritten.

    Raises:
        BasculeError: the journal or protection cannot be read, and the change would have been merged.
    """
    result = decision.result
    try:
        state = journal.read(decision.tip)
    except BasculeError as error:
        if result.status is not RunStatus.MERGEABLE:
            return evolve(result, alarms=(*result.alarms, texts.not_journalled(error.message)))
        if not isinstance(error, JournalAlarmError):
            raise
        return _stopped(decision, RunStatus.FAILED, "journal", error.message, error.hint, alarms=(error.message,))
    timing = Timing(longest_request=float(session.connection.timeout))
    known = evolve(decision, tip=TipRead(ref=RefState(sha=state.tip, date=state.date), elapsed=state.elapsed))
    live = decision.live.protection if decision.live is not None else None
    leak = None
    if not state.is_open and live is not None:
        leak = leaking(live, guards(evolve(state, date=journal.now()), timing))
    if leak is None and not state.expired(state.date):
        return known  # nothing is due, or somebody is at work: whoever merges says so
    run = state.window.run if state.window is not None else ""
    if state.unanswered or not journal.keys.may_sign(Role.WINDOW) or (leak is not None and leak.by_person):
        if leak is None:
            return known
        fix = say.LEAKED_AGAIN_FIX if leak.by_person else say.LEAKED_FIX
        found = say.leaked(leak.base.branch, leak.fields, run)
        return _stopped(known, RunStatus.WAITING, "leaked", found, fix, alarms=(found,))
    session.progress("putting back what an earlier run left open")
    session.hosts.stop()  # no plugin runs beside an open window, whoever opened it
    sweeper = Sweeper(keeper=session.connection.keeper, journal=journal, clock=session.clock, timing=timing)
    with session.connection.unspaced():
        done = sweeper.take_over(state) if leak is None else sweeper.patrol(state, settle=True)
    return done if done.clean else _not_clean(session, known, done)


def _not_clean(session: Session, decision: Decision, done: Swept) -> Result:
    change, back = decision.result.change, done.restoring
    assert change is not None
    branch = back.base.branch if back is not None else change.base_ref
    found = done.alarms[0] if done.alarms else say.not_restored(branch, say.NOT_EQUAL)
    result = _stopped(
        decision, RunStatus.FAILED, "not_restored", found, say.NOT_RESTORED_HINT, alarms=done.alarms or (found,)
    )
    commands = by_hand(session.connection.address.full_name, branch, back.sent) if back is not None else ()
    return evolve(result, details={**result.details, "by_hand": list(commands)}) if commands else result


def _stopped(
    decision: Decision, status: RunStatus, reason: str, found: str, fix: str, *, alarms: tuple[str, ...]
) -> Result:
    result = decision.result
    details = {**result.details, "reason": reason}
    return evolve(result, status=status, summary=found, next=fix, alarms=(*result.alarms, *alarms), details=details)
