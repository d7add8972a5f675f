"""Print the acceptance tables: ``python -m tests.acceptance``."""

from __future__ import annotations

import os
from collections.abc import Sequence

from tests.acceptance.transfer import Bridge, Cell, applications, transfers
from tests.acceptance.watch.__main__ import main as watch
from tests.support import toolchain

from bascule.host.driver import Hosts


def share(cells: Sequence[Cell]) -> str:
    """Return "held of n" with its share."""
    held = sum(c.held for c in cells)
    return f"{held} of {len(cells)} ({held / len(cells):.1%})"


def table(cells: Sequence[Cell]) -> str:
    """Return rules down, scenarios across; a cell is how many of its cases held."""
    across = sorted({c.scenario for c in cells})
    lines = ["".join([f"{'rule':28}", *(f"{name:>15}" for name in across)])]
    for rule in dict.fromkeys(c.rule.removesuffix(" (stop)") for c in cells):
        row = [f"{rule:28}"]
        for name in across:
            mine = [c for c in cells if c.scenario == name and c.rule.removesuffix(" (stop)") == rule]
            row.append(f"{f'{sum(c.held for c in mine)}/{len(mine)}':>15}")
        lines.append("".join(row))
    return "\n".join(lines)


def main() -> int:
    """Print both tables and every cell that did not hold; return 1 when a figure of the mission is missed."""
    # As for the tests: the tools of `make tools` first.
    os.environ["PATH"] = os.pathsep.join([str(toolchain.BIN), os.environ.get("PATH", os.defpath)])
    with Hosts.discover() as hosts:
        bridge = Bridge(hosts)
        applied, carried = list(applications(bridge)), list(transfers(bridge))
    print(table(carried))
    for cell in (*applied, *carried):
        if not cell.held:
            print(f"  not held: {cell.scenario}, {cell.rule}: {cell.why}")
    print(f"\ntemplate application: {share(applied)}, asked: 95 %\nrule transfer: {share(carried)}, asked: 90 %")
    figures = [sum(c.held for c in cells) / len(cells) for cells in (applied, carried)]
    print("\nthe judge of the watch, on generated traffic")
    judged = watch([])
    return 0 if figures[0] >= 0.95 and figures[1] >= 0.9 and judged == 0 else 1


if __name__ == "__main__":
    raise SystemExit(main())
