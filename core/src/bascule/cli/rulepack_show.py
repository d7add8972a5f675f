"""How ``bascule rulepack`` shows what it found: text, annotations for Actions, rows of ``--json``."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from bascule.errors import Problem

if TYPE_CHECKING:
    from bascule.rulepack.trial import Outcome
    from bascule.types import Rulepack


def print_outcomes(packs: Sequence[Rulepack], outcomes: Sequence[Outcome]) -> None:
    """Print every outcome that is not as expected with its verdict, then the count."""
    from bascule.render.tree import tree

    for outcome in outcomes:
        if not outcome.ok:
            because = f" because of {outcome.because}" if outcome.because else ""
            got = outcome.verdict.status.value
            reasons = f" because of {', '.join(outcome.reasons)}" if outcome.reasons else ""
            click.echo(f"{outcome.where}: {outcome.pack}, example {outcome.example!r}")
            click.echo(f"  expected {outcome.expected}{because}, got {got}{reasons}")
            click.echo("".join(f"    {line}\n" for line in tree(outcome.verdict).splitlines()))
    for pack in packs:
        if not pack.examples:
            click.echo(f"{pack.path} has no examples; add some under `examples:`")
    good = sum(o.ok for o in outcomes)
    click.echo(f"{count(len(outcomes), 'example')}: {good} as expected" + _others(len(outcomes) - good))


def _others(count: int) -> str:
    return f", {count} not" if count else ""


def count(number: int, word: str) -> str:
    """Return ``1 word`` or ``2 words``."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def annotate(problems: Sequence[Problem]) -> None:
    """In Actions, mark each problem at its line of the file."""
    if os.environ.get("GITHUB_ACTIONS") != "true":
        return
    for problem in problems:
        file, line, column = [*problem.where.rsplit(":", 2), "", ""][:3]
        place = f"file={_property(file)},line={line},col={column}" if column.isdigit() else f"file={_property(file)}"
        text = f"{problem.message} - {problem.fix}" if problem.fix else problem.message
        click.echo(f"::error {place},title=rulepack::{_data(text)}")


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def pack_row(pack: Rulepack) -> dict[str, Any]:
    """Return a pack for ``--json``."""
    return {
        "name": pack.name,
        "path": pack.path,
        "scenario": pack.scenario,
        "mode": pack.mode.value,
        "extends": list(pack.extends),
        "sha256": pack.sha256,
        "loosen": pack.loosen,
        "loosened": list(pack.loosened),
    }


def problem_row(problem: Problem) -> dict[str, str]:
    """Return a problem for ``--json``."""
    return {"where": problem.where, "message": problem.message, "fix": problem.fix}


def outcome_row(outcome: Outcome) -> dict[str, Any]:
    """Return an example's outcome for ``--json``."""
    from bascule import wire

    return {
        "pack": outcome.pack,
        "example": outcome.example,
        "where": outcome.where,
        "expected": outcome.expected,
        "because": outcome.because,
        "got": outcome.verdict.status.value,
        "reasons": list(outcome.reasons),
        "ok": outcome.ok,
        "verdict": wire.dump(outcome.verdict),
    }


def print_json(document: dict[str, Any]) -> None:
    """Print ``document`` with its ``schema_version``."""
    click.echo(json.dumps({"schema_version": 1, **document}, indent=2, ensure_ascii=False))
