"""PromQL as plain nested tuples, so that two spellings of one expression are one value.

A node is one of::

    ("num", value)                                  constants are folded: 10 * 60 is 600
    ("str", text)
    ("sel", name, matchers, alternatives, offset, at)   matchers: sorted (label, op, value)
    ("range", selector, seconds)
    ("sub", node, seconds, step, offset, at)
    ("call", function, (node, ...))
    ("agg", operator, (by|without|"", labels), parameter or None, node)
    ("bin", operator, (bool, matching, card, group labels), left, right)
    ("neg", node)

Parentheses are gone (the nesting says the same), and a number compared with a vector stands on the right.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from functools import lru_cache
from typing import Any

import promql_parser as parser

Node = tuple[Any, ...]
LONGEST = 10_000
"""Characters of one expression: the parser takes quadratic time for long chains."""
DEEPEST = 100
"""Brackets within brackets: beyond a few hundred the parser takes minutes."""
COMPARISONS = frozenset({">", ">=", "<", "<=", "==", "!="})
SET_OPERATORS = frozenset({"and", "or", "unless"})
_FLIPPED = {">": "<", "<": ">", ">=": "<=", "<=": ">=", "==": "==", "!=": "!="}
_MATCH = {"Equal": "=", "NotEqual": "!=", "Re": "=~", "NotRe": "!~"}
_FOLD: Mapping[str, Callable[[float, float], float]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv,
}  # fmt: skip
_PLAIN: tuple[Any, ...] = (False, "", "OneToOne", ())


class NotPromQLError(ValueError):
    """A text that is no PromQL expression, or more of one than is read; the message says why."""


@lru_cache(maxsize=4096)
def parse(text: str) -> Node:
    """Return ``text`` as a node.

    Raises:
        NotPromQLError: the parser refuses it, or it is longer or deeper than what is read.
    """
    return _node(_parsed(text))


def _parsed(text: str) -> Any:
    if len(text) > LONGEST:
        raise NotPromQLError(f"an expression of {len(text):,} characters; {LONGEST:,} are read")
    depth = deepest = 0
    for char in text:
        depth += (char in "([{") - (char in ")]}")
        deepest = max(deepest, depth)
    if deepest > DEEPEST:
        raise NotPromQLError(f"brackets {deepest} deep; {DEEPEST} are read")
    # Removed from the language in Prometheus 3, still there in 2.
    text = re.sub(r"\bholt_winters\b(?=\s*\()", "double_exponential_smoothing", text)
    try:
        return parser.parse(text)
    except (ValueError, RecursionError, TypeError) as error:
        raise NotPromQLError(" ".join(str(error).split())[:200]) from error


def _node(expr: Any) -> Node:
    try:
        return _READ[type(expr)](expr)
    except (KeyError, RecursionError) as error:
        raise NotPromQLError("a construct that is not read") from error


def _selector(expr: Any) -> Node:
    name, rest = expr.name or "", []
    for m in expr.matchers.matchers:
        label, op, value = m.name, _op(m.op), m.value
        if label == "__name__" and op == "=" and not name:
            name = value
        else:
            rest.append((label, op, value))
    groups = tuple(tuple(sorted((m.name, _op(m.op), m.value) for m in g)) for g in expr.matchers.or_matchers)
    return ("sel", name, tuple(sorted(rest)), groups, _seconds(expr.offset), _text(expr.at))


def _op(op: Any) -> str:
    return _MATCH[str(op).rpartition(".")[2]]


def _seconds(length: timedelta | None) -> float:
    return length.total_seconds() if length is not None else 0.0


def _text(at: Any) -> str:
    return str(at) if at is not None else ""


def _matrix(expr: Any) -> Node:
    return ("range", _node(expr.vector_selector), _seconds(expr.range))


def _subquery(expr: Any) -> Node:
    return (
        "sub", _node(expr.expr), _seconds(expr.range), _seconds(expr.step), _seconds(expr.offset), _text(expr.at)
    )  # fmt: skip


def _aggregate(expr: Any) -> Node:
    grouping: tuple[Any, ...] = ("", ())
    if expr.modifier is not None:
        grouping = (str(expr.modifier.type).rpartition(".")[2].lower(), tuple(sorted(expr.modifier.labels)))
    param = _node(expr.param) if expr.param is not None else None
    return ("agg", str(expr.op), grouping, param, _node(expr.expr))


def _binary(expr: Any) -> Node:
    op, left, right = str(expr.op), _node(expr.lhs), _node(expr.rhs)
    if left[0] == right[0] == "num" and op in _FOLD and not (op == "/" and right[1] == 0):
        return ("num", _FOLD[op](left[1], right[1]))
    if op in COMPARISONS and left[0] == "num" and right[0] != "num":
        op, left, right = _FLIPPED[op], right, left
    return ("bin", op, _modifier(expr.modifier), left, right)


def _modifier(modifier: Any) -> tuple[Any, ...]:
    if modifier is None:
        return _PLAIN
    matching, card = "", str(modifier.card).rpartition(".")[2]
    if modifier.matching is not None:
        kind = str(modifier.matching.type).rpartition(".")[2].lower()
        labels = ",".join(sorted(modifier.matching.labels))
        # `ignoring()` of nothing is what happens without it.
        matching = "" if (kind, labels) == ("exclude", "") else f"{kind}({labels})"
    group: Any = modifier.group_labels or ()
    extra = tuple(sorted(getattr(group, "labels", group)))
    made: tuple[Any, ...] = (bool(modifier.return_bool), matching, "OneToOne" if card == "ManyToMany" else card, extra)
    return _PLAIN if made == _PLAIN else made


def _negated(expr: Any) -> Node:
    inner = _node(expr.expr)
    return ("num", -inner[1]) if inner[0] == "num" else ("neg", inner)


_READ: Mapping[type, Callable[[Any], Node]] = {
    parser.NumberLiteral: lambda e: ("num", float(e.val)),
    parser.StringLiteral: lambda e: ("str", e.val),
    parser.ParenExpr: lambda e: _node(e.expr),
    parser.UnaryExpr: _negated,
    parser.VectorSelector: _selector,
    parser.MatrixSelector: _matrix,
    parser.SubqueryExpr: _subquery,
    parser.Call: lambda e: ("call", e.func.name, tuple(_node(a) for a in e.args)),
    parser.AggregateExpr: _aggregate,
    parser.BinaryExpr: _binary,
}


def walk(node: Node) -> Iterator[Node]:
    """Yield ``node`` and every node below it."""
    yield node
    for part in node[1:]:
        if isinstance(part, tuple):
            if part and isinstance(part[0], str) and part[0] in KINDS:
                yield from walk(part)
            elif node[0] == "call":
                for argument in part:
                    yield from walk(argument)


KINDS = frozenset({"num", "str", "sel", "range", "sub", "call", "agg", "bin", "neg"})


def metrics(text: str) -> frozenset[str]:
    """Return the names of the series that the expression selects; none where it cannot be read."""
    try:
        return frozenset(n[1] for n in walk(parse(text)) if n[0] == "sel" and n[1])
    except NotPromQLError:
        return frozenset()


def inlined(text: str, records: Mapping[str, str], deep: int = 0) -> str:
    """Return ``text`` with the series called as in ``records`` replaced by their expressions, several levels deep.

    A range over such a series becomes a subquery of one-minute steps.

    Raises:
        NotPromQLError: it cannot be read, or such a series is selected with matchers, an offset or ``@``, which an
            expression in its place cannot express.
    """

    def replace(expr: Any) -> Any:
        inner = expr.vector_selector if isinstance(expr, parser.MatrixSelector) else expr
        if not isinstance(inner, parser.VectorSelector) or (name := inner.name or "") not in records:
            return None
        if inner.matchers.matchers or inner.matchers.or_matchers or inner.offset is not None or inner.at is not None:
            raise NotPromQLError(f"`{name}` is recorded by this change and selected by matchers, offset or @")
        if deep >= 5:
            raise NotPromQLError(f"`{name}` stands on recordings more than five levels deep")
        body = inlined(records[name], {k: v for k, v in records.items() if k != name}, deep + 1)
        if name in metrics(body):
            raise NotPromQLError(f"`{name}` is recorded from itself")
        suffix = f"[{parser.display_duration(expr.range)}:1m]" if isinstance(expr, parser.MatrixSelector) else ""
        return _parsed(f"({body}){suffix}")

    if metrics(text).isdisjoint(records):
        _parsed(text)
        return text
    return str(parser.transform(_parsed(text), pre_visit=replace))


_DURATION = re.compile(r"(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?")
_SIZES = (365 * 86400.0, 7 * 86400.0, 86400.0, 3600.0, 60.0, 1.0, 0.001)


def duration(text: object) -> float | None:
    """Return a duration of Prometheus (``1h30m``, ``5m``, ``0``, empty: 0) in seconds, None where it is none."""
    shown = str(text).strip() if text is not None else ""
    if shown in {"", "0"}:
        return 0.0
    found = _DURATION.fullmatch(shown)
    if found is None or isinstance(text, bool):
        return None
    seconds = sum(int(n) * size for n, size in zip(found.groups(), _SIZES, strict=True) if n)
    return seconds if math.isfinite(seconds) else None
