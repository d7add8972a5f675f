"""A service on loopback that is deployed from a repository: it counts requests, some of them fail, as its file says.

What is real: the process answers ``/metrics`` over HTTP in the form that Prometheus scrapes; what runs is what was
checked out from the branch; and GitHub hears of each deployment through its API. What is not: nobody sends requests,
they are counted at a fixed rate. Chance would only make a short show longer.
"""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any

from attrs import define, field

METRIC = "http_requests_total"
FILE = "service/checkout.json"
GOOD, BAD = '{"fails": 0.001}\n', '{"fails": 0.3}\n'
OBJECTIVE = "slo/checkout.yml"
PACK = f"""\
version: 1
scenario: allowlist
mode: auto
match: {{files: ["service/**"]}}
rules: [{{id: settings, use: allowlist/paths, only: ["service/**"]}}]
checks: {{require: [{{name: test, app: ci}}]}}
relax: {{allow: [reviews, checks]}}
watch:
  after: deployment
  environment: production
  for: 60s
  slos: [{OBJECTIVE}]
  rollback: {{mode: auto, checks: skip}}
"""
OPENSLO = f"""\
apiVersion: openslo/v1
kind: SLO
metadata: {{name: checkout}}
spec:
  service: shop
  timeWindow: [{{duration: 28d, isRolling: true}}]
  indicator:
    metadata: {{name: checkout-errors}}
    spec:
      ratioMetric:
        counter: true
        bad: {{metricSource: {{type: Prometheus, spec: {{query: '{METRIC}{{code="500"}}'}}}}}}
        total: {{metricSource: {{type: Prometheus, spec: {{query: {METRIC}}}}}}}
  objectives: [{{target: 0.99}}]
"""
FILES = {FILE: GOOD, OBJECTIVE: OPENSLO, ".github/rulepack/service.yml": PACK}
"""What the base branch has of it."""
CALL = Callable[..., Any]
"""``call(method, path, body=None)`` sends one request to a repository's API and returns the JSON."""


class Service:
    """A service whose share of failing requests stands in a file: ``{"fails": 0.001}``.

    Args:
        file: what is deployed; read at every scrape.
        rate: requests a second.
    """

    def __init__(self, file: Path, *, rate: float = 100.0) -> None:
        self.file = file
        self.rate = rate
        self._counted = {"200": 0.0, "500": 0.0}
        self._last = time.monotonic()
        self._fails = 0.0
        self._lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = outer.metrics().encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def address(self) -> str:
        """Return ``HOST:PORT``."""
        return f"127.0.0.1:{self._server.server_address[1]}"

    def metrics(self) -> str:
        """Return the counters as they are now, in Prometheus' text format."""
        with self._lock:
            now = time.monotonic()
            came = self.rate * (now - self._last)
            self._last = now
            # What runs since the last scrape answered those requests; a new file is what answers the next ones.
            self._counted["500"] += came * self._fails
            self._counted["200"] += came * (1.0 - self._fails)
            self._fails = float(json.loads(self.file.read_text())["fails"])
            lines = [f'{METRIC}{{code="{code}"}} {int(value)}' for code, value in self._counted.items()]
        return "\n".join([f"# TYPE {METRIC} counter", *lines, ""])

    def __enter__(self) -> Service:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@define
class Deployer:
    """Whoever deploys: looks at a branch, puts its newest file where the service reads it, and reports to GitHub.

    ``paused`` lets a merge lie undeployed. ``deployed`` are the commits, oldest first, ``times`` when GitHub was told.
    """

    call: CALL
    path: str
    file: Path
    branch: str = "main"
    environment: str = "production"
    every: float = 0.5
    deployed: list[str] = field(factory=list)
    times: list[datetime] = field(factory=list)
    problems: list[BaseException] = field(factory=list)
    paused: bool = False
    _stop: threading.Event = field(factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Deployer:
        self.look()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def look(self) -> None:
        """Deploy what is at the branch's tip, if it is new."""
        sha = str(self.call("GET", f"/git/ref/heads/{self.branch}")["object"]["sha"])
        if self.deployed and self.deployed[-1] == sha:
            return
        sent = {"ref": sha, "environment": self.environment, "required_contexts": [], "auto_merge": False}
        number = int(self.call("POST", "/deployments", sent)["id"])
        content = self.call("GET", f"/contents/{self.path}?ref={sha}")["content"]
        new = self.file.with_suffix(".new")
        new.write_bytes(base64.b64decode(content))
        new.replace(self.file)
        told = self.call("POST", f"/deployments/{number}/statuses", {"state": "success"})
        self.times.append(datetime.fromisoformat(told["created_at"]))
        self.deployed.append(sha)

    def _run(self) -> None:
        while not self._stop.wait(self.every):
            if self.paused:
                continue
            try:
                self.look()
            except Exception as error:
                self.problems.append(error)
