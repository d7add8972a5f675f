"""Tools run clean, end in time, and fail in words."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from bascule.kit import RehearsalError, Tool, tool
from bascule.testing import make_change, make_pack
from bascule.types import DryRunContext, Status


def context(tmp_path: Path, **more: object) -> DryRunContext:
    change = make_change()
    values = {"change": change, "pack": make_pack(), "now": change.read_at, "objects": "", "workdir": str(tmp_path)}
    return DryRunContext(**{**values, **more})  # type: ignore[arg-type]


@pytest.fixture
def python(tmp_path: Path) -> Tool:
    return tool(
        context(tmp_path, tools={"python": sys.executable}, output_limit=10_000), "python", install="install it"
    )


def test_nothing_of_the_environment_is_handed_on(python: Tool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GH_TOKEN", "s3cret")
    monkeypatch.setenv("SOMETHING", "x")
    ran = python.run("-c", "import os; print(sorted(os.environ)); print(os.environ['HOME'])", env={"MINE": "1"})
    assert "s3cret" not in ran.out
    names = ran.out.splitlines()[0]
    assert "MINE" in names
    assert "TOKEN" not in names
    assert "SOMETHING" not in names
    assert ran.out.splitlines()[1] == str(tmp_path / ".home")


def test_streams_are_kept_apart_and_statuses_are_answers(python: Tool) -> None:
    ran = python.run("-c", "import sys; print('out'); print('err', file=sys.stderr); sys.exit(2)", ok=(0, 2))
    assert (ran.code, ran.out, ran.err) == (2, "out\n", "err\n")
    assert python.run("-c", "print(input())", stdin="given\n").out == "given\n"


def test_a_failure_says_what_the_tool_said(python: Tool) -> None:
    with pytest.raises(RehearsalError) as told:
        python.run("-c", "import sys; sys.exit('no such chart')")
    assert "exited with 1: no such chart" in told.value.answer.found
    assert told.value.answer.status is Status.ERROR
    with pytest.raises(RehearsalError) as told:
        python.run("-c", "raise SystemExit(3)", blame=["a.yaml"])
    assert (told.value.answer.status, told.value.answer.paths) == (Status.BLOCK, ("a.yaml",))


def test_past_its_time_it_ends_with_all_it_started(python: Tool, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    code = (
        "import subprocess, sys, time; p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); "
        f"open({str(pid)!r}, 'w').write(str(p.pid)); time.sleep(60)"
    )
    with pytest.raises(RehearsalError, match=r"did not end within 1\.5 s"):
        python.run("-c", code, timeout=1.5)
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid.read_text()}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            break
        if state == "Z":
            break
        time.sleep(0.02)
    else:
        pytest.fail("the grandchild lives")


def test_too_much_output_is_refused(python: Tool) -> None:
    with pytest.raises(RehearsalError, match="wrote more than 10,000 bytes"):
        python.run("-c", "print('x' * 20_000)")


def test_a_tool_that_is_missing_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(RehearsalError) as told:
        tool(context(tmp_path), "no-such-tool", install="install no-such-tool 4 and put it on PATH")
    assert told.value.answer.found == "`no-such-tool` is not installed where Bascule runs"
    assert told.value.answer.fix == "install no-such-tool 4 and put it on PATH"
    assert list(tmp_path.iterdir()) == []


def test_a_program_is_asked_about_itself_once_until_it_is_another(tmp_path: Path) -> None:
    program = tmp_path / "tool"
    asked = tmp_path / "asked"

    def write(version: str) -> None:
        program.write_text(f"#!/bin/sh\necho x >> {asked}\necho {version}\n")
        program.chmod(0o755)

    write("1.0")
    for number in range(3):
        folder = tmp_path / str(number)
        folder.mkdir()
        mine = tool(context(folder, tools={"tool": str(program)}), "tool", install="install it", env={"N": str(number)})
        assert mine.about("--version").out == "1.0\n"
    assert asked.read_text() == "x\n"
    mine.about("version")  # another question
    write("1.0.1")
    assert mine.about("--version").out == "1.0.1\n"
    assert asked.read_text() == "x\nx\nx\n"
    program.write_text("#!/bin/sh\nexit 3\n")
    for _ in range(2):
        with pytest.raises(RehearsalError, match="3"):
            mine.about("--version")  # a failure is not remembered
