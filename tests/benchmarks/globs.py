"""What anchored globs cost: 3,000 files against 100 globs, beside the standard library's way of doing it.

Run: python tests/benchmarks/globs.py
"""

from __future__ import annotations

import fnmatch
import random
import re
import time
from collections.abc import Callable

import re2

from bascule.globs import Globs

FILES, GLOBS, ROUNDS = 3_000, 100, 7


def sample(seed: int = 1) -> tuple[list[str], list[str]]:
    """Return globs as packs of a large repository hold them, and paths of which about a third match."""
    rng = random.Random(seed)
    shapes = ("svc{i}/**", "apps/team{i}/*/values.yaml", "**/file{i}.lock", "charts/c{i}/**/*.yaml", "docs/page{i}.md")
    patterns = [rng.choice(shapes).format(i=i) for i in range(GLOBS)]
    paths = (
        "svc{n}/src/mod{m}/file_{i}.py", "apps/team{n}/e{i}/values.yaml", "charts/c{n}/templates/t{m}.yaml",
        "packages/p{i}/file{n}.lock", "docs/page{i}.md",
    )  # fmt: skip
    made = [rng.choice(paths).format(i=i, m=i % 50, n=rng.randrange(GLOBS + 30)) for i in range(FILES)]
    return patterns, made


def worst() -> tuple[list[str], list[str]]:
    """Return globs that share everything but a number in the middle, so that all of them stay possible for long."""
    rng = random.Random(2)
    patterns = [f"infra/**/dir{i}/*.tf" for i in range(GLOBS)]
    return patterns, [f"infra/a/b/c/dir{rng.randrange(130)}/some_file_{i}.tf" for i in range(FILES)]


def milliseconds(action: Callable[[], object]) -> float:
    """Return the wall time of one call."""
    start = time.perf_counter()
    action()
    return (time.perf_counter() - start) * 1000


def measure(name: str, patterns: list[str], paths: list[str]) -> dict[str, float | str]:
    """Return compile, first and repeated matching in ms, and the ratio to a loop over compiled ``fnmatch`` patterns."""
    compiling, first, again = [], [], []
    for _ in range(ROUNDS):
        re2.purge()  # its own cache would hand out an automaton that is built already
        compiling.append(milliseconds(lambda: Globs(patterns)))
        re2.purge()
        fresh = Globs(patterns)
        first.append(milliseconds(lambda g=fresh: [g.match(p) for p in paths]))
        again.append(milliseconds(lambda g=fresh: [g.match(p) for p in paths]))
    loop = [re.compile(fnmatch.translate(p)) for p in patterns]
    plain = min(milliseconds(lambda: [any(r.match(p) for r in loop) for p in paths]) for _ in range(3))
    return {
        "case": name, "compile_ms": min(compiling), "first_ms": min(first), "again_ms": min(again),
        "fnmatch_loop_ms": plain, "ratio": plain / (min(compiling) + min(first)),
    }  # fmt: skip


def main() -> None:
    """Print one row per case."""
    print(f"{FILES} files x {GLOBS} globs; best of {ROUNDS}; ratio = fnmatch loop / (compile + first)")
    for name, (patterns, paths) in {"typical": sample(), "worst": worst()}.items():
        row = measure(name, patterns, paths)
        print("  ".join(f"{k} {v:.1f}" if isinstance(v, float) else f"{v:8}" for k, v in row.items()))


if __name__ == "__main__":
    main()
