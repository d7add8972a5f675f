"""A Prometheus on loopback that scrapes a service every second, for a show that takes a minute and not an hour."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

SCRAPE = "1s"


@contextmanager
def scraping(program: str, folder: Path, target: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Yield the address and the process of a Prometheus that scrapes ``target`` (``HOST:PORT``) until the end.

    Args:
        program: path of the program ``prometheus``.
        folder: where it may write; made where it is not there.
        target: what is scraped.

    Raises:
        RuntimeError: it does not start.
    """
    folder.mkdir(parents=True, exist_ok=True)
    config = {
        "global": {"scrape_interval": SCRAPE, "scrape_timeout": SCRAPE},
        "scrape_configs": [{"job_name": "shop", "static_configs": [{"targets": [target]}]}],
    }
    (folder / "prometheus.yml").write_text(json.dumps(config))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [
                program, f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'data'}",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            stdout=log, stderr=log,
        )  # fmt: skip
    try:
        _ready(f"http://127.0.0.1:{port}", process, folder / "log")
        yield f"http://127.0.0.1:{port}", process
    finally:
        process.kill()
        process.wait()


def samples(address: str, query: str) -> float:
    """Return the value of ``query`` now, 0 where there is none."""
    reply = requests.get(f"{address}/api/v1/query", {"query": query}, timeout=10)
    found = reply.json()["data"]["result"]
    return float(found[0]["value"][1]) if found else 0.0


def _ready(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(300):
        if process.poll() is not None:
            break
        try:
            if requests.get(f"{address}/-/ready", timeout=5).ok:
                return
        except requests.RequestException:
            pass  # not listening yet
        time.sleep(0.1)
    raise RuntimeError(f"prometheus does not start: {log.read_text()[-500:]}")
