"""Is every conversation on the change resolved?"""

from __future__ import annotations

from bascule.gates._ask import Answer, allow, block
from bascule.messages import gates as say
from bascule.types import GateContext

RULE = "conversations"


def judge(ctx: GateContext, claimed: frozenset[str]) -> Answer:  # noqa: ARG001 - every gate has one signature
    """Block while a conversation is open: somebody asked something that nobody answered."""
    change = ctx.change
    if change.unresolved_threads:
        return (block(RULE, say.unresolved(change.unresolved_threads)),)
    if not change.threads_complete:
        return (block(RULE, say.threads_incomplete()),)
    return (allow(RULE, "none open"),)
