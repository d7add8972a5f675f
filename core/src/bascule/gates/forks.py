"""Does the head live in this repository? Compared by id: names of repositories can be taken over, ids cannot."""

from __future__ import annotations

from bascule.gates._ask import Answer, allow, block
from bascule.messages import gate_people as say
from bascule.types import GateContext

RULE = "forks"


def judge(ctx: GateContext, claimed: frozenset[str]) -> Answer:  # noqa: ARG001 - every gate has one signature
    """Block heads from elsewhere, a deleted fork included, unless ``forks.allow`` is true."""
    change = ctx.change
    if not change.from_fork:
        return (allow(RULE, "a branch of this repository"),)
    deleted = change.head_repo_id is None
    if not ctx.pack.forks.allow:
        return (block(RULE, say.fork(deleted), where=ctx.pack.where("forks.allow")),)
    return (allow(RULE, "a fork, as forks.allow permits", where=ctx.pack.where("forks.allow")),)
