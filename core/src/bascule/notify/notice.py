"""What a notice says: one record, one JSON document (docs/reference/notify.md)."""

from __future__ import annotations

import hashlib
from enum import Enum
from typing import Any

from attrs import frozen

from bascule import wire
from bascule.types import TimelineRow


class Event(Enum):
    """Why somebody is told."""

    ROLLED_BACK = "rolled_back"
    """A merge was undone."""
    ROLLBACK_BLOCKED = "rollback_blocked"
    """A merge should be undone, and a person has to do it."""
    NOT_RESTORED = "not_restored"
    """Protection is loose and could not be put back: exit code 4."""
    UNDECIDED = "undecided"
    """A watch ended without an answer: the data could not tell."""


@frozen(kw_only=True)
class Notice:
    """One notice. ``text`` is a short plain text that chat programs show as it is.

    ``number`` is the pull request, None where none is concerned; ``pull`` the rollback's own; ``undoes`` the run (or
    commit) whose merge is undone; ``at`` ISO 8601, UTC. The other fields are empty where they say nothing.
    """

    event: Event
    repository: str
    text: str
    run: str
    at: str
    number: int | None = None
    title: str = ""
    url: str = ""
    pull: int | None = None
    sha: str = ""
    undoes: str = ""
    reason: str = ""
    by: str = ""
    alarms: tuple[str, ...] = ()
    timeline: tuple[TimelineRow, ...] = ()
    next: str = ""

    @property
    def id(self) -> str:
        """Return a name that the same event of the same merge has again when it is told twice: 32 hex digits."""
        what = self.undoes or self.run
        return hashlib.sha256(f"{self.repository}\n{self.event.value}\n{what}\n{self.sha}".encode()).hexdigest()[:32]


def document(notice: Notice) -> dict[str, Any]:
    """Return ``notice`` as JSON data; keys are only ever added within one ``schema_version``."""
    data: dict[str, Any] = wire.dump(notice)
    return {"schema_version": 1, "id": notice.id, **data}


def schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of :func:`document`."""
    text, count = {"type": "string"}, {"type": ["integer", "null"], "minimum": 1}
    row = {"type": "object", "required": ["at", "text"], "properties": {"at": text, "text": text}}
    properties: dict[str, Any] = {
        "schema_version": {"const": 1},
        "id": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
        "event": {"enum": [e.value for e in Event]},
        "repository": text, "text": text, "run": text, "at": {"type": "string", "format": "date-time"},
        "number": count, "title": text, "url": text, "pull": count, "sha": text, "undoes": text, "reason": text,
        "by": text, "alarms": {"type": "array", "items": text}, "timeline": {"type": "array", "items": row},
        "next": text,
    }  # fmt: skip
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A notice of Bascule's",
        "type": "object",
        "properties": properties,
        "required": sorted(properties),
    }
