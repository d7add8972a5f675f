"""Environments that all test processes of one run share: whoever comes first makes one, under a lock."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.environments import ROOT, Environment, wheels
from tests.third_party import rogues

EXAMPLE = ROOT / "docs" / "examples" / "bascule-migrations"


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """Return a folder that ``make`` has filled, once for all test processes of this run."""
    base = factory.getbasetemp()
    root = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    place = root / name
    with (root / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place / "made").exists():
            place.mkdir()
            make(place)
            (place / "made").touch()
    return place


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return the wheel of a project by its distribution's name."""

    def make(place: Path) -> None:
        folders = rogues.write(place / "projects")
        wheels(place / "dist", [ROOT / "core", ROOT / "plugins" / "helm", EXAMPLE, *folders])

    place = once(tmp_path_factory, "third-party-wheels", make)

    def find(name: str) -> Path:
        (wheel,) = (place / "dist").glob(f"{name.replace('-', '_')}-*.whl")
        return wheel

    return find


@pytest.fixture(scope="session")
def alone(built: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """Bascule and one plugin."""

    def make(place: Path) -> None:
        Environment.made(place).install(built("bascule"), built("bascule-helm"))

    return Environment(folder=once(tmp_path_factory, "third-party-alone", make))


@pytest.fixture(scope="session")
def crowd(built: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """Bascule, a third party's sound plugin, and all that can be wrong with others."""

    def make(place: Path) -> None:
        made = Environment.made(place)
        made.install(built("bascule"), built("bascule-migrations"))
        # What one of them needs does not exist; a person gets there by uninstalling it later.
        made.install(*(built(name) for name in rogues.NAMES), options=["--no-deps"])

    return Environment(folder=once(tmp_path_factory, "third-party-crowd", make))
