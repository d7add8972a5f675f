"""The driver's side: which plugins answered the roll-call, under which names, and which did not and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from attrs import field, frozen

from bascule.host import answers
from bascule.host.conversation import Answer, Call, Line
from bascule.host.discovery import Entry
from bascule.host.settings import Limits
from bascule.host.table import HOOKS
from bascule.messages import host as texts
from bascule.messages import host_checks as checks
from bascule.types import Check, PluginReport, Scenario


@frozen(kw_only=True, eq=False)
class Plugin:
    """A plugin that can be called. ``names`` are those it may speak under: its own and its scenarios'."""

    name: str
    line: Line
    hooks: frozenset[str]
    scenarios: tuple[Scenario, ...]
    api: int

    @property
    def source(self) -> str:
        """Return what its answers are attributed to."""
        return self.line.found.source

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names it may speak under, its own first."""
        return tuple(dict.fromkeys((self.name, *(s.name for s in self.scenarios))))

    @property
    def speaker(self) -> answers.Speaker:
        """Return who it is, for checking answers."""
        return answers.Speaker(plugin=self.name, source=self.source, names=self.names)

    @property
    def for_all(self) -> bool:
        """Return whether it is asked about every change."""
        return any(s.scope == "all" for s in self.scenarios)


@frozen(kw_only=True)
class Fault:
    """A call that failed, for logs and for the hooks whose answer has no room for a reason."""

    plugin: str
    source: str
    hook: str
    reason: str


@frozen(kw_only=True)
class Said:
    """What one plugin answered: records, or the fault because of which there are none."""

    plugin: Plugin
    records: list[Any]
    fault: Fault | None = None

    def error(self, where: str | None) -> list[Check]:
        """Return the fault as an error check, in a list that is empty without a fault."""
        if self.fault is None:
            return []
        return [checks.fault(self.plugin.name, self.fault.hook, self.plugin.source, self.fault.reason, where)]


@frozen(kw_only=True)
class Roster:
    """Everything installed. ``plugins`` are usable, by name, sorted; ``by_name`` also by scenario."""

    plugins: Mapping[str, Plugin]
    by_name: Mapping[str, Plugin]
    reports: tuple[PluginReport, ...]
    refused: Mapping[str, PluginReport] = field(factory=dict)
    """Reports of quarantined plugins by plugin name and by the scenario names that they would have offered."""


def load_call(entry: Entry) -> Call:
    """Return the call that loads ``entry``."""
    return Call(plugin=entry.name, hook="load", args="")


def roll_call(
    lines: Iterable[Line], replies: Mapping[Call, Answer], refused: Iterable[PluginReport], limits: Limits
) -> Roster:
    """Turn the replies to all load calls into a roster.

    Args:
        lines: one per distribution.
        replies: by call, see :func:`load_call`.
        refused: reports of what was refused before anything was started.
        limits: ``items`` bounds the scenarios of one plugin.
    """
    good: list[Plugin] = []
    bad: list[PluginReport] = list(refused)
    offered: dict[str, PluginReport] = {report.name: report for report in bad}
    for line in lines:
        for entry in line.found.entries:
            outcome = _judge(line, entry, replies[load_call(entry)], limits)
            if isinstance(outcome, Plugin):
                good.append(outcome)
            else:
                bad.append(outcome)
                offered[entry.name] = outcome
    kept = []
    for plugin in sorted(good, key=lambda p: p.name):
        clash = _clash(plugin, good)
        if clash is None:
            kept.append(plugin)
            continue
        report = _quarantined(plugin.line, plugin.name, clash)
        bad.append(report)
        offered.update(dict.fromkeys(plugin.names, report))
    reports = [*(_ok(p) for p in kept), *bad]
    return Roster(
        plugins={p.name: p for p in kept},
        by_name={name: p for p in kept for name in p.names},
        reports=tuple(sorted(reports, key=lambda r: (r.name, r.distribution))),
        refused=offered,
    )


def _judge(line: Line, entry: Entry, reply: Answer, limits: Limits) -> Plugin | PluginReport:
    if reply.fault:
        text = texts.Text(reply.fault, reply.fix) if reply.fix else texts.did_not_load(reply.fault, line.found.source)
        return _quarantined(line, entry.name, text)
    try:
        row = reply.answers
        if not isinstance(row, dict) or not isinstance(row.get("hooks"), list) or type(row.get("api")) is not int:
            raise answers.BadAnswerError("its answer to load has the wrong shape")
        scenarios = answers.scenarios(row.get("scenarios"), limits.items)
        return Plugin(
            name=entry.name,
            line=line,
            hooks=frozenset(h for h in row["hooks"] if h in HOOKS),
            scenarios=scenarios,
            api=row["api"],
        )
    except answers.BadAnswerError as error:
        return _quarantined(line, entry.name, texts.bad_scenario(entry.name, str(error)))


def _clash(plugin: Plugin, everyone: Iterable[Plugin]) -> texts.Text | None:
    """Return why ``plugin`` cannot be used beside ``everyone``: plugins and scenarios share one set of names."""
    for other in everyone:
        for name in plugin.names:
            if other is not plugin and name in other.names:
                sources = sorted({plugin.source, other.source})
                return texts.name_clash(name, sources if len(sources) > 1 else sources * 2)
    return None


def _ok(plugin: Plugin) -> PluginReport:
    return PluginReport(
        name=plugin.name,
        distribution=plugin.line.found.name,
        version=plugin.line.found.version,
        status="ok",
        api=plugin.api,
        hooks=tuple(h for h in HOOKS if h in plugin.hooks),
        scenarios=tuple(s.name for s in plugin.scenarios),
    )


def _quarantined(line: Line, name: str, text: texts.Text) -> PluginReport:
    found = line.found
    return PluginReport(
        name=name,
        distribution=found.name,
        version=found.version,
        status="quarantined",
        reason=text.reason,
        fix=text.fix,
    )
