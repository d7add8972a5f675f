"""Is CI green on the head commit, as reported by whom the pack names? Zero checks is not green.

With ``checks.require`` each named check must have *run* and succeeded; the same name from another app does not count,
and ``skipped`` or ``neutral`` do not either, although GitHub lets both pass. Without it, everything that reported must
be settled, nothing may have failed, and at least one check must be green.
"""

from __future__ import annotations

from bascule.gates._ask import Answer, allow, block, wait
from bascule.messages import gate_checks as say
from bascule.types import Check, CheckRequirement, CheckResult, GateContext

RULE = "checks"
OWN = "bascule"
"""Bascule's own check run and the job it runs in: left out of the roll-up, or it would wait for itself."""

PENDING = frozenset({"queued", "in_progress", "pending", "waiting", "requested", "expected"})
PASSED_OVER = frozenset({"neutral", "skipped"})


def source(check: CheckResult) -> str:
    """Return who reported: an app's slug, or ``status/LOGIN`` for a commit status. Empty when GitHub does not say."""
    if check.is_status:
        return f"status/{check.creator}" if check.creator else ""
    return check.app or ""


def judge(ctx: GateContext, claimed: frozenset[str]) -> Answer:  # noqa: ARG001 - every gate has one signature
    """Hold the head's checks against ``checks.require``, or the roll-up of all where the pack names none."""
    change, required = ctx.change, ctx.pack.checks.require
    if not change.checks_complete:
        return (block(RULE, say.incomplete()),)
    others = tuple(c for c in change.checks if not _is_own(c))
    if not (change.checks if required else others):
        return (block(RULE, say.nothing_ran(change.head_sha, [r.name for r in required]), where=_where(ctx)),)
    if not required:
        return _rolled_up(others)
    return _as_required(ctx, required)


def _as_required(ctx: GateContext, required: tuple[CheckRequirement, ...]) -> Answer:
    checks = ctx.change.checks
    running = any(c.state in PENDING and not _is_own(c) for c in checks)
    failed: list[Check] = []
    for index, want in enumerate(required):
        answer = _one(want, checks, running, ctx.pack.where(f"checks.require[{index}]"))
        if answer is not None:
            failed.append(answer)
    if failed:
        return tuple(failed)
    # Everything required is green by now, so what is neither green nor passed over was not required.
    also = [c.name for c in checks if c.state not in {"success", *PASSED_OVER} and not _is_own(c)]
    return (allow(RULE, say.green([r.name for r in required], also_failing=also), where=_where(ctx)),)


def _one(want: CheckRequirement, checks: tuple[CheckResult, ...], running: bool, where: str) -> Check | None:
    """Return what is wrong with one required check, or None. Several runs of one name must all be green."""
    named = [c for c in checks if c.name == want.name]
    mine = [c for c in named if source(c).casefold() == want.app.casefold()]
    if not mine:
        if named:
            others = [source(c) or "an unnamed source" for c in named]
            return block(RULE, say.wrong_source(want.name, want.app, others), where=where)
        missing = say.not_reported(want.name, want.app, others_running=running)
        return wait(RULE, missing, where=where) if running else block(RULE, missing, where=where)
    wanted = f"`{want.name}` green ({want.app})"
    broken = [c for c in mine if c.state not in {"success", *PENDING, *PASSED_OVER}]
    if broken:
        return block(RULE, say.failing((say.said(c.name, c.state, source(c)) for c in broken), wanted), where=where)
    unfinished = [c for c in mine if c.state in PENDING]
    if unfinished:
        return wait(RULE, say.pending((say.said(c.name, c.state, source(c)) for c in unfinished), wanted), where=where)
    idle = [c for c in mine if c.state in PASSED_OVER]
    if idle:
        return block(RULE, say.not_run(want.name, idle[0].state, want.app), where=where)
    return None


def _rolled_up(checks: tuple[CheckResult, ...]) -> Answer:
    """Judge all checks together, as a person does who looks for the green tick."""
    wanted = "every check green"
    broken, unfinished, idle, green = [], [], [], []
    for c in sorted(checks, key=lambda c: (c.name, source(c))):
        text = say.said(c.name, c.state, source(c) or "unnamed source")
        if c.state == "success":
            green.append(c.name)
        elif c.state in PENDING:
            unfinished.append(text)
        elif c.state in PASSED_OVER:
            idle.append((c.name, text))
        else:
            broken.append(text)
    failed: list[Check] = []
    if broken:
        failed.append(block(RULE, say.failing(broken, wanted)))
    if unfinished:
        failed.append(wait(RULE, say.pending(unfinished, wanted)))
    if failed:
        return tuple(failed)
    if not green:
        return (block(RULE, say.none_green(text for _, text in idle)),)
    return (allow(RULE, say.green(green, passed_over=[name for name, _ in idle])),)


def _is_own(check: CheckResult) -> bool:
    name = check.name.casefold()
    return name == OWN or name.startswith(f"{OWN}/")


def _where(ctx: GateContext) -> str | None:
    return ctx.pack.where("checks.require") if ctx.pack.checks.require else None
