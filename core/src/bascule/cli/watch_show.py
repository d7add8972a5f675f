"""How watches are shown: live on a terminal, at their end in lines, as JSON, and as pictures."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bascule.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from bascule.pipeline.watching.records import Watched
    from bascule.slo.posts import Row


def code(done: Watched) -> ExitCode:
    """Return the exit code of a watch."""
    from bascule.render.facts import not_restored
    from bascule.slo.records import Answer

    if done.rollback is not None and not_restored(done.rollback):
        return ExitCode.NOT_RESTORED
    if done.fault is not None:
        return done.fault
    if done.answer is Answer.UNDECIDED:
        return ExitCode.WAITING
    if done.answer is Answer.VIOLATION:
        return ExitCode.DONE if done.recovered else ExitCode.BLOCKED
    return ExitCode.DONE


def lines(done: Watched, written: list[str], *, plain: bool, width: int = 120) -> list[str]:
    """Return the end of a watch in lines, for people."""
    from bascule.messages import watch as say

    out = [] if done.live_at is None else table(done.rows, plain=plain, width=width)
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


def table(rows: tuple[Row, ...], *, plain: bool, width: int, live: bool = False) -> list[str]:
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


def merge_lines(done: Watched, rows: tuple[Row, ...], *, plain: bool, width: int) -> list[str]:
    """Return one of several watches before its end: a line, and the objectives that something speaks against."""
    from bascule.slo.ratio import CALM
    from bascule.slo.records import Answer

    loud = tuple(r for r in rows if r.judgement.answer is Answer.VIOLATION or r.judgement.evidence > CALM)
    least = min(rows, key=lambda r: r.seen, default=None)
    far = f"{least.seen}/{least.planned} blocks" if least is not None else ""
    quiet = f"{len(rows) - len(loud)} of {len(rows)} quiet"
    head = f"  #{done.number:<6} {far:>15}  {quiet}  {_printable(done.title)}"
    return [head[:width], *table(loud, plain=plain, width=width, live=True)]


def worst(codes: Sequence[ExitCode]) -> ExitCode:
    """Return the exit code of several watches: the worst of theirs."""
    order = (
        ExitCode.NOT_RESTORED, ExitCode.OUTSIDE, ExitCode.USAGE, ExitCode.BLOCKED, ExitCode.WAITING, ExitCode.DONE,
    )  # fmt: skip
    return min(codes, key=order.index, default=ExitCode.DONE)


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)


class Screen:
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
        self._draw([f"  {now:%H:%M:%S}", *table(rows, plain=not self.fine, width=self.width, live=True)])

    def board(self, watched: Sequence[tuple[Watched, Callable[[], tuple[Row, ...]]]], now: datetime) -> None:
        """Redraw all watches, a line each and what speaks against it, as many as the terminal has lines for."""
        from shutil import get_terminal_size

        if not self._live:
            return
        drawn = [f"  {now:%H:%M:%S}"]
        room = max(5, get_terminal_size().lines - 3)
        for at, (done, rows) in enumerate(watched):
            new = merge_lines(done, rows(), plain=not self.fine, width=self.width)
            if len(drawn) + len(new) > room:
                drawn.append(f"  + {len(watched) - at} more")
                break
            drawn += new
        self._draw(drawn)

    def _draw(self, drawn: list[str]) -> None:
        up = f"\x1b[{self._shown}A\x1b[J" if self._shown else ""
        click.echo(up + "\n".join(drawn), err=True)
        self._shown = len(drawn)

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


def pictures(folder: Path, done: Watched, block: int) -> list[str]:
    """Write a picture of each objective to ``folder`` and return their paths; ``block`` in seconds.

    Raises:
        UsageError: the folder cannot be written.
    """
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
