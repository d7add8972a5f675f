"""Every call counted and recorded, without a token or a header in the record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from attrs import frozen

from bascule.clock import Clock
from bascule.forge.identity import Identity
from bascule.forge.ports import (
    LostReplyError,
    MovedError,
    RateLimitedError,
    Request,
    Response,
    Transport,
)


@frozen(kw_only=True)
class Call:
    """One request as it went over the wire, retries included.

    ``operation`` is GraphQL's operation name, else empty; ``status`` None when no reply came; ``outcome`` is
    answered, lost, limited or moved; ``ms`` the milliseconds until the reply; ``at`` this machine's time when it
    was sent (UTC).
    """

    identity: Identity
    method: str
    path: str
    operation: str
    purpose: str
    is_write: bool
    status: int | None
    outcome: str
    ms: float
    at: datetime

    def __str__(self) -> str:
        what = f"{self.path} {self.operation}".rstrip()
        status = self.outcome if self.status is None else str(self.status)
        return f"{self.identity.value:<8} {self.purpose:<8} {self.method:<6} {what} -> {status} ({self.ms:.0f} ms)"


class CallLog:
    """The calls of a run in order, from all identities; ``listen`` is told of each as it ends."""

    def __init__(self) -> None:
        self._calls: list[Call] = []
        self._listeners: list[Callable[[Call], None]] = []
        self.date: datetime | None = None
        """The newest server time seen on any answer (UTC), or None."""
        self.remaining: dict[Identity, int] = {}
        """The primary rate limit's remaining calls per identity, as last seen."""

    def __iter__(self) -> Iterator[Call]:
        return iter(tuple(self._calls))

    def __len__(self) -> int:
        return len(self._calls)

    def add(self, call: Call) -> None:
        """Append ``call`` and tell the listeners."""
        self._calls.append(call)
        for listener in self._listeners:
            listener(call)

    def listen(self, listener: Callable[[Call], None]) -> None:
        """Call ``listener`` with every further call."""
        self._listeners.append(listener)

    def count(self, *, purpose: str | None = None, identity: Identity | None = None, writes: bool = False) -> int:
        """Return how many calls match; ``writes`` leaves out reads."""
        return sum(
            1
            for c in self._calls
            if (purpose is None or c.purpose == purpose)
            and (identity is None or c.identity is identity)
            and (c.is_write or not writes)
        )

    def lines(self) -> tuple[str, ...]:
        """Return one line per call, for a report."""
        return tuple(str(c) for c in self._calls)


class RecordingTransport:
    """Passes requests of one identity on and writes each into the log."""

    def __init__(self, inner: Transport, *, identity: Identity, log: CallLog, clock: Clock) -> None:
        self._inner = inner
        self._identity = identity
        self._log = log
        self._clock = clock

    def send(self, request: Request) -> Response:
        """Send and record; whatever is raised passes through."""
        at, started = self._clock.now(), self._clock.elapsed()
        status: int | None = None
        outcome = "lost"
        try:
            response = self._inner.send(request)
            status, outcome = response.status, "answered"
            self._notice(response)
            return response
        except (RateLimitedError, MovedError) as known:
            status, outcome = known.status, "limited" if isinstance(known, RateLimitedError) else "moved"
            raise
        except LostReplyError:
            raise
        finally:
            body = request.body if isinstance(request.body, dict) else {}
            self._log.add(
                Call(
                    identity=self._identity,
                    method=request.method,
                    path=request.path,
                    operation=str(body.get("operationName", "")) if request.path == "/graphql" else "",
                    purpose=request.purpose,
                    is_write=request.is_write,
                    status=status,
                    outcome=outcome,
                    ms=(self._clock.elapsed() - started) * 1000,
                    at=at,
                )
            )

    def _notice(self, response: Response) -> None:
        if response.date is not None and (self._log.date is None or response.date > self._log.date):
            self._log.date = response.date
        remaining = response.headers.get("x-ratelimit-remaining", "")
        if remaining.isdigit():
            self._log.remaining[self._identity] = int(remaining)
