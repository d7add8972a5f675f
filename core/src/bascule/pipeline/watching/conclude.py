"""The end of a watch: the journal's entry, notices, and where the merge alone broke an objective, its rollback."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from attrs import evolve

from bascule.messages import watch as say
from bascule.notify.notice import Event
from bascule.pipeline import deployed as deployments
from bascule.pipeline.session import Session
from bascule.pipeline.undoing.asked import Undo
from bascule.pipeline.undoing.found import find
from bascule.pipeline.undoing.lane import roll_back
from bascule.pipeline.undoing.told import tell_more
from bascule.pipeline.watching import kept
from bascule.pipeline.watching.asked import Asked
from bascule.pipeline.watching.loop import Seen, Shown, wait_recovered
from bascule.pipeline.watching.prepare import Ready, deployed
from bascule.pipeline.watching.records import Wanted, Watched, page, some
from bascule.slo.picture import details, headline
from bascule.slo.posts import Watch
from bascule.slo.records import Answer
from bascule.types import Result, RollbackFacts, RunStatus, TimelineRow

LATE = timedelta(minutes=30)
"""A breach that was seen so much later, by a watch that was resumed or began late, is a person's to decide."""


def conclude(ready: Ready, seen: Seen, wanted: Wanted, shown: Shown) -> Watched:
    """Write down how a watch ended, tell whom it concerns, and undo the merge where that is for a machine to do.

    Raises:
        BasculeError: a rollback could not begin or be read; the journal has no end then, and the next watch goes on.
    """
    session, what, one = ready.session, ready.what, ready.one
    done = evolve(ready.done, answer=seen.answer, rows=seen.rows, person=seen.person)
    if seen.answer is Answer.VIOLATION and not seen.person and what.target.trace.undone is None:
        # What nobody watched may have landed meanwhile: git knows. What is undone already is nobody's to decide.
        others = (*_deployed_too(session, what, done), *_landed_too(session, what, seen))
        strangers = (*others, *_late(session, seen))
        if strangers:
            seen = evolve(seen, person=True, notes=strangers)
            done = evolve(done, person=True)
    mode = what.policy.mode
    summary = say.verdict(seen.answer.value, what.number, len(seen.rows))
    alarms = list(done.alarms)
    more: dict[str, Any] = {}
    if seen.answer is Answer.OK:
        done = evolve(done, summary=summary)
    elif seen.answer is Answer.UNDECIDED:
        why = next((r.judgement.reason for r in seen.rows if r.judgement.answer is Answer.UNDECIDED), summary)
        alarms += some(page(session, done, Event.UNDECIDED, say.paged_undecided(done.repository, done.number, why)))
        done = evolve(done, summary=summary, next=say.UNDECIDED_NEXT)
    elif seen.person or mode == "off" or not wanted.act:
        why = "; ".join((*(r.judgement.reason for r in seen.broken), *seen.notes))
        text = say.paged_person(done.repository, done.number, why)
        alarms += some(page(session, done, Event.ROLLBACK_BLOCKED, text))
        after = say.person_next(done.number) if seen.person else say.off_next(done.number, policy=mode == "off")
        done = evolve(done, summary="; ".join((summary.removesuffix("."), *seen.notes)) + ".", next=after)
    else:
        done = _undone(session, what, one, seen, evolve(done, summary=summary), wanted, shown)
        alarms += [a for a in done.alarms if a not in alarms]
        more = {"rollback": done.rollback.status.value if done.rollback else None, "recovered": done.recovered}
    alarms += some(kept.record_end(session, what, seen, more))
    return evolve(done, alarms=tuple(dict.fromkeys(alarms)))


def _undone(
    session: Session, what: Asked, one: Watch, seen: Seen, done: Watched, wanted: Wanted, shown: Shown
) -> Watched:
    """Roll back, wait until it is live, and look whether the objective recovers; page where it does not."""
    moments = [
        TimelineRow(at=r.fired_at.isoformat(), text=f"breach: {r.objective.name}") for r in seen.broken if r.fired_at
    ]
    if done.deployed:
        moments.insert(0, TimelineRow(at=one.live_at.isoformat(), text=f"deployed to `{one.environment}`"))
    facts = RollbackFacts(
        headline=headline(seen.broken),
        evidence=" ".join(f"`{r.objective.name}`: {r.judgement.reason}." for r in seen.broken),
        rows=tuple(moments),
        details=details(seen.broken),
    )
    undo = Undo(number=what.number, reason=facts.headline, machine=True, facts=facts)
    result = roll_back(session, undo, wait=wanted.checks)
    after = result.next
    if not after and result.status not in {RunStatus.MERGED, RunStatus.NOOP}:
        after = say.unfinished_next(what.number, result.details["rollback"]["pull"])
    done = evolve(done, rollback=result, alarms=(*done.alarms, *result.alarms), next=after)
    sha, at = _landed(session, done, result)
    if sha is None:
        return done
    later: list[TimelineRow] = []
    if what.environment:
        git, _ = session.connection.merged(what.target.snapshot)
        found = deployed(session, sha, what.environment, at - timedelta(minutes=5), git, wanted)
        if found is None:
            summary = say.revert_undeployed(done.number, what.environment, wanted.deploy_within / 60)
            return _unhelped(session, evolve(done, summary=summary), later)
        at = found[0]
        later.append(TimelineRow(at=at.isoformat(), text=f"rollback deployed to `{what.environment}`"))
    session.progress(say.waits_for_recovery(wanted.pace.calm))
    good, when = wait_recovered(session, one, at, wanted.pace, shown=shown, objectives=one.objectives)
    when = when.replace(microsecond=0)
    if not good:
        return _unhelped(session, evolve(done, summary=say.undone(done.number, recovered=False)), later)
    later.append(TimelineRow(at=when.isoformat(), text="recovered ✓"))
    failed = tell_more(session, result, tuple(later))
    return evolve(
        done, recovered=True, recovered_at=when, summary=say.undone(done.number, recovered=True),
        alarms=(*done.alarms, *some(failed)),
    )  # fmt: skip


def _landed(session: Session, done: Watched, result: Result) -> tuple[str | None, datetime]:
    """Return the rollback's commit and when it landed; None where there is none.

    One that an earlier run made, or a person meanwhile, is as good as this run's.
    """
    now_ = session.connection.calls.date or session.clock.now()
    if result.merge is not None and result.status is RunStatus.MERGED:
        return result.merge.sha, now_
    if result.status is RunStatus.NOOP:
        target = find(session, Undo(number=done.number))
        undone = target.trace.undone
        if undone is not None:
            # A run that died after the merge is written down later than it landed.
            (commit,) = target.git.commits(undone.landed, options=("--max-count=1",))
            return undone.landed, min(undone.at, datetime.fromtimestamp(commit.committer_time, UTC))
    return None, now_


def _unhelped(session: Session, done: Watched, later: list[TimelineRow]) -> Watched:
    failed = page(session, done, Event.ROLLBACK_BLOCKED, say.paged_not_recovered(done.repository, done.number))
    untold = None
    if done.rollback is not None:
        moment = TimelineRow(at=session.clock.now().replace(microsecond=0).isoformat(), text="**not recovered** ✗")
        untold = tell_more(session, done.rollback, (*later, moment))
    alarms = (*done.alarms, say.NOT_RECOVERED, *some(failed), *some(untold))
    return evolve(done, recovered=False, next=say.NOT_RECOVERED_NEXT, alarms=alarms)


def _landed_too(session: Session, what: Asked, seen: Seen) -> tuple[str, ...]:
    """Return what else landed on the branch between the merge and the breach, one phrase each. One git fetch."""
    fired = seen.fired_at
    if fired is None:
        return ()
    git, tip = session.connection.merged(what.target.snapshot)
    walk = git.commits(f"{what.target.landed.sha}..{tip}", options=("--first-parent",))
    return say.landed_too([c.subject for c in walk if c.committer_time < fired.timestamp()])


def _deployed_too(session: Session, what: Asked, done: Watched) -> tuple[str, ...]:
    """Return what else the deployment brought live that the watch began with, one phrase each, watched or not."""
    if not done.deployed or done.live_at is None:
        return ()
    before = deployments.replaced(session, done.deployed, what.environment, at=done.live_at)
    came = None
    if before is not None:
        span = what.target.span
        begin = span.before if span is not None else f"{what.target.landed.sha}^"
        came = deployments.beside(what.target.git, done.deployed, before.sha, own=(begin, what.target.landed.sha))
    return (say.nothing_replaced(what.environment),) if came is None else say.deployed_too([c.subject for c in came])


def _late(session: Session, seen: Seen) -> tuple[str, ...]:
    """Return a phrase where the breach is long past: somebody may have mended it since."""
    past = session.clock.now() - seen.fired_at if seen.fired_at is not None else timedelta(0)
    return (say.long_past(past.total_seconds() / 60),) if past > LATE else ()
