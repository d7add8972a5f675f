"""Does its author call it ready?"""

from __future__ import annotations

from bascule.gates._ask import Answer, allow, block
from bascule.messages import gates as say
from bascule.types import GateContext

RULE = "draft"


def judge(ctx: GateContext, claimed: frozenset[str]) -> Answer:  # noqa: ARG001 - every gate has one signature
    """Block drafts: only a person ends that, so it is not a matter of waiting."""
    if ctx.change.draft:
        return (block(RULE, say.draft(ctx.change.number)),)
    return (allow(RULE, "ready for review"),)
