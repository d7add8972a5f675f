"""The last act where there is no Prometheus: real merges and rollbacks on recorded numbers, and it says so."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests

from bascule.demo.recording import PATH, Recording, Stretch, recorded, replaying
from bascule.demo.service import OBJECTIVE, OPENSLO
from bascule.slo import openslo
from bascule.slo.objective import queries
from bascule.types import Series
from bascule_observability.prometheus.api import Prometheus, RefusedError, Span
from bascule_observability.watching import combined

BAD = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
UNDONE = BAD + timedelta(seconds=50)
"""When the two went live, in these tests; the rollback sooner than when it was recorded."""
DAY = "recorded answers of "


@pytest.fixture
def deployed() -> list[datetime]:
    """Return when was deployed; tests add to it."""
    return []


@pytest.fixture
def address(deployed: list[datetime]) -> Iterator[str]:
    with replaying(recorded(), lambda: deployed) as found:
        yield found


def span(start: float, end: float, step: int = 2) -> Span:
    """Return seconds after the bad change went live."""
    return Span(start=BAD + timedelta(seconds=start), end=BAD + timedelta(seconds=end), step=step)


def asked(recording: Recording) -> str:
    (query,) = recording.queries
    return query


def got(address: str, over: Span) -> dict[str, dict[int, str]]:
    """Return what the plugin's own client reads, by role and seconds after the bad change went live."""
    rows = Prometheus(address).range(asked(recorded()), over)
    zero = int(BAD.timestamp())
    return {row["metric"]["bascule_role"]: {int(t) - zero: v for t, v in row["values"]} for row in rows}


def stretches(role: str) -> tuple[Stretch, Stretch]:
    """Return what was recorded of a role, around the bad change and since its rollback."""
    rows = recorded().queries[asked(recorded())]
    (row,) = [r for r in rows if r.metric["bascule_role"] == role]
    return row.broken, row.undone


def test_what_was_recorded_is_what_the_watch_asks_today() -> None:
    """Else the replay would have nothing to say: record it anew."""
    (objective,) = openslo.load(OPENSLO, OBJECTIVE).objectives
    texts = {q.role: q.text for q in queries(objective, 2)}
    series = Series(
        id="s", objective="checkout", kind="ratio", queries=texts, step=2.0, start=BAD, blocks=1, source="prometheus"
    )
    assert list(recorded().queries) == [combined(series)]
    for role in ("total", "bad", "presence"):
        for stretch in stretches(role):
            assert len(stretch.values) >= 110
            assert all(v is None or float(v) >= 0 for v in stretch.values)


def test_the_numbers_are_of_a_service_that_broke_and_healed() -> None:
    (bad, calm), (total, healed) = stretches("bad"), stretches("total")
    since = range(-bad.first + 4, -bad.first + 100)
    pairs = [(float(bad.values[n] or 0), float(total.values[n] or 0)) for n in since]
    assert sum(b for b, _ in pairs) / sum(t for _, t in pairs) == pytest.approx(0.3, abs=0.01)
    after = sum(float(v or 0) for v in calm.values[4:]) / sum(float(v or 0) for v in healed.values[4:])
    assert after == pytest.approx(0.001, abs=0.0005)


def test_answers_are_shifted_to_the_deployments_of_this_run(address: str, deployed: list[datetime]) -> None:
    deployed.append(BAD)
    for role, found in got(address, span(-3600, 80)).items():
        broken, _ = stretches(role)
        assert found == {at: v for at in range(-60, 81, 2) if (v := broken.values[at - broken.first]) is not None}, (
            "from where it was recorded on"
        )
    deployed.append(UNDONE)
    for role, found in got(address, span(40, 80)).items():
        broken, undone = stretches(role)
        for at in range(40, 50, 2):
            assert found.get(at) == broken.values[at - broken.first]
        for at in range(50, 81, 2):
            assert found.get(at) == undone.values[at - 50 - undone.first]


def test_what_was_not_recorded_is_no_number(address: str, deployed: list[datetime]) -> None:
    client, query = Prometheus(address), asked(recorded())
    with pytest.raises(RefusedError) as before:
        list(client.range(query, span(0, 10)))
    assert (before.value.status, before.value.said) == (
        422,
        "nothing is deployed yet that the recording could be told by",
    )
    deployed += [BAD, UNDONE]
    _, undone = stretches("total")
    with pytest.raises(RefusedError) as late:
        list(client.range(query, span(0, 50 + undone.end, 1)))
    assert "the recording ends" in late.value.said
    assert list(client.range(query, span(0, 50 + undone.end - 1, 1)))
    with pytest.raises(RefusedError) as other:
        list(client.range("up", span(0, 10)))
    assert "was not recorded" in other.value.said
    form = {"query": query, "start": "1.5", "end": "4", "step": "1"}
    assert requests.post(address + PATH, data=form, timeout=10).json()["errorType"] == "bad_data"
    assert requests.get(address + PATH, {"query": query}, timeout=10).status_code == 400
    assert requests.get(f"{address}/api/v1/query", {"query": query}, timeout=10).status_code == 404


def test_without_prometheus_the_act_replays_and_says_so(tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "git").symlink_to(shutil.which("git") or "")
    env = {k: v for k, v in os.environ.items() if k in {"HOME", "LANG", "LC_ALL"}} | {"PATH": str(tools)}
    command = [sys.executable, "-m", "bascule", "demo", "--json", "--act", "18"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr
    shown = json.loads(done.stdout)
    (act,) = shown["acts"]
    assert (act["act"], act["got"], act["good"]) == ("a change that breaks the service", "rolled back", True)
    assert shown["protection_identical"]
    note = f"prometheus is not on this machine: {DAY}{recorded().recorded_at} (prometheus {recorded().prometheus})"
    assert act["evidence"][0] == f"{note} are replayed; `make tools` brings it"
    assert done.stderr.count(note) >= 2, "before it begins, and with what came of it"
    assert "the service recovered" in act["why"]
    (picture,) = [Path(text.removeprefix("picture: ")) for text in act["evidence"] if text.startswith("picture: ")]
    assert "breach certain" in picture.read_text()
