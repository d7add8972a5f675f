"""What packs may name: scenarios of installed plugins with their rules and templates, and why others are out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from attrs import field, frozen

from bascule.messages import rulepack as say
from bascule.types import RuleSpec, Scenario, Template


@frozen(kw_only=True)
class Catalog:
    """Installed scenarios by name, and quarantined ones with the reason.

    A scenario's name is also the first half of its rules' and templates' names: ``terraform/plan-actions``.
    """

    scenarios: Mapping[str, Scenario] = field(factory=dict)
    broken: Mapping[str, str] = field(factory=dict)
    fixes: Mapping[str, str] = field(factory=dict)
    """What to do about a quarantined one, by name, where it is known."""
    loaded: dict[str, Any] = field(factory=dict, eq=False, repr=False, init=False)
    """Templates that were read and found good, by name, so that packs that share one do not read it again."""

    @classmethod
    def of(
        cls,
        scenarios: Iterable[Scenario],
        broken: Mapping[str, str] | None = None,
        fixes: Mapping[str, str] | None = None,
    ) -> Catalog:
        """Return the catalog of ``scenarios``; ``broken`` and ``fixes`` are by names of quarantined plugins."""
        return cls(scenarios={s.name: s for s in scenarios}, broken=dict(broken or {}), fixes=dict(fixes or {}))

    def missing(self, name: str, what: str) -> say.Said | None:
        """Return what to say when ``what`` needs the scenario ``name`` and it cannot be used; None when it can."""
        if name in self.scenarios:
            return None
        if name in self.broken:
            return say.broken_plugin(name, what, self.broken[name], self.fixes.get(name, ""))
        return say.missing_plugin(name, what, self.scenarios)

    def template(self, name: str) -> Template | say.Said:
        """Return the template ``plugin/template``, or what to say when there is none."""
        plugin, _, short = name.partition("/")
        said = self.missing(plugin, f"the template `{name}`")
        if said is not None:
            return said
        offered = {t.name.removeprefix(f"{plugin}/"): t for t in self.scenarios[plugin].templates}
        return offered.get(short) or say.missing_part(plugin, "template", short, offered)

    def rule(self, name: str) -> RuleSpec | say.Said:
        """Return the rule ``plugin/rule``, or what to say when there is none."""
        plugin, _, short = name.partition("/")
        said = self.missing(plugin, f"the rule `{name}`")
        if said is not None:
            return said
        offered = {r.name.removeprefix(f"{plugin}/"): r for r in self.scenarios[plugin].rules}
        return offered.get(short) or say.missing_part(plugin, "rule", short, offered)

    @property
    def templates(self) -> tuple[str, ...]:
        """Return the full names of all templates, sorted."""
        return tuple(
            sorted(
                f"{s.name}/{t.name.removeprefix(f'{s.name}/')}" for s in self.scenarios.values() for t in s.templates
            )
        )
