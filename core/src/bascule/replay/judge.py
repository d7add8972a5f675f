"""The verdict on one change by its content: core gates that git can answer, and the gates of plugins."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Protocol

from attrs import evolve

from bascule import gates
from bascule.messages import replay as say
from bascule.replay.changes import KNOWN
from bascule.replay.records import Opinion, Outcome, Policy, Reason, outcome_of
from bascule.rulepack.bind import BoundPack, bind, unite
from bascule.types import (
    Change,
    Check,
    DryRunContext,
    Evidence,
    GateContext,
    Match,
    Rulepack,
    SizeRule,
    Status,
    Verdict,
    verdict,
)


class Plugins(Protocol):
    """What judging needs of :class:`bascule.host.driver.Hosts`."""

    def gate(self, ctx: GateContext) -> tuple[Check, ...]:
        """Return the checks of every plugin that has to do with the pack."""
        ...

    def rehearse(self, ctx: DryRunContext) -> tuple[Evidence | Check, ...]:
        """Return the evidence and the checks of every plugin that has to do with the pack."""
        ...


class Judge:
    """One policy, ready to judge any number of changes.

    Args:
        policy: the packs.
        plugins: who is asked for the scenarios' own gates.
        branch: whether the branch's name is known; if not, a pack's ``match.branches`` cannot be held against it.
        lines: whether lines could be counted; if not, ``size.lines`` cannot be.
        objects: the repository, for rehearsals; None where contents are missing, so that nothing can be rehearsed.
    """

    def __init__(
        self,
        policy: Policy,
        plugins: Plugins,
        *,
        branch: bool = True,
        lines: bool = True,
        objects: Path | None = None,
    ) -> None:
        self._objects = objects
        self.policy = policy
        self._plugins = plugins
        self._packs = tuple(_knowable(p, branch=branch, lines=lines) for p in policy.packs)

    def verdict(self, change: Change, *, whole: bool = True) -> tuple[Verdict | None, tuple[Rulepack, ...]]:
        """Return the tree (None where no pack binds) and the packs that judged, by name.

        ``whole`` false spares the rehearsal of what the core's gates block anyway.
        """
        bound = bind(self._packs, paths=change.paths, base_ref=change.base_ref)
        if bound.nothing:
            return None, ()
        children = tuple(self._one(change, b, whole) for b in bound.packs)
        title = say.change_title(change.head_sha, change.title)
        return verdict(title, unite(bound).checks, children), tuple(b.pack for b in bound.packs)

    def opinion(self, change: Change) -> Opinion:
        """Return what the policy says of ``change``, without the tree."""
        tree, packs = self.verdict(change, whole=False)
        if tree is None:
            return Opinion(outcome=Outcome.UNBOUND)
        failed = dict.fromkeys(c for c in tree.walk() if c.status is not Status.ALLOW)
        return Opinion(
            outcome=outcome_of(tree),
            scenarios=tuple(sorted({p.scenario for p in packs})),
            packs=tuple(p.name for p in packs),
            reasons=tuple(Reason.of(c, say.label(c)) for c in failed),
        )

    def _one(self, change: Change, bound: BoundPack, whole: bool) -> Verdict:
        pack = bound.pack
        ctx = GateContext(change=change, pack=pack, now=change.read_at)
        core = gates.run(ctx, claimed=bound.claimed, known=KNOWN)
        asked = self._plugins.gate(ctx)
        refused = any(c.status in _REFUSED for c in core)
        if any(c.status is Status.WAIT for c in asked) and (whole or not refused):
            asked = self._rehearsed(ctx, asked)
        if pack.scenario in self.policy.unready:
            asked = (*asked, say.no_rules_yet(pack.scenario, pack.where("scenario")))
        return verdict(pack.name, children=(verdict("core", core), verdict(pack.scenario, asked)))

    def _rehearsed(self, ctx: GateContext, before: tuple[Check, ...]) -> tuple[Check, ...]:
        """Return what the gates say after the rehearsal, and what that says; it never runs a change's own code."""
        if self._objects is None:
            return before
        with tempfile.TemporaryDirectory(prefix="bascule-replay-") as workdir:
            asking = DryRunContext(
                change=ctx.change, pack=ctx.pack, now=ctx.now, objects=str(self._objects), workdir=workdir
            )
            said = self._plugins.rehearse(asking)
        evidence = tuple(e for e in said if isinstance(e, Evidence))
        asked = self._plugins.gate(evolve(ctx, evidence=evidence)) if evidence else before
        return (*asked, *(_machines(c) for c in said if isinstance(c, Check)))


_REFUSED = {Status.BLOCK, Status.ERROR}


def _machines(check: Check) -> Check:
    """Return a rehearsal's error as something to wait for: a tool that is missing here says nothing of the change."""
    machine = check.status is Status.ERROR and check.rule.endswith("/rehearsal")
    return evolve(check, status=Status.WAIT) if machine else check


def _knowable(pack: Rulepack, *, branch: bool, lines: bool) -> Rulepack:
    """Return ``pack`` without what this clone cannot tell (the report says so), and without its examples.

    Examples decide nothing, and they are most of what crosses to a plugin's process with every change.
    """
    lines_of = {key: place for key, place in pack.lines.items() if not key.startswith("examples")}
    pack = evolve(pack, examples=(), lines=lines_of)
    if not branch:
        pack = evolve(pack, match=Match(files=pack.match.files))
    if not lines and pack.size.lines is not None:
        pack = evolve(pack, size=SizeRule(files=pack.size.files, commits=pack.size.commits))
    return pack
