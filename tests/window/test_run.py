"""One run through the stepwise window, and everything that makes it stop."""

from __future__ import annotations

import signal
import stat
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve
from tests.window.fake import Client, Fault, World, actors, merge, sha
from tests.window.kit import KINDS, Stage, admins, bypass, check, count

from bascule.forge.ports import MergeOutcome, RefusedError
from bascule.protection.canonical import canonical
from bascule.protection.model import Hidden
from bascule.types import RunStatus
from bascule.window.entries import Kind, Opened, Restored
from bascule.window.journal import TipRead
from bascule.window.order import Inspection, LiveRead
from bascule.window.signals import WATCHED
from bascule.window.timing import Timing


@pytest.mark.parametrize("kind", KINDS)
def test_a_clean_run_merges_and_leaves_protection_as_it_was(stage: Stage, kind: str) -> None:
    if kind == "count+check":
        stage.world.green = ("build",)
    before = stage.original()
    client = Client(stage.server)
    steps: list[str] = []
    done = stage.window(client, on_step=steps.append).run(stage.order(*KINDS[kind]))

    assert (done.status, done.reason, done.exit_code, done.alarms) == (RunStatus.MERGED, "merged", 0, ())
    assert stage.protection == before
    assert steps == ["opened", "relaxed", "merged", "restored", "closed"]
    assert done.window is not None
    assert done.window.restored
    assert done.window.verified is None
    assert done.window.snapshot_sha256 == done.window.live_sha256
    assert done.window.calls == len(client.calls)
    assert stage.world.commits[done.sha].message.endswith("Bascule-Run: r-1")
    assert list(stage.folder.iterdir()) == []


def test_the_calls_of_a_clean_run(stage: Stage) -> None:
    client = Client(stage.server)
    stage.run(client=client)
    assert client.calls == [
        "read", "protection", "commit", "advance", "pull", "relax", "merge", "protection", "restore", "protection",
        "commit", "advance",
    ]  # fmt: skip

    # The next run's own read verifies the last window: one commit more, no read and no swap more.
    stage.server.clock.advance(40)
    stage.world.pulls[7] = evolve(stage.world.pulls[8], number=7)
    later = Client(stage.server)
    assert stage.run(client=later).reason == "merged"
    assert len(later.calls) == len(client.calls) + 1
    kinds = [i.kind for i in stage.journal(Client(stage.server)).history(stage.state().tip)][::-1]
    assert kinds == [Kind.OPEN, Kind.RESTORED, Kind.VERIFIED, Kind.OPEN, Kind.RESTORED]


def test_what_the_caller_read_already_is_not_read_again(stage: Stage) -> None:
    client = Client(stage.server)
    window = stage.window(client)
    elapsed = stage.server.clock.elapsed()
    ref, commits = window.journal.store.read()
    tip = TipRead(ref=ref, elapsed=elapsed, commits=commits)
    at = stage.server.clock.elapsed()
    live = LiveRead(protection=canonical(window.keeper.protection("main"), branch="main"), elapsed=at)
    client.calls.clear()
    assert window.run(stage.order(), tip=tip, live=live).reason == "merged"
    assert client.calls[:2] == ["commit", "advance"]
    assert len(client.calls) == 10


def test_what_is_too_old_is_read_again(stage: Stage) -> None:
    client = Client(stage.server)
    window = stage.window(client)
    elapsed = stage.server.clock.elapsed()
    ref, commits = window.journal.store.read()
    live = LiveRead(protection=canonical(window.keeper.protection("main"), branch="main"), elapsed=elapsed)
    stage.server.clock.advance(25)
    client.calls.clear()
    assert window.run(stage.order(), tip=TipRead(ref=ref, elapsed=elapsed, commits=commits), live=live).sha
    assert client.calls[:2] == ["read", "protection"]


def test_protection_that_was_read_too_long_ago_is_read_again_though_the_tip_is_fresh(stage: Stage) -> None:
    client = Client(stage.server)
    window = stage.window(client)
    elapsed = stage.server.clock.elapsed()
    ref, commits = window.journal.store.read()
    at = stage.server.clock.elapsed()
    live = LiveRead(protection=canonical(window.keeper.protection("main"), branch="main"), elapsed=at)
    stage.server.clock.advance(12)
    stage.world.protection["main"]["required_pull_request_reviews"]["required_approving_review_count"] = 3
    client.calls.clear()
    done = window.run(stage.order(count(before=3)), tip=TipRead(ref=ref, elapsed=elapsed, commits=commits), live=live)
    assert done.reason == "merged"
    assert client.calls[0] == "protection"
    assert stage.protection["required_pull_request_reviews"]["required_approving_review_count"] == 3


def test_protection_that_was_read_before_the_tip_is_no_snapshot(stage: Stage) -> None:
    client = Client(stage.server)
    window = stage.window(client)
    at = stage.server.clock.elapsed()
    live = LiveRead(protection=canonical(window.keeper.protection("main"), branch="main"), elapsed=at)
    elapsed = stage.server.clock.elapsed()
    ref, commits = window.journal.store.read()
    client.calls.clear()
    assert window.run(stage.order(), tip=TipRead(ref=ref, elapsed=elapsed, commits=commits), live=live).sha
    assert client.calls[0] == "protection"


def test_a_rule_for_a_pattern_is_never_written_to(stage: Stage) -> None:
    client = Client(stage.server)
    done = stage.run(client=client, hidden=Hidden(rule_id="R", pattern="rel*"))
    assert (done.reason, done.window) == ("rehearsal", None)
    assert "'rel*'" in done.found
    assert "commit" not in client.calls


def test_exposure_is_from_effect_to_effect(stage: Stage) -> None:
    done = stage.run()
    # Relaxed in the middle of the first call, merge, read, restored in the middle of the fourth: three round trips.
    assert done.window.exposure_seconds == pytest.approx(0.3)


def test_the_open_entry_has_all_that_a_person_needs(stage: Stage) -> None:
    stage.run(admins(), count())
    journal = stage.journal(Client(stage.server))
    opened = next(i for i in journal.history(stage.state().tip) if i.kind is Kind.OPEN)
    assert isinstance(opened.body, Opened)
    inverses = {w.path: w.method for p in opened.body.planned for w in p.inverse}
    assert inverses == {"/enforce_admins": "POST", "/required_pull_request_reviews": "PATCH"}
    assert opened.body.changes[0].number == 7
    assert opened.body.snapshot["required_pull_request_reviews"]["required_approving_review_count"] == 2
    assert opened.body.deadline - opened.at <= timedelta(seconds=60)
    assert len(opened.body.owner) == 64


def test_the_owners_secret_is_a_private_file_while_the_window_is_open(stage: Stage) -> None:
    seen: list[tuple[str, int]] = []

    def look(world: World) -> None:
        for path in stage.folder.iterdir():
            seen.append((path.name, stat.S_IMODE(path.stat().st_mode)))

    stage.server.hooks["merge"] = look
    stage.run()
    assert seen == [("r-1.owner", 0o600)]
    assert stat.S_IMODE(stage.folder.stat().st_mode) == 0o700


# -- nothing is relaxed when ... -------------------------------------------------------------------------------------


def moved_head(w: World) -> None:
    w.pulls[7] = evolve(w.pulls[7], head_sha=sha("newer"))


def moved_base(w: World) -> None:
    w.tips["refs/heads/main"] = sha("head")


def hold(w: World) -> None:
    w.pulls[7] = evolve(w.pulls[7], labels=("change:safe", "hold"))


def redraft(w: World) -> None:
    w.pulls[7] = evolve(w.pulls[7], draft=True)


def unreview(w: World) -> None:
    w.pulls[7] = evolve(w.pulls[7], review_decision="CHANGES_REQUESTED")


def unresolved(w: World) -> None:
    w.pulls[7] = evolve(w.pulls[7], fingerprint="f2")


def red(w: World) -> None:
    w.pulls[7] = evolve(w.pulls[7], checks_state="FAILURE")


def shut(w: World) -> None:
    w.pulls[7] = evolve(w.pulls[7], state="CLOSED")


@pytest.mark.parametrize("edit", [moved_head, moved_base, hold, redraft, unreview, unresolved, red, shut])
def test_what_moved_since_the_gates_ends_the_run_before_anything_is_relaxed(stage: Stage, edit: Any) -> None:
    before = stage.original()
    order = stage.order()
    stage.server.hooks["pull"] = edit
    client = Client(stage.server)
    done = stage.window(client).run(order)
    assert (done.status, done.reason) == (RunStatus.WAITING, "moved")
    assert "found" in done.found
    assert "relax" not in client.calls
    assert stage.protection == before
    closing = stage.state().closing
    assert isinstance(closing.body, Restored)
    assert not closing.body.relaxed
    assert closing.body.outcome == "moved"


def test_merged_meanwhile_is_a_noop(stage: Stage) -> None:
    stage.server.hooks["pull"] = lambda w: (
        setattr(w, "approvals", 2),
        merge(w, "octo-dev", 7, w.pulls[7].head_sha, "squash", "", ""),
    )
    stage.world.protection["main"]["restrictions"] = actors({"users": ["octo-dev"]})
    done = stage.run()
    assert (done.status, done.reason, done.sha) == (RunStatus.NOOP, "merged_by_other", None)
    assert "octo-dev" in done.found


@pytest.mark.parametrize(
    ("relaxation", "waits"), [(count(), True), (admins(), True), (bypass(), False)], ids=["count", "admins", "bypass"]
)
def test_somebody_elses_armed_auto_merge_makes_it_wait(stage: Stage, relaxation: Any, waits: bool) -> None:
    stage.world.pulls[7] = evolve(stage.world.pulls[7], armed=(8,))
    client = Client(stage.server)
    done = stage.run(relaxation, client=client)
    assert (done.reason == "armed") is waits
    assert ("relax" in client.calls) is not waits
    if waits:
        assert "#8" in done.found
        assert done.exit_code == 8


def test_no_heartbeat_no_window(stage: Stage) -> None:
    done = stage.run(attended=False)
    assert (done.reason, done.exit_code, done.window) == ("no_heartbeat", 8, None)
    assert "no sweeper's heartbeat within 15 min" in done.found

    stage.heartbeat()
    assert stage.run(attended=False).reason == "merged"

    stage.server.clock.advance(16 * 60)
    assert stage.run(attended=False).reason == "no_heartbeat"
    stage.heartbeat()
    assert stage.run(attended=False).reason == "merged_by_other"


def test_a_heartbeat_that_this_process_remembers_grows_old_too(stage: Stage) -> None:
    client = Client(stage.server)
    window = stage.window(client)
    stage.heartbeat()
    window.journal.read()
    stage.server.clock.advance(16 * 60)
    done = window.run(stage.order(attended=False))
    assert done.reason == "no_heartbeat"
    assert "the last one is from 2026-01-05 09:00 UTC" in done.found


def test_a_heartbeat_behind_window_entries_counts(stage: Stage) -> None:
    stage.heartbeat()
    assert stage.run(attended=False).reason == "merged"
    stage.server.clock.advance(60)
    # A new process, which has to look behind the newest window for the sign of life.
    assert stage.run(attended=False).reason == "merged_by_other"


def test_a_token_that_ends_too_early(stage: Stage) -> None:
    ends = stage.server.clock.now() + timedelta(seconds=655)
    done = stage.run(token_expires_at=ends)
    assert (done.reason, done.window) == ("token", None)
    assert stage.run(token_expires_at=ends + timedelta(seconds=10)).reason == "merged"


def test_quota_for_the_restore(stage: Stage) -> None:
    window = stage.window()
    window.keeper = evolve(window.keeper, remaining=19)
    done = window.run(stage.order())
    assert (done.reason, done.window) == ("quota", None)


def test_what_the_rehearsal_cannot_restore_is_refused(stage: Stage) -> None:
    stage.world.protection["main"]["a_field_of_the_future"] = {"enabled": True}
    client = Client(stage.server)
    done = stage.run(client=client)
    assert (done.status, done.reason) == (RunStatus.BLOCKED, "rehearsal")
    assert "a_field_of_the_future" in done.found
    assert "commit" not in client.calls


def test_a_relaxation_that_does_not_fit_is_refused(stage: Stage) -> None:
    done = stage.run(count(before=5))
    assert done.reason == "rehearsal"


def test_the_deadline_forbids_relaxing(stage: Stage) -> None:
    before = stage.original()
    stage.server.hooks["pull"] = lambda w: stage.server.clock.advance(45)
    client = Client(stage.server)
    done = stage.run(client=client)
    assert (done.status, done.reason) == (RunStatus.WAITING, "deadline")
    assert "relax" not in client.calls
    assert stage.protection == before


def test_the_deadline_forbids_merging(stage: Stage) -> None:
    before = stage.original()
    stage.server.hooks["relax"] = lambda w: stage.server.clock.advance(44)
    client = Client(stage.server)
    done = stage.run(client=client, max_exposure=60)
    assert done.reason == "deadline"
    assert "merge" not in client.calls
    assert stage.protection == before


def test_the_packs_max_exposure_forbids_merging(stage: Stage) -> None:
    before = stage.original()
    stage.server.hooks["relax"] = lambda w: stage.server.clock.advance(9)
    client = Client(stage.server)
    done = stage.run(client=client, max_exposure=3)
    assert done.reason == "exposed"
    assert "merge" not in client.calls
    assert stage.protection == before
    assert any("max_exposure is 3 s" in alarm for alarm in done.alarms)


# -- what GitHub answers to the merge --------------------------------------------------------------------------------


class Answering:
    """A merger whose merge calls answer from a list first."""

    def __init__(self, inner: Any, *answers: MergeOutcome) -> None:
        self.inner, self.answers, self.asked = inner, list(answers), 0

    def merge(self, number: int, **more: Any) -> MergeOutcome:
        self.asked += 1
        return self.answers.pop(0) if self.answers else self.inner.merge(number, **more)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


BASE = MergeOutcome(status=405, message="Base branch was modified. Review and try the merge again.")
HEAD = MergeOutcome(status=409, message="Head branch was modified. Review and try the merge again.")


def with_answers(stage: Stage, *answers: MergeOutcome) -> tuple[Any, Any]:
    window = stage.window()
    window.merger = Answering(window.merger, *answers)
    before = stage.original()
    done = window.run(stage.order())
    assert stage.protection == before
    return done, window.merger


def test_base_modified_is_asked_again_while_nothing_moved(stage: Stage) -> None:
    done, merger = with_answers(stage, BASE, BASE)
    assert (done.reason, merger.asked) == ("merged", 3)


def test_base_modified_is_asked_again_at_most_three_times(stage: Stage) -> None:
    done, merger = with_answers(stage, *[BASE] * 9)
    assert (done.status, done.reason, merger.asked) == (RunStatus.FAILED, "merge_refused", 4)


def test_a_base_that_did_move_is_gated_again(stage: Stage) -> None:
    window = stage.window()
    window.merger = Answering(window.merger, BASE)
    order = stage.order()
    stage.server.hooks["relax"] = moved_base
    done = window.run(order)
    assert (done.status, done.reason, window.merger.asked) == (RunStatus.WAITING, "base_moved", 1)


def test_a_moved_head_is_never_asked_for_again(stage: Stage) -> None:
    done, merger = with_answers(stage, HEAD)
    assert (done.status, done.reason, merger.asked) == (RunStatus.WAITING, "head_moved", 1)


def test_a_head_that_moves_at_the_last_moment(stage: Stage) -> None:
    before = stage.original()
    order = stage.order()
    stage.server.hooks["merge"] = moved_head
    done = stage.window().run(order)
    assert done.reason == "head_moved"
    assert stage.protection == before
    assert not stage.world.pulls[7].merged


@pytest.mark.parametrize("status", [403, 404, 422])
def test_any_other_refusal_ends_the_run(stage: Stage, status: int) -> None:
    done, merger = with_answers(stage, MergeOutcome(status=status, message="no"))
    assert (done.status, done.reason, merger.asked) == (RunStatus.FAILED, "merge_refused", 1)
    assert f"({status}): no" in done.found


def test_a_refusal_because_it_is_merged_already_is_a_noop(stage: Stage) -> None:
    def others(w: World) -> None:
        w.approvals = 2
        merge(w, "merge-bot", 7, w.pulls[7].head_sha, "squash", "", "by hand")

    stage.server.hooks["merge"] = others
    done = stage.run()
    assert (done.status, done.reason) == (RunStatus.NOOP, "merged_by_other")


# -- people in the window --------------------------------------------------------------------------------------------


def tighten(w: World) -> None:
    w.protection["main"]["required_pull_request_reviews"]["required_approving_review_count"] = 4


def loosen(w: World) -> None:
    w.protection["main"]["required_pull_request_reviews"]["required_approving_review_count"] = 1


def elsewhere(w: World) -> None:
    w.protection["main"]["required_linear_history"]["enabled"] = False


def test_a_persons_tightening_in_the_window_is_kept(stage: Stage) -> None:
    stage.server.hooks["merge"] = lambda w: None
    stage.server.hooks["protection"] = lambda w: stage.server.hooks.update(protection=tighten)
    done = stage.run()
    assert done.window.restored
    assert stage.protection["required_pull_request_reviews"]["required_approving_review_count"] == 4
    assert any("kept" in note for note in done.notes)
    closing = stage.state().closing.body
    assert closing.target["required_pull_request_reviews"]["required_approving_review_count"] == 4
    stage.settle()
    assert stage.protection["required_pull_request_reviews"]["required_approving_review_count"] == 4
    assert stage.state().entry.body.equal


def test_a_persons_loosening_of_the_relaxed_field_is_undone_once_and_reported(stage: Stage) -> None:
    stage.server.hooks["protection"] = lambda w: stage.server.hooks.update(protection=loosen)
    done = stage.run()
    assert stage.protection["required_pull_request_reviews"]["required_approving_review_count"] == 2
    assert any("put back to 2" in note for note in done.notes)
    # Done again after the window it is the new truth: no patrol undoes it.
    loosen(stage.world)
    swept = stage.settle()
    assert stage.protection["required_pull_request_reviews"]["required_approving_review_count"] == 1
    assert not any(s.alarms for s in swept)


def test_a_persons_edit_elsewhere_stays(stage: Stage) -> None:
    stage.server.hooks["merge"] = elsewhere
    done = stage.run()
    assert done.window.restored
    assert not stage.protection["required_linear_history"]["enabled"]
    assert stage.protection["required_pull_request_reviews"]["required_approving_review_count"] == 2


def test_a_check_that_a_person_adds_stays_and_ours_comes_back(stage: Stage) -> None:
    def add(w: World) -> None:
        w.protection["main"]["required_status_checks"]["checks"].append({"context": "new", "app_id": 1})

    stage.world.green = ("build", "new")
    stage.server.hooks["merge"] = add
    stage.run(check(), count())
    names = {c["context"] for c in stage.protection["required_status_checks"]["checks"]}
    assert names == {"build", "slow", "new"}


# -- the rest --------------------------------------------------------------------------------------------------------


def test_twice_is_once(stage: Stage) -> None:
    assert stage.run().reason == "merged"
    before, tip = stage.original(), stage.world.tips["refs/heads/main"]
    again = stage.run()
    assert again.status in {RunStatus.NOOP, RunStatus.WAITING}
    assert stage.protection == before
    assert stage.world.tips["refs/heads/main"] == tip


def test_inspection_is_told_the_landed_commit_and_goes_into_the_journal(stage: Stage) -> None:
    seen = []

    def inspect(landed: str) -> Inspection:
        seen.append((landed, stage.original()["required_pull_request_reviews"]["required_approving_review_count"]))
        return Inspection(alarms=("strangers",), details={"landed": "alarm"})

    done = stage.window().run(stage.order(details={"scenario": "allowlist"}), inspect=inspect)
    assert seen == [(done.sha, 2)]
    assert "strangers" in done.alarms
    closing = stage.state().closing.body
    assert closing.details == {"scenario": "allowlist", "landed": "alarm"}
    assert closing.landed[0].sha == done.sha


def test_a_fault_in_the_inspection_does_not_keep_the_window_open(stage: Stage) -> None:
    def inspect(landed: str) -> Inspection:
        raise KeyError("git")

    done = stage.window().run(stage.order(), inspect=inspect)
    assert done.reason == "merged"
    assert any("could not be compared" in a for a in done.alarms)
    assert not stage.state().is_open


def test_a_bug_inside_the_window_puts_protection_back_and_shows_itself(stage: Stage) -> None:
    before = stage.original()

    class Broken(Answering):
        def merge(self, number: int, **more: Any) -> MergeOutcome:
            raise TypeError("a bug")

    window = stage.window()
    window.merger = Broken(window.merger)
    with pytest.raises(TypeError):
        window.run(stage.order())
    assert stage.protection == before
    stage.settle()
    assert not stage.state().is_open


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize(("name", "reason"), [("read", "stopped"), ("pull", "stopped"), ("relax", "stopped")])
def test_a_signal_ends_the_run_between_steps_and_protection_is_back(
    stage: Stage, number: signal.Signals, name: str, reason: str
) -> None:
    before = stage.original()
    handlers = [signal.getsignal(n) for n in WATCHED]
    stage.server.hooks[name] = lambda w: signal.raise_signal(number)
    client = Client(stage.server)
    done = stage.run(client=client)
    assert (done.reason, done.signal) == (reason, number.name)
    assert "merge" not in client.calls
    assert stage.protection == before
    assert not stage.state().is_open
    assert [signal.getsignal(n) for n in WATCHED] == handlers


def test_an_ignored_signal_stays_ignored(stage: Stage) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        stage.server.hooks["relax"] = lambda w: signal.raise_signal(signal.SIGHUP)
        done = stage.run()
        assert (done.reason, done.signal) == ("merged", None)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_signal_during_the_restore_does_not_tear_it(stage: Stage) -> None:
    before = stage.original()
    stage.server.hooks["restore"] = lambda w: signal.raise_signal(signal.SIGTERM)
    done = stage.run()
    assert (done.reason, done.signal) == ("merged", "SIGTERM")
    assert stage.protection == before
    assert not stage.state().is_open


def test_verify_in_the_same_process(stage: Stage) -> None:
    window = stage.window()
    window.run(stage.order())
    swept = window.verify()
    assert "is verified" in swept.did[0]
    assert stage.state().is_verified


def test_a_listener_that_breaks_does_not_end_the_run(stage: Stage) -> None:
    def broken(step: str) -> None:
        raise BrokenPipeError

    assert stage.window(on_step=broken).run(stage.order()).reason == "merged"


def test_the_restore_outlives_a_rate_limit(stage: Stage) -> None:
    before = stage.original()
    done = stage.run(client=Client(stage.server, plan={"restore": Fault.LIMITED}))
    assert done.reason == "merged"
    assert stage.protection == before
    assert 3.0 in stage.server.clock.sleeps


def test_a_restore_that_is_refused_for_good_is_loud_and_leaves_the_window_open(stage: Stage) -> None:
    client = Client(stage.server)
    window = stage.window(client, timing=Timing(restore_budget=30))

    class Refusing:
        def __getattr__(self, name: str) -> Any:
            return getattr(stage_keeper, name)

        def apply(self, branch: str, writes: Any, *, purpose: str) -> None:
            if purpose == "restore":
                client.plan[len(client.calls)] = Fault.REFUSED
            stage_keeper.apply(branch, writes, purpose=purpose)

    stage_keeper = window.keeper
    window.keeper = Refusing()
    done = window.run(stage.order())
    assert (done.reason, done.exit_code) == ("not_restored", 4)
    assert done.status is RunStatus.MERGED
    assert done.loose == ("required_pull_request_reviews.required_approving_review_count: is 0, was 2",)
    assert done.by_hand == (
        """echo '{"required_approving_review_count": 2}' | gh api -X PATCH """
        "repos/acme/shop/branches/main/protection/required_pull_request_reviews --input -",
    )
    assert stage.state().is_open
    stage.settle()
    assert stage.protection["required_pull_request_reviews"]["required_approving_review_count"] == 2


@pytest.mark.parametrize("refused", ["required_pull_request_reviews", "enforce_admins"])
def test_one_write_that_is_refused_for_good_does_not_keep_the_others(stage: Stage, refused: str) -> None:
    before = stage.original()
    client = Client(stage.server)
    window = stage.window(client, timing=Timing(restore_budget=20))
    inner = window.keeper

    class Refusing:
        def __getattr__(self, name: str) -> Any:
            return getattr(inner, name)

        def apply(self, branch: str, writes: Any, *, purpose: str) -> None:
            if purpose == "restore" and refused in writes[0].path:
                client.plan[len(client.calls)] = Fault.REFUSED
            inner.apply(branch, writes, purpose=purpose)

    window.keeper = Refusing()
    done = window.run(stage.order(count(), admins()))
    assert not done.restored
    assert {k for k in before if stage.protection[k] != before[k]} == {refused}
    assert len(done.loose) == 1


def test_the_journal_out_of_reach_means_nothing_is_relaxed(stage: Stage) -> None:
    before = stage.original()
    client = Client(stage.server, plan={"commit": Fault.REFUSED})
    with pytest.raises(RefusedError):
        stage.run(client=client)
    assert "relax" not in client.calls
    assert stage.protection == before
    assert list(stage.folder.iterdir()) == []


def test_a_relaxation_that_is_refused_ends_the_run(stage: Stage) -> None:
    before = stage.original()
    client = Client(stage.server, plan={"relax": Fault.REFUSED})
    done = stage.run(client=client)
    assert (done.reason, done.window.restored) == ("relax_failed", True)
    assert "merge" not in client.calls
    assert "restore" in client.calls
    assert stage.protection == before
