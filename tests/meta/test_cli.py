"""Every command is usable from its own help: an example, and --json where it prints."""

import click
import pytest

from bascule.cli.root import COMMANDS, cli

CONTEXT = click.Context(cli)


def leaves() -> list[tuple[str, click.Command]]:
    found: list[tuple[str, click.Command]] = []

    def visit(name: str, command: click.Command) -> None:
        if isinstance(command, click.Group):
            for sub in command.list_commands(CONTEXT):
                child = command.get_command(CONTEXT, sub)
                assert child is not None
                visit(f"{name} {sub}", child)
        else:
            found.append((name, command))

    for name in COMMANDS:
        command = cli.get_command(CONTEXT, name)
        assert command is not None
        visit(name, command)
    return found


def test_help_has_an_example_and_json(subtests: pytest.Subtests) -> None:
    found = leaves()
    assert len(found) >= len(COMMANDS)
    for name, command in found:
        with subtests.test(name):
            check_help(name, command)


def check_help(name: str, command: click.Command) -> None:
    text = command.get_help(click.Context(command, info_name=f"bascule {name}"))
    assert "Example" in text
    assert f"bascule {name}" in text.partition("Example")[2]
    assert "--json" in text


def test_main_help_lists_every_command() -> None:
    text = cli.get_help(click.Context(cli, info_name="bascule"))
    for name in COMMANDS:
        assert f"\n  {name}" in text
