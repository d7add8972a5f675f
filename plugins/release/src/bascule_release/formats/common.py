"""What every reader returns, and what several of them need."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from attrs import frozen

MASK = "\0version\0"
"""What a stated version is replaced by before two texts are compared."""


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
