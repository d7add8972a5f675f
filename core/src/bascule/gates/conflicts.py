"""Does it merge cleanly, as far as GitHub knows?"""

from __future__ import annotations

from bascule.gates._ask import Answer, allow, block, wait
from bascule.messages import gates as say
from bascule.types import GateContext

RULE = "conflicts"


def judge(ctx: GateContext, claimed: frozenset[str]) -> Answer:  # noqa: ARG001 - every gate has one signature
    """Block conflicts; wait while GitHub is still computing; block words that are not known here."""
    change = ctx.change
    if change.mergeable == "MERGEABLE":
        return (allow(RULE, "merges cleanly"),)
    if change.mergeable == "CONFLICTING":
        return (block(RULE, say.conflicting(change.base_ref, change.number)),)
    if change.mergeable == "UNKNOWN":
        return (wait(RULE, say.merge_unknown()),)
    return (block(RULE, say.merge_odd(change.mergeable)),)
