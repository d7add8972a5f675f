"""A merged change is watched on a real Prometheus: told ok, broken or undecided, rolled back, and seen to recover."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import define
from tests.e2e.kit import ADMIN, BOT, DEV, PACK, Ran, Repo, World, pack

from bascule.demo.prometheus import samples, scraping
from bascule.demo.service import Deployer, Service

FILE = "docs/checkout.json"
OBJECTIVE = "slo/checkout.yml"
OPENSLO = """\
apiVersion: openslo/v1
kind: SLO
metadata: {name: checkout}
spec:
  service: shop
  budgetingMethod: Occurrences
  timeWindow: [{duration: 28d, isRolling: true}]
  indicator:
    metadata: {name: checkout-errors}
    spec:
      ratioMetric:
        counter: true
        bad: {metricSource: {type: Prometheus, spec: {query: 'http_requests_total{code="500"}'}}}
        total: {metricSource: {type: Prometheus, spec: {query: http_requests_total}}}
  objectives: [{target: 0.99}]
"""
WATCH = "{{after: deployment, environment: production, for: {long}, slos: [slo/checkout.yml], rollback: {{mode: auto, checks: skip}}}}"
GOOD, BAD = '{"fails": 0.001}\n', '{"fails": 0.3}\n'
FAST = ("--block", "2", "--calm", "10s")


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Yield a GitHub whose clock is the real one: nobody has moved it."""
    with World.started(tmp_path_factory.mktemp("watch")) as world:
        yield world


@define
class Shop:
    """A repository, the service that runs from it, and the Prometheus that scrapes it."""

    repo: Repo
    service: Service
    deployer: Deployer
    prometheus: str

    def env(self, **more: str | None) -> dict[str, str]:
        """Return the environment of a watch."""
        return self.repo.env(**{"BASCULE_SERVICE_PROMETHEUS": self.prometheus, **more})

    def merged(self, content: str, **pull: Any) -> int:
        """Merge a change of the service."""
        number = self.repo.pull({FILE: content}, **pull)
        ran = self.repo.merge(number)
        assert ran.doc["status"] == "merged", ran.out + ran.err
        return number


@pytest.fixture(scope="module")
def shop(here: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("shop")
    rules = pack(watch=WATCH.format(long="70s"), relax="reviews, checks")
    repo = here.repo(rulepack=rules, files={FILE: GOOD, OBJECTIVE: OPENSLO})
    file = folder / "running.json"

    def call(method: str, path: str, body: Any = None) -> Any:
        return repo.call(method, path, body, by=DEV)

    program = shutil.which("prometheus") or ""
    with Deployer(call, FILE, file) as deployer, Service(file) as service:
        with scraping(program, folder / "prometheus", service.address) as address:
            until(lambda: samples(address, "count_over_time(http_requests_total[1m])") >= 20)
            yield Shop(repo, service, deployer, address)


def until(reached: Callable[[], bool], timeout: float = 90.0) -> None:
    """Wait for something outside."""
    end = time.monotonic() + timeout
    while not reached():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.2)


@pytest.mark.tool("prometheus")
def test_a_change_that_breaks_the_service_is_undone_and_the_service_recovers(shop: Shop, tmp_path: Path) -> None:
    repo = shop.repo
    number = shop.merged(BAD, title="A faster checkout")
    ran = repo.run("watch", str(number), "--json", "--attended", *FAST, "--pictures", str(tmp_path), env=shop.env())
    print(ran.out, ran.err)
    assert ran.code == 0, ran.out + ran.err
