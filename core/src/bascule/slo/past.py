"""A merge that is judged afterwards: what a watch would have said, asked of whoever has the history."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from attrs import frozen

from bascule.messages import slo as say
from bascule.slo.desk import LAG, Desk
from bascule.slo.objective import Objective
from bascule.slo.posts import Row, Watch
from bascule.slo.records import Answer, Judgement
from bascule.types import Observation, Series, WatchRequest

Ask = Callable[[tuple[WatchRequest, ...], tuple[Series, ...], datetime], Iterable[Observation]]
"""Whoever answers for series, at a time: in the end, plugins with the hook ``watch``."""
ROUNDS = 1000
"""Most rounds of asking."""
TRIES = 3
"""Rounds in a row that may bring nothing: a source that was asked for too much at once is asked for less."""


class Verdict(StrEnum):
    """What is said of one objective, or of all: an answer of the judge, or that there was nothing to judge."""

    OK = "ok"
    VIOLATION = "violation"
    UNDECIDED = "undecided"
    UNREACHABLE = "unreachable"


@frozen(kw_only=True)
class Said:
    """What is said of one objective; ``note`` is the source's own word, may be empty."""

    objective: Objective
    verdict: Verdict
    judgement: Judgement
    fired_at: datetime | None
    seen: int
    planned: int
    note: str

    def data(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return {
            "name": self.objective.name,
            "service": self.objective.service,
            "where": self.objective.where,
            "verdict": str(self.verdict),
            "fired_at": None if self.fired_at is None else self.fired_at.isoformat(),
            "reason": self.judgement.reason,
            "blocks": {"seen": self.seen, "planned": self.planned},
            "note": self.note,
        }


def judged(
    objectives: Sequence[Objective], ask: Ask, *, live_at: datetime, ends_at: datetime, now: datetime, seconds: int
) -> tuple[Said, ...]:
    """Return what a watch from ``live_at`` to ``ends_at`` would have said, in the order of ``objectives``.

    Args:
        objectives: what is judged.
        ask: who has the numbers.
        live_at: when the merge met its users; aware.
        ends_at: end of the watch; aware.
        now: the time at which it is asked; later blocks are not known.
        seconds: length of a block.
    """
    desk = Desk(seconds)
    desk.open(
        Watch(
            run="past", repository="", number=0, sha="", live_at=live_at, ends_at=ends_at,
            objectives=tuple(objectives),
        )
    )  # fmt: skip
    then = min(now, ends_at + timedelta(seconds=LAG))
    silent: Mapping[str, str] = {}
    left: tuple[Series, ...] = ()
    vain = 0
    for _ in range(ROUNDS):
        before = left
        requests, left = desk.due(then)
        vain = vain + 1 if left == before else 0
        if not left or vain == TRIES:
            break
        seen = tuple(ask(requests, left, then))
        told = {o.series: o.note for o in seen if o.seen == "unreachable"}
        silent = {s.id: told.get(s.id) or _unanswered(s) for s in left}
        desk.take(seen, then)
    (request,) = desk.due(then)[0]
    missing = {s.id: silent.get(s.id, "") for s in left}
    return tuple(_said(row, missing.get(name)) for row, name in zip(desk.rows("past"), request.series, strict=True))


def _unanswered(series: Series) -> str:
    return say.NOBODY if series.source == "prometheus" else say.unknown_source(series.source)


def _said(row: Row, missing: str | None) -> Said:
    verdict = Verdict(str(row.judgement.answer))
    if missing is not None and row.judgement.answer is not Answer.VIOLATION:
        # What came before it stopped answering may look well; the rest is not known.
        verdict = Verdict.UNREACHABLE
    elif row.seen < row.planned and row.judgement.answer is Answer.OK:
        verdict = Verdict.UNDECIDED  # nothing was found yet
    return Said(
        objective=row.objective, verdict=verdict, judgement=row.judgement, fired_at=row.fired_at, seen=row.seen,
        planned=row.planned, note=missing or row.note,
    )  # fmt: skip


def overall(said: Iterable[Said]) -> Verdict:
    """Return one verdict for all: the first of violation, unreachable, undecided that any has, else ok."""
    found = {s.verdict for s in said}
    order = (Verdict.VIOLATION, Verdict.UNREACHABLE, Verdict.UNDECIDED)
    return next((v for v in order if v in found), Verdict.OK)
