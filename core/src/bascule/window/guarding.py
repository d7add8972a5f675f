"""The compare rule and the patrol rule as pure functions: is live protection loosened by something of ours?"""

from __future__ import annotations

from collections.abc import Iterable

from attrs import evolve, frozen

from bascule import wire
from bascule.protection.canonical import from_json
from bascule.protection.fields import BY_PATH, present, value
from bascule.protection.model import Protection
from bascule.protection.order import looser_by
from bascule.types import Relaxation
from bascule.window.entries import Guard, Leak


@frozen(kw_only=True)
class Leaking:
    """What has leaked into one branch. ``by_person``: it was undone once already, so it is not ours any more."""

    base: Protection
    relaxations: tuple[Relaxation, ...]
    by_person: bool

    @property
    def fields(self) -> tuple[str, ...]:
        """Return the loosened fields, for people."""
        return tuple(dict.fromkeys(r.field for r in self.relaxations))


def leaking(live: Protection, guards: Iterable[Guard]) -> Leaking | None:
    """Return how ``live`` is looser than its branch's guard by a relaxation that may still land late, or None.

    Any other difference is a person's edit (protocol.md, "Compare rule"). The relaxations that come back fit the
    guard's snapshot, so that a restore can be planned from them.
    """
    for guard in guards:
        if guard.branch != live.branch:
            continue
        base = from_json(guard.snapshot)
        shown = looser_by(live, base, (k.relaxation for k in guard.leaks))
        if shown:
            again = all(k.recovered for k in guard.leaks if k.relaxation in shown)
            return Leaking(base=base, relaxations=fitted(base, shown), by_person=again)
    return None


def late(guards: Iterable[Guard], branch: str) -> tuple[Relaxation, ...]:
    """Return the relaxations that ``guards`` know may still land on ``branch``."""
    return tuple(k.relaxation for g in guards if g.branch == branch for k in g.leaks)


def fitted(base: Protection, relaxations: Iterable[Relaxation]) -> tuple[Relaxation, ...]:
    """Return ``relaxations`` as if each had been made on ``base``: one for a scalar, no element twice.

    Leaks come from several windows, whose snapshots may differ from the newest one.
    """
    made: list[Relaxation] = []
    scalars: set[str] = set()
    for r in relaxations:
        if r.field not in BY_PATH or not present(base, r.field):
            continue
        if r.op == "set":
            before = value(base, r.field)
            if r.field not in scalars and before != r.after:
                scalars.add(r.field)
                made.append(evolve(r, before=before))
            continue
        taken = [e for m in made if m.field == r.field and m.op == r.op for e in m.elements]
        kept = tuple(e for e in r.elements if e not in taken and _fits(base, evolve(r, elements=(e,))))
        if kept:
            made.append(evolve(r, elements=kept))
    return tuple(made)


def _fits(base: Protection, one: Relaxation) -> bool:
    from bascule.errors import BasculeError
    from bascule.protection.apply import relax

    try:
        relax(base, (one,))
    except BasculeError:
        return False
    return True


def same(one: Relaxation, other: Relaxation) -> bool:
    """Return whether two relaxations are the same edit, however they were read (JSON knows no tuples)."""
    return wire.canonical(wire.dump(one)) == wire.canonical(wire.dump(other))


def merged(old: Iterable[Leak], new: Iterable[Leak]) -> tuple[Leak, ...]:
    """Return ``new`` and those of ``old`` that it does not renew."""
    fresh = tuple(new)
    return (*(k for k in old if not any(same(k.relaxation, n.relaxation) for n in fresh)), *fresh)
