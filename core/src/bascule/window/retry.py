"""Repeating what may be repeated, on an injected clock and within a budget of seconds spent waiting."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception_type

from bascule.clock import Clock
from bascule.forge.ports import LostReplyError, RateLimitedError

T = TypeVar("T")

FIRST_PAUSE = 0.25
LONGEST_PAUSE = 8.0


def pause(attempt: int) -> float:
    """Return the seconds to wait after ``attempt`` (from 1): a quarter second, doubling up to eight."""
    return float(min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (attempt - 1)))


def reading(clock: Clock, call: Callable[[], T], *, budget: float = 30.0, tries: int = 3) -> T:
    """Return ``call()``, repeated after lost replies and limits; for reads, and for writes that nothing can see.

    ``budget`` bounds the seconds spent waiting. A limit that asks for more than is left is raised at once.

    Raises:
        LostReplyError, RateLimitedError: the last one, when tries or budget are used up. Anything else at once.
    """

    def wait(state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome is not None else None
        asked = error.retry_after if isinstance(error, RateLimitedError) else 0.0
        return max(pause(state.attempt_number), asked)

    def stop(state: RetryCallState) -> bool:
        return state.attempt_number >= tries or state.idle_for + state.upcoming_sleep > budget

    retrying = Retrying(
        retry=retry_if_exception_type((LostReplyError, RateLimitedError)),
        wait=wait,
        stop=stop,
        sleep=clock.sleep,
        reraise=True,
    )
    return retrying(call)
