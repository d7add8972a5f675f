"""Entry point ``allowlist``: markers only, so that listing what is installed costs next to nothing."""

from __future__ import annotations

from collections.abc import Iterable

from bascule.hookspecs import hookimpl
from bascule.types import Check, GateContext, Scenario


@hookimpl
def scenarios() -> Iterable[Scenario]:
    """Offer the scenario ``allowlist``."""
    from bascule.scenarios.allowlist import rules

    return [rules.scenario()]


@hookimpl
def gate(ctx: GateContext) -> Iterable[Check]:
    """Answer one check per rule of this plugin in the pack."""
    from bascule.scenarios.allowlist import rules

    return rules.gate(ctx)
