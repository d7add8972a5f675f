"""The sweeper: takeover, patrol, verification, signs of life, and what can never be restored."""

from __future__ import annotations

import copy
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from tests.window.fake import Client, FakeJournal, Fault, Killed, World, edit
from tests.window.kit import KINDS, Stage, admins, bypass, count
from tests.window.test_kill import calls_of

from bascule.protection.rest import Write
from bascule.window.entries import Kind, Opened, Unrestorable
from bascule.window.state import guards
from bascule.window.timing import Timing

LOOSEN = Write(method="PATCH", path="/required_pull_request_reviews", body={"required_approving_review_count": 0})


def loosen(w: World) -> None:
    edit(w, "main", LOOSEN)


def killed(stage: Stage, at: str = "merge", **more: Any) -> Any:
    before = stage.original()
    with pytest.raises(Killed):
        stage.run(client=Client(stage.server, plan={at: Fault.KILL_BEFORE}), **more)
    return before


def history(stage: Stage) -> list[Any]:
    return list(stage.journal(Client(stage.server)).history(stage.state().tip))[::-1]


def test_a_window_that_has_not_expired_is_left_alone(stage: Stage) -> None:
    before = killed(stage)
    stage.server.clock.advance(58)
    assert not stage.sweeper().sweep().did
    assert stage.protection != before


def test_takeover_restored_verified(stage: Stage) -> None:
    before = killed(stage)
    sweeper = stage.sweeper()
    stage.server.clock.advance(62)
    first = sweeper.sweep()
    assert first.clean
    assert "run r-1 left its window on main open" in first.did[0]
    assert stage.protection == before
    taken = history(stage)[1]
    assert isinstance(taken.body, Opened)
    assert taken.body.takes_over == history(stage)[0].sha
    assert taken.body.snapshot == history(stage)[0].body.snapshot
    assert taken.run == "r-1"
    assert taken.body.owner != history(stage)[0].body.owner

    stage.server.clock.advance(20)
    assert not sweeper.sweep().did
    stage.server.clock.advance(31)
    assert "is verified" in sweeper.sweep().did[0]
    assert [e.kind.value for e in history(stage)] == ["open", "open", "restored", "heartbeat", "verified"]


def test_a_looping_sweeper_asks_once_a_tick(stage: Stage) -> None:
    client = Client(stage.server)
    sweeper = stage.sweeper(client)
    sweeper.sweep()
    client.calls.clear()
    for _ in range(10):
        stage.server.clock.advance(2)
        sweeper.sweep()
    assert client.calls == ["read"] * 10


def test_signs_of_life_every_five_minutes(stage: Stage) -> None:
    sweeper = stage.sweeper()
    for _ in range(40):
        sweeper.sweep()
        stage.server.clock.advance(30)
    beats = [e for e in history(stage) if e.kind is Kind.HEARTBEAT]
    assert len(beats) == 4


def test_a_leak_is_undone_once_and_then_it_is_a_person(stage: Stage) -> None:
    before = stage.original()
    stage.run(count())
    sweeper = stage.sweeper()
    stage.server.clock.advance(40)

    loosen(stage.world)
    first = sweeper.sweep()
    assert stage.protection == before
    assert any("late write" in a for a in first.alarms)
    assert first.clean

    stage.server.clock.advance(40)
    loosen(stage.world)
    second = sweeper.sweep()
    assert not second.clean
    assert any("a person did it" in a for a in second.alarms)
    assert stage.protection != before

    # No window is opened on it either, by nobody, until a person accepts it.
    refused = stage.run(count(before=0, after=0))
    assert (refused.reason, refused.window) == ("leaked", None)
    assert "baseline accept" in refused.fix


def test_a_leak_of_another_window_long_ago_is_still_known(stage: Stage) -> None:
    """The guard of a leak is carried through later windows on the same branch."""
    before = stage.original()
    stage.run(count())
    stage.server.clock.advance(3600)
    stage.world.pulls[7] = evolve(stage.world.pulls[8], number=7)
    assert stage.run(bypass()).reason == "merged"
    assert {k.relaxation.field.split(".")[1] for g in guards(stage.state(), Timing()) for k in g.leaks} == {
        "required_approving_review_count",
        "bypass_pull_request_allowances",
    }
    stage.server.clock.advance(3600)
    loosen(stage.world)
    assert any("late write" in a for a in stage.sweeper().sweep().alarms)
    assert stage.protection == before


def test_a_late_write_that_lands_inside_the_next_window_is_not_kept_as_a_persons_edit(stage: Stage) -> None:
    """Kept, it would be in the record of what protection should be, and no patrol would ever undo it."""
    before = stage.original()
    with pytest.raises(Killed):
        stage.run(admins(), client=Client(stage.server, plan={"relax": Fault.KILL_LATE}))
    stage.server.clock.advance(62)
    stage.sweeper().sweep()
    stage.server.hooks["merge"] = lambda w: stage.server.land()
    done = stage.run(bypass())
    assert done.reason == "merged"
    assert stage.protection == before
    assert any("late write of an earlier window" in note for note in done.notes)
    assert stage.state().closing.body.target is None


def test_a_late_write_that_lands_inside_a_killed_window_is_undone_by_its_takeover(stage: Stage) -> None:
    before = stage.original()
    with pytest.raises(Killed):
        stage.run(admins(), client=Client(stage.server, plan={"relax": Fault.KILL_LATE}))
    stage.server.clock.advance(62)
    stage.sweeper().sweep()
    stage.server.hooks["merge"] = lambda w: stage.server.land()
    with pytest.raises(Killed):
        stage.run(bypass(), client=Client(stage.server, plan={"merge": Fault.KILL_AFTER}))
    stage.server.clock.advance(62)
    stage.sweeper().sweep()
    assert stage.protection == before


def test_a_leak_is_restored_to_the_newest_truth_not_to_its_own_windows(stage: Stage) -> None:
    stage.run(count())
    stage.server.clock.advance(60)
    reviews = stage.world.protection["main"]["required_pull_request_reviews"]
    reviews["required_approving_review_count"] = 3
    stage.world.pulls[7] = evolve(stage.world.pulls[8], number=7)
    assert stage.run(bypass()).reason == "merged"
    stage.server.clock.advance(60)
    loosen(stage.world)
    swept = stage.sweeper().sweep()
    assert swept.clean
    assert reviews["required_approving_review_count"] == 3
    # And it counts as undone once, although the fitted relaxation is not the one in the first window's entry.
    stage.server.clock.advance(60)
    loosen(stage.world)
    assert not stage.sweeper().sweep().clean


def test_a_window_that_relaxed_nothing_leaves_nothing_to_expect(stage: Stage) -> None:
    stage.server.hooks["pull"] = lambda w: w.pulls.update({7: evolve(w.pulls[7], draft=True)})
    assert stage.run(count()).reason == "moved"
    assert guards(stage.state(), Timing()) == ()
    stage.server.clock.advance(40)
    loosen(stage.world)
    assert not stage.sweeper().sweep().alarms


def test_beyond_the_horizon_a_loosening_is_a_persons_edit(stage: Stage) -> None:
    stage.run(count())
    stage.server.clock.advance(24 * 3600 + 20)
    loosen(stage.world)
    swept = stage.sweeper().sweep()
    assert not swept.alarms
    assert stage.protection["required_pull_request_reviews"]["required_approving_review_count"] == 0


def test_the_horizon_is_the_tokens_life_where_that_is_known(stage: Stage) -> None:
    ends = stage.server.clock.now() + timedelta(seconds=3000)
    stage.run(count(), token_expires_at=ends)
    stage.server.clock.advance(3030)
    loosen(stage.world)
    assert not stage.sweeper().sweep().alarms


def test_a_persons_other_edits_are_not_leaks(stage: Stage) -> None:
    stage.run(count())
    stage.server.clock.advance(40)
    stage.world.protection["main"]["required_linear_history"]["enabled"] = False
    stage.world.protection["main"]["required_pull_request_reviews"]["required_approving_review_count"] = 1
    swept = stage.sweeper().sweep()
    assert not swept.alarms
    verified = stage.state().entry
    assert verified.kind is Kind.VERIFIED
    assert not verified.body.equal


def test_401_and_403_are_tried_again_and_the_journal_stays_open(stage: Stage) -> None:
    before = killed(stage)
    stage.server.clock.advance(62)
    client = Client(stage.server)
    sweeper = stage.sweeper(client)
    sweeper.timing = Timing(restore_budget=5)

    class Denied:
        def __init__(self, inner: Any) -> None:
            self.inner = inner

        def __getattr__(self, name: str) -> Any:
            return getattr(self.inner, name)

        def protection(self, branch: str) -> Any:
            client.plan[len(client.calls)] = Fault.REFUSED
            return self.inner.protection(branch)

    inner, sweeper.keeper = sweeper.keeper, Denied(sweeper.keeper)
    for _ in range(3):
        swept = sweeper.sweep()
        assert not swept.clean
        assert "NOT restored" in swept.alarms[0]
        stage.server.clock.advance(30)
    assert stage.state().is_open
    # It is the same takeover all the time, not a new entry for every try.
    assert [e.kind.value for e in history(stage) if e.kind is not Kind.HEARTBEAT] == ["open", "open"]

    sweeper.keeper = inner
    assert sweeper.sweep().clean
    assert stage.protection == before


def test_beyond_the_horizon_it_is_given_up_with_an_alarm(stage: Stage) -> None:
    killed(stage)
    stage.server.clock.advance(24 * 3600 + 100)
    sweeper = stage.sweeper()
    sweeper.timing = Timing(restore_budget=5)
    stage.world.protection["main"]["required_pull_request_reviews"]["required_approving_review_count"] = "broken"
    swept = sweeper.sweep()
    assert not swept.clean
    assert isinstance(stage.state().closing.body, Unrestorable)
    assert any("never be restored" in a for a in swept.alarms)


def test_a_branch_that_is_gone_is_unrestorable_and_watched_in_case_it_comes_back(stage: Stage) -> None:
    before = killed(stage)
    loose = copy.deepcopy(stage.protection)
    del stage.world.protection["main"]
    stage.server.clock.advance(62)
    sweeper = stage.sweeper()
    swept = sweeper.sweep()
    assert not swept.clean
    assert isinstance(stage.state().closing.body, Unrestorable)
    assert sweeper.sweep().clean

    stage.world.protection["main"] = loose
    stage.server.clock.advance(40)
    assert sweeper.sweep().did
    assert stage.protection == before


def test_protection_that_a_person_removed_comes_back_once(stage: Stage) -> None:
    before = killed(stage)
    stage.world.protection["main"] = None
    stage.server.clock.advance(62)
    swept = stage.sweeper().sweep()
    assert swept.clean
    assert stage.protection["required_pull_request_reviews"] == before["required_pull_request_reviews"]
    assert any("removed branch protection" in n for n in swept.did)


def test_entries_of_a_fork_or_mirror_are_ignored(stage: Stage) -> None:
    killed(stage)
    # The same chain and keys under another repository id: a mirror.
    mirror = stage.journal(Client(stage.server))
    mirror.repository = 9999
    state = mirror.read()
    assert not state.is_open
    assert not state.flaws


def test_takeover_when_somebody_else_was_faster(stage: Stage) -> None:
    before = killed(stage)
    stage.server.clock.advance(62)
    slow = Client(stage.server, login="slow")
    fast = stage.sweeper(Client(stage.server, login="fast"))
    slow.meanwhile[1] = fast.sweep
    swept = stage.sweeper(slow).sweep()
    assert swept.clean
    assert stage.protection == before
    assert "restore" not in slow.calls
    assert [e.kind.value for e in history(stage)].count("restored") == 1


# -- owners that were paused, not dead -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sweeps", [1, 3])
def test_an_owner_that_wakes_up_after_it_was_superseded(tmp_path: Path, kind: str, sweeps: int) -> None:
    for number, name in enumerate(calls_of(tmp_path, kind)):
        stage = Stage(tmp_path / f"{number}")
        before = stage.original()

        def pause(stage: Stage = stage) -> None:
            sweeper = stage.sweeper()
            stage.server.clock.advance(62)
            for _ in range(sweeps):
                sweeper.sweep()
                stage.server.clock.advance(40)

        client = Client(stage.server, meanwhile={number: pause})
        stage.run(*KINDS[kind], client=client)
        stage.settle()
        assert stage.protection == before, (number, name, client.calls)
        assert not stage.state().is_open


def test_a_superseded_owner_touches_nothing_while_anothers_window_is_open(stage: Stage) -> None:
    """It wakes up before its restore; a sweeper has taken over and is itself stuck before restoring."""
    slow = Client(stage.server, login="sweeper-bot", plan={"restore": Fault.KILL_BEFORE})

    def pause() -> None:
        stage.server.clock.advance(62)
        with pytest.raises(Killed):
            stage.sweeper(slow).sweep()

    client = Client(stage.server, meanwhile={6: pause})
    done = stage.run(client=client)
    assert "restore" not in client.calls
    assert done.exit_code == 4
    assert any("another owner's window" in a for a in done.alarms)


def test_a_superseded_owner_restores_to_the_newest_snapshot(stage: Stage) -> None:
    """Between takeover and its own restore a person tightened: what it undoes must not loosen that again."""

    def pause() -> None:
        stage.server.clock.advance(62)
        sweeper = stage.sweeper()
        sweeper.sweep()
        reviews = stage.world.protection["main"]["required_pull_request_reviews"]
        reviews["required_approving_review_count"] = 3
        stage.server.clock.advance(40)
        sweeper.sweep()

    client = Client(stage.server, meanwhile={6: pause})
    done = stage.run(client=client)
    assert stage.protection["required_pull_request_reviews"]["required_approving_review_count"] == 3
    assert done.window.restored
    assert any("took this run's window over" in a for a in done.alarms)


def test_a_superseded_owner_restores_to_the_snapshot_of_a_window_after_its_own(stage: Stage) -> None:
    reviews = stage.world.protection["main"]["required_pull_request_reviews"]

    def pause() -> None:
        stage.server.clock.advance(62)
        stage.sweeper().sweep()
        reviews["required_approving_review_count"] = 3
        assert stage.run(bypass()).reason == "merged"
        # What our own relaxation looks like when it arrives only now.
        loosen(stage.world)

    done = stage.run(client=Client(stage.server, meanwhile={6: pause}))
    assert done.window.restored
    assert reviews["required_approving_review_count"] == 3
    assert any("took this run's window over" in a for a in done.alarms)


def test_a_window_that_was_taken_by_force_before_it_was_closed_is_an_alarm(stage: Stage) -> None:
    before = stage.original()

    def force() -> None:
        sweeper = stage.sweeper()
        sweeper.take_over(sweeper.journal.read())

    client = Client(stage.server, meanwhile={10: force})
    done = stage.run(client=client)
    assert (done.reason, done.window.restored) == ("merged", True)
    assert any("took this run's window over" in a for a in done.alarms)
    assert stage.protection == before
    assert [e.kind.value for e in history(stage)] == ["open", "open", "restored"]


def test_a_deadline_is_judged_by_the_servers_date_and_never_early(stage: Stage) -> None:
    """A read that takes long must not make a window look older than it is."""
    killed(stage)
    opened = stage.state().opened
    stage.server.clock.advance((opened.deadline - stage.server.clock.now()).total_seconds() - 7.5)
    stage.server.latency = 14.0

    class Late(FakeJournal):
        def read(self, *, limit: int = 20) -> Any:
            ref, commits = super().read(limit=limit)
            # The date is from when the request arrived; the answer took its time.
            return evolve(ref, date=ref.date - timedelta(seconds=7)), commits

    client = Client(stage.server)
    sweeper = stage.sweeper(client)
    sweeper.journal.store = Late(client)
    assert not sweeper.sweep().did
    assert "restore" not in client.calls


# -- races -----------------------------------------------------------------------------------------------------------


def test_two_runs_never_have_two_windows(tmp_path: Path) -> None:
    reasons = set()
    for number, name in enumerate(calls_of(tmp_path, "count")):
        stage = Stage(tmp_path / f"{number}")
        before = stage.original()
        other: list[Any] = []
        first = Client(stage.server)
        second = Client(stage.server)
        first.meanwhile[number] = lambda stage=stage, second=second, other=other: other.append(
            stage.run(bypass(), client=second)
        )
        one = stage.run(count(), client=first)
        assert stage.protection == before, name
        entries = [e for e in history(stage) if e.kind in {Kind.OPEN, Kind.RESTORED}]
        assert [e.kind for e in entries] == [Kind.OPEN, Kind.RESTORED] * (len(entries) // 2), name
        assert len({e.body.snapshot_sha256 for e in entries if e.kind is Kind.OPEN}) == 1
        assert sum(p.reason == "merged" for p in (one, *other)) == 1, (name, one.reason, other[0].reason)
        reasons.add((one.reason, other[0].reason))
    assert ("merged", "busy") in reasons
    assert {r for r, o in reasons if o == "merged"} <= {"merged_by_other", "moved"}


def test_a_swap_lost_to_heartbeats_and_outcomes_is_tried_again(stage: Stage) -> None:
    client = Client(stage.server)
    client.meanwhile[3] = stage.heartbeat
    assert stage.run(client=client).reason == "merged"
    assert client.calls.count("advance") == 3


def test_a_swap_lost_to_a_window_is_not(stage: Stage) -> None:
    client = Client(stage.server)
    other = Client(stage.server, plan={"pull": Fault.KILL_BEFORE})

    def theirs() -> None:
        with pytest.raises(Killed):
            stage.run(client=other)

    client.meanwhile[3] = theirs
    done = stage.run(client=client)
    assert (done.reason, done.window) == ("overtaken", None)
    assert "relax" not in client.calls
    # Our secret is gone; the killed run's is where its job's last step finds it.
    assert [p.name for p in stage.folder.iterdir()] == ["r-2.owner"]
