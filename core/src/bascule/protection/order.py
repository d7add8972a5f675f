"""Which of two values of a field is stricter, and where one protection is looser than another."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from attrs import frozen

from bascule.protection.elements import elements_of
from bascule.protection.fields import BY_PATH, TABLE, Field, Shape, present, same, show, union, value, without
from bascule.protection.model import ANY_APP, Protection, RequiredCheck
from bascule.types import Relaxation


@frozen(kw_only=True)
class Difference:
    """One field in which two protections differ. ``found`` and ``expected`` are plain JSON for people."""

    object: str
    field: str
    found: Any
    expected: Any

    def __str__(self) -> str:
        return f"{self.object} {self.field or 'protection'}: found {self.found}, expected {self.expected}"


def differences(found: Protection, expected: Protection) -> tuple[Difference, ...]:
    """Return every field in which the two differ, in the table's order; empty exactly where their digests agree.

    A group that is on in one only is one difference, not one for each field in it. ``hidden`` is not compared.
    """
    rows = (d for row in TABLE if (d := _unlike(row, found, expected)) is not None)
    return (*rows, *_unknown(found, expected))


def _unlike(row: Field, found: Protection, expected: Protection) -> Difference | None:
    if not (present(found, row.path) and present(expected, row.path)):
        return None
    one, other = value(found, row.path), value(expected, row.path)
    if row.shape is Shape.GROUP:
        unlike = (one is None) != (other is None)
    elif row.is_set:
        unlike = bool(without(one, other) or without(other, one))
    else:
        unlike = one != other
    return _difference(row.path, found, one, other) if unlike else None


def _difference(path: str, found: Protection, one: Any, other: Any) -> Difference:
    return Difference(object=found.object, field=path, found=show(one), expected=show(other))


def _unknown(found: Protection, expected: Protection) -> tuple[Difference, ...]:
    return tuple(
        Difference(object=found.object, field=key, found=found.extra.get(key), expected=expected.extra.get(key))
        for key in sorted({*found.extra, *expected.extra})
        if key not in found.extra or key not in expected.extra or found.extra[key] != expected.extra[key]
    )


def looser(a: Protection, b: Protection) -> tuple[Difference, ...]:
    """Return the fields in which ``a`` asks for less than ``b`` (``found`` is a's value, ``expected`` is b's).

    A value that cannot be ordered, such as an unknown field that differs, is listed: it may be looser.
    """
    rows = []
    for row in TABLE:
        if present(a, row.path) and present(b, row.path) and _is_looser(row, value(a, row.path), value(b, row.path)):
            rows.append(_difference(row.path, a, value(a, row.path), value(b, row.path)))
    return (*rows, *_unknown(a, b))


def _is_looser(row: Field, a: Any, b: Any) -> bool:
    match row.shape:
        case Shape.GROUP:
            return a is None and b is not None
        case Shape.FLAG:
            return bool(a != b and b == row.strict)
        case Shape.COUNT:
            return bool(a < b)
        case Shape.CHECKS:
            return any(not any(_implies(have, asked) for have in a) for asked in b)
        case Shape.ACTORS:
            return bool(without(a, b))


def _implies(have: RequiredCheck, asked: RequiredCheck) -> bool:
    """A check bound to one App asks for more than the same name from any source."""
    return have.context == asked.context and asked.app_id in {have.app_id, ANY_APP}


def stricter_of(field: str, a: Any, b: Any) -> Any:
    """Return the stricter of two values of a field that is not a group; both requirements where neither is.

    Flags and counts are ordered. Required checks unite. Lists of actors who are let off keep only who is in both.

    Raises:
        KeyError: no such field.
        TypeError: the field is a group; its fields are ordered one by one.
    """
    row = BY_PATH[field]
    match row.shape:
        case Shape.FLAG:
            return row.strict if row.strict in {a, b} else a
        case Shape.COUNT:
            return max(a, b)
        case Shape.CHECKS:
            return union(a, b)
        case Shape.ACTORS:
            return tuple(e for e in a if any(same(e, other) for other in b))
        case Shape.GROUP:
            raise TypeError(f"{field or 'protection'} is a group: compare its fields")


def looser_by(live: Protection, snapshot: Protection, relaxations: Iterable[Relaxation]) -> tuple[Relaxation, ...]:
    """Return those of ``relaxations`` whose very effect ``live`` shows where ``snapshot`` does not (protocol.md).

    This is the compare and the patrol rule: a scalar that holds exactly the relaxed value while the snapshot is
    stricter, or an element of ours in a set. A value that none of them would leave is a person's edit, and so is a
    group that was turned off: a late write of ours cannot do that.
    """
    return tuple(r for r in relaxations if r.object == live.object and _shows(live, snapshot, r))


def _shows(live: Protection, snapshot: Protection, r: Relaxation) -> bool:
    row = BY_PATH[r.field]
    if not (present(live, r.field) and present(snapshot, r.field)):
        return False
    now, then = value(live, r.field), value(snapshot, r.field)
    if r.op == "set":
        return bool(now == r.after) and _is_looser(row, now, then)
    ours = elements_of(r)
    if r.op == "add":
        return any(any(same(e, n) for n in now) and not any(same(e, t) for t in then) for e in ours)
    return any(any(same(e, t) for t in then) and not any(same(e, n) for n in now) for e in ours)
