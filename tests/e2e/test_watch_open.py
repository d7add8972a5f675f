"""All open watches of a repository at once, on a real Prometheus: one question a series and tick, each its own end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from attrs import define
from tests.e2e.kit import Ran, Repo, World, pack
from tests.e2e.then import Then
from tests.support.between import Between, between
from tests.support.prometheus import counters, line, serving, write_samples

pytestmark = pytest.mark.tool("prometheus")

AGO = 14
"""Minutes from the later merge to now; what breaks does so two minutes after it, and heals in three minutes."""
AHEAD = -60
"""Minutes until which history is written: waiting moves the clocks and takes no time."""


@define
class Past(Then):
    """A Prometheus with a past and a future, what stands between, and a GitHub whose clock tests may move."""

    between: Between

    def repo(self, docs: str, site: str) -> Repo:
        """Make a repository in which two packs watch what ``docs/`` and ``site/`` are bound to."""
        first = pack(watch=docs, relax="reviews, checks")
        second = pack(watch=site, relax="reviews, checks").replace("docs", "site").replace("pages", "screens")
        return self.world.repo(rulepack=first, files={".github/rulepack/site.yml": second})

    def changed(self, repo: Repo, ago: float, path: str, **pull: Any) -> int:
        """Merge a change of ``path``, ``ago`` minutes before the zero of history."""
        return self.merged(repo, ago, files={path: "new\n"}, head=path.replace("/", "-"), **pull)

    def watch(self, repo: Repo, *args: str, **env: str) -> Ran:
        """Run ``bascule watch --open`` with clocks that its waiting moves, and put them back."""
        environ = repo.env(BASCULE_SERVICE_PROMETHEUS=self.between.address, **env)
        try:
            return repo.run("watch", "--open", "--attended", *args, env=environ, moved=True)
        finally:
            self.now_again()

    def asked(self) -> list[str]:
        """Return the metrics that ranges were asked of since the last call, in order: one for each question.

        What was at the same clock time of earlier days is left out: it is asked for once, when a watch begins.
        """
        lately = self.zero.timestamp() - 12 * 3600
        queries = [q for path, q, begin in self.between.queries if path.endswith("/query_range") and begin > lately]
        self.between.queries.clear()
        found = [[m for m in ("broken", "fine", "shared") if m in q] for q in queries]
        assert all(len(metrics) == 1 for metrics in found), queries
        return [metrics[0] for metrics in found]


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Past]:
    folder = tmp_path_factory.mktemp("open")
    now = datetime.now(UTC)
    series = {
        **counters("fine", now, lambda ago: 0.001, until=AHEAD),
        **counters("shared", now, lambda ago: 0.002, until=AHEAD),
        **counters("broken", now, lambda ago: 0.2 if -3 < ago < AGO - 2 else 0.001, until=AHEAD),
    }
    with (
        World.started(folder / "github") as world,
        serving(folder, write_samples(folder, series)) as address,
        between(address) as middle,
    ):
        yield Past(world, now, middle)


def slos(*metrics: str, minutes: int) -> str:
    """Return a pack's watch of ``metrics`` from the merge on."""
    return f"{{for: {minutes}m, slos: [{', '.join(map(line, metrics))}], rollback: {{mode: auto, checks: skip}}}}"


def test_two_merges_at_once_one_is_undone_and_the_other_is_ok(past: Past) -> None:
    # The one that is fine goes on for longer: it waits while the other is undone, and catches up.
    repo = past.repo(docs=slos("broken", "shared", minutes=20), site=slos("fine", "shared", minutes=40))
    good = past.changed(repo, AGO + 1, "site/a.md", title="A screen")
    bad = past.changed(repo, AGO, "docs/b.md", title="A page")
    before = repo.head()
    past.asked()

    ran = past.watch(repo, "--json")
    assert ran.code == 0, ran.out + ran.err  # it recovered
    assert (ran.doc["schema_version"], len(ran.doc["watches"])) == (1, 2)
    docs = {d["number"]: d for d in ran.doc["watches"]}
    assert [d["number"] for d in ran.doc["watches"]] == [bad, good], "what breaks something comes first"
    assert (docs[bad]["answer"], docs[bad]["recovered"]) == ("violation", True), docs[bad]
    assert docs[bad]["rollback"]["status"] == "merged"
    assert docs[bad]["rollback"]["merge"]["sha"] == repo.head() != before
    assert (docs[good]["answer"], docs[good]["rollback"], docs[good]["person"]) == ("ok", None, False), docs[good]
    for doc in docs.values():
        rows = {r["objective"]: r for r in doc["objectives"]}
        assert rows["shared"]["answer"] == "ok"
    assert all(r["blocks"] == r["planned"] for r in docs[good]["objectives"])
    assert docs[good]["run"] != docs[bad]["run"]

    # Both ask for `shared` together: one question a tick. The recovery asks for what the undone one watches; after it,
    # that merge is caught up with once more, because the other may overlap with it.
    asked = past.asked()
    assert sorted(asked[:3]) == ["broken", "fine", "shared"], "the first tick"
    count = {metric: asked.count(metric) for metric in asked}
    assert min(count.values()) > 9, count
    assert count["shared"] == count["fine"] + count["broken"] - 2, count

    # The journal has each watch whole, and what has ended is open no more.
    _, entries = repo.audit()
    kept = [(e["run"], e["body"]["status"]) for e in entries if "watch" in e["body"].get("details", {})]
    for doc in docs.values():
        assert [status for run, status in kept if run == doc["run"]] == ["watching", "watched"]
    again = past.watch(repo)
    assert (again.code, past.asked()) == (0, []), again.out + again.err
    assert "Nothing is open" in again.out


def test_what_was_begun_is_taken_up_and_the_rest_judged_by_itself(past: Past) -> None:
    absent = "{for: 30m, slos: [slo/none.yml], rollback: auto}"
    repo = past.repo(docs=slos("broken", minutes=10), site=absent)
    bad = past.changed(repo, AGO, "docs/b.md")
    unusable = past.changed(repo, AGO - 1, "site/a.md")
    head = repo.head()
    # Somebody killed it after it had begun.
    with between(past.between.address, "slow") as silent:
        started = repo.start("watch", str(bad), env=repo.env(BASCULE_SERVICE_PROMETHEUS=silent.address))
        while not silent.asked:
            assert started.process.poll() is None
            time.sleep(0.01)
        started.kill()

    ran = past.watch(repo, "--no-rollback", "--pictures", "seen")
    assert ran.code == 2, ran.out + ran.err
    assert f"#{unusable} cannot be watched" in ran.out
    assert f"its watch has not begun: bascule watch {unusable}, or --open again, tries once more" in ran.out
    assert "slo/none.yml" in ran.err
    assert f"VIOLATION  #{bad} broke an objective" in ran.out
    assert (past.world.folder / "seen" / str(bad) / "broken.svg").is_file()
    assert repo.head() == head
    _, entries = repo.audit()
    kept = [e["body"]["status"] for e in entries if "watch" in e["body"].get("details", {})]
    assert kept == ["watching", "watched"], "it goes on, and does not begin again"


def test_github_is_asked_only_for_the_deployment_that_is_waited_for(past: Past) -> None:
    deployed = slos("fine", minutes=20).replace("{for", "{after: deployment, environment: production, for")
    repo = past.repo(docs=slos("shared", minutes=20), site=deployed)
    now_live = past.changed(repo, AGO, "docs/b.md")
    never = past.changed(repo, 1, "site/a.md")
    ran = past.watch(repo, "--json", "--deploy-within", "4m")
    docs = {d["number"]: d for d in ran.doc["watches"]}
    assert (ran.code, docs[now_live]["answer"], docs[never]["answer"]) == (8, "ok", "undecided"), ran.out + ran.err
    assert "no deployment to `production`" in docs[never]["summary"]
    assert docs[never]["live_at"] is None
    looks = [at for at, call in enumerate(ran.calls) if call["path"].endswith("/deployments")]
    assert len(looks) > 9, "every 15 s of three minutes"
    between_looks = ran.calls[looks[1] : looks[-1]]
    assert {c["path"].rpartition("/")[2] for c in between_looks} <= {"deployments", "clock"}
    # What nobody deployed in its time is said again, and nobody is told twice.
    again = past.watch(repo, "--json", "--deploy-within", "30s")
    assert (again.code, [d["number"] for d in again.doc["watches"]]) == (8, [never])


def test_a_deployment_that_comes_while_it_is_waited_for(past: Past) -> None:
    deployed = slos("fine", minutes=20).replace("{for", "{after: deployment, environment: production, for")
    repo = past.repo(docs=slos("shared", minutes=30), site=deployed)
    other = past.changed(repo, AGO, "docs/b.md")
    late = past.changed(repo, 2, "site/a.md")
    past.deployed(repo, 1)
    # GitHub shows it at the fifth look only: the first is taken before anything is watched.
    empty = {"action": "fail", "method": "GET", "path": "/deployments$", "status": 200, "body": [], "times": 4}
    past.world.sim.control("faults", empty)
    ran = past.watch(repo, "--json", "--deploy-within", "10m")
    docs = {d["number"]: d for d in ran.doc["watches"]}
    assert (ran.code, docs[other]["answer"], docs[late]["answer"]) == (0, "ok", "ok"), ran.out + ran.err
    assert (docs[late]["deployed"], docs[late]["environment"]) == (repo.head(), "production")
    begun = past.zero - timedelta(minutes=1)
    assert abs((datetime.fromisoformat(docs[late]["live_at"]) - begun).total_seconds()) < 30, "from when it was live on"
    looks = [c for c in ran.calls if c["path"].endswith("/deployments")]
    assert len(looks) == 5, "nobody looks on after it has come"
    assert docs[late]["objectives"][0]["blocks"] > 30, docs[late]["objectives"]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ((), "nothing says what to watch"),
        (("7", "--open"), "found a merge and --open"),
        (("--open", "--as-of", "2026-01-05T10:00Z"), "--as-of is for one merge"),
        (("--open", "--for", "30m"), "--for is for one merge"),
        (("--open", "--again"), "--again is for one merge"),
    ],
)
def test_what_does_not_go_together(past: Past, args: tuple[str, ...], said: str) -> None:
    ran = past.world.repo().run("watch", *args)
    assert ran.code == 2
    assert said in ran.err
    assert "bascule watch 42" in ran.err
    assert ran.calls == []
