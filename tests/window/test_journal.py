"""The journal as a chain that writers can append to, forge, cut and delete."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from attrs import evolve
from tests.window.fake import JOURNAL, Client, Fault, Killed, sha
from tests.window.kit import KEYS, OUTCOME_KEY, REPOSITORY, RING, STRANGER_KEY, WINDOW_KEY, Stage, count

from bascule.errors import OutsideError, UsageError
from bascule.forge.ports import LostReplyError, RawCommit
from bascule.window import signed
from bascule.window.entries import Flawed, Heartbeat, Kind, Opened, Outcome, Restored, Verified
from bascule.window.journal import JournalAlarmError, OvertakenError
from bascule.window.keys import Keys
from bascule.window.plain import record_outcome

AT = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def push(stage: Stage, message: str, *, parent: str | None = "tip") -> str:
    """Do what any writer can do: put a commit at the journal's tip (or anywhere)."""
    world = stage.world
    at = world.tips.get(JOURNAL) if parent == "tip" else parent
    made = sha("pushed", message, at)
    world.commits[made] = RawCommit(sha=made, parents=(at,) if at else (), message=message, tree="t")
    world.tips[JOURNAL] = made
    return made


def forged(stage: Stage, body: Any, key: Any = STRANGER_KEY, **more: Any) -> str:
    parent = more.pop("parent", stage.world.tips.get(JOURNAL))
    given = {"repository": REPOSITORY, "run": "r-9", "nonce": "x", "parent": parent, "at": AT, "key": key, **more}
    return signed.write(body, **given).message


def outcome(stage: Stage, run: str = "r-1", **more: Any) -> Outcome:
    return Outcome(status="blocked", summary="files", **more)


# -- reading ---------------------------------------------------------------------------------------------------------


def test_no_journal_is_no_alarm(stage: Stage) -> None:
    state = stage.state()
    assert (state.tip, state.entry, state.is_open, state.unanswered) == (None, None, False, ())


def test_a_long_journal_is_followed_page_by_page(stage: Stage) -> None:
    stage.run()
    journal = stage.journal(Client(stage.server))
    state = journal.read()
    for _ in range(140):
        state = journal.append(state, ("s", Outcome(status="blocked", summary="")))
    client = Client(stage.server)
    found = stage.journal(client).read()
    assert found.entry is not None
    assert found.entry.kind is Kind.RESTORED
    assert client.calls == ["read", "chain", "chain"]


def test_a_heartbeat_saves_reading_what_lies_before_it(stage: Stage) -> None:
    stage.run()
    journal = stage.journal(Client(stage.server))
    state = journal.read()
    for _ in range(140):
        state = journal.append(state, ("s", Outcome(status="blocked", summary="")))
    stage.heartbeat()
    client = Client(stage.server)
    found = stage.journal(client).read()
    assert found.entry is not None
    assert found.entry.kind is Kind.RESTORED
    assert found.window is not None
    assert client.calls == ["read", "chain"]


def test_an_outcome_keys_pointer_is_not_followed(stage: Stage) -> None:
    """Who may only record outcomes must not be able to hide an open window by pointing past it."""
    with pytest.raises(Killed):
        stage.run(client=Client(stage.server, plan={"merge": Fault.KILL_BEFORE}))
    keys = Keys(ring=RING, signer=OUTCOME_KEY)
    journal = stage.journal(Client(stage.server), keys)
    from bascule.window.entries import Newest

    state = journal.read()
    journal.append(state, ("r-8", Outcome(status="blocked", summary="", newest=Newest(sha=None))))
    # So long ago that nothing else keeps a reader from jumping.
    stage.server.clock.advance(3600)
    assert stage.state().is_open


def test_a_page_in_another_order_or_with_gaps_is_read_by_its_links(stage: Stage) -> None:
    stage.run()
    client = Client(stage.server)
    journal = stage.journal(client)
    state = journal.read()
    assert state.tip is not None
    inner = journal.store.chain

    class Shuffled:
        def __getattr__(self, name: str) -> Any:
            return getattr(stage_store, name)

        def read(self, *, limit: int = 20) -> Any:
            ref, commits = stage_store.read(limit=limit)
            return ref, tuple(reversed(commits))[:1]

        def chain(self, tip: str, *, limit: int = 100) -> Any:
            return tuple(reversed(inner(tip, limit=limit)))

    stage_store = journal.store
    fresh = stage.journal(client)
    fresh.store = Shuffled()  # type: ignore[assignment]
    assert fresh.read().same_truth(state)


def test_long_entries_are_read_from_the_tree(stage: Stage) -> None:
    journal = stage.journal(Client(stage.server))
    state = journal.append(journal.read(), ("r-1", Outcome(status="blocked", summary="x" * 40_000)))
    client = Client(stage.server)
    reader = stage.journal(client)
    (item,) = list(reader.history(str(state.tip)))
    assert len(item.body.summary) == 40_000  # type: ignore[union-attr]
    assert client.calls == ["chain", "large"]


# -- forged ----------------------------------------------------------------------------------------------------------


def test_a_forged_closing_does_not_close(stage: Stage) -> None:
    before = stage.original()
    with pytest.raises(Killed):
        stage.run(client=Client(stage.server, plan={"merge": Fault.KILL_BEFORE}))
    opened = stage.state().window
    push(
        stage,
        forged(stage, Restored(opened=opened.sha, outcome="merged", relaxed=False, live_sha256="0")),
    )
    state = stage.state()
    assert state.is_open
    assert len(state.unanswered) == 1
    stage.server.clock.advance(62)
    swept = stage.sweeper().sweep()
    assert stage.protection == before
    assert any("unknown key" in alarm for alarm in swept.alarms)


def test_a_forged_tip_is_an_alarm_and_no_window_until_a_sweeper_has_answered(stage: Stage) -> None:
    before = stage.original()
    stage.run()
    stage.world.pulls[7] = evolve(stage.world.pulls[8], number=7)
    push(stage, "hello")
    client = Client(stage.server)
    done = stage.run(client=client)
    assert (done.reason, done.window, done.exit_code) == ("forged", None, 3)
    assert "malformed" in done.found
    assert client.calls == ["read"]

    swept = stage.sweeper().sweep()
    assert any("nobody with a key wrote" in a for a in swept.alarms)
    assert not stage.sweeper().sweep().alarms
    assert stage.run().reason == "merged"
    assert stage.protection == before


@pytest.mark.parametrize("when", ["commit", "advance", "pull", "relax", "merge", "restore"])
def test_a_forged_entry_that_our_own_entry_answers_is_told_of_by_us(stage: Stage, when: str) -> None:
    """Whoever reads the journal after us finds it answered: the alarm is ours to raise, or nobody's."""
    before = stage.original()
    stage.server.hooks[when] = lambda w: push(stage, "hello") and None
    done = stage.run()
    assert (done.reason, stage.protection) == ("merged", before)
    assert any("malformed" in alarm for alarm in done.alarms)
    assert not stage.sweeper().sweep().alarms


def test_a_sweeper_tells_of_what_came_between_its_reading_and_its_entry(stage: Stage) -> None:
    stage.heartbeat()
    stage.server.clock.advance(400)
    stage.server.hooks["commit"] = lambda w: push(stage, "hello") and None
    sweeper = stage.sweeper()
    assert any("malformed" in alarm for alarm in sweeper.sweep().alarms)
    assert not sweeper.sweep().alarms, "once"


@pytest.mark.parametrize("snapshot", ["forged", "replayed"])
def test_a_forged_snapshot_is_never_restored_from(stage: Stage, snapshot: str) -> None:
    before = stage.original()
    stage.run()
    real = stage.state().opened
    loose = {**real.snapshot, "enforce_admins": False}
    body = evolve(real, snapshot=loose, deadline=AT)
    if snapshot == "forged":
        push(stage, forged(stage, body))
    else:
        # An authentic `open` of this very chain, pushed again at the tip.
        opened = stage.state().window
        push(stage, stage.world.commits[opened.sha].message)
    stage.server.clock.advance(120)
    swept = stage.sweeper().sweep()
    assert stage.protection == before
    assert any("unknown key" in a or "wrong parent" in a for a in swept.alarms)
    assert "restored" not in " ".join(swept.did)


def test_a_second_open_over_an_open_window_is_not_believed(stage: Stage) -> None:
    """Even with the key: an `open` that neither takes over nor has the same snapshot breaks the protocol."""
    with pytest.raises(Killed):
        stage.run(client=Client(stage.server, plan={"merge": Fault.KILL_BEFORE}))
    first = stage.state()
    journal = stage.journal(Client(stage.server))
    state = journal.read()
    wrong = evolve(first.opened, snapshot={"branch": "main"}, snapshot_sha256="0" * 64)
    after = journal.append(state, ("r-8", wrong))
    assert after.window.sha == first.window.sha  # type: ignore[union-attr]
    assert [f.flaw.value for f in after.unanswered] == ["out of order"]


def test_a_takeover_of_nothing_is_not_believed(stage: Stage) -> None:
    stage.run()
    journal = stage.journal(Client(stage.server))
    state = journal.read()
    assert state.window is not None
    late = evolve(state.opened, takes_over=state.window.sha)
    assert not journal.append(state, ("r-8", late)).is_open


def test_closing_somebody_elses_window_is_not_believed(stage: Stage) -> None:
    with pytest.raises(Killed):
        stage.run(client=Client(stage.server, plan={"merge": Fault.KILL_BEFORE}))
    journal = stage.journal(Client(stage.server))
    state = journal.read()
    stray = Restored(opened=sha("other"), outcome="merged", relaxed=True, live_sha256="0")
    assert journal.append(state, ("r-8", stray)).is_open
    early = Verified(opened=state.window.sha, restored=sha("x"), live_sha256="0", equal=True)  # type: ignore[union-attr]
    assert journal.append(journal.read(), ("r-8", early)).is_open


# -- rewritten -------------------------------------------------------------------------------------------------------


def rewound(stage: Stage) -> None:
    tip = stage.world.tips[JOURNAL]
    stage.world.tips[JOURNAL] = stage.world.commits[tip].parents[0]


def deleted(stage: Stage) -> None:
    del stage.world.tips[JOURNAL]


def replaced(stage: Stage) -> None:
    push(stage, forged(stage, Heartbeat(sweeper="x", every=1), parent=None), parent=None)


@pytest.mark.parametrize("attack", [rewound, deleted, replaced])
def test_a_tip_that_does_not_descend_from_what_was_seen_stops_everything(stage: Stage, attack: Any) -> None:
    client = Client(stage.server)
    journal = stage.journal(client)
    assert stage.window(client, journal=journal).run(stage.order()).reason == "merged"
    before = stage.original()
    attack(stage)
    with pytest.raises(JournalAlarmError):
        journal.read()
    stage.world.pulls[7] = evolve(stage.world.pulls[8], number=7)
    client.calls.clear()
    done = stage.window(client, journal=journal).run(stage.order())
    assert (done.reason, done.window) == ("journal", None)
    assert done.alarms
    assert set(client.calls) <= {"read", "chain"}
    assert stage.protection == before


def test_a_memory_that_outlives_the_process_notices_it_too(stage: Stage) -> None:
    stage.run()
    seen = stage.world.tips[JOURNAL]
    rewound(stage)
    with pytest.raises(JournalAlarmError):
        stage.state(seen=seen)


def test_a_stale_read_of_the_tip_is_not_a_rewritten_journal(stage: Stage) -> None:
    client = Client(stage.server)
    journal = stage.journal(client)
    first = journal.append(journal.read(), ("a", Outcome(status="x", summary="")))
    journal.append(first, ("a", Outcome(status="x", summary="")))
    client.plan[len(client.calls)] = Fault.STALE
    assert journal.read().tip == stage.world.tips[JOURNAL]


def test_a_chain_that_was_cut_is_an_alarm(stage: Stage) -> None:
    stage.run()
    opened = stage.state().window
    del stage.world.commits[opened.sha]
    with pytest.raises(OutsideError):
        stage.state()


def test_a_sweeper_restores_what_it_remembers_when_the_journal_is_rewritten(stage: Stage) -> None:
    before = stage.original()
    with pytest.raises(Killed):
        stage.run(client=Client(stage.server, plan={"merge": Fault.KILL_BEFORE}))
    sweeper = stage.sweeper()
    sweeper.sweep()
    deleted(stage)
    stage.server.clock.advance(62)
    with pytest.raises(JournalAlarmError):
        sweeper.sweep()
    rescued = sweeper.rescue()
    assert rescued is not None
    assert rescued.clean
    assert stage.protection == before


# -- appending -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.LOST_APPLIED, Fault.LATE, Fault.STALE])
@pytest.mark.parametrize("call", ["commit", "advance"])
def test_a_lost_reply_while_appending(stage: Stage, fault: Fault, call: str) -> None:
    client = Client(stage.server, plan={call: fault})
    journal = stage.journal(client)
    state = journal.append(journal.read(), ("r-1", outcome(stage)))
    stage.server.land()
    assert stage.state().tip in {state.tip, stage.world.tips[JOURNAL]}
    items = list(stage.journal(Client(stage.server)).history(stage.world.tips[JOURNAL]))
    assert len(items) == 1
    assert not any(isinstance(i, Flawed) for i in items)


def test_a_refusal_that_was_stale_is_read_again(stage: Stage) -> None:
    client = Client(stage.server)
    journal = stage.journal(client)
    inner = journal.store

    class Refusing:
        refused = 0

        def __getattr__(self, name: str) -> Any:
            return getattr(inner, name)

        def advance(self, sha: str, *, expected: str | None) -> bool:
            if self.refused < 2:
                self.refused += 1
                return False
            return inner.advance(sha, expected=expected)

    journal.store = Refusing()  # type: ignore[assignment]
    assert journal.append(journal.read(), ("r-1", outcome(stage))).tip == stage.world.tips[JOURNAL]


def test_a_ref_that_never_moves_is_said_to_be_so(stage: Stage) -> None:
    journal = stage.journal(Client(stage.server))

    class Stuck:
        def __getattr__(self, name: str) -> Any:
            return getattr(inner, name)

        def advance(self, sha: str, *, expected: str | None) -> bool:
            raise LostReplyError("502")

    inner, journal.store = journal.store, Stuck()  # type: ignore[assignment]
    with pytest.raises(OutsideError, match="cannot be written"):
        journal.append(journal.read(), ("r-1", outcome(stage)))


def test_several_entries_are_one_swap(stage: Stage) -> None:
    client = Client(stage.server)
    journal = stage.journal(client)
    state = journal.read()
    client.calls.clear()
    journal.append(state, ("a", outcome(stage)), ("b", outcome(stage)))
    assert client.calls == ["commit", "commit", "advance"]
    assert [i.run for i in stage.journal(Client(stage.server)).history(stage.world.tips[JOURNAL])] == ["b", "a"]  # type: ignore[union-attr]


def test_nobody_without_a_key_appends(stage: Stage) -> None:
    journal = stage.journal(Client(stage.server), Keys(ring=RING))
    with pytest.raises(UsageError, match="no journal key of role outcome"):
        journal.append(journal.read(), ("r-1", outcome(stage)))
    outcomes = stage.journal(Client(stage.server), Keys(ring=RING, signer=OUTCOME_KEY))
    with pytest.raises(UsageError, match="no journal key of role window"):
        outcomes.append(outcomes.read(), ("r-1", Heartbeat(sweeper="x", every=1)))
    assert outcomes.append(outcomes.read(), ("r-1", outcome(stage))).tip


def test_every_entry_has_a_nonce_of_its_own(stage: Stage) -> None:
    journal = stage.journal(Client(stage.server))
    state = journal.read()
    for _ in range(3):
        state = journal.append(state, ("r-1", outcome(stage)))
    nonces = [i.nonce for i in journal.history(str(state.tip))]  # type: ignore[union-attr]
    assert len(set(nonces)) == 3
    assert all(len(n) == 32 for n in nonces)


def test_an_outcome_is_recorded_behind_whatever_came_between(stage: Stage) -> None:
    client = Client(stage.server)
    journal = stage.journal(client)
    state = journal.read()
    stage.run()
    after = record_outcome(journal, "r-5", outcome(stage), state=state)
    assert after.entry is not None
    assert after.entry.kind is Kind.RESTORED
    newest = next(journal.history(str(after.tip)))
    assert newest.body.newest.sha == after.entry.sha  # type: ignore[union-attr]


def test_overtaken_by_a_window(stage: Stage) -> None:
    journal = stage.journal(Client(stage.server))
    state = journal.read()
    stage.run()
    with pytest.raises(OvertakenError) as caught:
        journal.append(state, ("r-5", Heartbeat(sweeper="x", every=1)))
    assert caught.value.state.entry is not None


def test_the_time_of_an_entry_is_the_servers(stage: Stage) -> None:
    journal = stage.journal(Client(stage.server))
    state = journal.read()
    stage.server.clock.advance(10)
    journal.append(state, ("r-1", outcome(stage)))
    (entry,) = list(journal.history(stage.world.tips[JOURNAL]))
    behind = (stage.server.clock.now() - entry.at).total_seconds()  # type: ignore[union-attr]
    assert 0 <= behind < 1.5


def test_without_any_window_key_nothing_is_searched_for(stage: Stage) -> None:
    """Where only outcome keys exist nobody can have opened a window: a long journal is not read to its beginning."""
    only = Keys(ring={OUTCOME_KEY.id: OUTCOME_KEY.public}, signer=OUTCOME_KEY)
    journal = stage.journal(Client(stage.server), only)
    state = journal.read()
    for _ in range(60):
        state = journal.append(state, ("r-1", outcome(stage)))
    client = Client(stage.server)
    assert stage.journal(client, only).read().tip == state.tip
    assert client.calls == ["read"]


def test_relaxations_come_back_equal_from_the_journal(stage: Stage) -> None:
    stage.run(count())
    opened = stage.state().window
    assert isinstance(opened.body, Opened)
    assert opened.body.relaxations == (count(),)
    assert KEYS.signer == WINDOW_KEY
