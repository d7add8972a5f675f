"""Writes docs/reference/cli.md: the ``--help`` of every command, as click prints it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from bascule.cli.root import COMMANDS, cli

PAGE = Path(__file__).parent.parent / "reference" / "cli.md"
WIDTH = 100
HEAD = """# Commands

What `--help` says, for every command. Written from the code by `make docs`.

Commands are shaped like `gh`: `-R OWNER/REPO` names the repository, else the clone in this folder does; `--json` prints
one document with a `schema_version`. [Exit codes](exit-codes.md) and [environment variables](environment.md) have pages
of their own.

"""
TAIL = """## bascule-restore

A script of its own, because it is what has to work when little else does: it loads neither click nor a plugin. Its
options are those of `bascule restore`.
"""


def render() -> str:
    """Return the page."""
    parts = [f"## {name}\n\n```text\n{text}\n```\n" for name, text in helps()]
    return HEAD + "\n".join(parts) + "\n" + TAIL


def helps() -> Iterator[tuple[str, str]]:
    """Yield (name, help text) of the command itself and of every command below it."""
    yield "bascule", _help("bascule", cli)
    for name in COMMANDS:
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        yield from _below(f"bascule {name}", command)


def _below(name: str, command: click.Command) -> Iterator[tuple[str, str]]:
    if not isinstance(command, click.Group):
        yield name, _help(name, command)
        return
    for sub in command.list_commands(click.Context(command)):
        child = command.get_command(click.Context(command), sub)
        assert child is not None
        yield from _below(f"{name} {sub}", child)


def _help(name: str, command: click.Command) -> str:
    context = click.Context(
        command, info_name=name, terminal_width=WIDTH, max_content_width=WIDTH, help_option_names=["-h", "--help"]
    )
    return "\n".join(line.rstrip() for line in command.get_help(context).rstrip().splitlines())
