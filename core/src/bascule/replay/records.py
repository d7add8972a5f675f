"""What a replay finds out: one record per change, and the report over all of them."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from attrs import frozen

from bascule.replay.reverts import Revert
from bascule.types import Change, Check, Rulepack, Status, Verdict


class Outcome(Enum):
    """What the content of a change comes to. ``NEEDS_TOOL``: nothing blocks, but a rule waits for a rehearsal."""

    ALLOWED = "allowed"
    BLOCKED = "blocked"
    NEEDS_TOOL = "needs_tool"
    UNBOUND = "unbound"


@frozen(kw_only=True)
class Reason:
    """Why a change was not allowed: the check's own words, and the ``label`` under which it is counted.

    ``folders`` are the top folders (``src/``) or files of the paths that the check is about.
    """

    rule: str
    id: str
    status: str
    label: str
    found: str
    expected: str
    fix: str
    where: str | None
    folders: tuple[str, ...] = ()

    @classmethod
    def of(cls, check: Check, label: str) -> Reason:
        """Return the reason that ``check`` gives."""
        tops = {f"{top}{slash}" for top, slash, _ in (p.partition("/") for p in check.paths)}
        return cls(
            rule=check.rule, id=check.id, status=check.status.value, label=label, found=check.found,
            expected=check.expected, fix=check.fix, where=check.where, folders=tuple(sorted(tops)),
        )  # fmt: skip


@frozen(kw_only=True)
class Opinion:
    """What one policy says of a change. ``scenarios`` and ``packs`` (names) bind it, sorted; none: ``UNBOUND``."""

    outcome: Outcome
    scenarios: tuple[str, ...] = ()
    packs: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()


@frozen(kw_only=True)
class Judged:
    """A change of the history with its opinion; ``other`` is the compared policy's, where there is one."""

    sha: str
    number: int
    title: str
    at: datetime
    author: str
    """The name in the commit. Git knows no accounts."""
    opinion: Opinion
    other: Opinion | None = None
    reverted: Revert | None = None

    @property
    def stays_reverted(self) -> bool:
        """Return whether it was reverted and did not come back by reverting that."""
        return self.reverted is not None and self.reverted.undone_by is None


@frozen(kw_only=True)
class Row:
    """One line of the table; ``reverted`` counts allowed changes that stay reverted."""

    scenario: str
    changes: int
    allowed: int
    blocked: int
    needs_tool: int
    reverted: int


@frozen(kw_only=True)
class Policy:
    """The packs that judge and where they come from.

    ``origin``: ``repository``, ``directory`` or ``defaults`` (packaged templates that fit the repository's files; none
    fits where ``packs`` is empty). ``place`` is the directory, or the packs' folders in the repository. ``unready`` are
    scenarios of packaged defaults that offer no rules in the installed version. Such a default only observes: that
    nothing blocks a change by its paths and size does not make it safe, so it counts as one that needs a tool. A pack
    that somebody wrote for such a scenario is taken at its word.
    """

    origin: str
    packs: tuple[Rulepack, ...]
    place: str = ""
    unready: tuple[str, ...] = ()


@frozen(kw_only=True)
class About:
    """The repository as the report names it; ``branch`` is empty where HEAD is detached."""

    name: str
    branch: str
    tip: str
    shallow: bool
    partial: bool


@frozen(kw_only=True)
class Report:
    """The whole answer. ``changes`` are newest first; ``reasons`` are (label, number of changes), most frequent first.

    ``unclaimed`` counts changes by the top folder of files that no pack claims. ``broken`` are (plugin, reason) of
    installed plugins that could not be used. ``seconds`` is how long it took. ``uncounted``: changes whose
    lines could not be counted, because file contents are missing. ``skipped``: commits whose difference is not known,
    because a shallow clone ends there.
    """

    about: About
    policy: Policy
    other: Policy | None
    changes: tuple[Judged, ...]
    rows: tuple[Row, ...]
    reasons: tuple[tuple[str, int], ...]
    unclaimed: tuple[tuple[str, int], ...]
    seconds: float
    uncounted: int = 0
    skipped: int = 0
    broken: tuple[tuple[str, str], ...] = ()

    def count(self, outcome: Outcome) -> int:
        """Return how many changes have ``outcome``, each counted once."""
        return sum(1 for c in self.changes if c.opinion.outcome is outcome)

    @property
    def reverted(self) -> tuple[Judged, ...]:
        """Return the allowed changes that were later reverted and stay so, newest first."""
        return tuple(c for c in self.changes if c.opinion.outcome is Outcome.ALLOWED and c.stays_reverted)

    @property
    def reinstated(self) -> tuple[Judged, ...]:
        """Return the allowed changes that were reverted and came back because that was reverted in turn."""
        return tuple(
            c
            for c in self.changes
            if c.opinion.outcome is Outcome.ALLOWED and c.reverted is not None and not c.stays_reverted
        )

    @property
    def differences(self) -> tuple[Judged, ...]:
        """Return the changes on which the two policies disagree, newest first."""
        return tuple(c for c in self.changes if c.other is not None and c.other.outcome is not c.opinion.outcome)


@frozen(kw_only=True)
class Shown:
    """One change with its whole verdict, for ``--show``; no verdict where no pack binds it."""

    about: About
    policy: Policy
    change: Change
    verdict: Verdict | None
    outcome: Outcome
    reverted: Revert | None = None
    asked: str = ""
    """The commit that was asked for, where it is one that the change brought in."""


def outcome_of(verdict: Verdict) -> Outcome:
    """Return what ``verdict`` comes to when only git is known: a plugin's WAIT is a wait for its rehearsal."""
    if verdict.status is Status.ALLOW:
        return Outcome.ALLOWED
    return Outcome.NEEDS_TOOL if verdict.status is Status.WAIT else Outcome.BLOCKED
