"""The page on writing a scenario is true: followed in an environment of its own, it gives the example as it is."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.meta.tutorial_run import matches
from tests.support.environments import ROOT, Environment
from tests.third_party import page_run
from tests.third_party.conftest import EXAMPLE, once


@pytest.fixture
def workshop(built: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """Bascule with the extra for tests, and what builds a distribution."""

    def make(place: Path) -> None:
        Environment.made(place).install(f"{built('bascule')}[testing]", "hatchling", "editables")

    return Environment(folder=once(tmp_path_factory, "third-party-workshop", make))


def files(folder: Path) -> dict[str, str]:
    """The files of a project that git would keep."""
    listed = subprocess.run(
        ["git", "-C", str(folder), "ls-files", "--cached", "--others", "--exclude-standard", "-z", "."],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    return {name: (folder / name).read_text() for name in listed.split("\0") if name}


def test_a_reader_gets_what_the_page_shows_and_the_example(tmp_path: Path, workshop: Environment) -> None:
    steps = page_run.run(tmp_path, workshop)
    assert len(steps) >= 7
    for step in steps:
        shown = step.shown or ""
        assert matches(shown, step.printed), f"{step.block.where} prints something else:\n{step.printed}"
    subprocess.run(["git", "init", "-q", str(tmp_path / page_run.FOLDER)], check=True)
    made = files(tmp_path / page_run.FOLDER)
    example = files(EXAMPLE)
    assert made.keys() == example.keys()
    assert {name for name, text in made.items() if text != example[name]} == set()


def test_the_pages_test_is_one_of_the_examples() -> None:
    (shown,) = [b.text for b in page_run.blocks(page_run.PAGE) if "def test_a_pack_may_accept_less" in b.text]
    assert shown in (EXAMPLE / "tests" / "test_rules.py").read_text()


def test_the_example_is_as_strictly_typed_as_the_rest(tmp_path: Path) -> None:
    (tmp_path / "mypy.ini").write_text("[mypy]\n")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file", str(tmp_path / "mypy.ini"), "--cache-dir",
         str(tmp_path / "cache"), str(EXAMPLE / "src"), str(EXAMPLE / "tests")],
        cwd=ROOT, env={"MYPYPATH": f"{ROOT / 'core/src'}:{EXAMPLE / 'src'}", "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
