"""Alerts over the past of a real Prometheus."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.observability.kit import alert, record, rules
from tests.support.prometheus import serving, write

from bascule.testing import Bench
from bascule.testing.bench import Outcome
from bascule.testing.builders import NOW
from bascule.types import Status
from bascule_observability.prometheus.api import Span
from bascule_observability.prometheus.backtest import fired

A = "prometheus/a.yml"
HISTORY = {
    # Over 10 for minutes 300..281 and 100..91 before the end: 20 and 10 minutes.
    'load{job="a"}': lambda ago: 20.0 if 280 < ago <= 300 or 90 < ago <= 100 else 5.0,
    'load{job="b"}': lambda ago: 5.0,
    # Gone ten minutes long; Prometheus itself forgets it five minutes after its last sample.
    "heart": lambda ago: None if 200 < ago <= 220 else 1.0,
    "late": lambda ago: 1.0 if ago <= 60 else None,
}


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the address of a Prometheus that knows six hours before the benches' time."""
    folder = tmp_path_factory.mktemp("prometheus")
    with serving(folder, write(folder, NOW, 360, HISTORY)) as address:
        yield address


Judge = Callable[..., Outcome]


@pytest.fixture
def judge(tmp_path: Path, prometheus: str) -> Judge:
    """Return a function from two sides to the outcome over six hours."""

    def run(before: str | None, after: str, **params: Any) -> Outcome:
        bench = Bench("observability", tmp_path, services={"prometheus": prometheus})
        rule = {"id": "r", "use": "observability/prom-backtest", "days": 0.25, **params}
        return bench.run({A: before} if before is not None else {}, {A: after}, rules=[rule])

    return run


def ran(outcome: Outcome) -> dict[str, Any]:
    """Return what one alert would have done."""
    (one,) = outcome.proof("observability/backtest").data["rules"]["r"]
    return dict(one)


@pytest.mark.tool("prometheus", "promtool")
def test_how_often_it_would_have_fired(judge: Judge) -> None:
    quiet = judge(None, rules(alert("load > 10", hold="5m")), max_fires=2)
    assert quiet.status is Status.ALLOW, str(quiet)
    assert "fired 2 times" in quiet.of("r")[0].found
    # 300..281 with five minutes of `for` is 295..281, 100..91 is 95..91.
    one = ran(quiet)
    assert (one["fires"], one["seconds"], one["longest"], one["series"]) == (2, 20 * 60, 15 * 60, 1)
    assert one["coverage"] == 1
    check = judge(None, rules(alert("load > 10", hold="5m")), max_fires=1).blocked_by("r")
    assert "would have fired 2 times, 20 min, 5.54% of the time" in check.found
    assert check.expected == "max_fires 1"
    assert check.paths == (A,)
    assert ran(judge(None, rules(alert("load > 10", hold="12m")), max_fires=1))["fires"] == 1
    assert judge(None, rules(alert("load > 10")), max_share=0.05).blocked_by("r")
    assert judge(None, rules(alert("load > 10")), max_share=0.06).status is Status.ALLOW


@pytest.mark.tool("prometheus", "promtool")
def test_keep_firing_for_joins_what_is_apart(judge: Judge) -> None:
    one = ran(judge(None, rules(alert("load > 10", hold="0s", keep_firing_for="200m")), max_fires=9))
    assert (one["fires"], one["longest"]) == (1, one["seconds"])


@pytest.mark.tool("prometheus", "promtool")
def test_it_is_held_against_what_the_old_one_did(judge: Judge) -> None:
    old = rules(alert("load > 10", hold="12m"))
    check = judge(old, rules(alert("load > 10", hold="5m")), more_fires=0).blocked_by("r")
    assert "fired 2 times (before the change 1)" in check.found
    assert judge(old, rules(alert("load > 10", hold="5m")), more_fires=1).status is Status.ALLOW
    same = judge(old, rules(alert("load   > 10", hold="12m", annotations={"a": "b"})), max_fires=0)
    assert "no alert is new" in same.of("r")[0].found


@pytest.mark.tool("prometheus", "promtool")
def test_no_data_is_not_health(judge: Judge) -> None:
    (check,) = judge(None, rules(alert('load{job="z"} > 10')), max_fires=0).of("r")
    assert check.status is Status.WAIT
    assert 'nothing of load{job="z"}' in check.found
    bad = alert('load{job="z"} > 10')
    assert judge(None, rules(bad), max_fires=0, no_series="block").blocked_by("r")
    assert judge(None, rules(bad), max_fires=0, no_series="allow").status is Status.ALLOW
    (check,) = judge(None, rules(alert("late > 10")), max_fires=0).of("r")
    assert "data 17% of the time" in check.found
    assert judge(None, rules(alert("late > 10")), max_fires=0, min_coverage=0.1).status is Status.ALLOW
    # What is silent on one side of `or`, under `absent`, or behind `unless` is no blindness.
    for expr in ("load > 99 or nothing", "absent(heart) and load > 99", "load > 99 unless nothing"):
        assert judge(None, rules(alert(expr)), max_fires=0).status is Status.ALLOW, expr
    assert ran(judge(None, rules(alert("absent(heart)", hold="0s")), max_fires=9))["fires"] == 1


@pytest.mark.tool("prometheus", "promtool")
def test_recordings_of_the_same_change_are_put_in(judge: Judge) -> None:
    made = rules(record("job:load:max", "max(load)"), record("x:y", "job:load:max"), alert("x:y > 10", hold="0s"))
    assert ran(judge(None, made, max_fires=9))["fires"] == 2
    ranged = rules(record("job:load:max", "max(load)"), alert("max_over_time(job:load:max[10m]) > 10", hold="0s"))
    # The left end of a range counts in Prometheus 2 and does not in 3.
    assert ran(judge(None, ranged, max_fires=9))["seconds"] / 60 in {20 + 9 + 10 + 9, 20 + 10 + 10 + 10}
    picked = rules(record("job:load:max", "max(load)"), alert('job:load:max{job="a"} > 10'))
    check = judge(None, picked, max_fires=9).blocked_by("rehearsal")
    assert "selected by matchers" in check.found
    loop = rules(record("x:y", "x:y + 1"), alert("x:y > 10"))
    assert "recorded from itself" in judge(None, loop, max_fires=9).blocked_by("rehearsal").found


@pytest.mark.tool("prometheus", "promtool")
def test_a_credential_comes_from_a_file_and_stays_there(tmp_path: Path) -> None:
    web = "basic_auth_users:\n  u: $2b$04$abcdefghijklmnopqrstuulzKzF1XQ19Mr9GPQei3Q3dUx2PKnZO.\n"  # of "S3CR"
    data = write(tmp_path, NOW, 60, {"load": lambda _: 1.0})
    config = tmp_path / "http.yml"
    rule = [{"id": "r", "use": "observability/prom-backtest", "days": 0.03, "max_fires": 1}]
    with serving(tmp_path, data, web) as address:
        given, how = {"prometheus": address}, {"prometheus": str(config)}
        bench = Bench("observability", tmp_path / "b", services=given, clients=how)
        (tmp_path / "word").write_text("S3CR\n")
        config.write_text("basic_auth: {username: u, password_file: word}\n")
        assert bench.run({}, {A: rules(alert("load > 10"))}, rules=rule).status is Status.ALLOW
        config.write_text("basic_auth: {username: u, password: wrong}\n")
        outcome = bench.run({}, {A: rules(alert("load > 10"))}, rules=rule)
    check = outcome.blocked_by("rehearsal")
    assert "Prometheus answered 401" in check.found
    assert "BASCULE_HTTP_CONFIG_PROMETHEUS" in check.fix
    assert address not in str(outcome)
    assert "Authorization" not in str(outcome)


def test_without_a_prometheus_it_waits(tmp_path: Path) -> None:
    rule = [{"id": "r", "use": "observability/prom-backtest", "max_fires": 1}]
    outcome = Bench("observability", tmp_path).run({}, {A: rules(alert())}, rules=rule)
    assert outcome.status is Status.WAIT
    assert "BASCULE_SERVICE_PROMETHEUS" in outcome.of("rehearsal")[0].fix


def test_a_server_that_is_gone_is_an_error(tmp_path: Path) -> None:
    rule = [{"id": "r", "use": "observability/prom-backtest", "max_fires": 1}]
    dead = {"prometheus": "http://127.0.0.1:9"}
    check = Bench("observability", tmp_path, services=dead).run({}, {A: rules(alert())}, rules=rule)
    found = check.blocked_by("rehearsal")
    assert found.status is Status.ERROR
    assert "did not answer" in found.found
    assert "127.0.0.1" not in found.found


def test_a_gap_ends_what_is_pending() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    span = Span(start=start, end=start + timedelta(minutes=9), step=60)

    def of(*minutes: int) -> list[dict[str, Any]]:
        return [{"metric": {}, "values": [[start.timestamp() + 60 * m, "1"] for m in minutes]}]

    assert fired(of(0, 1, 3, 4), span, 120, 0).fires == 0
    assert fired(of(0, 1, 2), span, 120, 0).fires == 1
    assert fired(of(0, 2, 4), span, 0, 0).fires == 3
    assert fired(of(0, 2, 4), span, 0, 90).fires == 1
    parts = [*of(0, 1), *of(2, 3)]  # one series that came in two answers
    assert fired(parts, span, 180, 0).fires == 1
