"""A merged change is watched on a service in real time: a real Prometheus scrapes it, and it runs from the branch."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from attrs import define
from tests.e2e.kit import ADMIN, BOT, DEV, Repo, World, pack
from tests.support.between import Between, between

from bascule.demo.prometheus import samples, scraping
from bascule.demo.service import Deployer, Service

pytestmark = [pytest.mark.tool("prometheus"), pytest.mark.xdist_group("watch")]

FILE = "docs/checkout.json"
OPENSLO = """\
apiVersion: openslo/v1
kind: SLO
metadata: {name: checkout}
spec:
  service: shop
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
WATCH = (
    "{after: deployment, environment: production, for: 60s, slos: [slo/checkout.yml], "
    "rollback: {mode: auto, checks: skip}}"
)
GOOD, ALSO_GOOD, BAD = '{"fails": 0.001}\n', '{"fails": 0.002}\n', '{"fails": 0.3}\n'
FAST = ("--block", "2", "--calm", "10s")


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Yield a GitHub whose clock is the real one: nobody has moved it."""
    with World.started(tmp_path_factory.mktemp("watch")) as world:
        yield world


@define
class Shop:
    """A repository, the service that runs from it, the Prometheus that scrapes it, and a server between."""

    repo: Repo
    deployer: Deployer
    between: Between
    prometheus: subprocess.Popen[bytes]

    def env(self) -> dict[str, str]:
        """Return the environment of a watch."""
        return self.repo.env(BASCULE_SERVICE_PROMETHEUS=self.between.address)

    def merged(self, content: str, **pull: Any) -> tuple[int, dict[str, Any]]:
        """Merge a change of the service; return its number and the result."""
        number = self.repo.pull({FILE: content}, **pull)
        ran = self.repo.merge(number)
        assert ran.doc["status"] == "merged", ran.out + ran.err
        return number, ran.doc

    def entries(self, number: int) -> list[dict[str, Any]]:
        """Return what the journal has of watches of ``number``, oldest first."""
        audit, found = self.repo.audit()
        assert audit.code == 0, audit.out
        return [
            e for e in found
            if e["kind"] == "outcome" and "watch" in e["body"]["details"]
            and e["body"]["changes"][0]["number"] == number
        ]  # fmt: skip


@pytest.fixture(scope="module")
def shop(here: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("shop")
    repo = here.repo(
        rulepack=pack(watch=WATCH, relax="reviews, checks"), files={FILE: GOOD, "slo/checkout.yml": OPENSLO}
    )
    repo.reviews()
    file = folder / "running.json"

    def call(method: str, path: str, body: Any = None) -> Any:
        return repo.call(method, path, body, by=DEV)

    program = shutil.which("prometheus") or ""
    with (
        Deployer(call, FILE, file) as deployer,
        Service(file) as service,
        scraping(program, folder / "prometheus", service.address) as (address, process),
        between(address) as middle,
    ):
        until(lambda: samples(address, 'count_over_time(http_requests_total{code="200"}[1m])') >= 12)
        yield Shop(repo, deployer, middle, process)
        assert deployer.problems == []


def until(reached: Callable[[], bool], timeout: float = 120.0) -> None:
    """Wait for something outside."""
    end = time.monotonic() + timeout
    while not reached():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.1)


def moment(text: str) -> datetime:
    """Return a moment as JSON has it."""
    return datetime.fromisoformat(text)


def test_a_killed_watch_goes_on_and_ends_well(shop: Shop) -> None:
    repo = shop.repo
    number, _ = shop.merged(ALSO_GOOD, title="Another colour")
    words = ("watch", str(number), "--json", "--attended", "--for", "16s", *FAST)
    asked = shop.between.asked
    first = repo.start(*words, env=shop.env())
    # The source is asked only when the journal says that the watch began.
    until(lambda: shop.between.asked > asked)
    first.kill()
    (begun,) = shop.entries(number)
    assert begun["body"]["status"] == "watching"

    ran = repo.run(*words, env=shop.env())
    assert (ran.code, ran.doc["answer"]) == (0, "ok"), ran.out + ran.err
    assert ran.doc["live_at"] == begun["body"]["details"]["watch"]["live_at"]
    assert ran.doc["deployed"] == begun["body"]["details"]["watch"]["deployed"] == repo.head()
    (row,) = ran.doc["objectives"]
    assert (row["objective"], row["blocks"]) == ("checkout", row["planned"])
    assert (ran.doc["rollback"], ran.doc["alarms"]) == (None, [])
    entries = shop.entries(number)
    assert [e["body"]["status"] for e in entries] == ["watching", "watched"]
    assert entries[-1]["body"]["details"]["watch"]["answer"] == "ok"

    again = repo.run("watch", str(number), *FAST, env=shop.env())
    assert again.code == 0, again.out
    assert "was watched already: ok" in again.out
    assert len(shop.entries(number)) == 2


def test_a_change_that_breaks_the_service_is_undone_and_the_service_recovers(shop: Shop, tmp_path: Path) -> None:
    repo = shop.repo
    tree = repo.call("GET", f"/git/commits/{repo.head()}", by=ADMIN)["tree"]["sha"]
    protection = repo.protection()
    number, merge = shop.merged(BAD, title="A faster checkout", head="faster")
    ran = repo.run("watch", str(number), "--json", "--attended", *FAST, "--pictures", str(tmp_path), env=shop.env())
    assert ran.code == 0, ran.out + ran.err
    doc = ran.doc
    assert (doc["answer"], doc["recovered"], doc["person"], doc["alarms"]) == ("violation", True, False, [])
    assert "was rolled back" in doc["summary"]

    # The branch has the tree that it had before, by the merge's own undoing, and its protection.
    report = doc["rollback"]["details"]["rollback"]
    assert (report["exact"], report["checks"], report["by"]) == (True, "skip", "")
    assert report["undoes"] == merge["run"]
    assert repo.call("GET", f"/git/commits/{repo.head()}", by=ADMIN)["tree"]["sha"] == tree == report["landed_tree"]
    assert f"Bascule-Undoes: {merge['run']}" in repo.message(repo.head())
    assert repo.protection() == protection
    assert doc["rollback"]["window"]["restored"]
    assert shop.deployer.deployed[-1] == repo.head()

    # Everybody can read what happened, in one comment.
    (comment,) = [c["body"] for c in repo.comments(number) if "Rolled back" in c["body"]]
    assert comment.startswith("<!-- bascule:sticky -->\n### ↩️ Rolled back: `checkout` got worse after it went live")
    for row in ("merged", "deployed to `production`", "breach", "reverted by", "rollback deployed", "recovered ✓"):
        assert row in comment, comment
    assert "protection identical" in comment
    assert "the objective allows 1 %" in comment
    assert "│" in comment
    labels = {label["name"] for label in repo.call("GET", f"/issues/{number}/labels", by=ADMIN)}
    assert "bascule:rolled-back" in labels
    picture = (tmp_path / "checkout.svg").read_text()
    assert "breach" in picture
    assert doc["pictures"] == [str(tmp_path / "checkout.svg")]

    # The journal has it, and GitHub was not asked in between.
    begun, ended = shop.entries(number)
    assert (begun["body"]["status"], ended["body"]["status"]) == ("watching", "watched")
    watched = ended["body"]["details"]["watch"]
    assert (watched["answer"], watched["rollback"], watched["recovered"]) == ("violation", "merged", True)
    since, fired = moment(begun["at"]) + timedelta(seconds=1), moment(doc["objectives"][0]["fired_at"])
    assert since < fired
    mine = [c for c in ran.calls if c["user"] in {BOT, ADMIN}]
    assert mine
    assert [c for c in mine if since < moment(c["time"]) < fired] == []


def test_a_prometheus_that_dies_decides_nothing(shop: Shop) -> None:
    repo = shop.repo
    number, _ = shop.merged(BAD, title="A faster checkout", head="again")
    head = repo.head()
    until(lambda: shop.deployer.deployed[-1] == head)
    shop.prometheus.kill()
    ran = repo.run("watch", str(number), "--json", "--attended", "--block", "1", "--for", "5s", env=shop.env())
    assert (ran.code, ran.doc["answer"], ran.doc["rollback"]) == (8, "undecided", None), ran.out + ran.err
    assert "did not answer" in ran.doc["objectives"][0]["reason"]
    assert "502" in ran.doc["objectives"][0]["note"]
    assert repo.head() == head
    assert shop.entries(number)[-1]["body"]["details"]["watch"]["answer"] == "undecided"
