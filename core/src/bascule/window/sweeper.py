"""The sweeper: restores windows whose owner is gone, undoes late writes once, verifies, and shows that it lives.

A run acts as the sweeper too, before it opens a window of its own. Whatever it does is written ahead like a run's
window.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection
from datetime import timedelta

from attrs import define, evolve, field, frozen

from bascule.clock import Clock
from bascule.errors import BasculeError
from bascule.forge.ports import Keeper, RefusedError
from bascule.messages import window as say
from bascule.protection.canonical import digest, from_json, to_json
from bascule.protection.model import Protection
from bascule.protection.order import differences
from bascule.window import secret
from bascule.window.entries import Flawed, Heartbeat, Opened, Restored, Unrestorable, Verified
from bascule.window.guarding import Leaking, late, leaking
from bascule.window.journal import Journal, OvertakenError
from bascule.window.planning import planned
from bascule.window.restoring import Restorer, Restoring, read_live
from bascule.window.state import State, guards
from bascule.window.timing import Timing


@frozen(kw_only=True)
class Swept:
    """What one act of sweeping did.

    ``clean`` is False when protection is loose or not proven to be back: then ``restoring`` has the details.
    ``alarms`` are for people even where all is well again. ``state`` is the journal's state afterwards. ``unsettled``:
    a leak showed, in a read that may be older than the last restore; somebody has to look again later.
    """

    state: State
    clean: bool = True
    unsettled: bool = False
    did: tuple[str, ...] = ()
    alarms: tuple[str, ...] = ()
    restoring: Restoring | None = None

    def then(self, later: Swept) -> Swept:
        """Return both acts as one."""
        return Swept(
            state=later.state,
            clean=self.clean and later.clean,
            unsettled=self.unsettled or later.unsettled,
            did=(*self.did, *later.did),
            alarms=(*self.alarms, *later.alarms),
            restoring=later.restoring or self.restoring,
        )


def _name() -> str:
    return uuid.uuid4().hex[:8]


@define(kw_only=True, eq=False)
class Sweeper:
    """Sweeps one repository. It remembers what it took over, so that a restore that keeps failing is not journalled
    anew.
    """

    keeper: Keeper
    journal: Journal
    clock: Clock
    timing: Timing = field(factory=Timing)
    name: str = field(factory=_name)
    unique: Callable[[], str] = _name
    _secret: secret.Secret = field(factory=secret.new, init=False)
    _patrolled: float | None = field(default=None, init=False)

    def sweep(self, *, patrol: bool = True, heartbeat: bool = True) -> Swept:
        """Do once everything that is due: take over what has expired, patrol, verify, show a sign of life.

        Raises:
            JournalAlarmError: the journal was rewritten.
            OutsideError: GitHub cannot be reached or refuses; nothing is known to be loose because of that.
        """
        met = frozenset(self.journal.met)
        state = self.journal.read()
        done = Swept(state=state, alarms=flaw_alarms(state))
        if state.is_open:
            if self._mine(state) or state.expired(state.date):
                done = done.then(self.take_over(state))
        elif patrol and self._patrol_due():
            self._patrolled = self.clock.elapsed()
            done = done.then(self.patrol(state))
        if heartbeat and self._heartbeat_due(done.state):
            done = done.then(self._heartbeat(done.state))
        return evolve(done, alarms=met_alarms(self.journal, met, done.alarms))

    def take_over(self, state: State) -> Swept:
        """Restore the window that ``state`` has open, under an ``open`` entry of our own with the same snapshot.

        The caller has made sure that its owner is gone, or is the owner itself, or was forced.
        """
        opened, window = state.opened, state.window
        if not state.is_open or opened is None or window is None:
            return Swept(state=state)
        since = opened.since or window.at
        if not self._mine(state):
            try:
                state = self._open(
                    state,
                    evolve(opened, takes_over=window.sha, since=since),
                    run=window.run,
                )
            except OvertakenError as other:
                return Swept(state=other.state)
        base = from_json(opened.snapshot)
        done = self._restorer(state, opened).run()
        if done.restored:
            outcome = "recovered" if opened.recovery else "swept"
            swept = self._close(state, done, outcome, say.swept(window.run, base.branch))
            return evolve(swept, alarms=(*swept.alarms, *done.alarms))
        over = self.journal.now() - since > timedelta(seconds=self.timing.horizon)
        text = say.not_restored(base.branch, done.why)
        if done.gone or over:
            why = say.GONE if done.gone else f"{done.why}; {say.given_up(self.timing.horizon / 3600)}"
            state = self._give_up(state, why)
            text = say.unrestorable(base.branch, why)
        return Swept(state=state, clean=False, alarms=(text, *done.alarms), restoring=done)

    def rescue(self) -> Swept | None:
        """Restore an expired window that is known from memory only, because the journal was rewritten since.

        Nothing is journalled: what the journal says now is not to be built upon. None when no such window is known.
        """
        state = self.journal.last
        if state is None:
            return None
        now = self.journal.now() - timedelta(seconds=self.timing.longest_request)  # certainly not ahead of the server
        if state.opened is None or not state.expired(now):
            return None
        base = from_json(state.opened.snapshot)
        done = self._restorer(state, state.opened).run()
        if done.restored:
            return Swept(state=state, did=(say.rescued(base.branch),), restoring=done)
        return Swept(state=state, clean=False, alarms=(say.not_restored(base.branch, done.why),), restoring=done)

    def patrol(self, state: State, *, settle: bool = False) -> Swept:
        """Compare live protection with the last snapshots; undo a leak once; append ``verified`` when it is due.

        ``settle`` waits until no read can be older than the last restore, where that is still to come.
        """
        done = Swept(state=state)
        if state.is_open:
            return done
        pending = 0.0
        if state.closing is not None:
            age = (self.journal.now() - state.closing.at).total_seconds()
            pending = max(0.0, self.timing.settle - age)
        if pending and settle:
            self.clock.sleep(pending)
            pending = 0.0
        for guard in guards(evolve(state, date=self.journal.now()), self.timing):
            try:
                live = read_live(self.keeper, self.clock, guard.branch)
            except RefusedError as error:
                if error.response.status != 404:
                    raise
                continue  # the branch is gone, and with it what could be compared
            leak = leaking(live, (guard,))
            if pending:
                done = evolve(done, unsettled=done.unsettled or leak is not None)
            elif leak is not None:
                done = done.then(self.recover(done.state, leak))
            else:
                done = done.then(self._verify(done.state, live))
        if not pending and not done.state.is_verified and not done.state.is_open and done.clean:
            done = done.then(self._verify_unguarded(done.state))
        return done

    def recover(self, state: State, leak: Leaking) -> Swept:
        """Undo ``leak`` under a recovery window; when that was done before, only raise an alarm."""
        branch = leak.base.branch
        if leak.by_person:
            return Swept(state=state, clean=False, alarms=(say.leaked_again(branch, leak.fields),))
        body = Opened(
            owner="",
            branch=branch,
            snapshot=to_json(leak.base),
            snapshot_sha256=digest(leak.base),
            planned=planned(leak.base, leak.relaxations),
            deadline=self.journal.now(),
            recovery=True,
            past=guards(evolve(state, date=self.journal.now()), self.timing),
        )
        try:
            opened = self._open(state, body, run=f"patrol-{self.unique()}")
        except OvertakenError as other:
            return Swept(state=other.state)
        swept = self.take_over(opened)
        return evolve(swept, alarms=(say.recovered(branch, leak.fields), *swept.alarms)) if swept.clean else swept

    def _open(self, state: State, body: Opened, *, run: str) -> State:
        deadline = self.journal.now() + timedelta(seconds=self.timing.deadline)
        return self.journal.append(state, (run, evolve(body, owner=self._secret.fingerprint, deadline=deadline)))

    def _restorer(self, state: State, opened: Opened) -> Restorer:
        return Restorer(
            keeper=self.keeper,
            clock=self.clock,
            timing=self.timing,
            base=from_json(opened.snapshot),
            relaxations=opened.relaxations,
            late=late(guards(state, self.timing), opened.branch),
        )

    def _mine(self, state: State) -> bool:
        return state.is_open and state.opened is not None and state.opened.owner == self._secret.fingerprint

    def _close(self, state: State, done: Restoring, outcome: str, text: str) -> Swept:
        window = state.window
        assert window is not None
        target = None if digest(done.target) == digest(done.base) else to_json(done.target)
        body = Restored(
            opened=window.sha,
            outcome=outcome,
            relaxed=True,
            live_sha256=digest(done.live or done.target),
            sent=done.sent,
            target=target,
            notes=done.notes,
            alarms=done.alarms,
        )
        try:
            state = self.journal.append(state, (window.run, body))
        except OvertakenError as other:
            state = other.state
        except BasculeError as error:
            return Swept(state=state, did=(text,), alarms=(say.not_journalled(error.message),), restoring=done)
        return Swept(state=state, did=(text, *done.notes), restoring=done)

    def _give_up(self, state: State, why: str) -> State:
        window = state.window
        assert window is not None
        try:
            return self.journal.append(state, (window.run, Unrestorable(opened=window.sha, why=why)))
        except OvertakenError as other:
            return other.state
        except BasculeError:
            return state  # the journal is out of reach as well: the window stays open in it

    def _verify(self, state: State, live: Protection) -> Swept:
        """Append ``verified`` when ``live``, read late enough, shows nothing of the newest window's."""
        opened, closing, window = state.opened, state.closing, state.window
        if state.is_verified or opened is None or closing is None or window is None or opened.branch != live.branch:
            return Swept(state=state)
        body = verified(state, live)
        if body is None:
            return Swept(state=state)
        age = (self.journal.now() - closing.at).total_seconds()
        try:
            state = self.journal.append(state, (window.run, body))
        except OvertakenError as other:
            return Swept(state=other.state)
        return Swept(state=state, did=(say.VERIFIED.format(branch=opened.branch, seconds=age),))

    def _verify_unguarded(self, state: State) -> Swept:
        """Verify a window that left nothing to guard: nothing was relaxed, or its horizon is over."""
        if state.opened is None:
            return Swept(state=state)
        return self._verify(state, read_live(self.keeper, self.clock, state.opened.branch))

    def _patrol_due(self) -> bool:
        return self._patrolled is None or self.clock.elapsed() - self._patrolled >= self.timing.patrol_every

    def _heartbeat_due(self, state: State) -> bool:
        if state.unanswered or state.alive is None:
            return True
        return (self.journal.now() - state.alive).total_seconds() >= self.timing.heartbeat_every

    def _heartbeat(self, state: State) -> Swept:
        body = Heartbeat(sweeper=self.name, every=self.timing.heartbeat_every, newest=state.newest)
        try:
            return Swept(state=self.journal.append(state, (f"sweeper-{self.name}", body)))
        except OvertakenError as other:
            return Swept(state=other.state)


def verified(state: State, live: Protection) -> Verified | None:
    """Return the ``verified`` body that ``live`` proves for the newest window, or None when it was never restored."""
    opened, closing, window = state.opened, state.closing, state.window
    if opened is None or closing is None or window is None or not isinstance(closing.body, Restored):
        return None
    target = from_json(closing.body.target if closing.body.target is not None else opened.snapshot)
    return Verified(
        opened=window.sha, restored=closing.sha, live_sha256=digest(live), equal=not differences(live, target)
    )


def flaw_alarms(state: State) -> tuple[str, ...]:
    """Return the alarm for items of the journal that nobody with a key wrote; empty when there are none unanswered."""
    return _flaw_alarms(state.unanswered)


def met_alarms(journal: Journal, before: Collection[str], told: Collection[str] = ()) -> tuple[str, ...]:
    """Return ``told`` and the alarm for what ``journal`` met since ``before`` (keys of :attr:`Journal.met`).

    Whatever is appended answers a forged entry that came in between, so nobody after us would hear of it.
    """
    fresh = _flaw_alarms(tuple(flaw for sha, flaw in journal.met.items() if sha not in before))
    return tuple(dict.fromkeys((*told, *fresh)))


def _flaw_alarms(flaws: tuple[Flawed, ...]) -> tuple[str, ...]:
    if not flaws:
        return ()
    return (say.forged(tuple(say.flaw(f.sha, f.flaw.value, f.detail) for f in flaws)),)
