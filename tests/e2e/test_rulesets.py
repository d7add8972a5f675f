"""Rulesets and merge queues beside classic protection: not modelled yet, and never overridden unseen."""

from __future__ import annotations

import pytest
from tests.e2e.kit import TOKENS, World, pack

FREE = {"enforce_admins": False}


def test_an_administrator_who_may_bypass_a_ruleset_does_not(world: World) -> None:
    """GitHub would let this token through: the review by classic protection's freedom, the ruleset by its bypass."""
    repo = world.repo(rulepack=pack(relax="reviews, ruleset_bypass"))
    number = repo.pull()
    repo.reviews(**FREE)
    before = repo.untouched()
    with world.switched(ruleset_rules=["REQUIRED_STATUS_CHECKS", "DELETION"]):
        ran = repo.merge(number, env=repo.env(shared=True))
        assert (ran.code, ran.doc["status"]) == (1, "blocked"), ran.out
        (found,) = [b for b in ran.doc["blockers"] if b["kind"] == "ruleset_bypass"]
        assert "required_status_checks" in found["found"]
        assert "deletion" not in found["found"]
        before.holds()
    ran = repo.merge(number, env=repo.env(shared=True))
    assert ran.doc["status"] == "merged", ran.out


def test_a_ruleset_that_asks_nothing_of_a_merge_changes_nothing(world: World) -> None:
    repo = world.repo()
    number = repo.pull()
    protected = repo.reviews()
    with world.switched(ruleset_rules=["DELETION", "NON_FAST_FORWARD", "REQUIRED_LINEAR_HISTORY"]):
        ran = repo.run("check", str(number), "--json")
    assert ran.doc["status"] == "mergeable", ran.out
    assert repo.protection() == protected


@pytest.mark.parametrize("keeper", [True, False], ids=["protection read", "protection not readable"])
def test_nobody_is_passed_by_in_a_merge_queue(world: World, keeper: bool) -> None:
    repo = world.repo()
    number = repo.pull()
    if keeper:
        repo.reviews(**FREE)
    token = TOKENS[repo.admin]
    env = repo.env(shared=True) if keeper else repo.env(BASCULE_MERGER_TOKEN=token, BASCULE_KEEPER_TOKEN=None)
    before = repo.state()["refs"]["refs/heads/main"]
    with world.switched(ruleset_rules=["MERGE_QUEUE"]):
        ran = repo.merge(number, env=env)
    assert (ran.code, ran.doc["status"]) == (8, "waiting"), ran.out
    assert any("merge queue" in b["name"] for b in ran.doc["blockers"])
    assert repo.state()["refs"]["refs/heads/main"] == before
