"""The way back: protection restored, the journal closed, and what to do when somebody took over meanwhile."""

from __future__ import annotations

from attrs import define, field, frozen

from bascule.clock import Clock
from bascule.errors import BasculeError
from bascule.forge.ports import Keeper
from bascule.messages import window as say
from bascule.protection.canonical import digest, from_json, to_json
from bascule.protection.model import Protection
from bascule.types import Relaxation
from bascule.window.entries import Landing, Restored
from bascule.window.guarding import fitted, late, leaking
from bascule.window.journal import Journal, OvertakenError
from bascule.window.order import Inspection, Order
from bascule.window.planning import Opening
from bascule.window.restoring import Restorer, Restoring, read_live
from bascule.window.state import State, guards, truth
from bascule.window.timing import Timing


@frozen(kw_only=True)
class OpenWindow:
    """A window that is ours. ``ends``: the deadline on this process's clock (:meth:`Clock.elapsed`, seconds)."""

    state: State
    base: Protection
    opening: Opening
    ends: float
    alarms: tuple[str, ...] = ()


@define(kw_only=True, eq=False)
class Closing:
    """Restores and closes one window. ``relaxed_at`` is when a relaxation was last sent (own clock), None for never."""

    keeper: Keeper
    journal: Journal
    clock: Clock
    timing: Timing
    order: Order
    window: OpenWindow
    relaxed_at: float | None = None
    alarms: list[str] = field(factory=list)

    def bring_back(self) -> Restoring | None:
        """Put protection back and return what came of it; None when it was never touched."""
        if self.relaxed_at is None:
            return None
        base, relaxations = self.window.base, self.order.plan.relaxations
        # From the deadline on a sweeper may have taken over: then only our own fields, to the newest snapshot, and
        # never while another owner's window is open.
        state = self._now() if self.clock.elapsed() >= self.window.ends else self.window.state
        if not self._ours(state):
            self.alarms.append(say.SUPERSEDED)
            if state.is_open:
                self.alarms.append(say.TAKEN_OPEN)
                return Restoring(restored=False, base=base, target=base, live=None, why=say.TAKEN_OPEN)
            newest = truth(state, self.timing, base.branch)
            if newest is not None:
                base = from_json(newest)
                relaxations = fitted(base, relaxations)
        return self._restore(base, relaxations, state)

    def close(
        self, *, outcome: str, sha: str | None, done: Restoring | None, exposure: float | None, seen: Inspection
    ) -> bool:
        """Append ``restored``; return whether the window is closed in the journal, by us or by who took over.

        A window that cannot be closed there stays open: the sweeper closes it.
        """
        opened = self.window.state.window
        assert opened is not None
        base = self.window.base
        body = Restored(
            opened=opened.sha,
            outcome=outcome,
            relaxed=done is not None,
            live_sha256=self.live_sha(done),
            sent=done.sent if done is not None else (),
            target=None if done is None or digest(done.target) == digest(base) else to_json(done.target),
            landed=(Landing(number=self.order.gated.number, sha=sha),) if sha is not None else (),
            exposure=exposure,
            notes=done.notes if done is not None else (),
            alarms=tuple(self.alarms),
            details={**self.order.details, **seen.details},
        )
        try:
            self.journal.append(self.window.state, (self.order.run, body))
        except OvertakenError as other:
            self._superseded(other.state)
        except BasculeError as error:
            self.alarms.append(say.not_journalled(error.message))
            return False
        return True

    def live_sha(self, done: Restoring | None) -> str:
        """Return the digest of the last live read (of the snapshot when nothing was touched)."""
        return digest(self.window.base) if done is None else digest(done.live or done.target)

    def _now(self) -> State:
        try:
            return self.journal.read()
        except BasculeError:
            return self.window.state  # unreadable: restoring what we loosened can only tighten

    def _ours(self, state: State) -> bool:
        mine = self.window.state.window
        return state.window is not None and mine is not None and state.window.sha == mine.sha

    def _superseded(self, state: State) -> None:
        """Somebody took over before we could close: undo only what is still ours, to the newest snapshot."""
        self.alarms.append(say.SUPERSEDED)
        if state.is_open:
            self.alarms.append(say.TAKEN_OPEN)
            return
        try:
            live = read_live(self.keeper, self.clock, self.window.base.branch)
            leak = leaking(live, guards(state, self.timing))
            if leak is None:
                return
            again = self._restore(leak.base, leak.relaxations, state)
            if not again.restored:
                self.alarms.append(say.not_restored(live.branch, again.why))
        except BasculeError as error:
            self.alarms.append(say.not_restored(self.window.base.branch, error.message))

    def _restore(self, base: Protection, relaxations: tuple[Relaxation, ...], state: State) -> Restoring:
        return Restorer(
            keeper=self.keeper,
            clock=self.clock,
            timing=self.timing,
            base=base,
            relaxations=relaxations,
            late=late(guards(state, self.timing), base.branch),
            relaxed_at=self.relaxed_at,
        ).run()
