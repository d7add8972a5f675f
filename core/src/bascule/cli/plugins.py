"""``bascule plugins``: what is installed, and what is wrong with it."""

from __future__ import annotations

import json

import click

_LIST = """List the installed plugins: version, status, hook API, hooks, and for a quarantined one why and what to do.

Each distribution is started in a process of its own to ask it; a broken one is a row, never a crash. A rulepack that
names a quarantined or missing plugin blocks.

\b
Example:
  bascule plugins list
  bascule plugins list --json
"""


@click.group(epilog="Start with: bascule plugins list")
def plugins() -> None:
    """What is installed, and what is wrong with it."""


@plugins.command("list", help=_LIST, short_help="List the installed plugins.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def list_(as_json: bool) -> int:
    """Print one row per installed plugin."""
    from bascule import wire
    from bascule.host.driver import Hosts
    from bascule.messages import host as texts

    with Hosts.discover() as hosts:
        reports = hosts.reports()
    if as_json:
        click.echo(json.dumps({"schema_version": 1, "plugins": wire.dump(reports)}, indent=2))
    elif not reports:
        click.echo(texts.NOTHING_INSTALLED)
    else:
        click.echo(f"{texts.table(reports)}\n\n{texts.summary(reports)}")
    return 0
