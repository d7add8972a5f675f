"""Elements of a relaxation's sets, which cross the journal as JSON."""

from __future__ import annotations

from typing import Any

from bascule.errors import BasculeError
from bascule.protection.fields import BY_PATH, Shape
from bascule.protection.model import Member, RequiredCheck
from bascule.types import Relaxation


def to_element(held: Member | RequiredCheck) -> dict[str, Any]:
    """Return a set's element as JSON: ``{name, id, node_id}`` or ``{context, app_id}``."""
    if isinstance(held, Member):
        return {"name": held.name, "id": held.id, "node_id": held.node_id}
    return {"context": held.context, "app_id": held.app_id}


def elements_of(relaxation: Relaxation) -> tuple[Any, ...]:
    """Return the relaxation's elements as records.

    Raises:
        BasculeError: the field is unknown or an element does not have its shape.
    """
    row = BY_PATH.get(relaxation.field)
    try:
        if row is not None and row.shape is Shape.CHECKS:
            return tuple(RequiredCheck(context=str(e["context"]), app_id=int(e["app_id"])) for e in relaxation.elements)
        if row is not None and row.shape is Shape.ACTORS:
            return tuple(
                Member(name=str(e["name"]), id=e.get("id"), node_id=e.get("node_id", "")) for e in relaxation.elements
            )
    except (AttributeError, KeyError, TypeError, ValueError):
        pass
    raise BasculeError(
        f"relaxation of {relaxation.field!r} has elements that are not of that field: {relaxation.elements!r}",
        where=relaxation.object,
        hint="the plan or journal entry was made by another version or by hand; restore by hand from its snapshot",
    )
