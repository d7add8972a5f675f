"""Entry point ``deps``: markers only, so that listing what is installed costs next to nothing."""

from __future__ import annotations

from collections.abc import Iterable

from bascule.hookspecs import hookimpl
from bascule.types import Check, DryRunContext, Evidence, GateContext, Scenario


@hookimpl
def scenarios() -> Iterable[Scenario]:
    """Offer the scenario ``deps``."""
    from bascule_deps.rules import book

    return book.scenarios()


@hookimpl
def gate(ctx: GateContext) -> Iterable[Check]:
    """Judge what moves by the pack's rules."""
    from bascule_deps.rules import book

    return book.gate(ctx)


@hookimpl
def dry_run(ctx: DryRunContext) -> Iterable[Evidence | Check]:
    """Read manifests and lockfiles on both sides."""
    from bascule_deps.rules import book

    return book.dry_run(ctx)
