"""The desk and the judge of the watch: resident memory, series a tick, steps a second, and accuracy beside other rules.

``python -m tests.benchmarks.watch`` prints the figures. Budget: 10,000 watches of 120 minutes at 30 s blocks, on 50
objectives each, in 1 GiB, and one question an objective and tick. They are run as such, in a process of its own; it
takes some minutes.
"""

from __future__ import annotations

import gc
import json
import random
import subprocess
import sys
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.acceptance.watch.__main__ import main as acceptance

from bascule import wire
from bascule.slo import judge
from bascule.slo.desk import LAG, Desk
from bascule.slo.objective import Gauge, Objective, Ratio
from bascule.slo.posts import Watch
from bascule.slo.records import Block, Direction, GaugeBlock, RatioBlock
from bascule.types import Observation, Series

WATCHES, OBJECTIVES, BLOCKS, STEP = 10_000, 50, 240, 30.0
STAGGER = 110.0
"""Minutes over which the watches go live: after that, all of them are open."""
SAMPLE = 400
"""States of each kind that are made by themselves."""
BUDGET_MIB = 1024


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


def objectives() -> tuple[Objective, ...]:
    """Return the objectives that all watches have: half of them ratios, half gauges that are worse both ways."""
    ratios = [Objective(name=f"r-{n}", sli=Ratio(target=0.999, bad=f"bad_{n}", total=f"all_{n}")) for n in range(25)]
    gauges = [Objective(name=f"g-{n}", sli=Gauge(query=f"depth_{n}", direction=Direction.BOTH)) for n in range(25)]
    return (*ratios, *gauges)


def desk(watches: int) -> dict[str, Any]:
    """Run one desk with ``watches`` watches, all open at once at the end; return what that took.

    They go live one after the other over :data:`STAGGER` minutes, in order of time, a tick every 30 s; what is told of
    are the ticks at which all are open. CPU is that of the desk: making up the numbers is not counted.
    """
    rng, all_of = random.Random(7), objectives()
    start = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)
    made = Desk()
    opened, ticks, most, spent, whole = 0, 0, 0, 0.0, 0.0
    for block in range(1, BLOCKS):
        now = start + timedelta(seconds=STEP * block + LAG)
        began = time.process_time()
        while opened < watches and start + timedelta(minutes=STAGGER * opened / watches) <= now:
            live_at = start + timedelta(minutes=STAGGER * opened / watches)
            made.open(
                Watch(
                    run=f"r-{opened}", repository="acme/shop", number=opened, sha=f"{opened:040x}", live_at=live_at,
                    ends_at=live_at + timedelta(seconds=STEP * BLOCKS), objectives=all_of,
                )
            )  # fmt: skip
            opened += 1
        asked = made.due(now)[1]
        due = time.process_time() - began
        seen = [_answered(series, rng) for series in asked]
        began = time.process_time()
        made.take(seen, now)
        took = due + time.process_time() - began
        whole += took
        if opened == watches:
            ticks, most, spent = ticks + 1, max(most, len(asked)), spent + took
    resident = _resident()
    # Rows have pictures in them: some watches of every block are looked at, one after the other.
    answers: Counter[str] = Counter()
    least = BLOCKS
    for run in range(0, watches, max(1, watches // 500)):
        for row in made.rows(f"r-{run}"):
            answers[row.judgement.answer.value] += 1
            least = min(least, row.seen)
    return {
        "watches": watches,
        "states_judged": watches * len(all_of),
        "states_kept": made.states,
        "least_blocks_looked_at": least,
        "answers_looked_at": dict(answers),
        "ticks_with_all_open": ticks,
        "most_series_asked_in_one_tick": most,
        "cpu_seconds_a_tick": round(spent / ticks, 3),
        "steps_a_cpu_second": round(made.states * ticks / spent),
        "judgements_a_cpu_second": round(watches * len(all_of) * ticks / spent),
        "cpu_seconds_of_all": round(whole, 1),
        "rss_mib": round(resident / 1024, 1),
    }


def _answered(series: Series, rng: random.Random) -> Observation:
    if series.kind == "ratio":
        blocks: tuple[tuple[float, ...], ...] = tuple((200.0, float(rng.random() < 0.05)) for _ in range(series.blocks))
    else:
        blocks = tuple((rng.gauss(50, 2),) for _ in range(series.blocks))
    return Observation(series=series.id, start=series.start, blocks=blocks)


def _resident() -> int:
    """Return the most KiB that this process ever had in memory."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0])


def main() -> int:
    """Print the figures; return 1 when the budget or an acceptance figure is missed."""
    if len(sys.argv) > 1 and sys.argv[1] == "desk":
        print(json.dumps(desk(int(sys.argv[2]))))
        return 0
    kinds = {"ratio": measure("ratio", ratio), "gauge": measure("gauge", gauge)}
    # A process of its own, so that its memory is the desk's.
    child = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.watch", "desk", str(WATCHES)],
        capture_output=True,
        text=True,
        check=True,
    )  # fmt: skip
    ran = json.loads(child.stdout)
    met = ran["rss_mib"] <= BUDGET_MIB and ran["most_series_asked_in_one_tick"] <= OBJECTIVES
    figures = {
        "what": f"{WATCHES:,} watches x {OBJECTIVES} objectives on one desk, {STEP:.0f} s a tick",
        "a_state_by_itself": kinds,
        "desk": ran,
        "budget_mib": BUDGET_MIB,
        "met": met,
    }
    print(json.dumps(figures, indent=2))
    missed = acceptance(["--count", "5"])
    return 0 if met and missed == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
