"""What a watch saw, for people: a phrase, a few lines of Markdown, and a picture of the breach."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from html import escape

from bascule.messages import watch as say
from bascule.render.sparkline import pair
from bascule.slo.desk import Row
from bascule.slo.objective import Gauge

WIDTH, HEIGHT = 720, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 16, 44, 34
_STYLE = """
text { font: 12px system-ui, sans-serif; fill: #1f2328 }
.dim { fill: #59636e } .title { font-size: 14px; font-weight: 600 }
.grid { stroke: #d1d9e0; stroke-width: 1 } .line { fill: none; stroke: #0969da; stroke-width: 1.6 }
.limit { stroke: #9a6700; stroke-width: 1.2; stroke-dasharray: 5 4 }
.live { stroke: #59636e; stroke-width: 1.2 } .fired { stroke: #cf222e; stroke-width: 1.4 }
.after { fill: #fff1e5 } .back { fill: #ffffff }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc } .dim { fill: #9198a1 } .grid { stroke: #3d444d } .line { stroke: #4493f8 }
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
    limit = allowed(row)
    known = [v for v in row.values if v is not None]
    high = max([*known, *([limit] if limit is not None else []), 1e-12])
    low = min([0.0, *known])
    count = max(1, len(row.values) - 1)

    def x(at: float) -> float:
        return _LEFT + (WIDTH - _LEFT - _RIGHT) * at / count

    def y(value: float) -> float:
        return HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * (value - low) / (high - low or 1.0)

    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(row.objective.name)}: {escape(row.judgement.answer.value)}">',
        f"<style>{_STYLE}</style>",
        f'<rect class="back" width="{WIDTH}" height="{HEIGHT}"/>',
        f'<text class="title" x="{_LEFT}" y="20">{escape(row.objective.name)}</text>',
        f'<text class="dim" x="{_LEFT}" y="36">{escape(_short(row.judgement.reason))}</text>',
    ]
    live = x(min(count, row.before))
    out.append(
        f'<rect class="after" x="{live:.1f}" y="{_TOP}" width="{WIDTH - _RIGHT - live:.1f}" '
        f'height="{HEIGHT - _TOP - _BOTTOM}"/>'
    )
    for value in (low, (low + high) / 2, high):
        out.append(f'<line class="grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y(value):.1f}" y2="{y(value):.1f}"/>')
        out.append(
            f'<text class="dim" x="{_LEFT - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{number(row, value)}</text>'
        )
    if limit is not None:
        out.append(f'<line class="limit" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y(limit):.1f}" y2="{y(limit):.1f}"/>')
    out += [f'<polyline class="line" points="{points}"/>' for points in _lines(row.values, x, y)]
    out.append(_mark(live, "live", "live", row.values_from + timedelta(seconds=seconds * row.before)))
    if row.fired_at is not None:
        at = (row.fired_at - row.values_from).total_seconds() / seconds
        out.append(_mark(x(min(count, at)), "fired", "breach certain", row.fired_at, low=True))
    out.append("</svg>")
    return "\n".join(out) + "\n"


def _lines(values: Sequence[float | None], x: Callable[[float], float], y: Callable[[float], float]) -> list[str]:
    runs: list[list[str]] = [[]]
    for at, value in enumerate(values):
        if value is None:
            runs.append([])
        else:
            runs[-1].append(f"{x(at):.1f},{y(value):.1f}")
    return [" ".join(run) for run in runs if run]


def _mark(at: float, kind: str, text: str, when: datetime, *, low: bool = False) -> str:
    anchor = "end" if at > WIDTH - 140 else "start"
    place = at - 4 if anchor == "end" else at + 4
    label = HEIGHT - 6 if low else HEIGHT - 20
    return (
        f'<line class="{kind}" x1="{at:.1f}" x2="{at:.1f}" y1="{_TOP}" y2="{HEIGHT - _BOTTOM}"/>'
        f'<text class="dim" x="{place:.1f}" y="{label}" text-anchor="{anchor}">{text} {when:%H:%M:%S}</text>'
    )


def _short(text: str) -> str:
    return text if len(text) <= 104 else f"{text[:103]}…"
