"""One watch from its first tick to its last: the plugin reads, the desk judges. No call of GitHub in between."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from attrs import field, frozen

from bascule.pipeline.services import clients, services
from bascule.pipeline.session import Session
from bascule.slo.desk import LAG, PATIENCE, Desk, recovered
from bascule.slo.objective import BLOCK_SECONDS, Objective
from bascule.slo.posts import Row, Watch
from bascule.slo.records import Answer
from bascule.types import WatchContext

QUESTIONS = 8
"""Most questions for one series in one tick."""

Shown = Callable[[tuple[Row, ...], datetime], None]


@frozen(kw_only=True)
class Pace:
    """How a watch goes: ``block`` seconds a block, ``every`` seconds a tick, ``blank`` blocks of roll-out unjudged.

    ``calm`` seconds are what counts as recovered, ``patience`` seconds how long that is waited for.
    """

    block: int = BLOCK_SECONDS
    every: float = float(BLOCK_SECONDS)
    blank: int = 2
    calm: float = 600.0
    patience: float = 1800.0


@frozen(kw_only=True)
class Seen:
    """What a watch came to. ``answer`` is the worst of its objectives; ``person``: others may have caused it.

    ``rows`` are the objectives as they stood at ``at``; ``early``: that was before its end, and nothing was broken
    so far.
    """

    answer: Answer
    rows: tuple[Row, ...]
    at: datetime
    person: bool = False
    early: bool = False
    notes: tuple[str, ...] = field(factory=tuple)

    @property
    def broken(self) -> tuple[Row, ...]:
        """Return the objectives that were broken."""
        return tuple(r for r in self.rows if r.judgement.answer is Answer.VIOLATION)

    @property
    def fired_at(self) -> datetime | None:
        """Return when the first violation was certain."""
        return min((r.fired_at for r in self.broken if r.fired_at is not None), default=None)


def answer_of(rows: tuple[Row, ...]) -> Answer:
    """Return the answer of a watch: a violation of any, ok of all, else undecided."""
    said = {r.judgement.answer for r in rows}
    if Answer.VIOLATION in said:
        return Answer.VIOLATION
    return Answer.OK if said == {Answer.OK} else Answer.UNDECIDED


def watch(
    session: Session,
    one: Watch,
    pace: Pace,
    *,
    shown: Shown,
    as_of: datetime | None = None,
    others: tuple[Watch, ...] = (),
) -> Seen:
    """Watch until a violation, or the end of the time. It ends early on a violation and never on ok.

    Args:
        session: brings hosts and clock.
        one: what is watched.
        pace: see there.
        shown: told the rows after each tick.
        as_of: look at history as it was at this time, once, instead of waiting.
        others: watches that are open beside this one, for overlaps on the same objective.
    """
    desk = Desk(pace.block, blank=pace.blank)
    for each in (one, *others):
        desk.open(each)
    while True:
        now = as_of or session.clock.now()
        tick(session, desk, now)
        rows = desk.rows(one.run)
        shown(rows, now)
        if as_of is not None or desk.over(one.run):
            return seen(desk, one.run, now)
        session.clock.sleep(pace.every)


def seen(desk: Desk, run: str, now: datetime) -> Seen:
    """Return what a watch on the desk has come to; before its end, "ok" only means that nothing was found yet."""
    rows = desk.rows(run)
    answer = answer_of(rows)
    early = answer is Answer.OK and not desk.over(run)
    if early:
        answer = Answer.UNDECIDED
    broken = [r for r in rows if r.judgement.answer is Answer.VIOLATION]
    person = bool(broken) and all(r.person for r in broken)
    return Seen(answer=answer, rows=rows, at=now, person=person, early=early)


def wait_recovered(
    session: Session, one: Watch, live_at: datetime, pace: Pace, *, shown: Shown, objectives: tuple[Objective, ...]
) -> tuple[bool, datetime]:
    """Return whether the objectives were quiet for long enough after a rollback went live, and when that was known.

    They are held against the time before the merge, not against the breach.
    """
    desk = Desk(pace.block, blank=pace.blank)
    end = live_at + timedelta(seconds=pace.patience)
    after = Watch(
        run=one.run, repository=one.repository, number=one.number, sha=one.sha, live_at=live_at,
        ends_at=end, objectives=objectives, environment=one.environment, before_at=one.live_at,
    )  # fmt: skip
    desk.open(after)
    while True:
        now = session.clock.now()
        tick(session, desk, now)
        rows = desk.rows(one.run)
        shown(rows, now)
        if recovered(rows, pace.calm):
            return True, now
        if now >= end + timedelta(seconds=LAG + PATIENCE):
            return False, now
        session.clock.sleep(pace.every)


def tick(session: Session, desk: Desk, now: datetime) -> None:
    """Ask for what is due, once for everybody, and let the desk judge it.

    An answer ends where the reason for silence changes, so that a long stretch of the past takes a few questions.
    """
    for _ in range(QUESTIONS):
        requests, series = desk.due(now)
        if not series:
            break
        ctx = WatchContext(
            requests=requests,
            series=series,
            now=now,
            services=services(session.environ),
            clients=clients(session.environ),
        )
        if not desk.take(session.hosts.watch(ctx), now):
            return
    desk.take((), now)
