"""The command line as a process of its own: streams that fail, folders that vanish, bugs, and what a program reads."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bascule import streams
from bascule.cli import decide, root
from bascule.window import restore_main

NOWHERE = {
    "BASCULE_API_URL": "http://127.0.0.1:9",
    "GH_TOKEN": "tok-1",
    "BASCULE_KEEPER_TOKEN": "tok-2",
    "BASCULE_PLUGINS": "",
}
MODULES = {"bascule": "bascule", "bascule-restore": "bascule.window.restore_main"}


def shell(line: str, folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a line of shell in which ``bascule`` and ``bascule-restore`` are this installation's."""
    functions = "".join(f'{name}() {{ "$PYTHON" -m {module} "$@"; }}; ' for name, module in MODULES.items())
    given = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHON": sys.executable, **NOWHERE, **env}
    return subprocess.run(
        ["bash", "-c", f"set -o pipefail; {functions}{line}"], cwd=folder, env=given, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("bascule check --nope --json", 2),
        ("bascule frobnicate --json", 2),
        ("bascule check 1 -R acme/shop --json", 3),
        ("bascule check 'http://[::1/a/b/pull/1' --json", 2),
        ("bascule-restore --nope --json", 2),
        ("bascule-restore --json", 2),
        ("bascule comment deep.json --json", 2),
    ],
)
def test_json_is_json_whatever_goes_wrong(tmp_path: Path, line: str, code: int) -> None:
    (tmp_path / "deep.json").write_text("[" * 100_000)
    done = shell(line, tmp_path)
    assert done.returncode == code, done.stderr
    error = json.loads(done.stdout)["error"]
    assert error["message"]
    assert error["hint"]
    assert error["exit_code"] == code
    assert "Traceback" not in done.stderr


def test_a_reader_that_leaves_changes_no_exit_code(tmp_path: Path) -> None:
    done = shell("bascule rulepack schema | head -1; bascule rulepack schema | true", tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "{\n", "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_success_is_not_claimed_where_the_output_was_lost(tmp_path: Path) -> None:
    done = shell("bascule rulepack schema > /dev/full", tmp_path)
    assert done.returncode == 3
    assert done.stderr == "bascule: the output could not be written: No space left on device\n"
    assert shell("bascule check 1 --nope --json > /dev/full", tmp_path).returncode == 2


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_change_nothing(tmp_path: Path, closed: str) -> None:
    """Without them the pipe that carries the tokens would take the number of a standard stream."""
    for line, code in (("bascule check 1 -R acme/shop --json", 3), ("bascule rulepack schema", 0)):
        assert shell(f"{line} {closed}", tmp_path).returncode == code


@pytest.mark.parametrize("line", ["bascule check 1 -R acme/shop", "bascule-restore --expired -R acme/shop"])
def test_a_folder_that_was_removed_is_not_needed(tmp_path: Path, line: str) -> None:
    done = shell(f"mkdir gone && cd gone && rmdir ../gone && {line}", tmp_path)
    assert done.returncode == 3
    assert "no reply" in done.stderr
    assert "Traceback" not in done.stderr


def broken(*_: Any, **__: Any) -> Any:
    raise KeyError("nobody thought of this")


def test_a_bug_is_not_called_blocked(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(decide.running, "session", broken)
    assert root.run(["check", "1", "--json"]) == 3
    out, err = capsys.readouterr()
    assert "nobody thought of this" in json.loads(out)["error"]["message"]
    assert "Traceback" in err


def test_a_bug_while_restoring_means_that_nothing_is_proven(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(restore_main, "run", broken)
    assert restore_main.main(["--expired"]) == 4
    assert "Traceback" in capsys.readouterr().err


def test_a_stream_writes_all_or_drops_it() -> None:
    reader, writer = os.pipe()
    stream = streams.Stream(writer)
    assert (stream.write(b"ab"), os.read(reader, 9)) == (2, b"ab")
    os.close(reader)
    assert (stream.write(b"cd"), stream.write(b"ef"), stream.failed) == (2, 2, None)
    os.close(writer)
    lost = streams.Stream(os.open(os.devnull, os.O_RDONLY))
    assert lost.write(b"gh") == 2
    assert lost.failed is not None
    os.close(lost.fileno())


def test_an_account_without_a_home(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    assert streams.home({"HOME": "/h"}) == Path("/h")
    assert not streams.home({}).exists()


@pytest.mark.parametrize("given", [["--branch", "", "--reason", "x"], ["--branch", "main", "--reason", " "]])
def test_a_baseline_needs_a_branch_and_a_reason(given: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert root.run(["baseline", "accept", *given]) == 2
    assert "empty branch or reason" in capsys.readouterr().err
