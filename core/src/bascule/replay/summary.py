"""Counting: rows by scenario and reasons by label."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from bascule.replay.records import Judged, Outcome, Row
from bascule.rulepack.bind import RULE
from bascule.types import Status

_WAIT = Status.WAIT.value


def rows(changes: Sequence[Judged], scenarios: Iterable[str]) -> tuple[Row, ...]:
    """Return a row per scenario, in the order given; a change that several bind stands in each of their rows."""
    return tuple(_row(name, [c for c in changes if name in c.opinion.scenarios]) for name in scenarios)


def _row(scenario: str, changes: Sequence[Judged]) -> Row:
    by = Counter(c.opinion.outcome for c in changes)
    return Row(
        scenario=scenario,
        changes=len(changes),
        allowed=by[Outcome.ALLOWED],
        blocked=by[Outcome.BLOCKED],
        needs_tool=by[Outcome.NEEDS_TOOL],
        reverted=sum(1 for c in changes if c.opinion.outcome is Outcome.ALLOWED and c.stays_reverted),
    )


def reasons(changes: Iterable[Judged]) -> tuple[tuple[str, int], ...]:
    """Return (label, number of changes it blocked), most frequent first, then by name."""
    blocked = (c for c in changes if c.opinion.outcome is Outcome.BLOCKED)
    return _most(label for c in blocked for label in {r.label for r in c.opinion.reasons if r.status != _WAIT})


def unclaimed(changes: Iterable[Judged]) -> tuple[tuple[str, int], ...]:
    """Return (top folder, number of changes with files in it that no pack claims), most frequent first."""
    return _most(f for c in changes for f in {f for r in c.opinion.reasons if r.rule == RULE for f in r.folders})


def _most(names: Iterable[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(Counter(names).items(), key=lambda item: (-item[1], item[0])))
