"""What several rules share: parameters that choose resources, and sentences that name them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bascule_terraform.text import any_match

GLOBS: Mapping[str, Any] = {
    "type": "array", "minItems": 1, "items": {"type": "string", "minLength": 1, "maxLength": 512}
}  # fmt: skip
CHOICE: Mapping[str, Any] = {
    "type": "object", "additionalProperties": False, "minProperties": 1,
    "properties": {"addresses": GLOBS, "types": GLOBS, "modules": GLOBS},
}  # fmt: skip
"""Resources by globs: one that matches any of the stated lists is meant."""


def chosen(change: Mapping[str, Any], choice: Mapping[str, Any] | None) -> bool:
    """Return whether ``choice`` means ``change``; a resource that moved counts under both addresses."""
    if choice is None:
        return False
    addresses = (change["address"], change["previous_address"] or change["address"])
    return (
        any(any_match(choice.get("addresses", ()), a) for a in addresses)
        or any_match(choice.get("types", ()), change["type"])
        or any_match(choice.get("modules", ()), change["module"])
    )


def listed(items: Iterable[str], most: int = 5) -> str:
    """Return the first few of ``items`` and how many more there are."""
    every = list(dict.fromkeys(items))
    more = f" and {len(every) - most} more" if len(every) > most else ""
    return ", ".join(every[:most]) + more


def named(change: Mapping[str, Any], *, kinds: Iterable[str] = ()) -> str:
    """Return an address with what happens to it and why."""
    notes = [*(kinds or change["kinds"])]
    if change["deposed"]:
        notes.append("deposed object")
    if change["reason"]:
        notes.append(change["reason"].replace("_", " "))
    if "move" in change["kinds"] and change["previous_address"]:
        notes.append(f"from {change['previous_address']}")
    return f"{change['address']} ({', '.join(notes)})"
