"""What is wanted of a watch, what became of it, and how somebody is told."""

from __future__ import annotations

from datetime import datetime

from attrs import field, frozen

from bascule.errors import ExitCode
from bascule.notify.notice import Event, Notice
from bascule.pipeline.noticing import deliver, now
from bascule.pipeline.session import Session
from bascule.pipeline.watching.loop import Pace
from bascule.slo.posts import Row
from bascule.slo.records import Answer
from bascule.types import Result


@frozen(kw_only=True)
class Watched:
    """What became of a watch.

    ``answer`` is None where there was nothing to watch. ``live_at`` and ``deployed`` (a commit, empty where the merge
    itself counts) say from when on and why. ``rollback`` is what undoing it came to, ``recovered`` whether it helped
    (None: not undone, or not waited for). ``fault`` is the exit code of an error that stopped this watch and no other.
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
    fault: ExitCode | None = None


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


def page(session: Session, done: Watched, event: Event, text: str) -> str | None:
    """Tell somebody of a watch; return why they could not be told, or None."""
    return deliver(
        session,
        Notice(
            event=event, repository=done.repository, text=text, run=done.run, at=now(session), number=done.number,
            title=done.title, sha=done.sha, reason=done.summary, next=done.next,
        ),
    )  # fmt: skip


def some(failed: str | None) -> list[str]:
    """Return ``failed`` as a list of alarms: none, or one."""
    return [] if failed is None else [failed]
