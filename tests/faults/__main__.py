"""``python -m tests.faults``: the table of every kill, before and after each GitHub call of one clean run."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.e2e.kit import World
from tests.faults.kit import HEAD, HOLDS, clean_run, kill


def main() -> int:
    """Print the table; the first case that is not as it must be ends it with its assertion."""
    with tempfile.TemporaryDirectory(prefix="bascule-faults-") as folder, World.started(Path(folder)) as world:
        calls = clean_run(world)
        print(HEAD)
        found = []
        for index in range(len(calls)):
            for moment in HOLDS:
                found.append(kill(world, index, moment))
                print(found[-1].row, flush=True)
    loose = sum(f.loose for f in found)
    well = sum(f.after.identical and f.after.audit == 0 for f in found)
    print(
        f"\n{len(found)} kills at {len(calls)} calls; protection was loose at the moment of death in {loose}; "
        f"afterwards identical, with a journal that verifies, in {well} of {len(found)}."
    )
    return 0 if well == len(found) else 1


if __name__ == "__main__":
    sys.exit(main())
