"""A real Prometheus with a written past."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

Values = Callable[[int], float | None]
"""What a series was so many minutes before the end; None: nothing."""
RATE = 20.0
"""Requests a second."""


def write(folder: Path, end: datetime, minutes: int, series: Mapping[str, Values]) -> Path:
    """Return a storage with a sample a minute of each of ``series`` (``name{label="x"}``)."""
    samples = {
        name: [
            ((end - timedelta(minutes=ago)).timestamp(), sample)
            for ago in range(minutes, -1, -1)
            if (sample := value(ago)) is not None
        ]
        for name, value in series.items()
    }
    return write_samples(folder, samples)


def write_samples(folder: Path, series: Mapping[str, Iterable[tuple[float, float]]]) -> Path:
    """Return a storage with these samples, ``(unix seconds, value)``, of each of ``series``."""
    lines: list[str] = []
    told = ""
    for name, samples in series.items():
        metric = name.partition("{")[0]
        lines += [f"# TYPE {metric} unknown"] * (metric != told)
        told = metric
        lines += [f"{name} {value} {at:.3f}" for at, value in samples]
    text = folder / "history.txt"
    text.write_text("\n".join([*lines, "# EOF", ""]))
    data = folder / "data"
    subprocess.run(
        ["promtool", "tsdb", "create-blocks-from", "openmetrics", "-q", str(text), str(data)], check=True,
        capture_output=True,
    )  # fmt: skip
    return data


def counters(
    name: str, now: datetime, share: Callable[[float], float], *, rate: float = RATE, until: float = 0.0
) -> dict[str, list[tuple[float, float]]]:
    """Return two hours of a counter, every 15 s; ``share(minutes ago)`` of the requests fail."""
    good = bad = 0.0
    rows: tuple[list[tuple[float, float]], ...] = ([], [])
    for back in range(150 * 60, int(until * 60) - 1, -15):
        failing = rate * 15 * share(back / 60)
        good, bad = good + rate * 15 - failing, bad + failing
        at = (now - timedelta(seconds=back)).timestamp()
        rows[0].append((at, float(int(good))))
        rows[1].append((at, float(int(bad))))
    return {f'{name}{{code="200"}}': rows[0], f'{name}{{code="500"}}': rows[1]}


def line(metric: str, name: str = "") -> str:
    """Return the objective of a counter in one line."""
    return f'"{name or metric}: at most 1% of {metric}{{code=\\"500\\"}} / {metric}"'


@contextmanager
def serving(folder: Path, data: Path, web: str = "") -> Iterator[str]:
    """Yield the address of a Prometheus over ``data``; ``web`` is its web configuration."""
    (folder / "prometheus.yml").write_text("{}\n")
    (folder / "web.yml").write_text(web or "{}\n")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [
                "prometheus", f"--config.file={folder / 'prometheus.yml'}", f"--web.config.file={folder / 'web.yml'}",
                f"--storage.tsdb.path={data}", "--storage.tsdb.retention.time=100y",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            stdout=log, stderr=log,
        )  # fmt: skip
    try:
        _await(process, folder / "log")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def _await(process: subprocess.Popen[bytes], log: Path) -> None:
    # Not /-/ready: with a password it answers 401, ready or not.
    for _ in range(1200):
        assert process.poll() is None, log.read_text()
        if "Server is ready to receive web requests" in log.read_text():
            return
        time.sleep(0.05)
    raise AssertionError(log.read_text())
