"""Delivers notices to one address: POST, JSON, a time limit, and few repetitions within a budget.

The address is a secret (who knows it can write into the channel): no message, log or record shows any part of it. It is
delivered at least once; :attr:`Notice.id` lets a receiver drop what it has seen.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from attrs import frozen
from tenacity import RetryCallState, Retrying, retry_if_exception_type

from bascule.clock import Clock
from bascule.errors import OutsideError, UsageError
from bascule.forge.addresses import is_loopback
from bascule.forge.tokens import NOTIFY_URL, Secret
from bascule.messages import notify as say
from bascule.notify.notice import Notice, document

TIMEOUT = (3.05, 5.0)
"""Seconds to connect, and to wait for the answer."""
TRIES = 4
FIRST_PAUSE, LONGEST_PAUSE, BUDGET = 0.5, 8.0, 15.0
"""Seconds between two tries (doubled each time), at most, and all together."""

Post = Callable[[str, bytes], tuple[int, Mapping[str, str]]]
"""Sends a body to an address and returns status and headers; raises OSError where there is no answer."""


class _AgainError(Exception):
    """No answer, or one that says "later"; ``wait`` is how long the receiver asked for, in seconds."""

    def __init__(self, why: str, wait: float = 0.0) -> None:
        super().__init__(why)
        self.wait = wait


@frozen(kw_only=True)
class Webhook:
    """One address. ``post`` is a port for tests; the default speaks HTTP and follows no redirect."""

    address: Secret
    clock: Clock
    allow_http: bool = False
    post: Post | None = None

    def deliver(self, notice: Notice) -> None:
        """Deliver ``notice``, repeating it where nobody answered.

        Raises:
            UsageError: the address is none, or would be reached without encryption.
            OutsideError: it was not taken; the message says how the last try ended.
        """
        url = _checked(self.address.reveal().strip(), allow_http=self.allow_http)
        body = json.dumps(document(notice), ensure_ascii=False).encode("utf-8", "replace")
        retrying = Retrying(
            retry=retry_if_exception_type(_AgainError),
            wait=_pause,
            stop=_enough,
            sleep=self.clock.sleep,
            reraise=True,
        )
        try:
            retrying(self._once, url, body)
        except _AgainError as last:
            raise OutsideError(say.not_delivered(str(last)), hint=say.NOT_DELIVERED_HINT, where=NOTIFY_URL) from None

    def _once(self, url: str, body: bytes) -> None:
        send = self.post or _post
        try:
            status, headers = send(url, body)
        except OSError as error:
            # The exception's text names the address.
            raise _AgainError(say.no_answer(type(error).__name__)) from None
        if 200 <= status < 300:
            return
        if status in {408, 425, 429} or status >= 500:
            asked = headers.get("retry-after", "")
            raise _AgainError(say.answered(status), float(asked) if asked.isdigit() else 0.0)
        raise OutsideError(say.not_delivered(say.answered(status)), hint=say.NOT_DELIVERED_HINT, where=NOTIFY_URL)


def _checked(url: str, *, allow_http: bool) -> str:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        raise UsageError(say.NO_ADDRESS, hint=say.NO_ADDRESS_HINT, where=NOTIFY_URL) from None
    if parts.scheme not in {"http", "https"} or not host:
        raise UsageError(say.NO_ADDRESS, hint=say.NO_ADDRESS_HINT, where=NOTIFY_URL)
    if parts.scheme == "http" and not (allow_http or is_loopback(host)):
        raise UsageError(say.NOT_ENCRYPTED, hint=say.NO_ADDRESS_HINT, where=NOTIFY_URL)
    return url


def _pause(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome is not None else None
    asked = error.wait if isinstance(error, _AgainError) else 0.0
    doubled: float = FIRST_PAUSE * 2 ** (state.attempt_number - 1)
    return max(asked, min(LONGEST_PAUSE, doubled))


def _enough(state: RetryCallState) -> bool:
    return state.attempt_number >= TRIES or state.idle_for + state.upcoming_sleep > BUDGET


def _post(url: str, body: bytes) -> tuple[int, Mapping[str, str]]:
    import requests

    headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "bascule"}
    with requests.Session() as session:
        # A proxy must never be asked to reach this very machine, and a .netrc has no business here.
        session.trust_env = not is_loopback(urlsplit(url).hostname or "")
        session.auth = lambda request: request
        reply = session.post(url, data=body, headers=headers, timeout=TIMEOUT, allow_redirects=False, stream=True)
        status, found = reply.status_code, {k.lower(): v for k, v in reply.headers.items()}
        reply.close()  # the body says nothing that is needed, and may be endless
    return status, found
