"""Finds ``bascule`` command lines in documents and parses them with the real commands."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from collections.abc import Iterator

import click
import yaml
from tests.meta.markdown import Block

from bascule.cli.root import cli
from bascule.errors import UsageError
from bascule.window import restore_main

NAMES = {"bascule", "bascule-restore"}
_SHELL = {"sh", "bash", "console"}
_BEFORE = {"then", "do", "until", "while", "if", "!", "eval"}
"""Words of the shell that may stand before a command."""


def lines(block: Block) -> Iterator[str]:
    """Yield the shell lines of a block: of a script, after the prompts of a session, in a workflow's steps."""
    text = block.text.replace("\\\n", " ")
    if block.language == "console":
        yield from (line[2:] for line in text.splitlines() if line.startswith("$ "))
    elif block.language in _SHELL:
        yield from _whole(re.sub(r"(?s)<<'(\w+)'.*?\n\1\n", "\n", text).splitlines())
    elif block.language in {"yaml", "ini"} and re.search(r"(?m)^ *(- )?run:|^ExecStart=", text):
        if block.language == "ini":
            yield from (line.partition("=")[2] for line in text.splitlines() if line.startswith("ExecStart="))
            return
        for job in yaml.safe_load(text)["jobs"].values():
            for step in job["steps"]:
                yield from step.get("run", "").splitlines()
    elif block.language == "text" and block.file.name == "cli.md":
        yield from (line.strip() for line in text.splitlines() if re.match(r" {4,}(bascule|eval)\b", line))


def _whole(lines: list[str]) -> Iterator[str]:
    """Yield lines, those joined over which a quotation goes on."""
    held = ""
    for line in lines:
        held = f"{held}\n{line}" if held else line
        with contextlib.suppress(ValueError):
            shlex.split(held, comments=True)
            yield held
            held = ""
    assert not held, f"a quotation that never ends: {held}"


def calls(line: str) -> Iterator[list[str]]:
    """Yield [program, argument...] of every call of ours in a shell line."""
    for inner in re.findall(r"\$\(([^()]*)\)", line):
        yield from calls(inner)
    # What the shell would put there is none of ours; a word stands for it.
    plain = re.sub(r"\$\([^()]*\)", "1", line)
    plain = re.sub(r"\$\{?\w+\}?|\$!", "1", plain)
    plain = re.sub(r"\b\d(?=[<>])", "", plain)
    lexer = shlex.shlex(plain, posix=True, punctuation_chars="|&;<>")
    lexer.commenters = "#"
    lexer.whitespace_split = True
    words: list[str] = []
    for word in [*lexer, ";"]:
        if set(word) <= set("|&;<>"):
            yield from _own(words)
            words = []
        else:
            words.append(word)


def _own(words: list[str]) -> Iterator[list[str]]:
    while words and (
        re.fullmatch(r"\w+=.*", words[0]) or words[0] in {"then", "do", "until", "while", "if", "!", "eval"}
    ):
        words = words[1:]
    if words and words[0].rpartition("/")[2] in NAMES:
        yield [words[0].rpartition("/")[2], *words[1:]]


def refusal(call: list[str]) -> str | None:
    """Return why the real command does not accept ``call``, or None."""
    program, *arguments = call
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            if program == "bascule-restore":
                restore_main.parse(arguments)
            else:
                _parse(cli, program, arguments)
    except click.exceptions.Exit:
        return None  # --help and --version
    except click.ClickException as error:
        return error.format_message()
    except UsageError as error:
        return error.message
    except SystemExit as ended:
        return None if ended.code == 0 else "argparse refuses it"
    return None


def _parse(command: click.Command, name: str, arguments: list[str], parent: click.Context | None = None) -> None:
    with command.make_context(name, list(arguments), parent=parent) as context:
        if isinstance(command, click.Group):
            rest = [*context._protected_args, *context.args]
            if not rest:
                raise click.UsageError("a command is missing")
            sub_name, sub, left = command.resolve_command(context, rest)
            assert sub is not None
            _parse(sub, str(sub_name), left, context)


def named(text: str) -> str | None:
    """Return why a command that prose names (``bascule restore --all``) does not exist, or None."""
    words = text.split()
    if words[0] == "bascule-restore":
        wrong = [w for w in words[1:] if w.startswith("-") and w.partition("=")[0] not in _restore_options()]
        return f"no option {wrong[0]}" if wrong else None
    command: click.Command = cli
    context = click.Context(cli, help_option_names=["-h", "--help"])
    rest = words[1:]
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        found = command.get_command(context, rest[0])
        if found is None:
            return f"no command {rest[0]}"
        command, rest = found, rest[1:]
    context = click.Context(command, help_option_names=["-h", "--help"])
    known = {o for p in command.get_params(context) for o in (*p.opts, *p.secondary_opts)}
    wrong = [w for w in rest if w.startswith("-") and w.partition("=")[0] not in known]
    return f"no option {wrong[0]}" if wrong else None


def _restore_options() -> set[str]:
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.suppress(SystemExit):
        restore_main.parse(["--help"])
    return set(re.findall(r"(?<![\w-])--?[a-zA-Z][\w-]*", out.getvalue()))
