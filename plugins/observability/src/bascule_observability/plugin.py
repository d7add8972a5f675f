"""Entry point ``observability``: markers only, so that listing what is installed costs next to nothing."""

from __future__ import annotations

from collections.abc import Iterable

from bascule.hookspecs import hookimpl
from bascule.types import Check, DryRunContext, Evidence, GateContext, Observation, Scenario, WatchContext


@hookimpl
def scenarios() -> Iterable[Scenario]:
    """Offer the scenario ``observability``."""
    from bascule_observability.rules import book

    return book.scenarios()


@hookimpl
def gate(ctx: GateContext) -> Iterable[Check]:
    """Judge the rules of the pack."""
    from bascule_observability.rules import book

    return book.gate(ctx)


@hookimpl
def dry_run(ctx: DryRunContext) -> Iterable[Evidence | Check]:
    """Read both sides of the change, and run the tools that the pack's rules need."""
    from bascule_observability.rules import book

    return book.dry_run(ctx)


@hookimpl
def watch(ctx: WatchContext) -> Iterable[Observation]:
    """Read what the queries of Prometheus give for each series."""
    from bascule_observability import watching

    return watching.watch(ctx)
