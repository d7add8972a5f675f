"""The driver's side of plugins: everything the pipeline asks of them goes through :class:`Hosts`.

Nothing here imports pluggy or a plugin. Plugins run in one process per distribution, started clean and without tokens,
killed with all they started at their time limit; what they answer is checked and attributed before anybody sees it.
A fault is never good news: each method says what it means.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from types import TracebackType
from typing import Any, Self

from bascule import wire
from bascule.clock import Clock, SystemClock
from bascule.host import answers
from bascule.host.conversation import Answer, Call, Line, converse, stop
from bascule.host.discovery import Found, discover, search_path
from bascule.host.homes import sweep
from bascule.host.nursery import Nursery
from bascule.host.roster import Fault, Plugin, Roster, Said, load_call, roll_call
from bascule.host.settings import Limits, Settings
from bascule.host.table import HOOKS
from bascule.messages import host_checks as checks
from bascule.types import (
    Check,
    Classification,
    DryRunContext,
    Evidence,
    Failure,
    GateContext,
    MergeContext,
    MergePlan,
    Observation,
    PluginReport,
    RelaxContext,
    RelaxProposal,
    RestoreContext,
    Rulepack,
    Scenario,
    WatchContext,
)


class Hosts:
    """The plugins of this installation, behind their hosts. Use as a context manager; not for two threads at once.

    Hosts start with the first question (all at once) and again after they were killed or :meth:`stop` was called.
    """

    def __init__(
        self, found: Iterable[Found], refused: Iterable[PluginReport], settings: Settings, clock: Clock
    ) -> None:
        distributions = tuple(found)
        several = len(distributions) > 1 and Nursery.possible()
        self._nursery = Nursery(settings) if several else None
        self._lines = tuple(Line(f, settings, clock, self._nursery) for f in distributions)
        self._refused = tuple(refused)
        self._limits = settings.limits
        self._roster: Roster | None = None
        self.faults: list[Fault] = []
        """Every fault since this object was made, in order."""

    @classmethod
    def discover(
        cls,
        only: Collection[str] | None = None,
        *,
        chosen: Collection[str] | None = None,
        path: Iterable[str] = (),
        limits: Limits | None = None,
        clock: Clock | None = None,
        env: Mapping[str, str] | None = None,
    ) -> Self:
        """Return the installed plugins; nothing is imported or started yet.

        Args:
            only: names of plugins to know about; None for all.
            chosen: names of plugins to start beside the core's own; None for all. The others are known as ``off``.
            path: extra directories to look for plugins in, after ``sys.path``; hosts import from them as well.
            limits: time and size limits; the defaults are those of :mod:`bascule.hookspecs`.
            clock: what time limits are measured by (``elapsed`` only). It must move: hosts are real processes.
            env: extra environment variables for hosts, for instance the address of a metrics server. Never a token.
        """
        settings = Settings(path=search_path(path), limits=limits or Limits(), env=dict(env or {}))
        found, refused = discover(settings.path, only, chosen)
        return cls(found, refused, settings, clock or SystemClock())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def stop(self) -> None:
        """End every host now, with all it started, as before a window opens; the next question starts it again."""
        stop(self._lines)
        if self._nursery is not None:
            self._nursery.stop()

    @property
    def running(self) -> tuple[str, ...]:
        """Return the distributions whose host runs at this moment."""
        return tuple(line.found.name for line in self._lines if line.running)

    # -- who is there -------------------------------------------------------------------------------------------------

    def reports(self) -> tuple[PluginReport, ...]:
        """Return one row per plugin, sorted by name; quarantined ones say why."""
        return self._call_roll().reports

    def scenarios(self) -> Mapping[str, Scenario]:
        """Return the scenarios on offer, by name."""
        return {s.name: s for p in self._call_roll().plugins.values() for s in p.scenarios}

    def missing(self, name: str, where: str | None = None) -> Check | None:
        """Return a check that blocks and says how to mend it where ``name``, a plugin or scenario, is unusable."""
        roster = self._call_roll()
        if name in roster.by_name:
            return None
        report = roster.refused.get(name)
        return checks.missing(name, where) if report is None else checks.unusable(report, where)

    def broken(self) -> Mapping[str, str]:
        """Return the reasons by name of what cannot be used: plugins, and scenarios they would have offered."""
        return {name: report.reason for name, report in self._call_roll().refused.items()}

    def fixes(self) -> Mapping[str, str]:
        """Return what to do about each of :meth:`broken`, by the same names."""
        return {name: checks.mended(report) for name, report in self._call_roll().refused.items()}

    def rehearses(self, name: str) -> bool:
        """Return whether the plugin called ``name`` (its own or a scenario's name) can be used and has ``dry_run``."""
        plugin = self._call_roll().by_name.get(name)
        return plugin is not None and "dry_run" in plugin.hooks

    def rehearse(self, ctx: DryRunContext) -> tuple[Evidence | Check, ...]:
        """Return what :meth:`dry_run` of everybody in :meth:`rehearsing` says."""
        return self.dry_run(ctx, self.rehearsing(ctx.pack))

    def rehearsing(self, pack: Rulepack) -> tuple[str, ...]:
        """Return the plugin of the pack's scenario and those of its rules, as far as they have ``dry_run``."""
        names = {pack.scenario, *(n.partition("/")[0] for rule in pack.rules for n in (rule.use, *rule.needs))}
        return tuple(n for n in sorted(names) if self.rehearses(n))

    def reads_tags(self, pack: Rulepack) -> bool:
        """Return whether a plugin that rehearses for ``pack`` looks at the repository's tags."""
        return any(s.tags for n in self.rehearsing(pack) for s in self._call_roll().by_name[n].scenarios)

    # -- hooks --------------------------------------------------------------------------------------------------------

    def gate(self, ctx: GateContext, names: Iterable[str] = ()) -> tuple[Check, ...]:
        """Ask every plugin that has to do with this pack, and those of scope ``all``.

        Args:
            ctx: the change under one pack. The plugin of the pack's scenario and those of its rules are always asked.
            names: further plugins or scenarios to ask.

        Returns:
            Checks by plugin name, each under its real source. A name without a usable plugin, an asked plugin without a
            gate, one that answers nothing, and a rule of the pack that got no check block (no checks is not an allow);
            a fault and a check in another's name are errors.
        """
        where = ctx.pack.where("scenario")
        rules = {rule.use.partition("/")[0] for rule in ctx.pack.rules}
        bound, found = self._bound({ctx.pack.scenario, *rules, *names}, where)
        everywhere = {p.name: p for p in self._call_roll().plugins.values() if p.for_all and "gate" in p.hooks}
        for said in self._ask({**everywhere, **bound}.values(), "gate", ctx):
            plugin = said.plugin
            found += said.error(where)
            found += [answers.check(r, plugin.speaker, "gate", ctx.pack, where) for r in said.records]
            if plugin.name in bound and said.fault is None:
                found += answers.unanswered(said.records, plugin.speaker, ctx.pack, where)
        found += [checks.no_gate(p.name, p.source, where) for p in bound.values() if "gate" not in p.hooks]
        return _by_plugin(found)

    def dry_run(self, ctx: DryRunContext, names: Iterable[str]) -> tuple[Evidence | Check, ...]:
        """Ask the plugins called ``names`` to rehearse.

        Returns:
            Evidence bound to this change and pack, and checks; evidence that is bound to anything else and a fault are
            error checks. Empty where no plugin has anything to rehearse.
        """
        where = ctx.pack.where("scenario")
        bound, missing = self._bound(names, where)
        found: list[Evidence | Check] = [*missing]
        for said in self._ask(bound.values(), "dry_run", ctx):
            found += said.error(where)
            for record in said.records:
                if isinstance(record, Check):
                    found.append(answers.check(record, said.plugin.speaker, "dry_run", ctx.pack, where))
                else:
                    found.append(answers.evidence(record, said.plugin.speaker, ctx, where))
        return tuple(found)

    def relax(self, ctx: RelaxContext, names: Iterable[str]) -> tuple[RelaxProposal, ...] | None:
        """Ask what may be waived.

        Returns:
            None where no plugin called ``names`` has this hook: the pack's ``relax.allow`` stands. Else the kinds that
            every one of them proposes and that ``relax.allow`` names, in its order; empty after a fault or where a
            name has no usable plugin (see :attr:`faults`): nothing is relaxed.
        """
        bound, missing = self._bound(names, None)
        asked = {n: p for n, p in bound.items() if "relax" in p.hooks}
        if not asked and not missing:
            return None
        answered = self._ask(asked.values(), "relax", ctx)
        if missing or any(said.fault for said in answered):
            return ()
        proposals = [{record.kind: record for record in said.records} for said in answered]
        common = [kind for kind in ctx.pack.relax.allow if all(kind in p for p in proposals)]
        return tuple(proposals[0][kind] for kind in dict.fromkeys(common))

    def merge(self, ctx: MergeContext, names: Iterable[str]) -> MergePlan | Check | None:
        """Ask how to merge.

        Returns:
            The one plan; None where nobody has an opinion (the core's default); a check that blocks after a fault, for
            two answers (naming both), for a method that is none or not the pack's, and for a name without a plugin.
        """
        where = ctx.pack.where("scenario")
        bound, failed = self._bound(names, where)
        plans: list[tuple[Plugin, MergePlan]] = []
        for said in self._ask(bound.values(), "merge", ctx):
            failed += said.error(where)
            plans += [(said.plugin, record) for record in said.records]
        if failed:
            return failed[0]
        if len(plans) > 1:
            return checks.two_plans([p.source for p, _ in plans], [p.name for p, _ in plans], where)
        for plugin, plan in plans:
            return answers.plan(plan, plugin.speaker, ctx.pack.merge.method, ctx.pack.where("merge.method"))
        return None

    def restore(self, ctx: RestoreContext, names: Iterable[str]) -> tuple[Check, ...]:
        """Let the scenarios look at their own side after the core has restored protection.

        Returns:
            Checks; whatever does not allow is an alarm, and so is a fault.
        """
        bound, found = self._bound(names, None)
        for said in self._ask(bound.values(), "restore", ctx):
            found += said.error(None)
            found += [answers.check(r, said.plugin.speaker, "restore", ctx.pack, None) for r in said.records]
        return _by_plugin(found)

    def watch(self, ctx: WatchContext, names: Iterable[str] | None = None) -> tuple[Observation, ...]:
        """Read the numbers of every open watch.

        Args:
            ctx: all open requests.
            names: plugins or scenarios to ask; None asks every plugin that has this hook.

        Returns:
            Observations by plugin name. For a fault or a name without a usable plugin, one per series without data and
            with a note that says why: *undecided*, never healthy.
        """
        missing: list[Check] = []
        asked = dict(self._call_roll().plugins)
        if names is not None:
            asked, missing = self._bound(names, None)
        found = [o for check in missing for o in answers.no_data(ctx, "core", check.found)]
        for said in self._ask(asked.values(), "watch", ctx):
            plugin, fault = said.plugin, said.fault
            try:
                seen = [answers.observation(r, plugin.speaker, ctx) for r in said.records]
            except answers.BadAnswerError as error:
                fault, seen = self._note(plugin, "watch", str(error)), []
            found += seen if fault is None else answers.no_data(ctx, plugin.source, fault.reason)
        return tuple(found)

    def classify(self, failure: Failure) -> Classification | None:
        """Ask every plugin for the cause of ``failure``.

        Returns:
            The answer of the highest confidence; ties by specificity, then by the plugin's name. Faults are noted in
            :attr:`faults` and otherwise ignored.
        """
        found: list[tuple[str, Classification]] = []
        for said in self._ask(self._call_roll().plugins.values(), "classify", failure):
            for record in said.records:
                try:
                    found.append((said.plugin.name, answers.classification(record, said.plugin.speaker)))
                except answers.BadAnswerError as error:
                    self._note(said.plugin, "classify", str(error))
        best = min(found, key=lambda f: (-f[1].confidence, -f[1].specificity, f[0]), default=None)
        return None if best is None else best[1]

    # -- asking -------------------------------------------------------------------------------------------------------

    def _call_roll(self) -> Roster:
        if self._roster is None:
            sweep()
            for line in self._lines:
                for entry in line.found.entries:
                    line.ask(load_call(entry))
            self._roster = roll_call(self._lines, converse(self._lines), self._refused, self._limits)
        return self._roster

    def _bound(self, names: Iterable[str], where: str | None) -> tuple[dict[str, Plugin], list[Check]]:
        """Return the plugins of ``names`` by plugin name, and a check that blocks for each name without one."""
        roster = self._call_roll()
        wanted = sorted(set(names))
        found = {roster.by_name[n].name: roster.by_name[n] for n in wanted if n in roster.by_name}
        return found, [check for n in wanted if (check := self.missing(n, where)) is not None]

    def _ask(self, plugins: Iterable[Plugin], hook: str, argument: Any) -> list[Said]:
        """Call ``hook`` of those ``plugins`` that have it, all hosts at once; return what each said, by name."""
        asked = sorted((p for p in plugins if hook in p.hooks), key=lambda p: p.name)
        if not asked:
            return []
        args = json.dumps(wire.dump(argument))
        calls = {p.name: Call(plugin=p.name, hook=hook, args=args) for p in asked}
        for plugin in asked:
            plugin.line.ask(calls[plugin.name])
        replies = converse({p.line.found.name: p.line for p in asked}.values())
        return [self._said(plugin, hook, replies[calls[plugin.name]]) for plugin in asked]

    def _said(self, plugin: Plugin, hook: str, reply: Answer) -> Said:
        problem = reply.fault
        if not problem:
            try:
                return Said(plugin=plugin, records=answers.records(HOOKS[hook], reply.answers, self._limits.items))
            except answers.BadAnswerError as error:
                problem = str(error)
        return Said(plugin=plugin, records=[], fault=self._note(plugin, hook, problem))

    def _note(self, plugin: Plugin, hook: str, reason: str) -> Fault:
        fault = Fault(plugin=plugin.name, source=plugin.source, hook=hook, reason=reason)
        self.faults.append(fault)
        return fault


def _by_plugin(found: Iterable[Check]) -> tuple[Check, ...]:
    """Return checks sorted by the plugin that is spoken of; the order within one plugin stays."""
    return tuple(sorted(found, key=lambda check: check.rule.partition("/")[0]))
