"""Many watches at one desk: what they share changes no judgement, costs one question a series, and little memory."""

from __future__ import annotations

import gc
import random
import tracemalloc
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bascule.slo.desk import Desk
from bascule.slo.objective import Gauge, Objective, Ratio
from bascule.slo.posts import Watch
from bascule.slo.records import Direction
from bascule.types import Observation, Series

START = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)
CHECKOUT = Objective(name="checkout", sli=Ratio(target=0.99, bad="bad", total="all"))
STRICTER = Objective(name="stricter", sli=Ratio(target=0.999, bad="bad", total="all"))
QUEUE = Objective(name="queue", sli=Gauge(query="queue", direction=Direction.UP))
SETS = ((CHECKOUT,), (CHECKOUT, QUEUE), (STRICTER, CHECKOUT), (QUEUE, STRICTER))
BUDGET = (1 << 30) / 500_000
"""Bytes that one of 10,000 watches' 50 objectives may take of 1 GiB."""


def watches(rng: random.Random, count: int, minutes: float) -> list[Watch]:
    """Return watches that go live in the same few minutes, many of them in the same block."""
    made = []
    for n in range(count):
        live_at = START + timedelta(seconds=rng.randrange(0, int(60 * minutes)))
        ends_at = live_at + timedelta(minutes=rng.choice((10, 10, 15)))
        made.append(
            Watch(
                run=f"r-{n}", repository="acme/shop", number=n, sha=f"{n:040x}", live_at=live_at, ends_at=ends_at,
                objectives=rng.choice(SETS),
            )
        )  # fmt: skip
    return made


def answers(asked: Iterable[Series], seed: int, *, breaks: int, silent: bool) -> list[Observation]:
    """Return the same numbers for the same block, whoever asks; from minute ``breaks`` on requests fail."""
    found = []
    for series in asked:
        blocks: list[tuple[float, ...] | None] = []
        for n in range(series.blocks):
            end = series.start + timedelta(seconds=series.step * (n + 1))
            rng = random.Random(f"{seed} {series.kind} {end.timestamp()}")
            broken = end > START + timedelta(minutes=breaks)
            ratio = (1000.0, float(rng.randrange(3) + 100 * broken))
            blocks.append(None if silent else ratio if series.kind == "ratio" else (rng.gauss(50, 2),))
        seen = "unreachable" if silent else "data"
        found.append(Observation(series=series.id, start=series.start, blocks=tuple(blocks), seen=seen))
    return found


class Forgetful(dict[Any, Any]):
    """Keeps nothing: a desk with it in the place of what is shared makes a state for every watch."""

    def __setitem__(self, key: Any, value: Any) -> None:
        pass


@pytest.mark.parametrize("seed", range(4))
def test_each_hears_what_it_would_hear_from_a_state_of_its_own(seed: int) -> None:
    rng = random.Random(seed)
    every = watches(rng, 24, 4)
    shared, own = Desk(rhythm=False), Desk(rhythm=False)
    own._shared = Forgetful()
    silence = {rng.randrange(60) for _ in range(8 + 40 * (seed == 3))}
    fired = set()
    for tick in range(64):
        now = START + timedelta(seconds=30 * tick)
        begun = [w for w in every if w.live_at <= now]
        for desk in (shared, own):
            for watch in begun:
                desk.open(watch)
            asked = desk.due(now)[1]
            assert len(asked) <= 2, "one question for the ratio, one for the gauge"
            desk.take(answers(asked, seed, breaks=6 + seed, silent=tick in silence), now)
        for watch in begun:
            rows = shared.rows(watch.run)
            assert rows == own.rows(watch.run), (tick, watch)
            assert shared.over(watch.run) == own.over(watch.run)
            fired |= {watch.run for r in rows if r.fired_at}
    assert own.states == sum(len(w.objectives) for w in every)
    assert shared.states < own.states, "nothing was shared"
    assert fired or seed == 3, "nothing broke"


def test_a_violation_names_every_watch_of_its_time_but_its_own() -> None:
    every = [
        Watch(
            run=f"r-{n}", repository="acme/shop", number=n, sha=f"{n:040x}", live_at=START + timedelta(seconds=n),
            ends_at=START + timedelta(minutes=12), objectives=(CHECKOUT,),
        )
        for n in (1, 2, 3)
    ]  # fmt: skip
    desk = Desk(rhythm=False)
    for watch in every:
        desk.open(watch)
    now = START + timedelta(minutes=13)
    desk.take(answers(desk.due(now)[1], 0, breaks=2, silent=False), now)
    assert desk.states == 1
    for watch in every:
        (row,) = desk.rows(watch.run)
        assert row.person
        assert [n for n in (1, 2, 3) if f"acme/shop#{n}" in row.judgement.reason] == [
            n for n in (1, 2, 3) if n != watch.number
        ]
    for watch in every:
        desk.close(watch.run)
    assert (desk.states, desk.due(now)) == (0, ((), ()))


def test_many_watches_fit_the_budget_of_memory() -> None:
    # `python -m tests.benchmarks.watch` has 10,000 watches on 50 objectives, and a process's real memory.
    objectives = tuple(Objective(name=f"o-{n}", sli=Ratio(target=0.999, bad=f"b{n}", total=f"a{n}")) for n in range(4))
    minutes, count = 5, 200
    gc.collect()
    tracemalloc.start()
    try:
        base = tracemalloc.get_traced_memory()[0]
        desk = Desk(rhythm=False)
        for n in range(count):
            at = START + timedelta(seconds=60 * minutes * n / count)
            desk.open(
                Watch(
                    run=f"r-{n}", repository="acme/shop", number=n, sha=f"{n:040x}", live_at=at,
                    ends_at=at + timedelta(minutes=60), objectives=objectives,
                )
            )  # fmt: skip
        now = START + timedelta(minutes=minutes + 4)
        for _ in range(3):
            asked = desk.due(now)[1]
            assert len(asked) == len(objectives), "one question a series, however many watch it"
            # The same numbers for all: what is kept of them is small beside the states.
            desk.take(answers(asked, 0, breaks=600, silent=False), now)
            now += timedelta(seconds=30)
        gc.collect()
        held = tracemalloc.get_traced_memory()[0] - base
    finally:
        tracemalloc.stop()
    assert all(row.seen > 5 for n in range(count) for row in desk.rows(f"r-{n}"))
    # In each half minute: one state for what went live inside it, and one for what did so exactly at its beginning.
    assert desk.states == 2 * (2 * minutes) * len(objectives)
    assert held / (count * len(objectives)) <= BUDGET
