"""A loopback server between a client and another server: it passes on, answers with an error, or is slow to answer."""

from __future__ import annotations

import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

from attrs import define, field
from tests.support.loopback import Quiet, listening


@define
class Between:
    """``mode`` is ``pass``, ``slow`` (no answer until the end) or a status; ``asked`` counts requests.

    ``queries`` are those that were asked, each with the path that it was asked at, and from when on (0: now).
    """

    target: str
    mode: str = "pass"
    asked: int = 0
    queries: list[tuple[str, str, float]] = field(factory=list)
    address: str = ""
    ended: threading.Event = field(factory=threading.Event)

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer one request."""
        length = int(handler.headers.get("Content-Length") or 0)
        body = handler.rfile.read(length) if length else None
        self.asked += 1
        split = urlsplit(handler.path)
        given = parse_qs(split.query) | parse_qs((body or b"").decode(errors="replace"))
        (begin,) = given.get("start", ["0"])
        self.queries += [(split.path, query, float(begin)) for query in given.get("query", [])]
        if self.mode == "slow":
            self.ended.wait()
            return
        status, content = (int(self.mode), b"broken\n") if self.mode != "pass" else self._passed(handler, body)
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    def _passed(self, handler: BaseHTTPRequestHandler, body: bytes | None) -> tuple[int, bytes]:
        kept = {k: v for k, v in handler.headers.items() if k in {"Content-Type", "Accept"}}
        request = urllib.request.Request(self.target + handler.path, data=body, headers=kept)
        try:
            with urllib.request.urlopen(request, timeout=30) as reply:
                return int(reply.status), bytes(reply.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()
        except OSError:
            return 502, b"nobody there\n"


@contextmanager
def between(target: str, mode: str = "pass") -> Iterator[Between]:
    """Yield such a server before ``target``."""
    made = Between(target, mode)

    class Handler(Quiet):
        def do_GET(self) -> None:
            made.answer(self)

        do_POST = do_GET

    with listening(Handler, leave=True) as made.address:
        try:
            yield made
        finally:
            made.ended.set()
