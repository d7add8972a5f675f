"""Killed at every call, then the sweeper: protection is what it was. With late writes as well."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
from tests.window.fake import Client, Fault, Killed
from tests.window.kit import KINDS, Stage

from bascule.window.entries import Kind, Opened, Restored

KILLS = [Fault.KILL_BEFORE, Fault.KILL_AFTER, Fault.KILL_LATE]
WHEN = [(f, 0) for f in KILLS] + [(Fault.KILL_LATE, 1), (Fault.KILL_LATE, 2)]


def calls_of(tmp_path: Path, kind: str) -> list[str]:
    stage = Stage(tmp_path / "count")
    client = Client(stage.server)
    assert stage.run(*KINDS[kind], client=client).reason == "merged"
    return client.calls


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("fault", "land_after"), WHEN, ids=lambda v: getattr(v, "name", str(v)).lower())
def test_killed_at_every_call_the_sweeper_brings_protection_back(
    tmp_path: Path, kind: str, fault: Fault, land_after: int
) -> None:
    calls = calls_of(tmp_path, kind)
    table = []
    for number, name in enumerate(calls):
        stage = Stage(tmp_path / f"{number}")
        before = stage.original()
        client = Client(stage.server, plan={number: fault})
        with pytest.raises(Killed):
            stage.run(*KINDS[kind], client=client)
        assert client.dead
        loose = stage.protection != before
        done = stage.settle(land_after=land_after)
        table.append((number, name, "loose" if loose else "-", "merged" if stage.world.pulls[7].merged else "-"))
        assert stage.protection == before, (number, name, done)
        state = stage.state()
        assert not state.is_open
        # Whatever got into the journal as a snapshot was never a loosened one.
        history = stage.journal(client=Client(stage.server, login="reader"))
        for item in history.history(state.tip) if state.tip else ():
            if item.kind is Kind.OPEN:
                assert isinstance(item.body, Opened)
                assert item.body.snapshot_sha256 == snapshot_of(before)
    print(f"\n{kind}, {fault.value}, before sweep {land_after}")  # seen with -s, or when this fails
    print(*(f"  {n:2} {name:12} {at_death:6} {merged}" for n, name, at_death, merged in table), sep="\n")
    assert any(row[2] == "loose" for row in table) or fault is Fault.KILL_LATE
    assert len(table) == len(calls)


def snapshot_of(raw: dict) -> str:
    from bascule.protection.canonical import canonical, digest

    return digest(canonical(copy.deepcopy(raw), branch="main"))


def test_killed_with_the_sweepers_help_delayed_the_next_run_does_it(stage: Stage) -> None:
    before = stage.original()
    with pytest.raises(Killed):
        stage.run(client=Client(stage.server, plan={"merge": Fault.KILL_BEFORE}))
    assert stage.protection != before

    busy = stage.run()
    assert (busy.reason, busy.exit_code) == ("busy", 8)
    assert "run r-1" in busy.found
    assert stage.protection != before

    stage.server.clock.advance(61)
    done = stage.run()
    assert done.reason == "merged"
    assert stage.protection == before
    journal = stage.journal(Client(stage.server))
    kinds = [(i.kind.value, i.run) for i in journal.history(stage.state().tip)][::-1]
    assert kinds == [
        ("open", "r-1"),
        ("open", "r-1"),
        ("restored", "r-1"),
        ("open", "r-3"),
        ("restored", "r-3"),
    ]


@pytest.mark.parametrize("fault", KILLS, ids=lambda f: f.name.lower())
def test_a_sweeper_killed_at_every_call_is_followed_by_the_next(tmp_path: Path, fault: Fault) -> None:
    def killed_run(folder: Path) -> tuple[Stage, dict]:
        stage = Stage(folder)
        before = stage.original()
        with pytest.raises(Killed):
            stage.run(client=Client(stage.server, plan={"merge": Fault.KILL_AFTER}))
        stage.server.clock.advance(61)
        return stage, before

    stage, before = killed_run(tmp_path / "count")
    client = Client(stage.server)
    stage.sweeper(client).sweep()
    assert stage.protection == before

    for number in range(len(client.calls)):
        stage, before = killed_run(tmp_path / f"{number}")
        with pytest.raises(Killed):
            stage.sweeper(Client(stage.server, plan={number: fault})).sweep()
        stage.settle(land_after=1)
        assert stage.protection == before, (number, client.calls[number])
        assert not stage.state().is_open


def test_a_killed_merge_is_not_lost_from_the_journal(stage: Stage) -> None:
    with pytest.raises(Killed):
        stage.run(client=Client(stage.server, plan={"merge": Fault.KILL_AFTER}))
    assert stage.world.pulls[7].merged
    stage.settle()
    closing = stage.state().closing
    assert isinstance(closing.body, Restored)
    assert closing.body.outcome == "swept"
    assert closing.body.relaxed
