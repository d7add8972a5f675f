"""What the outside hears, on a real HTTP server: a rollback, one that takes a person, an open window; and no secret."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from jsonschema import Draft202012Validator
from tests.e2e.kit import ADMIN, Repo, World, pack
from tests.support.receiver import SECRET, Hook, receiving

from bascule.notify.notice import schema

PACK = pack(watch="{rollback: {mode: auto, checks: skip}}", relax="reviews, checks")


@pytest.fixture
def hook() -> Iterator[Hook]:
    with receiving() as made:
        yield made


def env(repo: Repo, hook: Hook) -> dict[str, str]:
    return repo.env(BASCULE_NOTIFY_URL=hook.url)


def test_a_rollback_and_one_that_takes_a_person(world: World, hook: Hook) -> None:
    repo = world.repo(rulepack=PACK, files={"docs/a.md": "one\n", ".github/bascule.yml": "notify: {issue: true}\n"})
    repo.reviews()
    number = repo.pull({"docs/a.md": "two\n"})
    assert repo.merge(number, env=env(repo, hook)).doc["status"] == "merged"
    assert hook.got == [], "a merge that went well is nobody's alarm"

    command = ("rollback", str(number), "--attended", "--json", "--reason", "pages broke")
    ran = repo.run(*command, env=env(repo, hook))
    assert (ran.code, ran.doc["alarms"]) == (0, []), ran.out
    (notice,) = hook.got
    Draft202012Validator(schema()).validate(notice)
    assert (notice["event"], notice["number"], notice["sha"]) == ("rolled_back", number, repo.head())
    assert notice["text"] == f"{repo.full}#{number} was rolled back as {repo.head()[:7]}: pages broke"
    assert SECRET not in ran.out + ran.err + json.dumps(repo.state())
    issues = [i for i in repo.call("GET", "/issues", by=ADMIN) if "pull_request" not in i]
    assert [(i["title"], [label["name"] for label in i["labels"]]) for i in issues] == [
        (f"Roll back #{number}: Write pages", ["bascule:rolled-back"])
    ]
    assert "pages broke" in issues[0]["body"]

    # Twice is once.
    assert repo.run(*command, env=env(repo, hook)).doc["status"] == "noop"
    assert len(hook.got) == 1
    assert len([i for i in repo.call("GET", "/issues", by=ADMIN) if "pull_request" not in i]) == 1


def test_a_notice_that_fails_is_an_alarm_and_no_more(world: World, hook: Hook) -> None:
    repo = world.repo(rulepack=PACK, files={"docs/a.md": "one\n"})
    number = repo.pull({"docs/a.md": "two\n"})
    assert repo.merge(number).doc["status"] == "merged"
    repo.commit("main", {"docs/a.md": "three\n"}, by=ADMIN)
    ran = repo.run("rollback", str(number), "--attended", "--json", env=env(repo, hook))
    assert (ran.code, [n["event"] for n in hook.got]) == (1, ["rollback_blocked"]), ran.out
    assert "`docs/a.md`" not in hook.got[0]["text"]
    assert "docs/a.md" in hook.got[0]["text"]
    hook.status = 403
    ran = repo.run("rollback", str(number), "--attended", "--json", env=env(repo, hook))
    assert ran.code == 1
    assert ran.doc["alarms"] == ["a notice could not be delivered: the receiver answered 403"]
    assert SECRET not in ran.out + ran.err


def test_an_open_window_pages_from_the_run_and_from_the_sweeper(world: World, hook: Hook) -> None:
    repo = world.repo()
    number = repo.pull()
    repo.reviews()
    # The relaxation passes; from then on nothing that restores it does.
    world.sim.control("faults", {"action": "fail", "method": "PATCH", "path": "/protection/", "nth": 2, "times": 0})
    ran = repo.merge(number, env=env(repo, hook), moved=True)
    assert ran.code == 4, ran.out + ran.err
    (notice,) = hook.got
    Draft202012Validator(schema()).validate(notice)
    assert (notice["event"], notice["run"]) == ("not_restored", ran.doc["run"])
    assert "bascule-restore" in notice["text"]
    assert notice["alarms"]
