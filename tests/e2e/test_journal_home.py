"""A journal in another repository: runs and whoever restores look into the same one."""

from __future__ import annotations

from typing import Any

import pytest
from tests.e2e.kit import Repo, World

ELSEWHERE = "version: 1\njournal: {{repository: {name}}}\n"
SETTINGS = ".github/bascule.yml"


@pytest.fixture
def journal(world: World) -> Repo:
    return world.repo(rulepack="")


def loosening(log: list[dict[str, Any]]) -> bool:
    return any(c["method"] == "PATCH" and "required_pull_request_reviews" in c["path"] for c in log)


def fork_off(repo: Repo, branch: str, base: str) -> None:
    repo.call("POST", "/git/refs", {"ref": f"refs/heads/{branch}", "sha": repo.head(base)}, by=repo.admin)


def test_a_killed_run_is_found_and_restored_without_being_told_where(world: World, journal: Repo) -> None:
    repo = world.repo(files={SETTINGS: ELSEWHERE.format(name=journal.full)})
    number = repo.pull()
    protected = repo.reviews()
    run = repo.start("merge", str(number), "--attended", "--json")
    assert run.until(loosening)
    run.kill()
    world.sim.control("clock", {"advance": 120})
    found = repo.run("audit", "--json").doc
    assert (found["open"], found["expired"]) == (True, True)
    ran = repo.run("restore", "--expired", "--json", moved=True)
    assert (ran.code, ran.doc["restored"], ran.doc["open"]) == (0, True, False), ran.out
    assert ran.doc["did"]
    assert repo.protection() == protected
    assert not any("bascule" in ref for ref in repo.state()["refs"]), "nothing of it here"


def test_all_branches_share_the_default_branchs_journal(world: World, journal: Repo) -> None:
    repo = world.repo()
    fork_off(repo, "release", "main")
    repo.commit("main", {SETTINGS: ELSEWHERE.format(name=journal.full)}, by=repo.admin)
    groups = {"required_pull_request_reviews": {"required_approving_review_count": 1}}
    protected = repo.protect("release", **groups)
    fork_off(repo, "topic", "release")
    number = repo.pull(base="release")
    ran = repo.merge(number)
    assert ran.doc["status"] == "merged", ran.out
    assert repo.protection("release") == protected
    assert any("bascule/journal" in ref for ref in journal.state()["refs"])
    assert not any("bascule/journal" in ref for ref in repo.state()["refs"])

    # A branch that names another one would have its windows where nobody looks.
    other = world.repo(rulepack="")
    fork_off(repo, "stable", "release")
    repo.commit("stable", {SETTINGS: ELSEWHERE.format(name=other.full)}, by=repo.admin)
    fork_off(repo, "second", "stable")
    number = repo.pull({"docs/c.md": "more\n"}, head="second", base="stable")
    ran = repo.merge(number)
    assert (ran.code, ran.doc["status"]) == (1, "blocked"), ran.out
    assert other.full in ran.out


def test_an_old_journal_here_is_not_taken_for_the_one_elsewhere(world: World, journal: Repo) -> None:
    repo = world.repo()
    repo.reviews()
    assert repo.merge(repo.pull(labels=())).doc["status"] == "blocked"  # one entry in this repository
    env = repo.env(BASCULE_JOURNAL_REPO=journal.full)
    number = repo.pull({"docs/c.md": "more\n"}, head="second")
    ran = repo.merge(number, env=env)
    assert ran.doc["status"] == "merged", ran.out
    audit, entries = repo.audit(env)
    assert audit.code == 0
    assert [e["kind"] for e in entries] == ["open", "restored"]
