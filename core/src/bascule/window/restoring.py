"""Putting protection back: three-way, sent until a server has taken it, read back until it shows.

The restore is over only when the server has *acknowledged* every write once and a read shows the target. Neither alone
will do: a read may be stale and show the state before the relaxation, and an acknowledged write may have been
followed by a late one of ours.
"""

from __future__ import annotations

from attrs import define, evolve, field, frozen

from bascule.clock import Clock
from bascule.errors import BasculeError, OutsideError
from bascule.forge.ports import Keeper, RateLimitedError, RefusedError
from bascule.messages import window as say
from bascule.protection.canonical import canonical
from bascule.protection.model import Protection
from bascule.protection.order import Difference, differences, looser, looser_by
from bascule.protection.rest import Write
from bascule.protection.restore import Restoration, plan_restore
from bascule.types import Relaxation
from bascule.window.guarding import fitted
from bascule.window.retry import pause, reading
from bascule.window.timing import Timing


@frozen(kw_only=True)
class Restoring:
    """What came of a restore.

    ``target`` is what it was restored to, ``live`` the last read (None when none succeeded). ``sent`` are the writes
    of the last attempt. ``effect`` is when the restore took effect on this process's clock (seconds, estimated as the
    middle of the acknowledged call), None when nothing was acknowledged. ``gone``: the branch is not there any more.
    """

    restored: bool
    base: Protection
    target: Protection
    live: Protection | None
    sent: tuple[Write, ...] = ()
    effect: float | None = None
    notes: tuple[str, ...] = ()
    edits: tuple[Difference, ...] = ()
    alarms: tuple[str, ...] = ()
    why: str = ""
    gone: bool = False

    @property
    def loose(self) -> tuple[str, ...]:
        """Return in what the last read was looser than the snapshot, for people; empty when nothing could be read."""
        if self.live is None:
            return ()
        return tuple(f"{d.field}: is {d.found}, was {d.expected}" for d in looser(self.live, self.base))


def read_live(keeper: Keeper, clock: Clock, branch: str, *, hidden_of: Protection | None = None) -> Protection:
    """Return live protection of ``branch``, with what only GraphQL shows as ``hidden_of`` has it.

    Raises:
        LostReplyError, RateLimitedError, RefusedError: it cannot be read.
        OutsideError: it has a shape that is not understood.
    """
    live = canonical(reading(clock, lambda: keeper.protection(branch)), branch=branch)
    if hidden_of is None or not live.protected or not hidden_of.protected:
        return live
    return evolve(live, hidden=hidden_of.hidden)


@define(kw_only=True, eq=False)
class Restorer:
    """One restore of one branch to ``base``, undoing ``relaxations``; call :meth:`run` once.

    ``late`` are relaxations of earlier windows that may still land: one that lands inside this window must not pass for
    a person's edit, or it would be kept, and the next snapshot would hold it.
    """

    keeper: Keeper
    clock: Clock
    timing: Timing
    base: Protection
    relaxations: tuple[Relaxation, ...]
    late: tuple[Relaxation, ...] = ()
    relaxed_at: float | None = None
    """When this process last sent a relaxation (its own clock); None for somebody else's window."""
    _acknowledged: bool = field(default=False, init=False)
    _effect: float | None = field(default=None, init=False)
    _sent: tuple[Write, ...] = field(default=(), init=False)
    _live: Protection | None = field(default=None, init=False)
    _plan: Restoration | None = field(default=None, init=False)
    _notes: dict[str, None] = field(factory=dict, init=False)
    _why: str = field(default=say.NOT_EQUAL, init=False)
    _gone: bool = field(default=False, init=False)

    def run(self, *, budget: float | None = None) -> Restoring:
        """Restore, and return what came of it; never raises a :class:`BasculeError`.

        ``budget`` bounds the seconds of trying (default: the timing's restore budget).
        """
        began = self.clock.elapsed()
        limit = self.timing.restore_budget if budget is None else budget
        attempt = 0
        while True:
            wait = 0.0
            try:
                if self._step():
                    return self._result(restored=True)
            except RateLimitedError as error:
                self._why, wait = error.message, error.retry_after
            except RefusedError as error:
                self._why = error.message
                if _branch_gone(error):
                    self._gone = True
                    return self._result(restored=False)
            except OutsideError as error:
                self._why = error.message
            except BasculeError as error:
                # The model refuses: trying again would refuse again.
                self._why = f"{error.message}; {error.hint}" if error.hint else error.message
                return self._result(restored=False)
            attempt += 1
            # The first read-back comes at once: mostly it shows the target already.
            wait = max(wait, 0.0 if attempt == 1 and self._acknowledged else pause(attempt))
            if self.clock.elapsed() - began + wait > limit:
                return self._result(restored=False)
            if wait:
                self.clock.sleep(wait)

    def _step(self) -> bool:
        """Read, and send what is to be sent; return whether it is proven to be back."""
        live = read_live(self.keeper, self.clock, self.base.branch, hidden_of=self.base)
        landed = looser_by(live, self.base, self.late)
        undo = fitted(self.base, (*self.relaxations, *landed)) if landed else self.relaxations
        plan = plan_restore(self.base, undo, live)
        self._notes.update({say.landed_late(self.base.branch, r.field): None for r in undo[len(self.relaxations) :]})
        self._live, self._plan = live, plan
        self._notes.update(dict.fromkeys(plan.notes))
        if self._proven() and not differences(live, plan.target):
            return True
        self._send(plan.writes)
        return False

    def _proven(self) -> bool:
        """Return whether a read can be believed: every write was taken, or no read can be older than the relaxation."""
        settled = self.relaxed_at is not None and self.clock.elapsed() - self.relaxed_at >= self.timing.settle
        return self._acknowledged or settled

    def _send(self, writes: tuple[Write, ...]) -> None:
        """Send one by one: a write that is refused for good must not keep the others from being sent."""
        self._sent = writes
        failed: BasculeError | None = None
        for write in writes:
            before = self.clock.elapsed()
            try:
                self.keeper.apply(self.base.branch, (write,), purpose="restore")
            except OutsideError as error:
                failed = failed or error
            else:
                self._effect = (before + self.clock.elapsed()) / 2
        if failed is not None:
            raise failed
        self._acknowledged = True

    def _result(self, *, restored: bool) -> Restoring:
        plan = self._plan
        return Restoring(
            restored=restored,
            base=self.base,
            target=plan.target if plan is not None else self.base,
            live=self._live,
            sent=self._sent,
            effect=self._effect,
            notes=tuple(self._notes),
            edits=plan.human_edits if plan is not None else (),
            alarms=plan.unrestorable if plan is not None else (),
            why="" if restored else self._why,
            gone=self._gone,
        )


def by_hand(repository: str, branch: str, writes: tuple[Write, ...]) -> tuple[str, ...]:
    """Return ``gh api`` commands that send ``writes``, for a person who has nothing else left."""
    import json
    import shlex
    from urllib.parse import quote

    made = []
    for w in writes:
        path = f"repos/{repository}/branches/{quote(branch, safe='')}/protection{w.path}"
        command = f"gh api -X {w.method} {shlex.quote(path)}"
        made.append(command if w.body is None else f"echo {shlex.quote(json.dumps(w.body))} | {command} --input -")
    return tuple(made)


def _branch_gone(error: RefusedError) -> bool:
    return error.response.status == 404 and "branch not found" in error.response.message.casefold()
