"""A row of numbers as a row of signs."""

from __future__ import annotations

from collections.abc import Sequence

_BARS = "▁▂▃▄▅▆▇█"
_PLAIN = "_.-=+*%#"


def pair(
    before: Sequence[float | None],
    after: Sequence[float | None],
    *,
    widths: tuple[int, int],
    plain: bool = False,
    limit: float | None = None,
) -> str:
    """Return what was before and after a moment as signs of one scale, with a bar between.

    Args:
        before, after: oldest first; None where nothing was measured.
        widths: signs at most on either side.
        plain: ASCII only.
        limit: a value that the scale has at least, so that noise far below it stays low.
    """
    known = [v for v in (*before, *after, limit) if v is not None]
    scale = (min(known, default=0.0), max(known, default=0.0))
    if limit is not None:
        scale = (min(0.0, scale[0]), scale[1])
    left = sparkline(before, width=widths[0], plain=plain, scale=scale)
    right = sparkline(after, width=widths[1], plain=plain, scale=scale)
    return f"{left}{'|' if plain else '│'}{right}"


def sparkline(
    values: Sequence[float | None],
    *,
    width: int = 48,
    plain: bool = False,
    scale: tuple[float, float] | None = None,
) -> str:
    """Return ``values`` as at most ``width`` signs: the highest of each stretch, a gap (``·``) where there was none.

    Args:
        values: oldest first; None where nothing was measured.
        width: signs at most.
        plain: ASCII only.
        scale: what the lowest and the highest sign stand for; without it, what is lowest and highest in ``values``.
    """
    if not values:
        return ""
    parts = min(width, len(values))
    signs, gap = (_PLAIN, " ") if plain else (_BARS, "·")
    heights: list[float | None] = []
    for at in range(parts):
        chunk = [v for v in values[at * len(values) // parts : (at + 1) * len(values) // parts] if v is not None]
        heights.append(max(chunk) if chunk else None)
    known = [h for h in heights if h is not None]
    low, high = scale or (min(known, default=0.0), max(known, default=0.0))
    span = high - low
    return "".join(
        gap if h is None else signs[round((h - low) / span * (len(signs) - 1)) if span > 0 else 0] for h in heights
    )
