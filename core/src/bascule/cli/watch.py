"""``bascule watch``: hold a merge's objectives against the time before it, and undo it where it broke one."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bascule.cli import running
from bascule.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from bascule.pipeline.watching.run import Watched
    from bascule.slo.posts import Row

_HELP = """Watch a merged change: does an objective get worse from when it went live on?

Reads the objectives of the rulepacks that bind the change (watch.slos), waits for its deployment where they say so, and
compares every 30 s with the time before. It ends early on a violation and never on ok. A violation that the merge alone
can have caused is rolled back where the pack says watch.rollback: auto; then the objective has to recover, or somebody
is paged. Metrics come from a plugin: BASCULE_SERVICE_PROMETHEUS names the Prometheus.

\b
Example:
  bascule watch 42 -R acme/shop
  bascule watch 42 -R acme/shop --as-of 2026-01-05T10:00Z
  bascule watch 42 -R acme/shop --json --pictures breach/

Exit codes: 0 ok, recovered, or nothing to watch, 1 a violation that a person must decide, 3 outside fault, 4 PROTECTION
NOT RESTORED, 8 undecided.
"""


@click.command(help=_HELP)
@click.argument("target", metavar="PR|URL|SHA")
@click.option("-R", "--repo", metavar="[HOST/]OWNER/REPO", help="Another repository than this folder's.")
@click.option("--as-of", metavar="TIME", help="Look at history as it was then (ISO 8601), once; nothing is done.")
@click.option("--for", "duration", metavar="DURATION", help="Another length than the rulepacks'.")
@click.option(
    "--deploy-within", default="30m", show_default=True, metavar="DURATION", help="How long a deployment is waited for."
)
@click.option("--every", metavar="DURATION", help="Time between two looks; a block without it.")
@click.option(
    "--block", type=click.IntRange(1, 3600), default=30, show_default=True, help="Seconds that one block has."
)
@click.option("--calm", default="10m", show_default=True, metavar="DURATION", help="Quiet that counts as recovered.")
@click.option(
    "--recover-within", default="30m", show_default=True, metavar="DURATION", help="How long recovery is waited for."
)
@click.option("--again", is_flag=True, help="Also where the journal has the end of a watch.")
@click.option("--no-rollback", is_flag=True, help="Only watch and tell.")
@click.option("--pictures", type=click.Path(path_type=Path), help="Write a picture (SVG) per objective to this folder.")
@click.option("--attended", is_flag=True, help="A person watches: a rollback asks for no sweeper's heartbeat.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
def watch(
    target: str,
    repo: str | None,
    as_of: str | None,
    duration: str | None,
    deploy_within: str,
    every: str | None,
    block: int,
    calm: str,
    recover_within: str,
    again: bool,
    no_rollback: bool,
    pictures: Path | None,
    attended: bool,
    as_json: bool,
) -> int:
    """Watch, act and print."""
    from bascule.pipeline.watching.loop import Pace
    from bascule.pipeline.watching.run import Wanted, watch_merge

    pace = Pace(
        block=block,
        every=_seconds(every, "--every") if every else float(block),
        calm=_seconds(calm, "--calm"),
        patience=_seconds(recover_within, "--recover-within"),
    )
    if pace.patience < pace.calm:
        raise UsageError(
            f"{recover_within} is shorter than --calm {calm}, so nothing could recover in time",
            where="--recover-within", hint="name a longer time, or a shorter --calm",
        )  # fmt: skip
    wanted = Wanted(
        pace=pace,
        as_of=_time(as_of) if as_of else None,
        deploy_within=_seconds(deploy_within, "--deploy-within"),
        again=again,
        act=not no_rollback,
        duration=_seconds(duration, "--for") if duration else None,
    )
    screen = _Screen(quiet=as_json)
    with running.session(target, repo, attended=attended, quiet=as_json, commits=True) as (session, number):
        session.progress = screen.under(session.progress)
        done = watch_merge(session, number, wanted, shown=screen.rows, began=screen.begins)
    screen.close()
    written = _pictures(pictures, done, block) if pictures is not None else []
    if as_json:
        click.echo(json.dumps(document(done, written), indent=2))
    else:
        for line in lines(done, written, plain=not screen.fine, width=screen.width):
            click.echo(line)
        for alarm in done.alarms:
            click.echo(f"bascule: ALARM: {alarm}", err=True)
    return code(done)


def code(done: Watched) -> ExitCode:
    """Return the exit code of a watch."""
    from bascule.render.facts import not_restored
    from bascule.slo.records import Answer

    if done.rollback is not None and not_restored(done.rollback):
        return ExitCode.NOT_RESTORED
    if done.answer is Answer.UNDECIDED:
        return ExitCode.WAITING
    if done.answer is Answer.VIOLATION:
        return ExitCode.DONE if done.recovered else ExitCode.BLOCKED
    return ExitCode.DONE


def lines(done: Watched, written: list[str], *, plain: bool, width: int = 120) -> list[str]:
    """Return the end of a watch in lines, for people."""
    from bascule.messages import watch as say

    out = [] if done.live_at is None else _table(done.rows, plain=plain, width=width)
    if done.rollback is not None:
        out += ["", f"  rollback  {done.rollback.summary or done.rollback.status.value}"]
    if done.recovered is not None:
        since = f"recovered by {say.clock(done.recovered_at)}" if done.recovered_at is not None else "recovered"
        out.append(f"  service   {since if done.recovered else say.NOT_RECOVERED}")
    out += [f"  picture   {path}" for path in written]
    word = (done.answer.value if done.answer is not None else "noop").upper()
    out += ["", f"{word}  {done.summary}" + f"  exit {int(code(done))}".rjust(12)]
    return [*out, f"Next: {done.next}"] if done.next else out


def document(done: Watched, written: list[str]) -> dict[str, Any]:
    """Return the end of a watch as JSON data; keys are only ever added within one ``schema_version``."""
    from bascule import wire

    rows = [
        {
            "objective": r.objective.name,
            "answer": r.judgement.answer.value,
            "reason": r.judgement.reason,
            "fired_at": _iso(r.fired_at),
            "evidence": r.judgement.evidence,
            "needed": r.judgement.needed,
            "blocks": r.seen,
            "planned": r.planned,
            "person": r.person,
            "note": r.note,
        }
        for r in done.rows
    ]
    return {
        "schema_version": 1,
        "run": done.run,
        "repository": done.repository,
        "number": done.number,
        "sha": done.sha,
        "answer": done.answer.value if done.answer is not None else None,
        "summary": done.summary,
        "next": done.next,
        "live_at": _iso(done.live_at),
        "ends_at": _iso(done.ends_at),
        "deployed": done.deployed,
        "environment": done.environment,
        "objectives": rows,
        "person": done.person,
        "rollback": wire.dump(done.rollback) if done.rollback is not None else None,
        "recovered": done.recovered,
        "recovered_at": _iso(done.recovered_at),
        "pictures": written,
        "alarms": list(done.alarms),
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment is not None else None


def _table(rows: tuple[Row, ...], *, plain: bool, width: int, live: bool = False) -> list[str]:
    """Return a few lines for each objective, none longer than ``width``.

    ``live``: before the end, when "ok" only means that nothing was found yet, and each line must stay one.
    """
    from textwrap import wrap

    from bascule.slo.picture import line
    from bascule.slo.records import Answer

    marks = (
        {"ok": "+", "violation": "x", "undecided": "?"} if plain else {"ok": "✓", "violation": "✗", "undecided": "…"}
    )
    names = max((len(r.objective.name) for r in rows), default=0)
    indent = " " * (names + 6)
    out = []
    for row in rows:
        answer = row.judgement.answer
        waits = live and answer is Answer.OK and row.seen < row.planned
        mark, signs = " " if waits else marks[answer.value], line(row, widths=(20, 40), plain=plain)
        out.append(f"  {mark} {row.objective.name:<{names}}  {signs}  {row.seen}/{row.planned} blocks")
        # What a source said comes from outside: no line breaks, nothing that a terminal obeys.
        for text in filter(None, (row.judgement.reason, _printable(row.note))):
            out += wrap(text, width, initial_indent=indent, subsequent_indent=indent, max_lines=1 if live else None,
                        placeholder=" ...")  # fmt: skip
    return [text[:width] for text in out] if live else out


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)


class _Screen:
    """Live progress on a terminal's stderr; a line at the beginning elsewhere."""

    def __init__(self, *, quiet: bool) -> None:
        from bascule.render.look import Look

        look = Look.of(sys.stdout, os.environ)
        self.fine = not look.ascii
        self.width = max(40, look.width - 1)
        self._quiet = quiet
        self._live = not quiet and sys.stderr.isatty()
        self._shown = 0

    def begins(self, done: Watched) -> None:
        """Say what is watched and until when."""
        from bascule.messages import watch as say

        if self._quiet or done.live_at is None or done.ends_at is None:
            return
        since = say.begins(done.live_at, deployed=done.deployed, environment=done.environment)
        click.echo(f"{done.repository}#{done.number}  {done.title}")
        click.echo(f"live since {since} · watched until {say.clock(done.ends_at)}\n")

    def rows(self, rows: tuple[Row, ...], now: datetime) -> None:
        """Redraw the table."""
        if not self._live:
            return
        table = [f"  {now:%H:%M:%S}", *_table(rows, plain=not self.fine, width=self.width, live=True)]
        up = f"\x1b[{self._shown}A\x1b[J" if self._shown else ""
        click.echo(up + "\n".join(table), err=True)
        self._shown = len(table)

    def under(self, tell: Callable[[str], None]) -> Callable[[str], None]:
        """Return ``tell`` that leaves the table where it is; the next one begins below."""

        def told(step: str) -> None:
            self._shown = 0
            tell(step)

        return told

    def close(self) -> None:
        """Clear the live table; the final one goes to stdout."""
        if self._shown:
            click.echo(f"\x1b[{self._shown}A\x1b[J", err=True, nl=False)


def _pictures(folder: Path, done: Watched, block: int) -> list[str]:
    from bascule.slo.picture import svg

    try:
        folder.mkdir(parents=True, exist_ok=True)
        written = []
        for row in done.rows:
            path = folder / f"{row.objective.name}.svg"
            path.write_text(svg(row, seconds=block), encoding="utf-8")
            written.append(str(path))
    except OSError as error:
        raise UsageError(
            error.strerror or "cannot be written", where=str(folder), hint="name another folder"
        ) from error
    return written


def _time(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(
            f"{text!r} is no time", where="--as-of", hint="for example: --as-of 2026-01-05T10:00Z"
        ) from error
    found = found if found.tzinfo is not None else found.replace(tzinfo=UTC)
    if found > datetime.now(UTC):
        raise UsageError(
            f"{text} is still to come", where="--as-of", hint="name a time that has passed, or watch without --as-of"
        )
    return found


def _seconds(text: str, option: str) -> float:
    from bascule.config import duration

    try:
        return duration.parse(text)
    except ValueError as error:
        raise UsageError(str(error), where=option, hint=f"for example: {option} 30m") from error
