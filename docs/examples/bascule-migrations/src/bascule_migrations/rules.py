"""What a change of migrations may do: a function for each rule, with its parameters' schema beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from bascule.kit import Answer, Ask, Trees, allow, block, prove
from bascule.types import DryRunContext, Evidence
from bascule_migrations import sql
from bascule_migrations.book import book

# With the rules in it; so the hooks take it from here.
__all__ = ["book"]

FILES = ("migrations/*.sql", "**/migrations/*.sql")


@book.rule("kept", "No migration is edited, renamed or removed.")
def kept(ask: Ask) -> Answer:
    """Judge by the list of files: what ran somewhere must stay what it was."""
    touched = [f.previous_path or f.path for f in ask.change.files if f.status != "added"]
    if touched:
        return block(
            f"changed after it was written: {', '.join(touched)}",
            expected="migrations are only added",
            fix="put it back as it was, and write a new migration",
            paths=touched,
        )
    return allow(f"{len(ask.change.files)} new, none touched")


@book.rehearsal("migrations/new")
def new(ctx: DryRunContext) -> Iterator[Evidence]:
    """Yield the highest number there was, and the number and statements of each new migration."""
    sides = Trees.of(ctx)
    old = sides.before.files(*FILES)
    fresh = {}
    for path in sides.after.files(*FILES):
        if path not in old:
            found = sql.statements(sides.after.text(path) or "")
            fresh[path] = {"number": _number(path), "statements": [{"kind": k, "words": w} for k, w in found]}
    highest = max((_number(path) for path in old), default=0)
    yield prove(ctx, "migrations/new", {"highest": highest, "new": fresh}, f"{len(fresh)} new after {highest}")


def _number(path: str) -> int:
    found = re.match(r"V?(\d+)", PurePosixPath(path).name)
    return int(found[1]) if found else 0


@book.rule(
    "ordered", "Every new migration has a number of its own, higher than all that were there.", needs="migrations/new"
)
def ordered(ask: Ask) -> Answer:
    """Judge by the numbers that names start with."""
    highest = ask.evidence["highest"]
    seen: set[int] = set()
    for path, migration in ask.evidence["new"].items():
        number = migration["number"]
        if number <= highest or number in seen:
            return block(
                f"{path} has the number {number or 'none'}",
                expected=f"a number above {max([highest, *seen])}",
                fix="rename it; somebody merged another migration meanwhile",
                paths=[path],
            )
        seen.add(number)
    return allow(f"{len(seen)} after {highest}")


@book.rule(
    "additive",
    "Every statement of a new migration only adds.",
    {"only": {"type": "array", "items": {"enum": list(sql.KINDS)}, "minItems": 1}},
    needs="migrations/new",
)
def additive(ask: Ask) -> Iterator[Answer]:
    """Judge each new migration by its statements."""
    accepted = ask.params.get("only", sql.KINDS)
    for path, migration in ask.evidence["new"].items():
        wrong = [s["words"] for s in migration["statements"] if s["kind"] not in accepted]
        if wrong:
            yield block(
                f"{path}: {wrong[0]}",
                expected=f"statements that only add ({', '.join(accepted)})",
                fix="split it: merge what adds, and let a person merge the rest when nothing uses it any more",
                paths=[path],
            )
    yield allow(f"{len(ask.evidence['new'])} new migrations read")
