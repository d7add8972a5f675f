"""The ``Bascule-Run:`` trailer: how a landed commit says whose merge it is."""

from __future__ import annotations

import re

NAME = "Bascule-Run"
_TRAILER = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*: \S.*")


def with_run(message: str, run: str) -> str:
    """Return ``message`` (may be empty) with the trailer of ``run``, joined to a trailer block that is there
    already.
    """
    line = f"{NAME}: {run}"
    body = message.rstrip()
    if not body:
        return line
    last = body.rsplit("\n\n", 1)[-1]
    joined = all(_TRAILER.fullmatch(text) for text in last.splitlines())
    return f"{body}\n{line}" if joined else f"{body}\n\n{line}"


def run_of(message: str) -> str | None:
    """Return the run that the message's last ``Bascule-Run:`` line names, or None."""
    found = re.findall(rf"^{NAME}: *(\S+)[ \t]*$", message, flags=re.MULTILINE)
    return found[-1] if found else None
