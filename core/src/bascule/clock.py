"""Time as a port, so that tests own every clock and every sleep.

``elapsed`` counts suspend: a laptop that slept through a window's deadline must notice
(protocol.md, "A run"). On Linux that is ``CLOCK_BOOTTIME``.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Wall time, elapsed time and sleep."""

    def now(self) -> datetime:
        """Return the current time, aware, in UTC."""
        ...

    def elapsed(self) -> float:
        """Return seconds since an arbitrary origin; never goes back, counts suspend."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait ``seconds`` (0 or more)."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the current UTC time."""
        return datetime.now(UTC)

    def elapsed(self) -> float:
        """Return seconds since boot, suspend included where the system can tell."""
        clock_id = getattr(time, "CLOCK_BOOTTIME", None)
        return time.monotonic() if clock_id is None else time.clock_gettime(clock_id)

    def sleep(self, seconds: float) -> None:
        """Sleep ``seconds``."""
        time.sleep(max(0.0, seconds))


class ManualClock:
    """A clock that only moves when told to; ``sleep`` moves it and records the request.

    Public because plugin authors' tests need it too.
    """

    def __init__(self, start: datetime | None = None) -> None:
        self._now = start or datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
        self._elapsed = 0.0
        self.sleeps: list[float] = []

    def now(self) -> datetime:
        """Return the clock's time."""
        return self._now

    def elapsed(self) -> float:
        """Return the seconds this clock was advanced by so far."""
        return self._elapsed

    def sleep(self, seconds: float) -> None:
        """Record and advance by ``seconds``."""
        self.sleeps.append(seconds)
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Move both clocks by ``seconds``."""
        from datetime import timedelta

        self._now += timedelta(seconds=seconds)
        self._elapsed += seconds
