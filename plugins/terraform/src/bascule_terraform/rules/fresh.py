"""The rule on whether a plan is this change's, recent, whole and undisturbed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from bascule.kit import Answer, Ask, allow, block, error
from bascule_terraform.book import book
from bascule_terraform.rules.common import listed
from bascule_terraform.text import constraint, four

_UNITS = {"m": 60, "h": 3600, "d": 86400}
_AHEAD = timedelta(minutes=5)
"""How far a clock elsewhere may be ahead of the judge's."""


@book.rule(
    "fresh",
    "The plan is of this head and base, recent, complete, by a permitted Terraform, and without drift.",
    {
        "max_age": {"type": "string", "pattern": "^[1-9][0-9]{0,5}[mhd]$"},
        "terraform": {"type": "string", "minLength": 1, "maxLength": 100},
        "drift": {"type": "boolean"},
        "incomplete": {"type": "boolean"},
        "sha": {"enum": ["stated", "required"]},
    },
    needs="terraform/plan",
)
def fresh(ask: Ask) -> Iterator[Answer]:
    """Yield everything that is stale or missing; one allow where nothing is."""
    found = [*_shas(ask), *_age(ask), *_version(ask), *_whole(ask)]
    plan = ask.evidence
    yield from found or [allow(f"a plan by Terraform {plan['terraform_version']}, whole and without drift")]


def _shas(ask: Ask) -> Iterator[Answer]:
    for name, own in (("head", ask.change.head_sha), ("base", ask.change.base_sha)):
        stated = ask.evidence.get(f"{name}_sha")
        if stated is None and ask.params.get("sha") == "required":
            yield block(
                f"nobody states of which {name} the plan is", expected=f"a plan of {name} {own[:12]}",
                fix="take the plan from a pinned workflow's run on the newest head and base: update the branch",
            )  # fmt: skip
        elif stated is not None and stated != own:
            yield block(
                f"a plan of {name} {stated[:12]}", expected=f"a plan of {name} {own[:12]}",
                # A re-run plans the old commit, and the merge with the old base, once more.
                fix="let the workflow plan the newest head; where the base has moved, update the branch",
            )  # fmt: skip


def _age(ask: Ask) -> Iterator[Answer]:
    text = ask.evidence.get("made_at") or ask.evidence["timestamp"]
    try:
        made = datetime.fromisoformat(text)
        age = ask.now - made
    except (ValueError, TypeError):
        if "max_age" in ask.params:
            yield block(
                "a plan that does not say when it was made", expected=f"a plan not older than {ask.params['max_age']}",
                fix="plan with Terraform 1.5 or newer, or take the plan from a workflow's artifact",
            )  # fmt: skip
        return
    if age < -_AHEAD:
        yield block(
            f"a plan from the future ({text})", expected="a plan made before it is judged",
            fix="set the clock of the machine that plans, and plan again",
        )  # fmt: skip
    most = ask.params.get("max_age")
    if most is not None and age > timedelta(seconds=int(most[:-1]) * _UNITS[most[-1]]):
        hours = age.total_seconds() / 3600
        yield block(
            f"a plan {hours:.1f} hours old", expected=f"a plan not older than {most}",
            fix="run the plan's workflow again",
        )  # fmt: skip


def _version(ask: Ask) -> Iterator[Answer]:
    wanted, have = ask.params.get("terraform"), ask.evidence["terraform_version"]
    if wanted is None:
        return
    allowed = constraint(wanted)
    if allowed is None:
        yield error(f"`{wanted}` is no version constraint", expected="such as `>= 1.6, < 2`", fix="mend the pack")
    elif not re.match(r"\d+\.\d+", have) or not allowed.admits(four(have)):
        yield block(
            f"a plan by Terraform {have}", expected=f"Terraform {wanted}", fix="plan with a version that is permitted"
        )


def _whole(ask: Ask) -> Iterator[Answer]:
    plan = ask.evidence
    if plan.get("errored"):
        yield block("a plan that ended in an error", expected="a whole plan", fix="mend the error and plan again")
    if plan.get("complete") is False and not ask.params.get("incomplete"):
        yield block(
            "a plan that says it is not complete (targeted, or with deferred changes)", expected="a complete plan",
            fix="plan without `-target`; apply first what it waits for",
        )  # fmt: skip
    if plan.get("applyable") is False and plan["resource_changes"]:
        yield block(
            "a plan that cannot be applied", expected="a plan for `apply`", fix="plan again without -refresh-only"
        )
    if plan["drifted"] and not ask.params.get("drift"):
        yield block(
            f"{plan['drifted']} resources are not as the last apply left them: "
            f"{listed(d['address'] for d in plan['drift'])}",
            expected="no drift",
            fix="find out who changed them, then apply or adopt it in a change of its own",
        )
