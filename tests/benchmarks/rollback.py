"""A rollback from "go" to protection read back, at 100 ms a call; and the GitHub calls that a clean one makes.

``python -m tests.benchmarks.rollback`` runs the command line against ``bascule sim`` with 100 ms in front of every
request, git's own included. Seconds are counted three ways, all from the same runs: by the command's own wall clock
(Python's start included), by the server's clock from the first request to the end of the read-back after the restore,
and the same without the server's own work, which is git on this machine and not GitHub. Where checks are waited for,
they are reported green the moment that the pull request is there: how long they run is the repository's own affair.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from attrs import asdict, frozen
from tests.benchmarks.calls import LATENCY, percentile
from tests.e2e.kit import ADMIN, Ran, Repo, World, is_api, pack, short

RUNS = 30
BUDGET = 60.0
PACKS = {
    "checks skipped": pack(watch="{rollback: {mode: auto, checks: skip}}", relax="reviews, checks"),
    "checks waited for": pack(watch="{rollback: {mode: auto, checks: wait}}", relax="reviews"),
}


@frozen(kw_only=True)
class Timed:
    """One rollback, in seconds: the command's wall clock, the server's, the server's without its work; and calls."""

    wall: float
    served: float
    without_work: float
    calls: int
    git: int


def merged(repo: Repo, name: str) -> int:
    """Merge a change by hand, protection aside for the moment; return its number."""
    repo.call("DELETE", "/branches/main/protection", by=ADMIN)
    number = repo.pull({f"docs/{name}.md": f"{name}\n"}, head=name)
    repo.call("PUT", f"/pulls/{number}/merge", {"merge_method": "squash"}, by=ADMIN)
    repo.reviews()
    return number


def one(world: World, repo: Repo, name: str, *, wait: bool) -> tuple[Timed, Ran]:
    """Roll one merge back and time it."""
    number = merged(repo, name)
    before = repo.protection()
    world.sim.control("faults", {"action": "delay", "path": "^/(?!_sim)", "seconds": LATENCY, "times": 0})
    stop = threading.Event()
    ci = threading.Thread(target=report_green, args=(world, repo, stop)) if wait else None
    if ci is not None:
        ci.start()
    began = time.monotonic()
    try:
        extra = ("--wait", "10m") if wait else ()
        ran = repo.run("rollback", str(number), "--attended", "--anyway", "--json", *extra)
    finally:
        wall = time.monotonic() - began
        stop.set()
        if ci is not None:
            ci.join()
        world.sim.control("faults", method="DELETE")
    if ran.code != 0 or ran.doc["status"] != "merged" or ran.doc["alarms"] or repo.protection() != before:
        raise SystemExit(f"not a clean rollback, so there is nothing to measure: {ran.out}{ran.err}")
    report = ran.doc["details"]["rollback"]
    if report["landed_tree"] != report["tree_before"]:
        raise SystemExit("the tree is not the one before: the benchmark measures nothing")
    # Another client's requests, such as CI's, are not the rollback's.
    own = [c for c in ran.calls if c["user"] != "ci[bot]" and not c["path"].endswith("/check-runs")]
    last = max(n for n, c in enumerate(own) if c["method"] == "GET" and c["path"].endswith("/protection"))
    upto = own[: last + 1]
    served = upto[-1]["monotonic"] + LATENCY + upto[-1]["worked"] - upto[0]["monotonic"]
    api = [c for c in own if is_api(c)]
    return Timed(
        wall=wall, served=served, without_work=served - sum(c["worked"] for c in upto), calls=len(api),
        git=len(own) - len(api),
    ), ran  # fmt: skip


def report_green(world: World, repo: Repo, stop: threading.Event) -> None:
    """Report the required check green as soon as the rollback's pull request is there."""
    while not stop.is_set():
        pulls = [p for p in repo.state()["pulls"] if p["head_ref"].startswith("bascule/") and not p["merged"]]
        if pulls:
            repo.check(pulls[-1]["head_sha"])
            return
        time.sleep(0.05)


def measure(world: World, what: str, runs: int, told: Callable[[Timed], None]) -> tuple[list[Timed], Ran]:
    """Return the times of ``runs`` rollbacks in one repository, and the last run; ``told`` hears of each."""
    repo = world.repo(rulepack=PACKS[what])
    repo.reviews()
    found: list[Timed] = []
    ran: Ran | None = None
    for n in range(runs):
        timed, ran = one(world, repo, f"page{n}", wait="waited" in what)
        found.append(timed)
        told(timed)
        world.sim.control("clock", {"advance": 40})  # so that the next run verifies this window
    assert ran is not None
    return found, ran


def keep(log: str | None, what: str, timed: Timed) -> None:
    """Append one run's figures to ``log``, so that a benchmark that is cut short leaves what it measured."""
    if log is not None:
        with Path(log).open("a", encoding="utf-8") as file:
            file.write(json.dumps({"what": what, **asdict(timed)}) + "\n")


def lines(what: str, found: list[Timed], ran: Ran) -> list[str]:
    """Return the figures of one way, and the calls of its last run."""
    out = [f"{what}, n = {len(found)}, at {LATENCY * 1000:.0f} ms a call"]
    for name in ("wall", "served", "without_work"):
        values = sorted(getattr(t, name) for t in found)
        p99 = percentile(values, 0.99)
        met = f" (budget {BUDGET:.0f}) - {'met' if p99 <= BUDGET else 'NOT MET'}" if name == "wall" else ""
        out.append(f"  {name:13} median {percentile(values, 0.5):6.2f} s, 99th percentile {p99:6.2f} s{met}")
    out.append(f"  GitHub calls  median {percentile(sorted(t.calls for t in found), 0.5)}, git's apart")
    calls: list[dict[str, Any]] = [c for c in ran.calls if is_api(c) and not c["path"].endswith("/check-runs")]
    out += [f"  {n:2}  {c['user']!s:13} {c['status']}  {short(c)}" for n, c in enumerate(calls, 1)]
    return out


def main(argv: Sequence[str] = ()) -> int:
    """Print both ways; the exit code says whether the budget was met."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.rollback")
    parser.add_argument("--runs", type=int, default=RUNS, help="rollbacks for each way (default %(default)s)")
    parser.add_argument("--only", choices=sorted(PACKS), help="one of the two ways")
    parser.add_argument("--log", metavar="FILE", help="append every run's figures as a line of JSON")
    options = parser.parse_args(list(argv))
    worst = 0.0
    with tempfile.TemporaryDirectory(prefix="bascule-bench-") as folder, World.started(Path(folder)) as world:
        for what in [options.only] if options.only else PACKS:
            found, ran = measure(world, what, options.runs, partial(keep, options.log, what))
            print("\n".join(lines(what, found, ran)), end="\n\n", flush=True)
            worst = max(worst, percentile(sorted(t.wall for t in found), 0.99))
    return 0 if worst <= BUDGET else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
