"""What else may change beside dependencies."""

from __future__ import annotations

from bascule.kit import Answer, Ask, allow, block
from bascule_deps.book import CHANGES, book
from bascule_deps.rules.common import NAMES, edit, fits, listed, summary, unread


@book.rule("lockfile-only", "Only lockfiles change: what is asked for stays as it is.", needs=CHANGES)
def lockfile_only(ask: Ask) -> Answer:
    """Block a change of any file that is no lockfile."""
    if (unreadable := unread(ask)) is not None:
        return unreadable
    others = [*ask.evidence["manifests"], *ask.evidence["outside"]]
    if others:
        return block(
            f"{listed([f'`{p}`' for p in others])} changes, which is no lockfile",
            expected="lockfiles only",
            fix="leave it to a person, or refresh the lockfile alone",
            paths=others,
        )
    asked = [o for o in ask.evidence["others"] if o["kind"] == "file"]
    if asked:
        return block(
            listed([f"`{o['file']}`: {o['what']}" for o in asked]), expected="lockfiles that were there and stay",
            fix="leave it to a person", paths=[o["file"] for o in asked],
        )  # fmt: skip
    return allow(f"{len(ask.evidence['locks'])} lockfile(s), {summary(ask)}")


@book.rule(
    "nothing-else",
    "In manifests and lockfiles nothing changes but dependencies, and no other file changes.",
    {
        "files": {**NAMES, "description": "Globs of other files that may change with them."},
        "own-version": {
            "enum": ["block", "allow"],
            "description": "allow: the version of what the manifest itself describes may move with it, as charts need.",
        },
    },
    needs=CHANGES,
)
def nothing_else(ask: Ask) -> Answer:
    """Block whatever travels with an update."""
    if (unreadable := unread(ask)) is not None:
        return unreadable
    spared = {"own-version"} if ask.params.get("own-version") == "allow" else set()
    others = [
        o
        for o in ask.evidence["others"]
        if o["kind"] not in spared and (o["kind"] not in {"source", "registry"} or not o["name"])
    ]
    outside = [p for p in ask.evidence["outside"] if not fits(p, ask.params.get("files", ()))]
    if not others and not outside:
        return allow("nothing but dependencies changes")
    found = [*[f"`{p}`" for p in outside], *[edit(o) for o in others]]
    return block(
        listed(found), expected="dependencies, and nothing else", fix="split the rest into a pull request of its own",
        paths=dict.fromkeys([*outside, *(o["file"] for o in others)]),
    )  # fmt: skip
