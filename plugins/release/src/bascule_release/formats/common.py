"""What every reader returns, and what several of them need."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable
from typing import Any

from attrs import frozen

MASK = "\0version\0"
"""What a stated version is replaced by before two texts are compared."""


class UnreadableError(Exception):
    """A file is not what its name says; the message completes "cannot be read: ..."."""


@frozen(kw_only=True)
class Stated:
    """One version that a file states. ``what`` says where in it, ``name`` whose (empty: the file does not say).

    ``own`` is false for an entry that may be another package's of the same repository (a lockfile's members): it is a
    statement only where a package of that name is released.
    """

    what: str
    version: str
    scheme: str
    name: str = ""
    own: bool = True


@frozen(kw_only=True)
class Reading:
    """What a file states, and ``rest``: everything else in it, as data that can be compared."""

    stated: tuple[Stated, ...]
    rest: Any


def toml(text: str) -> dict[str, Any]:
    """Return a TOML document."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UnreadableError(str(error)) from error


def json_object(text: str) -> dict[str, Any]:
    """Return a JSON object; a key that is there twice is an error, because readers differ on which one counts."""

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(items)
        if len(made) != len(items):
            raise UnreadableError("a key is there twice")
        return made

    try:
        found = json.loads(text, object_pairs_hook=pairs)
    except (ValueError, RecursionError) as error:
        raise UnreadableError(str(error)) from error
    return table(found)


def table(value: Any) -> dict[str, Any]:
    """Return ``value`` if it is a mapping; None is an empty one."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise UnreadableError("a mapping was expected")
    return value


def text_of(value: Any) -> str:
    """Return ``value`` if it is a text, else an empty one."""
    return value.strip() if isinstance(value, str) else ""


def masked(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """Return ``text`` with each span replaced by :data:`MASK`."""
    for start, end in sorted(spans, reverse=True):
        text = text[:start] + MASK + text[end:]
    return text


def by_pattern(text: str, pattern: re.Pattern[str], what: str, scheme: str, *, most: int = 20) -> Reading:
    """Return every match of ``pattern``, whose group ``version`` is a version, as a statement."""
    found = [m for _, m in zip(range(most), pattern.finditer(text), strict=False)]
    return Reading(
        stated=tuple(Stated(what=what, version=m["version"], scheme=scheme) for m in found),
        rest=masked(text, (m.span("version") for m in found)),
    )
