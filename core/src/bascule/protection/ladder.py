"""The ladder: which relaxation lifts the blockers while opening least, or why none may.

Least is counted, not argued: every set of edits that lifts all blockers is a candidate, and the one with the smallest
cost wins - refs opened, then actors admitted, then rules waived (DESIGN, invariant 6). Whatever the merge would
override, by an edit or by a bypass that the token has anyway, must be allowed by the pack and proposed by its scenario.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import Any

from attrs import frozen

from bascule.protection import texts
from bascule.protection.elements import to_element
from bascule.protection.fields import (
    BYPASS,
    CODE_OWNERS,
    COUNT,
    ENFORCE_ADMINS,
    LAST_PUSH,
    REQUIRED,
    RESTRICTIONS,
    STRICT,
    TABLE,
    Shape,
    present,
    value,
)
from bascule.protection.model import Protection, own_entry
from bascule.protection.restore import rehearse
from bascule.types import Admits, Blocker, Check, Relaxation, RelaxKind, RelaxProposal, Viewer

_REVIEW_KINDS = frozenset({RelaxKind.REVIEWS, RelaxKind.CODE_OWNER_REVIEWS, RelaxKind.LAST_PUSH_APPROVAL})
"""What ``bypass_pull_request_allowances`` waives, and nothing else: an App has no bypass of checks."""

_ADMIN_KINDS = frozenset(RelaxKind) - {RelaxKind.LOCK, RelaxKind.RULESET_BYPASS}
"""What an administrator overrides who is not held to the rules. Whether a lock is among it is not certain, and a lock
says that nothing shall pass."""

_SCALARS = ((RelaxKind.REVIEWS, COUNT, 0), (RelaxKind.CODE_OWNER_REVIEWS, CODE_OWNERS, False),
            (RelaxKind.LAST_PUSH_APPROVAL, LAST_PUSH, False), (RelaxKind.STRICT, STRICT, False))  # fmt: skip

_ACTOR_RUNG, _ADMIN_RUNG, _FIELD_RUNG = 1, 2, 3


@frozen(kw_only=True)
class Choice:
    """What to do about the blockers.

    ``relaxations``: edits to make, least opening first. ``bypasses``: blockers that the token overrides without an
    edit; they are allowed too. ``refusals``: why it must not be done. ``waits``: blockers that time or a person may
    still meet and that nothing may waive. With any refusal or wait there is neither relaxation nor bypass.
    """

    relaxations: tuple[Relaxation, ...] = ()
    bypasses: tuple[Blocker, ...] = ()
    refusals: tuple[Check, ...] = ()
    waits: tuple[Blocker, ...] = ()

    @property
    def clear(self) -> bool:
        """Return whether the merge may be tried."""
        return not (self.refusals or self.waits)


@frozen(kw_only=True)
class _Edit:
    """One rung: an edit and the blockers it lifts. ``rules`` counts the rules it opens for those it admits."""

    relaxation: Relaxation
    lifts: frozenset[int]
    rules: int


def choose(
    p: Protection,
    blockers: tuple[Blocker, ...],
    *,
    merger: Viewer,
    keeper: Viewer,
    allow: tuple[RelaxKind, ...],
    owner_type: str,
    proposals: tuple[RelaxProposal, ...] | None,
) -> Choice:
    """Return the least relaxation that lets ``merger`` merge, or why there is none.

    Args:
        p: protection of the branch, with ``hidden`` read: without it nothing is relaxed.
        blockers: from :func:`~bascule.protection.blockers.blockers`.
        merger: who merges; who an actor-scoped relaxation lets through.
        keeper: who edits protection.
        allow: ``relax.allow`` as all packs that bind the change agree on it.
        owner_type: the owner's type, ``Organization`` or ``User``; a user's repositories have no lists of actors.
        proposals: what the scenarios' relax hooks proposed; None where none was asked, so that the pack alone decides.
    """
    waits: list[Blocker] = []
    refusals: list[Check] = []
    lift: list[tuple[Blocker, RelaxKind]] = []
    proposed = None if proposals is None else {proposal.kind for proposal in proposals}
    for blocker in blockers:
        kind = blocker.kind
        if kind is not None and not blocker.running and kind in allow and (proposed is None or kind in proposed):
            lift.append((blocker, kind))
        elif blocker.waits:
            waits.append(blocker)
        elif kind is None:
            refusals.append(texts.no_relaxation(blocker))
        else:
            refusals.append(texts.not_allowed(blocker, kind, proposed=kind not in allow))
    overridden = _overridden(p, merger)
    bypasses = tuple(b for b, kind in lift if kind in overridden)
    rest = [(b, kind) for b, kind in lift if kind not in overridden]
    edits = tuple(_edits(p, rest, merger, owner_type))
    for n, (blocker, kind) in enumerate(rest):
        if not any(n in edit.lifts for edit in edits):
            refusals.append(texts.nothing_lifts(blocker, kind, _why_not(kind, merger, owner_type)))
    plan: tuple[Relaxation, ...] = ()
    if rest and not refusals:
        plan = _least(p, edits, len(rest))
        refusals.extend(_unrestorable(p, plan, keeper))
        if merger.type == "User" and not merger.can_write:
            refusals.append(texts.merger_cannot(p.object, merger.login))
    elif bypasses and p.extra:
        # One of them may ask for something that this change does not meet: it would be overridden unseen.
        refusals.append(texts.unknown_fields(p.object, sorted(p.extra)))
    if refusals or waits:
        return Choice(refusals=tuple(refusals), waits=tuple(waits))
    return Choice(relaxations=plan, bypasses=bypasses)


def _is_admin(viewer: Viewer) -> bool:
    # An App is never an administrator, whatever its permissions (github-facts, "Least relax per blocker").
    return viewer.admin and viewer.type == "User"


def _overridden(p: Protection, merger: Viewer) -> frozenset[RelaxKind]:
    """Return the kinds that ``merger`` overrides as protection stands, without any edit."""
    if _is_admin(merger) and not value(p, ENFORCE_ADMINS):
        return _ADMIN_KINDS
    reviews = p.required_pull_request_reviews
    if reviews is not None and reviews.bypass_pull_request_allowances.lists(merger):
        return _REVIEW_KINDS
    return frozenset()


def _edits(p: Protection, rest: list[tuple[Blocker, RelaxKind]], merger: Viewer, owner_type: str) -> Iterator[_Edit]:
    """Yield every edit that lifts some of ``rest``."""

    def of(kinds: frozenset[RelaxKind]) -> frozenset[int]:
        return frozenset(n for n, (_, kind) in enumerate(rest) if kind in kinds)

    def edit(lifts: frozenset[int], rules: int, **about: Any) -> _Edit:
        kinds = {rest[n][1] for n in lifts}
        ordered = tuple(kind for kind in RelaxKind if kind in kinds)
        return _Edit(relaxation=Relaxation(object=p.object, kinds=ordered, **about), lifts=lifts, rules=rules)

    group, me = own_entry(merger)
    if owner_type == "Organization" and me is not None:
        actor: dict[str, Any] = {
            "op": "add",
            "rung": _ACTOR_RUNG,
            "admits": Admits.ACTOR,
            "elements": (to_element(me),),
        }
        waived = of(_REVIEW_KINDS)
        if waived and p.required_pull_request_reviews is not None:
            yield edit(waived, _review_rules(p), field=f"{BYPASS}.{group}", **actor)
        waived = of(frozenset({RelaxKind.RESTRICTIONS}))
        if waived and p.restrictions is not None:
            yield edit(waived, 1, field=f"{RESTRICTIONS}.{group}", **actor)
    waived = of(_ADMIN_KINDS)
    if waived and _is_admin(merger) and value(p, ENFORCE_ADMINS):
        yield edit(
            waived, _all_rules(p), field=ENFORCE_ADMINS, op="set", before=True, after=False,
            rung=_ADMIN_RUNG, admits=Admits.ADMINS,
        )  # fmt: skip
    field: dict[str, Any] = {"rung": _FIELD_RUNG, "admits": Admits.EVERYONE}
    for kind, path, off in _SCALARS:
        waived = of(frozenset({kind}))
        if waived and present(p, path) and value(p, path):
            yield edit(waived, 1, field=path, op="set", before=value(p, path), after=off, **field)
    required = {check.title: check for check in value(p, REQUIRED)}
    waived = frozenset(n for n, (b, kind) in enumerate(rest) if kind is RelaxKind.CHECKS and b.name in required)
    if waived:
        gone = tuple(to_element(required[rest[n][0].name]) for n in sorted(waived))
        yield edit(waived, len(gone), field=REQUIRED, op="remove", elements=gone, **field)


def _review_rules(p: Protection) -> int:
    # The group itself is a rule too: without it a pull request is not needed at all.
    return 1 + sum(bool(value(p, path)) for _, path, _ in _SCALARS[:3])


def _all_rules(p: Protection) -> int:
    """Return how many rules of ``p`` are in force: those that an administrator escapes when not held to them."""
    rules = 0
    for row in TABLE:
        if row.path == ENFORCE_ADMINS or not present(p, row.path):
            continue
        held = value(p, row.path)
        if row.shape is Shape.CHECKS:
            rules += len(held)
        elif row.shape is Shape.FLAG:
            rules += held == row.strict
        elif row.shape in {Shape.GROUP, Shape.COUNT}:
            rules += bool(held)
    return rules


def _least(p: Protection, edits: tuple[_Edit, ...], blockers: int) -> tuple[Relaxation, ...]:
    """Return the cheapest set of ``edits`` that lifts all ``blockers``; there is one, as each has an edit."""
    plans = (plan for size in range(1, len(edits) + 1) for plan in combinations(edits, size))
    enough = (plan for plan in plans if len(frozenset[int]().union(*(e.lifts for e in plan))) == blockers)
    least = min(enough, key=lambda plan: _cost(p, plan))
    return tuple(sorted((e.relaxation for e in least), key=lambda r: (r.admits.level, r.rung, r.field)))


def _cost(p: Protection, plan: tuple[_Edit, ...]) -> tuple[Any, ...]:
    """Return what ``plan`` opens: refs, then actors (the widest edit decides, then the next), then rules.

    Fewer writes, lower rungs and names only break ties, so that the answer never depends on an order of enumeration.
    """
    refs = 1 if p.hidden is None or p.hidden.matching_refs is None else p.hidden.matching_refs
    admits = sorted((e.relaxation.admits.level for e in plan), reverse=True)
    names = sorted((e.relaxation.rung, e.relaxation.field) for e in plan)
    return refs, admits, sum(e.rules for e in plan), len(plan), names


def _unrestorable(p: Protection, plan: tuple[Relaxation, ...], keeper: Viewer) -> Iterable[Check]:
    """Yield why ``p`` could not be put back for certain, or not by ``keeper``."""
    if keeper.type == "User" and not keeper.admin:
        yield texts.keeper_cannot(p.object, keeper.login)
    if p.hidden is None:
        yield texts.unknown_rule(p.object)
    elif p.hidden.pattern != p.branch:
        yield texts.wildcard(p.object, p.hidden.pattern)
    if p.hidden is not None and p.hidden.settings:
        yield texts.hidden_settings(p.object, p.hidden.settings)
    if p.extra:
        yield texts.unknown_fields(p.object, sorted(p.extra))
    else:
        found = rehearse(p, plan)
        if found:
            yield texts.not_restorable(p.object, (str(d) for d in found))


def _why_not(kind: RelaxKind, merger: Viewer, owner_type: str) -> str:
    if kind in texts.NO_EDIT:
        return texts.NO_EDIT[kind]
    if kind is RelaxKind.RESTRICTIONS and owner_type != "Organization":
        return texts.ORG_ONLY
    if kind is RelaxKind.RESTRICTIONS and own_entry(merger)[1] is None:
        return texts.NO_SLUG
    return texts.NO_GROUP
