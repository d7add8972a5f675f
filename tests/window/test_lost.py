"""Replies that are lost, writes that land late, reads that are old: read, decide, continue."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.window.fake import Client, Fault, World, merge
from tests.window.kit import KINDS, Stage, bypass, count
from tests.window.test_kill import calls_of

from bascule.types import RunStatus

LOST = [Fault.LOST, Fault.LOST_APPLIED, Fault.LATE]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fault", LOST, ids=lambda f: f.name.lower())
@pytest.mark.parametrize("land_after", [0, 1])
def test_a_lost_reply_at_every_call(tmp_path: Path, kind: str, fault: Fault, land_after: int) -> None:
    calls = calls_of(tmp_path, kind)
    table = []
    for number, name in enumerate(calls):
        stage = Stage(tmp_path / f"{number}")
        before = stage.original()
        client = Client(stage.server, plan={number: fault})
        done = stage.run(*KINDS[kind], client=client)
        table.append((number, name, done.reason))
        # Whatever was lost, the run itself has put protection back ...
        assert stage.protection == before, table[-1]
        assert done.window is not None
        assert done.window.restored
        # ... knows whether it merged ...
        assert (done.status is RunStatus.MERGED) == stage.world.pulls[7].merged, table[-1]
        # ... and what lands later is undone.
        stage.settle(land_after=land_after)
        assert stage.protection == before, table[-1]
        assert not stage.state().is_open
    # One lost reply never costs the merge.
    assert {reason for _, _, reason in table} == {"merged"}, table


@pytest.mark.parametrize("kind", KINDS)
def test_a_stale_answer_to_every_read(tmp_path: Path, kind: str) -> None:
    calls = calls_of(tmp_path, kind)
    for number, name in enumerate(calls):
        stage = Stage(tmp_path / f"{number}")
        before = stage.original()
        stage.run(*KINDS[kind], client=Client(stage.server, plan={number: Fault.STALE}))
        assert stage.protection == before, name
        stage.settle()
        assert stage.protection == before, name


@pytest.mark.parametrize("first", LOST, ids=lambda f: f.name.lower())
@pytest.mark.parametrize("second", [*LOST, Fault.STALE, Fault.LIMITED], ids=lambda f: f.name.lower())
def test_two_faults_anywhere(tmp_path: Path, first: Fault, second: Fault) -> None:
    calls = calls_of(tmp_path, "count")
    for one in range(4, len(calls)):
        for other in range(one + 1, len(calls) + 3):
            stage = Stage(tmp_path / f"{one}-{other}")
            before = stage.original()
            done = stage.run(client=Client(stage.server, plan={one: first, other: second}))
            where = (one, other, done.reason)
            stage.settle(land_after=1)
            assert stage.protection == before, where
            assert not stage.state().is_open, where
            if done.status is RunStatus.MERGED:
                assert stage.world.pulls[7].merged, where


def test_a_stale_read_does_not_talk_us_out_of_the_restore(stage: Stage) -> None:
    """The read before the restore shows the state before the relaxation: it is sent all the same."""
    before = stage.original()
    client = Client(stage.server)

    def stale(w: World) -> None:
        # Two writes lie between snapshot and this read; what is shown is the state before both.
        stage.server.before = old
        client.plan[len(client.calls) - 1] = Fault.STALE

    import copy

    old = copy.deepcopy(stage.world)
    stage.server.hooks["merge"] = lambda w: stage.server.hooks.update(protection=stale)
    stage.run(client=client)
    assert client.calls.count("restore") >= 1
    assert stage.protection == before


def test_a_lost_merge_that_was_applied_is_ours_by_its_trailer(stage: Stage) -> None:
    client = Client(stage.server, plan={"merge": Fault.LOST_APPLIED})
    done = stage.run(client=client)
    assert (done.status, done.proof) == (RunStatus.MERGED, "trailer")
    assert "commit_message" in client.calls


def test_a_lost_merge_by_rebase_is_ours_only_by_actor_and_says_so(stage: Stage) -> None:
    def rebase(w: World) -> None:
        w.approvals = 2
        merge(w, "merge-bot", 7, w.pulls[7].head_sha, "rebase", "plain", "no trailer")

    stage.server.hooks["merge"] = rebase
    done = stage.run(method="rebase")
    assert (done.status, done.proof) == (RunStatus.MERGED, "actor")


def test_a_lost_merge_that_somebody_else_made_is_not_ours(stage: Stage) -> None:
    def theirs(w: World) -> None:
        w.approvals = 2
        merge(w, "stranger", 7, w.pulls[7].head_sha, "rebase", "plain", "no trailer")

    stage.server.hooks["merge"] = theirs
    done = stage.run(method="rebase", client=Client(stage.server, plan={"merge": Fault.LOST}))
    assert (done.status, done.reason) == (RunStatus.NOOP, "merged_by_other")


def test_a_merge_that_times_out_is_restored_first_and_asked_about_afterwards(stage: Stage) -> None:
    client = Client(stage.server, plan={"merge": Fault.LOST_APPLIED})
    stage.server.hooks["merge"] = lambda w: stage.server.clock.advance(15)
    done = stage.run(client=client)
    assert done.status is RunStatus.MERGED
    at = client.calls.index("merge")
    assert client.calls[at + 1 : at + 3] == ["protection", "restore"]
    assert any("max_exposure" in alarm for alarm in done.alarms)


def test_a_relaxation_that_lands_after_the_window_is_undone_once(stage: Stage) -> None:
    before = stage.original()
    # The reply to the relaxation is lost and both tries land long after the window was closed.
    client = Client(stage.server, plan={"relax": Fault.LATE})
    done = stage.run(bypass(), client=client)
    assert done.window.restored
    assert stage.protection == before
    stage.server.land()
    assert stage.protection != before

    stage.server.clock.advance(36)
    swept = stage.sweeper().sweep()
    assert stage.protection == before
    assert any("late write" in alarm for alarm in swept.alarms)
    closing = stage.state()
    assert closing.opened.recovery
    assert closing.closing.body.outcome == "recovered"


def test_a_run_that_meets_a_leak_patrols_first(stage: Stage) -> None:
    before = stage.original()
    stage.run(client=Client(stage.server, plan={"relax": Fault.LATE}))
    stage.server.land()
    stage.world.pulls[7] = evolve_open(stage)
    client = Client(stage.server)
    done = stage.run(client=client)
    assert stage.protection == before
    assert any("late write" in alarm for alarm in done.alarms)
    snapshots = {
        i.body.snapshot_sha256
        for i in stage.journal(Client(stage.server)).history(stage.state().tip)
        if i.kind.value == "open"
    }
    assert len(snapshots) == 1


def test_a_stale_read_of_the_last_window_is_not_taken_for_a_leak(stage: Stage) -> None:
    import copy

    old: list[Any] = []
    stage.server.hooks["merge"] = lambda w: old.append(copy.deepcopy(w))
    stage.run()
    stage.world.pulls[7] = evolve_open(stage)
    client = Client(stage.server)

    def stale(w: World) -> None:
        stage.server.before = old[0]
        client.plan[len(client.calls) - 1] = Fault.STALE

    stage.server.hooks["protection"] = stale
    done = stage.run(client=client)
    assert done.reason == "merged"
    assert not done.alarms
    assert any(s > 30 for s in stage.server.clock.sleeps)


def evolve_open(stage: Stage) -> Any:
    """Return pull request 7 as open again, on another head."""
    from attrs import evolve

    return evolve(stage.world.pulls[8], number=7)


def test_a_lost_relaxation_is_not_repeated_over_a_persons_edit(stage: Stage) -> None:
    """Completing it from what is live would take the edit back as well."""

    def edit(w: World) -> None:
        w.protection["main"]["required_status_checks"]["strict"] = False

    stage.server.hooks["relax"] = edit
    client = Client(stage.server, plan={"relax": Fault.LOST})
    done = stage.run(client=client)
    assert done.reason == "relax_failed"
    assert client.calls.count("relax") == 1
    assert not stage.protection["required_status_checks"]["strict"]
    assert stage.protection["required_pull_request_reviews"]["required_approving_review_count"] == 2


def test_counting_relaxes_twice_at_most(stage: Stage) -> None:
    client = Client(stage.server, plan={"relax": Fault.LOST, 6: Fault.LOST, 7: Fault.LOST, 8: Fault.LOST})
    before = stage.original()
    done = stage.run(count(), client=client)
    assert client.calls.count("relax") <= 2
    assert done.window.restored
    assert stage.protection == before
