"""``bascule slo``: objectives, and how the judge would have decided."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from bascule.errors import ConfigError, ExitCode, Problem, UsageError

_BACKTEST = """Judge recorded cases, one JSON object a line, and write one verdict a line in the same order.

CASES is a file, or - for stdin; docs/reference/slo.md has the format. A line that is no case gets no verdict and is
listed at the end; all others are judged. Exit code 0 when all were judged, 2 when a line was not.

\b
Example:
  bascule slo backtest cases.jsonl
  bascule slo backtest - < cases.jsonl > verdicts.jsonl
"""


@click.group(epilog="Start with: bascule slo backtest cases.jsonl")
def slo() -> None:
    """Objectives, and how the judge decides on them."""


@slo.command(help=_BACKTEST, short_help="Judge recorded cases.")
@click.argument("cases")
@click.option("--json", "_as_json", is_flag=True, help="The verdicts are JSON lines either way.")
def backtest(cases: str, _as_json: bool) -> int:
    """Judge recorded cases."""
    from bascule.messages import slo_cases as say
    from bascule.slo.cases import judged

    problems: list[Problem] = []
    good = 0
    with _lines(cases) as lines:
        for line in judged(lines, "stdin" if cases == "-" else cases):
            if line.problem is not None:
                problems.append(line.problem)
                continue
            good += 1
            click.echo(json.dumps(line.row, ensure_ascii=False))
    if problems:
        message, fix = say.bad_lines(len(problems), good)
        raise ConfigError(message, problems, hint=fix)
    return ExitCode.DONE


@contextmanager
def _lines(name: str) -> Iterator[Iterator[str]]:
    """Yield the lines of a file or of stdin; bytes that are not UTF-8 are kept and fail as JSON of their line."""
    if name == "-":
        yield iter(io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8", errors="surrogateescape"))
        return
    try:
        file = open(name, encoding="utf-8", errors="surrogateescape")  # noqa: PTH123, SIM115 - closed below
    except OSError as error:
        raise UsageError(error.strerror or "cannot be read", where=name, hint="check the path") from error
    with file:
        yield iter(file)
