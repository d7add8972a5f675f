"""A row of numbers as a row of signs."""

from __future__ import annotations

from collections.abc import Sequence

_BARS = "▁▂▃▄▅▆▇█"
_PLAIN = "_.-=+*%#"


def sparkline(values: Sequence[float | None], *, width: int = 48, plain: bool = False) -> str:
    """Return ``values`` as at most ``width`` signs: the highest of each stretch, a gap (``·``) where there was none.

    Args:
        values: oldest first; None where nothing was measured.
        width: signs at most.
        plain: ASCII only.
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
    low, high = (min(known), max(known)) if known else (0.0, 0.0)
    span = high - low
    return "".join(
        gap if h is None else signs[round((h - low) / span * (len(signs) - 1)) if span > 0 else 0] for h in heights
    )
