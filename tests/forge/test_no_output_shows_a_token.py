"""Whatever a command prints, on success or failure, no token is in it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hub import ADMIN, Hub

SECRET = "hunter2"


def run(folder: Path, *args: str, **environ: str) -> tuple[int, str]:
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "XDG_CACHE_HOME": str(folder),
        "BASCULE_PLUGINS": "",
        **environ,
    }
    done = subprocess.run(
        [sys.executable, "-m", "bascule", *args], capture_output=True, text=True, env=env, cwd=folder, check=False
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("more", [(), ("--json",)], ids=["text", "json"])
@pytest.mark.parametrize("command", ["check", "merge"])
def test_a_run_that_reaches_github(hub: Hub, tmp_path: Path, command: str, more: tuple[str, ...]) -> None:
    box = hub.repo(private=True)
    box.put("rulepack/docs.yml", "version: 1\nscenario: allowlist\nmatch: {files: ['docs/**']}\n")
    number = box.simple_pull()
    code, shown = run(
        tmp_path, command, str(number), "-R", box.full_name, *more, BASCULE_API_URL=hub.sim.url, GH_TOKEN=ADMIN
    )
    assert code in {0, 1, 8}, shown
    assert box.full_name in shown
    assert SECRET not in shown
    assert "Traceback" not in shown


FAILURES: dict[str, tuple[dict[str, Any], dict[str, str], str]] = {
    "refused": ({"status": 401, "body": {"message": f"Bad credentials tok-{SECRET}"}}, {}, "401"),
    "no json": ({"status": 200, "raw": f"<p>tok-{SECRET}</p>".encode()}, {}, "expected JSON"),
    "malformed": ({}, {"GH_TOKEN": f"tok {SECRET}"}, "GH_TOKEN contains spaces"),
    "in the address": ({}, {"BASCULE_API_URL": f"https://octo:{SECRET}@ghe.example.com"}, "carries credentials"),
    "in clear": ({}, {"BASCULE_API_URL": "http://ghe.example.com"}, "in clear"),
    "unreachable": ({}, {"BASCULE_API_URL": "http://127.0.0.1:1"}, "no reply"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_run_that_fails(script: Any, tmp_path: Path, name: str) -> None:
    answer, environ, expected = FAILURES[name]
    for _ in range(4 if answer else 0):
        script.say(**answer)
    base = {"BASCULE_API_URL": script.url, "GH_TOKEN": f"tok-{SECRET}"}
    code, shown = run(tmp_path, "check", "1", "-R", "octo/box", **{**base, **environ})
    assert code in {2, 3}, shown
    assert expected in shown
    assert "fix:" in shown
    assert SECRET not in shown
    assert "Traceback" not in shown
