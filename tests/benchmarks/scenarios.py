"""Changes a second through the gates of every installed scenario, on evidence in memory.

Each scenario's gate is asked about every example of its templates, with the evidence of a real rehearsal, in this
process: what the pipe to a host costs is measured beside it, per question. Machines differ, so the figure to compare is
the ratio to a gate that answers nothing.
"""

from __future__ import annotations

import time
from typing import Any

from bascule import gates
from bascule.host.driver import Hosts
from bascule.host.loading import import_entry_point, register
from bascule.rulepack.catalog import Catalog
from bascule.rulepack.example import case_of
from bascule.rulepack.load import load_template
from bascule.rulepack.rehearsing import rehearsed
from bascule.types import GateContext, Status

SECONDS = 1.0


def contexts(hosts: Hosts) -> dict[str, list[GateContext]]:
    """Return what gates are asked, by scenario: one context per example that can be rehearsed here."""
    catalog = Catalog.of(hosts.scenarios().values())
    found: dict[str, list[GateContext]] = {}
    for name in catalog.templates:
        pack = load_template(name, catalog)
        for example in pack.examples:
            case = case_of(example, pack)
            done = rehearsed(case, pack, hosts.rehearse)
            if not any(c.status is Status.ERROR for c in done.checks):
                ctx = GateContext(change=done.change, pack=pack, now=case.now, evidence=done.evidence)
                found.setdefault(pack.scenario, []).append(ctx)
    return found


def rate(ask: Any, asked: list[GateContext]) -> tuple[float, int]:
    """Return questions a second and how many were asked."""
    count, start = 0, time.perf_counter()
    while (spent := time.perf_counter() - start) < SECONDS:
        for ctx in asked:
            ask(ctx)
        count += len(asked)
    return count / spent, count


def main() -> int:
    """Print the table; 1 when all scenarios together make fewer than 1,000 changes a second."""
    from importlib.metadata import entry_points

    points = {p.name: p for p in entry_points(group="bascule")}
    with Hosts.discover() as hosts:
        asked = contexts(hosts)
        print(f"{'scenario':15}{'contexts':>9}{'gate/s':>10}{'n':>9}{'with core/s':>13}{'through a host/s':>18}")
        per_change = 0.0
        for name, mine in sorted(asked.items()):
            module = import_entry_point(name, points[name].value)
            (gate,) = [i.function for i in register(name, module).hook.gate.get_hookimpls()]
            alone, n = rate(lambda ctx, gate=gate: list(gate(ctx)), mine)
            both, _ = rate(lambda ctx, gate=gate: (gates.run(ctx, claimed=ctx.change.paths), list(gate(ctx))), mine)
            piped, _ = rate(hosts.gate, mine)
            per_change += 1 / alone
            print(f"{name:15}{len(mine):>9}{alone:>10,.0f}{n:>9,}{both:>13,.0f}{piped:>18,.0f}")
    together = 1 / per_change
    print(f"one change through all of these gates: {together:,.0f} a second (asked: 1,000)")
    return 0 if together >= 1000 else 1


if __name__ == "__main__":
    raise SystemExit(main())
