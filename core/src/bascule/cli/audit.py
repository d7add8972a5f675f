"""``bascule audit`` reads the journal; ``bascule keygen`` makes the keys that it is signed with."""

from __future__ import annotations

import itertools
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bascule.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from bascule.clock import Clock
    from bascule.window.access import Access
    from bascule.window.entries import Entry, Flawed
    from bascule.window.journal import Journal
    from bascule.window.state import State

_AUDIT = """Read the journal: every window and outcome, newest first, with what was loosened and how it ended.

Entries that nobody with a key wrote are shown as not believed. An open window is shown with the commands that
restore it by hand. --verify reads the whole chain (or --last entries) and checks every signature, link and order.

Exit code 0; with --verify 1 when something is not authentic, 4 when a window is open and expired.

\b
Example:
  bascule audit -R acme/shop
  bascule audit -R acme/shop --verify --json
"""
_KEYGEN = """Make a key pair for the journal.

Prints two lines for a shell or a secret store; with --out writes two files instead (the private one of mode 0600) and
never overwrites one. Role window signs everything and belongs to Keeper and Sweeper; role outcome signs only the
outcomes of runs that relaxed nothing.

\b
Example:
  eval "$(bascule keygen)"
  bascule keygen --role outcome --out ~/.config/bascule --json
"""
SHOWN = 20


@click.command(help=_AUDIT)
@click.option("-R", "--repo", metavar="OWNER/REPO", help="Another repository than this folder's.")
@click.option("--last", type=click.IntRange(min=1), help=f"So many entries; default {SHOWN}, or all with --verify.")
@click.option("--verify", is_flag=True, help="Check every signature, link and order; tell it by the exit code.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--api-url", metavar="URL", help="Root of the REST API (GitHub Enterprise, bascule sim).")
@click.option("--journal-repo", metavar="OWNER/REPO", help="Where the journal is, if not in the repository.")
def audit(
    repo: str | None, last: int | None, verify: bool, as_json: bool, api_url: str | None, journal_repo: str | None
) -> int:
    """Print the journal."""
    from bascule.clock import SystemClock
    from bascule.window.access import connected

    clock = SystemClock()
    with connected(repo, os.environ, clock, api_url=api_url, journal_repo=journal_repo) as access:
        return show(access, clock, last=last, verify=verify, as_json=as_json)


def show(access: Access, clock: Clock, *, last: int | None, verify: bool, as_json: bool) -> int:
    """Print the journal behind ``access`` and return the exit code.

    Raises:
        UsageError: ``verify`` without any public key. OutsideError: the journal cannot be read, or was cut.
    """
    from bascule.messages import journal as say
    from bascule.window.journal import Journal

    if verify and not access.keys.ring:
        raise UsageError(say.NO_PUBLIC_KEY, hint=say.NO_PUBLIC_KEY_HINT)
    journal = Journal(store=access.store, keys=access.keys, repository=access.repository, clock=clock)
    state = journal.read()
    limit = last if last is not None else (None if verify else SHOWN)
    items = list(itertools.islice(journal.history(state.tip), limit)) if state.tip is not None else []
    stray = _strays(items, state, journal)
    code = _code(items, stray, state) if verify else ExitCode.DONE
    printed = _as_json if as_json else _as_text
    click.echo(printed(access, state, items, stray, verify=verify, whole=limit is None))
    return code


def _strays(items: list[Entry | Flawed], state: State, journal: Journal) -> dict[str, str]:
    """Return what is signed and yet against the protocol, by replaying the entries that were read."""
    from bascule.window.entries import Entry, Kind
    from bascule.window.ledger import strays
    from bascule.window.state import State, fold

    believed = [i for i in reversed(items) if isinstance(i, Entry)]
    # Before the first `open` among them nothing can be said about order.
    begin = next((n for n, entry in enumerate(believed) if entry.kind is Kind.OPEN), len(believed))
    start = State(tip=None, date=state.date, elapsed=state.elapsed)
    return strays(start, fold(start, believed[begin:], journal.keys))


def _code(items: list[Entry | Flawed], stray: dict[str, str], state: State) -> ExitCode:
    from bascule.window.entries import Flawed

    if state.is_open and state.expired(state.date):
        return ExitCode.NOT_RESTORED
    wrong = stray or any(isinstance(i, Flawed) and i.alarming for i in items)
    return ExitCode.BLOCKED if wrong else ExitCode.DONE


def _as_text(
    access: Access, state: State, items: list[Entry | Flawed], stray: dict[str, str], *, verify: bool, whole: bool
) -> str:
    from bascule.messages import journal as say
    from bascule.window import ledger
    from bascule.window.entries import Flawed

    if state.tip is None:
        return say.EMPTY.format(repository=access.full_name)
    rows = [ledger.row(i, access.keys, stray.get(i.sha, "")) for i in items]
    parts = [ledger.table(rows), f"{access.full_name}: {ledger.standing(state)}"]
    if state.is_open:
        parts[-1] += "".join(f"\n  by hand: {line}" for line in _by_hand(access, state))
    if not access.keys.ring:
        parts.append(say.NEVER_CHECKED)
    if verify:
        foreign = sum(isinstance(i, Flawed) and not i.alarming for i in items)
        wrong = sum(bool(r.flaw) for r in rows) - foreign
        parts.append(say.counted(len(rows) - wrong - foreign, wrong, foreign, whole=whole))
    return "\n\n".join(parts)


def _as_json(
    access: Access, state: State, items: list[Entry | Flawed], stray: dict[str, str], *, verify: bool, whole: bool
) -> str:
    from bascule.window import ledger

    wrong = [d for d in (ledger.document(i, stray.get(i.sha, "")) for i in items) if not d["authentic"]]
    return json.dumps(
        {
            "schema_version": 1,
            "repository": access.full_name,
            "tip": state.tip,
            "open": state.is_open,
            "expired": state.expired(state.date),
            "state": ledger.standing(state),
            "verified": (not wrong) if verify else None,
            "whole": whole,
            "by_hand": list(_by_hand(access, state)) if state.is_open else [],
            "entries": [ledger.document(i, stray.get(i.sha, "")) for i in items],
        },
        indent=2,
    )


def _by_hand(access: Access, state: State) -> tuple[str, ...]:
    from bascule.window.restoring import by_hand

    if state.opened is None:
        return ()
    writes = tuple(w for p in state.opened.planned for w in p.inverse)
    return by_hand(access.full_name, state.opened.branch, writes)


@click.command(help=_KEYGEN)
@click.option(
    "--role",
    type=click.Choice(["window", "outcome"]),
    default="window",
    show_default=True,
    help="What the key may sign.",
)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder for two files.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def keygen(role: str, out: Path | None, as_json: bool) -> int:
    """Make a key pair."""
    from bascule.messages import journal as say
    from bascule.window import keys

    key = keys.generate(keys.Role(role))
    private, public = key.to_text(), key.public.to_text()
    files = _write(out, role, private, public) if out is not None else None
    if as_json:
        told: dict[str, object] = {"schema_version": 1, "role": role, "id": key.id, "public": public}
        told |= {"private": private} if files is None else {"private_file": str(files[0]), "public_file": str(files[1])}
        click.echo(json.dumps(told, indent=2))
    elif files is not None:
        click.echo(say.KEY_FILES.format(private=files[0], public=files[1]))
        click.echo(f"export {keys.PRIVATE_VARIABLE}=\"$(cat '{files[0]}')\"")
        click.echo(f"export {keys.PUBLIC_VARIABLE}={public}")
    else:
        click.echo(f"export {keys.PRIVATE_VARIABLE}={private}")
        click.echo(f"export {keys.PUBLIC_VARIABLE}={public}")
    if not as_json:
        click.echo(say.KEY_NEXT, err=True)
    return ExitCode.DONE


def _write(folder: Path, role: str, private: str, public: str) -> tuple[Path, Path]:
    from bascule.messages import journal as say

    made = folder / f"bascule-journal-{role}.key", folder / f"bascule-journal-{role}.pub"
    for path in made:
        if path.exists():
            raise UsageError(say.key_exists(str(path)), hint=say.KEY_EXISTS_HINT, where="--out")
    for path, text, mode in zip(made, (private, public), (0o600, 0o644), strict=True):
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), mode)
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(f"{text}\n")
        except OSError as error:
            text_ = say.key_not_written(str(path), error.strerror or "")
            raise UsageError(text_, hint=say.KEY_EXISTS_HINT, where="--out") from error
    return made
