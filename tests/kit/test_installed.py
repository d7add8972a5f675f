"""Which plugin a bench or a contract is for, and what they say where it is not there."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bascule.testing import Bench


def distribution(folder: Path, name: str, plugin: str) -> None:
    (folder / f"{name}-1.0.dist-info").mkdir(parents=True)
    (folder / f"{name}-1.0.dist-info" / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (folder / f"{name}-1.0.dist-info" / "entry_points.txt").write_text(f"[bascule]\n{plugin} = {name}\n")


def test_one_that_is_not_installed_is_named_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(LookupError, match=r"the plugin `nobody` is not installed here: `pip install -e \.`"):
        Bench("nobody", tmp_path).run({}, {"a": "b"})


def test_one_that_comes_later_is_found_and_one_that_is_there_twice_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(LookupError, match="not installed"):
        Bench("latecomer", tmp_path).run({}, {"a": "b"})
    distribution(tmp_path / "one", "latecomer_one", "latecomer")
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path / "one")])
    with pytest.raises(ModuleNotFoundError, match="latecomer_one"):  # found: what it names is imported
        Bench("latecomer", tmp_path).run({}, {"a": "b"})
    distribution(tmp_path / "two", "latecomer_two", "latecomer")
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path / "two")])
    with pytest.raises(LookupError, match="`latecomer` is installed twice: uninstall one"):
        Bench("latecomer", tmp_path).run({}, {"a": "b"})
