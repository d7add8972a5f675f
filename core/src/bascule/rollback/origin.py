"""Which run merged a pull request, and whether it was rolled back since, by the journal's signed entries. Pure.

Only authentic entries count. A run that died after the merge left no closing entry; then its signed ``open`` names the
change, and the landed commit's ``Bascule-Run:`` trailer names that run: both together are its word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from attrs import frozen

from bascule.window.entries import Entry, Flawed, Landing, Opened, Outcome, Restored
from bascule.window.trailer import run_of

UNDOES = "Bascule-Undoes"
"""The trailer of a rollback's commits: the run that it undoes, or the commit where nobody's run made the merge."""
DETAIL = "undoes"
"""The key of an entry's details that says the same under the journal's signature."""


@frozen(kw_only=True)
class Origin:
    """A merge that Bascule made. ``undoes`` is not empty when it was itself a rollback. ``at``: server time, UTC."""

    run: str
    number: int
    landed: str
    head_sha: str
    at: datetime
    undoes: str = ""


@frozen(kw_only=True)
class Undone:
    """A rollback that landed: its run, pull request and commit."""

    run: str
    number: int
    landed: str
    at: datetime


@frozen(kw_only=True)
class Trace:
    """What the journal knows of one merge. ``origin`` None: Bascule did not make it, as far as was read.

    ``whole`` is False where the journal was not read to the end and not back to the merge either.
    """

    origin: Origin | None = None
    undone: Undone | None = None
    whole: bool = True


def trace(
    items: Iterable[Entry | Flawed], *, number: int, landed: str, message: str, since: datetime, limit: int = 5000
) -> Trace:
    """Return what ``items`` say of the merge of pull request ``number``.

    Args:
        items: the journal from its tip backwards, newest first; read only as far as it takes.
        landed: the commit that GitHub names as the merge.
        message: that commit's whole message.
        since: when it was committed; what was written before cannot be about it.
        limit: at most so many entries are read.
    """
    named = run_of(message)
    undone: dict[str, Undone] = {}
    count = 0
    for count, item in enumerate(items, 1):
        if count > limit:
            return Trace(undone=undone.get(landed), whole=False)
        if isinstance(item, Flawed):
            continue
        for landing in _landings(item):
            undoes = _detail(item)
            if undoes and landing.number != number:
                undone.setdefault(undoes, Undone(run=item.run, number=landing.number, landed=landing.sha, at=item.at))
            if (landing.number, landing.sha) == (number, landed):
                origin = _origin(item, landing, head="")
                return Trace(origin=origin, undone=undone.get(origin.run))
        body = item.body
        if isinstance(body, Opened) and named == item.run and not body.recovery:
            head = next((c.head_sha for c in body.changes if c.number == number), None)
            if head is not None:
                origin = _origin(item, Landing(number=number, sha=landed), head=head)
                return Trace(origin=origin, undone=undone.get(item.run))
        if item.at < since:
            break
    return Trace(undone=undone.get(landed))


def undoes_of(message: str) -> str:
    """Return what a commit message's last ``Bascule-Undoes:`` line names, or an empty string."""
    found = re.findall(rf"^{UNDOES}: *(\S+)[ \t]*$", message, flags=re.MULTILINE)
    return str(found[-1]) if found else ""


def _landings(item: Entry) -> tuple[Landing, ...]:
    body = item.body
    if isinstance(body, Restored):
        return body.landed
    return body.landed if isinstance(body, Outcome) and body.status == "merged" else ()


def _detail(item: Entry) -> str:
    body: Any = item.body
    return str(body.details.get(DETAIL) or "")


def _origin(item: Entry, landing: Landing, *, head: str) -> Origin:
    undoes = _detail(item) if isinstance(item.body, Restored | Outcome) else ""
    return Origin(run=item.run, number=landing.number, landed=landing.sha, head_sha=head, at=item.at, undoes=undoes)
