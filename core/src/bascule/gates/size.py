"""Is the change small enough? Counted over the whole change, so that it cannot hide behind two packs."""

from __future__ import annotations

from bascule.gates._ask import Answer, allow, block
from bascule.messages import gate_people
from bascule.messages import gates as say
from bascule.messages.wording import count
from bascule.types import Check, GateContext

RULE = "size"


def judge(ctx: GateContext, claimed: frozenset[str]) -> Answer:  # noqa: ARG001 - the whole change, claimed or not
    """Hold files, lines and commits against ``size``; silent where the pack sets no limit."""
    change, pack, limit = ctx.change, ctx.pack, ctx.pack.size
    failed: list[Check] = []
    seen: list[str] = []
    lines = sum(f.additions + f.deletions for f in change.files)
    for noun, found, most in (
        ("file", len(change.files), limit.files),
        ("line", lines, limit.lines),
        ("commit", len(change.commits), limit.commits),
    ):
        if most is None:
            continue
        seen.append(f"{count(found, noun)} of {most:,}")
        if found > most:
            failed.append(block(RULE, say.too_big(noun, found, most), where=pack.where(f"size.{noun}s")))
    binaries = tuple(f.path for f in change.files if f.binary)
    if limit.lines is not None and binaries and "binaries" not in pack.files.special:
        # They count 0 lines: a limit on lines would let a binary of any size pass.
        failed.append(block(RULE, say.unmeasured(binaries), where=pack.where("size.lines"), paths=binaries))
    if limit.commits is not None and not change.commits_complete:
        failed.append(
            block(RULE, gate_people.commits_incomplete(len(change.commits)), where=pack.where("size.commits"))
        )
    if failed or not seen:
        return tuple(failed)
    return (allow(RULE, ", ".join(seen), where=pack.where("size")),)
