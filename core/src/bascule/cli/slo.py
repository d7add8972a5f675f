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

_BACKTEST = """Judge recorded cases, or objectives on the history of a Prometheus.

FILE is a file of cases, one JSON object a line, or - for stdin; docs/reference/slo.md has the format. One verdict a
line comes out, in the same order. A line that is no case gets no verdict and is listed at the end; all others are
judged. Exit code 0 when all were judged, 2 when a line was not.

With --prometheus, FILE... are OpenSLO files: their objectives are judged as if a merge had met its users at --at. How
it is asked may stand in a file that BASCULE_HTTP_CONFIG_PROMETHEUS names. Exit code 0 ok, 1 violation, 8 undecided, 3
when a source did not answer.

\b
Example:
  bascule slo backtest cases.jsonl
  bascule slo backtest - < cases.jsonl > verdicts.jsonl
  bascule slo backtest slo/*.yml --prometheus http://127.0.0.1:9090 --at 2026-01-05T09:00:00Z
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


@slo.command(help=_BACKTEST, short_help="Judge recorded cases, or objectives on history.")
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option("--prometheus", metavar="URL", help="Judge objectives on the history of this Prometheus.")
@click.option("--at", metavar="TIME", help="When the merge met its users, such as 2026-01-05T09:00:00Z.")
@click.option("--for", "length", metavar="LENGTH", help="How long it is watched.  [default: 60m]")
@click.option("--block", type=click.IntRange(1, 3600), help="Seconds a block.  [default: 30]")
@click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON document; verdicts of cases are JSON lines anyway."
)
def backtest(
    files: tuple[str, ...], prometheus: str | None, at: str | None, length: str | None, block: int | None, as_json: bool
) -> int:
    """Judge recorded cases or history."""
    from bascule.messages import slo_past as say

    if prometheus is not None and at is not None:
        from bascule.cli.slo_past import on_history

        return on_history(files, prometheus, at, length or "60m", block or 30, as_json=as_json)
    if prometheus is not None or at is not None:
        raise UsageError("one is there without the other", where="--prometheus, --at", hint=say.ALONE)
    for option, given in (("--for", length), ("--block", block)):
        if given is not None:
            raise UsageError("there is no --prometheus", where=option, hint=say.UNSAID)
    if len(files) > 1:
        message, hint = say.ONE_FILE
        raise UsageError(message.format(count=len(files)), hint=hint)
    return _cases(files[0])


def _cases(cases: str) -> int:
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

    found = load(read(file), str(file))
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

    slos = to_openslo(read(file), str(file))
    text = as_yaml(slos)
    problems = load(text, f"{file} as OpenSLO").problems
    if problems:
        message, fix = unusable(len(problems), [str(file)])
        raise ConfigError(message, problems, hint=fix)
    click.echo(json.dumps({"schema_version": 1, "slos": slos}, indent=2) if as_json else text, nl=as_json)
    return ExitCode.DONE


def read(path: Path) -> bytes:
    """Return what is in a file of objectives, cut where it is too long to be one.

    Raises:
        UsageError: it cannot be read.
    """
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
