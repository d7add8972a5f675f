"""``bascule plugins``: what is installed, what is wrong with it, and a new one."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import click

_LIST = """List the installed plugins: version, status, API, hooks, scenarios; why one is quarantined, and what to do.

Each distribution is started in a process of its own to ask it; a broken one is a row, never a crash. A rulepack that
names a quarantined or missing plugin blocks.

\b
Example:
  bascule plugins list
  bascule plugins list --json
"""
_DOCTOR = """Try every installed plugin, or the one called NAME.

Does it load, is what it requires there, does its process start in time, do the examples of its packaged rulepacks hold,
are the tools that it names on this machine?

Exit code 0 when there is nothing to mend, 2 when there is.

\b
Example:
  bascule plugins doctor
  bascule plugins doctor terraform --json
"""
_NEW = """Write a distribution for a new scenario: rules, a rulepack with examples, tests, and how to install it.

It is written into the folder bascule-NAME, or into the one that --dir names, which must be empty or not exist. What it
judges is an example to write over; its tests pass as they are.

\b
Example:
  bascule plugins new migrations
  bascule plugins new migrations --dir ../migrations
"""
_AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


@click.group(epilog="Start with: bascule plugins list")
def plugins() -> None:
    """What is installed, what is wrong with it, and a new one."""


@plugins.command("list", help=_LIST, short_help="List the installed plugins.")
@_AS_JSON
def list_(as_json: bool) -> int:
    """Print one row per installed plugin."""
    from bascule import wire
    from bascule.cli import plugins_show as show
    from bascule.host.driver import Hosts
    from bascule.host.settings import chosen
    from bascule.messages import plugins as texts
    from bascule.render.look import Look

    with Hosts.discover(chosen=chosen(os.environ)) as hosts:
        reports = hosts.reports()
    if as_json:
        click.echo(json.dumps({"schema_version": 1, "plugins": wire.dump(reports)}, indent=2))
    elif not reports:
        click.echo(texts.NOTHING_INSTALLED)
    else:
        look = Look.of(sys.stdout, os.environ)
        click.echo(f"{show.table(reports, look)}\n\n{texts.summary(reports)}")
    return 0


@plugins.command(help=_DOCTOR, short_help="Try every installed plugin, or one.")
@click.argument("name", required=False)
@_AS_JSON
def doctor(name: str | None, as_json: bool) -> int:
    """Print what was tried and how to mend what failed."""
    from bascule import wire
    from bascule.cli import plugins_show as show
    from bascule.errors import ExitCode
    from bascule.host.doctor import examine
    from bascule.messages import plugins as texts
    from bascule.render.look import Look

    found = examine(name)
    sick = sum(not e.sound for e in found)
    if as_json:
        rows = [{**wire.dump(e), "sound": e.sound} for e in found]
        click.echo(json.dumps({"schema_version": 1, "sound": not sick, "plugins": rows}, indent=2))
    elif not found:
        click.echo(texts.NOTHING_INSTALLED)
    else:
        look = Look.of(sys.stdout, os.environ)
        click.echo(f"{show.findings(found, look)}\n\n{texts.verdict(len(found), sick)}")
    return ExitCode.USAGE if sick else ExitCode.DONE


@plugins.command(help=_NEW, short_help="Write a distribution for a new scenario.")
@click.argument("name")
@click.option("--dir", "folder", type=click.Path(path_type=Path), help="Where; by default bascule-NAME.")
@_AS_JSON
def new(name: str, folder: Path | None, as_json: bool) -> int:
    """Write the files and say what comes next."""
    from bascule.host.driver import Hosts
    from bascule.host.settings import chosen
    from bascule.messages import plugins as texts
    from bascule.templates import distribution

    distribution.check_name(name, ())  # what is mistyped need not wait for the plugins' processes
    with Hosts.discover(chosen=chosen(os.environ)) as hosts:
        taken = {n for r in hosts.reports() for n in (r.name, *r.scenarios)}
    distribution.check_name(name, taken)
    place = folder or Path(f"bascule-{name}")
    written = distribution.write(name, place)
    steps = texts.next_steps(name, str(place))
    if as_json:
        document = {"schema_version": 1, "name": name, "folder": str(place), "files": written, "next": steps}
        click.echo(json.dumps(document, indent=2))
        return 0
    click.echo(f"Wrote the scenario {name} to {place}:")
    for file in written:
        click.echo(f"  {file}")
    click.echo("\nNext, in a virtual environment:")
    for step in steps:
        click.echo(f"  {step}")
    return 0
