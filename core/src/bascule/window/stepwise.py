"""The stepwise window: one run of protocol.md, from the read of the tip to the closing entry."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from attrs import define, evolve, field, frozen

from bascule.clock import Clock
from bascule.errors import BasculeError
from bascule.forge.ports import Keeper, Merger
from bascule.messages import window as say
from bascule.protection.canonical import digest, to_json
from bascule.protection.model import Protection
from bascule.types import RunStatus
from bascule.window import secret
from bascule.window.closing import OpenWindow
from bascule.window.crossing import Crossing
from bascule.window.entries import Opened
from bascule.window.guarding import leaking
from bascule.window.journal import Journal, JournalAlarmError, Line, OvertakenError, TipRead
from bascule.window.order import Inspect, LiveRead, Order, Passage
from bascule.window.planning import opening
from bascule.window.preflight import refusal
from bascule.window.restoring import by_hand, read_live
from bascule.window.signals import Stop
from bascule.window.state import State, guards
from bascule.window.sweeper import Sweeper, Swept, flaw_alarms, met_alarms, verified
from bascule.window.timing import Timing

ROUNDS = 4


@frozen(kw_only=True)
class _Ready:
    """What has to be known to write ``open``."""

    state: State
    snapshot: Protection


def _silent(step: str) -> None:  # noqa: ARG001 - nobody listens
    return None


def _uncounted() -> int:
    return 0


@define(kw_only=True, eq=False)
class StepwiseWindow:
    """Opens the window for one order at a time.

    ``secrets`` is the folder for owners' secrets (:func:`bascule.window.secret.folder`), ``repository`` the full
    name for
    commands that a person can run by hand. ``count`` returns how many GitHub calls were made so far. ``on_step`` is
    told ``opened``, ``relaxed``, ``merged``, ``restored``, ``closed`` as they happen.
    """

    keeper: Keeper
    merger: Merger
    journal: Journal
    clock: Clock
    secrets: Path
    repository: str = ""
    timing: Timing = field(factory=Timing)
    count: Callable[[], int] = _uncounted
    on_step: Callable[[str], None] = _silent

    def run(
        self,
        order: Order,
        *,
        tip: TipRead | None = None,
        live: LiveRead | None = None,
        inspect: Inspect | None = None,
    ) -> Passage:
        """Pass one change through a window and return what happened; protection is back when this returns.

        ``tip`` and ``live`` save two calls where the caller has just read them (in this order: first the tip); they are
        read again when they are too old. ``inspect`` is called with the landed commit before the window's last entry.

        Raises:
            BasculeError: something failed before the window was open; nothing was relaxed.
            BaseException: a bug, or the process is being torn down; protection was put back as far as that was
            possible.
        """
        met = frozenset(self.journal.met)
        passage = self._run(order, tip, live, inspect)
        return evolve(passage, alarms=met_alarms(self.journal, met, passage.alarms))

    def _run(self, order: Order, tip: TipRead | None, live: LiveRead | None, inspect: Inspect | None) -> Passage:
        calls = self.count()
        with Stop() as stop:
            try:
                found = self._open(order, tip, live, stop)
            except JournalAlarmError as error:
                return Passage(
                    status=RunStatus.FAILED,
                    reason="journal",
                    found=error.message,
                    fix=error.hint,
                    alarms=(error.message,),
                )
            if isinstance(found, Passage):
                return found
            self._tell("opened")
            return Crossing(
                keeper=self.keeper,
                merger=self.merger,
                journal=self.journal,
                clock=self.clock,
                timing=self.timing,
                repository=self.repository,
                order=order,
                window=found,
                stop=stop,
                inspect=inspect,
                on_step=self._tell,
                calls=lambda: self.count() - calls,
                closed=lambda: secret.forget(order.run, self.secrets),
            ).go()

    def verify(self) -> Swept:
        """Wait until no read can be older than the last restore, look again, and append ``verified``.

        For who wants to see it proven in the same process; otherwise the next run or sweep does it.
        """
        return self._sweeper().patrol(self.journal.read(), settle=True)

    def _open(self, order: Order, tip: TipRead | None, live: LiveRead | None, stop: Stop) -> OpenWindow | Passage:
        alarms: tuple[str, ...] = ()
        for _ in range(ROUNDS):
            ready = self._ready(order, tip, live)
            tip = live = None
            if isinstance(ready, Swept):
                alarms += ready.alarms
                if not ready.clean:
                    return self._not_clean(order, ready, alarms)
                continue
            if isinstance(ready, Passage):
                return evolve(ready, alarms=(*alarms, *ready.alarms))
            if stop.requested is not None:
                found, name = say.stopped_early(stop.requested.name), stop.requested.name
                return Passage(status=RunStatus.FAILED, reason="stopped", found=found, alarms=alarms, signal=name)
            try:
                made = self._append(order, ready, alarms)
            except OvertakenError as other:
                if other.state.is_open:
                    return evolve(self._busy(other.state), reason="overtaken", alarms=alarms)
                continue  # a sweeper verified or a person accepted a baseline: look again
            return made
        return Passage(
            status=RunStatus.WAITING, reason="overtaken", found=say.OVERTAKEN, fix=say.BUSY_FIX, alarms=alarms
        )

    def _ready(self, order: Order, tip: TipRead | None, live: LiveRead | None) -> _Ready | Swept | Passage:
        """Steps 1 and 2: read tip and state, then live protection; what has to be swept first is swept."""
        state = self.journal.read(tip if tip is not None and self._age(tip.elapsed) <= self.timing.fresh_tip else None)
        if state.unanswered:
            alarms = flaw_alarms(state)
            return Passage(
                status=RunStatus.FAILED, reason="forged", found=alarms[0], fix=say.FORGED_HINT, alarms=alarms
            )
        if state.is_open:
            return self._sweeper().take_over(state) if state.expired(state.date) else self._busy(state)
        if (
            live is not None
            and state.elapsed <= live.elapsed
            and self._age(live.elapsed) <= self.timing.fresh_protection
        ):
            snapshot = live.protection
        else:
            snapshot = read_live(self.keeper, self.clock, order.plan.branch)
        if order.hidden is not None and snapshot.protected:
            snapshot = evolve(snapshot, hidden=order.hidden)
        leak = leaking(snapshot, guards(evolve(state, date=self.journal.now()), self.timing))
        if leak is not None and leak.by_person:
            run = state.window.run if state.window is not None else ""
            found = say.leaked(snapshot.branch, leak.fields, run)
            return Passage(
                status=RunStatus.WAITING, reason="leaked", found=found, fix=say.LEAKED_AGAIN_FIX, alarms=(found,)
            )
        if leak is not None:
            # Perhaps only a stale read: the patrol waits those out before it concludes anything.
            return self._sweeper().patrol(state, settle=True)
        refused = refusal(order, state, self.journal.now(), self.keeper.quota(), self.timing)
        return refused or _Ready(state=state, snapshot=snapshot)

    def _append(self, order: Order, ready: _Ready, alarms: tuple[str, ...]) -> OpenWindow | Passage:
        """Step 3: rehearse on paper, then write the ``open`` entry (and what was still due for the last window)."""
        state, base = ready.state, ready.snapshot
        way = opening(base, order.plan.relaxations)
        if isinstance(way, str):
            return Passage(
                status=RunStatus.BLOCKED, reason="rehearsal", found=way, fix=say.REHEARSAL_FIX, alarms=alarms
            )
        kept, life = secret.new(), None
        if order.token_expires_at is not None:
            life = (order.token_expires_at - state.date).total_seconds()
        body = Opened(
            owner=kept.fingerprint,
            branch=base.branch,
            snapshot=to_json(base),
            snapshot_sha256=digest(base),
            planned=way.planned,
            deadline=state.date + timedelta(seconds=self.timing.deadline),
            changes=(order.change,),
            token_life=life,
            past=guards(evolve(state, date=self.journal.now()), self.timing),
        )
        secret.keep(order.run, kept, self.secrets)
        try:
            after = self.journal.append(state, *self._due(state, base), (order.run, body))
        except (OvertakenError, BasculeError):
            secret.forget(order.run, self.secrets)
            raise
        # One second less: `Date` cuts it off, so the server may be that much ahead.
        return OpenWindow(
            state=after,
            base=base,
            opening=way,
            ends=state.elapsed + self.timing.deadline - 1.0,
            alarms=alarms,
        )

    def _due(self, state: State, live: Protection) -> tuple[Line, ...]:
        """Return the ``verified`` entry that the last window still lacks, when this very read proves it."""
        if state.is_verified or state.opened is None or state.closing is None or state.window is None:
            return ()
        age = (self.journal.now() - state.closing.at).total_seconds()
        if state.opened.branch != live.branch or age < self.timing.settle:
            return ()
        body = verified(state, live)
        return () if body is None else ((state.window.run, body),)

    def _busy(self, state: State) -> Passage:
        window, opened = state.window, state.opened
        assert window is not None
        assert opened is not None
        left = (opened.deadline - self.journal.now()).total_seconds()
        return Passage(
            status=RunStatus.WAITING,
            reason="busy",
            found=say.busy(window.run, opened.branch, left),
            fix=say.BUSY_FIX,
        )

    def _not_clean(self, order: Order, swept: Swept, alarms: tuple[str, ...]) -> Passage:
        done, opened = swept.restoring, swept.state.opened
        branch = done.base.branch if done is not None else order.plan.branch
        writes = done.sent if done is not None else ()
        if not writes and opened is not None:
            writes = tuple(w for p in opened.planned for w in p.inverse)
        return Passage(
            status=RunStatus.FAILED,
            reason="not_restored",
            found=alarms[0] if alarms else say.not_restored(branch, say.NOT_EQUAL),
            fix=say.NOT_RESTORED_HINT,
            alarms=alarms,
            loose=done.loose if done is not None else (),
            by_hand=by_hand(self.repository, branch, writes),
        )

    def _sweeper(self) -> Sweeper:
        return Sweeper(keeper=self.keeper, journal=self.journal, clock=self.clock, timing=self.timing)

    def _tell(self, step: str) -> None:
        # A broken pipe on somebody's progress line must not end a run with the window open.
        with contextlib.suppress(Exception):
            self.on_step(step)

    def _age(self, elapsed: float) -> float:
        return self.clock.elapsed() - elapsed
