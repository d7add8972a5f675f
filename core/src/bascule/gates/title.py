"""Does the title say what the pack wants it to? Expressions are RE2's: linear time, whatever a pack holds."""

from __future__ import annotations

from bascule import regex
from bascule.gates._ask import Answer, allow, block, error
from bascule.messages import gates as say
from bascule.messages.wording import code
from bascule.types import Check, GateContext

RULE = "title"


def judge(ctx: GateContext, claimed: frozenset[str]) -> Answer:  # noqa: ARG001 - every gate has one signature
    """Search the title for each expression of ``title``; silent where the pack has none."""
    rule, pack, title = ctx.pack.title, ctx.pack, ctx.change.title
    if not rule.require and not rule.deny:
        return ()
    try:
        answer = regex.judge(rule, title)
    except ValueError as problem:  # a pack that was loaded holds none of those, one that was built by hand may
        return (error(RULE, say.bad_expression(str(problem)), where=pack.where("title")),)
    failed: list[Check] = []
    if answer.missing:
        failed.append(block(RULE, say.title_missing(title, answer.missing), where=pack.where("title.require")))
    if answer.found:
        failed.append(block(RULE, say.title_denied(title, answer.found), where=pack.where("title.deny")))
    return tuple(failed) or (allow(RULE, code(title), where=pack.where("title")),)
