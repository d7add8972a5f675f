"""``bascule slo``: objectives, and how the judge would have decided."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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
_EXPLAIN = """Show what objectives ask, the queries that they become, and what a watch could see.

FILE is an OpenSLO v1 file. Exit code 0 when all of it can be used, 2 when there is a problem.

\b
Example:
  bascule slo explain slo/checkout.yml
  bascule slo explain slo/checkout.yml --traffic 600
"""
_IMPORT = """Turn a Sloth or Pyrra file into OpenSLO, on stdout.

\b
Example:
  bascule slo import sloth.yml > slo/checkout.yml
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


@slo.command(help=_EXPLAIN, short_help="Show objectives, their queries, and what a watch can see.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--traffic", type=click.FloatRange(min=0), metavar="N", help="Requests a minute.")
@click.option("--watch", "minutes", type=click.IntRange(1, 1440), default=60, show_default=True, help="Minutes.")
@click.option("--block", type=click.IntRange(1, 3600), default=30, show_default=True, help="Seconds a block.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def explain(file: Path, traffic: float | None, minutes: int, block: int, as_json: bool) -> int:
    """Show objectives."""
    from bascule.messages import slo_explain as say
    from bascule.messages.slo_files import unusable
    from bascule.slo.explain import explained
    from bascule.slo.openslo import load

    found = load(_read(file), str(file))
    if found.problems:
        message, fix = unusable(len(found.problems), [str(file)])
        raise ConfigError(message, found.problems, hint=fix)
    rows = [
        explained(o, traffic=traffic, minutes=minutes, block=block, among=len(found.objectives))
        for o in found.objectives
    ]
    if as_json:
        click.echo(json.dumps({"schema_version": 1, "objectives": rows, "ignored": list(found.ignored)}, indent=2))
        return ExitCode.DONE
    for line in say.lines(rows, found.ignored):
        click.echo(line)
    return ExitCode.DONE


@slo.command("import", help=_IMPORT, short_help="Turn a Sloth or Pyrra file into OpenSLO.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def import_(file: Path, as_json: bool) -> int:
    """Turn a file into OpenSLO."""
    from bascule.messages.slo_files import unusable
    from bascule.slo.imported import as_yaml, to_openslo
    from bascule.slo.openslo import load

    slos = to_openslo(_read(file), str(file))
    text = as_yaml(slos)
    problems = load(text, f"{file} as OpenSLO").problems
    if problems:
        message, fix = unusable(len(problems), [str(file)])
        raise ConfigError(message, problems, hint=fix)
    click.echo(json.dumps({"schema_version": 1, "slos": slos}, indent=2) if as_json else text, nl=as_json)
    return ExitCode.DONE


def _read(path: Path) -> bytes:
    from bascule.config.reader import MAX_BYTES

    try:
        with path.open("rb") as file:
            # One byte more than is allowed, so that the reader can say that it is too much.
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(error.strerror or "cannot be read", where=str(path), hint="check the path") from error


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
