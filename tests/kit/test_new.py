"""``bascule plugins new``: what it refuses, and that what it writes is as sound as the rest."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from bascule.cli.root import run
from bascule.errors import UsageError
from bascule.templates import distribution

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", ["a", "acme", "acme-sql", "acme2-x3", "a" * 40])
def test_names_that_are_good(name: str) -> None:
    distribution.check_name(name, {"helm"})


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("", "expected lower-case letters"),
        ("Acme", "expected lower-case letters"),
        ("2fast", "expected lower-case letters"),
        ("a_b", "expected lower-case letters"),
        ("a--b", "expected lower-case letters"),
        ("-a", "expected lower-case letters"),
        ("../up", "expected lower-case letters"),
        ("é", "expected lower-case letters"),
        ("a\n", "expected lower-case letters"),
        ("a" * 41, "at most 40 characters"),
        ("class", "means something of its own"),
        ("on", "means something of its own"),
        ("core", "means something of its own"),
        ("helm", "is taken"),
    ],
)
def test_names_that_are_not(name: str, found: str) -> None:
    with pytest.raises(UsageError, match=re.escape(found)) as told:
        distribution.check_name(name, {"helm"})
    assert told.value.hint


def test_nothing_that_is_there_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("mine")
    with pytest.raises(UsageError, match="a folder that is not empty"):
        distribution.write("acme", tmp_path)
    with pytest.raises(UsageError, match="found a file"):
        distribution.write("acme", tmp_path / "kept")
    assert [p.name for p in tmp_path.iterdir()] == ["kept"]
    (tmp_path / "empty").mkdir()
    assert distribution.write("acme", tmp_path / "empty")


def test_the_command_says_what_it_wrote_and_what_comes_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["plugins", "new", "acme-sql", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["schema_version"], said["folder"]) == (1, "bascule-acme-sql")
    assert all((tmp_path / "bascule-acme-sql" / file).is_file() for file in said["files"])
    assert said["next"][0] == "cd bascule-acme-sql"
    assert run(["plugins", "new", "deps"]) == 2
    assert "taken by an installed plugin" in capsys.readouterr().err
    assert run(["plugins", "new", "acme-sql"]) == 2
    assert "nothing was written" in capsys.readouterr().err


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("new") / "bascule-acme-sql"
    distribution.write("acme-sql", folder)
    return folder


def test_every_mark_is_filled(written: Path) -> None:
    files = [p for p in written.rglob("*") if p.is_file()]
    assert not [p for p in files if "{{" in str(p) or re.search(r"\{\{\w+\}\}", p.read_text())]
    project = tomllib.loads((written / "pyproject.toml").read_text())["project"]
    assert project["name"] == "bascule-acme-sql"
    assert project["entry-points"]["bascule"] == {"acme-sql": "bascule_acme_sql.plugin"}
    assert project["dependencies"] == [distribution.core_requirement()]
    assert "bascule>=0.1,<0.2" in (ROOT / "plugins/deps/pyproject.toml").read_text()


def test_every_template_file_is_used() -> None:
    there = {p.name.removesuffix(".tmpl") for p in (ROOT / "core/src/bascule/templates/plugin").iterdir()}
    assert there == {t for t in distribution._FILES.values() if t}


def test_it_is_tidy_and_strictly_typed(written: Path, tmp_path: Path) -> None:
    """By the tools' own defaults and strictness, not by this project's settings."""
    (tmp_path / "mypy.ini").write_text("[mypy]\n")
    ruff = Path(sys.executable).with_name("ruff")
    for command in (
        [str(ruff), "check", "--isolated", "--select", "E,F,I,UP,B", "--line-length", "120", str(written)],
        [str(ruff), "format", "--isolated", "--line-length", "120", "--check", str(written)],
        [sys.executable, "-m", "mypy", "--strict", "--config-file", str(tmp_path / "mypy.ini"), "--cache-dir",
         str(tmp_path / "cache"), "src", "tests"],
    ):  # fmt: skip
        env = {"MYPYPATH": f"{ROOT / 'core/src'}:{written / 'src'}", "PATH": "/usr/bin:/bin"}
        done = subprocess.run(command, cwd=written, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
