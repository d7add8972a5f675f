"""Inside the open window: re-read, relax, merge, restore, close. Steps 4 to 6 of protocol.md."""

from __future__ import annotations

from collections.abc import Callable

from attrs import define, evolve, field

from bascule.clock import Clock
from bascule.errors import BasculeError
from bascule.forge.ports import Keeper, LostReplyError, Merger
from bascule.messages import window as say
from bascule.protection.apply import relax
from bascule.protection.canonical import digest
from bascule.protection.order import differences, looser_by
from bascule.protection.rest import writes
from bascule.types import RunStatus, Way, WindowReport
from bascule.window.closing import Closing, OpenWindow
from bascule.window.journal import Journal
from bascule.window.merging import Answer, Ask, Asked
from bascule.window.order import Inspect, Order, Passage, inspected
from bascule.window.planning import opens_to_others
from bascule.window.restoring import Restoring, by_hand, read_live
from bascule.window.results import MEANING, Result
from bascule.window.retry import reading
from bascule.window.signals import Stop
from bascule.window.timing import Timing


@define(kw_only=True, eq=False)
class Crossing:
    """One change inside one open window; call :meth:`go` once."""

    keeper: Keeper
    merger: Merger
    journal: Journal
    clock: Clock
    timing: Timing
    repository: str
    order: Order
    window: OpenWindow
    stop: Stop
    inspect: Inspect | None
    on_step: Callable[[str], None]
    calls: Callable[[], int]
    closed: Callable[[], None]
    _back: Closing = field(init=False)
    _effect: float | None = field(default=None, init=False)
    _halt: tuple[str, str, str] = field(default=("", "", ""), init=False)
    _asked: Asked | None = field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        self._back = Closing(
            keeper=self.keeper,
            journal=self.journal,
            clock=self.clock,
            timing=self.timing,
            order=self.order,
            window=self.window,
            alarms=list(self.window.alarms),
        )

    def go(self) -> Passage:
        """Pass the change, restore and close; whatever happens in between, protection is put back first."""
        try:
            result = self._pass()
        except BasculeError as error:
            result = Result(status=RunStatus.FAILED, reason="outside", found=error.message, fix=error.hint)
        except BaseException:
            self._back.bring_back()
            raise
        return self._finish(result)

    def _pass(self) -> Result:
        stopped = self._reread() or self._halted()
        if stopped is not None:
            return stopped
        try:
            why = self._relax()
        except BasculeError as error:
            why = error.message
        if why is not None:
            found = say.relax_failed(why)
            return self._halted() or Result(
                status=RunStatus.FAILED, reason="relax_failed", found=found, fix=say.RELAX_FIX
            )
        self.on_step("relaxed")
        try:
            self._asked = self._ask().send()
        except BasculeError as error:
            # The merge was asked for and then GitHub could not be read: to be found out once protection is back.
            self._asked = Asked(answer=Answer.UNCLEAR, found=error.message)
        if self._asked.answer is Answer.MERGED:
            self.on_step("merged")
        return self._meaning(self._asked)

    def _reread(self) -> Result | None:
        """Step 4: one query for everything that may have moved."""
        branch = self.order.plan.branch
        armed = (branch,) if opens_to_others(self.order.plan.relaxations) else ()
        now = reading(self.clock, lambda: self.merger.pull(self.order.gated.number, armed_branches=armed))
        if now.merged:
            found = say.merged_by_other(now.merged_by, now.merge_sha)
            return Result(status=RunStatus.NOOP, reason="merged_by_other", found=found)
        moved = self.order.gated.moved(now)
        if moved is not None:
            return Result(status=RunStatus.WAITING, reason="moved", found=moved, fix=say.MOVED_FIX)
        others = tuple(n for n in now.armed if n != self.order.gated.number)
        if armed and others:
            found = say.armed(others, branch)
            return Result(status=RunStatus.WAITING, reason="armed", found=found, fix=say.ARMED_FIX)
        return None

    def _relax(self) -> str | None:
        """Send the relaxation; return why it is not in force, or None. After a lost reply a read decides."""
        base, relaxed = self.window.base, self.window.opening.relaxed
        todo = self.window.opening.writes
        for _ in range(2):
            before = self._back.relaxed_at = self.clock.elapsed()
            try:
                self.keeper.apply(base.branch, todo, purpose="relax")
            except LostReplyError as error:
                self._effect = before if self._effect is None else self._effect
                why = error.message
            else:
                # The first of n writes takes effect about half a reply after it was sent.
                half = (self.clock.elapsed() - before) / (2 * max(1, len(todo)))
                self._effect = before + half if self._effect is None else self._effect
                return None
            live = read_live(self.keeper, self.clock, base.branch, hidden_of=base)
            if not differences(live, relaxed):
                return None
            shown = looser_by(live, base, self.order.plan.relaxations)
            if differences(live, relax(base, shown)) or self._may_go() is not None:
                return why  # somebody else is at it, or it is too late
            todo = writes(live, relaxed)
        return why

    def _ask(self) -> Ask:
        return Ask(
            merger=self.merger,
            clock=self.clock,
            run=self.order.run,
            gated=self.order.gated,
            plan=self.order.plan.merge,
            actor=self.order.actor,
            may_go=self._may_go,
            may_read=lambda: self._exposed() < self.order.plan.max_exposure / 2,
        )

    def _may_go(self) -> str | None:
        """Return why neither relaxation nor merge may be sent now, or None."""
        if self.stop.requested is not None:
            self._halt = ("stopped", say.stopped(self.stop.requested.name), "")
        elif self.window.ends - self.clock.elapsed() < self.timing.longest_request:
            self._halt = ("deadline", say.DEADLINE, say.DEADLINE_FIX)
        elif self._exposed() > self.order.plan.max_exposure:
            self._halt = ("exposed", say.EXPOSED, say.DEADLINE_FIX)
        else:
            return None
        return self._halt[1]

    def _halted(self) -> Result | None:
        if self._may_go() is None:
            return None
        reason, found, fix = self._halt
        status = RunStatus.WAITING if reason == "deadline" else RunStatus.FAILED
        return Result(status=status, reason=reason, found=found, fix=fix)

    def _meaning(self, asked: Asked) -> Result:
        if asked.answer is Answer.NOT_ASKED:
            reason, found, fix = self._halt
            status = RunStatus.WAITING if reason == "deadline" else RunStatus.FAILED
            return Result(status=status, reason=reason, found=found, fix=fix)
        status, reason, fix = MEANING[asked.answer]
        return Result(status=status, reason=reason, found=asked.found, fix=fix, sha=asked.sha, proof=asked.proof)

    def _exposed(self) -> float:
        return 0.0 if self._effect is None else self.clock.elapsed() - self._effect

    def _finish(self, result: Result) -> Passage:
        done = self._back.bring_back()
        if done is not None:
            self._back.alarms.extend(done.alarms)
            if done.restored:
                self.on_step("restored")
        exposure = self._exposure(done)
        if exposure is not None and exposure > self.order.plan.max_exposure:
            self._back.alarms.append(say.exposure(exposure, self.order.plan.max_exposure))
        result = self._settle(result)
        seen = inspected(self.inspect, result.sha if result.status is RunStatus.MERGED else None)
        self._back.alarms.extend(seen.alarms)
        restored = done is None or done.restored
        if restored and self._back.close(
            outcome=result.reason, sha=result.sha, done=done, exposure=exposure, seen=seen
        ):
            self.closed()
            self.on_step("closed")
        return self._passage(result, done, exposure)

    def _settle(self, result: Result) -> Result:
        """Now that protection is back, find out what an unclear answer meant."""
        if self._asked is None or self._asked.answer not in {Answer.UNCLEAR, Answer.REFUSED}:
            return result
        try:
            asked = self._ask().settle(self._asked)
        except BasculeError as error:
            self._back.alarms.append(say.whose_unclear(None, None))
            return evolve(result, fix=error.hint or result.fix)
        if asked.alarm is not None:
            self._back.alarms.append(asked.alarm)
        return self._meaning(asked)

    def _passage(self, result: Result, done: Restoring | None, exposure: float | None) -> Passage:
        restored = done is None or done.restored
        opened = self.window.state.window
        report = WindowReport(
            way=Way.STEPWISE,
            relaxations=self.order.plan.relaxations,
            exposure_seconds=exposure,
            calls=self.calls(),
            restored=restored,
            verified=None,
            snapshot_sha256=digest(self.window.base),
            live_sha256=self._back.live_sha(done),
        )
        made = Passage(
            status=result.status,
            reason=result.reason,
            found=result.found,
            fix=result.fix,
            window=report,
            sha=result.sha,
            proof=result.proof,
            alarms=tuple(dict.fromkeys(self._back.alarms)),
            notes=done.notes if done is not None else (),
            opened=opened.sha if opened is not None else None,
            signal=self.stop.requested.name if self.stop.requested is not None else None,
        )
        if restored or done is None:
            return made
        text = say.not_restored(done.base.branch, done.why)
        return evolve(
            made,
            reason="not_restored",
            found=f"{text} ({result.found})" if result.found else text,
            fix=say.not_restored_hint(self.order.run),
            alarms=tuple(dict.fromkeys((text, *self._back.alarms))),
            loose=done.loose,
            by_hand=by_hand(self.repository, done.base.branch, done.sent or self.window.opening.inverse),
        )

    def _exposure(self, done: Restoring | None) -> float | None:
        """Return seconds from the relaxation's effect to the restore's, or to now when the restore has had none."""
        if done is None or self._effect is None:
            return None
        return max(0.0, (self.clock.elapsed() if done.effect is None else done.effect) - self._effect)
