"""The driver's tokens are not in its environment, as its children can read it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from bascule.errors import OutsideError, UsageError
from bascule.forge.reexec import FD_VARIABLE, protect_process, shed_tokens, start_anew

TOKEN = "ghp_hunter2hunter2"
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc and prctl are Linux's")

DRIVER = """
import ctypes, json, os, subprocess, sys
from bascule.forge import protect_process
before = os.getpid()
tokens = protect_process()
# A child, as a plugin host would be: what can it see of its parent?
look = "import os,sys; p=os.getppid(); print(open(f'/proc/{p}/environ','rb').read().hex()); print(sorted(os.environ))"
child = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True)
parent, mine = child.stdout.splitlines() if child.returncode == 0 else (None, child.stderr)
print(json.dumps({
    "pid": os.getpid(),
    "argv": sys.argv,
    "keeper": tokens.keeper.origin if tokens.keeper else None,
    "value": tokens.keeper.reveal()[-3:] if tokens.keeper else None,
    "journal": bool(tokens.journal_key),
    "own": sorted(k for k in os.environ if "TOKEN" in k or "BASCULE" in k),
    "parent": parent and bytes.fromhex(parent).decode("utf-8", "replace"),
    "child": mine,
    "dumpable": ctypes.CDLL(None).prctl(3, 0, 0, 0, 0),
    "stdin": sys.stdin.read(),
}))
"""


def drive(**environ: str) -> tuple[dict[str, Any], str, int]:
    base = {k: v for k, v in os.environ.items() if k in {"PATH", "HOME"}}
    process = subprocess.Popen(
        [sys.executable, "-c", DRIVER, "one", "two words"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**base, **environ},
    )
    out, err = process.communicate("typed\n", timeout=60)
    assert process.returncode == 0, err
    return json.loads(out), out + err, process.pid


@linux
def test_a_child_cannot_read_the_drivers_tokens() -> None:
    found, everything, pid = drive(BASCULE_KEEPER_TOKEN=TOKEN, GH_TOKEN=TOKEN + "x", BASCULE_JOURNAL_KEY=TOKEN + "j")
    assert found["keeper"] == "BASCULE_KEEPER_TOKEN"
    assert found["value"] == TOKEN[-3:]
    assert found["journal"] is True
    assert found["own"] == []
    # Root may still open the file; what matters is that the values are not in it.
    assert found["parent"] is None or "hunter2" not in found["parent"]
    assert "hunter2" not in everything
    assert found["dumpable"] == 0
    # It is the same command in the same process, with its streams.
    assert (found["pid"], found["argv"], found["stdin"]) == (pid, ["-c", "one", "two words"], "typed\n")


@linux
def test_without_tokens_nothing_happens() -> None:
    found, _, pid = drive()
    assert (found["keeper"], found["pid"], found["dumpable"]) == (None, pid, 1)


@linux
def test_the_test_can_fail() -> None:
    """Without protection the same look finds the token."""
    code = (
        "import subprocess,sys,os; os.environ.pop('GH_TOKEN');"
        "print(subprocess.run([sys.executable,'-c',"
        "\"import os;print('hunter2' in open(f'/proc/{os.getppid()}/environ').read())\"],"
        "capture_output=True,text=True).stdout)"
    )
    env = {"PATH": os.environ["PATH"], "GH_TOKEN": TOKEN}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True"


@linux
def test_the_command_and_the_clean_environment_are_handed_on() -> None:
    calls: list[tuple[str, list[str], dict[str, str]]] = []
    environ = {"BASCULE_KEEPER_TOKEN": TOKEN, "LANG": "C"}
    with pytest.raises(AssertionError, match="execve returned"):
        protect_process(["/bin/x", "merge"], environ, execve=lambda *a: calls.append(a))
    program, argv, handed = calls[0]
    assert (program, argv) == ("/bin/x", ["/bin/x", "merge"])
    descriptor = int(handed.pop(FD_VARIABLE))
    assert handed == {"LANG": "C"}
    assert os.get_inheritable(descriptor)
    with os.fdopen(descriptor) as pipe:
        assert json.load(pipe) == {"BASCULE_KEEPER_TOKEN": TOKEN}


@linux
def test_begun_early_it_hands_on_the_same_and_leaves_errors_to_the_command() -> None:
    calls: list[tuple[str, list[str], dict[str, str]]] = []
    environ = {"GH_TOKEN": TOKEN, "LANG": "C"}
    with pytest.raises(AssertionError, match="execve returned"):
        start_anew(environ, execve=lambda *a: calls.append(a))
    handed = calls[0][2]
    with os.fdopen(int(handed.pop(FD_VARIABLE))) as pipe:
        assert json.load(pipe) == {"GH_TOKEN": TOKEN}
    assert handed == {"LANG": "C"}
    for nothing in ({"LANG": "C"}, {"GH_TOKEN": "two words"}, {FD_VARIABLE: "3", "GH_TOKEN": TOKEN}):
        before = dict(nothing)
        start_anew(nothing, execve=lambda *_: pytest.fail("started anew"))
        assert nothing == before


@linux
def test_a_command_imports_what_is_heavy_once() -> None:
    command = [sys.executable, "-X", "importtime", "-m", "bascule", "check", "1", "-R", "no/such/place"]
    env = {"PATH": os.defpath, "GH_TOKEN": TOKEN}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr[-500:]
    assert done.stderr.count("| bascule.cli.root\n") == 2, "it started anew"
    assert done.stderr.count("| bascule.pipeline.decide\n") == 1


def test_elsewhere_the_tokens_are_only_taken_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    environ = {"GH_TOKEN": TOKEN}
    tokens = protect_process([], environ, execve=lambda *_: pytest.fail("started anew"))
    assert tokens.keeper is not None
    assert environ == {}


def test_a_malformed_token_is_reported_before_starting_anew() -> None:
    with pytest.raises(UsageError):
        protect_process([], {"GH_TOKEN": "two words"}, execve=lambda *_: pytest.fail("started anew"))


def test_a_wrong_descriptor_is_an_error_not_a_run_without_tokens() -> None:
    with pytest.raises(OutsideError, match="does not name the pipe"):
        protect_process([], {FD_VARIABLE: "987654"})


@linux
def test_too_much_for_a_pipe_does_not_hang() -> None:
    with pytest.raises(OutsideError, match="more than a pipe holds"):
        protect_process([], {"BASCULE_JOURNAL_KEY": "x" * 70_000}, execve=lambda *_: None)


def test_what_needs_no_token_starts_anew_without_any() -> None:
    environ = {"PATH": "p", "GH_TOKEN": "a malformed one", "BASCULE_KEEPER_TOKEN": TOKEN, "BASCULE_JOURNAL_KEY": TOKEN}
    seen: list[Any] = []
    shed_tokens(["python", "-m", "bascule"], environ, execve=lambda *call: seen.append(call))
    assert environ == {"PATH": "p"}
    if sys.platform.startswith("linux"):
        assert seen == [("python", ["python", "-m", "bascule"], {"PATH": "p"})]
    shed_tokens([], environ, execve=lambda *call: seen.append(call))
    assert len(seen) <= 1, "nothing to drop, nothing to start anew"
