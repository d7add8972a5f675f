"""Is the pack meant for this base branch?"""

from __future__ import annotations

from bascule.gates._ask import Answer, allow, block
from bascule.globs import globs
from bascule.messages import gates as say
from bascule.messages.wording import code
from bascule.types import GateContext

RULE = "branch"


def judge(ctx: GateContext, claimed: frozenset[str]) -> Answer:  # noqa: ARG001 - every gate has one signature
    """Hold the base branch against ``match.branches``; silent where the pack names none."""
    wanted, base = ctx.pack.match.branches, ctx.change.base_ref
    if not wanted:
        return ()
    if globs(wanted).match(base):
        return (allow(RULE, code(base)),)
    return (block(RULE, say.branch(base, wanted), where=ctx.pack.where("match.branches")),)
