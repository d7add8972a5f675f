"""The driver's side: is a plugin sound on this machine? Everything is tried, nothing is believed."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

from attrs import frozen

from bascule import gates
from bascule.clock import Clock, SystemClock
from bascule.errors import BasculeError, UsageError
from bascule.host.discovery import discover, search_path
from bascule.host.driver import Hosts
from bascule.host.requirements import held
from bascule.host.settings import PATIENT, Limits
from bascule.kit.answers import RehearsalError
from bascule.kit.tools import Tool
from bascule.messages import plugins as say
from bascule.messages.host import Text
from bascule.rulepack import load, trial
from bascule.rulepack.catalog import Catalog
from bascule.types import Check, GateContext, PluginReport, Scenario, ToolSpec

_VERSION = re.compile(r"\d+(?:\.\d+)+")
_PATIENCE = 20.0
"""Seconds that a program has to tell its version."""


@frozen(kw_only=True)
class Finding:
    """One thing that was tried: ``what`` it is, its ``status`` (``ok``, ``note`` or ``failed``), and how to mend it."""

    what: str
    status: str
    found: str
    fix: str = ""


@frozen(kw_only=True)
class Examined:
    """A plugin's row and what was found."""

    plugin: PluginReport
    findings: tuple[Finding, ...]

    @property
    def sound(self) -> bool:
        """Return whether nothing has to be mended."""
        return all(f.status != "failed" for f in self.findings)


def examine(
    name: str | None = None, *, path: Iterable[str] = (), limits: Limits | None = None, clock: Clock | None = None
) -> tuple[Examined, ...]:
    """Try every installed plugin, or the one that is called ``name`` or offers the scenario ``name``.

    Args:
        name: a plugin's or a scenario's name; None for all.
        path: extra directories to find plugins in.
        limits: as for :class:`~bascule.host.driver.Hosts`; by default with time enough for examples.
        clock: what the start is measured by.

    Raises:
        UsageError: there is none of that name.
    """
    limits, clock, extra = limits or PATIENT, clock or SystemClock(), tuple(path)
    with Hosts.discover(path=extra, limits=limits) as hosts:
        rows = [r for r in hosts.reports() if name is None or name in {r.name, *r.scenarios}]
        if not rows and name is not None:
            told = say.not_installed(name)
            raise UsageError(told.reason, hint=told.fix)
        return tuple(Examined(plugin=row, findings=tuple(_findings(row, hosts, extra, limits, clock))) for row in rows)


def _findings(
    row: PluginReport, hosts: Hosts, extra: tuple[str, ...], limits: Limits, clock: Clock
) -> Iterable[Finding]:
    if row.status != "ok":
        yield Finding(what="loads", status="failed", found=row.reason, fix=row.fix)
        return
    yield Finding(what="loads", status="ok", found=say.loads(row))
    if "gate" not in row.hooks:
        yield _failed("gate", say.NO_GATE)
    where = search_path(extra)
    found, _ = discover(where, {row.name})
    needs = held(row.distribution, found[0].requires if found else (), where)
    yield Finding(what="requires", status="ok", found=say.requires(needs))
    yield _start(row.name, extra, limits, clock)
    offered = [s for s in hosts.scenarios().values() if s.name in row.scenarios]
    yield _templates(offered, hosts)
    for scenario in offered:
        yield from map(tool_finding, scenario.tools)


def _failed(what: str, told: Text) -> Finding:
    return Finding(what=what, status="failed", found=told.reason, fix=told.fix)


def _note(what: str, told: Text) -> Finding:
    return Finding(what=what, status="note", found=told.reason, fix=told.fix)


def _start(name: str, extra: tuple[str, ...], limits: Limits, clock: Clock) -> Finding:
    """Start the plugin's process once more, alone, and measure how long it takes to answer."""
    with Hosts.discover({name}, path=extra, limits=limits) as alone:
        began = clock.elapsed()
        (row,) = alone.reports()
        took = clock.elapsed() - began
    if row.status != "ok":
        return Finding(what="starts", status="failed", found=row.reason, fix=row.fix)
    return Finding(what="starts", status="ok", found=say.starts(took, limits.spawn))


def _templates(offered: Iterable[Scenario], hosts: Hosts) -> Finding:
    catalog = Catalog(scenarios=hosts.scenarios(), broken=hosts.broken(), fixes=hosts.fixes())
    own = {s.name for s in offered}
    names = [t for t in catalog.templates if t.partition("/")[0] in own]
    if not names:
        return _note("templates", say.NO_TEMPLATES)
    try:
        packs = tuple(load.load_template(t, catalog) for t in names)
    except BasculeError as error:
        return _failed("templates", say.broken_template(" ".join(str(error).split())))
    outcomes = trial.run(packs, _judge(hosts), hosts.rehearse)
    wrong = [f"{o.pack}: {o.example!r} got {o.verdict.status.value}" for o in outcomes if not o.ok]
    if wrong:
        return _failed("templates", say.broken_examples(wrong, len(outcomes)))
    return Finding(what="templates", status="ok", found=say.templates(len(packs), len(outcomes)))


def _judge(hosts: Hosts) -> trial.Judge:
    def judge(ctx: GateContext, claimed: tuple[str, ...]) -> tuple[Check, ...]:
        return (*gates.run(ctx, claimed=claimed), *hosts.gate(ctx))

    return judge


def tool_finding(spec: ToolSpec) -> Finding:
    """Return whether the program is there, tells its version, and is new enough.

    It is looked for as a rehearsal does: ``BASCULE_TOOL_NAME`` first, then PATH; and run as a rehearsal runs it:
    without this process's environment, in a folder that is thrown away.
    """
    from packaging.version import InvalidVersion, Version

    bad = _note if spec.optional else _failed
    path = os.environ.get(f"BASCULE_TOOL_{spec.name.upper()}") or shutil.which(spec.name)
    if path is None:
        return bad("tool", say.tool_missing(spec))
    try:
        with tempfile.TemporaryDirectory(prefix="bascule-doctor-") as home:
            ran = Tool(name=spec.name, path=path, home=Path(home), limit=1_000_000).run(
                *spec.version, timeout=_PATIENCE
            )
    except (RehearsalError, OSError) as error:
        return bad("tool", say.tool_mute(spec, str(error)))
    seen = _VERSION.search(ran.out) or _VERSION.search(ran.err)
    if seen is None:
        return bad("tool", say.tool_mute(spec, (ran.out or ran.err or "it printed nothing").strip()[:200]))
    try:
        if spec.at_least and Version(seen[0]) < Version(spec.at_least):
            return bad("tool", say.tool_old(spec, seen[0]))
    except InvalidVersion as error:
        return bad("tool", say.tool_mute(spec, str(error)))
    return Finding(what="tool", status="ok", found=say.tool_here(spec, seen[0], path))
