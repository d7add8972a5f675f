"""Are the labels that vouch for it there, and none that holds it? Compared without regard to case, as GitHub does."""

from __future__ import annotations

from bascule.gates._ask import Answer, allow, block
from bascule.messages import gates as say
from bascule.types import Check, GateContext

RULE = "labels"
HOLD = "hold"
"""Stops every pack, named in it or not: it is what `/bascule hold` puts on, and a person who says hold is obeyed."""


def judge(ctx: GateContext, claimed: frozenset[str]) -> Answer:  # noqa: ARG001 - every gate has one signature
    """Hold labels against ``labels``; silent where the pack names none. A missing label blocks: a person sets it."""
    rule, pack, number = ctx.pack.labels, ctx.pack, ctx.change.number
    present = {label.casefold() for label in ctx.change.labels}
    if not rule.require and not rule.deny and HOLD not in present:
        return ()
    failed: list[Check] = []
    denied = rule.deny if HOLD in {label.casefold() for label in rule.deny} else (*rule.deny, HOLD)
    held = [label for label in denied if label.casefold() in present]
    if held:
        failed.append(block(RULE, say.labels_denied(held, number), where=pack.where("labels.deny")))
    missing = [label for label in rule.require if label.casefold() not in present]
    if missing:
        failed.append(block(RULE, say.labels_missing(missing, number), where=pack.where("labels.require")))
    if failed:
        return tuple(failed)
    return (allow(RULE, say.labels_ok(rule.require, rule.deny), where=pack.where("labels")),)
