"""What the rule ``cel/expression`` says."""

from __future__ import annotations

from collections.abc import Sequence

from bascule.messages.kit import Say
from bascule.messages.wording import code, listed

_SHOWN = 160


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1]}…"


def waits(missing: Sequence[str]) -> Say:
    """Evidence that the expression needs is not there."""
    return Say(
        f"no evidence {listed(missing)} yet",
        f"the evidence {listed(missing)}",
        "look at the rehearsal's own check; where evidence comes from elsewhere, wait for it or give it",
    )


def fails(expression: str, why: str) -> Say:
    """The expression cannot be evaluated on this change."""
    return Say(
        f"{code(_short(expression))} cannot be evaluated: {why}",
        "an expression that is true or false of every change",
        'guard what may be missing, for instance `has(change.body)` or `"plan" in evidence`',
    )


def true(expression: str) -> str:
    """It holds."""
    return f"{code(_short(expression))} is true"


def holds(message: str) -> str:
    """It holds, in the pack's words."""
    return f"holds: {message}"


def false(expression: str, message: str, fix: str) -> Say:
    """It does not hold."""
    return Say(
        message or f"{code(_short(expression))} is false",
        f"{code(_short(expression))} to be true",
        fix or "change what makes it false, or let a person merge",
    )


def no_answer(expression: str, kind: str) -> Say:
    """It gives something else than true or false."""
    return Say(
        f"{code(_short(expression))} gives a value of type {kind}", "true or false", "compare the value with something"
    )
