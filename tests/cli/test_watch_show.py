"""How several watches are told at once: one exit code, and a line each."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import permutations

import pytest

from bascule.cli.watch_show import code, document, merge_lines, worst
from bascule.errors import ExitCode
from bascule.pipeline.watching.records import Watched
from bascule.slo.objective import Objective, Ratio
from bascule.slo.posts import Row
from bascule.slo.records import Answer, Judgement

WORST_FIRST = [4, 3, 2, 1, 8, 0]


def watched(answer: Answer | None, **given: object) -> Watched:
    made = {
        "run": "r-1", "repository": "acme/shop", "number": 12, "sha": "1" * 40, "title": "A page", "answer": answer,
        "summary": "said",
    }  # fmt: skip
    return Watched(**(made | given))  # type: ignore[arg-type]  # a builder of one type's fields


def row(name: str, answer: Answer, evidence: float, seen: int) -> Row:
    objective = Objective(name=name, sli=Ratio(target=0.99, bad="bad", total="total"))
    return Row(
        objective=objective, judgement=Judgement(answer=answer, reason=f"{name} said", evidence=evidence),
        person=False, seen=seen, planned=119, values=(0.0, 0.5), values_from=datetime(2026, 1, 5, tzinfo=UTC),
        before=1, fired_at=None, calm=0.0,
    )  # fmt: skip


@pytest.mark.parametrize("pair", [*permutations(WORST_FIRST, 2)])
def test_the_worst_of_several(pair: tuple[int, int]) -> None:
    codes = [ExitCode(c) for c in pair]
    assert worst(codes) == min(pair, key=WORST_FIRST.index)


def test_nothing_is_no_failure() -> None:
    assert worst([]) is ExitCode.DONE


def test_an_error_outweighs_what_was_seen() -> None:
    assert code(watched(Answer.OK)) is ExitCode.DONE
    assert code(watched(Answer.OK, fault=ExitCode.OUTSIDE)) is ExitCode.OUTSIDE
    assert "fault" not in document(watched(Answer.OK), [])


def test_a_line_for_each_merge_and_what_speaks_against_it() -> None:
    rows = (row("calm", Answer.OK, 0.2, 30), row("rising", Answer.OK, 4.0, 28), row("broken", Answer.VIOLATION, 9, 30))
    found = merge_lines(watched(None, title="A page\x1b[2J"), rows, plain=True, width=80)
    assert found[0].split() == ["#12", "28/119", "blocks", "1", "of", "3", "quiet", "A", "page", "[2J"]
    assert "\x1b" not in found[0]
    assert [name for name in ("calm", "rising", "broken") if any(name in text for text in found[1:])] == [
        "rising", "broken",
    ]  # fmt: skip
    assert max(map(len, found)) <= 80
