"""JSON Schema of a shape, for editors: completion, hover texts, and most of what the strict loader refuses.

The loader refuses more (what a glob is, what plugins offer, what templates allow); it accepts nothing that the schema
refuses.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import attrs

from bascule.config import duration
from bascule.config.shape import SHORTHAND, AtLeast, Key, Kind, keys_of

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema_of(cls: type, *, title: str) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of files whose root is the shape class ``cls``."""
    definitions: dict[str, Any] = {}
    root = _record(cls, definitions)
    return {"$schema": DIALECT, "title": title, **root, "$defs": dict(sorted(definitions.items()))}


def _record(cls: type, definitions: dict[str, Any]) -> dict[str, Any]:
    keys = keys_of(cls)
    named = [k for k in keys if not k.extra]
    out: dict[str, Any] = {
        "type": "object",
        "description": (cls.__doc__ or "").strip().partition("\n")[0].replace("``", "`"),
        "properties": {k.name: _property(k, definitions) for k in named},
        "additionalProperties": any(k.extra for k in keys),
    }
    if required := [k.name for k in named if k.required]:
        out["required"] = required
    return out


def _property(key: Key, definitions: dict[str, Any]) -> dict[str, Any]:
    out = _type(key.type, definitions)
    described: dict[str, Any] = {"description": key.doc}
    if key.default is not None and not isinstance(key.default, attrs.Factory) and not attrs.has(type(key.default)):  # type: ignore[arg-type]
        described["default"] = list(key.default) if isinstance(key.default, tuple) else key.default
    return {**out, **described}


def _type(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    origin, args = get_origin(kind), get_args(kind)
    if origin in {Union, UnionType}:
        return _type(next(a for a in args if a is not NoneType), definitions)
    if origin is Annotated:
        return _annotated(kind, definitions)
    if origin is Literal:
        return {"enum": list(args)} if len(args) > 1 else {"const": args[0]}
    if origin is tuple:
        # The loader looks for the same text twice; two equal mappings may both be meant (two commits by one author).
        unique = {} if attrs.has(args[0]) else {"uniqueItems": True}
        return {"type": "array", "items": _type(args[0], definitions), **unique}
    if origin is Mapping or origin is dict:
        return {"type": "object"}
    if kind is duration.Seconds:
        return {"type": "string", "pattern": duration.PATTERN}
    if isinstance(kind, type) and issubclass(kind, Enum):
        return {"enum": [m.value for m in kind]}
    if attrs.has(kind):
        return _reference(kind, definitions)
    return dict(_PLAIN[kind])


def _reference(cls: type, definitions: dict[str, Any]) -> dict[str, Any]:
    name = cls.__name__.removesuffix("Shape").lower()
    if name not in definitions:
        definitions[name] = {}  # a shape that contains itself finds its name taken
        definitions[name] = _record(cls, definitions)
    reference = {"$ref": f"#/$defs/{name}"}
    short = getattr(cls, SHORTHAND, "")
    if not short:
        return reference
    inner = next(k for k in keys_of(cls) if k.name == short)
    return {"anyOf": [_type(inner.type, definitions), reference]}


def _annotated(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    base, *notes = get_args(kind)
    out = _type(base, definitions)
    for note in notes:
        if isinstance(note, Kind) and note.pattern:
            out["pattern"] = note.pattern
        elif isinstance(note, AtLeast):
            out["minimum"] = note.least
    return out


_PLAIN: dict[Any, dict[str, Any]] = {
    # Text of nothing but blanks is refused as well.
    str: {"type": "string", "pattern": r"\S"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    Any: {},
}
