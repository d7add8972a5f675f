"""What one run works with: connection, hosts, clock and the few facts that are not in any record."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

from attrs import define, field

from bascule.clock import Clock
from bascule.forge.connection import Connection
from bascule.forge.tokens import Tokens
from bascule.host.driver import Hosts
from bascule.window.journal import Journal


def new_run() -> str:
    """Return a fresh name for a run: short enough to say aloud, random enough never to meet its like."""
    return f"r-{secrets.token_hex(6)}"


def _quiet(_: str) -> None:
    """Say nothing."""


@define(kw_only=True)
class Session:
    """One run. ``asked_by`` is the login that asked by a comment command, after its live permission was checked;
    ``asked_sha`` the commit that they named, at least seven digits of it, or an empty string.

    ``attended``: a person watches, so that no sweeper's heartbeat is needed. ``typed``: a person gave the command, by
    saying so (``--attended``) or at a terminal; a schedule or a service did not. ``progress`` is told each stage.
    """

    connection: Connection
    tokens: Tokens
    hosts: Hosts
    clock: Clock
    environ: Mapping[str, str]
    run: str = field(factory=new_run)
    attended: bool = False
    typed: bool = False
    asked_by: str | None = None
    asked_sha: str = ""
    evidence: Mapping[str, Path] = field(factory=dict)
    """Evidence files that were given with the command, by name."""
    progress: Callable[[str], None] = _quiet
    journal: Journal | None = field(default=None, init=False)
    """The journal once it was looked into; it remembers what was read."""

    @property
    def in_actions(self) -> bool:
        """Return whether this runs inside GitHub Actions, where nobody is at the keyboard."""
        return self.tokens.actions

    @property
    def automated(self) -> bool:
        """Return whether a machine started this: Actions, or any other runner that says so with ``CI``, as all do."""
        return self.in_actions or self.environ.get("CI", "").lower() not in {"", "0", "false"}
