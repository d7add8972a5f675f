"""What a change of an expression does to an alert: fires less, fires as much or more, or nobody can tell from the text.

Both expressions are walked together. ``sign`` says what more of something means where the walk stands: +1 the alert
fires more, -1 it fires less (below the right side of ``unless``, inside ``absent``), 0 unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bascule_observability.prometheus.promql import COMPARISONS, SET_OPERATORS, Node

Loosening = tuple[str, str]
"""Kind (``threshold``, ``condition``, ``matchers``, ``expression``) and words."""

_UP, _DOWN = frozenset({">", ">="}), frozenset({"<", "<="})
_EACH = frozenset({
    "rate", "irate", "increase", "delta", "idelta", "deriv", "resets", "changes", "abs", "ceil", "floor", "round",
    "avg_over_time", "min_over_time", "max_over_time", "sum_over_time", "count_over_time", "last_over_time",
    "stddev_over_time", "stdvar_over_time", "quantile_over_time", "present_over_time", "predict_linear",
    "label_replace", "label_join", "timestamp", "clamp_max", "clamp_min", "clamp", "sqrt", "sort", "sort_desc",
    "ln", "log2", "log10", "exp", "double_exponential_smoothing",
})  # fmt: skip
"""Functions that answer one series for each they are given."""
_LITERALS = re.compile(r"[\w./:@ -]*(?:\|[\w./:@ -]*)*")
"""Regular expressions that are nothing but alternatives. A dot counts as itself: it is one mostly."""


def weigh(old: Node, new: Node) -> Iterator[Loosening]:
    """Yield what the new expression of an alert loosens, and what cannot be compared."""
    yield from _vectors(old, new, 1)


def _vectors(old: Node, new: Node, sign: int) -> Iterator[Loosening]:
    """Compare two expressions whose *presence* counts: at the root, and beside ``and``, ``or`` and ``unless``."""
    if old == new:
        return
    if _op(old) in SET_OPERATORS and old[:3] == new[:3]:
        flipped = -sign if old[1] == "unless" else sign
        yield from _vectors(old[3], new[3], sign)
        yield from _vectors(old[4], new[4], flipped)
        return
    joined = _joined(old, new)
    if joined is not None:
        more = joined * sign
        if more < 0:
            yield "condition", "it fires only under a further condition, or an alternative is gone"
        return
    if _op(old) in COMPARISONS and _op(new) in COMPARISONS and old[2] == new[2] and not old[2][0]:
        yield from _comparison(old, new, sign)
        return
    yield from _values(old, new, sign)


def _op(node: Node) -> str:
    return str(node[1]) if node[0] == "bin" else ""


def _joined(old: Node, new: Node) -> int | None:
    """Return -1 where ``new`` is ``old`` under a condition more, +1 where it is one less, None where neither."""
    for one, other, less in ((old, new, -1), (new, old, 1)):
        if _op(other) in {"and", "unless"} and other[3] == one:
            return less
        if _op(other) == "and" and other[4] == one and other[2] == (False, "", "OneToOne", ()):
            return less
        if _op(other) == "or" and one in (other[3], other[4]):
            return -less
    return None


def _comparison(old: Node, new: Node, sign: int) -> Iterator[Loosening]:
    (was_op, was), (now_op, now) = (old[1], old[4]), (new[1], new[4])
    same_way = (was_op in _UP and now_op in _UP) or (was_op in _DOWN and now_op in _DOWN)
    if was[0] == now[0] == "num" and same_way:
        up = was_op in _UP
        harder = (now[1] - was[1]) * (1 if up else -1)
        if harder == 0:
            harder = len(was_op) - len(now_op)  # `>` asks more than `>=`
        if harder * sign > 0:
            yield "threshold", f"`{was_op} {was[1]:g}` became `{now_op} {now[1]:g}`"
        if old[3] != new[3]:
            # What counts below `>` counts the other way below `<`, once series are added up.
            yield from _values(old[3], new[3], sign, up=up)
    elif was_op == now_op and was == now:
        yield from _values(old[3], new[3], sign)
    else:
        yield "expression", "the comparison is another one"


def _values(old: Node, new: Node, sign: int, *, up: bool | None = None) -> Iterator[Loosening]:
    """Compare two expressions whose *values* count. ``up``: whether larger values fire (None: unknown)."""
    if old == new:
        return
    if old[0] == new[0] == "sel" and (old[1], *old[3:]) == (new[1], *new[3:]):
        yield from _matchers(old, new, sign)
    elif old[0] == new[0] == "range" and old[2] == new[2]:
        yield from _values(old[1], new[1], sign, up=up)
    elif old[0] == new[0] == "call" and old[1] == new[1] and len(old[2]) == len(new[2]):
        pairs = [(a, b) for a, b in zip(old[2], new[2], strict=True) if a != b]
        below = sign if old[1] in _EACH else -sign if old[1] in {"absent", "absent_over_time"} else 0
        if len(pairs) == 1 and pairs[0][0][0] not in {"num", "str"}:
            yield from _values(*pairs[0], below, up=up)
        else:
            yield "expression", f"other arguments of `{old[1]}`"
    elif old[0] == new[0] == "agg" and old[1:4] == new[1:4]:
        below = _added(old[1], sign, up)
        # Grouped, a series less can also be a group less, so only one direction is sure.
        yield from _values(old[4], new[4], below if below == sign or old[2] == ("", ()) else 0, up=up)
    elif old[0] == new[0] == "bin" and old[1:3] == new[1:3] and old[1] in {"*", "+"}:
        rest = [(a, b) for a, b in ((old[3], new[3]), (old[4], new[4])) if a != b]
        constant = old[4] if old[3] != new[3] else old[3]
        positive = constant[0] == "num" and constant[1] > 0
        yield from _unknown() if len(rest) != 1 else _values(*rest[0], sign if positive else 0, up=up)
    elif old[0] == new[0] == "bin" and old[1:3] == new[1:3]:
        for one, other in ((old[3], new[3]), (old[4], new[4])):
            yield from _values(one, other, 0)
    else:
        yield from _unknown()


def _unknown() -> Iterator[Loosening]:
    yield "expression", "its structure is another one"


def _added(operator: str, sign: int, up: bool | None) -> int:
    """Return what a series more below an aggregation means: it raises sums, counts and maxima, and lowers minima."""
    if up is None:
        return 0
    if operator in {"sum", "count", "max"}:
        return sign if up else -sign
    if operator == "min":
        return -sign if up else sign
    return 0


def _matchers(old: Node, new: Node, sign: int) -> Iterator[Loosening]:
    ways = [_label(old, new, label) for label in dict.fromkeys(m[0] for m in (*old[2], *new[2]))]
    name = old[1] or "a selector"
    if sign == 0 or None in ways:
        yield "expression", f"other matchers of `{name}`, whose effect the text does not tell"
    elif any(way is not None and way * sign < 0 for way in ways):
        yield "matchers", f"the matchers of `{name}` {'cover less' if sign > 0 else 'exempt more'}"


def _label(old: Node, new: Node, label: str) -> int | None:
    """Return -1 where the matchers of one label let fewer series through, +1 more, 0 as many, None unknown."""
    was, now = ([m for m in side[2] if m[0] == label] for side in (old, new))
    if was == now:
        return 0
    if not was or set(was) < set(now):
        return -1
    if not now or set(now) < set(was):
        return 1
    if len(was) == len(now) == 1:
        sets = [_alternatives(m[0][2], regex="~" in m[0][1]) for m in (was, now)]
        negative = [m[0][1] in {"!=", "!~"} for m in (was, now)]
        before, after = sets
        if before is not None and after is not None and negative[0] == negative[1]:
            if before < after:
                return -1 if negative[0] else 1
            if after < before:
                return 1 if negative[0] else -1
    return None


def _alternatives(value: str, *, regex: bool) -> frozenset[str] | None:
    if not regex:
        return frozenset({value})
    return frozenset(value.split("|")) if _LITERALS.fullmatch(value) else None
