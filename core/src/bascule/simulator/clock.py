"""The simulator's clock: real time plus an offset that `/_sim/clock` moves."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from bascule.simulator.store import Store


class Clock:
    """Every time that the simulator shows comes from here; the offset survives a restart."""

    def __init__(self, store: Store, real: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._store = store
        self._real = real

    @property
    def offset(self) -> float:
        """Seconds ahead of real time."""
        return float(self._store.meta("clock_offset", 0.0))

    def now(self) -> datetime:
        """The present moment in UTC."""
        return self._real() + timedelta(seconds=self.offset)

    def iso(self) -> str:
        """The present moment as GitHub writes it: `2026-01-31T12:00:00Z`."""
        return self.now().strftime("%Y-%m-%dT%H:%M:%SZ")

    def http_date(self) -> str:
        """The present moment for a `Date` header."""
        return format_datetime(self.now(), usegmt=True)

    def advance(self, seconds: float) -> None:
        """Move the clock; negative moves it back."""
        self._store.set_meta("clock_offset", self.offset + seconds)
