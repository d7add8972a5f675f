"""A real HTTP server on the loopback that answers as registries do."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tests.support.loopback import Quiet, listening

Answer = tuple[int, Mapping[str, str], bytes]
Handler = Callable[[str, str, bytes], Answer]
"""(method, path, body) → answer"""


def as_json(data: Any, status: int = 200) -> Answer:
    return status, {"Content-Type": "application/json"}, json.dumps(data).encode()


class Service:
    """A server; ``seen`` are the requests as ``METHOD path``, ``headers`` those of the last one."""

    def __init__(self, answers: Mapping[str, Any] | Handler) -> None:
        self.seen: list[str] = []
        self.headers: dict[str, str] = {}
        self.bodies: list[bytes] = []
        self._answers = answers
        self.url = ""

    def answer(self, method: str, path: str, body: bytes) -> Answer:
        self.seen.append(f"{method} {path}")
        self.bodies.append(body)
        if callable(self._answers):
            return self._answers(method, path, body)
        found = self._answers.get(path)
        if found is None:
            return as_json({"error": "Not found"}, 404)
        return found if isinstance(found, tuple) else as_json(found)


@contextmanager
def serving(answers: Mapping[str, Any] | Handler) -> Iterator[Service]:
    """Run a server that answers ``answers``: by path (JSON data, or a whole answer), or whatever a function says."""
    service = Service(answers)

    class _Handler(Quiet):
        def _do(self) -> None:
            service.headers = dict(self.headers)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, headers, content = service.answer(self.command, self.path, body)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if "Content-Length" not in headers:
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        do_GET = do_POST = do_HEAD = _do

    with listening(_Handler) as service.url:
        yield service
