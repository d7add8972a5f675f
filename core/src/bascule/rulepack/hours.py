"""Comparing weekly hours."""

from __future__ import annotations

from functools import lru_cache

_DAY = 24 * 60
_WEEK = 7 * _DAY


def within(own: tuple[str, str], base: tuple[str, str]) -> bool:
    """Return whether the hours ``own`` lie within ``base``; both are pairs of hours and zone.

    Hours of different zones are not comparable: summer time moves them against each other.
    """
    return own[1] == base[1] and _minutes(own[0]) <= _minutes(base[0])


@lru_cache(maxsize=64)
def _minutes(hours: str) -> frozenset[int]:
    """Return the minutes of the local week, from Monday 00:00, at which ``hours`` are open."""
    from bascule.gates.weekly import Weekly

    out: set[int] = set()
    for span in Weekly.parse(hours, "UTC").spans:
        end = span.end if span.end > span.start else span.end + _DAY  # over midnight, into the next day
        for day in span.days:
            out.update(minute % _WEEK for minute in range(day * _DAY + span.start, day * _DAY + end))
    return frozenset(out)
