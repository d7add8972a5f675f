"""``bascule check`` and ``bascule merge``."""

from __future__ import annotations

import click

from bascule.cli import running

_CHECK = """Say what would happen to a pull request now. Reads only; nothing is changed anywhere.

TARGET is a number, a link, OWNER/REPO#N or a branch; without it, the pull request of the branch checked out here.

\b
Example:
  bascule check 42
  bascule check 42 -R acme/shop --verbose
  bascule check --json | jq .status

Exit codes: 0 mergeable or nothing to do, 1 blocked, 8 waiting.
"""

_MERGE = """Decide, and merge where that is safe: relax as little as possible, merge at one SHA, restore, read back.

Needs a token that may merge, and, where protection has to be relaxed, a Keeper's token and a journal key
(bascule keygen). A sweeper should run somewhere: bascule-restore --expired --loop 2s; --attended says that you watch.

\b
Example:
  bascule merge 42 --attended
  bascule merge 42 -R acme/shop --json

Exit codes: 0 merged or nothing to do, 1 blocked, 3 outside fault, 4 PROTECTION NOT RESTORED, 8 waiting.
"""


@click.command(help=_CHECK)
@running.shared
def check(
    target: str | None,
    repo: str | None,
    as_json: bool,
    output: str,
    verbose: bool,
    given: tuple[str, ...],
    exit_zero: bool,
) -> int:
    """Decide and print."""
    from bascule.pipeline.decide import decide

    output = "json" if as_json else output
    with running.session(target, repo, quiet=output == "json", given=given) as (session, number):
        result = decide(session, number).result
    running.show(result, output=output, verbose=verbose)
    return running.code(result, exit_zero=exit_zero)


@click.command(help=_MERGE)
@running.shared
@click.option("--attended", is_flag=True, help="A person watches: no sweeper's heartbeat is asked for.")
def merge(
    target: str | None,
    repo: str | None,
    as_json: bool,
    output: str,
    verbose: bool,
    given: tuple[str, ...],
    exit_zero: bool,
    attended: bool,
) -> int:
    """Decide, act and print."""
    from bascule.pipeline.run import run

    output = "json" if as_json else output
    with running.session(target, repo, attended=attended, quiet=output == "json", given=given) as (session, number):
        result = run(session, number)
    running.show(result, output=output, verbose=verbose)
    return running.code(result, exit_zero=exit_zero)
