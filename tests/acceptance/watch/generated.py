"""The judge and the rules of others on generated traffic: the acceptance figures of the watch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from attrs import frozen
from tests.acceptance.watch import score, traffic
from tests.acceptance.watch.rivals import RATIO
from tests.acceptance.watch.score import Scored

SEED = "acceptance 2"
"""No seed of the judge's development."""
JUDGE = "Bascule"


@frozen
class Run:
    """Scores of the decidable cases, of the cases that nobody could decide, and of the kind that nobody can know."""

    decidable: list[Scored]
    undecidable: list[Scored]
    unknowable: list[Scored]


def run(stories: Iterable[traffic.Story], judge: Callable[[dict[str, Any]], tuple[str, int | None]]) -> Run:
    """Return how ``judge`` did on ``stories``."""
    out = Run([], [], [])
    for story in stories:
        answer, fired = judge(story.case(story.scenario))
        waited = fired - max(0, story.onset) + 1 if fired is not None else None
        row = Scored(scenario=story.scenario, traffic=story.traffic, expect=story.expect, answer=answer, wait=waited)
        unknowable = story.scenario == traffic.UNKNOWABLE
        (out.unknowable if unknowable else out.decidable if story.decidable else out.undecidable).append(row)
    return out


def table(stories: Sequence[traffic.Story]) -> str:
    """Return the judge beside the rules of others, then the judge by traffic and by kind of story."""
    judges = {JUDGE: score.ours, **{name: score.theirs(rule) for name, rule in RATIO.items()}}
    lines = [f"{'rule, on decidable cases':31} {'right when decided':34} {'found':34} {'false alarms':32} "
             f"{'pre-existing blamed':32} {'decided':34} onset to fire"]  # fmt: skip
    mine = None
    for name, judge in judges.items():
        got = run(stories, judge)
        mine = mine or got
        rows = got.decidable
        minutes = score.wait(rows) * traffic.STEP / 60
        lines.append(
            f"{name:31} {score.accuracy(rows)!s:34} {score.true_positives(rows)!s:34} "
            f"{score.false_positives(rows)!s:32} {score.blamed(rows)!s:32} "
            f"{score.coverage(rows)!s:34} {minutes:.1f} min"
        )
    assert mine is not None
    lines += ["", f"{'requests a block':31} {'right when decided':34} {'found':34} {'false alarms':32} {'decided':34}"]
    for level in traffic.TRAFFIC:
        rows = [r for r in mine.decidable if r.traffic == level]
        lines.append(
            f"{level:<31} {score.accuracy(rows)!s:34} {score.true_positives(rows)!s:34} "
            f"{score.false_positives(rows)!s:32} {score.coverage(rows)!s:34}"
        )
    lines += ["", f"{'kind of story':31} {'expected':11} {'right':34} {'decided':34}"]
    for kind in dict.fromkeys(r.scenario for r in mine.decidable):
        rows = [r for r in mine.decidable if r.scenario == kind]
        lines.append(f"{kind:31} {rows[0].expect:11} {score.right(rows)!s:34} {score.coverage(rows)!s:34}")
    lines += [
        "",
        f"not decidable by the generator's parameters, n={len(mine.undecidable)}: decided "
        f"{score.coverage(mine.undecidable)}, false alarms {score.false_positives(mine.undecidable)}",
        f"incidents that grow on their own, from before the merge: blamed {score.false_positives(mine.unknowable)}",
    ]
    return "\n".join(lines)


def missed(got: Run) -> list[str]:
    """Return the figures of the mission that ``got`` misses."""
    rows, out = got.decidable, []
    if score.accuracy(rows).value < 0.99:
        out.append(f"accuracy {score.accuracy(rows)}, asked: 99 %")
    if score.false_positives(rows).value > 0.005:
        out.append(f"false alarms {score.false_positives(rows)}, asked: 0.5 %")
    if score.blamed(rows).value > 0.02:
        out.append(f"pre-existing blamed {score.blamed(rows)}, asked: 2 %")
    if score.coverage(rows).value < 0.7:
        out.append(f"decided {score.coverage(rows)}, asked: 70 %")
    return out
