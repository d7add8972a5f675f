"""Asking a service: bounded in time, size and redirects, without credentials, cookies and proxies."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from attrs import frozen

LARGEST = 48 * 1024 * 1024
"""Bytes of one answer, unpacked. The longest documents of well-known packages have about 20 MB."""
_REDIRECTS = 3
_CONNECT, _READ = 5.0, 20.0
"""Seconds."""


class WebError(Exception):
    """A service that gave no answer; the message completes "npm ..."."""


@frozen(kw_only=True)
class Reply:
    """An answer: its status, headers, and content."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    def json(self) -> Any:
        """Return the content as JSON.

        Raises:
            WebError: it is none.
        """
        try:
            return json.loads(self.content)
        except (ValueError, RecursionError) as error:
            raise WebError("answered something that is not JSON") from error


class Web:
    """A client that many threads may use, until its time is up.

    Args:
        seconds: for all requests together.
        clock: a monotonic clock in seconds.
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until = clock() + seconds
        self._local = threading.local()

    def get(self, url: str, *, method: str = "GET", body: Any = None, largest: int = LARGEST) -> Reply:
        """Return the answer to a request, after at most three redirects that stay on the same host.

        Raises:
            WebError: no answer, none in time, one that is too large, or a redirect to elsewhere.
        """
        for _ in range(_REDIRECTS + 1):
            reply = self._once(url, method, body, largest)
            to = reply.headers.get("location", "")
            if reply.status not in {301, 302, 303, 307, 308} or not to:
                return reply
            target = urljoin(url, to)
            if urlsplit(target)[:2] != urlsplit(url)[:2]:
                raise WebError("sends elsewhere, which is not followed")
            url = target
        raise WebError(f"redirects more than {_REDIRECTS} times")

    def _once(self, url: str, method: str, body: Any, largest: int) -> Reply:
        left = self._until - self._clock()
        if left <= 0:
            raise WebError("was not asked: the time for all questions was up")
        try:
            with self._session().request(
                method, url, json=body, timeout=(min(_CONNECT, left), min(_READ, left)), stream=True,
                allow_redirects=False,
            ) as answer:  # fmt: skip
                content = self._content(answer, largest)
                headers = {k.lower(): v for k, v in answer.headers.items()}
                return Reply(status=answer.status_code, headers=headers, content=content)
        except requests.Timeout as error:
            raise WebError("did not answer in time") from error
        except requests.RequestException as error:
            # The library's own words name addresses and objects; a person needs neither.
            raise WebError(f"could not be asked ({type(error).__name__})") from error

    def _content(self, answer: requests.Response, largest: int) -> bytes:
        found = bytearray()
        for piece in answer.iter_content(64 * 1024):
            found += piece
            if len(found) > largest:
                raise WebError(f"answered more than {largest:,} bytes")
            if self._clock() > self._until:
                # Each piece has its own time limit; without this a slow one would add them up.
                raise WebError("did not answer in time")
        return bytes(found)

    def _session(self) -> requests.Session:
        found: requests.Session | None = getattr(self._local, "session", None)
        if found is None:
            found = requests.Session()
            found.trust_env = False  # no .netrc, no proxy
            found.headers["User-Agent"] = "bascule-deps (dependency release times)"
            found.cookies.set_policy(_NoCookies())
            self._local.session = found
        return found


class _NoCookies(requests.cookies.cookielib.DefaultCookiePolicy):  # type: ignore[name-defined,misc]
    def set_ok(self, cookie: Any, request: Any) -> bool:  # noqa: ARG002 - the policy's signature
        return False
