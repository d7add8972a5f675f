"""Checks and verdicts: the tree that explains every decision."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import Enum

from attrs import evolve, frozen


class Status(Enum):
    """Outcome of a check or of a whole verdict; the worst wins (see :attr:`severity`)."""

    ALLOW = "allow"
    WAIT = "wait"
    BLOCK = "block"
    ERROR = "error"

    @property
    def severity(self) -> int:
        """Return 0 (allow) to 3 (error)."""
        return _SEVERITY[self]


_SEVERITY = {Status.ALLOW: 0, Status.WAIT: 1, Status.BLOCK: 2, Status.ERROR: 3}


@frozen(kw_only=True)
class Check:
    """One question asked of a change and its answer.

    ``rule`` names what asked (``files``, ``terraform/plan-actions``), ``found`` and ``expected`` say why,
    ``fix`` what a person does next (required unless the check allows), ``where`` is ``file:line:column`` of
    the rulepack entry that asked. ``source`` is ``core`` or ``distribution version`` and is set by the
    driver, never believed from a plugin. ``id`` is the rulepack's rule id, empty for core gates.
    """

    rule: str
    status: Status
    found: str
    expected: str = ""
    fix: str = ""
    where: str | None = None
    source: str = "core"
    id: str = ""
    eligible_at: str | None = None
    """ISO time after which a waiting check is worth asking again; None when unknown."""
    paths: tuple[str, ...] = ()
    """Changed files that the check is about, for annotations; empty when it is about the change as a whole."""


@frozen(kw_only=True)
class Verdict:
    """A node of the tree. Leaves carry checks, inner nodes children (one per pack, gate group, plugin)."""

    title: str
    status: Status
    checks: tuple[Check, ...] = ()
    children: tuple[Verdict, ...] = ()

    def walk(self) -> Iterator[Check]:
        """Yield every check below this node, in the order in which it was added."""
        yield from self.checks
        for child in self.children:
            yield from child.walk()

    def of(self, *statuses: Status) -> tuple[Check, ...]:
        """Return the checks whose status is one of ``statuses``."""
        return tuple(c for c in self.walk() if c.status in statuses)


def worst(statuses: Iterable[Status], *, empty: Status = Status.BLOCK) -> Status:
    """Return the most severe of ``statuses``; ``empty`` for none, because no checks is not an allow."""
    return max(statuses, key=lambda s: s.severity, default=empty)


def verdict(title: str, checks: Iterable[Check] = (), children: Iterable[Verdict] = ()) -> Verdict:
    """Return a node whose status is the worst of its checks and children; none at all blocks."""
    own, below = tuple(checks), tuple(children)
    status = worst([*(c.status for c in own), *(c.status for c in below)])
    return Verdict(title=title, status=status, checks=own, children=below)


def attributed(check: Check, source: str) -> Check:
    """Return ``check`` stamped with who really answered."""
    return evolve(check, source=source)
