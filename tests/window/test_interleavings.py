"""Two runs, a sweeper, a person, time and late writes, interleaved at every call; whatever happens, nothing stays
loose.

A few hundred schedules run with every build; ``BASCULE_SCHEDULES=20000`` draws more. A failing seed is in the test's
id.
"""

from __future__ import annotations

import copy
import os
import random
from pathlib import Path
from typing import Any

import pytest
from tests.window.fake import Client, Fault
from tests.window.kit import KINDS, Stage
from tests.window.schedules import Schedule, SharedClock

from bascule.protection.canonical import from_json
from bascule.window.entries import Entry, Kind, Opened
from bascule.window.state import State, fold

SCHEDULES = int(os.environ.get("BASCULE_SCHEDULES", "240"))
BATCH = 40
FAULTS = [*Fault]
FAULTS.remove(Fault.REFUSED)


def tighten(stage: Stage) -> None:
    stage.protection["required_pull_request_reviews"]["required_approving_review_count"] = 3


def loosen(stage: Stage) -> None:
    stage.protection["required_pull_request_reviews"]["required_approving_review_count"] = 1


def elsewhere(stage: Stage) -> None:
    stage.protection["required_linear_history"]["enabled"] = False


def nothing(stage: Stage) -> None:
    return None


PEOPLE = {tighten: {2, 3}, loosen: {1, 2}, elsewhere: {2}, nothing: {2}}


def explore(folder: Path, seed: int) -> tuple[Stage, Any, Any, Schedule]:
    rng = random.Random(seed)
    schedule = Schedule(rng, stickiness=rng.choice([0.5, 0.8, 0.95]))
    stage = Stage(folder)
    clock = SharedClock(schedule)
    stage.server.clock = clock
    stage.server.pause = schedule.point
    before = stage.original()
    person = rng.choice(list(PEOPLE))

    def client(login: str) -> Client:
        plan: dict[int | str, Fault] = {}
        for _ in range(rng.choice([0, 0, 1, 2])):
            plan[rng.randrange(14)] = rng.choice(FAULTS)
        return Client(stage.server, login=login, plan=plan)

    def sweep() -> None:
        sweeper = stage.sweeper(client("sweeper-bot"))
        for _ in range(4):
            sweeper.sweep()
            clock.sleep(25)

    def passing() -> None:
        for _ in range(rng.choice([0, 1, 2])):
            schedule.point()
            clock.advance(rng.choice([20, 45, 62, 100]))

    def land() -> None:
        for _ in range(2):
            schedule.point()
            stage.server.land()

    runs = {f"run {n}": rng.choice(list(KINDS.values())) for n in (1, 2)}
    clients = {name: client("merge-bot") for name in runs}
    schedule.run(
        {
            **{
                name: lambda name=name, kind=kind: stage.run(*kind, client=clients[name]) for name, kind in runs.items()
            },
            "sweeper": sweep,
            "time": passing,
            "land": land,
            "person": lambda: (schedule.point(), person(stage)),
        }
    )
    return stage, before, person, schedule


def check(stage: Stage, before: Any, person: Any) -> None:
    for _ in range(2):
        stage.settle()
    left = copy.deepcopy(stage.protection)
    count = left["required_pull_request_reviews"].pop("required_approving_review_count")
    expected = copy.deepcopy(before)
    expected["required_pull_request_reviews"].pop("required_approving_review_count")
    if person is elsewhere:
        expected["required_linear_history"]["enabled"] = False
    assert left == expected
    assert count in PEOPLE[person]

    journal = stage.journal(Client(stage.server, login="reader"))
    tip = stage.state().tip
    items = list(journal.history(tip))[::-1] if tip is not None else []
    assert all(isinstance(i, Entry) for i in items)
    start = State(tip=None, date=stage.server.clock.now(), elapsed=0.0)
    end = fold(start, items, journal.keys)
    # Every window was opened on a closed one or took it over with its own snapshot; none was closed by another.
    assert end.flaws == ()
    assert not end.is_open
    for item in items:
        if item.kind is Kind.OPEN and isinstance(item.body, Opened):
            # Never poisoned: no snapshot holds a loosening of ours.
            reviews = from_json(item.body.snapshot).required_pull_request_reviews
            assert reviews is not None
            assert reviews.required_approving_review_count in PEOPLE[person] | {2}
            assert from_json(item.body.snapshot).enforce_admins is True


@pytest.mark.parametrize("batch", range(SCHEDULES // BATCH))
def test_nothing_stays_loose_whatever_comes_between(tmp_path: Path, batch: int) -> None:
    for seed in range(batch * BATCH, (batch + 1) * BATCH):
        stage, before, person, schedule = explore(tmp_path / str(seed), seed)
        try:
            assert schedule.faults == []
            check(stage, before, person)
        except BaseException:
            print(f"seed {seed}, person {person.__name__}")
            print("\n".join(stage.server.log))
            raise
