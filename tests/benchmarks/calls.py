"""Every GitHub call of a clean run, one line each, against the budgets; and how long protection is loosened.

``python -m tests.benchmarks.calls`` runs the command line against ``bascule sim`` and counts in the simulator's own
request log, so nothing depends on what the client believes it did. Git's traffic is counted apart. The runs are in the
steady state: the journal exists, and the window before is verified by the run that follows it, so each run carries
exactly one ``verified``. Exposure is the time from the relaxation's effect to the restore's as the server sees it,
with 100 ms of latency in front of every REST call; a round trip is 100 ms. The server's own work in between is taken
out of the round trips and shown beside them: the simulator's is git on this machine, GitHub's is GitHub's.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from attrs import frozen
from tests.e2e.kit import ADMIN, Ran, Repo, World, is_api, short

LATENCY = 0.1
BUDGET_PLAIN, BUDGET_STEPWISE, BUDGET_EXPOSURE = 8, 16, 3.3
RUNS = 20


@frozen(kw_only=True)
class Trace:
    """The calls of one clean run, git's apart, against a budget."""

    what: str
    tokens: str
    calls: tuple[dict[str, Any], ...]
    git: int
    budget: int

    @property
    def met(self) -> bool:
        """Return whether the budget is met."""
        return len(self.calls) <= self.budget

    def lines(self) -> list[str]:
        """Return the table."""
        head = f"{self.what}, {self.tokens}: {len(self.calls)} calls (budget {self.budget}), {self.git} of git apart"
        rows = [f"  {n:2}  {c['user']:13} {c['status']}  {short(c)}" for n, c in enumerate(self.calls, 1)]
        return [f"{head} - {'met' if self.met else 'NOT MET'}", *rows]


def trace(what: str, tokens: str, ran: Ran, budget: int) -> Trace:
    """Return the trace of a run that must have merged without an alarm."""
    doc = ran.doc
    if (doc["status"], doc["alarms"]) != ("merged", []):
        raise SystemExit(f"not a clean run, so there is nothing to count: {ran.out}{ran.err}")
    calls = tuple(c for c in ran.calls if is_api(c))
    return Trace(what=what, tokens=tokens, calls=calls, git=len(ran.calls) - len(calls), budget=budget)


def change(repo: Repo, name: str, *, approved: bool) -> int:
    """Open one more pull request that is ready."""
    number = repo.pull({f"docs/{name}.md": f"{name}\n"}, head=name)
    if approved:
        repo.review(number, by=ADMIN)
    return number


def traces(world: World) -> list[Trace]:
    """Return the traces for both ways, with separate tokens and with one that is shared."""
    found = []
    for tokens, shared in (("separate tokens", False), ("one shared token", True)):
        for what, approved, budget in (
            ("nothing to relax", True, BUDGET_PLAIN),
            ("one relaxation, stepwise, verified included", False, BUDGET_STEPWISE),
        ):
            repo = world.repo()
            env = repo.env(shared=shared)
            before = repo.reviews()
            # The first run makes the journal and leaves a window to be verified.
            for name in ("first", "second"):
                ran = repo.merge(change(repo, name, approved=approved), env=env)
                world.sim.control("clock", {"advance": 40})
            found.append(trace(what, tokens, ran, budget))
            if repo.protection() != before:
                raise SystemExit("protection is not what it was: the benchmark measures nothing")
    return found


@frozen(kw_only=True)
class Exposure:
    """One window: round trips without the server's work, and seconds with it."""

    round_trips: float
    seconds: float


def exposures(world: World, runs: int) -> list[Exposure]:
    """Return the exposure of each of ``runs`` merges, as the server saw it."""
    repo = world.repo()
    repo.reviews()
    found = []
    for n in range(runs):
        number = change(repo, f"page{n}", approved=False)
        rule = {"action": "delay", "path": "^/repos/", "seconds": LATENCY, "times": 0}
        world.sim.control("faults", rule)
        ran = repo.merge(number)
        world.sim.control("faults", method="DELETE")
        # Far enough that the next run verifies this window, not so far that tokens or limits end.
        world.sim.control("clock", {"advance": 40})
        trace("exposure", "", ran, BUDGET_STEPWISE)
        calls = [c for c in ran.calls if is_api(c)]
        first, last = (n for n, c in enumerate(calls) if c["method"] == "PATCH" and "/protection/" in c["path"])
        # Both take effect when the latency is over and the server's work done: these cancel out but for the work.
        effects = [calls[n]["monotonic"] + LATENCY + calls[n]["worked"] for n in (first, last)]
        seconds = effects[1] - effects[0]
        work = sum(c["worked"] for c in calls[first + 1 : last + 1])
        found.append(Exposure(round_trips=(seconds - work) / LATENCY, seconds=seconds))
    return found


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest of sorted ``values`` that at least ``share`` of them do not exceed."""
    return values[max(0, -int(-share * len(values) // 1) - 1)]


def main(argv: Sequence[str] = ()) -> int:
    """Print all tables; the exit code says whether every budget was met."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.calls")
    parser.add_argument("--runs", type=int, default=RUNS, help="merges for the exposure (default %(default)s)")
    options = parser.parse_args(list(argv))
    with tempfile.TemporaryDirectory(prefix="bascule-bench-") as folder, World.started(Path(folder)) as world:
        counted = traces(world)
        for one in counted:
            print("\n".join(one.lines()), end="\n\n")
        open_for = exposures(world, options.runs)
    trips, wall = sorted(e.round_trips for e in open_for), sorted(e.seconds for e in open_for)
    worst = percentile(trips, 0.99)
    within = worst <= BUDGET_EXPOSURE
    print(
        f"exposure at {LATENCY * 1000:.0f} ms latency, n = {len(trips)}: median {percentile(trips, 0.5):.2f}, 99th "
        f"percentile {worst:.2f} round trips (budget {BUDGET_EXPOSURE}) - {'met' if within else 'NOT MET'}\n"
        f"  with the server's work: median {percentile(wall, 0.5):.3f} s, 99th {percentile(wall, 0.99):.3f} s"
    )
    return 0 if within and all(one.met for one in counted) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
