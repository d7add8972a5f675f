"""Are all files that the pack claims allowed, under every name they have, and ordinary files?

A rename counts under its old and its new name: otherwise moving a file out of a guarded folder would pass.
"""

from __future__ import annotations

from collections.abc import Iterable

from bascule.gates._ask import Answer, allow, block
from bascule.globs import globs, is_utf8
from bascule.messages import gates as say
from bascule.types import Check, FileChange, FileKind, GateContext, Rulepack

RULE = "files"


def judge(ctx: GateContext, claimed: frozenset[str]) -> Answer:
    """Hold the claimed paths against ``files``; the list itself must be complete, not empty, and readable."""
    change, pack = ctx.change, ctx.pack
    failed: list[Check] = []
    if not change.files_complete:
        failed.append(block(RULE, say.files_incomplete(len(change.files), change.files_note)))
    elif not change.files:
        failed.append(block(RULE, say.no_files()))
    paths = change.paths
    # Judged for the whole change: a glob cannot claim such a name, so no pack would ever speak about it.
    unreadable = [p for p in paths if not is_utf8(p)]
    if unreadable:
        failed.append(block(RULE, say.not_utf8(unreadable)))
    mine = [p for p in paths if p in claimed and (not unreadable or is_utf8(p))]
    if change.files and not mine and not unreadable:
        failed.append(block(RULE, say.none_claimed(pack.name), where=pack.where("match.files")))
    failed.extend(_named(mine, pack))
    failed.extend(_special(change.files, claimed, pack))
    if failed:
        return tuple(failed)
    return (allow(RULE, say.files_ok(len(mine)), where=pack.where("files.only")),)


def _named(mine: list[str], pack: Rulepack) -> Iterable[Check]:
    """Yield what ``files.only`` leaves out and what ``files.deny`` names."""
    rule = pack.files
    for patterns in rule.sets:
        only = globs(patterns)
        outside = () if only.all_match(mine) else tuple(p for p in mine if not only.match(p))
        if outside:
            # A list that came with a template has its own place.
            key = "files.only" if patterns == rule.only else f"files.only_all[{rule.only_all.index(patterns)}]"
            yield block(RULE, say.outside(outside, patterns), where=pack.where(key), paths=outside)
    if rule.deny:
        deny = globs(rule.deny)
        hits = tuple((p, deny.which(p) or "") for p in mine if deny.match(p)) if deny.any_match(mine) else ()
        if hits:
            first = rule.deny.index(hits[0][1]) if hits[0][1] in rule.deny else 0
            yield block(
                RULE, say.denied_files(hits), where=pack.where(f"files.deny[{first}]"), paths=tuple(p for p, _ in hits)
            )


def _special(files: tuple[FileChange, ...], claimed: frozenset[str], pack: Rulepack) -> Iterable[Check]:
    """Yield claimed links, submodules and mode changes that ``files.special`` does not permit."""
    regular = FileKind.REGULAR
    found: dict[str, list[str]] = {"symlinks": [], "submodules": [], "modes": []}
    for file in files:
        before, after = file.kind_before, file.kind_after
        if (before is regular and after is regular) or claimed.isdisjoint(file.paths):
            continue
        if FileKind.SYMLINK in (before, after):
            found["symlinks"].append(file.path)
        if FileKind.SUBMODULE in (before, after):
            found["submodules"].append(file.path)
        if {before, after} == {FileKind.REGULAR, FileKind.EXECUTABLE}:
            found["modes"].append(file.path)
    for kind, paths in found.items():
        if paths and kind not in pack.files.special:
            yield block(RULE, say.special(kind, paths), where=pack.where("files.special"), paths=tuple(sorted(paths)))
