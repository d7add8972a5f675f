"""One simulator for each test process, and the calls of one clean run on it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.e2e.kit import World
from tests.faults.kit import clean_run


@pytest.fixture(scope="session")
def shared_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World.started(tmp_path_factory.mktemp("faults")) as world:
        yield world


@pytest.fixture(scope="session")
def calls(shared_world: World) -> list[dict[str, Any]]:
    return clean_run(shared_world)


@pytest.fixture
def world(shared_world: World) -> Iterator[World]:
    shared_world.quiet()
    yield shared_world
    shared_world.quiet()
