"""Versions of every ecosystem, read loosely, and how far it is from one to another.

Levels are Semantic Versioning's (semver.org, 2.0.0); Python's are PEP 440's through ``packaging``.
"""

from __future__ import annotations

import re
from functools import total_ordering

from attrs import frozen
from packaging.version import InvalidVersion
from packaging.version import Version as Pep440

LEVELS = ("none", "digest", "build", "patch", "minor", "major")
"""From the least to the greatest; ``prerelease``, ``downgrade``, ``unknown``, ``added``, ``removed`` stand outside."""

_LOOSE = re.compile(r"[vV=]?\s*(\d+(?:\.\d+)*)(?:([-.]?)([0-9A-Za-z][0-9A-Za-z.\-_~]*))?(?:\+([0-9A-Za-z.\-]+))?")
_OPERATORS = re.compile(r"^(?:\^|~>|~=|~|==?=?|>=|=)\s*")
_PSEUDO = re.compile(r"[-.]\d{14}-[0-9a-f]{12}(?:\+incompatible)?$")
"""A commit without a release, as Go writes it (go.dev/ref/mod#pseudo-versions)."""
_SHA = re.compile(r"[0-9a-f]{40}|sha256:[0-9a-f]{64}")


@total_ordering
@frozen(eq=False)
class Version:
    """A version: its numbers, what follows them (``rc.1``), and whether that makes it an earlier one."""

    numbers: tuple[int, ...]
    tail: str = ""
    build: str = ""

    def _key(self, size: int) -> tuple[tuple[int, ...], bool, tuple[tuple[bool, int, str], ...]]:
        tail = tuple((not p.isdigit(), int(p) if p.isdigit() else 0, p) for p in re.split(r"[.\-_~]", self.tail) if p)
        return (*(self.numbers + (0,) * size)[:size],), not self.tail, tail

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Version):
            return NotImplemented
        size = max(len(self.numbers), len(other.numbers))
        return self._key(size) == other._key(size)

    def __lt__(self, other: Version) -> bool:
        size = max(len(self.numbers), len(other.numbers))
        return self._key(size) < other._key(size)

    def __hash__(self) -> int:
        return hash((self.numbers, self.tail))


def parse(text: str) -> Version | None:
    """Return the version in ``text`` (``v1.2.3-rc.1+build``), None where there is none."""
    found = _LOOSE.fullmatch(text.strip())
    if found is None:
        return None
    numbers = tuple(int(n) for n in found[1].split(".")) if len(found[1]) <= 200 else ()
    return Version(numbers, found[3] or "", found[4] or "") if numbers else None


def bound(spec: str) -> str | None:
    """Return the lowest version that a simple range (``^1.2``, ``>=1.2``, ``1.x``) means, None for any other range."""
    text = re.sub(r"^([\^~=<>]+)\s+(?=[\dv])", r"\1", spec.strip())
    if not text or any(c in text for c in "|,<! ") or (text.startswith(">") and not text.startswith(">=")):
        return _compound(text)
    text = _OPERATORS.sub("", text)
    text = re.sub(r"(?:\.[xX*])+$", "", text)
    return text if parse(text) is not None else None


def _compound(text: str) -> str | None:
    """Return the lower bound of ``>=1.2,<2`` and ``>=1.2 <2``: exactly one lower one, any upper ones."""
    parts = [p for p in re.split(r"[,\s]+", text) if p]
    lower = [p for p in parts if p.startswith((">=", "==", "~=", "^", "~")) or p[0].isdigit()]
    upper = [p for p in parts if p.startswith("<")]
    return bound(lower[0]) if len(lower) == 1 and len(lower) + len(upper) == len(parts) and parts != lower else None


def level(before: str, after: str, ecosystem: str = "") -> str:
    """Return how far ``after`` is from ``before``.

    One of :data:`LEVELS`, or ``prerelease`` (the same numbers, another tail, later), ``downgrade``, or ``unknown``.
    """
    if before == after:
        return "none"
    if _SHA.fullmatch(before) and _SHA.fullmatch(after):
        return "unknown"
    if ecosystem == "python":
        return _python(before, after)
    old, new = parse(before), parse(after)
    if old is None or new is None:
        return "unknown"
    if ecosystem == "docker" and old.tail != new.tail:
        return "unknown"  # another variant (alpine, slim), not another version
    far = _distance(old.numbers, new.numbers, old < new, old == new, old.build != new.build)
    # From one commit to another nobody says how far it is: as far as it can be.
    return "major" if far == "prerelease" and _PSEUDO.search(after) else far


def _python(before: str, after: str) -> str:
    try:
        old, new = Pep440(before), Pep440(after)
    except InvalidVersion:
        return "unknown"
    if old.epoch != new.epoch:
        return "major" if old < new else "downgrade"
    return _distance(old.release, new.release, old < new, old == new, old.local != new.local)


def _distance(old: tuple[int, ...], new: tuple[int, ...], later: bool, same: bool, build: bool) -> str:
    if same:
        return "build" if build else "none"
    if not later:
        return "downgrade"
    size = max(len(old), len(new), 3)
    first, second = ((n + (0,) * size)[:size] for n in (old, new))
    at = next((i for i in range(size) if first[i] != second[i]), None)
    if at is None:
        return "prerelease"
    return ("major", "minor")[at] if at < 2 else "patch"


def unstable(text: str) -> bool:
    """Return whether ``text`` is a version before its release (``2.0.0-rc.1``, ``1.0a1``)."""
    found = parse(text)
    if found is None or not found.tail:
        return False
    if _PSEUDO.search(text):
        return True
    return (
        re.match(r"(?i)(?:a|b|c|rc|m|alpha|beta|pre|preview|dev|next|canary|snapshot|nightly|ea)(?![a-z])", found.tail)
        is not None
    )


def zero(before: str) -> int:
    """Return how many leading numbers of ``before`` are 0, at most 2: before 1.0 a minor step may break, too."""
    found = parse(before)
    numbers = (*found.numbers, 0, 0)[:2] if found is not None else (1, 1)
    return 0 if numbers[0] else 1 if numbers[1] else 2
