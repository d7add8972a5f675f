"""From a change and its packs to the tree: core gates, plugin gates, rehearsal, gates again with evidence."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from attrs import frozen

from bascule import gates
from bascule.errors import UsageError
from bascule.forge.snapshot import Snapshot
from bascule.messages import evidence as say
from bascule.pipeline.evidence import Bringer
from bascule.pipeline.services import clients, public, services
from bascule.pipeline.session import Session
from bascule.rulepack.bind import Bound, BoundPack, United
from bascule.types import (
    Change,
    Check,
    DryRunContext,
    Evidence,
    GateContext,
    Status,
    Verdict,
    verdict,
)

TOOL = "BASCULE_TOOL_"
"""Prefix of the environment variables that name a program's path."""
RUN_CODE = "BASCULE_RUN_CODE"
"""``1``: rehearsals may run code of a change (a local plan, a build), where a pack asks for it."""


@frozen(kw_only=True)
class Judged:
    """The tree and what it stands on."""

    tree: Verdict
    evidence: tuple[Evidence, ...]


def judge(session: Session, snapshot: Snapshot, change: Change, bound: Bound, united: United) -> Judged:
    """Return the verdict of every bound pack over ``change``, united; unclaimed files block."""
    _asked_for(session, bound)
    bringer = Bringer(session=session, snapshot=snapshot, change=change)
    children: list[Verdict] = []
    evidence: list[Evidence] = []
    for part in bound.packs:
        made = _one_pack(session, snapshot, bringer, part)
        children.append(made.tree)
        evidence += made.evidence
    return Judged(tree=verdict(f"#{change.number}", united.checks, children), evidence=tuple(evidence))


def _one_pack(session: Session, snapshot: Snapshot, bringer: Bringer, part: BoundPack) -> Judged:
    change, pack, names = bringer.change, part.pack, (part.pack.scenario,)
    # Time is the server's: a schedule must not open because this machine's clock is wrong.
    ctx = GateContext(change=change, pack=pack, now=snapshot.date)
    core = gates.run(ctx, claimed=part.claimed)
    session.progress(f"gates of {pack.name}")
    asked = session.hosts.gate(ctx, names)
    produced, missing = _rehearse(session, snapshot, bringer, part, run_code=_may_run(session, core))
    evidence = tuple(e for e in produced if isinstance(e, Evidence))
    said = tuple(c for c in produced if isinstance(c, Check))
    if evidence:
        again = GateContext(change=change, pack=pack, now=snapshot.date, evidence=evidence)
        asked = session.hosts.gate(again, names)
    core = (*core, *missing)
    children = [verdict("core", core)] if core else []
    if asked or said:
        children.append(verdict(pack.scenario, (*asked, *said)))
    return Judged(tree=verdict(pack.name, children=children), evidence=evidence)


def _may_run(session: Session, core: tuple[Check, ...]) -> bool:
    """Return whether code of the change may be run: the machine's owner says so, and no gate of the core refuses it.

    A change from a fork, by a stranger or outside the allowed files is refused before anything of it runs here.
    """
    refused = any(c.status in {Status.BLOCK, Status.ERROR} for c in core)
    return session.environ.get(RUN_CODE, "") == "1" and not refused


def _rehearse(
    session: Session, snapshot: Snapshot, bringer: Bringer, part: BoundPack, *, run_code: bool
) -> tuple[tuple[Evidence | Check, ...], tuple[Check, ...]]:
    """Let the scenario rehearse on files only; contents are fetched first, because a host has no network token.

    Returns what the scenario said, and what the core says of files that it could not bring.
    """
    if not session.hosts.rehearsing(part.pack):
        return (), ()
    session.progress(f"rehearsal of {part.pack.name}")
    if session.hosts.reads_tags(part.pack):
        session.connection.tags(snapshot)
    objects = session.connection.objects(snapshot, contents=True)
    workdir = Path(tempfile.mkdtemp(prefix="bascule-dry-run-"))
    try:
        with bringer.inputs(part.pack) as (inputs, missing):
            ctx = DryRunContext(
                change=bringer.change,
                pack=part.pack,
                now=snapshot.date,
                objects=str(objects),
                workdir=str(workdir),
                tools=_tools(session.environ),
                inputs=inputs,
                run_code=run_code,
                services=services(session.environ),
                clients=clients(session.environ),
                public_services=public(session.environ),
            )
            return session.hosts.rehearse(ctx), missing
    finally:
        shutil.rmtree(workdir, ignore_errors=True)


def _asked_for(session: Session, bound: Bound) -> None:
    """Refuse a file that nobody asks for: whoever gave it thinks that it decides something."""
    entries = [e for p in bound.packs for e in p.pack.evidence.values()]
    asked = tuple(dict.fromkeys(e.name for e in entries if e.source == "file"))
    for name in session.evidence:
        if name not in asked:
            other = next((e.place for e in entries if e.name == name), None)
            message, hint = say.nobody_asks(name, asked) if other is None else say.from_elsewhere(name, other)
            raise UsageError(message, where="--evidence", hint=hint)


def _tools(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the programs that the machine's owner chose, by name: ``BASCULE_TOOL_HELM`` for ``helm``."""
    return {k.removeprefix(TOOL).lower(): v for k, v in sorted(environ.items()) if k.startswith(TOOL) and v}
