"""How the shape of a file is written down: attrs classes whose fields also carry their documentation.

One class describes a mapping of the file; the strict loader, the JSON Schema for editors and the reference page all
read it, so that they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import attrs
from attrs import frozen

SHORTHAND = "__shorthand__"
"""Class attribute of a shape: the key that is meant when a text stands where its mapping could."""

_DOC = "bascule.doc"
_NAME = "bascule.name"
_EXAMPLE = "bascule.example"
_TIGHTEN = "bascule.tighten"
_EXTRA = "bascule.extra"


@frozen
class Kind:
    """A restricted text, for ``Annotated[str, Kind(...)]``.

    ``check`` returns what is wrong and what to do, or None; ``pattern`` is a JSON Schema (ECMA 262) pattern that every
    accepted text matches and that may accept more.
    """

    title: str
    check: Callable[[str], tuple[str, str] | None]
    pattern: str = ""


@frozen
class AtLeast:
    """The least number allowed, for ``Annotated[int, AtLeast(...)]``."""

    least: int


def key(
    *, doc: str, name: str = "", example: str = "", tighten: str = "", default: Any = attrs.NOTHING, extra: bool = False
) -> Any:
    """Declare one key of a mapping.

    Args:
        doc: what it means, as a sentence for a reader of the reference page.
        name: the key in YAML where Python's name has to differ.
        example: YAML flow text of a value.
        tighten: what a pack that extends a template may do with it.
        default: value when the key is absent; without it the key is required.
        extra: the field takes all keys that the class does not name.
    """
    metadata = {_DOC: doc, _NAME: name, _EXAMPLE: example, _TIGHTEN: tighten, _EXTRA: extra}
    return attrs.field(default=default, metadata=metadata)


@frozen(kw_only=True)
class Key:
    """One declared key, as read back from its class. ``type`` is resolved and keeps ``Annotated``."""

    attribute: str
    name: str
    type: Any
    doc: str
    example: str
    tighten: str
    required: bool
    default: Any
    extra: bool


def keys_of(cls: type) -> tuple[Key, ...]:
    """Return the keys of a shape class in the order in which they are declared."""
    return _keys_of(cls)


@cache
def _keys_of(cls: Any) -> tuple[Key, ...]:
    attrs.resolve_types(cls)
    return tuple(
        Key(
            attribute=a.name,
            name=a.metadata.get(_NAME) or a.name,
            type=a.type,
            doc=a.metadata.get(_DOC, ""),
            example=a.metadata.get(_EXAMPLE, ""),
            tighten=a.metadata.get(_TIGHTEN, ""),
            required=a.default is attrs.NOTHING,
            default=None if a.default is attrs.NOTHING else a.default,
            extra=bool(a.metadata.get(_EXTRA)),
        )
        for a in attrs.fields(cls)
    )
