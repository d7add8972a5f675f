"""The journal as people read it, and the keys that they make."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.window.fake import Client, FakeJournal, FakeKeeper, Fault
from tests.window.kit import KEYS, REPOSITORY, Stage, bypass, check, count
from tests.window.test_journal import push
from tests.window.test_sweeper import killed, loosen

from bascule.cli.audit import audit, keygen, show
from bascule.errors import BusyError, UsageError
from bascule.window import baseline, keys
from bascule.window.access import Access
from bascule.window.entries import Outcome
from bascule.window.keys import Keys
from bascule.window.plain import record_outcome
from bascule.window.restoring import read_live


def access(stage: Stage, signing: Keys = KEYS, repository: int = REPOSITORY) -> Access:
    client = Client(stage.server, login="reader")
    return Access(
        keeper=FakeKeeper(client),
        store=FakeJournal(client),
        keys=signing,
        repository=repository,
        full_name="acme/shop",
    )


def told(stage: Stage, capsys: pytest.CaptureFixture[str], signing: Keys = KEYS, **more: Any) -> tuple[int, str]:
    given = {"last": None, "verify": False, "as_json": False, **more}
    code = show(access(stage, signing), stage.server.clock, **given)
    return code, capsys.readouterr().out


def test_an_empty_journal(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    code, out = told(stage, capsys)
    assert (code, out.strip()) == (0, "acme/shop has no journal yet: no run has been recorded.")


def full(stage: Stage) -> None:
    stage.run(count(), bypass("zed"))
    stage.settle()
    journal = stage.journal(Client(stage.server))
    record_outcome(journal, "r-5", Outcome(status="blocked", summary="2 things to fix"))


def test_every_kind_has_a_line_that_says_what_happened(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    full(stage)
    code, out = told(stage, capsys)
    assert code == 0
    head, *lines = out.splitlines()
    assert head.split() == ["UTC", "ENTRY", "RUN", "CHANGE", "WHAT", "KEY", "COMMIT"]
    rows = {line[head.index("ENTRY") :].split()[0]: line for line in lines if line.startswith("2026")}
    assert "required_approving_review_count 2 → 0; bypass_pull_request_allowances.users + zed (run)" in rows["open"]
    assert "#7" in rows["open"]
    assert f"merged {stage.world.pulls[7].merge_sha[:10]}, 0.3 s exposed" in rows["restored"]
    assert "identical" in rows["verified"]
    assert "blocked: 2 things to fix" in rows["outcome"]
    assert "sweeper sweeper-1" in rows["heartbeat"]
    assert "no window is open; the last one was on main: run r-1, verified" in out
    # Columns are aligned, newest first.
    starts = {line.index("window ") for line in lines if line.startswith("2026")}
    assert starts == {head.index("KEY")}
    assert [line[:19] for line in lines if line.startswith("2026")] == sorted(
        (line[:19] for line in lines if line.startswith("2026")), reverse=True
    )


def test_last(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    full(stage)
    _, out = told(stage, capsys, last=2, as_json=True)
    assert len(json.loads(out)["entries"]) == 2


def test_verify_a_good_journal(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    full(stage)
    code, out = told(stage, capsys, verify=True)
    assert code == 0
    count_ = len(list(stage.journal(Client(stage.server)).history(stage.state().tip)))
    assert f"every signature and link back to the first entry: {count_} authentic, 0 not" in out


def test_verify_finds_a_forged_entry_anywhere(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    stage.run()
    push(stage, "hello\n\nworld")
    stage.heartbeat()
    code, out = told(stage, capsys, verify=True)
    assert code == 1
    assert "not believed: malformed" in out
    assert "3 authentic, 1 not" in out
    document = json.loads(told(stage, capsys, verify=True, as_json=True)[1])
    assert document["verified"] is False
    assert [e["authentic"] for e in document["entries"]] == [True, False, True, True]


def test_verify_finds_signed_entries_that_break_the_protocol(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    stage.run()
    journal = stage.journal(Client(stage.server))
    state = journal.read()
    assert state.closing is not None
    journal.append(state, ("r-9", state.closing.body))
    code, out = told(stage, capsys, verify=True)
    assert code == 1
    assert "not believed: out of order" in out


def test_verify_with_other_keys(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    stage.run()
    other = keys.generate(keys.Role.WINDOW)
    code, out = told(stage, capsys, Keys(ring={other.id: other.public}), verify=True)
    assert code == 1
    assert "unknown key" in out
    with pytest.raises(UsageError, match="no public key"):
        told(stage, capsys, Keys(ring={}), verify=True)
    assert "nothing here could be checked" in told(stage, capsys, Keys(ring={}))[1]


def test_a_mirror_is_not_wrong(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    stage.run()
    code = show(access(stage, repository=1), stage.server.clock, last=None, verify=True, as_json=False)
    assert code == 0
    assert "2 of another repository" in capsys.readouterr().out


def test_an_open_window_is_shown_with_the_way_to_restore_it_by_hand(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    killed(stage)
    code, out = told(stage, capsys, verify=True)
    assert code == 0
    assert "a window is open on main: run r-1, until 09:0" in out
    assert "by hand: echo '{\"required_approving_review_count\": 2}' | gh api -X PATCH" in out
    stage.server.clock.advance(70)
    code, out = told(stage, capsys, verify=True)
    assert code == 4
    assert "EXPIRED" in out
    assert json.loads(told(stage, capsys, as_json=True)[1])["expired"] is True


def test_the_way_by_hand_really_restores(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    """What a person pastes from the journal is enough when Bascule is gone."""
    import shlex

    from tests.window.fake import edit

    from bascule.protection.rest import Write

    before = stage.original()
    killed(stage, relaxations=()) if False else None
    with pytest.raises(BaseException):  # noqa: B017
        stage.run(count(), bypass("zed"), check(), client=Client(stage.server, plan={"merge": Fault.KILL_BEFORE}))
    assert stage.protection != before
    for line in json.loads(told(stage, capsys, as_json=True)[1])["by_hand"]:
        words = shlex.split(line)
        body = json.loads(words[1]) if words[0] == "echo" else None
        rest = words[words.index("-X") + 1 :]
        edit(stage.world, "main", Write(method=rest[0], path=rest[1].partition("/protection")[2], body=body))
    assert stage.protection == before


# -- baseline --------------------------------------------------------------------------------------------------------


def test_a_baseline_ends_the_alarm_and_lets_runs_go_on(stage: Stage) -> None:
    stage.run(count())
    sweeper = stage.sweeper()
    for _ in range(2):
        stage.server.clock.advance(40)
        loosen(stage.world)
        swept = sweeper.sweep()
    assert not swept.clean
    client = Client(stage.server, login="octo-dev")
    live = baseline.accept(
        FakeKeeper(client),
        stage.journal(client),
        stage.server.clock,
        branch="main",
        reason="meant",
        by="octo-dev",
        run="baseline-1",
    )
    assert live == read_live(FakeKeeper(client), stage.server.clock, "main")
    stage.server.clock.advance(40)
    assert sweeper.sweep().clean
    assert stage.run(bypass()).reason == "merged_by_other"
    assert stage.protection["required_pull_request_reviews"]["required_approving_review_count"] == 0


def test_no_baseline_while_a_window_is_open(stage: Stage) -> None:
    killed(stage)
    client = Client(stage.server)
    with pytest.raises(BusyError):
        baseline.accept(
            FakeKeeper(client),
            stage.journal(client),
            stage.server.clock,
            branch="main",
            reason="",
            by="",
            run="b",
        )


# -- keygen ----------------------------------------------------------------------------------------------------------


def test_keygen_prints_a_pair_for_a_shell() -> None:
    done = CliRunner().invoke(keygen, ["--role", "outcome"], standalone_mode=False)
    assert done.exception is None
    found = dict(line.removeprefix("export ").split("=", 1) for line in done.stdout.splitlines())
    read = keys.from_environment(found)
    assert read.signer is not None
    assert read.signer.role is keys.Role.OUTCOME
    assert set(read.ring) == {read.signer.id}


def test_keygen_writes_files_and_never_overwrites(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    done = CliRunner().invoke(keygen, ["--out", str(folder), "--json"], standalone_mode=False)
    told = json.loads(done.stdout)
    private = Path(told["private_file"])
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert keys.parse_private(private.read_text()).id == told["id"]
    assert private.read_text().strip() not in done.output
    assert told["id"] in keys.parse_public(Path(told["public_file"]).read_text())

    before = private.read_bytes()
    again = CliRunner().invoke(keygen, ["--out", str(folder)], standalone_mode=False)
    assert isinstance(again.exception, UsageError)
    assert private.read_bytes() == before
    private.unlink()
    assert isinstance(CliRunner().invoke(keygen, ["--out", str(folder)], standalone_mode=False).exception, UsageError)
    assert not private.exists()


def test_audit_takes_no_nonsense() -> None:
    assert CliRunner().invoke(audit, ["--last", "0"]).exit_code == 2
