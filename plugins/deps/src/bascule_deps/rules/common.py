"""What several rules say and ask."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from bascule.kit import Answer, Ask, block

NAMES = {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1}


def unread(ask: Ask) -> Answer | None:
    """Return what blocks where a manifest could not be read: nobody knows what it hides."""
    unread = ask.evidence["unread"]
    if not unread:
        return None
    path, why = next(iter(unread.items()))
    more = f" (and {len(unread) - 1} more)" if len(unread) > 1 else ""
    return block(
        f"`{path}` cannot be read: {why}{more}",
        expected="manifests and lockfiles that can be read on both sides",
        fix="mend the file, or merge by hand",
        paths=tuple(unread),
    )


def told(update: Mapping[str, Any]) -> str:
    """Return an update in words."""
    if update["level"] in {"added", "removed"}:
        return f"{update['name']} {update['after'] or update['before']} is {update['level']} ({update['file']})"
    far = a_step(str(update["level"]))
    if update["copy"]:
        return f"{update['name']} {update['after']} comes beside {update['before']}, {far} ({update['file']})"
    return f"{update['name']} {update['before']} → {update['after']} is {far} ({update['file']})"


def a_step(level: str) -> str:
    """Return a level with its article: "a minor step"."""
    return {"unknown": "a step that cannot be told", "none": "no step"}.get(
        level, f"{'an' if level[0] in 'aeiou' else 'a'} {level}{'' if level == 'downgrade' else ' step'}"
    )


def listed(found: Sequence[str], most: int = 3) -> str:
    """Return at most ``most`` of ``found`` and how many more there are."""
    return "; ".join(found[:most]) + (f"; and {len(found) - most} more" if len(found) > most else "")


def summary(ask: Ask) -> str:
    """Return how many packages move."""
    updates = ask.evidence["updates"]
    names = dict.fromkeys(u["name"] for u in updates)
    return f"{len(names)} package{'' if len(names) == 1 else 's'}" if names else "no dependency moves"


def fits(name: str, patterns: Iterable[str]) -> bool:
    """Return whether ``name`` matches one of the globs, in upper or lower case."""
    return any(fnmatchcase(name.casefold(), p.casefold()) for p in patterns)


def edit(other: Mapping[str, Any]) -> str:
    """Return an edit beside updates in words."""
    name = f"{other['name']} " if other["name"] else ""
    moved = (
        f": {other['before'] or 'nothing'} → {other['after'] or 'nothing'}" if other["before"] or other["after"] else ""
    )
    return f"{name}{other['what']}{moved} ({other['file']})"
