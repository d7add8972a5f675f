"""Entry point ``release``: markers only, so that listing what is installed costs next to nothing."""

from __future__ import annotations

from collections.abc import Iterable

from bascule.hookspecs import hookimpl
from bascule.types import Check, DryRunContext, Evidence, GateContext, MergeContext, MergePlan, Scenario


@hookimpl
def scenarios() -> Iterable[Scenario]:
    """Offer the scenario ``release``."""
    from bascule_release.rules import book

    return book.scenarios()


@hookimpl
def gate(ctx: GateContext) -> Iterable[Check]:
    """Judge the rules of the pack."""
    from bascule_release.rules import book

    return book.gate(ctx)


@hookimpl
def dry_run(ctx: DryRunContext) -> Iterable[Evidence | Check]:
    """Read versions, tags, commits and changelogs; build, and ask the package index, where the pack says so."""
    from bascule_release.rules import book

    return book.dry_run(ctx)


@hookimpl
def merge(ctx: MergeContext) -> MergePlan | None:
    """Ask for the tag that the pack's rule ``release/tag`` wants on the merged commit."""
    from bascule_release.rules.tag import plan

    return plan(ctx)
