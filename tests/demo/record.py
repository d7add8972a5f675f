"""Play the demo's last act on a real Prometheus and write down what it answered: ``python -m tests.demo.record``.

Needs ``prometheus`` and four minutes. A replay may be slower than this run, so the rollback is deployed only
``BROKEN`` seconds after the bad change, and ``CALM`` more seconds are recorded after it.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs

import requests
from attrs import define, field
from tests.support.loopback import Quiet, listening

import bascule.demo
from bascule import wire
from bascule.demo.prometheus import samples, scraping
from bascule.demo.recording import FILE, PATH, Recording, Row, Stretch
from bascule.demo.service import FILE as SERVED
from bascule.demo.service import METRIC, Deployer, Service
from bascule.demo.stage import Stage
from bascule.demo.watch_act import caller, played

BEFORE, BROKEN, CALM = 60, 120, 120
"""Seconds that are recorded before the bad change, with it, and after its rollback."""


@define
class Late(Deployer):
    """Deploys the third commit, the rollback, only so many seconds after the second."""

    def look(self) -> None:
        """Wait where the rollback is next."""
        if len(self.times) == 2 and (datetime.now(UTC) - self.times[1]).total_seconds() < BROKEN:
            return
        Deployer.look(self)


@define
class Noting:
    """A server that passes range queries on, and keeps their texts."""

    target: str
    queries: list[str] = field(factory=list)

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Yield its address."""
        outer = self

        class Handler(Quiet):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                (query,) = parse_qs(body.decode())["query"]
                if query not in outer.queries:
                    outer.queries.append(query)
                kind = {"Content-Type": self.headers["Content-Type"]}
                reply = requests.post(outer.target + self.path, data=body, headers=kind, timeout=30)
                self.send_response(reply.status_code)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(reply.content)))
                self.end_headers()
                self.wfile.write(reply.content)

        with listening(Handler) as address:
            yield address


def rows(address: str, query: str, bad: int, undone: int) -> tuple[Row, ...]:
    """Return what Prometheus says of ``query`` at each second around the two deployments (unix seconds)."""
    form = {"query": query, "start": bad - BEFORE, "end": undone + CALM, "step": 1}
    reply = requests.post(address + PATH, data=form, timeout=60)
    reply.raise_for_status()
    found = []
    for one in reply.json()["data"]["result"]:
        values = {round(at): str(value) for at, value in one["values"]}
        found.append(
            Row(
                metric=one["metric"],
                broken=Stretch(first=-BEFORE, values=tuple(values.get(at) for at in range(bad - BEFORE, undone))),
                undone=Stretch(first=0, values=tuple(values.get(at) for at in range(undone, undone + CALM + 1))),
            )
        )
    return tuple(found)


def main() -> None:
    """Record, and write the file into the package."""
    program = shutil.which("prometheus")
    assert program is not None, "prometheus is needed: make tools"
    with Stage() as stage:
        stage.build()
        running = stage.root / "running.json"
        with (
            Late(caller(stage), SERVED, running) as deployer,
            Service(running) as service,
            scraping(program, stage.root / "prometheus", service.address) as (address, _),
        ):
            stage.wait_for(lambda: samples(address, f"count_over_time({METRIC}[2m])") >= BEFORE, seconds=120)
            noting = Noting(address)
            with noting.serving() as passing:
                outcome = played(stage, print, passing, deployer)
            print(outcome.why)
            assert outcome.good, outcome
            _, bad, undone = (int(moment.timestamp()) for moment in deployer.times)
            time.sleep(max(0.0, undone + CALM + 2 - time.time()))
            version = requests.get(f"{address}/api/v1/status/buildinfo", timeout=10).json()["data"]["version"]
            made = Recording(
                recorded_at=deployer.times[1].date().isoformat(),
                prometheus=version,
                queries={query: rows(address, query, bad, undone) for query in noting.queries},
            )
    path = Path(bascule.demo.__file__).with_name(FILE)
    path.write_text(json.dumps(wire.dump(made), separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{path.name}: {path.stat().st_size} bytes, {len(made.queries)} queries")


if __name__ == "__main__":
    main()
