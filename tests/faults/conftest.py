"""The calls of one clean run."""

from __future__ import annotations

from typing import Any

import pytest
from tests.e2e.kit import World
from tests.faults.kit import clean_run


@pytest.fixture(scope="session")
def calls(shared_world: World) -> list[dict[str, Any]]:
    return clean_run(shared_world)
