"""A relaxation applied to a protection, and its inverse."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from attrs import evolve

from bascule.errors import BasculeError
from bascule.protection.elements import elements_of
from bascule.protection.fields import BY_PATH, Shape, present, replaced, same, show, union, value, without
from bascule.protection.model import Protection
from bascule.types import Relaxation

_OPPOSITE = {"set": "set", "add": "remove", "remove": "add"}


def relax(p: Protection, relaxations: Iterable[Relaxation]) -> Protection:
    """Return ``p`` after ``relaxations``, in order.

    Raises:
        BasculeError: a relaxation does not fit ``p``: another object, a field that is off, a value that is not
            ``before``, an element that is there already or is not there. Applied all the same, its inverse would
            not lead back.
    """
    for relaxation in relaxations:
        p = _applied(p, relaxation)
    return p


def inverse(relaxation: Relaxation) -> Relaxation:
    """Return the edit that undoes ``relaxation`` and nothing else; the inverse of the inverse is the relaxation."""
    return evolve(
        relaxation, op=_OPPOSITE[relaxation.op], before=relaxation.after, after=relaxation.before
    )  # fmt: skip


def _applied(p: Protection, r: Relaxation) -> Protection:
    row = BY_PATH.get(r.field)
    if r.object != p.object or r.op not in _OPPOSITE:
        raise _unfit(p, r, "another object" if r.object != p.object else f"an unknown operation {r.op!r}")
    if row is None or row.shape is Shape.GROUP or row.is_set == (r.op == "set"):
        raise _unfit(p, r, "no field that can be relaxed so")
    if not present(p, r.field):
        raise _unfit(p, r, "a field whose group is off")
    now = value(p, r.field)
    if r.op == "set":
        if now != r.before or type(now) is not type(r.before):
            raise _unfit(p, r, f"{show(now)!r} now, not {r.before!r}")
        return replaced(p, r.field, r.after)
    elements = elements_of(r)
    there = [e for e in elements if any(same(e, n) for n in now)]
    if len(there) != (0 if r.op == "add" else len(elements)):
        raise _unfit(p, r, f"{show(now)} now")
    after: tuple[Any, ...] = union(now, elements) if r.op == "add" else without(now, elements)
    return replaced(p, r.field, after)


def _unfit(p: Protection, r: Relaxation, found: str) -> BasculeError:
    return BasculeError(
        f"{r.op} on {r.field!r} does not fit: {found}",
        where=p.object,
        hint="protection moved since the plan was made; decide again from a fresh read",
    )
