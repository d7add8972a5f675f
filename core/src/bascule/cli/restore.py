"""``bascule restore``, the same as ``bascule-restore``; and ``bascule baseline``."""

from __future__ import annotations

import os

import click

_RESTORE = """Put branch protection back after a run that died. The same as the script bascule-restore, which loads
less.

One of --run, --expired and --all. Exit code 0 done or nothing to do, 3 GitHub is out of reach or an alarm, 4 NOT
restored or not proven to be, 8 the window's owner may still be alive.

\b
Example:
  bascule restore --run r-8f2c -R acme/shop
  bascule restore --expired --loop 2s -R acme/shop
  bascule restore --all --force --json
"""
_ACCEPT = """Accept today's protection of a branch as the truth.

For the alarm "it is loose again after it was restored": where a person meant it, this ends the alarm. Refused while
a window is open.

\b
Example:
  bascule baseline accept --branch main --reason "one review is enough from now on" -R acme/shop
"""


@click.command(help=_RESTORE)
@click.option("--run", metavar="ID", help="The window of one run: at once with its secret, or when it has expired.")
@click.option("--expired", is_flag=True, help="Windows whose deadline has passed, and late writes.")
@click.option("--all", "all_", is_flag=True, help="Whatever is open; needs --force.")
@click.option("--force", is_flag=True, help="With --all: also while the owner may be at work.")
@click.option("--loop", metavar="TIME", help="With --expired: go on, once every TIME (2s).")
@click.option("-R", "--repo", metavar="OWNER/REPO", help="Another repository than this folder's.")
@click.option("--api-url", metavar="URL", help="Root of the REST API (GitHub Enterprise, bascule sim).")
@click.option("--journal-repo", metavar="OWNER/REPO", help="Where the journal is, if not in the repository.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def restore(
    run: str | None,
    expired: bool,
    all_: bool,
    force: bool,
    loop: str | None,
    repo: str | None,
    api_url: str | None,
    journal_repo: str | None,
    as_json: bool,
) -> int:
    """Hand over to the script."""
    from bascule.window import restore_main

    flags = {"--expired": expired, "--all": all_, "--force": force, "--json": as_json}
    values = {"--run": run, "--loop": loop, "--repo": repo, "--api-url": api_url, "--journal-repo": journal_repo}
    args = [name for name, given in flags.items() if given]
    args += [f"{name}={value}" for name, value in values.items() if value is not None]
    return restore_main.main(args)


@click.group(epilog="Start with: bascule audit --last 5")
def baseline() -> None:
    """What a person declares to be a branch's protection."""


@baseline.command(help=_ACCEPT)
@click.option("--branch", required=True, help="The branch.")
@click.option("--reason", required=True, help="Why; it goes into the journal.")
@click.option("-R", "--repo", metavar="OWNER/REPO", help="Another repository than this folder's.")
@click.option("--api-url", metavar="URL", help="Root of the REST API (GitHub Enterprise, bascule sim).")
@click.option("--journal-repo", metavar="OWNER/REPO", help="Where the journal is, if not in the repository.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def accept(
    branch: str, reason: str, repo: str | None, api_url: str | None, journal_repo: str | None, as_json: bool
) -> int:
    """Append a baseline entry."""
    import json
    import secrets

    from bascule.clock import SystemClock
    from bascule.errors import UsageError
    from bascule.messages import window as say
    from bascule.protection.canonical import digest
    from bascule.window import baseline as act
    from bascule.window.access import connected
    from bascule.window.journal import Journal

    if not branch.strip("./ ") or not reason.strip():
        raise UsageError("an empty branch or reason", where="--branch, --reason", hint="say which branch, and why")
    clock = SystemClock()
    with connected(repo, os.environ, clock, api_url=api_url, journal_repo=journal_repo) as access:
        journal = Journal(store=access.store, keys=access.keys, repository=access.repository, clock=clock)
        run = f"baseline-{secrets.token_hex(4)}"
        live = act.accept(access.keeper, journal, clock, branch=branch, reason=reason, by=access.login, run=run)
    if as_json:
        click.echo(json.dumps({"schema_version": 1, "run": run, "branch": branch, "sha256": digest(live)}, indent=2))
    else:
        click.echo(say.BASELINE.format(branch=branch, digest=digest(live)[:12]))
    return 0
