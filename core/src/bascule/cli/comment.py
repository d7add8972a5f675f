"""``bascule comment``: what a comment on a pull request asks for."""

from __future__ import annotations

import json
from pathlib import Path

import click

from bascule.cli import running
from bascule.errors import UsageError

_HELP = """Handle a comment event: /bascule merge, why, hold, rollback [REASON], dispute REASON, /auto-merge.

EVENT.json is GitHub's issue_comment payload (in Actions: "$GITHUB_EVENT_PATH"). Only newly created comments of people
who have write access at this moment count; the command is acknowledged with a reaction.

\b
Example:
  bascule comment "$GITHUB_EVENT_PATH"
  bascule comment event.json --json
"""


@click.command(help=_HELP)
@click.argument("event", metavar="EVENT.json", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help="The result as one JSON document on stdout.")
@click.option("--attended", is_flag=True, help="A person watches: no sweeper's heartbeat is asked for.")
@click.option("--exit-zero", is_flag=True, help="Exit 0 for blocked and waiting, too (Actions).")
def comment(event: Path, as_json: bool, attended: bool, exit_zero: bool) -> int:
    """Parse the event, check the person's live permission, and do what was asked."""
    from bascule.pipeline.commands import Ignored, parse
    from bascule.pipeline.obey import obey

    found = parse(_read(event))
    if isinstance(found, Ignored):
        click.echo(
            json.dumps({"schema_version": 1, "ignored": found.reason}) if as_json else f"ignored: {found.reason}"
        )
        return 0
    where = f"{found.repo}#{found.number}"
    with running.session(where, None, attended=attended, quiet=as_json) as (session, _):
        answer = obey(session, found)
    if answer.result is None:
        document = {"schema_version": 1, "verb": answer.verb, "done": answer.done, "said": answer.said}
        click.echo(json.dumps(document) if as_json else answer.said)
        return 0 if answer.done else 1
    running.show(answer.result, output="json" if as_json else "text", verbose=answer.verb == "why")
    return running.code(answer.result, exit_zero=exit_zero)


def _read(event: Path) -> dict[str, object]:
    try:
        data = json.loads(event.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", where=str(event), hint="pass the event's file") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"is not JSON: {error}", where=str(event), hint="pass GitHub's payload unchanged") from error
    if not isinstance(data, dict):
        raise UsageError("is not a JSON object", where=str(event), hint="pass GitHub's payload unchanged")
    return data
