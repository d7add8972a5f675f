"""All open watches of a repository in one process: one desk, one question a series and tick, each ended by itself.

GitHub is asked before a watch and after it, and while a deployment is waited for. While one merge is rolled back the
others wait; they catch up afterwards, because numbers are read from history.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

from attrs import define, evolve, field

from bascule.errors import BasculeError, ConfigError, UsageError
from bascule.messages import watch as say
from bascule.pipeline.session import Session, new_run
from bascule.pipeline.undoing.found import NotMergedError
from bascule.pipeline.watching import kept
from bascule.pipeline.watching.conclude import conclude
from bascule.pipeline.watching.loop import Seen, Shown, seen, tick
from bascule.pipeline.watching.prepare import LOOK, Found, Ready, begin, ends, look, look_up, others, undeployed
from bascule.pipeline.watching.records import Wanted, Watched
from bascule.slo.desk import Desk
from bascule.slo.posts import Row, Watch
from bascule.slo.records import Answer
from bascule.window.access import journal_home

Rows = Callable[[], tuple[Row, ...]]
Board = Callable[[Sequence[tuple[Watched, Rows]], datetime], None]


def watch_open(
    session: Session, wanted: Wanted, *, board: Board, shown: Shown, began: Callable[[Watched], None]
) -> tuple[Watched, ...]:
    """Watch every merge whose watch is open, act on what is seen, and return what became of each, as they ended.

    Open is what has begun and not ended by the journal, however late it is; and what Bascule merged in the last hours
    where packs state objectives, no watch has begun, nobody has undone it, and its time is not over.

    Args:
        session: the run; each watch has a run of its own.
        wanted: see there; ``as_of``, ``again`` and ``duration`` are for one merge and not looked at.
        board: told after each tick what is watched, and what gives its rows.
        shown: told the rows of a merge that was rolled back, while its recovery is waited for.
        began: told each merge whose watch begins.

    Raises:
        UsageError: the journal cannot be read by this process, or nobody can say where it is.
        BasculeError: GitHub or the journal cannot be read. What goes wrong with one merge stops that one only.
    """
    standing = session.connection.keeper.standing()
    home = journal_home(standing, session.environ.get("BASCULE_JOURNAL_REPO", ""))
    if home:
        session.connection.keep_journal_in(home)
    repository = session.connection.address.id
    assert repository is not None, "the standing's query has told it"
    recent = kept.recent(session, repository, session.clock.now())
    if recent is None:
        raise UsageError(say.NO_JOURNAL, hint=say.NO_JOURNAL_HINT)
    watches = _Watches(session=session, wanted=wanted, board=board, shown=shown, began=began, recent=recent)
    watches.take_up()
    watches.go()
    return tuple(watches.done)


@define(kw_only=True, eq=False)
class _Watches:
    """What is watched (``active``), waits for a deployment until a time (``waiting``), and has ended (``done``)."""

    session: Session
    wanted: Wanted
    board: Board
    shown: Shown
    began: Callable[[Watched], None]
    recent: kept.Recent
    done: list[Watched] = field(factory=list)
    _active: dict[str, Ready] = field(factory=dict)
    _ended: dict[str, Watch] = field(factory=dict)
    _waiting: list[tuple[Found, datetime]] = field(factory=list)
    _desk: Desk = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._desk = Desk(self.wanted.pace.block, blank=self.wanted.pace.blank)

    def take_up(self) -> None:
        """Look at every merge that may be open, oldest first, and begin to watch those that are."""
        ended = {b.number for b in self.recent.watches if b.answer}
        open_ = [b.number for b in self.recent.watches if not b.answer and b.number]
        numbers = [n for n in dict.fromkeys((*open_, *self.recent.merges)) if n not in ended]
        self.session.progress(say.reads_open(len(numbers)))
        began = [ready for number in sorted(numbers) if (ready := self._taken(number)) is not None]
        self._begin(began)

    def go(self) -> None:
        """Watch until all have ended."""
        clock, pace = self.session.clock, self.wanted.pace
        next_tick = next_look = clock.elapsed()
        while self._active or self._waiting:
            if self._waiting and clock.elapsed() >= next_look:
                if self._looked():
                    next_tick = clock.elapsed()
                next_look = clock.elapsed() + LOOK
            if self._active and clock.elapsed() >= next_tick:
                next_tick = clock.elapsed() + pace.every
                self._tick()
            due = [*([next_tick] if self._active else []), *([next_look] if self._waiting else [])]
            if due:
                clock.sleep(max(0.0, min(due) - clock.elapsed()))

    # -- before -------------------------------------------------------------------------------------------------------

    def _taken(self, number: int) -> Ready | None:
        """Return the watch of ``number`` if it can begin now; what is not open is left, what waits is kept."""
        session = evolve(self.session, run=new_run())
        session.journal = self.session.journal
        try:
            found = look_up(session, number, self.wanted, self.recent.watches)
            if isinstance(found, Watched):
                return None
            trace, now = found.what.target.trace, session.clock.now()
            if found.mine is None and (trace.origin is None or trace.origin.undoes or trace.undone is not None):
                return None
            live = look(found)
            if live is None:
                self._wait(found, now)
                return None
            if found.mine is None and ends(found, live[0], self.wanted) <= now:
                return None
            return begin(found, live, self.wanted)
        except NotMergedError:
            return None  # a run that was about to merge it, and did not
        except BasculeError as error:
            nothing = Watched(
                run=session.run, repository=session.connection.address.full_name, number=number, sha="", title="",
                answer=Answer.UNDECIDED, summary="",
            )  # fmt: skip
            begun = any(b.number == number and not b.answer for b in self.recent.watches)
            self.done.append(failed(nothing, say.not_watchable(number, error.message), error, begun=begun))
            return None

    def _wait(self, found: Found, now: datetime) -> None:
        until = found.what.target.at + timedelta(seconds=self.wanted.deploy_within)
        if until <= now:
            # Whoever watched in that time has told somebody.
            self.done.append(undeployed(found, self.wanted, told=False))
        else:
            self.session.progress(say.waits_for_deployment(found.what.environment))
            self._waiting.append((found, until))

    def _looked(self) -> bool:
        """Look for the deployments that are waited for; return whether a watch began."""
        began, left = [], []
        for found, until in self._waiting:
            try:
                live = look(found)
                if live is not None:
                    began.append(begin(found, live, self.wanted))
                elif self.session.clock.now() >= until:
                    self.done.append(undeployed(found, self.wanted))
                else:
                    left.append((found, until))
            except BasculeError as error:
                text = say.not_watchable(found.what.number, error.message)
                done = evolve(found.done, answer=Answer.UNDECIDED)
                self.done.append(failed(done, text, error, begun=found.mine is not None))
        self._waiting = left
        self._begin(began)
        return bool(began)

    def _begin(self, began: list[Ready]) -> None:
        for ready in began:
            self._active[ready.one.run] = ready
            self._desk.open(ready.one)
            self.began(ready.done)
        here = {w.sha for w in (*(r.one for r in self._active.values()), *self._ended.values())}
        for ready in began:
            for other in others(ready):
                if other.sha not in here:
                    # Once for each: two merges may share different objectives with it.
                    beside = evolve(other, run=f"{other.run}/{ready.one.run}")
                    self._ended[beside.run] = beside
                    self._desk.open(beside)

    # -- while, and after ---------------------------------------------------------------------------------------------

    def _tick(self) -> None:
        now = self.session.clock.now()
        tick(self.session, self._desk, now)
        self.board([(r.done, partial(self._desk.rows, run)) for run, r in self._active.items()], now)
        over = [(r, seen(self._desk, run, now)) for run, r in self._active.items() if self._desk.over(run)]
        # What breaks something comes first: every second counts.
        for ready, came_to in sorted(over, key=lambda one: (one[1].fired_at or now, one[0].what.number)):
            self.done.append(self._concluded(ready, came_to))
            self._ended[ready.one.run] = self._active.pop(ready.one.run).one
        if over:
            self._forget()

    def _concluded(self, ready: Ready, came_to: Seen) -> Watched:
        try:
            return conclude(ready, came_to, self.wanted, self.shown)
        except BasculeError as error:
            done = evolve(ready.done, answer=came_to.answer, rows=came_to.rows, person=came_to.person)
            return failed(done, say.not_concluded(ready.what.number, error.message), error, begun=True)

    def _forget(self) -> None:
        """Take off the desk what nobody can overlap with any more; until then, who has ended was still there."""
        if self._waiting:
            return
        active = [r.one for r in self._active.values()]
        for run, one in list(self._ended.items()):
            if not any(a.live_at <= one.ends_at and a.ends_at >= one.live_at for a in active):
                del self._ended[run]
                self._desk.close(run)


def failed(done: Watched, summary: str, error: BasculeError, *, begun: bool) -> Watched:
    """Return the end of a watch that an error stopped: the journal has no end of it, and a beginning if ``begun``."""
    problems = tuple(str(p) for p in error.problems) if isinstance(error, ConfigError) else ()
    again = say.again_next(done.number) if begun else say.begin_next(done.number)
    after = "; ".join(filter(None, (error.hint, again)))
    return evolve(done, summary=summary, next=after, alarms=(*done.alarms, summary, *problems), fault=error.exit_code)
