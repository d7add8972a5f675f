"""From the command line to a session: tokens out of reach first, then the target, the connection and the hosts."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bascule import streams
from bascule.clock import SystemClock

if TYPE_CHECKING:
    from bascule.forge.repo import Target
    from bascule.pipeline.session import Session
    from bascule.types import Result

_SHA = re.compile(r"(?=.*[a-f])[0-9a-f]{7,40}|[0-9]{10,40}")
OUTPUTS = ("text", "json", "markdown", "github")


def shared(command: Callable[..., int]) -> Callable[..., int]:
    """Add the options that ``check`` and ``merge`` share."""
    for option in reversed(
        (
            click.argument("target", required=False, metavar="[PR|URL|BRANCH]"),
            click.option("-R", "--repo", metavar="[HOST/]OWNER/REPO", help="Another repository than this folder's."),
            click.option("--json", "as_json", is_flag=True, help="The result as one JSON document on stdout."),
            click.option("--output", type=click.Choice(OUTPUTS), default="text", show_default=True, help="Format."),
            click.option("-v", "--verbose", is_flag=True, help="Every check, as a tree."),
            click.option(
                "--evidence",
                "given",
                multiple=True,
                metavar="NAME=FILE",
                help="A file that a rulepack's evidence asks for, such as a plan.",
            ),
            click.option("--exit-zero", is_flag=True, help="Exit 0 for blocked and waiting, too (Actions)."),
        )
    ):
        command = option(command)
    return command


@contextmanager
def session(
    target: str | None,
    repo: str | None,
    *,
    attended: bool = False,
    quiet: bool = False,
    given: tuple[str, ...] = (),
    commits: bool = False,
) -> Iterator[tuple[Session, int]]:
    """Yield the session of one run and the pull request's number. ``commits``: the target may name a merged commit.

    Raises:
        BasculeError: no token, no such repository or branch, GitHub not reachable, an evidence file that is none.
    """
    evidence = files(given)
    with _opened(target, repo, attended=attended, quiet=quiet, evidence=evidence) as (made, where):
        number = where.number
        if number is None:
            assert where.branch is not None
            sha = commits and _SHA.fullmatch(where.branch) is not None
            observer = made.connection.observer
            number = (observer.of_commit if sha else observer.find)(where.branch)
        yield made, number


@contextmanager
def repository(repo: str | None, *, attended: bool = False, quiet: bool = False) -> Iterator[Session]:
    """Yield the session of one run on a whole repository (None: this folder's), whatever is checked out.

    Raises:
        BasculeError: no token, no such repository, GitHub not reachable.
    """
    with _opened(None, repo, attended=attended, quiet=quiet, evidence={}, pull=False) as (made, _):
        yield made


@contextmanager
def _opened(
    target: str | None, repo: str | None, *, attended: bool, quiet: bool, evidence: Mapping[str, Path],
    pull: bool = True,
) -> Iterator[tuple[Session, Target]]:  # fmt: skip
    from bascule.forge import connect, protect_process, resolve
    from bascule.host.driver import Hosts
    from bascule.host.settings import chosen
    from bascule.pipeline.session import Session

    tokens = protect_process()
    clock = SystemClock()
    where = resolve(target, repo=repo, environ=os.environ, folder=streams.folder(), pull=pull)
    journal_repo = os.environ.get("BASCULE_JOURNAL_REPO") or None
    connection = connect(where, tokens, clock=clock, environ=os.environ, journal_repo=journal_repo)
    try:
        with Hosts.discover(chosen=chosen(os.environ), clock=clock) as hosts:
            made = Session(
                connection=connection,
                tokens=tokens,
                hosts=hosts,
                clock=clock,
                environ=dict(os.environ),
                attended=attended,
                evidence=evidence,
                typed=attended or (sys.stdin is not None and sys.stdin.isatty()),
                progress=(lambda _: None) if quiet else told,
            )
            yield made, where
    finally:
        connection.close()


def files(given: tuple[str, ...]) -> dict[str, Path]:
    """Return the evidence files of ``NAME=FILE`` options by name.

    Raises:
        UsageError: an option of another form, a name twice, or no plain file there.
    """
    import stat

    from bascule.errors import UsageError
    from bascule.messages.evidence import kind_of

    found: dict[str, Path] = {}
    for option in given:
        name, equals, path = option.partition("=")
        if not equals or not name or not path:
            raise UsageError(f"found {option!r}, expected NAME=FILE", hint="for example: --evidence plan=plan.json")
        if name in found:
            raise UsageError(f"{name} is given twice", where="--evidence", hint="leave one of them out")
        # Not resolved: a link is refused, here and again when the file is copied.
        whole = Path(path).absolute()
        try:
            mode = whole.lstat().st_mode
        except OSError:
            raise UsageError(
                f"there is no file {path}", where=f"--evidence {name}", hint="give the path of a file"
            ) from None
        if not stat.S_ISREG(mode):
            raise UsageError(
                f"{path} cannot be taken: {kind_of(mode)}",
                where=f"--evidence {name}",
                hint="write it to a plain file and give that",
            )
        found[name] = whole
    return found


def told(step: str) -> None:
    """Show a stage on a terminal's stderr; nothing where nobody watches."""
    if sys.stderr.isatty():
        click.echo(f"  … {step}", err=True)


def show(result: Result, *, output: str, verbose: bool) -> None:
    """Print ``result`` in the format that was asked for; alarms also go to stderr, always."""
    from bascule.render import json as as_json
    from bascule.render import markdown
    from bascule.render.github import workflow_commands
    from bascule.render.look import Look
    from bascule.render.text import text

    if output == "json":
        click.echo(as_json.dumps(result))
    elif output == "markdown":
        click.echo(markdown.body(result))
    else:
        look = Look.of(sys.stdout, os.environ)
        click.echo(text(result, verbose=verbose, color=look.color, width=look.width, ascii=look.ascii))
        if output == "github":
            for line in workflow_commands(result):
                click.echo(line)
    if output in {"json", "markdown"}:
        for alarm in result.alarms:
            click.echo(f"bascule: ALARM: {alarm}", err=True)


def code(result: Result, *, exit_zero: bool) -> int:
    """Return the exit code; ``exit_zero`` silences blocked and waiting, never an open window."""
    from bascule.errors import ExitCode
    from bascule.render.facts import exit_code

    found = exit_code(result)
    return ExitCode.DONE if exit_zero and found in {ExitCode.BLOCKED, ExitCode.WAITING} else found
