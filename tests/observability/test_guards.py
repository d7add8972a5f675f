"""The guards of the judge on a real Prometheus: one history, two commands, and what each story must come to.

Where each guard is tried against a real Prometheus:

==========================  ===========================================================================================
no data                     ``test_slo_past``: a metric that is not there; here ``gaps``: two thirds have none
target gone                 ``test_slo_past``: ``gone``; ``e2e/test_watch_history``: ``ended``
Prometheus gone             ``e2e/test_watch``: killed; ``e2e/test_watch_history``: 500, slow; ``test_slo_past``:
                            scrapes nothing any more
counter resets              ``test_watch``: none is counted; here ``restarted``: all instances begin again at the merge
roll-out blank-out          here ``rollout``: errors for the minute of the roll-out
seasonality                 here ``nightly``, a gauge, and ``batch``, a ratio, that were as bad at this time yesterday:
                            nobody is blamed, though so many errors are not called ok either
pre-existing incident       here ``burning``, and ``worse``: three times what it was
recovery by itself          here ``blip`` and ``passes``: errors for one minute, and for three
overlapping merges          ``e2e/test_watch_history``: two merges, one deployment with two, and one nobody watched
many objectives             here ``faint``: a violation alone, and none among thirteen
low traffic                 here ``thin``, ``quiet``; ``e2e/test_watch_history``: ``thin``
==========================  ===========================================================================================
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.observability.test_slo_past import openslo
from tests.support import warm
from tests.support.prometheus import serving, write_samples

from bascule.testing.builders import NOW

pytestmark = pytest.mark.tool("prometheus", "promtool")

LIVE = NOW - timedelta(hours=1)
SCRAPE = 15
Share = Callable[[float], float]
"""The share of requests that fail, by minutes since the merge."""


def _samples(
    seed: int, share: Share, *, rate: float = 20.0, resets: bool = False, hours: int = 2
) -> dict[str, list[Any]]:
    """Return counters of good and bad requests from two ``hours`` before the merge to an hour after it.

    Args:
        seed: of the noise.
        share: see :data:`Share`.
        rate: requests a second.
        resets: whether all begin again from zero at the merge.
    """
    dice = random.Random(seed)
    rows: dict[str, list[Any]] = {"200": [], "500": []}
    counted = {"200": 0, "500": 0}
    for second in range(-3600 * hours + 7, 3600, SCRAPE):
        came = rate * SCRAPE
        count = int(came) + (dice.random() < came - int(came))
        bad = sum(dice.random() < share(second / 60) for _ in range(count))
        if resets and 0 <= second < SCRAPE:
            counted = {"200": 0, "500": 0}
        counted["200"] += count - bad
        counted["500"] += bad
        at = LIVE.timestamp() + second
        for code, value in counted.items():
            rows[code].append((at, float(value)))
    return rows


def _between(first: float, last: float, share: float) -> Share:
    return lambda minute: share if first <= minute < last else 0.001


STORIES: dict[str, tuple[dict[str, Any], str]] = {
    "restarted": ({"share": lambda _: 0.001, "resets": True}, "ok"),
    "rollout": ({"share": _between(0, 1, 0.5)}, "ok"),
    "burning": ({"share": lambda m: 0.05 if m > -40 else 0.001}, "ok"),
    "worse": ({"share": lambda m: 0.15 if m > 2 else 0.05 if m > -40 else 0.001}, "violation"),
    "blip": ({"share": _between(10, 11, 0.5)}, "ok"),
    "passes": ({"share": _between(10, 13, 0.3)}, "ok"),
    "stays": ({"share": _between(10, 60, 0.3)}, "violation"),
    "batch": ({"share": lambda m: 0.3 if 10 <= m % 1440 < 60 else 0.001, "rate": 4.0, "hours": 26}, "undecided"),
    "quiet": ({"share": lambda _: 0.001, "rate": 0.01}, "undecided"),
    "thin": ({"share": _between(2, 60, 0.5), "rate": 0.002}, "undecided"),
}
"""What is told of each metric, and what has to be said of it."""


def _gaps() -> dict[str, list[Any]]:
    """Return healthy counters of which Prometheus has a third only, since the merge."""
    rows = _samples(20, lambda _: 0.001)
    zero = LIVE.timestamp()
    return {c: [(t, v) for t, v in r if t < zero or (t - zero) // 90 % 3 == 0] for c, r in rows.items()}


def _gauge(seed: int, *, yesterday: bool) -> list[tuple[float, float]]:
    """Return two days of a level that is higher by half from two minutes after the merge on; was it ``yesterday``?"""
    dice = random.Random(seed)
    found = []
    for second in range(-49 * 3600, 3600, 30):
        high = second >= 120 or (yesterday and 120 <= second + 86400 < 3600)
        found.append((LIVE.timestamp() + second, 10.0 + 5.0 * high + dice.gauss(0, 0.2)))
    return found


GAUGE = """
apiVersion: openslo/v1
kind: SLO
metadata: {{name: {0}}}
spec:
  service: shop
  budgetingMethod: Occurrences
  timeWindow: [{{duration: 28d, isRolling: true}}]
  indicator:
    metadata: {{name: {0}-level}}
    spec:
      thresholdMetric: {{metricSource: {{type: Prometheus, spec: {{query: '{0}'}}}}}}
  objectives: [{{op: lt, value: 12, target: 0.99}}]
"""


Judged = dict[str, dict[str, Any]]
"""What was said of each objective, by metric; of ``faint`` alone as ``alone``."""


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Judged:
    """Return what one command says of all stories, and another one of ``faint`` alone."""
    folder = tmp_path_factory.mktemp("guards")
    history: dict[str, list[Any]] = {"up": [(LIVE.timestamp() + s, 1.0) for s in range(-7200, 3600, 60)]}
    told = {metric: _samples(seed, **story) for seed, (metric, (story, _)) in enumerate(STORIES.items())}
    told |= {"gaps": _gaps(), "faint": _samples(107, _between(20, 60, 0.03), rate=0.5)}
    history |= {f'{metric}{{code="{code}"}}': rows for metric, both in told.items() for code, rows in both.items()}
    history |= {"nightly": _gauge(30, yesterday=True), "news": _gauge(31, yesterday=False)}
    texts = {metric: openslo(metric) for metric in told}
    texts |= {metric: GAUGE.format(metric) for metric in ("nightly", "news")}
    for metric, text in texts.items():
        (folder / f"{metric}.yml").write_text(text)

    with serving(folder, write_samples(folder, history)) as address:

        def backtest(*metrics: str) -> Judged:
            words = ("--prometheus", address, "--at", LIVE.isoformat(), "--for", "50m", "--json")
            files = (f"{metric}.yml" for metric in metrics)
            done = warm.run("slo", "backtest", *files, *words, cwd=folder)
            assert done.returncode == 1, done.stdout + done.stderr
            return {o["name"]: o for o in json.loads(done.stdout)["objectives"]}

        return {**backtest(*texts), "alone": backtest("faint")["faint"]}


@pytest.mark.parametrize("metric", STORIES)
def test_each_story_comes_to_its_end(judged: Judged, metric: str) -> None:
    assert judged[metric]["verdict"] == STORIES[metric][1], judged[metric]


def test_each_says_what_it_was_held_against(judged: Judged) -> None:
    assert "it was burning before the merge" in judged["burning"]["reason"]
    assert "the incident before the merge explains" in judged["worse"]["reason"]
    for metric in ("quiet", "thin", "gaps"):
        assert "blocks after the merge have data" in judged[metric]["reason"]
    # What was broken all along, and what is over, is told from what came with the merge by when it began.
    for metric, onset in (("worse", 2), ("stays", 10)):
        fired = datetime.fromisoformat(judged[metric]["fired_at"])
        assert LIVE + timedelta(minutes=onset) < fired < LIVE + timedelta(minutes=onset + 8)


def test_too_little_data_is_not_health(judged: Judged) -> None:
    assert judged["gaps"]["verdict"] == "undecided", judged["gaps"]


def test_a_level_that_was_never_there_is_news(judged: Judged) -> None:
    assert judged["news"]["verdict"] == "violation", judged["news"]


def test_what_happens_every_day_is_not_blamed_on_a_merge(judged: Judged) -> None:
    assert judged["nightly"]["verdict"] == "ok", judged["nightly"]


def test_among_many_objectives_each_needs_more_evidence(judged: Judged) -> None:
    assert judged["alone"]["verdict"] == "violation", judged["alone"]
    assert judged["faint"]["verdict"] != "violation", judged["faint"]
