"""The only module that imports PyGithub: one request in, one answer out.

PyGithub signs, keeps the connection and knows the addresses. Everything it would decide on its own is switched
off, because a window must know what happened: no retry (its own repeats a POST after a lost reply and then reports
our lock as somebody else's), no sleep, no following of redirects (301 drops the query, 307 looks like success), no
second try after 202, and no ``url`` key added to bodies, which are parsed from the raw text.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from attrs import frozen

from bascule import __version__
from bascule.clock import Clock
from bascule.forge.addresses import Api, check_address, is_loopback
from bascule.forge.ports import LostReplyError, Request, Response
from bascule.forge.replies import describe, interpret
from bascule.forge.tokens import Secret
from bascule.messages import forge as text

API_VERSION = "2022-11-28"
_SCRUBBED = 8  # no real token is shorter, and shorter words occur in honest texts


@frozen(kw_only=True)
class Spacing:
    """Least seconds between the end of one call and the start of the next; GitHub asks for 1 s between writes."""

    calls: float = 0.0
    writes: float = 1.0


class GitHubTransport:
    """Sends requests to one GitHub with one token; implements :class:`bascule.forge.ports.Transport`.

    Args:
        base_url: API root without trailing slash (``https://api.github.com``, ``https://HOST/api/v3``, loopback http).
        token: the identity's token, or None for anonymous.
        clock: for spacing and for the time in messages.
        timeout: seconds to wait for the connection and for each piece of the answer; a whole number of at least 1.
        spacing: see :class:`Spacing`; zero against a simulator.
        allow_http: accept plain http to another machine.

    Raises:
        UsageError: the address would leak the token.
    """

    def __init__(
        self,
        base_url: str,
        token: Secret | None,
        *,
        clock: Clock,
        timeout: int = 15,
        spacing: Spacing | None = None,
        allow_http: bool = False,
    ) -> None:
        check_address(base_url, allow_http=allow_http)
        self.api = Api.of_root(base_url, allow_http=allow_http)
        self.timeout = timeout
        self._token = token
        self._clock = clock
        self._spacing = Spacing() if spacing is None else spacing
        self._spaced = True
        self._last_call: float | None = None
        self._last_write: float | None = None
        self._requester: Any = None
        self._connection: _Guard | None = None

    def send(self, request: Request) -> Response:
        """Send ``request`` once; see :class:`bascule.forge.ports.Transport`."""
        requester, connection = self._open()
        import requests

        self._wait_turn(request)
        try:
            status, headers, body = requester.requestJson(
                request.method,
                requester.graphql_url if request.path == "/graphql" else request.path,
                parameters=dict(request.query),
                headers={"Accept": "application/vnd.github+json"},
                input=request.body,
                cnx=connection,
            )
        except _Stopped as stopped:
            status, headers, body = stopped.status, stopped.headers, stopped.body
        except (requests.RequestException, OSError) as failure:
            message, hint = text.unreachable(describe(request), _reason(failure), write=request.is_write)
            raise LostReplyError(message, hint=hint) from failure
        finally:
            self._last_call = self._clock.elapsed()
            if request.is_write:
                self._last_write = self._last_call
        if self._token is not None and status >= 400 and len(self._token.reveal()) >= _SCRUBBED:
            # A server or proxy that echoes the token in a refusal would carry it into messages and logs.
            body = body.replace(self._token.reveal(), "***")
        return interpret(request, status, headers, body, now=self._clock.now())

    @contextmanager
    def unspaced(self) -> Iterator[None]:
        """Send without pauses: inside a window every second of spacing is a second of exposure."""
        before, self._spaced = self._spaced, False
        try:
            yield
        finally:
            self._spaced = before

    def close(self) -> None:
        """Close the connection; the next call opens a new one."""
        if self._connection is not None:
            self._connection.close()
        self._requester = self._connection = None

    def _wait_turn(self, request: Request) -> None:
        if not self._spaced:
            return
        now = self._clock.elapsed()
        due = now
        if self._last_call is not None:
            due = max(due, self._last_call + self._spacing.calls)
        if request.is_write and self._last_write is not None:
            due = max(due, self._last_write + self._spacing.writes)
        if due > now:
            self._clock.sleep(due - now)

    def _open(self) -> tuple[Any, _Guard]:
        if self._requester is None or self._connection is None:
            from github.Auth import Token
            from github.Requester import HTTPRequestsConnectionClass, HTTPSRequestsConnectionClass, Requester

            self._requester = Requester(
                auth=None if self._token is None else Token(self._token.reveal()),
                base_url=self.api.rest,
                timeout=self.timeout,
                user_agent=f"bascule/{__version__}",
                per_page=100,
                verify=True,
                retry=None,
                pool_size=None,
                api_version=API_VERSION,
            )
            kind = HTTPSRequestsConnectionClass if self.api.rest.startswith("https:") else HTTPRequestsConnectionClass
            inner = kind(self._requester.hostname, _port(self.api.rest), timeout=self.timeout, retry=None)
            # A proxy from the environment must never be asked to reach this very machine: it would see the token.
            inner.session.trust_env = not is_loopback(self._requester.hostname)
            self._connection = _Guard(inner)
        return self._requester, self._connection


class _Stopped(Exception):
    """An answer on which PyGithub would act by itself."""

    def __init__(self, status: int, headers: dict[str, str], body: str) -> None:
        super().__init__(status)
        self.status = status
        self.headers = headers
        self.body = body


class _Guard:
    """A PyGithub connection that hands redirects and 202 straight to the caller."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    @property
    def host(self) -> str:
        return str(self._inner.host)

    def request(self, *args: Any, **kwargs: Any) -> None:
        self._inner.request(*args, **kwargs)

    def getresponse(self) -> Any:
        reply = self._inner.getresponse()
        reply.response.encoding = "utf-8"  # JSON is UTF-8; without a charset the library would guess
        if reply.status == 202 or 300 <= reply.status < 400:
            headers = {str(k).lower(): str(v) for k, v in reply.getheaders()}
            raise _Stopped(reply.status, headers, reply.read())
        return reply

    def close(self) -> None:
        self._inner.close()


def _port(url: str) -> int | None:
    from urllib.parse import urlsplit

    return urlsplit(url).port


def _reason(failure: BaseException) -> str:
    """Return the innermost cause in a few words: the wrappers repeat addresses and object ids."""
    seen: list[BaseException] = []
    current: BaseException | None = failure
    while current is not None and current not in seen:
        seen.append(current)
        inner = getattr(current, "reason", None)
        if not isinstance(inner, BaseException):
            inner = next((a for a in current.args if isinstance(a, BaseException)), None)
        current = inner or current.__cause__ or current.__context__
    deepest = seen[-1]
    words = getattr(deepest, "strerror", None) or str(deepest).rsplit(">: ", 1)[-1]
    return f"{type(deepest).__name__}: {words}"[:200]
