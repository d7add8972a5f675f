"""Entries of the journal as records: what each kind says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Any

from attrs import field, frozen

from bascule.protection.rest import Write
from bascule.types import Relaxation


class Kind(Enum):
    """What an entry says (protocol.md, "Entries")."""

    OPEN = "open"
    RESTORED = "restored"
    VERIFIED = "verified"
    UNRESTORABLE = "unrestorable"
    OUTCOME = "outcome"
    HEARTBEAT = "heartbeat"
    BASELINE = "baseline"


WINDOW_KINDS = frozenset({Kind.OPEN, Kind.RESTORED, Kind.VERIFIED, Kind.UNRESTORABLE})
"""The kinds that decide the journal's state; only these are a takeover."""


class Flaw(Enum):
    """Why a commit in the chain is not believed."""

    MALFORMED = "malformed"
    UNSIGNED = "unsigned"
    UNKNOWN_KEY = "unknown key"
    BAD_SIGNATURE = "bad signature"
    ROLE = "role not allowed for this kind"
    FOREIGN = "wrong repository id"
    PARENT = "wrong parent"
    ORDER = "out of order"


@frozen(kw_only=True)
class ChangeRef:
    """One pull request of a window."""

    number: int
    head_sha: str
    base_sha: str


@frozen(kw_only=True)
class Planned:
    """A relaxation with the writes that undo it alone, so that a person can restore by hand from the journal."""

    relaxation: Relaxation
    inverse: tuple[Write, ...] = ()


@frozen(kw_only=True)
class Leak:
    """A relaxation that may still land late: until ``until`` a loosening that looks like it is not a person's edit.

    ``recovered`` once a patrol has undone it: if it is there again, a person did it.
    """

    relaxation: Relaxation
    until: datetime
    recovered: bool = False


@frozen(kw_only=True)
class Guard:
    """What a branch's protection was when its last window closed (canonical JSON), and what may still leak into it."""

    branch: str
    snapshot: Any
    leaks: tuple[Leak, ...] = ()


@frozen(kw_only=True)
class Opened:
    """``open``: lock, snapshot and write-ahead in one.

    ``owner`` is the SHA-256 of the owner's secret. ``takes_over`` is the commit of the ``open`` that this one
    continues (same
    snapshot), None for a window of its own. ``recovery``: a patrol undoes ``planned`` and relaxes nothing.
    ``since`` is when the window that is taken over was opened.
    ``token_life`` is the owner's token's remaining life in seconds, None when unknown. ``past`` carries the guards of
    earlier windows on, so that one entry is enough to know them.
    """

    owner: str
    branch: str
    snapshot: Any
    snapshot_sha256: str
    planned: tuple[Planned, ...]
    deadline: datetime
    changes: tuple[ChangeRef, ...] = ()
    takes_over: str | None = None
    recovery: bool = False
    since: datetime | None = None
    token_life: float | None = None
    past: tuple[Guard, ...] = ()
    way: str = "stepwise"

    @property
    def reason(self) -> str:
        """Return ``run``, ``takeover`` or ``recovery``, for people."""
        if self.takes_over is not None:
            return "takeover"
        return "recovery" if self.recovery else "run"

    @property
    def relaxations(self) -> tuple[Relaxation, ...]:
        """Return the planned relaxations without their inverses."""
        return tuple(p.relaxation for p in self.planned)


@frozen(kw_only=True)
class Landing:
    """A merge that landed: pull request and commit."""

    number: int
    sha: str


@frozen(kw_only=True)
class Restored:
    """``restored``: the window is closed. ``opened`` is the commit of its ``open``.

    ``relaxed`` is False only when no relaxation was ever sent. ``target`` is what protection was restored to when
    that is not the snapshot (a person's edit was kept), else None. ``exposure`` in seconds.
    """

    opened: str
    outcome: str
    relaxed: bool
    live_sha256: str
    sent: tuple[Write, ...] = ()
    target: Any = None
    landed: tuple[Landing, ...] = ()
    exposure: float | None = None
    notes: tuple[str, ...] = ()
    alarms: tuple[str, ...] = ()
    details: Mapping[str, Any] = field(factory=dict)


@frozen(kw_only=True)
class Verified:
    """``verified``: a read at least 35 s after ``restored`` showed nothing of ours. ``equal``: it was the target
    itself.
    """

    opened: str
    restored: str
    live_sha256: str
    equal: bool


@frozen(kw_only=True)
class Unrestorable:
    """``unrestorable``: closed with an alarm, because what was relaxed cannot be reached any more."""

    opened: str
    why: str


@frozen(kw_only=True)
class Newest:
    """The newest window or baseline entry before this one (None: there is none): a reader may jump there.

    Without it a reader would page through weeks of heartbeats. Believed only under a window key's signature.
    """

    sha: str | None


@frozen(kw_only=True)
class Outcome:
    """``outcome``: a run without a window."""

    status: str
    summary: str
    changes: tuple[ChangeRef, ...] = ()
    landed: tuple[Landing, ...] = ()
    details: Mapping[str, Any] = field(factory=dict)
    newest: Newest | None = None


@frozen(kw_only=True)
class Heartbeat:
    """``heartbeat``: a sweeper is alive and writes one ``every`` so many seconds."""

    sweeper: str
    every: float
    newest: Newest | None = None


@frozen(kw_only=True)
class Baseline:
    """``baseline``: a person accepts today's protection of ``branch`` as the truth."""

    branch: str
    snapshot: Any
    snapshot_sha256: str
    reason: str
    by: str


Body = Opened | Restored | Verified | Unrestorable | Outcome | Heartbeat | Baseline

KIND_OF: dict[type[Any], Kind] = {
    Opened: Kind.OPEN,
    Restored: Kind.RESTORED,
    Verified: Kind.VERIFIED,
    Unrestorable: Kind.UNRESTORABLE,
    Outcome: Kind.OUTCOME,
    Heartbeat: Kind.HEARTBEAT,
    Baseline: Kind.BASELINE,
}
TYPE_OF: dict[Kind, type[Any]] = {kind: made for made, kind in KIND_OF.items()}


@frozen(kw_only=True)
class Entry:
    """One authentic entry. ``sha`` is its commit, ``parent`` the commit before it, ``at`` the server's time (UTC)."""

    sha: str
    repository: int
    run: str
    nonce: str
    parent: str | None
    at: datetime
    key: str
    body: Body

    @property
    def kind(self) -> Kind:
        """Return the kind, which the body's type decides."""
        return KIND_OF[type(self.body)]


@frozen(kw_only=True)
class Flawed:
    """A commit in the chain that is not an authentic entry. ``parent`` lets a reader walk on."""

    sha: str
    parent: str | None
    flaw: Flaw
    detail: str = ""

    @property
    def alarming(self) -> bool:
        """Return whether somebody must be told: entries of forks and mirrors are just not ours."""
        return self.flaw is not Flaw.FOREIGN
