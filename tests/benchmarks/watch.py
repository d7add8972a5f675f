"""The judge of the watch: bytes of a state, seconds of a step, cases a second, and its accuracy beside other rules.

``python -m tests.benchmarks.watch`` prints the figures. Budget: 10,000 watches of 120 minutes at 30 s blocks, 50
objectives each, in 1 GiB. The states are made and fed for a whole watch in a sample, and the rest is multiplication.
"""

from __future__ import annotations

import gc
import json
import random
import sys
import time
import tracemalloc
from collections.abc import Callable

from tests.acceptance.watch.__main__ import main as acceptance

from bascule import wire
from bascule.slo import judge
from bascule.slo.records import Block, Direction, GaugeBlock, RatioBlock

WATCHES, OBJECTIVES, BLOCKS, STEP = 10_000, 50, 240, 30.0
SAMPLE = 400
"""States that are really made of each kind."""
BUDGET = 1 << 30


def ratio(rng: random.Random) -> judge.State:
    """Return a watch on a ratio with an hour of history."""
    before = [RatioBlock(200.0, float(rng.random() < 0.05)) for _ in range(120)]
    return judge.watch_ratio(0.999, before, step_seconds=STEP, planned=BLOCKS, objectives=OBJECTIVES)


def gauge(rng: random.Random) -> judge.State:
    """Return a watch on a gauge with an hour of history, worse both ways: the larger kind."""
    before = [rng.gauss(50, 2) for _ in range(120)]
    return judge.watch_gauge(Direction.BOTH, before, step_seconds=STEP, planned=BLOCKS, objectives=OBJECTIVES)


def block(kind: str, rng: random.Random) -> Block:
    """Return one healthy block."""
    if kind == "ratio":
        return RatioBlock(200.0, float(rng.random() < 0.05))
    return GaugeBlock(rng.gauss(50, 2))


def measure(kind: str, make: Callable[[random.Random], judge.State]) -> dict[str, float]:
    """Return bytes a state at its largest, bytes of it as JSON, and seconds a step."""
    rng = random.Random(kind)
    gc.collect()
    tracemalloc.start()
    base = tracemalloc.get_traced_memory()[0]
    states = [make(rng) for _ in range(SAMPLE)]
    blocks = [block(kind, rng) for _ in range(60)]
    for one in blocks:
        states = [judge.step(s, one) for s in states]
    gc.collect()
    held = (tracemalloc.get_traced_memory()[0] - base) / SAMPLE
    tracemalloc.stop()
    start = time.process_time()
    for one in blocks[:20]:
        states = [judge.step(s, one) for s in states]
    spent = (time.process_time() - start) / (20 * SAMPLE)
    size = len(json.dumps(wire.dump(states[0]), separators=(",", ":")))
    return {"bytes": round(held), "json_bytes": size, "step_microseconds": round(spent * 1e6, 1)}


def main() -> int:
    """Print the figures; return 1 when the budget or an acceptance figure is missed."""
    kinds = {"ratio": measure("ratio", ratio), "gauge": measure("gauge", gauge)}
    states = WATCHES * OBJECTIVES
    needed = {kind: round(states * figures["bytes"] / BUDGET, 3) for kind, figures in kinds.items()}
    seconds = {kind: round(states * figures["step_microseconds"] / 1e6, 1) for kind, figures in kinds.items()}
    met = max(needed.values()) <= 1.0
    figures = {
        "what": f"{WATCHES:,} watches x {OBJECTIVES} objectives, extrapolated from {SAMPLE} states of each kind",
        "a_state": kinds,
        "gib_if_all_were": needed,
        "cpu_seconds_a_tick_if_all_were": seconds,
        "tick_seconds": STEP,
        "budget_gib": 1,
        "met": met,
    }
    print(json.dumps(figures, indent=2))
    missed = acceptance(["--count", "5"])
    return 0 if met and missed == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
