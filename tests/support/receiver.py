"""A receiver of notices on the loopback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.support.loopback import Quiet, listening

SECRET = "sim-secret-hook-4417be"
"""What its address ends with; who knows it can write there."""


class Hook:
    """A receiver on the loopback; ``status`` is what it answers, ``got`` what it was sent."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.status = 200
        outer = self

        class Handler(Quiet):
            def do_POST(self) -> None:
                outer.got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(outer.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

        self.handler = Handler
        self.url = ""


@contextmanager
def receiving() -> Iterator[Hook]:
    """Yield one that listens."""
    made = Hook()
    with listening(made.handler) as address:
        made.url = f"{address}/{SECRET}"
        yield made
