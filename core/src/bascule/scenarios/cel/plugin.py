"""Entry point ``cel``: markers only, so that listing what is installed costs next to nothing."""

from __future__ import annotations

from collections.abc import Iterable

from bascule.hookspecs import hookimpl
from bascule.types import Check, GateContext, Scenario


@hookimpl
def scenarios() -> Iterable[Scenario]:
    """Offer the scenario ``cel``."""
    from bascule import expressions
    from bascule.scenarios.cel import rules

    # Loading the library takes longer than a gate may on a busy machine: it is done where there is time for it.
    expressions.compiled("true")
    return rules.book.scenarios()


@hookimpl
def gate(ctx: GateContext) -> Iterable[Check]:
    """Answer one check per expression of the pack."""
    from bascule.scenarios.cel import rules

    return rules.book.gate(ctx)
