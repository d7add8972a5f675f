"""Entry point ``migrations``: markers only, so that listing what is installed costs next to nothing."""

from __future__ import annotations

from collections.abc import Iterable

from bascule.hookspecs import hookimpl
from bascule.types import Check, DryRunContext, Evidence, GateContext, Scenario


@hookimpl
def scenarios() -> Iterable[Scenario]:
    """Offer the scenario ``migrations``."""
    from bascule_migrations.rules import book

    return book.scenarios()


@hookimpl
def gate(ctx: GateContext) -> Iterable[Check]:
    """Judge a change by the pack's rules."""
    from bascule_migrations.rules import book

    return book.gate(ctx)


@hookimpl
def dry_run(ctx: DryRunContext) -> Iterable[Evidence | Check]:
    """Rehearse what the pack's rules need evidence of."""
    from bascule_migrations.rules import book

    return book.dry_run(ctx)
