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
_RATES = frozenset({"rate", "irate", "increase"})
BRIDGED = 300
"""Seconds that a counter may be silent and still be taken for the same: as long as Prometheus itself looks back."""
PRESENT = 120
"""Seconds after its last sample for which a target counts as there: one scrape may fail, and scrapes a minute apart
are common. Where Prometheus scrapes itself, it marks what is gone, and that counts at once."""
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

    Each counter is counted by itself and then summed (:func:`_counted`), so that one that starts again is no jump. In
    a query with windows each becomes the block, and rates become counts. In ``total - good`` a sum that is not there
    is 0: nothing good is no reason not to see what is bad.

    Args:
        query: a selector, or a query with one or more ranges.
        seconds: length of a block.
        counter: whether a bare selector is a counter; else its values are counts of their own.

    Raises:
        QueryError: when it cannot be turned into counts.
    """
    query, block = query.strip(), f"[{seconds}s]"
    if is_selector(query):
        return f"sum({_counted(query, seconds) if counter else f'sum_over_time({query}{block})'})"
    pieces = [p for p in tokens(query) if p[0] != "comment"]
    out, ranges, at = [], 0, 0
    while at < len(pieces):
        kind, text = pieces[at]
        whole = _whole_rate(pieces, at)
        if whole is not None:
            selector, at = whole
            out.append(f"({_counted(selector, seconds)})")
            ranges += 1
        elif kind == "range":
            _plain(text)
            ranges += 1
            out.append(block)
        elif kind == "word" and text in _RATES:
            out.append("increase")
        else:
            out.append(text)
        at += 1
    if not ranges:
        raise QueryError(
            "nothing in the query has a range, so that no count of a block can be made of it",
            "write a selector, or sum(rate(metric{...}[1m]))",
        )
    made = "".join(out).strip()
    return made if _is_sum(made) else f"sum({_joined(made)})"


def _counted(selector: str, seconds: int) -> str:
    """Return the query for what each counter of ``selector`` counted in a block: last value less the last one before.

    ``increase()`` looks only at samples inside the window and stretches what lies between the first and the last over
    the whole of it: with two scrapes a block, half of all requests are not seen and the others count twice, which
    makes errors come in bursts that are none. Here blocks add up to exactly what the counter says (a count may land
    in the next block, by one scrape), also over a gap of up to :data:`BRIDGED` seconds. A counter that is lower
    than before started again from 0: its value is what it counted since. One without a value before is new: what it
    had counted when it was first seen may be a life's and does not count, what came after in the block does.
    """
    back = max(BRIDGED, 2 * seconds)
    last = f"last_over_time({selector}[{seconds}s])"
    before = f"last_over_time({selector}[{back}s] offset {seconds}s)"
    return f"{last} - {before} >= 0 or {last} and {before} or {last} - min_over_time({selector}[{seconds}s])"


def _whole_rate(pieces: list[tuple[str, str]], at: int) -> tuple[str, int] | None:
    """Return the selector of ``rate(selector[1m])`` that begins at ``at``, and where it ends; None for all else."""
    if pieces[at][0] != "word" or pieces[at][1] not in _RATES:
        return None
    rest = [n for n in range(at + 1, len(pieces)) if pieces[n][1].strip()]
    window = next((n for n in rest if pieces[n][0] == "range"), None)
    if window is None or pieces[rest[0]][1] != "(" or next((pieces[n][1] for n in rest if n > window), "") != ")":
        return None
    selector = "".join(p[1] for p in pieces[rest[0] + 1 : window]).strip()
    if not is_selector(selector):
        return None
    _plain(pieces[window][1])
    return selector, next(n for n in rest if n > window)


def _plain(window: str) -> None:
    if _DURATION.fullmatch(window) is None:
        fix = "use a plain range such as [1m]; its length is set to the block's"
        raise QueryError(f"the range {window} cannot be set to the length of a block", fix)


def _joined(query: str) -> str:
    """Return ``sum(a) + sum(b) - sum(c)`` so that a sum that is not there counts as 0; other queries as they are.

    PromQL has no result where one side has none: the errors of one kind would hide until there is one of the other.
    """
    terms: list[str] = []
    rest = query
    while not _is_sum(rest):
        halves = split_top(rest, ("+", "-"))
        if halves is None or not _is_sum(halves[2]):
            return query
        rest = halves[0]
        terms.append(halves[2] if halves[1] == "+" else f"{halves[2]} * -1")
    terms.append(rest)
    return " or ".join(
        f'label_replace({term}, "bascule_term", "{at}", "", "")' for at, term in enumerate(reversed(terms))
    )


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


def presence(query: str, seconds: int) -> str | None:
    """Return the query for how many series report at all, None where no selector can be found.

    A selector alone would go on for five minutes after the last sample, where no scrape marked its end (remote
    write, imported blocks): what has no sample for :data:`PRESENT` seconds, or two blocks, is not there.
    """
    selector = first_selector(query)
    if selector is None:
        return None
    return f"count(last_over_time({selector}[{max(PRESENT, 2 * seconds)}s]) and {selector})"


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
