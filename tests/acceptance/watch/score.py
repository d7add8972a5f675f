"""Counting answers: shares with their n and 95 % interval, for the judge and for the rules of others."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from statistics import median
from typing import Any

from attrs import frozen
from tests.acceptance.watch.rivals import Rule

from bascule.slo import cases


@frozen(kw_only=True)
class Scored:
    """One case with what was expected and what a rule said."""

    scenario: str
    traffic: int
    expect: str
    answer: str
    wait: int | None
    """Blocks from the onset to firing, where both are."""


@frozen
class Share:
    """A count of a count."""

    hits: int
    n: int

    @property
    def value(self) -> float:
        """Return the share, 0 where nothing was counted."""
        return self.hits / self.n if self.n else 0.0

    def __str__(self) -> str:
        low, high = wilson(self.hits, self.n)
        return f"{self.value:6.1%} [{low:.1%}, {high:.1%}] n={self.n}"


def wilson(hits: int, n: int) -> tuple[float, float]:
    """Return the 95 % interval of a share (Wilson, J. Am. Stat. Assoc. 1927)."""
    if n == 0:
        return 0.0, 1.0
    z = 1.96
    middle = (hits + z * z / 2) / (n + z * z)
    half = z / (n + z * z) * math.sqrt(hits * (n - hits) / n + z * z / 4)
    return max(0.0, middle - half), min(1.0, middle + half)


def ours(case: dict[str, Any]) -> tuple[str, int | None]:
    """Return the judge's answer and the block at which it fired."""
    got = cases.judge(case)
    return str(got.answer), got.fired_at


def theirs(rule: Rule) -> Callable[[dict[str, Any]], tuple[str, int | None]]:
    """Return another rule as a judge: violation when it ever fires, else ok."""

    def judge(case: dict[str, Any]) -> tuple[str, int | None]:
        at = rule(case)
        return ("violation" if at is not None else "ok"), at

    return judge


def share(rows: Iterable[Scored], hit: Callable[[Scored], bool]) -> Share:
    """Return how many of ``rows`` are hits."""
    listed = list(rows)
    return Share(sum(map(hit, listed)), len(listed))


def accuracy(rows: Sequence[Scored]) -> Share:
    """Return the share of right answers among those that were decided."""
    return share((r for r in rows if r.answer != "undecided"), lambda r: r.answer == r.expect)


def right(rows: Sequence[Scored]) -> Share:
    """Return the share of right answers among all; undecided is not right."""
    return share(rows, lambda r: r.answer == r.expect)


def true_positives(rows: Sequence[Scored]) -> Share:
    """Return the share of violations that were found; an undecided one was not."""
    return share((r for r in rows if r.expect == "violation"), lambda r: r.answer == "violation")


def false_positives(rows: Sequence[Scored]) -> Share:
    """Return the share of others that were called violations."""
    return share((r for r in rows if r.expect != "violation"), lambda r: r.answer == "violation")


def coverage(rows: Sequence[Scored]) -> Share:
    """Return the share that was decided."""
    return share(rows, lambda r: r.answer != "undecided")


def blamed(rows: Sequence[Scored]) -> Share:
    """Return the share of incidents from before the merge that were blamed on it."""
    return share((r for r in rows if r.scenario == "pre-existing"), lambda r: r.answer == "violation")


def wait(rows: Sequence[Scored]) -> float:
    """Return the median of blocks from onset to firing, infinity when none fired."""
    waits = [r.wait for r in rows if r.expect == "violation" and r.answer == "violation" and r.wait is not None]
    return float(median(waits)) if waits else math.inf
