"""What a real Prometheus answered in one real run of the last act, replayed where there is no Prometheus.

Only the numbers are recorded. Merge, deployments, watch, rollback and recovery happen for real, against a server on the
loopback that answers in the form of Prometheus' HTTP API ("Range queries": ``POST /api/v1/query_range``). Each moment
is told by the deployment before it: what was recorded so many seconds after the bad change (or its rollback) went live
is the answer for so many seconds after it goes live in this run. What was not recorded is an error and never a number.

``python -m tests.demo.record`` writes the file anew.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qs, urlsplit

from attrs import frozen

from bascule import wire
from bascule.messages import demo as texts

FILE = "watch.recording.json"
PATH = "/api/v1/query_range"
Moments = Callable[[], Sequence[datetime]]
"""When the bad change and, second, its rollback went live, as far as they have."""


@frozen(kw_only=True)
class Stretch:
    """Values of one row, a second each, as Prometheus writes them; None: it had none.

    ``first`` is the first one's distance in seconds from the deployment that the stretch belongs to.
    """

    first: int
    values: tuple[str | None, ...]

    @property
    def end(self) -> int:
        """Return the distance of the first second that was not recorded any more."""
        return self.first + len(self.values)


@frozen(kw_only=True)
class Row:
    """One row of an answer: its labels, and its values around the bad change and since the rollback."""

    metric: Mapping[str, str]
    broken: Stretch
    undone: Stretch


@frozen(kw_only=True)
class Recording:
    """Answers by query. ``recorded_at`` is the day (ISO 8601), ``prometheus`` the version that gave them."""

    recorded_at: str
    prometheus: str
    queries: Mapping[str, tuple[Row, ...]]


def recorded() -> Recording:
    """Return what is packaged."""
    return wire.load(json.loads((files("bascule.demo") / FILE).read_text(encoding="utf-8")), Recording)


def answer(recording: Recording, form: Mapping[str, str], deployed: Sequence[datetime]) -> tuple[int, dict[str, Any]]:
    """Return the HTTP status and the document for one range query.

    Args:
        recording: what there is.
        form: ``query``, ``start``, ``end`` (unix seconds) and ``step`` (seconds), as Prometheus takes them.
        deployed: see :data:`Moments`.
    """
    rows = recording.queries.get(form.get("query", ""))
    if rows is None:
        return _error(422, "execution", texts.NOT_RECORDED)
    try:
        start, end, step = (float(form[name]) for name in ("start", "end", "step"))
    except (KeyError, ValueError):
        return _error(400, "bad_data", texts.NO_RANGE)
    if step < 1 or any(n != int(n) for n in (start, end, step)):
        return _error(400, "bad_data", texts.WHOLE_SECONDS)
    if not deployed:
        return _error(422, "execution", texts.NOT_DEPLOYED)
    result = []
    for row in rows:
        values = []
        for at in range(int(start), int(end) + 1, int(step)):
            stretch, offset = _place(row, at, deployed)
            if offset >= stretch.end:
                return _error(422, "execution", texts.recording_ends(stretch.end))
            value = stretch.values[offset - stretch.first] if offset >= stretch.first else None
            if value is not None:
                values.append([at, value])
        if values:
            result.append({"metric": dict(row.metric), "values": values})
    return 200, {"status": "success", "data": {"resultType": "matrix", "result": result}}


def _place(row: Row, at: int, deployed: Sequence[datetime]) -> tuple[Stretch, int]:
    bad, undone = int(deployed[0].timestamp()), [int(moment.timestamp()) for moment in deployed[1:2]]
    if undone and at >= undone[0]:
        return row.undone, at - undone[0]
    return row.broken, at - bad


def _error(status: int, kind: str, text: str) -> tuple[int, dict[str, Any]]:
    return status, {"status": "error", "errorType": kind, "error": text}


@contextmanager
def replaying(recording: Recording, deployed: Moments) -> Iterator[str]:
    """Yield the address of a server that answers from ``recording`` until the end."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self._reply(self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode())

        def do_GET(self) -> None:
            self._reply(urlsplit(self.path).query)

        def _reply(self, form: str) -> None:
            if urlsplit(self.path).path == PATH:
                pairs = {name: given[-1] for name, given in parse_qs(form).items()}
                status, document = answer(recording, pairs, deployed())
            else:
                status, document = _error(404, "not_found", texts.ONLY_RANGES)
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
