"""A real HTTP server on loopback that answers as scripted, and transports that talk to it."""

from __future__ import annotations

import contextlib
import json
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from attrs import define, field, frozen

from bascule.clock import ManualClock
from bascule.forge.github import GitHubTransport, Spacing
from bascule.forge.tokens import Secret

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2])]

TOKEN = "ghp_" + "s3cr3t" * 6


@frozen(kw_only=True)
class Answer:
    """One scripted answer. ``drop``: the connection is closed without one; ``hang``: nothing comes until the test
    ends."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(factory=dict)
    raw: bytes | None = None
    drop: bool = False
    hang: bool = False


@frozen(kw_only=True)
class Seen:
    """One request as it arrived."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


@define
class Script:
    """Answers in order; what has no answer gets 599, so that a call too many is noticed."""

    url: str = ""
    answers: list[Answer] = field(factory=list)
    seen: list[Seen] = field(factory=list)
    released: threading.Event = field(factory=threading.Event)

    def say(self, status: int = 200, body: Any = None, **more: Any) -> Script:
        self.answers.append(Answer(status=status, body=body, **more))
        return self

    def graphql(self, data: Any, **more: Any) -> Script:
        return self.say(200, {"data": data, **more})

    @property
    def lines(self) -> list[str]:
        return [f"{s.method} {s.path}" for s in self.seen]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # header and body in one piece: no waiting for delayed acknowledgements
    script: Script

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        content = self.rfile.read(length)
        parts = urlsplit(self.path)
        self.script.seen.append(
            Seen(
                method=self.command,
                path=parts.path,
                query=dict(parse_qsl(parts.query)),
                headers={k.lower(): v for k, v in self.headers.items()},
                body=json.loads(content) if content else None,
            )
        )
        answer = self.script.answers.pop(0) if self.script.answers else Answer(status=599)
        if answer.hang:
            self.script.released.wait(20)
        if answer.drop or answer.hang:
            self.close_connection = True
            return
        data = (
            answer.raw if answer.raw is not None else b"" if answer.body is None else json.dumps(answer.body).encode()
        )
        self.send_response(answer.status)
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Content-Length": str(len(data)),
            **answer.headers,
        }
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)
        self.wfile.flush()

    do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = do_HEAD = _serve

    def log_message(self, *_: Any) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = False

    def get_request(self) -> tuple[socket.socket, Any]:
        found = super().get_request()
        self.__dict__.setdefault("accepted", []).append(found[0])
        return found

    def hang_up(self) -> None:
        """End kept-alive connections: the client's pool may close them only when it is collected."""
        for accepted in self.__dict__.get("accepted", []):
            with contextlib.suppress(OSError):
                accepted.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def script() -> Iterator[Script]:
    found = Script()
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"script": found}))
    found.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield found
    finally:
        found.released.set()
        server.shutdown()
        thread.join()
        server.hang_up()
        server.server_close()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def secret() -> Secret:
    return Secret(value=TOKEN, origin="BASCULE_OBSERVER_TOKEN")


MakeTransport = Callable[..., GitHubTransport]


@pytest.fixture
def make_transport(script: Script, clock: ManualClock, secret: Secret) -> Iterator[MakeTransport]:
    made: list[GitHubTransport] = []

    def make(**changes: Any) -> GitHubTransport:
        settings: dict[str, Any] = {
            "base_url": script.url,
            "token": secret,
            "clock": clock,
            "spacing": Spacing(calls=0, writes=0),
            **changes,
        }
        made.append(GitHubTransport(settings.pop("base_url"), settings.pop("token"), **settings))
        return made[-1]

    yield make
    for transport in made:
        transport.close()


@pytest.fixture
def transport(make_transport: MakeTransport) -> GitHubTransport:
    return make_transport()


@pytest.fixture(scope="session")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A simulated GitHub, shared by all tests of this process; each makes a repository of its own."""
    from hub import USERS, Hub

    from bascule.simulator.process import SimulatorProcess

    with SimulatorProcess(tmp_path_factory.mktemp("sim"), USERS) as process:
        made = Hub(process)
        yield made
        made.close()
