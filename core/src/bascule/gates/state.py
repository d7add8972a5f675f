"""Is there still something to merge? Open, not merged, in a repository that can be written to."""

from __future__ import annotations

from bascule.gates._ask import Answer, allow, block
from bascule.messages import gates as say
from bascule.types import GateContext

RULE = "state"


def judge(ctx: GateContext, claimed: frozenset[str]) -> Answer:  # noqa: ARG001 - every gate has one signature
    """Allow an open pull request only."""
    change = ctx.change
    if change.repo.archived:
        return (block(RULE, say.archived()),)
    if change.merged_sha or change.state == "merged":
        return (block(RULE, say.merged(change.merged_sha or "")),)
    if change.state == "closed":
        return (block(RULE, say.closed(change.number)),)
    if change.state != "open":
        return (block(RULE, say.odd_state(change.state)),)
    return (allow(RULE, "open"),)
