"""``bascule replay``: what Bascule would have done with a repository's history."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import click

_HELP = """What Bascule would have done with the history of PATH. No token, no network; nothing is written.

PATH is any local git repository: a work tree or a folder in it, a bare or a shallow clone. A change is one commit of
the branch's first-parent history, a merge by all that it brought in. It is judged by content only: git knows no checks,
reviews or labels. Packs come from the branch (rulepack/, .github/rulepack/); without any, the packaged defaults of the
installed scenarios that fit its files are used.

\b
Example:
  bascule replay .
  bascule replay . --last 500 --diff ./stricter
  bascule replay . --show 5d21c0e
"""


@click.command(help=_HELP)
@click.argument("path", type=click.Path(path_type=Path), default=Path())
@click.option("--last", type=click.IntRange(min=1), metavar="N", help="Only the newest N changes.")
@click.option("--branch", metavar="B", help="Replay this branch instead of HEAD.")
@click.option("--rulepack", type=click.Path(path_type=Path), metavar="DIR", help="Judge with the packs in DIR.")
@click.option("--diff", type=click.Path(path_type=Path), metavar="DIR", help="Compare with the packs in DIR.")
@click.option("--show", "sha", metavar="SHA", help="One change with its whole verdict.")
@click.option("--json", "as_json", is_flag=True, help="Print a document with every change.")
def replay(
    path: Path, last: int | None, branch: str | None, rulepack: Path | None, diff: Path | None, sha: str | None,
    as_json: bool,
) -> int:  # fmt: skip
    """Judge the history and print the report; what it says of the changes does not alter the exit code."""
    from bascule.clock import SystemClock
    from bascule.errors import UsageError
    from bascule.host.driver import Hosts
    from bascule.host.settings import chosen
    from bascule.messages import replay as say
    from bascule.render import Look
    from bascule.replay import document, run, text

    if sha is not None and diff is not None:
        raise UsageError("--show and --diff exclude each other", where="--show", hint=say.SHOW_OR_DIFF)
    request = run.Request(path=path, last=last, branch=branch, rulepack=rulepack, diff=diff)
    look = Look.of(sys.stdout, os.environ)
    with Hosts.discover(chosen=chosen(os.environ)) as hosts:
        if sha is not None:
            one = run.show(request, sha, hosts)
            click.echo(json.dumps(document.document_of(one), indent=2) if as_json else text.text_of(one, look))
            return 0
        report = run.replay(request, hosts, SystemClock(), _progress())
    if as_json:
        click.echo(json.dumps(document.document(report), indent=2))
    else:
        click.echo(text.text(report, look, path=str(path), last=last is not None))
    return 0


def _progress() -> Callable[[int, int], None]:
    """Return what shows progress: one line that rewrites itself on a terminal's stderr, nothing anywhere else."""
    if not sys.stderr.isatty():
        return lambda done, total: None  # noqa: ARG005 - the shape of a progress function

    def show(done: int, total: int) -> None:
        if done == total:
            click.echo("\r\x1b[K", nl=False, err=True)
        elif done % 50 == 0:
            click.echo(f"\r  {done:,} of {total:,} changes", nl=False, err=True)

    return show
