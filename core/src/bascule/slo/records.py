"""What the judge is given and what it answers.

A *block* is one stretch of time after the merge (30 seconds, or the cadence of the metric) with what was measured in
it. A judge's *state* is all that it keeps of the blocks so far: small, frozen, and JSON data both ways, so that a
watch goes on from the journal after a restart.
"""

from __future__ import annotations

from enum import StrEnum

from attrs import frozen


class Answer(StrEnum):
    """What the judge says of one objective after one merge; only a violation is ever rolled back."""

    VIOLATION = "violation"
    OK = "ok"
    UNDECIDED = "undecided"


class Seen(StrEnum):
    """What came back for a block. No data is never health."""

    DATA = "data"
    EMPTY = "empty"
    """The source answered, with no value: no traffic, or a metric that is not there."""
    GONE = "gone"
    """The source answered that no target reports any more (`up` is 0 or absent)."""
    UNREACHABLE = "unreachable"
    """The source did not answer, or answered with an error."""


class Direction(StrEnum):
    """Which way a gauge is worse."""

    UP = "up"
    DOWN = "down"
    BOTH = "both"


@frozen
class RatioBlock:
    """Requests and errors of one block, counted (not rates): ``0 <= errors <= total``.

    Args:
        total: requests in the block; 0 is a block without traffic, which says nothing.
        errors: those of them that broke the objective.
        seen: what came back; other than ``DATA``, the numbers are not looked at.
        day_ago, week_ago: share of errors (0..1) at the same clock time 1 and 7 days ago, where known.
    """

    total: float = 0.0
    errors: float = 0.0
    seen: Seen = Seen.DATA
    day_ago: float | None = None
    week_ago: float | None = None


@frozen
class GaugeBlock:
    """One value of a gauge, in its own unit.

    Args:
        value: None where nothing was measured.
        seen: what came back.
        day_ago, week_ago: the value at the same clock time 1 and 7 days ago, where known.
    """

    value: float | None = None
    seen: Seen = Seen.DATA
    day_ago: float | None = None
    week_ago: float | None = None


Block = RatioBlock | GaugeBlock


@frozen(kw_only=True)
class Judgement:
    """The answer on one objective.

    Args:
        answer: violation, ok or undecided.
        fired_at: index of the block after the merge at which a violation was certain, else None.
        reason: one or two sentences with the numbers.
        evidence: log likelihood ratio (ratio), or blocks beyond the bar (gauge).
        needed: what ``evidence`` has to reach.
    """

    answer: Answer
    reason: str
    fired_at: int | None = None
    evidence: float = 0.0
    needed: float = 0.0
