"""`bascule slo backtest --prometheus`: objectives on the history of a real Prometheus, by exit code and words."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.observability.test_watch import Samples, counted
from tests.support import warm
from tests.support.prometheus import serving, write_samples

from bascule.testing.builders import NOW

LIVE = NOW - timedelta(hours=1)
TIMES = [(LIVE - timedelta(hours=2)).timestamp() + 7 + 15 * n for n in range(3 * 240)]
AFTER = len(TIMES) * 2 // 3 + 8
"""Two minutes after the merge."""


def broken(seed: int, rate: float) -> Samples:
    """Return a counter that goes up ten times as fast from two minutes after the merge on."""
    calm = counted(seed, rate, TIMES[:AFTER])
    return calm + counted(seed + 1, 10 * rate, TIMES[AFTER:], first=calm[-1][1])


HISTORY: dict[str, Samples] = {
    'fine{code="200"}': counted(1, 90, TIMES),
    'fine{code="500"}': counted(2, 0.05, TIMES),
    'broken{code="200"}': counted(3, 90, TIMES),
    'broken{code="500"}': broken(4, 1),
    "up": [(t, 1.0) for t in TIMES],
    'gone{code="200"}': [(t, v) for t, v in counted(5, 90, TIMES) if t < TIMES[AFTER]],
}


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the address of a Prometheus that knows two hours before a merge and one after it."""
    folder = tmp_path_factory.mktemp("prometheus")
    with serving(folder, write_samples(folder, HISTORY)) as address:
        yield address


def openslo(metric: str, source: str = "") -> str:
    """Return an objective of 99 % good requests."""
    ref = f", metricSourceRef: {source}" if source else ""
    return f"""
apiVersion: openslo/v1
kind: SLO
metadata: {{name: {metric}}}
spec:
  service: shop
  budgetingMethod: Occurrences
  timeWindow: [{{duration: 28d, isRolling: true}}]
  indicator:
    metadata: {{name: {metric}-good}}
    spec:
      ratioMetric:
        counter: true
        total: {{metricSource: {{type: Prometheus{ref}, spec: {{query: '{metric}'}}}}}}
        bad: {{metricSource: {{type: Prometheus{ref}, spec: {{query: '{metric}{{code="500"}}'}}}}}}
  objectives: [{{target: 0.99}}]
"""


def run(folder: Path, address: str, *metrics: str, env: dict[str, str] | None = None, **more: str) -> Any:
    """Return what the command did with objectives of these metrics."""
    files = []
    for metric in metrics:
        file = folder / f"{metric}.yml"
        file.write_text(openslo(*metric.split("@")))
        files.append(str(file))
    options = {"prometheus": address, "at": LIVE.isoformat(), "for": "50m"} | more
    command = ["slo", "backtest", *files]
    command += [word for name, value in options.items() for word in (f"--{name}", value) if word]
    return warm.run(*command, cwd=folder, env={**os.environ, **(env or {})})


@pytest.mark.tool("prometheus", "promtool")
@pytest.mark.parametrize(
    ("metrics", "code", "verdicts"),
    [
        (["fine"], 0, ["ok"]),
        (["fine", "nothing"], 8, ["ok", "undecided"]),
        (["fine", "broken", "nothing"], 1, ["ok", "violation", "undecided"]),
        (["gone"], 1, ["violation"]),
    ],
)
def test_exit_codes_say_what_was_found(
    tmp_path: Path, prometheus: str, metrics: list[str], code: int, verdicts: list[str]
) -> None:
    done = run(tmp_path, prometheus, *metrics, json="")
    assert done.returncode == code, done.stdout + done.stderr
    document = json.loads(done.stdout)
    assert [o["verdict"] for o in document["objectives"]] == verdicts
    assert [o["name"] for o in document["objectives"]] == metrics
    for row in document["objectives"]:
        assert (row["fired_at"] is not None) == (row["verdict"] == "violation")
        if row["fired_at"] is not None:
            assert LIVE.isoformat() < row["fired_at"] < (LIVE + timedelta(minutes=15)).isoformat()


@pytest.mark.tool("prometheus", "promtool")
def test_the_text_says_why(tmp_path: Path, prometheus: str) -> None:
    done = run(tmp_path, prometheus, "broken", "nothing")
    assert done.returncode == 1
    assert "violation    broken of shop  [" in done.stdout
    assert "certain at 2026-01-05T" in done.stdout
    assert "source: Prometheus answered, with no data" in done.stdout
    assert done.stdout.endswith("violation: this merge would have been rolled back\n")


@pytest.mark.tool("prometheus", "promtool")
def test_a_prometheus_that_learns_nothing_more_blames_nobody(tmp_path: Path, prometheus: str) -> None:
    """Its history ends half an hour after the merge: of this target, and of all others."""
    done = run(tmp_path, prometheus, "fine", at=(NOW - timedelta(minutes=30)).isoformat())
    assert done.returncode == 3
    assert "has nothing new from any target" in done.stdout
    assert "63 of 100 blocks judged" in done.stdout


def test_a_source_that_does_not_answer_is_an_outside_fault(tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{closed.getsockname()[1]}"
        done = run(tmp_path, address, "fine")
        other = run(tmp_path, address, "fine@eu-west")
    assert done.returncode == 3
    assert "unreachable  fine of shop" in done.stdout
    assert "did not answer (ConnectionError)" in done.stdout
    assert other.returncode == 3
    assert "BASCULE_SERVICE_EU_WEST" in other.stdout


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"at": "yesterday"}, "time with a time zone"),
        ({"at": "2026-01-05T09:00:00"}, "time with a time zone"),
        ({"at": "2126-01-05T09:00:00Z"}, "still to come"),
        ({"for": "soon"}, "no length of time"),
        ({"for": "1s"}, "not from 1m to 1d"),
        ({"prometheus": "http://u:S3CR@127.0.0.1"}, "the address in --prometheus carries a user"),
        ({"prometheus": ""}, "one is there without the other"),
        ({"at": ""}, "one is there without the other"),
    ],
)
def test_what_cannot_be_used_is_said(tmp_path: Path, options: dict[str, str], words: str) -> None:
    given = {"prometheus": "http://127.0.0.1:1", "at": LIVE.isoformat(), "for": "50m"} | options
    file = tmp_path / "a.yml"
    file.write_text(openslo("fine"))
    command = ["slo", "backtest", str(file)]
    for name, value in given.items():
        command += [f"--{name}", value] if value else []
    done = warm.run(*command)
    assert done.returncode == 2, done.stderr
    assert words in done.stderr
    assert "S3CR" not in done.stderr
    assert "Traceback" not in done.stderr


def test_a_bad_file_is_no_objective(tmp_path: Path) -> None:
    (tmp_path / "bad.yml").write_text("kind: SLO\n")
    command = ["slo", "backtest", str(tmp_path / "bad.yml"), str(tmp_path / "bad.yml")]
    history = ["--prometheus", "http://127.0.0.1:1", "--at", LIVE.isoformat()]
    done = warm.run(*command, *history)
    assert done.returncode == 2
    assert "bad.yml" in done.stderr
    two = warm.run(*command)
    assert two.returncode == 2
    assert "2 files of cases" in two.stderr
