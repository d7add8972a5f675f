"""Versions: PEP 440 through ``packaging``, Semantic Versioning 2.0.0 through ``semver``, and what lies between them."""

from __future__ import annotations

import re
from functools import lru_cache

import semver
from attrs import frozen
from packaging.version import InvalidVersion
from packaging.version import Version as Pep440

SCHEMES = ("pep440", "semver", "loose")
LEVELS = ("none", "patch", "minor", "major")
"""Steps from the least to the greatest."""
_PARTS = re.compile(r"(\d+(?:\.\d+)*)(.*)", re.DOTALL)


@frozen(kw_only=True)
class Version:
    """A version of one scheme. ``numbers`` are its release segment (at least three), ``key`` what it is ordered by.

    ``stage`` is ``final``, ``prerelease`` or ``development`` (PEP 440's ``.devN``, Maven's ``-SNAPSHOT``, and whatever
    begins with ``dev``, ``snapshot`` or ``nightly`` elsewhere).
    """

    text: str
    numbers: tuple[int, ...]
    stage: str
    key: Pep440 | semver.Version


@lru_cache(maxsize=4096)
def parse(text: str, scheme: str) -> Version | None:
    """Return ``text`` as a version of ``scheme``; None where it is none.

    ``loose`` takes either, and Maven's habits: ``1.2``, ``1.2.3.Final``, ``1.3-SNAPSHOT``.
    """
    text = text.strip()
    if len(text) > 200:
        return None
    if scheme == "pep440":
        return _pep440(text)
    if scheme == "semver":
        return _semver(text)
    return _semver(text) or _pep440(text) or _semver(_padded(text))


def _pep440(text: str) -> Version | None:
    try:
        found = Pep440(text)
    except InvalidVersion:
        return None
    stage = "development" if found.is_devrelease else "prerelease" if found.is_prerelease else "final"
    numbers = (found.epoch, *found.release) if found.epoch else found.release
    return Version(text=text, numbers=_three(numbers), stage=stage, key=found)


def _semver(text: str) -> Version | None:
    try:
        found = semver.Version.parse(text)
    except (ValueError, TypeError):
        return None
    tail = (found.prerelease or "").lower()
    stage = "final" if not tail else "prerelease"
    if tail.startswith(("dev", "snapshot", "nightly")):
        stage = "development"
    return Version(text=text, numbers=(found.major, found.minor, found.patch), stage=stage, key=found)


def _padded(text: str) -> str:
    """Return ``1.2-SNAPSHOT`` as ``1.2.0-SNAPSHOT`` and ``1.2.3.Final`` as ``1.2.3``; else as it is."""
    found = _PARTS.fullmatch(text)
    if found is None:
        return text
    numbers = found[1].split(".")
    tail = re.sub(r"(?i)^[.-](?:final|ga|release)$", "", found[2])
    return ".".join(str(int(n)) for n in [*numbers, "0", "0"][: max(3, len(numbers))]) + tail


def _three(numbers: tuple[int, ...]) -> tuple[int, ...]:
    return (*numbers, 0, 0, 0)[: max(3, len(numbers))]


def later(new: Version, old: Version) -> bool:
    """Return whether ``new`` comes after ``old``; across schemes by PEP 440 where both can be read so, else numbers."""
    if isinstance(new.key, Pep440) and isinstance(old.key, Pep440):
        return new.key > old.key
    if isinstance(new.key, semver.Version) and isinstance(old.key, semver.Version):
        return new.key > old.key
    first, second = _pep440(new.text), _pep440(old.text)
    if first is not None and second is not None:
        return later(first, second)
    return (new.numbers, new.stage == "final") > (old.numbers, old.stage == "final")


def same(a: str, b: str) -> bool:
    """Return whether two texts state one version: ``1.0.0-rc.1`` and ``1.0.0rc1`` do, ``v1.0`` and ``1.0`` as well."""
    if a == b:
        return True
    first, second = (_pep440(t) for t in (a, b))
    return first is not None and second is not None and first.key == second.key


def level(old: Version, new: Version) -> str:
    """Return how far ``new`` is from ``old``, one of :data:`LEVELS`; ``none``: only what follows the numbers moves.

    ``major``, ``minor`` and ``patch`` are the first, the second and any later number (semver.org, 2.0.0).
    """
    size = max(len(old.numbers), len(new.numbers))
    first, second = ((v.numbers + (0,) * size)[:size] for v in (old, new))
    at = next((i for i in range(size) if first[i] != second[i]), None)
    if at is None:
        return "none"
    return ("major", "minor")[at] if at < 2 else "patch"
