"""PromQL with Grafana's variables in it, made into PromQL that a parser can judge."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import product

from bascule_observability.prometheus.promql import NotPromQLError, parse

_VARIABLE = re.compile(r"\$\{[A-Za-z_][\w.]*(?::[^}]*)?\}|\[\[[A-Za-z_]\w*(?::[^\]]*)?\]\]|\$[A-Za-z_]\w*")
_NUMBERS = ("$__range_s", "$__range_ms", "$__interval_ms", "${__range_s}", "${__range_ms}", "${__interval_ms}")
_STAND_INS = ("v", "1", "5m", "sum", "v{}")
_STRING = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|`[^`]*`")


def problem(query: str) -> str:
    """Return why ``query`` cannot be PromQL whatever its variables stand for, empty where it can.

    In strings a variable stands for a word, between brackets for a length of time. Elsewhere it may be a name, a
    number, a length, a function or a selector: it is enough that one choice makes the query right. More than three
    variables all stand for the same.
    """
    text, variables = _prepared(query)
    said = ""
    chosen: Iterable[Sequence[str]] = (
        product(_STAND_INS, repeat=len(variables))
        if len(variables) <= 3
        else ([v] * len(variables) for v in _STAND_INS)
    )
    for values in chosen:
        filled = text
        for at, value in enumerate(values):
            filled = filled.replace(_mark(at), value)
        try:
            parse(filled)
        except NotPromQLError as error:
            said = said or str(error)
        else:
            return ""
    return said


def _mark(at: int) -> str:
    return f"\0{at}\0"


def _prepared(query: str) -> tuple[str, list[str]]:
    """Return ``query`` with marks for the variables that may be anything, and those variables."""
    out: list[str] = []
    variables: list[str] = []

    def marked(found: re.Match[str]) -> str:
        if found[0] not in variables:
            variables.append(found[0])
        return _mark(variables.index(found[0]))

    at = 0
    query = _timed(query.replace("\0", " "))
    for found in (*_STRING.finditer(query), None):
        outside = query[at : found.start() if found is not None else len(query)]
        outside = re.sub(r"\[\[([A-Za-z_]\w*)(?::[^\]]*)?\]\]", r"${\1}", outside)
        outside = re.sub(r"\[[^\]]*\]", lambda m: _VARIABLE.sub("5m", m[0]), outside)
        out.append(_VARIABLE.sub(marked, outside))
        if found is not None:
            out.append(_VARIABLE.sub("v", found[0]))
            at = found.end()
    return "".join(out), variables


def _timed(query: str) -> str:
    for name in _NUMBERS:
        query = query.replace(name, "300")
    return re.sub(r"\$__(rate_interval|interval|range)\b|\$\{__(rate_interval|interval|range)\}", "5m", query)
