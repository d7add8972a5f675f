"""The pytest plugin: it costs next to nothing, its fixtures work, and its asserts are a plugin's tests."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]


def test_pytest_starts_without_the_core() -> None:
    """Else every project's tests would pay for it, and nothing of the core would count as covered."""
    code = (
        "import sys, pytest\n"
        "class Look:\n"
        "    def pytest_sessionstart(self):\n"
        "        print('\\n'.join(m for m in sys.modules if m.split('.')[0] in {'bascule', 'attr', 'click'}))\n"
        "pytest.main(['-q', '-p', 'no:cacheprovider', '--collect-only', '-c', '/dev/null', '/dev/null'], [Look()])\n"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    seen = {m for m in done.stdout.split() if m.startswith("bascule")}
    assert seen == {"bascule", "bascule.testing", "bascule.testing.plugin"}, done.stdout + done.stderr
    assert "attr" not in done.stdout.split()


SUITE = """
import pytest
from bascule.testing import NOW, CommandOutcome, ManualClock

def test_bench(bench):
    made = bench("deps"), bench("deps")
    outcome = made[0].run({"a.txt": "1"}, {"a.txt": "2"}, [{"use": "deps/nothing-else"}])
    assert outcome.blocked_by("nothing-else").fix

def test_run(bascule_run, tmp_path, monkeypatch):
    monkeypatch.setenv("GH_TOKEN", "tok-1")
    (tmp_path / "rulepack").mkdir()
    (tmp_path / "rulepack" / "a.yml").write_text("version: 1\\nscenario: nowhere\\n")
    outcome = bascule_run("rulepack", "validate", "--json")
    assert isinstance(outcome, CommandOutcome)
    assert outcome.code == 2
    assert outcome.json["problems"]
    with pytest.raises(AssertionError, match="no JSON on standard output"):
        bascule_run("--version").json

def test_clock(clock):
    clock.sleep(5)
    assert (clock.now() - NOW).seconds == 5 and clock.sleeps == [5]

def test_simulator(simulator, bascule_run):
    outcome = bascule_run("check", "1", "-R", "octo-dev/none", "--json",
                          env={"BASCULE_API_URL": simulator.url, "GH_TOKEN": "sim-octo-dev"})
    assert "no repository octo-dev/none" in outcome.json["error"]["message"], outcome
"""


def test_its_fixtures_work_with_warnings_as_errors(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(SUITE)
    done = pytester.runpytest_subprocess("-W", "error", "-p", "no:cacheprovider")
    done.assert_outcomes(passed=4)


def test_without_it_there_are_no_fixtures_and_nothing_breaks(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_a(bench): ...\ndef test_b(): ...\n")
    done = pytester.runpytest_subprocess("-W", "error", "-p", "no:bascule", "-p", "no:cacheprovider")
    done.assert_outcomes(passed=1, errors=1)


def test_a_failing_contract_shows_values(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        "from bascule.testing.bench import Outcome\nfrom bascule.testing import make_change\n"
        "def test_it():\n    Outcome(change=make_change(), checks=(), evidence=()).proof('acme/x')\n"
    )
    done = pytester.runpytest_subprocess("-W", "error", "-p", "no:cacheprovider")
    done.stdout.fnmatch_lines(["*AssertionError: no evidence acme/x*", "*assert []*"])


def test_pytest_is_no_dependency_of_the_core() -> None:
    import tomllib

    project = tomllib.loads((Path(__file__).parents[2] / "core/pyproject.toml").read_text())["project"]
    assert not [d for d in project["dependencies"] if d.startswith("pytest")]
    assert project["optional-dependencies"]["testing"] == ["pytest>=8.4"]
