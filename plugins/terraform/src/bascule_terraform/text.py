"""Globs over addresses, and version constraints as Terraform writes them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

Version = tuple[int, ...]
_CONSTRAINT = re.compile(r"\s*(>=|<=|!=|~>|=|>|<)?\s*v?(\d+(?:\.\d+){0,3})\s*")


@lru_cache(maxsize=512)
def address_glob(pattern: str) -> re.Pattern[str]:
    """Return a glob over addresses: ``*`` any characters, ``?`` one; brackets and quotes stand for themselves."""
    body = "".join(".*" if c == "*" else "." if c == "?" else re.escape(c) for c in re.sub(r"\*+", "*", pattern))
    return re.compile(body, re.DOTALL)


def any_match(patterns: Iterable[str], text: str) -> bool:
    """Return whether one of the globs matches the whole of ``text``."""
    return any(address_glob(p).fullmatch(text) for p in patterns)


@dataclass(frozen=True, kw_only=True)
class Range:
    """The versions that a constraint admits: from ``low`` (included or not) to ``high``, without ``out``."""

    low: Version = ()
    low_in: bool = True
    high: Version | None = None
    high_in: bool = False
    out: frozenset[Version] = frozenset()

    def within(self, other: Range) -> bool:
        """Return whether everything that this admits was admitted by ``other``."""
        if self.low < other.low or (self.low == other.low and self.low_in and not other.low_in):
            return False
        if other.high is not None:
            if self.high is None or self.high > other.high:
                return False
            if self.high == other.high and self.high_in and not other.high_in:
                return False
        return all(not self.admits(v) for v in other.out)

    def admits(self, version: Version) -> bool:
        """Return whether ``version`` (four numbers) is admitted."""
        if version < self.low or (version == self.low and not self.low_in):
            return False
        if self.high is not None and (version > self.high or (version == self.high and not self.high_in)):
            return False
        return version not in self.out


def four(text: str) -> Version:
    """Return ``1.2`` as ``(1, 2, 0, 0)``; a prerelease's suffix is left out."""
    numbers = [int(n) for n in re.findall(r"\d+", re.split(r"[-+]", text)[0])[:4]]
    return tuple([*numbers, 0, 0, 0, 0][:4])


def constraint(text: str) -> Range | None:
    """Return the range that ``>= 1.2, < 2`` or ``~> 1.2.3`` admits; None where it cannot be read.

    The meaning of ``~>`` is Terraform's: only the rightmost stated number may grow.
    """
    low: Version = ()
    low_in, high_in = True, False
    high: Version | None = None
    out: set[Version] = set()
    for part in text.split(","):
        found = _CONSTRAINT.fullmatch(part)
        if found is None:
            return None
        sign, stated = found[1] or "=", found[2]
        at = four(stated)
        if sign == "!=":
            out.add(at)
            continue
        if sign in {">=", ">", "=", "~>"} and (at > low or (at == low and sign == ">")):
            low, low_in = at, sign != ">"
        ceiling: tuple[Version, bool] | None = None
        if sign in {"<=", "="}:
            ceiling = (at, True)
        elif sign == "<":
            ceiling = (at, False)
        elif sign == "~>":
            numbers = [int(n) for n in stated.split(".")]
            kept = numbers[:-1] if len(numbers) > 1 else []
            if kept:
                ceiling = (tuple([*kept[:-1], kept[-1] + 1, 0, 0, 0, 0][:4]), False)
        if ceiling is not None and (high is None or ceiling < (high, high_in)):
            high, high_in = ceiling
    return Range(low=low, low_in=low_in, high=high, high_in=high_in, out=frozenset(out))
