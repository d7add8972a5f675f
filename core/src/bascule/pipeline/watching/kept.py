"""What the journal keeps of watches: that one began, and how it ended. Numbers are read again from their source.

Two ``outcome`` entries: ``watching`` says from when on and until when, ``watched`` how it ended. A watch whose process
died has only the first: whoever watches again goes on from there, and its judge sees the same blocks as before.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from attrs import frozen

from bascule.errors import BasculeError
from bascule.messages import pipeline as texts
from bascule.pipeline.act import journal_of
from bascule.pipeline.session import Session
from bascule.pipeline.undoing.found import readable
from bascule.pipeline.watching.asked import Asked
from bascule.pipeline.watching.loop import Seen
from bascule.rollback.origin import DETAIL as UNDOES
from bascule.slo.posts import Watch
from bascule.window.entries import ChangeRef, Entry, Opened, Outcome, Restored
from bascule.window.plain import record_outcome

DETAIL = "watch"
LONGEST = timedelta(hours=6)
"""No watch is older than this: two hours, prolonged once, and the wait for a deployment."""


@frozen(kw_only=True)
class Begun:
    """A watch as the journal has it. ``answer`` is empty while it is open; ``of`` is the landed commit.

    ``recovered``: after a rollback, whether the objective did; None: not undone, or not waited for.
    """

    run: str
    number: int
    of: str
    live_at: datetime
    ends_at: datetime
    objectives: tuple[str, ...]
    deployed: str = ""
    answer: str = ""
    recovered: bool | None = None


@frozen(kw_only=True)
class Recent:
    """What the journal has of the last hours: its watches, newest first, and the pull requests that Bascule may have
    merged, in that order. A run that died after the merge has only its signed ``open``: git knows whether it landed.
    """

    watches: tuple[Begun, ...] = ()
    merges: tuple[int, ...] = ()


def begun(session: Session, repository: int, now: datetime) -> tuple[Begun, ...]:
    """Return the watches of the last hours, newest first; none where the journal cannot be read by this process."""
    found = recent(session, repository, now)
    return found.watches if found is not None else ()


def recent(session: Session, repository: int, now: datetime) -> Recent | None:
    """Return what the journal has of the last hours; None where it cannot be read by this process."""
    journal = readable(session, repository)
    if journal is None:
        return None
    state = journal.read(None)
    if state.tip is None:
        return Recent()
    ended: dict[str, dict[str, Any]] = {}
    found: list[Begun] = []
    merges: dict[int, None] = {}
    for item in journal.history(state.tip):
        if not isinstance(item, Entry):
            continue
        if item.at < now - LONGEST:
            break
        merges.update(dict.fromkeys(_merged(item)))
        detail = item.body.details.get(DETAIL) if isinstance(item.body, Outcome) else None
        if not isinstance(detail, dict):
            continue
        if "answer" in detail:
            ended.setdefault(str(detail["of"]), detail)
        elif not any(b.of == detail["of"] for b in found):
            found.append(_begun(item, detail, ended.get(str(detail["of"]), {})))
    return Recent(watches=tuple(found), merges=tuple(merges))


def record_begin(session: Session, asked: Asked, watch: Watch, *, deployed: str) -> str | None:
    """Write that the watch began; return why it could not be written, or None."""
    detail = {
        "of": watch.sha,
        "live_at": watch.live_at.isoformat(),
        "ends_at": watch.ends_at.isoformat(),
        "deployed": deployed,
        "environment": watch.environment,
        "objectives": [o.name for o in watch.objectives],
    }
    return _record(session, asked, "watching", f"watching {', '.join(detail['objectives'])}", detail)


def record_end(session: Session, asked: Asked, seen: Seen, more: dict[str, Any]) -> str | None:
    """Write how the watch ended; return why it could not be written, or None."""
    rows = [
        {
            "objective": r.objective.name,
            "answer": r.judgement.answer.value,
            "reason": r.judgement.reason,
            "fired_at": r.fired_at.isoformat() if r.fired_at is not None else None,
        }
        for r in seen.rows
    ]
    detail = {"of": asked.target.landed.sha, "answer": seen.answer.value, "rows": rows, **more}
    return _record(session, asked, "watched", f"watched: {seen.answer.value}", detail)


def _record(session: Session, asked: Asked, status: str, summary: str, detail: dict[str, Any]) -> str | None:
    change = asked.target.change
    try:
        journal = journal_of(session, change.repo.id)
        if journal is None:
            return None
        # No landing: this run put nothing on the branch, and a rollback names the run that did.
        body = Outcome(
            status=status,
            summary=summary,
            changes=(ChangeRef(number=change.number, head_sha=change.head_sha, base_sha=change.base_sha),),
            details={DETAIL: detail},
        )
        record_outcome(journal, session.run, body)
    except BasculeError as error:
        return texts.not_journalled(error.message)
    return None


def _merged(item: Entry) -> tuple[int, ...]:
    """Return the pull requests that ``item`` says were merged, or were about to be. Rollbacks are not watched."""
    body = item.body
    if isinstance(body, Opened):
        return () if body.recovery else tuple(c.number for c in body.changes)
    if not isinstance(body, Restored | Outcome) or body.details.get(UNDOES):
        return ()
    return tuple(landing.number for landing in body.landed)


def _begun(item: Entry, detail: dict[str, Any], end: dict[str, Any]) -> Begun:
    body = item.body
    assert isinstance(body, Outcome)
    return Begun(
        run=item.run,
        number=body.changes[0].number if body.changes else 0,
        of=str(detail["of"]),
        live_at=datetime.fromisoformat(detail["live_at"]),
        ends_at=datetime.fromisoformat(detail["ends_at"]),
        objectives=tuple(detail.get("objectives", ())),
        deployed=str(detail.get("deployed", "")),
        answer=str(end.get("answer", "")),
        recovered=end.get("recovered"),
    )
