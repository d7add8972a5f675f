"""PromQL as far as objectives need it: windows are set to the length of a block, and what cannot be counted is refused.

The text is only cut into strings, brackets and words here; whether it is PromQL is `promql-parser`'s to say
(:func:`problem`), which is an extra of the distribution (`bascule[watch]`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_TOKEN = re.compile(
    r"""(?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`)|(?P<comment>\#[^\n]*)
    |(?P<range>\[[^\]"']*\])|(?P<word>[A-Za-z_:][\w:]*)|(?P<rest>.)""",
    re.VERBOSE | re.DOTALL,
)
_DURATION = re.compile(r"\[\s*(?:(?:\d+(?:ms|[smhdwy]))+|\d+|\$__\w+|\{\{\s*\.window\s*\}\})\s*\]")
_GROUPING = frozenset({"by", "without", "on", "ignoring", "group_left", "group_right"})
_KEYWORDS = frozenset({*_GROUPING, "offset", "bool", "and", "or", "unless"})
_SELECTOR = re.compile(r"""\s*(?:[A-Za-z_:][\w:]*)?\s*(?:\{(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[^"'{}])*\})?\s*""")


class QueryError(ValueError):
    """A query that cannot be turned into counts: what is wrong and what to do."""

    def __init__(self, message: str, fix: str) -> None:
        super().__init__(message)
        self.said = (message, fix)


def tokens(query: str) -> Iterator[tuple[str, str]]:
    """Yield kind (``text``, ``comment``, ``range``, ``word``, ``rest``) and text of every piece of ``query``."""
    for match in _TOKEN.finditer(query):
        yield match.lastgroup or "rest", match[0]


def is_selector(query: str) -> bool:
    """Return whether ``query`` is nothing but a selector, such as ``http_requests_total{code="500"}``."""
    return bool(query.strip()) and _SELECTOR.fullmatch(query) is not None


def first_selector(query: str) -> str | None:
    """Return the first selector with its matchers in ``query``, None where there is none."""
    pieces = [p for p in tokens(query) if p[1].strip() and p[0] != "comment"]
    at = 0
    while at < len(pieces):
        kind, text = pieces[at]
        after = pieces[at + 1][1] if at + 1 < len(pieces) else ""
        if kind == "word" and text in _GROUPING and after == "(":
            at = _closing(pieces, at + 1)
        elif kind == "word" and text not in _KEYWORDS and after != "(" and after not in _GROUPING:
            if after != "{":
                return text
            return "".join(p[1] for p in pieces[at : _closing(pieces, at + 1) + 1])
        at += 1
    return None


def _closing(pieces: list[tuple[str, str]], at: int) -> int:
    """Return where the bracket that opens at ``at`` closes; the end where it does not."""
    return next((n for n in range(at, len(pieces)) if pieces[n][1] in ")}"), len(pieces) - 1)


def per_block(query: str, seconds: int, *, counter: bool = True) -> str:
    """Return the query for how much was counted in a block that ends now, over all series.

    ``increase()`` is taken of each series and then summed, so that a counter that starts again is no jump. A selector
    becomes ``sum(increase(selector[30s]))``; in a query with windows each becomes the block, and rates become counts.

    Args:
        query: a selector, or a query with one or more ranges.
        seconds: length of a block.
        counter: whether a bare selector is a counter; else its values are counts of their own.

    Raises:
        QueryError: when it cannot be turned into counts.
    """
    query, block = query.strip(), f"[{seconds}s]"
    if is_selector(query):
        inner = f"{'increase' if counter else 'sum_over_time'}({query}{block})"
        return f"sum({inner})"
    out, ranges = [], 0
    for kind, text in tokens(query):
        if kind == "range":
            if _DURATION.fullmatch(text) is None:
                fix = "use a plain range such as [1m]; its length is set to the block's"
                raise QueryError(f"the range {text} cannot be set to the length of a block", fix)
            ranges += 1
            out.append(block)
        elif kind == "word" and text in {"rate", "irate"}:
            out.append("increase")
        elif kind != "comment":
            out.append(text)
    if not ranges:
        raise QueryError(
            "nothing in the query has a range, so that no count of a block can be made of it",
            "write a selector, or sum(rate(metric{...}[1m]))",
        )
    whole = "".join(out)
    return whole if _is_sum(whole) else f"sum({whole})"


def _is_sum(query: str) -> bool:
    """Return whether ``query`` is one ``sum( )`` over everything."""
    if re.match(r"sum\s*\(", query) is None:
        return False
    depth = 0
    pieces = list(tokens(query))
    for at, (_, text) in enumerate(pieces):
        depth += (text == "(") - (text == ")")
        if depth == 0 and text == ")":
            return not "".join(p[1] for p in pieces[at + 1 :]).strip()
    return False


def at_value(query: str, seconds: int) -> str:
    """Return a gauge's query as it is, with windows of a template set to the block."""
    return re.sub(r"\{\{\s*\.window\s*\}\}", f"{seconds}s", query.strip())


def presence(query: str) -> str | None:
    """Return the query for how many series report at all, None where no selector can be found."""
    selector = first_selector(query)
    return f"count({selector})" if selector is not None else None


def split_top(query: str, operators: tuple[str, ...]) -> tuple[str, str, str] | None:
    """Return left side, operator and right side at the last of ``operators`` outside brackets and strings, or None."""
    depth, found, position = 0, None, 0
    pieces = list(tokens(query))
    for at, (kind, text) in enumerate(pieces):
        if kind == "rest":
            depth += (text in "({") - (text in ")}")
            two = text + (pieces[at + 1][1] if at + 1 < len(pieces) else "")
            if depth == 0 and (
                two in operators or (text in operators and (at == 0 or pieces[at - 1][1] not in "<>=!"))
            ):
                found = (position, two if two in operators else text)
        position += len(text)
    if found is None:
        return None
    start, operator = found
    return query[:start].strip(), operator, query[start + len(operator) :].strip()


def problem(query: str) -> str | None:
    """Return what is wrong with ``query`` as PromQL, None when nothing is or no parser is installed."""
    try:
        import promql_parser
    except ImportError:
        return None
    try:
        promql_parser.parse(query)
    except ValueError as error:
        return str(error).strip() or "not PromQL"
    return None


def can_check() -> bool:
    """Return whether a parser is installed."""
    from importlib.util import find_spec

    return find_spec("promql_parser") is not None
