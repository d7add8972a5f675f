"""Applied, and the answer lost: at each write of a clean run, once with a cut connection and once with a 502."""

from __future__ import annotations

from typing import Any

import pytest
from tests.e2e.kit import World, short
from tests.faults.kit import Scene, at, is_write

WRITES = 9
"""Writes of one clean run; the first test says so when there are more or fewer."""


def test_every_write_has_its_case(calls: list[dict[str, Any]]) -> None:
    made = [short(c) for c in calls if is_write(c)]
    assert len(made) == WRITES, made


@pytest.mark.parametrize("how", ["cut", "502"])
@pytest.mark.parametrize("number", range(WRITES))
def test_a_lost_answer_is_found_out(world: World, calls: list[dict[str, Any]], number: int, how: str) -> None:
    index = [n for n, c in enumerate(calls) if is_write(c)][number]
    scene = Scene.of(world)
    world.sim.control("faults", at(index, action="lose", drop=how == "cut"))
    ran = scene.repo.merge(scene.number)
    assert ran.code == 0, (short(calls[index]), ran.out, ran.err)
    assert ran.doc["status"] == "merged"
    assert ran.doc["window"]["restored"]
    assert scene.settled().change == "merged"
    merges = [c for c in ran.calls if c["path"].endswith("/merge")]
    assert [c["status"] for c in merges] in ([200], [0], [502])
    # Twice is once, after a lost answer as well.
    assert len(scene.repo.comments(scene.number)) <= 1
    assert sum(e["kind"] == "open" for e in scene.journal()[1]) == 1
