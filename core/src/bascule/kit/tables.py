"""TOML and JSON for the readers of file formats, which know a text and not whose it is."""

from __future__ import annotations

import tomllib
from typing import Any

from bascule.kit.documents import strict_json


class UnreadableError(Exception):
    """A text is not what its file's name says; the message completes "cannot be read: ..."."""


def toml_table(text: str) -> dict[str, Any]:
    """Return the document in ``text``, TOML 1.0; it refuses a key that is there twice by itself.

    Raises:
        UnreadableError: it is not TOML.
    """
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UnreadableError(str(error)) from error


def json_table(text: str) -> dict[str, Any]:
    """Return the object in ``text``, JSON; ``null`` is an empty one.

    Raises:
        UnreadableError: it is not JSON, not an object, or has a key twice, because readers differ on which one counts.
    """
    try:
        found = strict_json(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableError(str(error)) from error
    return table(found)


def table(value: Any) -> dict[str, Any]:
    """Return ``value`` if it is a mapping; None is an empty one.

    Raises:
        UnreadableError: it is anything else.
    """
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise UnreadableError("a mapping was expected")
    return value
