"""Does somebody with write access ask for changes? A request by anybody else is advice."""

from __future__ import annotations

from bascule.gates._ask import Answer, allow, block
from bascule.messages import gates as say
from bascule.messages.wording import count
from bascule.types import GateContext

RULE = "changes_requested"


def judge(ctx: GateContext, claimed: frozenset[str]) -> Answer:  # noqa: ARG001 - every gate has one signature
    """Block while a request for changes that counts is open, by our own reading or by GitHub's decision."""
    change = ctx.change
    if not change.reviews_complete:
        return (block(RULE, say.reviews_incomplete()),)
    asking = [r for r in change.reviews if r.state == "CHANGES_REQUESTED" and r.can_write]
    if asking or change.review_decision == "CHANGES_REQUESTED":
        return (block(RULE, say.changes_requested(r.author.login if r.author else "ghost" for r in asking)),)
    approvals = sum(1 for r in change.reviews if r.state == "APPROVED" and r.can_write)
    return (allow(RULE, f"none, {count(approvals, 'approval')}" if approvals else "none"),)
