"""``bascule rollback``: undo a merge through the same window, exactly."""

from __future__ import annotations

import sys

import click

from bascule.cli import running
from bascule.errors import UsageError

_HELP = """Undo the merge of a pull request: one commit whose tree is the one before it, passed through the same window.

Finds the merge in the journal, makes the branch bascule/rollback-PR-RUN with the inverse, opens a pull request, waits
for required checks unless the rulepack says watch.rollback.checks: skip, relaxes what the rulepack allows, merges,
restores and reads back. What later commits changed is kept; where git cannot merge that, a person is told the paths.
Killed or run twice it goes on where it was: never two reverts.

\b
Example:
  bascule rollback 42 --attended --reason "checkout errors"
  bascule rollback 42 -R acme/shop --dry-run
  bascule rollback 42 -R acme/shop --attended --wait 10m --json

Exit codes: 0 rolled back or nothing to do, 1 blocked, 3 outside fault, 4 PROTECTION NOT RESTORED, 8 waiting.
"""


@click.command(help=_HELP)
@click.argument("target", metavar="PR|URL|SHA")
@click.option("-R", "--repo", metavar="[HOST/]OWNER/REPO", help="Another repository than this folder's.")
@click.option("--reason", default="", metavar="TEXT", help="Why; it stands in the pull request and in the commit.")
@click.option("--dry-run", is_flag=True, help="Show commits, files, tree, relaxations and conflicts; write nothing.")
@click.option("--wait", metavar="DURATION", default="0s", show_default=True, help="How long to wait for checks.")
@click.option("--strict", is_flag=True, help="Stop where later commits touched the same files, even without conflict.")
@click.option("--anyway", is_flag=True, help="Also a merge that Bascule did not make. Persons only.")
@click.option("--undo-rollback", is_flag=True, help="Also a merge that is itself a rollback. Persons only.")
@click.option("--attended", is_flag=True, help="A person watches: no sweeper's heartbeat is asked for.")
@click.option("--json", "as_json", is_flag=True, help="The result as one JSON document on stdout.")
@click.option("-v", "--verbose", is_flag=True, help="Every check, as a tree.")
@click.option("--exit-zero", is_flag=True, help="Exit 0 for blocked and waiting, too (Actions).")
def rollback(
    target: str,
    repo: str | None,
    reason: str,
    dry_run: bool,
    wait: str,
    strict: bool,
    anyway: bool,
    undo_rollback: bool,
    attended: bool,
    as_json: bool,
    verbose: bool,
    exit_zero: bool,
) -> int:
    """Find, compute, propose, judge, pass and print."""
    from bascule.pipeline.undoing.asked import Undo
    from bascule.pipeline.undoing.lane import roll_back

    seconds = _seconds(wait)
    with running.session(target, repo, attended=attended, quiet=as_json, commits=True) as (session, number):
        undo = Undo(
            number=number, reason=" ".join(reason.split()), anyway=anyway, undo_rollback=undo_rollback, strict=strict
        )
        result = roll_back(session, undo, dry_run=dry_run, wait=seconds)
    if not as_json:
        _explain(result.details.get("rollback"))
    running.show(result, output="json" if as_json else "text", verbose=verbose)
    return running.code(result, exit_zero=exit_zero)


def _explain(document: object) -> None:
    from bascule import wire
    from bascule.render.rollback import rows
    from bascule.types import RollbackReport

    report = wire.load(document, RollbackReport)
    click.echo(f"rollback of #{report.of}")
    for line in rows(report):
        click.echo(f"  {line}")
    click.echo()
    sys.stdout.flush()


def _seconds(text: str) -> float:
    from bascule.config import duration

    try:
        return duration.parse(text) if text not in {"0", "0s"} else 0.0
    except ValueError as error:
        raise UsageError(str(error), where="--wait", hint="for example: --wait 10m") from error
