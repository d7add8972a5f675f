"""Entry point ``observability``: markers only, so that listing what is installed costs next to nothing."""

from __future__ import annotations

from collections.abc import Iterable

from bascule.hookspecs import hookimpl
from bascule.types import Check, GateContext, Scenario


@hookimpl
def scenarios() -> Iterable[Scenario]:
    """Offer the scenario ``observability``."""
    from bascule_observability.scenario import book

    return book.scenarios()


@hookimpl
def gate(ctx: GateContext) -> Iterable[Check]:
    """Say honestly that there are no rules yet."""
    from bascule_observability.scenario import book

    return book.gate(ctx)
