"""One watched merge, whole: when it went live, what objectives said, what was done about it, and whether it helped."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from attrs import evolve, field, frozen

from bascule.git import Git
from bascule.messages import watch as say
from bascule.notify.notice import Event, Notice
from bascule.pipeline import deployed as deployments
from bascule.pipeline.noticing import deliver, now
from bascule.pipeline.session import Session
from bascule.pipeline.undoing.asked import Undo
from bascule.pipeline.undoing.found import find
from bascule.pipeline.undoing.lane import roll_back
from bascule.pipeline.undoing.told import tell_more
from bascule.pipeline.watching import kept
from bascule.pipeline.watching.asked import Asked, asked
from bascule.pipeline.watching.loop import Pace, Seen, Shown, wait_recovered, watch
from bascule.slo.picture import details, headline
from bascule.slo.posts import Row, Watch
from bascule.slo.records import Answer
from bascule.types import Result, RollbackFacts, RunStatus, TimelineRow

LATE = timedelta(minutes=30)
"""A breach that was seen so much later, by a watch that was resumed or began late, is a person's to decide."""
LOOK = 15.0
"""Seconds between two looks for a deployment."""


@frozen(kw_only=True)
class Watched:
    """What became of a watch.

    ``answer`` is None where there was nothing to watch. ``live_at`` and ``deployed`` (a commit, empty where the merge
    itself counts) say from when on and why. ``rollback`` is what undoing it came to, ``recovered`` whether it helped
    (None: not undone, or not waited for).
    """

    run: str
    repository: str
    number: int
    sha: str
    title: str
    answer: Answer | None
    summary: str
    next: str = ""
    live_at: datetime | None = None
    ends_at: datetime | None = None
    deployed: str = ""
    environment: str = ""
    rows: tuple[Row, ...] = ()
    person: bool = False
    rollback: Result | None = None
    recovered: bool | None = None
    recovered_at: datetime | None = None
    alarms: tuple[str, ...] = field(factory=tuple)


@frozen(kw_only=True)
class Wanted:
    """How a person wants it: ``as_of`` looks at history and does nothing; ``again`` repeats a watch that has ended.

    ``deploy_within`` seconds are waited for a deployment, ``checks`` seconds for a rollback's checks; ``act`` false
    only watches.
    """

    pace: Pace = field(factory=Pace)
    as_of: datetime | None = None
    again: bool = False
    act: bool = True
    deploy_within: float = 1800.0
    checks: float = 1800.0
    duration: float | None = None


def watch_merge(
    session: Session, number: int, wanted: Wanted, *, shown: Shown, began: Callable[[Watched], None]
) -> Watched:
    """Watch the merge of pull request ``number`` and act on what is seen.

    Args:
        session: the run.
        number: a merged pull request.
        wanted: see there.
        shown: told the rows after each tick.
        began: told what is watched before the first tick.

    Raises:
        BasculeError: it is not merged, its objectives cannot be used, or GitHub, git or the journal cannot be read.
    """
    what = asked(session, number)
    blank = _blank(session, what)
    if not what.objectives:
        return evolve(blank, summary=say.nothing_to_watch(number, what.packs), next=say.NOTHING_NEXT)
    earlier = kept.begun(session, what.target.change.repo.id, session.clock.now()) if wanted.as_of is None else ()
    mine = next((b for b in earlier if b.of == what.target.landed.sha), None)
    if mine is not None and mine.answer and not wanted.again:
        summary = say.watched_already(number, mine.answer, mine.run, recovered=mine.recovered)
        return evolve(
            blank, answer=Answer(mine.answer), summary=summary, next=say.WATCHED_NEXT, recovered=mine.recovered
        )
    if mine is not None and not mine.answer:
        live_at, deployed = mine.live_at, mine.deployed
    else:
        found = _live(session, what, wanted)
        if found is None:
            return _undeployed(session, what, blank, wanted)
        live_at, deployed = found
    ends_at = live_at + timedelta(seconds=wanted.duration or what.duration)
    if mine is not None and not mine.answer and wanted.duration is None:
        ends_at = mine.ends_at
    one = Watch(
        run=session.run, repository=blank.repository, number=number, sha=blank.sha, live_at=live_at, ends_at=ends_at,
        objectives=what.objectives, environment=what.environment,
    )  # fmt: skip
    blank = evolve(blank, live_at=live_at, ends_at=ends_at, deployed=deployed, environment=what.environment)
    began(blank)
    alarms = list(what.target.alarms)
    if wanted.as_of is None and (mine is None or mine.answer):
        alarms += _some(kept.record_begin(session, what, one, deployed=deployed))
    seen = watch(session, one, wanted.pace, shown=shown, as_of=wanted.as_of, others=_others(what, earlier, one))
    done = evolve(blank, answer=seen.answer, rows=seen.rows, person=seen.person, alarms=tuple(alarms))
    if wanted.as_of is not None:
        said = say.verdict(seen.answer.value, number, len(seen.rows))
        return evolve(done, summary=say.so_far(number, ends_at) if seen.early else said)
    return _concluded(session, what, one, seen, done, wanted, shown)


def _blank(session: Session, what: Asked) -> Watched:
    target = what.target
    return Watched(
        run=session.run, repository=session.connection.address.full_name, number=what.number, sha=target.landed.sha,
        title=target.subject, answer=None, summary="",
    )  # fmt: skip


def _live(session: Session, what: Asked, wanted: Wanted) -> tuple[datetime, str] | None:
    """Return from when on users meet the merge, and the commit that was deployed; None: nobody deployed it in time."""
    target = what.target
    if not what.environment:
        return target.at, ""
    return _deployed(session, target.landed.sha, what.environment, target.at, target.git, wanted)


def _deployed(
    session: Session, sha: str, environment: str, since: datetime, git: Git, wanted: Wanted
) -> tuple[datetime, str] | None:
    end = session.clock.elapsed() + wanted.deploy_within
    session.progress(say.waits_for_deployment(environment))
    while True:
        found = deployments.live(session, sha, environment, since=since, git=git)
        if found is not None:
            return found.at, found.sha
        left = end - session.clock.elapsed()
        if left <= 0 or wanted.as_of is not None:
            return None
        session.clock.sleep(min(LOOK, left, wanted.pace.every))


def _undeployed(session: Session, what: Asked, blank: Watched, wanted: Wanted) -> Watched:
    summary = say.no_deployment(what.environment, wanted.deploy_within / 60)
    done = evolve(
        blank, answer=Answer.UNDECIDED, summary=summary, next=say.NO_DEPLOYMENT_NEXT, environment=what.environment
    )
    if wanted.as_of is not None:
        return done
    alarms = _some(_page(session, done, Event.UNDECIDED, say.paged_undecided(done.repository, done.number, summary)))
    return evolve(done, alarms=tuple(alarms))


def _others(what: Asked, earlier: tuple[kept.Begun, ...], one: Watch) -> tuple[Watch, ...]:
    """Return the other watches that were open in the same time, with those of this watch's objectives they share."""
    found = []
    for other in earlier:
        shared = tuple(o for o in what.objectives if o.name in other.objectives)
        if shared and other.of != one.sha and other.live_at <= one.ends_at and other.ends_at >= one.live_at:
            found.append(
                Watch(
                    run=other.run, repository=one.repository, number=other.number, sha=other.of,
                    live_at=other.live_at, ends_at=other.ends_at, objectives=shared,
                )
            )  # fmt: skip
    return tuple(found)


def _concluded(
    session: Session, what: Asked, one: Watch, seen: Seen, done: Watched, wanted: Wanted, shown: Shown
) -> Watched:
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
        alarms += _some(_page(session, done, Event.UNDECIDED, say.paged_undecided(done.repository, done.number, why)))
        done = evolve(done, summary=summary, next=say.UNDECIDED_NEXT)
    elif seen.person or mode == "off" or not wanted.act:
        why = "; ".join((*(r.judgement.reason for r in seen.broken), *seen.notes))
        text = say.paged_person(done.repository, done.number, why)
        alarms += _some(_page(session, done, Event.ROLLBACK_BLOCKED, text))
        after = say.person_next(done.number) if seen.person else say.off_next(done.number, policy=mode == "off")
        done = evolve(done, summary="; ".join((summary.removesuffix("."), *seen.notes)) + ".", next=after)
    else:
        done = _undone(session, what, one, seen, evolve(done, summary=summary), wanted, shown)
        alarms += [a for a in done.alarms if a not in alarms]
        more = {"rollback": done.rollback.status.value if done.rollback else None, "recovered": done.recovered}
    alarms += _some(kept.record_end(session, what, seen, more))
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
        found = _deployed(session, sha, what.environment, at - timedelta(minutes=5), git, wanted)
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
        alarms=(*done.alarms, *_some(failed)),
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
    failed = _page(session, done, Event.ROLLBACK_BLOCKED, say.paged_not_recovered(done.repository, done.number))
    untold = None
    if done.rollback is not None:
        moment = TimelineRow(at=session.clock.now().replace(microsecond=0).isoformat(), text="**not recovered** ✗")
        untold = tell_more(session, done.rollback, (*later, moment))
    alarms = (*done.alarms, say.NOT_RECOVERED, *_some(failed), *_some(untold))
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


def _page(session: Session, done: Watched, event: Event, text: str) -> str | None:
    return deliver(
        session,
        Notice(
            event=event, repository=done.repository, text=text, run=done.run, at=now(session), number=done.number,
            title=done.title, sha=done.sha, reason=done.summary, next=done.next,
        ),
    )  # fmt: skip


def _some(failed: str | None) -> list[str]:
    return [] if failed is None else [failed]
