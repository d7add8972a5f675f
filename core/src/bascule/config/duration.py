"""Lengths of time as people write them: ``10s``, ``60m``, ``1h30m``, ``7d``."""

from __future__ import annotations

import re
from typing import NewType

Seconds = NewType("Seconds", float)
"""A length of time in seconds; in YAML it is written with its unit."""

PATTERN = r"^([0-9]+(ms|s|m|h|d))+$"
"""What a duration looks like, for JSON Schema."""

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PART = re.compile(r"([0-9]{1,9})(ms|s|m|h|d)")


def parse(text: str) -> Seconds:
    """Return ``text`` in seconds.

    Raises:
        ValueError: when it is not a list of whole numbers with units, largest unit first, each unit once.
    """
    parts = _PART.findall(text)
    units = [unit for _, unit in parts]
    sizes = [_UNITS[unit] for unit in units]
    if not parts or "".join(n + u for n, u in parts) != text or sizes != sorted(set(sizes), reverse=True):
        raise ValueError("a duration is written with its unit, such as 10s, 60m, 1h30m or 7d")
    return Seconds(sum(int(number) * _UNITS[unit] for number, unit in parts))


def show(seconds: float) -> str:
    """Return ``seconds`` as :func:`parse` reads it, in the largest units that divide it (to the millisecond)."""
    rest = round(seconds * 1000)
    if rest == 0:
        return "0s"
    out = []
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)):
        count, rest = divmod(rest, size)
        if count:
            out.append(f"{count}{unit}")
    return "".join(out)
