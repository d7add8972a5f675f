"""What an update must not bring with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bascule.kit import Answer, Ask, allow, block
from bascule_deps.book import CHANGES, book
from bascule_deps.rules.common import NAMES, edit, fits, listed, summary, told, unread

_BESIDES = ("source", "registry", "script", "integrity", "content", "claim", "override")


@book.rule(
    "known",
    "No new package, no new source or registry, no install script, no content without a hash that had one.",
    {
        "transitive": {"enum": ["known", "any"], "description": "any: packages nobody asks for directly may be new."},
        "allow": {**NAMES, "description": "Globs of names that may be new."},
        "except": {
            "type": "array", "items": {"enum": list(_BESIDES)}, "uniqueItems": True,
            "description": "Kinds of edits beside updates that are accepted.",
        },
    },
    needs=CHANGES,
)  # fmt: skip
def known(ask: Ask) -> Iterator[Answer]:
    """Block what an update should not bring with it."""
    if (unreadable := unread(ask)) is not None:
        yield unreadable
        return
    spared, free = ask.params.get("allow", ()), ask.params.get("transitive", "known") == "any"
    fresh = [
        u
        for u in ask.evidence["updates"]
        if (u["level"] == "added" or u["copy"]) and not fits(u["name"], spared) and not (free and u["direct"] is False)
    ]
    if fresh:
        yield block(
            listed([_arrives(u) for u in fresh]),
            expected="packages that were there before, and of each as many versions at once",
            fix="let a person look at the new package",
            paths=dict.fromkeys(u["file"] for u in fresh),
        )
    kinds = [k for k in _BESIDES if k not in ask.params.get("except", ())]
    besides = [o for o in ask.evidence["others"] if o["kind"] in kinds]
    if besides:
        yield block(
            listed([edit(o) for o in besides]),
            expected="the same sources, registries, scripts and hashes as before",
            fix="find out who changed that and why; a plain update does not",
            paths=dict.fromkeys(o["file"] for o in besides),
        )
    if not fresh and not besides:
        yield allow(f"{summary(ask)}, all known, from where they came from before")


def _arrives(update: Mapping[str, Any]) -> str:
    if update["copy"]:
        return told(update)
    version = f" {update['after']}" if update["after"] else ""
    return f"{update['name']}{version} is new ({update['file']})"
