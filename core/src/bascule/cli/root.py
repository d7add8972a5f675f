"""Command table, shared options and the one place where errors become exit codes."""

from __future__ import annotations

import gc
import importlib
import json
import sys
import traceback

import click

from bascule import __version__
from bascule.errors import BasculeError, ErrorReport, ExitCode, OutsideError, UsageError

HELP = frozenset({"-h", "--help"})
BUG = "report it with the lines above; `bascule audit` shows whether a window is open"

# name -> (module:attribute, short help). Modules are imported only when their command is called, so that
# `bascule --help` needs none of them.
COMMANDS: dict[str, tuple[str, str]] = {
    "check": ("bascule.cli.decide:check", "Say what would happen to a pull request; act on nothing."),
    "merge": ("bascule.cli.decide:merge", "Decide, and merge where it is safe."),
    "rollback": ("bascule.cli.rollback:rollback", "Undo a merge exactly, through the same window."),
    "watch": ("bascule.cli.watch:watch", "Hold a merge's objectives against the time before it."),
    "comment": ("bascule.cli.comment:comment", "Handle a comment event (/bascule merge|why|hold|rollback|dispute)."),
    "replay": ("bascule.cli.replay:replay", "What Bascule would have done with a repository's history. No token."),
    "rulepack": ("bascule.cli.rulepack:rulepack", "Validate, explain and test rulepacks."),
    "slo": ("bascule.cli.slo:slo", "Objectives, and how the judge decides on them."),
    "plugins": ("bascule.cli.plugins:plugins", "What is installed, what is wrong with it, and a new one."),
    "restore": ("bascule.cli.restore:restore", "Put protection back after a run that died (as bascule-restore)."),
    "baseline": ("bascule.cli.restore:baseline", "Accept today's protection as the truth, after an alarm."),
    "audit": ("bascule.cli.audit:audit", "Read the journal; --verify checks every signature and link."),
    "keygen": ("bascule.cli.audit:keygen", "Make a key pair for the journal."),
    "sim": ("bascule.cli.sim:sim", "Run a GitHub on this machine."),
    "demo": ("bascule.cli.demo:demo", "Watch the whole main job on an embedded simulator."),
}


# These start plugins and need no token; so they have none that a plugin could read.
TOKENLESS = frozenset({"plugins", "rulepack", "replay"})
# These put their tokens out of reach, for which the process starts anew: before anything heavy is imported twice.
WITH_TOKENS = frozenset({"check", "merge", "rollback", "watch", "comment", "restore", "baseline", "audit"})


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return command names in the order in which a person meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import and return the command, or None when there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the table without importing any command."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Start with: bascule replay .   (no token, no network)",
)
@click.version_option(__version__, "-V", "--version", prog_name="bascule", message="%(prog)s %(version)s")
def cli() -> None:
    """Merge pull requests where that is safe, and always close branch protection again.

    Exit codes: 0 done, 1 blocked, 2 usage or configuration, 3 outside fault, 4 protection not restored, 8 waiting.
    """


def process(args: list[str]) -> int:
    """Run ``args`` as this process's whole work; what it can print or not changes neither the work nor its exit code.

    Only success is not claimed where the output was lost.
    """
    from bascule import streams

    # Nearly all that importing makes stays: looking through it over and over is a tenth of a command's start.
    gc.set_threshold(20_000, 10, 50)
    out, _ = streams.guard()
    if args and args[0] in TOKENLESS:
        from bascule.forge.reexec import shed_tokens

        shed_tokens()
    elif args and args[0] in WITH_TOKENS and not HELP.intersection(args):
        from bascule.forge.reexec import start_anew

        start_anew()
    code = run(args)
    sys.stdout.flush()
    if out.failed is not None:
        print(f"bascule: the output could not be written: {out.failed.strerror}", file=sys.stderr)
        return ExitCode.OUTSIDE if code == ExitCode.DONE else code
    return code


def run(args: list[str]) -> int:
    """Run ``args`` and return the exit code; expected errors are printed without a traceback."""
    as_json = "--json" in args
    try:
        code = cli.main(args=args, prog_name="bascule", standalone_mode=False)
    except BasculeError as error:
        return report(error, as_json=as_json)
    except click.exceptions.Abort:
        return report(OutsideError("interrupted", hint="run it again"), as_json=as_json)
    except click.ClickException as error:
        if as_json:
            _document(UsageError(error.format_message(), hint=_help_of(error)))
        error.show()
        return ExitCode.USAGE
    except Exception as bug:
        # Python's own exit code for it would say "blocked".
        traceback.print_exc()
        return report(OutsideError(f"a bug in Bascule: {type(bug).__name__}: {bug}", hint=BUG), as_json=as_json)
    return int(code) if isinstance(code, int) else ExitCode.DONE


def report(error: BasculeError, *, as_json: bool) -> int:
    """Print ``error`` (stderr; with ``as_json`` also as a document on stdout) and return its exit code."""
    if as_json:
        _document(error)
    print(f"bascule: {error}", file=sys.stderr)
    return error.exit_code


def _document(error: BasculeError) -> None:
    from bascule import wire

    print(json.dumps({"schema_version": 1, "error": wire.dump(ErrorReport.of(error))}, indent=2))


def _help_of(error: click.ClickException) -> str:
    context = error.ctx if isinstance(error, click.UsageError) else None
    return f"{context.command_path if context is not None else 'bascule'} --help"
