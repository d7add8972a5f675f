"""What landed between the recorded base and the tip, against what was gated (DESIGN, invariant 5). Pure."""

from __future__ import annotations

from enum import Enum

from attrs import frozen

from bascule.messages import landed as say
from bascule.window.trailer import run_of


class Verdict(Enum):
    """What is true of the branch after the merge."""

    OURS = "ours"
    """Exactly the gated change, on the recorded base, with the gated tree."""
    CONCURRENT_CHANGE = "concurrent_change"
    """Ours is there with the tree that its actual parent and head give, but something else landed too."""
    ALARM = "alarm"
    """Something passed that was not gated, or ours is not what was gated."""


@frozen(kw_only=True)
class LandedCommit:
    """One first-parent commit of the base branch, newest first in a list. ``author`` is for people only."""

    sha: str
    parents: tuple[str, ...]
    tree: str
    message: str
    author: str = ""

    @property
    def title(self) -> str:
        """Return ``sha7 "first line" by author``."""
        first = self.message.splitlines()[0] if self.message else ""
        by = f" by {self.author}" if self.author else ""
        return f'{self.sha[:7]} "{first}"{by}'


@frozen(kw_only=True)
class Landed:
    """The decision, the sentence for people, and the commits that were not ours."""

    verdict: Verdict
    found: str
    strangers: tuple[LandedCommit, ...] = ()


def judge(
    commits: tuple[LandedCommit, ...],
    *,
    run: str,
    landed: str,
    base: str,
    gated_tree: str | None,
    actual_tree: str | None,
    rebased: int = 0,
    opened_to_others: bool = True,
) -> Landed:
    """Return what landed.

    ``commits`` is the first-parent chain of the base branch from its tip back to, but without, the recorded ``base``,
    newest first. ``landed`` is the commit that the merge call named. ``gated_tree`` is the tree that gates judged
    (the merge of
    head into ``base``), ``actual_tree`` what merging the head into ``landed``'s actual parent gives (``git
    merge-tree``); None where it was not computed or conflicts. ``rebased`` is the number of commits of a rebase merge,
    else 0: those carry no trailer. ``opened_to_others`` is False only when no relaxation admitted more than our own
    actor: then what else landed cannot have passed through our window.
    """
    position = next((n for n, c in enumerate(commits) if c.sha == landed), None)
    if position is None:
        return Landed(verdict=Verdict.ALARM, found=say.missing(landed), strangers=commits)
    span = commits[position : position + max(1, rebased)]
    others = tuple(c for c in commits if c not in span)
    ours = commits[position]
    if not rebased and run_of(ours.message) != run:
        return Landed(verdict=Verdict.ALARM, found=say.other_run(ours.title), strangers=(ours, *others))
    if others and opened_to_others:
        return Landed(verdict=Verdict.ALARM, found=say.strangers(_titles(others)), strangers=others)
    as_gated = ours.tree == gated_tree and span[-1].parents[:1] == (base,)
    if not as_gated and (actual_tree is None or ours.tree != actual_tree):
        return Landed(verdict=Verdict.ALARM, found=say.tree(ours.title), strangers=others)
    if others:
        return Landed(verdict=Verdict.CONCURRENT_CHANGE, found=say.concurrent(_titles(others)), strangers=others)
    if not as_gated:
        # Nothing else landed, yet the base or the tree is not the gated one: `base` was not the branch's tip at all.
        return Landed(verdict=Verdict.ALARM, found=say.tree(ours.title))
    return Landed(verdict=Verdict.OURS, found=say.ours(ours.title))


def _titles(commits: tuple[LandedCommit, ...]) -> str:
    return ", ".join(c.title for c in commits)
