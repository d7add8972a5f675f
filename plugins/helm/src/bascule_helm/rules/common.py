"""What several rules share: globs of kinds, patterns of paths, sentences that name objects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any

from bascule.kit import Pattern

TEXT: Mapping[str, Any] = {"type": "string", "minLength": 1, "maxLength": 512}
TEXTS: Mapping[str, Any] = {"type": "array", "items": TEXT, "uniqueItems": True}
KINDS = TEXTS
PATHS_BY_KIND: Mapping[str, Any] = {
    "type": "object", "minProperties": 1, "additionalProperties": {**TEXTS, "minItems": 1}
}  # fmt: skip
_LABELS = ('["helm.sh/chart"]', '["app.kubernetes.io/version"]', ".chart", ".heritage")
NOISE: tuple[str, ...] = tuple(
    f"{place}labels{label}"
    for place in ("metadata.", "spec.template.metadata.", "spec.jobTemplate.metadata.",
                  "spec.jobTemplate.spec.template.metadata.")
    for label in _LABELS
)  # fmt: skip
"""Labels that follow the chart's version and name it, and decide nothing."""
ECHOES: tuple[str, ...] = (
    *NOISE,
    *(f"{place}metadata.annotations.checksum/*" for place in ("", "spec.template.", "spec.jobTemplate.spec.template.")),
)
"""These, and the digests of other templates that annotations hold so that pods start anew; they show nothing."""


@lru_cache(maxsize=512)
def kind_match(globs: tuple[str, ...], group: str, kind: str) -> bool:
    """Return whether a glob matches ``Kind`` or ``group/Kind`` (``core/Pod`` for the nameless group)."""
    names = (kind, f"{group or 'core'}/{kind}")
    return any(fnmatchcase(name, glob) for glob in globs for name in names)


@lru_cache(maxsize=512)
def patterns(texts: tuple[str, ...]) -> tuple[Pattern, ...]:
    """Return the patterns; raises ValueError for one that cannot be read."""
    return tuple(Pattern(text) for text in texts)


def hits(texts: tuple[str, ...], steps: Iterable[Any]) -> bool:
    """Return whether one of the patterns matches the path ``steps``."""
    return bool(texts) and _hits(texts, tuple(steps))


@lru_cache(maxsize=20_000)
def _hits(texts: tuple[str, ...], path: tuple[str | int, ...]) -> bool:
    # Of all the paths in all the objects of a repository's charts few differ: most questions were asked before.
    return any(p.match(path) for p in patterns(texts))


def edits_of(item: Mapping[str, Any], ignore: tuple[str, ...]) -> list[Mapping[str, Any]]:
    """Return the edits of an object that are not among what is ignored.

    Nor is a selector that picks the same objects as before, unless nothing is to be ignored.
    """
    return [e for e in item["edits"] if not ignore or not (e["state"] == "follows" or hits(ignore, e["steps"]))]


def quiet(item: Mapping[str, Any], ignore: tuple[str, ...]) -> bool:
    """Return whether an object differs only where it is ignored."""
    return item["status"] == "changed" and not item["more"] and not edits_of(item, ignore)


def named(item: Mapping[str, Any], detail: str = "") -> str:
    """Return an object for people: ``Deployment/shop`` with its namespace and the values that it shows up with."""
    space = f"{item['namespace']}/" if item.get("namespace") else ""
    values = [v for v in item.get("values", ()) if v]
    within = f" (with {values[0]}{f' and {len(values) - 1} more' if len(values) > 1 else ''})" if values else ""
    return f"{item['kind']}/{space}{item['name']}{within if '' not in item.get('values', ()) else ''}{detail}"


def listed(items: Iterable[str], most: int = 5) -> str:
    """Return the first few of ``items`` and how many more there are."""
    every = list(dict.fromkeys(items))
    more = f" and {len(every) - most} more" if len(every) > most else ""
    return ", ".join(every[:most]) + more
