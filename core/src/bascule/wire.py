"""Records to JSON and back: the one cattrs converter for every boundary.

Boundaries to other processes and to the journal are tolerant of unknown keys (records grow by keyword
fields with defaults); files that people write go through :mod:`bascule.config.strict` instead.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

from attrs import has
from cattrs import Converter
from cattrs.preconf.json import make_converter

T = TypeVar("T")


@cache
def converter() -> Converter:
    """Return the shared converter: datetimes as ISO 8601, enums by value."""
    made = make_converter()
    made.register_unstructure_hook(datetime, lambda v: v.isoformat())
    made.register_structure_hook(datetime, lambda v, _: datetime.fromisoformat(v))
    remember_records(made)
    return made


def remember_records(made: Converter) -> None:
    """Let ``made`` keep the functions that it writes for records.

    By itself cattrs (26.2) forgets them all whenever it meets another type of tuple or mapping, and writes them again
    with the next record. Other hooks of ``made`` are to be registered before: no function that is kept sees later ones.
    """
    made.register_unstructure_hook_factory(has, cache(made.gen_unstructure_attrs_fromdict))
    made.register_structure_hook_factory(has, cache(made.gen_structure_attrs_fromdict))


def dump(record: Any) -> Any:
    """Return ``record`` as JSON data (dicts, lists, strings, numbers, booleans, None)."""
    return converter().unstructure(record)


def load(data: Any, kind: type[T]) -> T:
    """Return ``data`` as a ``kind``.

    Raises:
        cattrs.BaseValidationError: when the data does not have the record's shape.
    """
    return converter().structure(data, kind)


def canonical(data: Any) -> bytes:
    """Return the RFC 8785 canonical JSON of ``data`` (UTF-8)."""
    import rfc8785

    return rfc8785.dumps(data)


def sha256(data: Any) -> str:
    """Return the hex SHA-256 of the canonical JSON of ``data``."""
    return hashlib.sha256(canonical(data)).hexdigest()
