"""``bascule plugins doctor``: everything is tried, and what is wrong comes with what to do."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from bascule.host.doctor import Examined, examine, tool_finding
from bascule.host.settings import Limits
from bascule.types import ToolSpec

SLOW = Limits(spawn=120, gate=60)
PACK = """
version: 1
scenario: acme
match: {files: ["docs/**"]}
rules: [{id: only, use: acme/only}]
examples:
  - {name: fine, change: {files: [docs/a.md]}, expect: allow}
  - {name: not fine, change: {files: [docs/b.md]}, expect: block, because: only}
"""
SOUND = f"""
PACK = {PACK!r}

@hookimpl
def scenarios():
    return [Scenario(name="acme", api=HOOK_API, summary="s", templates=(Template(name="default", text=PACK),),
                     rules=(RuleSpec(name="only", summary="s"),), tools=())]
"""
GATE = """
@hookimpl
def gate(ctx):
    bad = "docs/b.md" in ctx.change.paths
    for rule in ctx.pack.rules:
        yield Check(rule=rule.use, id=rule.id, status=Status.BLOCK if bad else Status.ALLOW, found="f", expected="e",
                    fix="f")
"""


def examined(site) -> Examined:
    (one,) = examine("acme", path=[str(site.root)], limits=SLOW)
    return one


def test_a_sound_one_has_nothing_to_mend(site) -> None:
    site.add("acme", GATE, scenarios=SOUND)
    one = examined(site)
    assert one.sound
    assert [(f.what, f.status) for f in one.findings] == [
        ("loads", "ok"), ("requires", "ok"), ("starts", "ok"), ("templates", "ok"),
    ]  # fmt: skip
    assert one.findings[-1].found == "1 template, 2 examples as expected"


@pytest.mark.parametrize(
    ("before", "after", "what", "found"),
    [
        ("import", "import a_module_that_is_not_there, ", "loads", "a_module_that_is_not_there"),
        ("docs/b.md\" in", "docs/z.md\" in", "templates", "1 of 2 examples not as expected"),
        ("scenario: acme", "scenario: acm", "templates", "a template does not load"),
        ("tools=()", "tools=(ToolSpec(name='no-such-tool', why='w', install='get it'),)", "tool", "is not on PATH"),
        ("tools=()", "tools=(ToolSpec(name='../sh', why='w', install='i'),)", "loads", "expected a program's name"),
        ("def gate", "def classify", "gate", "has no gate"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_found_and_comes_with_a_fix(site, before: str, after: str, what: str, found: str) -> None:
    source = GATE if before != "import" else f"import a_module_that_is_not_there\n{GATE}"
    if before == "def gate":
        source = "@hookimpl\ndef classify(failure):\n    return None\n"
    scenarios = SOUND.replace(before, after)
    site.add("acme", source.replace(before, after) if before.startswith("docs") else source, scenarios=scenarios)
    one = examined(site)
    assert not one.sound
    failed = [f for f in one.findings if f.status == "failed" and f.what == what]
    assert failed, one
    assert found in failed[0].found
    assert failed[0].fix


def program(folder: Path, text: str) -> Path:
    file = folder / "gauge"
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return file


@pytest.mark.parametrize(
    ("text", "spec", "status", "found"),
    [
        ("echo gauge v1.2.3", {}, "ok", "gauge 1.2.3"),
        ("echo gauge 1.2.3 >&2", {}, "ok", "gauge 1.2.3"),
        ("echo gauge 1.10", {"at_least": "1.9"}, "ok", "gauge 1.10"),
        ("echo gauge 1.9", {"at_least": "1.10"}, "failed", "`gauge` is 1.9, expected 1.10 or newer"),
        ("echo gauge 1.9", {"at_least": "1.10", "optional": True}, "note", "expected 1.10 or newer"),
        ("echo nothing to see", {}, "failed", "does not tell a version: nothing to see"),
        ("echo $1", {"version": ("2.0",)}, "ok", "gauge 2.0"),
        ("exit 3", {}, "failed", "exited with 3"),
        ('echo "1.0 $SECRET"', {}, "ok", "gauge 1.0"),
    ],
)
def test_a_tool_is_asked_for_its_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, spec: dict, status: str, found: str
) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("SECRET", "tok-1")
    program(tmp_path, text)
    said = tool_finding(ToolSpec(name="gauge", why="measuring", install="get it", **spec))
    assert (said.status, found in said.found) == (status, True), said
    assert "tok-1" not in said.found
    assert bool(said.fix) is (status != "ok")


def test_a_tool_that_the_machines_owner_chose_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BASCULE_TOOL_GAUGE", str(program(tmp_path, "echo 7.0")))
    assert tool_finding(ToolSpec(name="gauge", why="w", install="i")).found.startswith("gauge 7.0 (")


def doctor(site, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bascule", "plugins", "doctor", *args], cwd=site.root.parent,
        env={**os.environ, "PYTHONPATH": str(site.root)}, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_command_says_it_in_lines_and_in_json(site) -> None:
    tool = "tools=(ToolSpec(name='no-such-tool', why='measuring', install='get it'),)"
    site.add("acme", GATE, scenarios=SOUND.replace("tools=()", tool))
    shown = doctor(site, "acme")
    assert (shown.returncode, shown.stderr) == (2, "")
    lines = shown.stdout.splitlines()
    assert lines[0] == "✗ acme  bascule-acme 1.0.0"
    assert lines[-4:] == [
        "  ✗ tool       `no-such-tool` is not on PATH; it is needed for measuring", "               fix: get it.", "",
        "1 plugin: 1 with something to mend.",
    ]  # fmt: skip
    said = doctor(site, "acme", "--json")
    assert said.returncode == 2
    document = json.loads(said.stdout)
    assert (document["schema_version"], document["sound"]) == (1, False)
    assert document["plugins"][0]["findings"][-1]["fix"] == "get it."


def test_a_name_that_nobody_has_names_the_command_that_installs_it(site) -> None:
    done = doctor(site, "nobody")
    assert done.returncode == 2
    assert "pip install bascule-nobody" in done.stderr
