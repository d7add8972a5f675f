"""SIGKILL and lost answers at the writes of a rollback: never two reverts, and the next run goes on.

``python -m tests.faults.rollback`` kills at every call, before and after.
"""

from __future__ import annotations

from typing import Any

import pytest
from tests.e2e.kit import World, short
from tests.faults.kit import is_write
from tests.faults.rollback import clean_run, kill, lose

WRITES = 15
"""Writes of one clean rollback; the first test says so when there are more or fewer."""


@pytest.fixture(scope="session")
def rollback_calls(shared_world: World) -> list[dict[str, Any]]:
    shared_world.quiet()
    return clean_run(shared_world)


def writes(calls: list[dict[str, Any]]) -> list[int]:
    return [n for n, c in enumerate(calls) if is_write(c)]


def test_every_write_has_its_case(rollback_calls: list[dict[str, Any]]) -> None:
    assert len(writes(rollback_calls)) == WRITES, [short(rollback_calls[n]) for n in writes(rollback_calls)]


@pytest.mark.parametrize("number", range(WRITES))
def test_killed_after_a_write(world: World, rollback_calls: list[dict[str, Any]], number: int) -> None:
    kill(world, writes(rollback_calls)[number], "after")


@pytest.mark.parametrize("path", ["/git/refs", "/pulls", "/merge"])
def test_killed_before_a_write(world: World, rollback_calls: list[dict[str, Any]], path: str) -> None:
    index = next(n for n in writes(rollback_calls) if rollback_calls[n]["path"].endswith(path))
    kill(world, index, "before")


@pytest.mark.parametrize("path", ["/git/commits", "/git/refs", "/pulls", "/merge"])
def test_a_lost_answer_is_found_out(world: World, rollback_calls: list[dict[str, Any]], path: str) -> None:
    index = next(n for n in writes(rollback_calls) if rollback_calls[n]["path"].endswith(path))
    lose(world, index, cut=True)
