"""Cases of a backtest: one JSON object a line, judged as a watch would have judged it, block by block.

The format is described in docs/reference/slo.md.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from attrs import frozen

from bascule.errors import Problem
from bascule.messages import slo_cases as say
from bascule.slo import gauge, ratio
from bascule.slo.records import Answer, Direction, GaugeBlock, Judgement, RatioBlock, Seen

LARGEST = 1e100
"""Largest number of a case, either way: its square is still a number."""
EMPTY = RatioBlock(seen=Seen.EMPTY)
KEYS = {
    "gauge": frozenset({"id", "kind", "direction", "step_seconds", "before", "after"}),
    "ratio": frozenset({"id", "kind", "objective", "step_seconds", "before", "after"}),
}


class CaseError(ValueError):
    """A line that is no case: what is wrong with it and what to do."""

    def __init__(self, said: tuple[str, str]) -> None:
        super().__init__(said[0])
        self.said = said


@frozen
class Line:
    """One line's outcome: either ``row`` (the verdict, ready for JSON) or ``problem``."""

    row: dict[str, Any] | None
    problem: Problem | None = None


def judged(lines: Iterable[str], path: str) -> Iterator[Line]:
    """Yield the outcome of every line that is not blank, in order; a bad line does not stop the others."""
    for number, text in enumerate(lines, 1):
        if not text.strip():
            continue
        try:
            case = parsed(text)
            yield Line(row(case["id"], judge(case)))
        except CaseError as error:
            yield Line(None, Problem(where=f"{path}:{number}", message=error.said[0], fix=error.said[1]))


def row(name: Any, judgement: Judgement) -> dict[str, Any]:
    """Return the verdict as the output's object."""
    return {
        "id": name,
        "verdict": str(judgement.answer),
        "fired_at": judgement.fired_at,
        "reason": judgement.reason,
    }


def parsed(text: str) -> dict[str, Any]:
    """Return the case in ``text`` with every value checked.

    Raises:
        CaseError: when it is none.
    """
    try:
        case = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise CaseError(say.not_json(str(error))) from None
    if not isinstance(case, dict):
        raise CaseError(say.not_object(case))
    kind = case.get("kind")
    if kind not in ("gauge", "ratio"):
        raise CaseError(say.wrong("kind", kind, '"gauge" or "ratio"'))
    for key in sorted(KEYS[kind] - case.keys()):
        raise CaseError(say.missing(key, kind, KEYS[kind]))
    if not isinstance(case["id"], str | int) or isinstance(case["id"], bool):
        raise CaseError(say.wrong("id", case["id"], "text or a whole number"))
    step = case["step_seconds"]
    if not _number(step) or not 0 < step <= 86_400:
        raise CaseError(say.wrong("step_seconds", step, "a number of seconds above 0, at most 86400"))
    if kind == "gauge" and case["direction"] not in ("up", "down", "both"):
        raise CaseError(say.wrong("direction", case["direction"], '"up", "down" or "both"'))
    if kind == "ratio" and not (_number(case["objective"]) and 0 < case["objective"] < 1):
        raise CaseError(say.wrong("objective", case["objective"], "a share between 0 and 1, such as 0.999"))
    check = _gauge_values if kind == "gauge" else _ratio_values
    for key in ("before", "after"):
        check(key, case[key])
    return case


def _no_constant(word: str) -> float:
    raise ValueError(f"{word} is not JSON")


def _number(value: Any) -> bool:
    return type(value) in (int, float) and abs(value) <= LARGEST


def _gauge_values(key: str, values: Any) -> None:
    if not isinstance(values, list):
        raise CaseError(say.wrong(key, values, "a list of numbers and null"))
    for at, value in enumerate(values):
        if value is not None and not _number(value):
            raise CaseError(say.wrong(f"{key}[{at}]", value, "a number or null"))


def _ratio_values(key: str, values: Any) -> None:
    if not isinstance(values, list):
        raise CaseError(say.wrong(key, values, "a list of [total, errors] and null"))
    for at, value in enumerate(values):
        if value is None:
            continue
        if not isinstance(value, list) or len(value) != 2 or not all(map(_number, value)):
            raise CaseError(say.wrong(f"{key}[{at}]", value, "[total, errors] or null"))
        if not 0 <= value[1] <= value[0]:
            raise CaseError(say.wrong(f"{key}[{at}]", value, "errors from 0 up to total"))


def judge(case: dict[str, Any]) -> Judgement:
    """Return the judgement on a case that :func:`parsed` gave."""
    after, step = case["after"], float(case["step_seconds"])
    if case["kind"] == "gauge":
        gauged = gauge.begin(Direction(case["direction"]), case["before"], step_seconds=step, planned=len(after))
        for value in after:
            gauged = gauge.step(gauged, GaugeBlock(value))
            if gauged.fired >= 0:
                break
        return gauge.verdict(gauged)
    counted = ratio.begin(case["objective"], [_block(v) for v in case["before"]], step_seconds=step, planned=len(after))
    for value in after:
        counted = ratio.step(counted, _block(value))
        if counted.fired >= 0:
            break
    return ratio.verdict(counted)


def _block(value: list[float] | None) -> RatioBlock:
    return EMPTY if value is None else RatioBlock(value[0], value[1])


__all__ = ["Answer", "CaseError", "Line", "judge", "judged", "parsed", "row"]
