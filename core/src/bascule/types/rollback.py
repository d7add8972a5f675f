"""A rollback as data: what was asked, what it gives, and what a person is shown of it."""

from __future__ import annotations

from attrs import field, frozen


@frozen(kw_only=True)
class TimelineRow:
    """One moment. ``at`` is ISO 8601 in UTC, empty where it is not known; ``text`` may hold names between backticks."""

    at: str
    text: str


@frozen(kw_only=True)
class RollbackFacts:
    """What is known of why a merge is undone; the watch fills it, a person's command leaves most of it empty.

    ``headline`` is the half sentence after "Rolled back:" (``checkout errors rose after deploy``), ``evidence`` one
    sentence with the numbers, ``rows`` moments beside merge and rollback (deployed, breach, recovered), ``details``
    Markdown for the folded part (graph, queries).
    """

    headline: str = ""
    evidence: str = ""
    rows: tuple[TimelineRow, ...] = ()
    details: str = ""


@frozen(kw_only=True)
class Overlap:
    """A later commit on files that the merge had touched; ``paths`` sorted."""

    sha: str
    title: str
    paths: tuple[str, ...]


@frozen(kw_only=True)
class RollbackReport:
    """What a rollback is and what became of it; ``details.rollback`` of ``--json``.

    ``undoes`` is the run whose merge is undone, or the landed commit where no run of Bascule's made it. ``commits`` is
    how many the merge had put on the branch. ``tree`` is the tree that the branch must have afterwards, None where git
    cannot merge it; ``exact``: that is the tree before the merge. ``landed_tree`` is what the branch got, None until
    then. ``checks`` is ``wait`` or ``skip``. ``pull`` and ``commit`` are None while there are none.
    """

    of: int
    title: str
    undoes: str
    landed: str
    before: str
    commits: int
    branch: str
    tip: str
    tree: str | None
    tree_before: str
    exact: bool
    reason: str = ""
    by: str = ""
    merged_at: str = ""
    files: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    overlap: tuple[Overlap, ...] = ()
    checks: str = "wait"
    mode: str = "off"
    commit: str | None = None
    pull: int | None = None
    landed_tree: str | None = None
    done_at: str = ""
    facts: RollbackFacts = field(factory=RollbackFacts)

    @property
    def verified(self) -> bool:
        """Return whether the branch was read back with exactly the tree that was expected."""
        return self.tree is not None and self.landed_tree == self.tree
