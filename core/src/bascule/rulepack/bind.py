"""Which packs judge a change, and what holds when several do."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import frozen

from bascule.errors import Problem
from bascule.globs import globs
from bascule.messages import rulepack as say
from bascule.types import Check, Mode, RelaxKind, Rulepack, Status

RULE = "rulepack"
"""What the checks of this module are called in a verdict."""

_COMMENTS = ("never", "problems", "always")


@frozen(kw_only=True)
class BoundPack:
    """A pack and the paths of the change that it claims, sorted."""

    pack: Rulepack
    claimed: tuple[str, ...]


@frozen(kw_only=True)
class Bound:
    """Every pack that judges a change, by pack name, and the paths that none of them claims."""

    packs: tuple[BoundPack, ...]
    unclaimed: tuple[str, ...] = ()

    @property
    def nothing(self) -> bool:
        """Return whether no pack is bound, so that nothing is to be done."""
        return not self.packs


@frozen(kw_only=True)
class United:
    """What holds for a change under all its packs together.

    ``relax_allow`` is what every pack allows, ``max_exposure`` the shortest (seconds), ``method`` the one that packs
    ask for (None: the repository's), ``comment`` the most talkative. ``checks`` belong to the change, not to one pack;
    each of them blocks.
    """

    mode: Mode
    relax_allow: tuple[RelaxKind, ...]
    max_exposure: float
    method: str | None
    comment: str
    checks: tuple[Check, ...] = ()


def bind(packs: Iterable[Rulepack], *, paths: Iterable[str], base_ref: str) -> Bound:
    """Return the packs that judge a change.

    A pack binds when it is meant for the base branch and claims at least one path. Labels play no part, so a label
    cannot pick a weaker pack. A pack whose mode is ``off`` judges nothing and claims nothing: what only it would claim
    is unclaimed, or, where no other pack binds, left alone.

    Args:
        packs: the packs of the base branch; all of them must have loaded.
        paths: every path that the change touches, both names of a rename. One that is not UTF-8 is never claimed.
        base_ref: the name of the base branch.
    """
    every = tuple(sorted(set(paths)))
    bound = []
    for pack in sorted(packs, key=lambda p: (p.name, p.path)):
        if pack.mode is Mode.OFF or not _meant_for(pack, base_ref):
            continue
        claims = globs(pack.match.files)
        claimed = tuple(p for p in every if claims.match(p))
        if claimed:
            bound.append(BoundPack(pack=pack, claimed=claimed))
    if not bound:
        return Bound(packs=(), unclaimed=every)
    seen = {p for b in bound for p in b.claimed}
    return Bound(packs=tuple(bound), unclaimed=tuple(p for p in every if p not in seen))


def _meant_for(pack: Rulepack, base_ref: str) -> bool:
    return not pack.match.branches or globs(pack.match.branches).match(base_ref)


def unite(bound: Bound) -> United:
    """Return what holds under all bound packs: permissions intersect, the lowest mode and the shortest exposure hold.

    Unclaimed files and packs that want different merge methods become checks that block. Without a pack the mode is off
    and nothing is allowed.
    """
    packs = [b.pack for b in bound.packs]
    if not packs:
        return United(mode=Mode.OFF, relax_allow=(), max_exposure=0.0, method=None, comment="never")
    methods = sorted({p.merge.method for p in packs if p.merge.method is not None})
    return United(
        mode=min((p.mode for p in packs), key=lambda m: m.level),
        relax_allow=tuple(k for k in RelaxKind if all(k in p.relax.allow for p in packs)),
        max_exposure=min(p.relax.max_exposure for p in packs),
        method=methods[0] if len(methods) == 1 else None,
        comment=max((p.notify.comment for p in packs), key=_COMMENTS.index),
        checks=tuple(_checks(bound, packs, methods)),
    )


def _checks(bound: Bound, packs: list[Rulepack], methods: list[str]) -> Iterable[Check]:
    if bound.unclaimed:
        yield _block(say.unclaimed(bound.unclaimed), None, paths=bound.unclaimed)
    if len(methods) > 1:
        asking = [p for p in packs if p.merge.method is not None]
        said = say.methods_conflict((p.name, p.merge.method or "") for p in asking)
        yield _block(said, asking[-1].where("merge.method"))


def refusals(problems: Iterable[Problem]) -> tuple[Check, ...]:
    """Return one blocking check for each problem of the packs: while a pack cannot be read, nobody knows its policy."""
    return tuple(
        Check(
            rule=RULE,
            status=Status.BLOCK,
            found=p.message,
            expected=say.GOOD_PACKS,
            fix=p.fix or say.VALIDATE,
            where=p.where,
        )
        for p in problems
    )


def _block(said: tuple[str, str, str], where: str | None, *, paths: tuple[str, ...] = ()) -> Check:
    found, expected, fix = said
    return Check(rule=RULE, status=Status.BLOCK, found=found, expected=expected, fix=fix, where=where, paths=paths)
