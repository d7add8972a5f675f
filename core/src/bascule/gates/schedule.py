"""Is this a time at which the pack merges?"""

from __future__ import annotations

from datetime import UTC

from bascule.gates._ask import Answer, allow, error, wait
from bascule.gates.weekly import Weekly
from bascule.messages import gates as say
from bascule.types import GateContext

RULE = "schedule"


def judge(ctx: GateContext, claimed: frozenset[str]) -> Answer:  # noqa: ARG001 - every gate has one signature
    """Wait outside ``schedule.merge``, and say when it opens; silent where the pack has none."""
    rule, pack = ctx.pack.schedule, ctx.pack
    if not rule.merge:
        return ()
    where = pack.where("schedule.merge")
    try:
        weekly = Weekly.parse(rule.merge, rule.timezone)
    except ValueError as problem:
        return (error(RULE, say.bad_schedule(str(problem)), where=where),)
    now = f"{ctx.now.astimezone(weekly.zone):%a %H:%M}"
    if weekly.is_open(ctx.now):
        return (allow(RULE, f"{now}, within {rule.merge} ({rule.timezone})", where=where),)
    opens = weekly.opens(ctx.now)
    text = f"{opens.astimezone(UTC):%a %d %b %H:%M} UTC" if opens else ""
    return (
        wait(
            RULE, say.outside_hours(now, rule.merge, rule.timezone, text), where=where,
            eligible_at=opens.astimezone(UTC).isoformat() if opens else None,
        ),
    )  # fmt: skip
