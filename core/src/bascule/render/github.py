"""Workflow commands: what a run says to GitHub Actions, as annotations on files."""

from __future__ import annotations

from bascule.render.facts import facts, headline, located, name, not_restored
from bascule.render.spans import plain
from bascule.types import Check, Result, RunStatus, Status

MOST = 10
"""Annotations of one kind that GitHub shows for one step; more are dropped there without a word."""


def workflow_commands(result: Result) -> tuple[str, ...]:
    """Return the lines to print: ``::error file=...,line=...,title=...::message``.

    A failing check is an error on the changed file it is about, else on the line of the rulepack that asked; a waiting
    one is a notice, so that a run that only waits shows no red cross. An open window or a failed run comes first.
    """
    loud = not_restored(result) or result.status is RunStatus.FAILED
    errors = [_command("error", headline(result))] if loud else []
    errors += [_command("error", alarm, title="Bascule: alarm") for alarm in result.alarms]
    notices = []
    for check in facts(result).open:
        if check.status is Status.WAIT:
            notices.append(_command("notice", _sentence(check), title=f"Bascule waits: {name(check)}", check=check))
        else:
            errors.append(_command("error", _sentence(check), title=f"Bascule: {name(check)}", check=check))
    return (*_capped("error", errors), *_capped("notice", notices))


def _sentence(check: Check) -> str:
    expected = f" Expected: {check.expected}." if check.expected else ""
    return f"{check.found}.{expected} Fix: {check.fix}"


def _capped(kind: str, lines: list[str]) -> list[str]:
    if len(lines) <= MOST:
        return lines
    rest = len(lines) - MOST + 1
    return [*lines[: MOST - 1], _command(kind, f"{rest} more: see the log of this step")]


def _command(kind: str, message: str, *, title: str = "Bascule", check: Check | None = None) -> str:
    properties = {"title": plain(title)}
    if check is not None and check.paths:
        properties = {"file": check.paths[0], **properties}
    elif check is not None and check.where:
        path, line, column = located(check.where)
        properties = {
            "file": path,
            **({"line": str(line)} if line else {}),
            **({"col": str(column)} if column else {}),
            **properties,
        }
    listed = ",".join(f"{key}={_property(plain(value))}" for key, value in properties.items())
    return f"::{kind} {listed}::{_data(plain(message))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
