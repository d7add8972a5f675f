"""Alerts through the command line: compared, and run over the past of a Prometheus that the machine's owner names."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.e2e.kit import World
from tests.observability.kit import alert, rules
from tests.support.prometheus import serving, write

PACK = """\
version: 1
scenario: observability
extends: [observability/alerts]
mode: auto
match: {files: ["prometheus/**"]}
relax: {allow: []}
rules:
  - {id: past, use: observability/prom-backtest, days: 0.02, max_fires: 0}
"""
A = "prometheus/a.yml"


@pytest.mark.tool("prometheus", "promtool")
def test_what_would_have_fired_is_blocked_and_what_would_not_is_merged(world: World, tmp_path: Path) -> None:
    repo = world.repo(rulepack=PACK, files={A: rules(alert("load > 90", "Load"))})
    # A steady load from hours before the server's clock until after it: when exactly is asked makes no difference.
    end = datetime.now(UTC) + timedelta(hours=2)
    data = write(tmp_path, end, 360, {"load": lambda _: 20.0})
    loud = repo.pull({A: rules(alert("load > 10", "Load"))}, head="loud", title="Fire sooner")
    quiet = repo.pull({A: rules(alert("load > 50", "Load"))}, head="quiet", title="Fire a little sooner")
    looser = repo.pull({A: rules(alert("load > 95", "Load"))}, head="looser", title="Fire later")
    blind = repo.merge(quiet)
    assert blind.doc["status"] == "waiting", blind.out
    assert "BASCULE_SERVICE_PROMETHEUS" in blind.out
    with serving(tmp_path, data) as address:
        env = repo.env(BASCULE_SERVICE_PROMETHEUS=address)
        ran = repo.merge(loud, env=env)
        assert ran.doc["status"] == "blocked", ran.out
        (found,) = [c["found"] for c in ran.checks() if c["rule"] == "observability/prom-backtest"]
        assert "Load would have fired 1 times (before the change 0)" in found
        ran = repo.merge(looser, env=env)
        assert ran.doc["status"] == "blocked", ran.out
        assert "`> 90` became `> 95`" in ran.out
        ran = repo.merge(quiet, env=env)
        assert ran.doc["status"] == "merged", ran.out
        assert address not in ran.out


def test_an_address_that_is_none_is_the_owner_s_mistake(world: World) -> None:
    repo = world.repo(rulepack=PACK)
    number = repo.pull({A: rules(alert())}, title="Watch")
    ran = repo.merge(number, env=repo.env(BASCULE_SERVICE_PROMETHEUS="prometheus:9090"))
    assert ran.code == 2, ran.out
    assert "BASCULE_SERVICE_PROMETHEUS" in ran.out + ran.err
