"""Comparing weekly hours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
_MINUTES = 7 * 24 * 60


def within(own: tuple[str, str], base: tuple[str, str]) -> bool:
    """Return whether the hours ``own`` lie within ``base``; both are pairs of hours and zone.

    Hours of different zones are not comparable: summer time moves them against each other.
    """
    if own[1] != base[1]:
        return False
    return _minutes(own[0]) <= _minutes(base[0])


def _minutes(hours: str) -> frozenset[int]:
    """Return the minutes of a week at which ``hours`` are open."""
    from bascule.gates.weekly import Weekly

    # The zone plays no part in the pattern of a week, so it is laid out in UTC, where every day has 24 hours.
    weekly = Weekly.parse(hours, "UTC")
    return frozenset(m for m in range(_MINUTES) if weekly.is_open(_MONDAY + timedelta(minutes=m)))
