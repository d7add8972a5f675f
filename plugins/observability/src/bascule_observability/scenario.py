"""The scenario observability: it binds files and packages a rulepack; it has no rules of its own yet.

Until it has, the core's gates judge alone, its template stays in mode ``observe``, and its gate says so.
"""

from __future__ import annotations

from collections.abc import Iterator

from bascule import packaged
from bascule.hookspecs import HOOK_API
from bascule.types import Check, GateContext, Scenario, Status

NAME = "observability"


def offer() -> Scenario:
    """Return the scenario."""
    return Scenario(
        name=NAME,
        api=HOOK_API,
        summary="Alerts, dashboards and service level objectives.",
        templates=packaged.templates("bascule_observability"),
        fits=(
            "prometheus/**/*.yml",
            "prometheus/**/*.yaml",
            "monitoring/**/*.yml",
            "monitoring/**/*.yaml",
            "ops/prometheus/**/*.yml",
            "alertmanager/**/*.yml",
            "**/*.rules.yml",
            "**/*.rules.yaml",
            "**/dashboards/**/*.json",
            "slo/**/*.yml",
        ),
    )


def gate(ctx: GateContext) -> Iterator[Check]:
    """Yield one check: nothing is judged here, or a rule is asked for that does not exist."""
    asked = [rule for rule in ctx.pack.rules if rule.use.partition("/")[0] == NAME]
    for rule in asked:
        yield Check(
            rule=rule.use,
            id=rule.id,
            where=rule.where or None,
            status=Status.ERROR,
            found=f"the rule `{rule.use}`, which this version does not have",
            expected="a rule that it offers; it offers none yet",
            fix="upgrade bascule-observability, or take the rule out of the pack",
        )
    if not asked:
        yield Check(
            rule=f"{NAME}/rules",
            status=Status.ALLOW,
            found="no rules of this scenario; the core's gates judge alone",
            where=ctx.pack.where("rules"),
        )
