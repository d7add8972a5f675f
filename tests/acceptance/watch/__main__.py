"""``python -m tests.acceptance.watch [--nab DIR] [--half dev|held] [--count N]``: the figures of the watch's judge."""

from __future__ import annotations

import argparse
from pathlib import Path

from tests.acceptance.watch import generated, nab, score, traffic
from tests.acceptance.watch.rivals import GAUGE
from tests.acceptance.watch.score import Scored


def gauges(folder: Path, half: str | None) -> str:
    """Return the judge beside other rules on the cases of a checkout of the Numenta benchmark."""
    found = list(nab.cases(folder, half))
    judges = {generated.JUDGE: score.ours, **{name: score.theirs(rule) for name, rule in GAUGE.items()}}
    files = len({c["file"] for c in found})
    lines = [f"{f'gauges: {len(found)} cases, {files} series':31} {'right (undecided is wrong)':34} {'found':34} "
             f"{'false alarms':32} {'decided':34}"]  # fmt: skip
    by_kind: dict[str, list[Scored]] = {}
    for name, judge in judges.items():
        rows = [
            Scored(scenario=c["scenario"], traffic=0, expect=c["expect"], answer=judge(c)[0], wait=None) for c in found
        ]
        if name == generated.JUDGE:
            for row in rows:
                by_kind.setdefault(row.scenario, []).append(row)
        lines.append(
            f"{name:31} {score.right(rows)!s:34} {score.true_positives(rows)!s:34} {score.false_positives(rows)!s:32} "
            f"{score.coverage(rows)!s:34}"
        )
    lines += ["", f"{'kind of place':31} {'expected':11} {'right':34} {'decided':34}"]
    for kind, rows in sorted(by_kind.items()):
        lines.append(f"{kind:31} {rows[0].expect:11} {score.right(rows)!s:34} {score.coverage(rows)!s:34}")
    return "\n".join(lines)


def main(args: list[str] | None = None) -> int:
    """Print the tables; return 1 when a figure of the mission is missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.acceptance.watch")
    parser.add_argument("--nab", type=Path, help="a checkout of the Numenta Anomaly Benchmark")
    parser.add_argument("--half", choices=("dev", "held"), help="only one half of its files")
    parser.add_argument("--count", type=int, default=25, help="stories of each kind and traffic")
    asked = parser.parse_args(args)
    stories = list(traffic.stories(generated.SEED, asked.count))
    print(generated.table(stories))
    for line in (missed := generated.missed(generated.run(stories, score.ours))):
        print(f"  missed: {line}")
    if asked.nab is not None:
        print(f"\n{gauges(asked.nab, asked.half)}")
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
