"""The rule on counts and amounts: replicas, autoscaling, requests and limits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from bascule.kit import Answer, Ask, allow, block
from bascule_helm.book import book
from bascule_helm.quantities import PATTERN, quantity
from bascule_helm.rules.common import listed, named

_COUNT = {"type": "integer", "minimum": 0}
_RANGE = {"type": "object", "additionalProperties": False, "minProperties": 1,
          "properties": {"min": _COUNT, "max": _COUNT}}  # fmt: skip
_AMOUNT = {"anyOf": [{"type": "number", "minimum": 0}, {"type": "string", "pattern": PATTERN}]}
_AMOUNTS = {
    "type": "object", "minProperties": 1,
    "additionalProperties": {"type": "object", "additionalProperties": False, "minProperties": 1,
                             "properties": {"min": _AMOUNT, "max": _AMOUNT}},
}  # fmt: skip


@book.rule(
    "bounds",
    "Replicas, autoscaling, requests and limits stay within bounds, and no limit goes away.",
    {
        "replicas": _RANGE, "hpa_min": _RANGE, "hpa_max": _RANGE, "requests": _AMOUNTS, "limits": _AMOUNTS,
        "factor": {"type": "number", "exclusiveMinimum": 1, "maximum": 1000},
        "zero": {"type": "boolean"}, "removal": {"enum": ["allow", "block"]},
    },
    needs="helm/render",
)  # fmt: skip
def bounds(ask: Ask) -> Iterator[Answer]:
    """Judge every count and amount that differs or is new."""
    bad: list[str] = []
    count = 0
    scaled = {(i["namespace"], i["chart"]) for i in ask.evidence["objects"]
              if i["kind"] in {"HorizontalPodAutoscaler", "ScaledObject"} and i["status"] != "removed"}  # fmt: skip
    for item in ask.evidence["objects"]:
        for at in item["numbers"] if item["status"] != "removed" else ():
            count += 1
            auto = (item["namespace"], item["chart"]) in scaled
            bad += [named(item, f": {found}") for found in _judged(at, ask.params, auto)]
    if bad:
        yield block(
            f"out of bounds: {listed(bad)}", expected=_expected(ask.params),
            fix="stay within the bounds, or let a person judge it",
        )  # fmt: skip
    else:
        yield allow(f"{count} counts and amounts differ, all within bounds" if count else "no count or amount differs")


def _expected(params: Mapping[str, Any]) -> str:
    told = [] if params.get("zero") else ["no replicas of 0"]
    if params.get("removal", "block") == "block":
        told.append("nothing taken away")
    if "factor" in params:
        told.append(f"at most {params['factor']:g} times more or less")
    for key in ("replicas", "hpa_min", "hpa_max"):
        if key in params:
            told.append(f"{key} {_span(params[key])}")
    for key in ("requests", "limits"):
        told += [f"{key}.{name} {_span(span)}" for name, span in list(params.get(key, {}).items())[:3]]
    return ", ".join(told) or "counts and amounts as they are"


def _span(span: Mapping[str, Any]) -> str:
    return " and ".join(f"at {'least' if k == 'min' else 'most'} {v}" for k, v in span.items())


def _judged(at: Mapping[str, Any], params: Mapping[str, Any], scaled: bool) -> Iterator[str]:
    what, path, after = at["what"], at["path"], at["after"]
    if after is None:
        # Replicas that give way to an autoscaler are what every chart does.
        if params.get("removal", "block") == "block" and not (what == "replicas" and scaled):
            yield f"{path} {at['before']} goes away"
        return
    new = quantity(after)
    if new is None:
        yield f"{path} is no quantity"
        return
    old = quantity(at["before"]) if at["before"] is not None else None
    moved = f"{path} {at['before']} → {after}" if at["before"] is not None else f"{path} {after}"
    if new < 0 or (new == 0 and what in {"replicas", "hpa_min", "hpa_max"} and not params.get("zero")):
        yield f"{moved} is nothing left"
        return
    span = _bound(what, params)
    low, high = (_limit(span.get(k)) for k in ("min", "max"))
    if low is not None and new < low:
        yield f"{moved} is below {span['min']}"
    if high is not None and new > high:
        yield f"{moved} is above {span['max']}"
    factor = params.get("factor")
    if (
        factor is not None
        and old is not None
        and old > 0
        and new > 0
        and max(new / old, old / new) > Decimal(str(factor))
    ):
        yield f"{moved} is more than {factor:g} times {'more' if new > old else 'less'}"


def _bound(what: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
    part, _, name = what.partition(".")
    found: Mapping[str, Any] = params.get(part, {})
    return found.get(name, {}) if name else found


def _limit(stated: Any) -> Decimal | None:
    return None if stated is None else quantity(str(stated))
