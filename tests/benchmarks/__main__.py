"""``python -m tests.benchmarks``: every benchmark of this folder, one after the other, each with its own figures."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path


def main() -> int:
    """Run them all; the exit code is that of the worst."""
    worst = 0
    for path in sorted(Path(__file__).parent.glob("[a-z]*.py")):
        module = importlib.import_module(f"tests.benchmarks.{path.stem}")
        if hasattr(module, "main"):
            print(f"== {path.stem}: {(module.__doc__ or '').splitlines()[0]}", flush=True)
            worst = max(worst, module.main() or 0)
            print(flush=True)
    return worst


if __name__ == "__main__":
    sys.exit(main())
