"""The script bascule-restore: modes, exit codes, the loud banner, memory and loop."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.window.fake import JOURNAL, Client, FakeJournal, FakeKeeper, Fault, Killed
from tests.window.kit import KEYS, OUTCOME_KEY, REPOSITORY, RING, Stage, count
from tests.window.test_sweeper import history, killed, loosen

from bascule.clock import ManualClock
from bascule.errors import OutsideError
from bascule.window import restore_main
from bascule.window.access import Access
from bascule.window.keys import Keys
from bascule.window.timing import Timing


def restore(
    stage: Stage, *args: str, client: Client | None = None, keys: Keys = KEYS, same_job: bool = False, **more: Any
) -> int:
    client = client or Client(stage.server, login="sweeper-bot")

    @contextmanager
    def open_(options: Any, environ: Any, clock: Any) -> Iterator[Access]:
        yield Access(
            keeper=FakeKeeper(client),
            store=FakeJournal(client),
            keys=keys,
            repository=REPOSITORY,
            full_name="acme/shop",
            login="sweeper-bot",
        )

    temporary = stage.folder.parent if same_job else stage.folder.parent / "another"
    environ = {"RUNNER_TEMP": str(temporary), "XDG_STATE_HOME": str(stage.folder.parent / "state")}
    clock = more.pop("clock", stage.server.clock)
    return restore_main.run(args, environ=environ, clock=clock, open_=open_, **more)


@pytest.mark.parametrize(
    "args",
    [
        [],
        ["--expired", "--all"],
        ["--run", "r-1", "--expired"],
        ["--all"],
        ["--expired", "--force"],
        ["--run", "r-1", "--loop", "2s"],
        ["--expired", "--loop", "2 seconds"],
        ["--expired", "--loop", ""],
    ],
)
def test_contradictions_are_usage_errors(stage: Stage, args: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert restore(stage, *args) == 2
    err = capsys.readouterr().err
    assert "bascule-restore:" in err
    assert "fix:" in err


def test_no_window_key(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    assert restore(stage, "--expired", keys=Keys(ring=RING)) == 2
    assert restore(stage, "--expired", keys=Keys(ring=RING, signer=OUTCOME_KEY)) == 2
    assert "role window" in capsys.readouterr().err


def test_nothing_to_do(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    assert restore(stage, "--expired") == 0
    assert "no window is open" in capsys.readouterr().out


def test_the_last_step_of_a_killed_job_restores_at_once(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    before = killed(stage)
    assert [p.name for p in stage.folder.iterdir()] == ["r-1.owner"]
    assert restore(stage, "--run", "r-1", same_job=True) == 0
    assert stage.protection == before
    assert "run r-1 left its window" in capsys.readouterr().out
    assert list(stage.folder.iterdir()) == []
    # Twice is once.
    tip = stage.world.tips[JOURNAL]
    assert restore(stage, "--run", "r-1", same_job=True) == 0
    assert "closed already" in capsys.readouterr().out
    assert stage.world.tips[JOURNAL] == tip


def test_the_last_step_of_a_job_that_went_well_does_nothing(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    stage.run()
    client = Client(stage.server)
    assert restore(stage, "--run", "r-1", client=client, same_job=True) == 0
    assert client.calls == ["read"]
    assert restore(stage, "--run", "r-77") == 0
    assert "no open window" in capsys.readouterr().out


def test_without_the_secret_it_waits_for_the_deadline(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    before = killed(stage)
    assert restore(stage, "--run", "r-1") == 8
    assert "may still be alive" in capsys.readouterr().err
    assert stage.protection != before
    stage.server.clock.advance(61)
    assert restore(stage, "--run", "r-1") == 0
    assert stage.protection == before


def test_somebody_elses_secret_is_no_key(stage: Stage) -> None:
    killed(stage)
    (stage.folder / "r-1.owner").write_text("guessed")
    assert restore(stage, "--run", "r-1", same_job=True) == 8


def test_expired_once_waits_until_it_can_verify(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    before = killed(stage)
    stage.server.clock.advance(61)
    assert restore(stage, "--expired") == 0
    assert stage.protection == before
    assert "is verified" in capsys.readouterr().out
    assert [e.kind.value for e in history(stage)][-1] == "verified"


def test_an_unexpired_window_is_left_to_its_owner_unless_forced(stage: Stage) -> None:
    before = killed(stage)
    assert restore(stage, "--expired") == 0
    assert stage.protection != before
    assert restore(stage, "--all", "--force") == 0
    assert stage.protection == before


def test_exit_4_is_loud(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    killed(stage)
    stage.server.clock.advance(61)
    client = Client(stage.server)

    class Denied(FakeKeeper):
        def apply(self, branch: str, writes: Any, *, purpose: str) -> None:
            client.plan[len(client.calls)] = Fault.REFUSED
            super().apply(branch, writes, purpose=purpose)

    @contextmanager
    def open_(options: Any, environ: Any, clock: Any) -> Iterator[Access]:
        yield Access(
            keeper=Denied(client),
            store=FakeJournal(client),
            keys=KEYS,
            repository=REPOSITORY,
            full_name="acme/shop",
        )

    code = restore_main.run(
        ["--expired", "--json"],
        environ={"HOME": str(stage.folder)},
        clock=stage.server.clock,
        open_=open_,
        timing=Timing(restore_budget=5),
    )
    told = capsys.readouterr()
    assert code == 4
    document = json.loads(told.out)
    assert (document["exit_code"], document["restored"], document["open"]) == (4, False, True)
    assert document["loose"] == ["required_pull_request_reviews.required_approving_review_count: is 0, was 2"]
    assert "PROTECTION OF main IS NOT PROVEN TO BE RESTORED" in told.err
    # The takeover at 09:01 wrote an `open` of its own; protection has been loose for a minute longer.
    (since,) = re.findall(r"since +(\S+)", told.err)
    opened = [e.at for e in history(stage) if e.kind.value == "open"]
    assert len(opened) == 2
    assert datetime.fromisoformat(since) == opened[0].replace(microsecond=0)
    assert opened[1] - opened[0] > timedelta(seconds=60)
    assert "gh api -X PATCH repos/acme/shop/branches/main/protection/required_pull_request_reviews" in told.err


def test_exit_4_has_the_inverse_even_when_protection_cannot_be_read(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    killed(stage)
    del stage.world.protection["main"]
    stage.server.clock.advance(61)
    assert restore(stage, "--expired") == 4
    err = capsys.readouterr().err
    assert "could not be read" in err
    assert "gh api -X PATCH" in err


def test_a_leak_that_was_repaired_is_not_silent(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    before = stage.original()
    stage.run(count())
    stage.server.clock.advance(40)
    loosen(stage.world)
    assert restore(stage, "--expired") == 3
    assert stage.protection == before
    assert "ALARM a late write" in capsys.readouterr().err
    assert restore(stage, "--expired") == 0


def test_a_leak_in_a_read_that_may_be_stale_is_looked_at_again(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    before = stage.original()
    stage.run(count())
    loosen(stage.world)  # right after the restore: for now this may be an old answer
    assert restore(stage, "--expired", "--json") == 3
    assert sum(stage.server.clock.sleeps) >= Timing().settle - 1
    assert stage.protection == before
    assert len(json.loads(capsys.readouterr().out)["alarms"]) == 1


def test_a_rewritten_journal_is_exit_4_across_processes(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    stage.run()
    assert restore(stage, "--expired") == 0
    del stage.world.tips[JOURNAL]
    assert restore(stage, "--expired") == 4
    err = capsys.readouterr().err
    assert "does not descend" in err
    (memory,) = (stage.folder.parent / "state" / "bascule").iterdir()
    assert str(memory) in err
    memory.unlink()
    assert restore(stage, "--expired") == 0


def test_github_out_of_reach_is_exit_3(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    class Gone(FakeJournal):
        def read(self, *, limit: int = 20) -> Any:
            raise OutsideError("no route to host", hint="check the network")

    @contextmanager
    def open_(options: Any, environ: Any, clock: Any) -> Iterator[Access]:
        client = Client(stage.server)
        yield Access(
            keeper=FakeKeeper(client), store=Gone(client), keys=KEYS, repository=REPOSITORY, full_name="acme/shop"
        )

    args = {"environ": {"HOME": str(stage.folder)}, "clock": stage.server.clock, "open_": open_}
    assert restore_main.run(["--expired", "--json"], **args) == 3
    told = capsys.readouterr()
    assert json.loads(told.out)["error"]["message"] == "no route to host"
    assert "check the network" in told.err


class Ticking(ManualClock):
    """Shares the server's clock; a sleep is a tick, and at the last tick somebody presses Ctrl-C."""

    def __init__(self, server: Any, ticks: int, at: dict[int, Any]) -> None:
        super().__init__()
        self.server, self.left, self.at = server, ticks, at

    def now(self) -> Any:
        return self.server.clock.now()

    def elapsed(self) -> float:
        return self.server.clock.elapsed()

    def sleep(self, seconds: float) -> None:
        self.server.clock.advance(seconds)
        self.left -= 1
        self.at.pop(self.left, lambda: None)()
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGINT)


def test_the_loop_sweeps_until_it_is_told_to_stop(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    before = stage.original()

    def die() -> None:
        with pytest.raises(Killed):
            stage.run(client=Client(stage.server, plan={"merge": Fault.KILL_BEFORE}), attended=False)

    loose_at: list[float] = []
    client = Client(stage.server, login="sweeper-bot")
    clock = Ticking(stage.server, 70, {60: die, 15: lambda: loose_at.append(stage.protection != before)})
    assert restore(stage, "--expired", "--loop", "2s", client=client, clock=clock) == 0
    assert stage.protection == before
    err = capsys.readouterr().err
    assert "sweeping acme/shop every 2 s" in err
    assert "run r-1 left its window" in err
    assert "SIGINT: stopped" in err
    # Killed, then restored within the deadline and five seconds.
    opened, restored = (next(e for e in history(stage) if e.kind.value == k) for k in ("open", "restored"))
    assert (restored.at - opened.at).total_seconds() <= 65
    assert client.calls.count("read") <= 80


def test_the_loop_outlives_faults(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    client = Client(stage.server, plan=dict.fromkeys(range(1, 12), Fault.LOST))
    assert restore(stage, "--expired", "--loop", "2s", client=client, clock=Ticking(stage.server, 40, {})) == 0
    assert "trying again in 2 s" in capsys.readouterr().err


def test_help_says_what_the_exit_codes_mean(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        restore_main.parse(["--help"])
    out = capsys.readouterr().out
    assert "4 NOT restored" in out
    assert "bascule-restore --expired --loop 2s" in out
