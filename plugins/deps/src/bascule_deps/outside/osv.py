"""Advisories in OSV's form, and whether one names a version (OSV schema 1.x, sections "affected" and "Evaluation")."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from attrs import frozen
from packaging.utils import canonicalize_name

ECOSYSTEMS: Mapping[str, str] = {
    "npm": "npm", "python": "PyPI", "cargo": "crates.io", "go": "Go", "maven": "Maven", "gradle": "Maven",
    "ruby": "RubyGems", "composer": "Packagist", "nuget": "NuGet", "actions": "GitHub Actions",
}  # fmt: skip
"""OSV's names for the ecosystems that it has records of."""
MALICIOUS = "MAL-"
"""Prefix of records of malicious packages."""


@frozen(kw_only=True)
class Advisory:
    """A record. ``severity`` in words or as a CVSS vector, empty where it states none."""

    id: str
    summary: str
    severity: str
    aliases: tuple[str, ...]
    withdrawn: bool
    affected: tuple[Mapping[str, Any], ...]

    @property
    def malicious(self) -> bool:
        """Return whether it says that the package is malicious, not merely vulnerable."""
        return any(name.startswith(MALICIOUS) for name in (self.id, *self.aliases))


class UnknownError(Exception):
    """It cannot be told whether an advisory names a version; the message says why."""


def advisory(record: Any) -> Advisory:
    """Return an OSV record.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(record, dict) or not isinstance(record.get("id"), str) or not record["id"]:
        raise ValueError("a record without `id`")
    affected = record.get("affected") or []
    if not isinstance(affected, list) or not all(isinstance(a, dict) for a in affected):
        raise ValueError(f"{record['id']}: `affected` is no list of mappings")
    stated = record.get("database_specific")
    words = stated.get("severity") if isinstance(stated, dict) else None
    vectors = record.get("severity") or []
    vector = vectors[0].get("score") if isinstance(vectors, list) and vectors and isinstance(vectors[0], dict) else None
    return Advisory(
        id=record["id"], summary=str(record.get("summary") or "")[:200], severity=str(words or vector or "")[:80],
        aliases=tuple(str(a) for a in record.get("aliases") or ()), withdrawn=bool(record.get("withdrawn")),
        affected=tuple(affected),
    )  # fmt: skip


def names(record: Advisory, ecosystem: str, name: str, version: str) -> bool:
    """Return whether ``record`` names ``version`` of the package as affected.

    Args:
        record: the advisory; a withdrawn one names nothing.
        ecosystem: in this plugin's words (``python``).
        name: the package's.
        version: exact.

    Raises:
        UnknownError: a version of the record, or ``version``, cannot be put in order, or the record speaks of commits
            only.
    """
    if record.withdrawn:
        return False
    for entry in record.affected:
        package = entry.get("package")
        if not isinstance(package, dict) or not _same(ecosystem, name, package):
            continue
        plain = _plain(ecosystem, version)
        if plain in {_plain(ecosystem, str(v)) for v in entry.get("versions") or ()}:
            return True
        ranges = [r for r in entry.get("ranges") or () if isinstance(r, dict)]
        known = [r for r in ranges if r.get("type") in {"SEMVER", "ECOSYSTEM"}]
        if not known and not entry.get("versions"):
            raise UnknownError(f"{record.id} says in no range of versions what it affects")
        if any(_within(ecosystem, plain, r.get("events") or ()) for r in known):
            return True
    return False


def _same(ecosystem: str, name: str, package: Mapping[str, Any]) -> bool:
    stated = str(package.get("name", ""))
    if str(package.get("ecosystem", "")).partition(":")[0] != ECOSYSTEMS.get(ecosystem):
        return False
    if ecosystem == "python":
        return canonicalize_name(stated) == canonicalize_name(name)
    if ecosystem in {"nuget", "composer", "actions"}:
        return stated.casefold() == name.casefold()
    return stated == name


def _plain(ecosystem: str, version: str) -> str:
    return version.removeprefix("v") if ecosystem in {"go", "actions", "composer"} else version


def _within(ecosystem: str, version: str, events: Any) -> bool:
    """Return whether ``version`` lies in the range of ``events``, evaluated in the order of their versions."""
    order = _order(ecosystem)
    if not isinstance(events, list | tuple) or not all(isinstance(e, dict) and e for e in events):
        raise UnknownError("a range whose events cannot be read")
    mine = _placed(order, version)
    # A fix and a new flaw in the same version: the flaw counts, so it comes last.
    marks = {"fixed": 0, "last_affected": 0, "limit": 0, "introduced": 1}
    steps = []
    for event in events:
        for kind, value in event.items():
            if kind in marks:
                first = kind == "introduced" and value == "0"
                steps.append((kind, None if first else _placed(order, _plain(ecosystem, str(value)))))
    limits = [at for kind, at in steps if kind == "limit"]
    if limits and not any(at is None or mine < at for at in limits):
        return False
    inside = False
    starts = [s for s in steps if s[1] is None]
    for kind, at in [*starts, *_sorted([s for s in steps if s[1] is not None], marks)]:
        if kind == "introduced" and (at is None or mine >= at):
            inside = True
        elif (kind == "fixed" and mine >= at) or (kind == "last_affected" and mine > at):
            inside = False
    return inside


def _sorted(steps: list[tuple[str, Any]], marks: Mapping[str, int]) -> list[tuple[str, Any]]:
    from functools import cmp_to_key

    def compare(one: tuple[str, Any], other: tuple[str, Any]) -> int:
        if one[1] < other[1]:
            return -1
        return 1 if other[1] < one[1] else marks[one[0]] - marks[other[0]]

    return sorted(steps, key=cmp_to_key(compare))


def _placed(order: Callable[[str], Any], version: str) -> Any:
    try:
        return order(version)
    except Exception as error:
        raise UnknownError(f"{version!r} is no version that could be put in order") from error


def _order(ecosystem: str) -> Callable[[str], Any]:
    """Return what makes comparable versions, by each ecosystem's own rules."""
    from univers import versions as v

    found: Mapping[str, Callable[[str], Any]] = {
        "python": v.PypiVersion, "maven": v.MavenVersion, "gradle": v.MavenVersion, "ruby": v.RubygemsVersion,
        "composer": v.ComposerVersion, "nuget": v.NugetVersion,
    }  # fmt: skip
    return found.get(ecosystem, v.SemverVersion)
