"""A merge that landed a while ago, watched on what a real Prometheus has of the time since: every answer, at once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from attrs import define
from jsonschema import Draft202012Validator
from tests.e2e.kit import Ran, Repo, World, pack
from tests.e2e.then import Then
from tests.support.between import between
from tests.support.prometheus import counters, line, serving, write_samples
from tests.support.receiver import SECRET, Hook, receiving

from bascule.notify.notice import schema

pytestmark = pytest.mark.tool("prometheus")

AGO = 14
"""Minutes from the merge to the end of history; what breaks does so two minutes after it."""


@define
class Past(Then):
    """A Prometheus with a past, and a GitHub of its own whose clock tests may move."""

    address: str

    def ago(self, minutes: float) -> str:
        """Return a moment before the end of history as ``--as-of`` takes it."""
        return (self.zero - timedelta(minutes=minutes)).isoformat(timespec="seconds")

    def repo(self, *objectives: str, mode: str = "{mode: auto, checks: skip}", **more: str) -> Repo:
        """Make a repository whose pack watches ``objectives`` for ten minutes after the merge."""
        watch = f"{{for: 10m, slos: [{', '.join(objectives)}], rollback: {mode}}}"
        return self.world.repo(rulepack=pack(watch=watch, relax="reviews, checks", **more))

    def watch(self, repo: Repo, number: int, *args: str, address: str = "", **env: str) -> Ran:
        """Run ``bascule watch NUMBER --json --attended``."""
        with_source = repo.env(BASCULE_SERVICE_PROMETHEUS=address or self.address, **env)
        return repo.run("watch", str(number), "--json", "--attended", *args, env=with_source)


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Past]:
    folder = tmp_path_factory.mktemp("past")
    now = datetime.now(UTC)
    series = {
        **counters("fine", now, lambda ago: 0.001),
        **counters("broken", now, lambda ago: 0.2 if ago < AGO - 2 else 0.001),
        **counters("early", now, lambda ago: 0.2 if ago < 55 else 0.001),
        **counters("thin", now, lambda ago: 0.0, rate=0.02),
        # Broken until ten minutes from now, well for an hour after that: commands with moved clocks come there.
        **counters("heals", now, lambda ago: 0.2 if -10 < ago < AGO - 2 else 0.001, until=-80),
        **counters("ended", now, lambda ago: 0.001, until=AGO - 2),
    }
    with (
        World.started(folder / "github") as world,
        serving(folder, write_samples(folder, series)) as address,
    ):
        yield Past(world, now, address)


@pytest.fixture
def hook() -> Iterator[Hook]:
    with receiving() as made:
        yield made


def heard(hook: Hook, ran: Ran, *events: str) -> list[dict[str, Any]]:
    """Return what the receiver got, which is ``events`` in the documented form."""
    assert [n["event"] for n in hook.got] == list(events)
    for notice in hook.got:
        Draft202012Validator(schema()).validate(notice)
        assert notice["run"] == ran.doc["run"]
        assert (notice["repository"], notice["number"]) == (ran.doc["repository"], ran.doc["number"])
        assert datetime.fromisoformat(notice["at"]).tzinfo is not None
    assert SECRET not in ran.out + ran.err
    assert len({n["id"] for n in hook.got}) == len(hook.got)
    return hook.got


def test_an_answer_of_each_objective_and_the_worst_of_all(past: Past) -> None:
    why = {
        "fine": ("ok", "below the 4 % that is worth a rollback"),
        "broken": ("violation", "the objective allows 1 %"),
        "thin": ("undecided", "so few requests"),
        "ended": ("violation", "no target has reported"),
        "nowhere": ("undecided", "no data is not health"),
    }
    repo = past.repo(*(line(metric) for metric in why))
    number = past.merged(repo, AGO)
    before = repo.untouched()
    ran = past.watch(repo, number, "--as-of", past.ago(3))
    assert (ran.code, ran.doc["answer"], ran.doc["rollback"]) == (1, "violation", None), ran.out + ran.err
    rows = {r["objective"]: r for r in ran.doc["objectives"]}
    assert {name: row["answer"] for name, row in rows.items()} == {name: answer for name, (answer, _) in why.items()}
    for name, (_, part) in why.items():
        assert part in rows[name]["reason"], rows[name]
    # History is only looked at.
    assert ran.writes() == []
    before.holds()


@pytest.mark.parametrize(
    ("metric", "answer", "code"), [("fine", "ok", 0), ("broken", "violation", 1), ("thin", "undecided", 8)]
)
def test_history_in_words(past: Past, metric: str, answer: str, code: int) -> None:
    repo = past.repo(line(metric, "checkout"))
    number = past.merged(repo, AGO)
    env = repo.env(BASCULE_SERVICE_PROMETHEUS=past.address)
    ran = repo.run("watch", str(number), "--as-of", past.ago(3), env=env)
    assert ran.code == code, ran.out + ran.err
    assert f"\n{answer.upper()}  " in ran.out
    assert f"exit {code}" in ran.out
    assert "checkout  " in ran.out
    assert "19/19 blocks" in ran.out or "20/20 blocks" in ran.out or answer == "violation"


def test_a_time_before_its_end_is_not_ok_and_one_to_come_is_refused(past: Past) -> None:
    repo = past.repo(line("fine"))
    number = past.merged(repo, AGO)
    ran = past.watch(repo, number, "--as-of", past.ago(AGO - 6))
    assert (ran.code, ran.doc["answer"]) == (8, "undecided")
    (row,) = ran.doc["objectives"]
    assert 0 < row["blocks"] < row["planned"]
    assert "so far" in ran.doc["summary"]

    ran = past.watch(repo, number, "--as-of", (datetime.now(UTC) + timedelta(hours=1)).isoformat())
    assert ran.code == 2
    assert "still to come" in ran.err


def test_two_merges_in_the_same_time_are_a_persons_to_tell_apart(past: Past, hook: Hook) -> None:
    repo = past.repo(line("broken"))
    first = past.merged(repo, AGO)
    second = past.merged(repo, AGO - 1, head="other", files={"docs/c.md": "c\n"})
    head = repo.head()
    ran = past.watch(repo, first, BASCULE_NOTIFY_URL=hook.url)
    assert (ran.code, ran.doc["answer"], ran.doc["person"]) == (1, "violation", True), ran.out + ran.err
    assert "Write pages (#2)" in ran.doc["summary"]
    assert f"bascule rollback {first}" in ran.doc["next"]
    (notice,) = heard(hook, ran, "rollback_blocked")
    assert notice["text"].startswith(f"{repo.full}#{first} broke an objective, and a person has to decide: ")
    assert "Write pages (#2)" in notice["text"]
    assert notice["sha"] == ran.doc["sha"] != head
    assert (notice["pull"], notice["undoes"], notice["by"]) == (None, "", "")
    # The second one hears of the first by the journal.
    ran = past.watch(repo, second)
    assert (ran.code, ran.doc["answer"], ran.doc["person"]) == (1, "violation", True), ran.out + ran.err
    assert f"#{first}" in ran.doc["objectives"][0]["reason"]
    assert (repo.head(), ran.doc["rollback"]) == (head, None)


def test_a_breach_that_is_long_past_is_a_persons(past: Past) -> None:
    repo = past.repo(line("early"))
    number = past.merged(repo, 55)
    head = repo.head()
    ran = past.watch(repo, number)
    assert (ran.code, ran.doc["answer"], ran.doc["person"]) == (1, "violation", True), ran.out + ran.err
    assert "min past" in ran.doc["summary"]
    assert (repo.head(), ran.doc["rollback"]) == (head, None)


@pytest.mark.parametrize("mode", ["off", "propose"])
def test_what_a_pack_leaves_to_a_person(past: Past, mode: str) -> None:
    repo = past.repo(line("broken"), mode=mode)
    number = past.merged(repo, AGO)
    head = repo.head()
    ran = past.watch(repo, number)
    assert (ran.code, ran.doc["answer"], ran.doc["recovered"]) == (1, "violation", None), ran.out + ran.err
    assert repo.head() == head
    proposed = [p for p in repo.state()["pulls"] if p["head_ref"].startswith("bascule/")]
    assert len(proposed) == (mode == "propose")
    assert ran.doc["next"]


def test_only_watching(past: Past) -> None:
    repo = past.repo(line("broken"))
    number = past.merged(repo, AGO)
    head = repo.head()
    ran = past.watch(repo, number, "--no-rollback")
    assert (ran.code, ran.doc["answer"], ran.doc["rollback"]) == (1, "violation", None)
    assert "--no-rollback" in ran.doc["next"]
    assert repo.head() == head


@pytest.mark.parametrize("mode", ["500", "slow"])
def test_a_source_that_does_not_answer_is_neither_health_nor_harm(past: Past, mode: str) -> None:
    repo = past.repo(line("broken"))
    number = past.merged(repo, 50)
    head = repo.head()
    with between(past.address, mode) as broken:
        ran = past.watch(repo, number, address=broken.address)
        assert broken.asked > 0
    assert (ran.code, ran.doc["answer"], ran.doc["rollback"]) == (8, "undecided", None), ran.out + ran.err
    (row,) = ran.doc["objectives"]
    assert "did not answer" in row["reason"]
    assert row["note"]
    assert repo.head() == head


def test_nobody_named_a_prometheus(past: Past, hook: Hook) -> None:
    repo = past.repo(line("broken"))
    number = past.merged(repo, 50)
    ran = repo.run("watch", str(number), "--json", "--attended", env=repo.env(BASCULE_NOTIFY_URL=hook.url))
    assert (ran.code, ran.doc["answer"]) == (8, "undecided"), ran.out + ran.err
    assert "BASCULE_SERVICE_PROMETHEUS" in ran.doc["objectives"][0]["note"]
    (notice,) = heard(hook, ran, "undecided")
    reason = ran.doc["objectives"][0]["reason"]
    assert notice["text"] == f"{repo.full}#{number}: the watch cannot tell whether it broke an objective: {reason}"
    assert (notice["sha"], notice["title"]) == (repo.head(), "Write pages")
    assert ran.doc["alarms"] == []


def test_no_deployment_in_time(past: Past, hook: Hook) -> None:
    watch = f"{{after: deployment, environment: production, slos: [{line('fine')}], rollback: off}}"
    repo = past.world.repo(rulepack=pack(watch=watch))
    number = past.merged(repo, AGO)
    ran = past.watch(repo, number, "--deploy-within", "1s", BASCULE_NOTIFY_URL=hook.url)
    assert (ran.code, ran.doc["answer"], ran.doc["live_at"]) == (8, "undecided", None), ran.out + ran.err
    (notice,) = heard(hook, ran, "undecided")
    assert "no deployment to `production`" in notice["text"]
    assert notice["reason"] == ran.doc["summary"]
    assert notice["next"] == ran.doc["next"]
    assert "no deployment to `production`" in ran.doc["summary"]
    _, entries = repo.audit()
    assert not [e for e in entries if "watch" in e["body"].get("details", {})]


def test_nothing_to_watch(past: Past) -> None:
    repo = past.world.repo()
    number = past.merged(repo, AGO)
    ran = past.watch(repo, number)
    assert (ran.code, ran.doc["answer"]) == (0, None)
    assert "`docs` states no objective" in ran.doc["summary"]


def test_not_merged(past: Past) -> None:
    repo = past.repo(line("fine"))
    ran = past.watch(repo, repo.pull())
    assert ran.code == 2
    assert "not merged" in ran.err


def test_a_rollback_that_does_not_help_is_told_to_somebody(past: Past, hook: Hook) -> None:
    repo = past.repo(line("broken"))
    number = past.merged(repo, AGO)
    env = repo.env(BASCULE_SERVICE_PROMETHEUS=past.address, BASCULE_NOTIFY_URL=hook.url)
    command = ("watch", str(number), "--json", "--attended", "--recover-within", "20m")
    try:
        # Twenty minutes of waiting for quiet that never comes, in no time.
        ran = repo.run(*command, env=env, moved=True)
        waited = past.world.sim.control("clock")["offset"]
        again = repo.run("watch", str(number), env=env)
    finally:
        past.now_again()
    assert (ran.code, ran.doc["answer"], ran.doc["recovered"]) == (1, "violation", False), ran.out + ran.err
    assert ran.doc["rollback"]["status"] == "merged"
    assert ran.doc["rollback"]["merge"]["sha"] == repo.head()
    assert "has not recovered" in ran.doc["summary"]
    assert "the objective has not recovered after the rollback" in ran.doc["alarms"]
    assert 20 * 60 <= waited < 25 * 60, "as long as was asked for, and what the last numbers are late"
    (comment,) = [c["body"] for c in repo.comments(number) if "Rolled back" in c["body"]]
    assert "not recovered" in comment
    first, second = heard(hook, ran, "rolled_back", "rollback_blocked")
    assert (first["sha"], first["undoes"]) == (repo.head(), ran.doc["rollback"]["details"]["rollback"]["undoes"])
    assert second["text"] == f"{repo.full}#{number} was rolled back, and the objective has not recovered"
    assert again.code == 1
    assert "watched already: violation, rolled back, not recovered" in again.out


@pytest.mark.parametrize(
    ("at", "late"),
    [("/issues/{}/labels", 0), ("/issues/{}/labels", 40), ("/merge", 2)],
    ids=["all told", "all told, 40 minutes later", "landed, nothing told"],
)
def test_killed_after_the_rollback_the_next_watch_waits_for_recovery(past: Past, at: str, late: int) -> None:
    """The label is the last that a rollback sets; then recovery is waited for, half a minute at a time."""
    repo = past.repo(line("heals"))
    number = past.merged(repo, AGO)
    env = repo.env(BASCULE_SERVICE_PROMETHEUS=past.address)
    past.world.quiet()
    first = repo.start("watch", str(number), "--json", "--attended", env=env)
    try:
        path = at.format(number)
        assert first.until(lambda log: any(c["path"].endswith(path) and c["status"] == 200 for c in log))
        first.kill()
        landed = repo.head()
        _, entries = repo.audit()
        watches = [e["body"]["status"] for e in entries if "watch" in e["body"].get("details", {})]
        assert watches == ["watching"], "it ended before it was killed"
        past.world.sim.control("clock", {"advance": 60 * late})
        ahead = {**env, "TEST_CLOCK_AHEAD": str(60 * late)}
        ran = repo.run("watch", str(number), "--json", "--attended", env=ahead, moved=True)
        again = repo.run("watch", str(number), env=env)
    finally:
        past.now_again()
    assert (ran.code, ran.doc["answer"], ran.doc["recovered"]) == (0, "violation", True), ran.out + ran.err
    assert (ran.doc["rollback"]["status"], ran.doc["person"], ran.doc["alarms"]) == ("noop", False, [])
    (comment,) = [c["body"] for c in repo.comments(number) if "Rolled back" in c["body"]]
    table = comment[comment.index("| UTC |") :].split("\n\n")[0].splitlines()
    assert "reverted by" in table[-2]
    assert table[-1].endswith("| recovered ✓ |"), "the first run died before it could say so"
    assert repo.head() == landed, "rolled back twice"
    proposed = [p for p in repo.state()["pulls"] if p["head_ref"].startswith("bascule/")]
    assert [p["merged"] for p in proposed] == [True]
    _, entries = repo.audit()
    (end,) = [e for e in entries if e["body"].get("status") == "watched"]
    assert (end["body"]["details"]["watch"]["rollback"], end["body"]["details"]["watch"]["recovered"]) == ("noop", True)
    assert again.code == 0
    assert "watched already: violation, rolled back, recovered" in again.out


PRODUCTION = (
    "{{after: deployment, environment: production, for: 10m, slos: [{}], rollback: {{mode: auto, checks: skip}}}}"
)


@pytest.mark.parametrize(
    ("states", "person", "said"),
    [
        (("success",), False, ""),
        (("failure",), True, "`Write pages (#1)` in the same deployment"),
        (("in_progress",), True, "`Write pages (#1)` in the same deployment"),
    ],
    ids=["deployed before", "its deployment failed", "never live"],
)
def test_what_one_deployment_brings_together_is_a_persons_to_tell_apart(
    past: Past, states: tuple[str, ...], person: bool, said: str
) -> None:
    repo = past.world.repo(rulepack=pack(watch=PRODUCTION.format(line("broken")), relax="reviews, checks"))
    past.deployed(repo, AGO + 9)
    past.merged(repo, AGO + 8, head="other", files={"docs/c.md": "c\n"})
    past.deployed(repo, AGO + 7, *states)
    number = past.merged(repo, AGO + 1)
    past.deployed(repo, AGO)
    head = repo.head()
    ran = past.watch(repo, number, "--deploy-within", "1s")
    assert (ran.code, ran.doc["answer"], ran.doc["person"]) == (1, "violation", person), ran.out + ran.err
    assert ran.doc["deployed"] == head
    if person:
        assert said in ran.doc["summary"]
        assert (repo.head(), ran.doc["rollback"]) == (head, None)
    else:
        assert (ran.doc["rollback"]["status"], ran.doc["rollback"]["merge"]["sha"]) == ("merged", repo.head())


def test_a_first_deployment_tells_nobody_what_else_it_brought(past: Past) -> None:
    repo = past.world.repo(rulepack=pack(watch=PRODUCTION.format(line("broken")), relax="reviews, checks"))
    number = past.merged(repo, AGO + 1)
    past.deployed(repo, AGO)
    head = repo.head()
    ran = past.watch(repo, number, "--deploy-within", "1s")
    assert (ran.code, ran.doc["answer"], ran.doc["person"]) == (1, "violation", True), ran.out + ran.err
    assert "no earlier deployment to `production`" in ran.doc["summary"]
    assert repo.head() == head


def test_a_time_for_recovery_that_is_shorter_than_the_quiet_is_refused(past: Past) -> None:
    repo = past.repo(line("fine"))
    ran = past.watch(repo, 1, "--recover-within", "5m")
    assert ran.code == 2
    assert "--recover-within: 5m is shorter than --calm 10m" in ran.err
