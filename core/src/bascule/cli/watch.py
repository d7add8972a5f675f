"""``bascule watch``: hold a merge's objectives against the time before it, and undo it where it broke one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bascule.cli import running
from bascule.cli import watch_show as show
from bascule.errors import UsageError

if TYPE_CHECKING:
    from bascule.pipeline.watching.records import Wanted, Watched

_HELP = """Watch a merged change: does an objective get worse from when it went live on?

Reads the objectives of the rulepacks that bind the change (watch.slos), waits for its deployment where they say so, and
compares every 30 s with the time before. It ends early on a violation and never on ok. A violation that the merge alone
can have caused is rolled back where the pack says watch.rollback: auto; then the objective has to recover, or somebody
is paged. --open watches every merge whose watch is open: begun and not ended by the journal, or merged by Bascule in
the last hours and never begun. Metrics come from a plugin: BASCULE_SERVICE_PROMETHEUS names the Prometheus.

\b
Example:
  bascule watch 42 -R acme/shop
  bascule watch 42 -R acme/shop --as-of 2026-01-05T10:00Z
  bascule watch 42 -R acme/shop --json --pictures breach/
  bascule watch --open -R acme/shop

Exit codes: 0 ok, recovered, or nothing to watch, 1 a violation that a person must decide, 3 outside fault, 4 PROTECTION
NOT RESTORED, 8 undecided; with --open the worst of all: 4, 3, 2, 1, 8, 0.
"""


@click.command(help=_HELP)
@click.argument("target", required=False, metavar="[PR|URL|SHA]")
@click.option("--open", "all_open", is_flag=True, help="Every merge whose watch is open, at once; ends with the last.")
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
    target: str | None,
    all_open: bool,
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
    from bascule.pipeline.watching.records import Wanted

    _one_of(target, all_open=all_open, given={"--as-of": as_of, "--for": duration, "--again": again})
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
    screen = show.Screen(quiet=as_json)
    if target is None:
        return _all(wanted, screen, repo=repo, attended=attended, pictures=pictures, as_json=as_json)
    from bascule.pipeline.watching.run import watch_merge

    with running.session(target, repo, attended=attended, quiet=as_json, commits=True) as (session, number):
        session.progress = screen.under(session.progress)
        done = watch_merge(session, number, wanted, shown=screen.rows, began=screen.begins)
    screen.close()
    written = show.pictures(pictures, done, block) if pictures is not None else []
    if as_json:
        click.echo(json.dumps(show.document(done, written), indent=2))
    else:
        _print(done, written, screen)
    return show.code(done)


def _all(
    wanted: Wanted, screen: show.Screen, *, repo: str | None, attended: bool, pictures: Path | None, as_json: bool
) -> int:
    from bascule.messages.watch import NOTHING_OPEN
    from bascule.pipeline.watching.many import watch_open

    with running.repository(repo, attended=attended, quiet=as_json) as session:
        session.progress = screen.under(session.progress)
        done = watch_open(session, wanted, board=screen.board, shown=screen.rows, began=screen.begins)
    screen.close()
    folders = {d.number: pictures / str(d.number) for d in done} if pictures is not None else {}
    written = [show.pictures(folders[d.number], d, wanted.pace.block) if folders else [] for d in done]
    if as_json:
        documents = [show.document(d, paths) for d, paths in zip(done, written, strict=True)]
        click.echo(json.dumps({"schema_version": 1, "watches": documents}, indent=2))
    else:
        for one, paths in zip(done, written, strict=True):
            click.echo(f"\n{one.repository}#{one.number}  {one.title}".rstrip())
            _print(one, paths, screen)
        if not done:
            click.echo(NOTHING_OPEN)
    return show.worst([show.code(d) for d in done])


def _print(done: Watched, written: list[str], screen: show.Screen) -> None:
    for line in show.lines(done, written, plain=not screen.fine, width=screen.width):
        click.echo(line)
    for alarm in done.alarms:
        click.echo(f"bascule: ALARM: {alarm}", err=True)


def _one_of(target: str | None, *, all_open: bool, given: Mapping[str, object]) -> None:
    from bascule.messages import watch as say

    if (target is not None) == all_open:
        raise UsageError(say.BOTH if all_open else say.NEITHER, hint=say.ONE_HINT)
    for option, value in given.items():
        if all_open and value:
            message, hint = say.not_with_open(option)
            raise UsageError(message, hint=hint)


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
