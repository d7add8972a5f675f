"""Is GitHub's own auto-merge armed on this change? A note, because GitHub may then merge it before Bascule does.

It fires the moment protection allows, which a relaxation may bring about, and by the method it was armed with; that
must be the pack's.
"""

from __future__ import annotations

from bascule.gates._ask import Answer, allow, block
from bascule.messages import gates as say
from bascule.types import GateContext

RULE = "auto_merge"


def judge(ctx: GateContext, claimed: frozenset[str]) -> Answer:  # noqa: ARG001 - every gate has one signature
    """Note an armed auto-merge; block one whose method is not the pack's; silent where none is armed."""
    armed, wanted = ctx.change.auto_merge, ctx.pack.merge.method
    if armed is None:
        return ()
    method = armed.method.casefold()
    if wanted is not None and method != wanted:
        return (
            block(RULE, say.armed_otherwise(method, wanted, ctx.change.number), where=ctx.pack.where("merge.method")),
        )
    return (allow(RULE, say.armed(method, armed.enabled_by.login if armed.enabled_by else "")),)
