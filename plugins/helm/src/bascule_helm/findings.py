"""What comes of rendering a change, gathered into evidence."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(kw_only=True)
class Findings:
    """What comes of it; :meth:`data` is the evidence."""

    renders: list[dict[str, Any]] = field(default_factory=list)
    problems: list[dict[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    objects: dict[str, dict[str, Any]] = field(default_factory=dict)
    templates: list[str] = field(default_factory=list)
    values: list[str] = field(default_factory=list)
    chance: dict[str, None] = field(default_factory=dict)
    schema: dict[str, dict[str, Any]] = field(default_factory=dict)
    lint: dict[str, dict[str, Any]] = field(default_factory=dict)

    def problem(self, what: str, where: str, found: str, fix: str) -> None:
        """Add a reason why something cannot be judged, or may not pass whatever the rules say."""
        entry = {"what": what, "where": where, "found": found, "fix": fix}
        if entry not in self.problems:
            self.problems.append(entry)

    def data(self) -> dict[str, Any]:
        """Return the evidence of kind ``helm/render``."""
        return {
            "renders": self.renders, "problems": self.problems, "notes": list(dict.fromkeys(self.notes))[:50],
            "templates": self.templates[:500],
            "values": self.values[:500],
            "random": list(self.chance)[:100], "objects": list(self.objects.values()),
        }  # fmt: skip
