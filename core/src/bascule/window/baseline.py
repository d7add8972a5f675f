"""``baseline``: a person accepts today's protection of a branch as the truth, after an alarm or a wanted change."""

from __future__ import annotations

from bascule.clock import Clock
from bascule.errors import BusyError
from bascule.forge.ports import Keeper
from bascule.messages import window as say
from bascule.protection.canonical import digest, to_json
from bascule.protection.model import Protection
from bascule.window.entries import Baseline
from bascule.window.journal import Journal, OvertakenError
from bascule.window.restoring import read_live


def accept(
    keeper: Keeper, journal: Journal, clock: Clock, *, branch: str, reason: str, by: str, run: str
) -> Protection:
    """Append a ``baseline`` entry with live protection of ``branch``, and return that protection.

    From then on nothing that earlier windows relaxed is expected on this branch any more.

    Raises:
        BusyError: a window is open, or was opened meanwhile: what is live now may be relaxed.
        UsageError: there is no window key. OutsideError: protection or journal cannot be reached.
    """
    state = journal.read()
    if state.is_open:
        raise BusyError(say.BASELINE_OPEN, hint=say.NOT_RESTORED_HINT)
    live = read_live(keeper, clock, branch)
    body = Baseline(branch=branch, snapshot=to_json(live), snapshot_sha256=digest(live), reason=reason, by=by)
    try:
        journal.append(state, (run, body))
    except OvertakenError as other:
        raise BusyError(say.BASELINE_OPEN, hint=say.BUSY_FIX) from other
    return live
