"""Before a watch: what there is to watch of a merge, from when on, and beside which other watches."""

from __future__ import annotations

from datetime import datetime, timedelta

from attrs import evolve, frozen

from bascule.git import Git
from bascule.messages import watch as say
from bascule.notify.notice import Event
from bascule.pipeline import deployed as deployments
from bascule.pipeline.session import Session
from bascule.pipeline.watching import kept
from bascule.pipeline.watching.asked import Asked, asked
from bascule.pipeline.watching.records import Wanted, Watched, page, some
from bascule.slo.posts import Watch
from bascule.slo.records import Answer

LOOK = 15.0
"""Seconds between two looks for a deployment."""


@frozen(kw_only=True)
class Found:
    """A merge that can be watched. ``earlier`` are the journal's watches; ``mine`` the one of this merge that is open.

    ``done`` is what is known of it so far.
    """

    session: Session
    what: Asked
    done: Watched
    earlier: tuple[kept.Begun, ...] = ()
    mine: kept.Begun | None = None


@frozen(kw_only=True)
class Ready:
    """A watch that has begun: ``one`` is what a desk opens, ``done`` what is known of it so far."""

    session: Session
    what: Asked
    one: Watch
    done: Watched
    earlier: tuple[kept.Begun, ...] = ()


def look_up(
    session: Session, number: int, wanted: Wanted, earlier: tuple[kept.Begun, ...] | None = None
) -> Found | Watched:
    """Return what there is to watch of pull request ``number``; its end where there is nothing, or it was watched.

    Args:
        session: the run.
        number: a merged pull request.
        wanted: see there.
        earlier: the journal's watches; None: they are read.

    Raises:
        BasculeError: it is not merged, its objectives cannot be used, or GitHub, git or the journal cannot be read.
    """
    what = asked(session, number)
    target = what.target
    done = Watched(
        run=session.run, repository=session.connection.address.full_name, number=number, sha=target.landed.sha,
        title=target.subject, answer=None, summary="",
    )  # fmt: skip
    if not what.objectives:
        return evolve(done, summary=say.nothing_to_watch(number, what.packs), next=say.NOTHING_NEXT)
    if earlier is None:
        earlier = kept.begun(session, target.change.repo.id, session.clock.now()) if wanted.as_of is None else ()
    mine = next((b for b in earlier if b.of == target.landed.sha), None)
    if mine is not None and mine.answer and not wanted.again:
        summary = say.watched_already(number, mine.answer, mine.run, recovered=mine.recovered)
        return evolve(
            done, answer=Answer(mine.answer), summary=summary, next=say.WATCHED_NEXT, recovered=mine.recovered
        )
    still = mine if mine is not None and not mine.answer else None
    return Found(session=session, what=what, done=done, earlier=earlier, mine=still)


def look(found: Found) -> tuple[datetime, str] | None:
    """Return from when on users meet the merge, and the commit that was deployed; None: nobody has deployed it yet.

    At most one look at GitHub.
    """
    target, environment = found.what.target, found.what.environment
    if found.mine is not None:
        return found.mine.live_at, found.mine.deployed
    if not environment:
        return target.at, ""
    seen = deployments.live(found.session, target.landed.sha, environment, since=target.at, git=target.git)
    return None if seen is None else (seen.at, seen.sha)


def await_live(found: Found, wanted: Wanted) -> tuple[datetime, str] | None:
    """Return what :func:`look` does, after waiting for the deployment as long as ``wanted`` says."""
    target, environment = found.what.target, found.what.environment
    if found.mine is not None or not environment:
        return look(found)
    return deployed(found.session, target.landed.sha, environment, target.at, target.git, wanted)


def ends(found: Found, live_at: datetime, wanted: Wanted) -> datetime:
    """Return when a watch that began at ``live_at`` ends."""
    if found.mine is not None and wanted.duration is None:
        return found.mine.ends_at
    return live_at + timedelta(seconds=wanted.duration or found.what.duration)


def begin(found: Found, live: tuple[datetime, str], wanted: Wanted) -> Ready:
    """Return the watch that begins, after the journal has it; one that only looks at history is not written down."""
    session, what = found.session, found.what
    live_at, sha = live
    ends_at = ends(found, live_at, wanted)
    one = Watch(
        run=session.run, repository=found.done.repository, number=what.number, sha=found.done.sha, live_at=live_at,
        ends_at=ends_at, objectives=what.objectives, environment=what.environment,
    )  # fmt: skip
    alarms = list(what.target.alarms)
    if wanted.as_of is None and found.mine is None:
        alarms += some(kept.record_begin(session, what, one, deployed=sha))
    done = evolve(
        found.done, live_at=live_at, ends_at=ends_at, deployed=sha, environment=what.environment, alarms=tuple(alarms)
    )
    return Ready(session=session, what=what, one=one, done=done, earlier=found.earlier)


def undeployed(found: Found, wanted: Wanted, *, told: bool = True) -> Watched:
    """Return the end of a watch that never began, for want of a deployment; somebody is told unless not ``told``."""
    environment = found.what.environment
    summary = say.no_deployment(environment, wanted.deploy_within / 60)
    done = evolve(
        found.done, answer=Answer.UNDECIDED, summary=summary, next=say.NO_DEPLOYMENT_NEXT, environment=environment
    )
    if wanted.as_of is not None or not told:
        return done
    text = say.paged_undecided(done.repository, done.number, summary)
    return evolve(done, alarms=tuple(some(page(found.session, done, Event.UNDECIDED, text))))


def deployed(
    session: Session, sha: str, environment: str, since: datetime, git: Git, wanted: Wanted
) -> tuple[datetime, str] | None:
    """Return when ``environment`` brought ``sha`` live, and the commit that was deployed; None: not in time."""
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


def others(ready: Ready) -> tuple[Watch, ...]:
    """Return the other watches that were open in the same time, with those of this watch's objectives they share."""
    one, what = ready.one, ready.what
    found = []
    for other in ready.earlier:
        shared = tuple(o for o in what.objectives if o.name in other.objectives)
        if shared and other.of != one.sha and other.live_at <= one.ends_at and other.ends_at >= one.live_at:
            found.append(
                Watch(
                    run=other.run, repository=one.repository, number=other.number, sha=other.of,
                    live_at=other.live_at, ends_at=other.ends_at, objectives=shared,
                )
            )  # fmt: skip
    return tuple(found)
