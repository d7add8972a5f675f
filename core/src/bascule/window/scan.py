"""How far back a reading of the journal has to go, and what it then says. Pure: commits are fetched by the caller."""

from __future__ import annotations

from datetime import timedelta

from attrs import define, evolve, field

from bascule.window.entries import WINDOW_KINDS, Entry, Flawed, Heartbeat, Kind, Newest, Opened, Outcome
from bascule.window.keys import Keys, Role
from bascule.window.state import State, fold


class MissingOpenError(Exception):
    """A signed entry closes a window whose ``open`` is not in the chain: the chain was cut. ``sha`` is that
    ``open``.
    """

    def __init__(self, sha: str) -> None:
        super().__init__(sha)
        self.sha = sha


@define(kw_only=True, eq=False)
class Scan:
    """One reading, fed with items from the tip backwards.

    ``start`` has tip and times only. ``last`` is what this process read before, ``seen`` the newest tip it knows of:
    the reading must meet it. ``alive_within`` seconds: how far back to look for a heartbeat.
    """

    start: State
    last: State | None
    seen: str | None
    keys: Keys
    alive_within: float
    _items: list[Entry | Flawed] = field(factory=list, init=False)
    _met: bool = field(default=False, init=False)
    _landmark: bool = field(default=False, init=False)
    _open: str | None = field(default=None, init=False)
    _complete: bool = field(default=False, init=False)
    _alive: bool = field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        self._met = self.seen is None
        if not any(k.role is Role.WINDOW for k in self.keys.ring.values()):
            # Nobody could have opened a window here that we would believe: nothing to look for.
            self._landmark = self._complete = self._alive = True

    def take(self, item: Entry | Flawed) -> str | None:
        """Take the next older item; return the commit to read after it, or None when enough is known."""
        if self.last is not None and item.sha == self.last.tip:
            self._met = True
            return None
        self._items.append(item)
        self._met = self._met or item.sha == self.seen
        onward = item.parent
        if isinstance(item, Entry):
            onward = self._entry(item)
        if self.last is None and self._met and self._complete and self._alive:
            return None
        return onward

    def result(self) -> State | None:
        """Return the state, or None when what was read does not descend from what was seen.

        Raises:
            MissingOpenError: the chain ended before the ``open`` of its newest window.
        """
        if not self._met:
            return None
        if self.last is not None:
            base = evolve(self.last, tip=self.start.tip, date=self.start.date, elapsed=self.start.elapsed)
            return fold(base, reversed(self._items), self.keys)
        if self._landmark and not self._complete and self._open is not None:
            raise MissingOpenError(self._open)
        # What is older than the newest window's `open` was read for signs of life only.
        ends = next((n for n, i in enumerate(self._items) if i.sha == self._open), len(self._items) - 1)
        state = fold(self.start, reversed(self._items[: ends + 1]), self.keys)
        older = (i for i in self._items[ends + 1 :] if isinstance(i, Entry) and i.kind is Kind.HEARTBEAT)
        return evolve(state, alive=state.alive or next((i.at for i in older), None))

    def _entry(self, item: Entry) -> str | None:
        if item.kind is Kind.HEARTBEAT or item.at < self.start.date - timedelta(seconds=self.alive_within):
            self._alive = True
        if item.kind in WINDOW_KINDS and not self._landmark:
            self._landmark = True
            self._open = item.sha if isinstance(item.body, Opened) else item.body.opened  # type: ignore[union-attr]
        if self._landmark and item.sha == self._open:
            self._complete = True
        if not self._landmark and self._met and self._alive and self.last is None:
            jump = self._jump(item)
            if jump is not None:
                self._landmark = self._complete = jump.sha is None
                return jump.sha
        return item.parent

    def _jump(self, item: Entry) -> Newest | None:
        if isinstance(item.body, Heartbeat | Outcome) and self.keys.ring[item.key].role is Role.WINDOW:
            return item.body.newest
        return None
