"""The journal's state: what a chain of entries adds up to. Pure.

A chain is folded from old to new, one item at a time, so that reading a whole journal and learning of one more entry
are the same rule.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from attrs import evolve, frozen

from bascule.types import Relaxation
from bascule.window.entries import (
    Baseline,
    Body,
    Entry,
    Flaw,
    Flawed,
    Guard,
    Kind,
    Leak,
    Newest,
    Opened,
    Restored,
    Unrestorable,
    Verified,
)
from bascule.window.guarding import merged
from bascule.window.keys import Keys, Role
from bascule.window.timing import Timing


@frozen(kw_only=True)
class State:
    """What is known of the journal at ``tip``. ``date`` is the server's clock when it was read.

    ``elapsed`` is this process's clock right *before* that read was sent, so that ``date + (now - elapsed)`` is
    never behind
    the server by more than the second that ``Date`` cuts off. ``entry`` is the newest authentic window entry,
    ``window`` the ``open`` that it belongs to, ``closing`` what closed that window, ``baseline`` one newer than it.
    ``alive`` is a sweeper's newest sign of life. ``flaws`` are alarming items that were passed; ``unanswered`` those
    that no holder of a window key has written behind yet.
    """

    tip: str | None
    date: datetime
    elapsed: float
    entry: Entry | None = None
    window: Entry | None = None
    closing: Entry | None = None
    baseline: Entry | None = None
    alive: datetime | None = None
    flaws: tuple[Flawed, ...] = ()
    unanswered: tuple[Flawed, ...] = ()

    @property
    def opened(self) -> Opened | None:
        """Return the body of the newest window's ``open``, whether it is closed or not."""
        return self.window.body if self.window is not None and isinstance(self.window.body, Opened) else None

    @property
    def is_open(self) -> bool:
        """Return whether a window is open."""
        return self.window is not None and self.closing is None

    @property
    def is_verified(self) -> bool:
        """Return whether nothing is left to verify: no window yet, or the newest one is verified or given up."""
        return self.entry is None or self.entry.kind in {Kind.VERIFIED, Kind.UNRESTORABLE}

    def expired(self, now: datetime) -> bool:
        """Return whether a window is open and its deadline has passed at server time ``now``."""
        return self.is_open and self.opened is not None and now > self.opened.deadline

    @property
    def newest(self) -> Newest:
        """Return the pointer that a heartbeat or an outcome on this state carries."""
        return Newest(sha=_sha(self.baseline) or _sha(self.entry))

    def same_truth(self, other: State) -> bool:
        """Return whether ``other`` knows of no window entry or baseline that this one does not know, and vice versa."""
        return _sha(self.entry) == _sha(other.entry) and _sha(self.baseline) == _sha(other.baseline)


def fold(state: State, items: Iterable[Entry | Flawed], keys: Keys) -> State:
    """Return ``state`` after ``items``, which come from old to new."""
    for item in items:
        state = _flaw(state, item) if isinstance(item, Flawed) else _entry(state, item, keys)
    return state


def _flaw(state: State, item: Flawed) -> State:
    if not item.alarming:
        return state
    return evolve(state, flaws=(*state.flaws, item), unanswered=(*state.unanswered, item))


def _entry(state: State, entry: Entry, keys: Keys) -> State:
    body = entry.body
    if not _continues(state, body):
        # Signed, but against the protocol: it must neither close somebody else's window nor replace an open one's
        # snapshot.
        return _flaw(state, Flawed(sha=entry.sha, parent=entry.parent, flaw=Flaw.ORDER, detail=entry.kind.value))
    if keys.ring[entry.key].role is Role.WINDOW:
        state = evolve(state, unanswered=())
    if isinstance(body, Opened):
        return evolve(state, entry=entry, window=entry, closing=None, baseline=None)
    if isinstance(body, Restored | Unrestorable):
        return evolve(state, entry=entry, closing=entry)
    if isinstance(body, Verified):
        return evolve(state, entry=entry)
    if isinstance(body, Baseline):
        return evolve(state, baseline=entry)
    if entry.kind is Kind.HEARTBEAT:
        return evolve(state, alive=entry.at)
    return state


def _continues(state: State, body: Body) -> bool:
    if isinstance(body, Opened):
        if state.window is None or state.opened is None:
            return True  # reading began here: what it takes over lies before
        if not state.is_open:
            return body.takes_over is None
        return body.takes_over == state.window.sha and body.snapshot_sha256 == state.opened.snapshot_sha256
    if isinstance(body, Restored | Unrestorable | Verified):
        if state.window is None or body.opened != state.window.sha:
            return False
        return state.is_open is not isinstance(body, Verified)
    return not (isinstance(body, Baseline) and state.is_open)


def guards(state: State, timing: Timing) -> tuple[Guard, ...]:
    """Return, by branch, what protection was at the last close and which relaxations may still land late.

    Leaks whose time is over are dropped, and guards without leaks with them: any later difference is a person's edit
    and becomes the new truth. A window that is still open adds nothing: its snapshot is in its own entry.
    """
    kept = (evolve(g, leaks=tuple(k for k in g.leaks if k.until > state.date)) for g in _known(state, timing).values())
    return tuple(sorted((g for g in kept if g.leaks), key=lambda g: g.branch))


def truth(state: State, timing: Timing, branch: str) -> Any:
    """Return the newest snapshot (canonical JSON) that a closed window or a baseline left for ``branch``, or None."""
    guard = _known(state, timing).get(branch)
    return guard.snapshot if guard is not None else None


def _known(state: State, timing: Timing) -> dict[str, Guard]:
    found = {g.branch: g for g in state.opened.past} if state.opened is not None else {}
    if state.opened is not None and state.closing is not None:
        found[state.opened.branch] = _closed(found.get(state.opened.branch), state.opened, state.closing, timing)
    if state.baseline is not None and isinstance(state.baseline.body, Baseline):
        body = state.baseline.body
        found[body.branch] = Guard(branch=body.branch, snapshot=body.snapshot)
    return found


def _closed(before: Guard | None, opened: Opened, closing: Entry, timing: Timing) -> Guard:
    body = closing.body
    target = body.target if isinstance(body, Restored) and body.target is not None else opened.snapshot
    guard = Guard(branch=opened.branch, snapshot=target, leaks=before.leaks if before is not None else ())
    if opened.recovery:
        return evolve(guard, leaks=tuple(_undone(k, opened.relaxations) for k in guard.leaks))
    if isinstance(body, Restored) and not body.relaxed:
        return guard
    life = timing.horizon if opened.token_life is None else min(opened.token_life, timing.horizon)
    until = closing.at + timedelta(seconds=life + timing.longest_request)
    fresh = tuple(Leak(relaxation=r, until=until) for r in opened.relaxations)
    return evolve(guard, leaks=merged(guard.leaks, fresh))


def _undone(leak: Leak, relaxations: tuple[Relaxation, ...]) -> Leak:
    """Return ``leak`` marked when ``relaxations``, which were fitted to the snapshot since, undo any of it."""
    mine = leak.relaxation
    for r in relaxations:
        if (r.field, r.op, r.after) != (mine.field, mine.op, mine.after):
            continue
        if r.op == "set" or any(e in r.elements for e in mine.elements):
            return evolve(leak, recovered=True)
    return leak


def _sha(entry: Entry | None) -> str | None:
    return entry.sha if entry is not None else None
