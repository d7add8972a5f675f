"""Plain YAML scalars: the few forms every reader agrees on, and those that read two ways."""

from __future__ import annotations

import re

LARGEST = 2**53 - 1
"""Beyond this a number changes when it passes through JSON."""


class Ambiguous(str):
    """Unquoted text that another YAML reader would not take for text; ``taken_for`` says for what."""

    __slots__ = ("taken_for",)
    taken_for: str

    def __new__(cls, text: str, taken_for: str) -> Ambiguous:
        """Return ``text``, remembering what else it could be."""
        made = super().__new__(cls, text)
        made.taken_for = taken_for
        return made


# What YAML 1.1 or 1.2 readers make of plain text, other than the forms that every reader agrees on.
_TWO_WAYS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?:yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF|True|TRUE|False|FALSE)"), "a boolean"),
    (re.compile(r"(?:Null|NULL|~)"), "nothing"),
    (re.compile(r"[-+]?0[0-7_]+|[-+]?0[xX][0-9a-fA-F_]+|[-+]?0[bB][01_]+|0o[0-7]+"), "a number in another base"),
    (re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?"), "a number in base 60"),
    (re.compile(r"[-+]?(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9][0-9_]*)(?:[eE][-+]?[0-9]+)?"), "a number"),
    (re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"), "a number"),
    (re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt ][0-9:. \tZ+-]*)?"), "a date"),
)
_INT = re.compile(r"-?(?:0|[1-9][0-9]*)")
_FLOAT = re.compile(r"-?(?:0|[1-9][0-9]*)\.[0-9]+")


def plain(text: str) -> str | int | float | bool | None:
    """Return what the unquoted ``text`` is; :class:`Ambiguous` where readers differ.

    Raises:
        OverflowError: for a number beyond ``LARGEST``.
    """
    if text in {"", "null"}:
        return None
    if text in {"true", "false"}:
        return text == "true"
    if _INT.fullmatch(text):
        # Digits are counted first: int() of a very long number is slow, and such a number is refused anyway.
        if len(text) > 17 or abs(int(text)) > LARGEST:
            raise OverflowError(text)
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    for pattern, taken_for in _TWO_WAYS:
        if pattern.fullmatch(text):
            return Ambiguous(text, taken_for)
    return text
