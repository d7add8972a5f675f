"""One simulator for the documents that are carried out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.e2e.kit import World


@pytest.fixture(scope="session")
def shared_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World.started(tmp_path_factory.mktemp("documents")) as world:
        yield world


@pytest.fixture
def world(shared_world: World) -> Iterator[World]:
    shared_world.quiet()
    yield shared_world
    shared_world.quiet()
