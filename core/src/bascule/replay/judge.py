"""The verdict on one change by its content: core gates that git can answer, and the gates of plugins."""

from __future__ import annotations

from typing import Protocol

from attrs import evolve

from bascule import gates
from bascule.messages import replay as say
from bascule.replay.changes import KNOWN
from bascule.replay.records import Opinion, Outcome, Policy, Reason, outcome_of
from bascule.rulepack.bind import BoundPack, bind, unite
from bascule.types import Change, Check, GateContext, Match, Rulepack, SizeRule, Status, Verdict, verdict


class Plugins(Protocol):
    """What judging needs of :class:`bascule.host.driver.Hosts`."""

    def gate(self, ctx: GateContext) -> tuple[Check, ...]:
        """Return the checks of every plugin that has to do with the pack."""
        ...


class Judge:
    """One policy, ready to judge any number of changes.

    Args:
        policy: the packs.
        plugins: who is asked for the scenarios' own gates.
        branch: whether the branch's name is known; if not, a pack's ``match.branches`` cannot be held against it.
        lines: whether lines could be counted; if not, ``size.lines`` cannot be.
    """

    def __init__(self, policy: Policy, plugins: Plugins, *, branch: bool = True, lines: bool = True) -> None:
        self.policy = policy
        self._plugins = plugins
        self._packs = tuple(_knowable(p, branch=branch, lines=lines) for p in policy.packs)

    def verdict(self, change: Change) -> tuple[Verdict | None, tuple[Rulepack, ...]]:
        """Return the tree (None where no pack binds) and the packs that judged, by name."""
        bound = bind(self._packs, paths=change.paths, base_ref=change.base_ref)
        if bound.nothing:
            return None, ()
        children = tuple(self._one(change, b) for b in bound.packs)
        title = say.change_title(change.head_sha, change.title)
        return verdict(title, unite(bound).checks, children), tuple(b.pack for b in bound.packs)

    def opinion(self, change: Change) -> Opinion:
        """Return what the policy says of ``change``, without the tree."""
        tree, packs = self.verdict(change)
        if tree is None:
            return Opinion(outcome=Outcome.UNBOUND)
        failed = dict.fromkeys(c for c in tree.walk() if c.status is not Status.ALLOW)
        return Opinion(
            outcome=outcome_of(tree),
            scenarios=tuple(sorted({p.scenario for p in packs})),
            packs=tuple(p.name for p in packs),
            reasons=tuple(Reason.of(c, say.label(c)) for c in failed),
        )

    def _one(self, change: Change, bound: BoundPack) -> Verdict:
        pack = bound.pack
        ctx = GateContext(change=change, pack=pack, now=change.read_at)
        core = gates.run(ctx, claimed=bound.claimed, known=KNOWN)
        asked = self._plugins.gate(ctx)
        if pack.scenario in self.policy.unready:
            asked = (*asked, say.no_rules_yet(pack.scenario, pack.where("scenario")))
        return verdict(pack.name, children=(verdict("core", core), verdict(pack.scenario, asked)))


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
