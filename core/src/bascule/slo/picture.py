"""What a watch saw, for people: a phrase, a few lines of Markdown, and a picture of the breach."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from html import escape
from textwrap import wrap

from bascule.messages import watch as say
from bascule.render.sparkline import pair
from bascule.slo.objective import Gauge
from bascule.slo.posts import Row

WIDTH, HEIGHT = 760, 320
_LEFT, _RIGHT, _TOP, _BOTTOM = 72, 20, 76, 44
_STYLE = """
text { font: 12px system-ui, sans-serif; fill: #1f2328 }
.dim { fill: #59636e } .title { font-size: 14px; font-weight: 600 }
.grid { stroke: #d1d9e0; stroke-width: 1 } .line { fill: none; stroke: #0969da; stroke-width: 1.6 }
.limit { stroke: #9a6700; stroke-width: 1.2; stroke-dasharray: 5 4 } .allowed { fill: #9a6700 }
.dot { fill: #0969da } .ok { fill: #1a7f37 } .violation { fill: #cf222e } .undecided { fill: #9a6700 }
.ok, .violation, .undecided { font-weight: 600 }
.live { stroke: #59636e; stroke-width: 1.2 } .fired { stroke: #cf222e; stroke-width: 1.4 }
.after { fill: #fff1e5 } .back { fill: #ffffff }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc } .dim { fill: #9198a1 } .grid { stroke: #3d444d } .line { stroke: #4493f8 }
  .ok { fill: #3fb950 } .violation { fill: #f85149 } .undecided, .allowed { fill: #d29922 } .dot { fill: #4493f8 }
  .limit { stroke: #d29922 } .live { stroke: #9198a1 } .fired { stroke: #f85149 } .after { fill: #2b2118 }
  .back { fill: #0d1117 }
}
"""


def headline(rows: Iterable[Row]) -> str:
    """Return the half sentence after "Rolled back:"."""
    return say.headline([r.objective.name for r in rows])


def details(rows: Sequence[Row]) -> str:
    """Return Markdown with the numbers as a line of signs and the queries, for the folded part of a comment."""
    parts = []
    for row in rows:
        texts = "\n".join(f"{role:<6} {text}" for role, text in _written(row))
        parts.append(f"**{row.objective.name}**\n\n```text\n{line(row, widths=(24, 36))}\n{_scale(row)}\n{texts}\n```")
    return "\n\n".join(parts)


def line(row: Row, *, widths: tuple[int, int], plain: bool = False) -> str:
    """Return the values of ``row`` as a line of signs, ``before│after`` the merge went live, on one scale."""
    return pair(row.values[: row.before], row.values[row.before :], widths=widths, plain=plain, limit=allowed(row))


def allowed(row: Row) -> float | None:
    """Return what the objective allows: a share of bad requests (0..1), or a gauge's limit; None: it has none."""
    sli = row.objective.sli
    return sli.limit if isinstance(sli, Gauge) else round(1.0 - sli.target, 12)


def _written(row: Row) -> list[tuple[str, str]]:
    """Return the objective's queries by role, as their author wrote them."""
    sli = row.objective.sli
    if isinstance(sli, Gauge):
        return [("value", sli.query)]
    return [("bad", sli.bad) if sli.bad else ("good", sli.good), ("total", sli.total)]


def _scale(row: Row) -> str:
    known = [v for v in row.values if v is not None]
    most = number(row, max(known)) if known else "nothing measured"
    limit = allowed(row)
    return f"before │ after it went live; highest {most}" + (
        f", allowed {number(row, limit)}" if limit is not None else ""
    )


def number(row: Row, value: float) -> str:
    """Return one value of ``row`` as people write it."""
    if isinstance(row.objective.sli, Gauge):
        return f"{value:.4g}"
    share = value * 100
    return f"{share:.3g} %" if share >= 0.001 or share == 0 else "< 0.001 %"


def svg(row: Row, *, seconds: float) -> str:
    """Return a picture of ``row``: its values, when the merge went live, when it fired, what the objective allows.

    Args:
        row: an objective as it stood at the end.
        seconds: length of a block.
    """
    # A service that is younger than the time before has nothing to show for most of it.
    first = next((at for at, v in enumerate(row.values[: row.before]) if v is not None), max(0, row.before - 1))
    values, before = row.values[first:], row.before - first
    begin = row.values_from + timedelta(seconds=seconds * first)
    limit = allowed(row)
    known = [v for v in values if v is not None]
    low, high = min([0.0, *known]), max([*known, *([limit] if limit is not None else [])], default=0.0)
    high = _round_up(high) if high > 0 else 1.0
    count = max(1, len(values))

    def x(at: float) -> float:
        return _LEFT + (WIDTH - _LEFT - _RIGHT) * min(at, count) / count

    def y(value: float) -> float:
        return HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * (value - low) / (high - low)

    name, answer = row.objective.name, row.judgement.answer.value
    reason = _wrapped(row.judgement.reason)
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(f"{name}: {answer}. {row.judgement.reason}")}">',
        f"<style>{_STYLE}</style>",
        f'<rect class="back" width="{WIDTH}" height="{HEIGHT}"/>',
        f'<text class="title" x="{_LEFT}" y="22">{escape(name)}</text>',
        f'<text class="{answer}" x="{WIDTH - _RIGHT}" y="22" text-anchor="end">{answer}</text>',
        *(f'<text class="dim" x="{_LEFT}" y="{40 + 16 * n}">{escape(text)}</text>' for n, text in enumerate(reason)),
        f'<rect class="after" x="{x(before):.1f}" y="{_TOP}" width="{x(count) - x(before):.1f}" '
        f'height="{HEIGHT - _TOP - _BOTTOM}"/>',
    ]
    for value in (low, (low + high) / 2, high):
        out.append(f'<line class="grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y(value):.1f}" y2="{y(value):.1f}"/>')
        out.append(
            f'<text class="dim" x="{_LEFT - 8}" y="{y(value) + 4:.1f}" text-anchor="end">{number(row, value)}</text>'
        )
    if limit is not None:
        out.append(f'<line class="limit" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y(limit):.1f}" y2="{y(limit):.1f}"/>')
        out.append(f'<text class="allowed" x="{_LEFT + 4}" y="{y(limit) - 5:.1f}">allowed {number(row, limit)}</text>')
    # A block's value is of the whole of it: the line stands in its middle.
    out += _lines(values, lambda at: x(at + 0.5), y)
    out.append(_mark(x(before), "live", "live", begin + timedelta(seconds=seconds * before)))
    if row.fired_at is not None:
        at = (row.fired_at - begin).total_seconds() / seconds
        out.append(_mark(x(at), "fired", "breach certain", row.fired_at, low=True))
    out.append("</svg>")
    return "\n".join(out) + "\n"


def _round_up(value: float) -> float:
    """Return a round number that leaves some room above ``value``."""
    power = 10.0 ** math.floor(math.log10(value * 1.05))
    return next(step * power for step in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if step * power >= value * 1.05)


def _lines(values: Sequence[float | None], x: Callable[[float], float], y: Callable[[float], float]) -> list[str]:
    """Return a line for each stretch with data, a dot where that is a single block."""
    runs: list[list[tuple[float, float]]] = [[]]
    for at, value in enumerate(values):
        if value is None:
            runs.append([])
        else:
            runs[-1].append((x(at), y(value)))
    out = []
    for run in runs:
        if len(run) == 1:
            out.append(f'<circle class="dot" cx="{run[0][0]:.1f}" cy="{run[0][1]:.1f}" r="2"/>')
        elif run:
            points = " ".join(f"{left:.1f},{top:.1f}" for left, top in run)
            out.append(f'<polyline class="line" points="{points}"/>')
    return out


def _mark(at: float, kind: str, text: str, when: datetime, *, low: bool = False) -> str:
    anchor = "end" if at > WIDTH - 140 else "start"
    place = at - 4 if anchor == "end" else at + 4
    label = HEIGHT - 10 if low else HEIGHT - 26
    return (
        f'<line class="{kind}" x1="{at:.1f}" x2="{at:.1f}" y1="{_TOP}" y2="{HEIGHT - _BOTTOM}"/>'
        f'<text class="dim" x="{place:.1f}" y="{label}" text-anchor="{anchor}">{text} {when:%H:%M:%S}</text>'
    )


def _wrapped(text: str) -> list[str]:
    """Return at most two lines."""
    return wrap(text, width=104, max_lines=2, placeholder=" …")
