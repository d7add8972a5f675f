"""Entry point ``cel``: markers only, so that listing what is installed costs next to nothing."""

from __future__ import annotations

from collections.abc import Iterable

from bascule.hookspecs import hookimpl
from bascule.types import Check, GateContext, Scenario


@hookimpl
def scenarios() -> Iterable[Scenario]:
    """Offer the scenario ``cel``."""
    from bascule.scenarios.cel import rules

    return rules.book.scenarios()


@hookimpl
def gate(ctx: GateContext) -> Iterable[Check]:
    """Answer one check per expression of the pack."""
    from bascule.scenarios.cel import rules

    return rules.book.gate(ctx)
