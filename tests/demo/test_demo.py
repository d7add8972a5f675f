"""The demonstration shows what is true: it passes, and it fails loudly when Bascule does not close behind itself."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SABOTAGE = """\
import importlib.abc, importlib.util, sys

# Whatever restores, sends nothing and claims success: what a broken restore would look like from outside.
class Saboteur(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name != "bascule.window.restoring":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        load = spec.loader.exec_module

        def exec_module(module):
            load(module)
            module.Restorer.run = lambda self, budget=None: module.Restoring(
                restored=True, base=self.base, target=self.base, live=self.base
            )

        spec.loader.exec_module = exec_module
        return spec

sys.meta_path.insert(0, Saboteur())
"""


def demo(*args: str, **env: str) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if k in {"PATH", "HOME", "LANG", "LC_ALL"}}
    command = [sys.executable, "-m", "bascule", "demo", *args]
    return subprocess.run(command, env={**kept, **env}, capture_output=True, text=True, timeout=280, check=False)


SCENARIOS = ("terraform", "helm", "observability", "release", "deps")


@pytest.mark.tool("terraform", "helm", "promtool", "prometheus")
def test_eighteen_acts_end_as_promised() -> None:
    done = demo("--json")
    assert done.returncode == 0, done.stderr
    shown: dict[str, Any] = json.loads(done.stdout)
    assert shown["good"]
    assert shown["protection_identical"]
    assert [(a["act"], a["got"]) for a in shown["acts"]] == [
        ("a safe change", "merged"),
        ("outside the allowlist", "blocked"),
        ("from a fork", "blocked"),
        ("head moves under the run", "waiting"),
        ("killed inside the window", "swept"),
        ("another's armed auto-merge", "waiting"),
        ("/auto-merge on a merged change", "noop"),
        *(
            (f"{name}: {title}", got)
            for name, titles in zip(
                SCENARIOS,
                (
                    ("a larger cache", "a newer database"),
                    ("one more replica in staging", "an older image in staging"),
                    ("hear of errors sooner", "hear of errors later"),
                    ("release 1.3.0", "release 1.4.0"),
                    ("bump lodash from 4.17.20 to 4.17.21", "bump dayjs from 1.11.0 to 1.11.1"),
                ),
                strict=True,
            )
            for title, got in zip(titles, ("merged", "blocked"), strict=True)
        ),
        ("a change that breaks the service", "rolled back"),
    ]
    real = " ".join(line for a in shown["acts"] for line in a["evidence"])
    for tool in ("terraform 1.", "helm v", "promtool 2."):
        assert tool in real
    picture = Path(real.rpartition("picture: ")[2])
    assert "breach certain" in picture.read_text()
    assert "actions:" in real, "the plan came from a workflow's artifact"
    saw = {a["act"]: a["github_saw"] for a in shown["acts"]}
    assert (
        saw["a safe change"].index("relax")
        < saw["a safe change"].index("merge")
        < saw["a safe change"].index("restore")
    )
    assert "relax" not in saw["outside the allowlist"]
    # The show itself goes to stderr and names no token.
    assert "As promised: 18 of 18 acts" in done.stderr
    assert "demo-acme" not in done.stderr + done.stdout
    assert "Traceback" not in done.stderr


def test_without_restoring_the_demo_fails(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(SABOTAGE)
    done = demo("--json", PYTHONPATH=str(tmp_path))
    assert done.returncode == 4, done.stderr[-3000:]
    shown = json.loads(done.stdout)
    assert not shown["good"]
    assert not shown["protection_identical"]
    first = shown["acts"][0]
    assert first["got"] == "merged"
    assert not first["protection_identical"], "the first act already shows it"
    assert "NOT as promised" in done.stderr
