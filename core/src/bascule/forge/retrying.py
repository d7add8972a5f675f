"""Reads are tried again; writes never.

A write is repeated only by who has read that it did not happen (DESIGN, section 6), so this wrapper lets every
write pass untouched, also when it was limited or lost.
"""

from __future__ import annotations

from collections.abc import Callable

from attrs import frozen
from tenacity import RetryCallState, Retrying, retry_if_exception_type

from bascule.clock import Clock
from bascule.forge.ports import LostReplyError, RateLimitedError, Request, Response, Transport


@frozen(kw_only=True)
class RetryPolicy:
    """How reads are repeated; all times in seconds.

    ``attempts`` in all, pauses ``first``, doubled up to ``cap``, plus up to ``jitter`` at random. A limit is
    waited for as GitHub says, up to ``max_wait`` each; ``budget`` bounds all pauses of one transport together.
    """

    attempts: int = 4
    first: float = 0.5
    cap: float = 8.0
    jitter: float = 0.25
    max_wait: float = 120.0
    budget: float = 300.0


class RetryingReads:
    """Repeats reads and GraphQL queries after lost replies and rate limits; the last error is raised as it is."""

    def __init__(
        self,
        inner: Transport,
        *,
        clock: Clock,
        policy: RetryPolicy | None = None,
        enabled: Callable[[], bool] = lambda: True,
    ) -> None:
        self._inner = inner
        self._clock = clock
        self._enabled = enabled
        self._policy = RetryPolicy() if policy is None else policy
        self._spent = 0.0

    def send(self, request: Request) -> Response:
        """Send ``request``; a read up to ``policy.attempts`` times while ``enabled()``."""
        if request.is_write or not self._enabled():
            return self._inner.send(request)
        retrying = Retrying(
            retry=retry_if_exception_type((LostReplyError, RateLimitedError)),
            wait=self._pause,
            stop=self._enough,
            sleep=self._sleep,
            reraise=True,
        )
        return retrying(self._inner.send, request)

    def _pause(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome is not None else None
        if isinstance(error, RateLimitedError):
            return error.retry_after
        pause: float = min(self._policy.cap, self._policy.first * 2 ** (state.attempt_number - 1))
        if self._policy.jitter:
            import random

            pause += random.uniform(0, self._policy.jitter)  # noqa: S311 - spreads load, guards nothing
        return pause

    def _enough(self, state: RetryCallState) -> bool:
        error = state.outcome.exception() if state.outcome is not None else None
        pause = state.upcoming_sleep
        too_long = isinstance(error, RateLimitedError) and pause > self._policy.max_wait
        return state.attempt_number >= self._policy.attempts or too_long or self._spent + pause > self._policy.budget

    def _sleep(self, seconds: float) -> None:
        self._spent += seconds
        self._clock.sleep(seconds)
