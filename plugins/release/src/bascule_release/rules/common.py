"""What several rules share: parameters, and which packages they are asked about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bascule.kit import Answer, Ask, block

GLOBS: Mapping[str, Any] = {
    "type": "array", "minItems": 1, "items": {"type": "string", "minLength": 1, "maxLength": 512}
}  # fmt: skip
TAG: Mapping[str, Any] = {
    "type": "string", "minLength": 1, "maxLength": 200, "pattern": r"^[^\s~^:?*\[\\]*\{version\}[^\s~^:?*\[\\]*$",
    "description": "How a tag is written, such as `v{version}` or `{name}@{version}`; without it, the form that the "
    "repository's tags have.",
}  # fmt: skip
FILES: Mapping[str, Any] = {
    "type": "array", "minItems": 1,
    "items": {
        "type": "object", "additionalProperties": False, "required": ["path", "pattern"],
        "properties": {
            "path": {"type": "string", "minLength": 1, "maxLength": 512},
            "pattern": {"type": "string", "minLength": 1, "maxLength": 1000},
        },
    },
    "description": "More files that state the version: a path or glob, and an RE2 expression whose first group is it.",
}  # fmt: skip


def listed(items: Iterable[str], most: int = 5) -> str:
    """Return the first few of ``items`` and how many more there are."""
    every = list(dict.fromkeys(items))
    more = f" and {len(every) - most} more" if len(every) > most else ""
    return ", ".join(every[:most]) + more


def called(package: Mapping[str, Any]) -> str:
    """Return the package's name or folder with a blank behind it; empty where it is the whole repository."""
    title = package["name"] or package["folder"]
    return f"{title} " if title else ""


def unread(ask: Ask) -> Answer | None:
    """Return what blocks where a file that states a version cannot be read."""
    files = ask.evidence["unread"]
    if not files:
        return None
    return block(
        listed(f"`{path}` cannot be read: {why}" for path, why in files.items()),
        expected="files that state a version in the form that their names promise",
        fix="mend the file, or let a person merge this",
        paths=files,
    )


def packages(ask: Ask) -> Sequence[Mapping[str, Any]] | Answer:
    """Return the packages that get a new version, or what blocks: none does, or a file cannot be read."""
    bad = unread(ask)
    if bad is not None:
        return bad
    found: Sequence[Mapping[str, Any]] = ask.evidence["packages"]
    if not found:
        return block(
            "no file states another version than before",
            expected="a change that releases a version",
            fix="raise the version, or let another scenario's rulepack claim these files; `files` of "
            "release/version-agree names files of other forms that state it",
        )
    return found
