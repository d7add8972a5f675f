"""The scenario ``cel``: one rule, whose expression a pack states."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from bascule import expressions, wire
from bascule.kit import Answer, Ask, Book, allow, block, error, wait
from bascule.messages import cel as say
from bascule.types import Evidence

book = Book(
    "cel",
    package="bascule.scenarios.cel",
    summary="Changes judged by expressions that a pack states: the rule for what no other rule says.",
    fits=(),
)


@book.rule(
    "expression",
    "The expression is true of the change and its evidence.",
    {
        "type": "object",
        "properties": {
            "expression": {"type": "string", "format": "cel", "minLength": 1},
            "message": {"type": "string", "minLength": 1, "description": "What is said when it is false."},
            "fix": {"type": "string", "minLength": 1, "description": "What a person does then."},
            "needs": {
                "type": "array",
                "items": {"type": "string", "pattern": "^[a-z0-9-]+/[a-z0-9-]+$"},
                "uniqueItems": True,
                "description": "Kinds of evidence without which it cannot be asked.",
            },
        },
        "required": ["expression"],
        "additionalProperties": False,
    },
)
def expression(ask: Ask) -> Answer:
    """Evaluate the expression; anything but true does not allow."""
    text = str(ask.params["expression"])
    have = {e.kind for e in ask.ctx.evidence}
    missing = [kind for kind in ask.params.get("needs", ()) if kind not in have]
    if missing:
        told = say.waits(missing)
        return wait(told.found, expected=told.expected, fix=told.fix)
    try:
        found = expressions.evaluate(text, variables(ask))
    except (ValueError, TypeError, RuntimeError, KeyError, IndexError, OverflowError, ArithmeticError) as wrong:
        told = say.fails(text, " ".join(str(wrong).split()))
        return error(told.found, expected=told.expected, fix=told.fix)
    if found is True:
        return allow((ask.params.get("message") and say.holds(str(ask.params["message"]))) or say.true(text))
    if found is False:
        told = say.false(text, str(ask.params.get("message", "")), str(ask.params.get("fix", "")))
        return block(told.found, expected=told.expected, fix=told.fix)
    told = say.no_answer(text, type(found).__name__)
    return error(told.found, expected=told.expected, fix=told.fix)


def variables(ask: Ask) -> dict[str, Callable[[], Any]]:
    """Return what an expression can name, ``change``, ``evidence``, ``pack``, ``now``: functions that make the values.

    ``evidence`` is by kind (``evidence["terraform/plan"]``) and, where only one kind ends like that, by the short name
    (``evidence.plan``).
    """
    return {
        "change": lambda: wire.dump(ask.change),
        "evidence": lambda: by_name(ask.ctx.evidence),
        "pack": lambda: {"name": ask.pack.name, "scenario": ask.pack.scenario, "mode": ask.pack.mode.value},
        "now": lambda: ask.now,
    }


def by_name(evidence: tuple[Evidence, ...]) -> Mapping[str, Any]:
    """Return the data of ``evidence`` by kind, and by the last part of the kind where that is unique."""
    short = Counter(e.kind.rpartition("/")[2] for e in evidence)
    whole = {e.kind: dict(e.data) for e in evidence}
    return {**whole, **{n: dict(e.data) for e in evidence if short[n := e.kind.rpartition("/")[2]] == 1}}
