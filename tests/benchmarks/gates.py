"""Core gates on a big change: 3,000 files against 100 globs, beside plain Python on the same policy in the same run.

``python -m tests.benchmarks.gates`` prints the figures. Budget: all core gates together ≤ 20 ms. What holds on any
machine is the ratio to the baseline, and the number of pattern calls a path (``tests/gates/test_budget.py``).
"""

from __future__ import annotations

import gc
import json
import statistics
import sys
import time
from collections.abc import Callable
from fnmatch import fnmatchcase

from bascule import gates
from bascule.globs import globs
from bascule.testing import make_change, make_context, make_files, make_pack
from bascule.types import GateContext, Status

FILES, GLOBS, ROUNDS = 3_000, 100, 30
BUDGET_MS = 20.0
ONLY = tuple(f"infra/team-{n}/**" for n in range(90))
DENY = tuple(f"infra/team-{n}/iam/*" for n in range(GLOBS - 90))
PROTECTED = (".github/workflows/*", ".github/actions/*", ".github/rulepack/*", "rulepack/*", ".github/bascule.yml",
             ".github/bascule.yaml", "codeowners", ".github/codeowners", "docs/codeowners")  # fmt: skip


def context() -> GateContext:
    """Return the big change: every path is allowed, which is the slowest answer, since nothing ends early."""
    paths = [f"infra/team-{n % 90}/service-{n % 17}/module-{n}.tf" for n in range(FILES)]
    return make_context(make_change(files=make_files(*paths)), make_pack(files={"only": ONLY, "deny": DENY}))


def plain_python(ctx: GateContext) -> bool:
    """Judge the same path policy as a person would write it: for every path, every glob until one matches."""
    return all(
        any(fnmatchcase(path, glob) for glob in ctx.pack.files.only)
        and not any(fnmatchcase(path, glob) for glob in ctx.pack.files.deny)
        and not any(fnmatchcase(path.casefold(), glob) for glob in PROTECTED)
        for path in ctx.change.paths
    )


def milliseconds(task: Callable[[], object], rounds: int) -> list[float]:
    """Return how long each of ``rounds`` calls took, the collector paused as timeit does."""
    times = []
    gc.collect()
    gc.disable()
    try:
        for _ in range(rounds):
            start = time.perf_counter()
            task()
            times.append((time.perf_counter() - start) * 1e3)
    finally:
        gc.enable()
    return times


def measure() -> dict[str, object]:
    """Return the figures, after making sure that both ways gave the same answer."""
    ctx = context()
    paths = ctx.change.paths

    def judged() -> bool:
        return {c.status for c in gates.run(ctx, claimed=paths)} == {Status.ALLOW}

    globs.cache_clear()
    first = milliseconds(judged, 1)[0]
    if not judged() or not plain_python(ctx):
        raise SystemExit("the two ways disagree: the benchmark measures nothing")
    warm = milliseconds(judged, ROUNDS)
    baseline = milliseconds(lambda: plain_python(ctx), 3)
    median = statistics.median(warm)
    return {
        "what": f"all core gates, {FILES:,} files x {GLOBS} globs",
        "median_ms": round(median, 2),
        "p95_ms": round(sorted(warm)[int(len(warm) * 0.95) - 1], 2),
        "first_ms_with_compiling": round(first, 2),
        "budget_ms": BUDGET_MS,
        "met": median <= BUDGET_MS,
        "plain_python_paths_only_ms": round(statistics.median(baseline), 1),
        "times_faster": round(statistics.median(baseline) / median, 1),
    }


def main() -> int:
    """Print the figures; the exit code says whether the budget was met here."""
    figures = measure()
    print(json.dumps(figures, indent=2))
    return 0 if figures["met"] else 1


if __name__ == "__main__":
    sys.exit(main())
