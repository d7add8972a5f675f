"""Weekly hours, over nights, weekends and changes of the clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bascule.gates.weekly import DAYS, Weekly


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# 2026-01-05 is a Monday; Berlin is at UTC+1 in January.
@pytest.mark.parametrize(
    ("hours", "zone", "now", "is_open"),
    [
        ("Mon-Thu 09:00-16:00", "UTC", "2026-01-05 09:00", True),
        ("Mon-Thu 09:00-16:00", "UTC", "2026-01-05 08:59", False),
        ("Mon-Thu 09:00-16:00", "UTC", "2026-01-05 15:59", True),
        ("Mon-Thu 09:00-16:00", "UTC", "2026-01-05 16:00", False),
        ("Mon-Thu 09:00-16:00", "UTC", "2026-01-09 12:00", False),
        ("Mon-Thu 09:00-16:00", "Europe/Berlin", "2026-01-05 08:00", True),
        ("Mon-Thu 09:00-16:00", "Europe/Berlin", "2026-01-05 15:00", False),
        ("mon, Wed ,FRI 09:00 - 16:00", "UTC", "2026-01-07 12:00", True),
        ("mon, Wed ,FRI 09:00 - 16:00", "UTC", "2026-01-06 12:00", False),
        ("Mon 09:00-10:00; Tue 11:00-12:00", "UTC", "2026-01-06 11:30", True),
        ("09:00-10:00", "UTC", "2026-01-10 09:30", True),
        ("Sat-Mon 00:00-24:00", "UTC", "2026-01-05 23:59", True),
        ("Sat-Mon 00:00-24:00", "UTC", "2026-01-06 00:00", False),
        ("Mon 22:00-06:00", "UTC", "2026-01-05 23:00", True),
        ("Mon 22:00-06:00", "UTC", "2026-01-06 05:59", True),
        ("Mon 22:00-06:00", "UTC", "2026-01-06 06:00", False),
        ("Mon 22:00-06:00", "UTC", "2026-01-05 05:00", False),
        ("Sun 22:00-06:00", "UTC", "2026-01-05 05:00", True),
        ("Mon 08:59-09:59", "UTC", "2026-01-05 09:58", True),
    ],
)
def test_is_open(hours: str, zone: str, now: str, is_open: bool) -> None:
    assert Weekly.parse(hours, zone).is_open(at(now)) is is_open


@pytest.mark.parametrize(
    ("hours", "zone", "now", "opens"),
    [
        ("Mon-Thu 09:00-16:00", "UTC", "2026-01-05 10:00", "2026-01-05 10:00"),
        ("Mon-Thu 09:00-16:00", "UTC", "2026-01-08 16:00", "2026-01-12 09:00"),
        ("Mon-Thu 09:00-16:00", "Europe/Berlin", "2026-01-05 07:00", "2026-01-05 08:00"),
        ("Mon 09:00-10:00", "UTC", "2026-01-05 10:00", "2026-01-12 09:00"),
        # Berlin goes to summer time on Sunday 29 March 2026: the same wall clock is an hour earlier in UTC.
        ("Mon 09:00-16:00", "Europe/Berlin", "2026-03-28 12:00", "2026-03-30 07:00"),
        # 02:30 does not exist that night; the hours begin when the clock has jumped over it.
        ("Sun 02:30-05:00", "Europe/Berlin", "2026-03-28 12:00", "2026-03-29 01:30"),
        # and exists twice on 25 October: the first one counts.
        ("Sun 02:30-05:00", "Europe/Berlin", "2026-10-24 12:00", "2026-10-25 00:30"),
        ("Tue 00:00-01:00", "Pacific/Auckland", "2026-01-05 09:00", "2026-01-05 11:00"),
    ],
)
def test_opens(hours: str, zone: str, now: str, opens: str) -> None:
    weekly = Weekly.parse(hours, zone)
    assert weekly.opens(at(now)) == at(opens)
    assert weekly.is_open(at(opens))


@pytest.mark.parametrize(
    ("hours", "zone", "why"),
    [
        ("", "UTC", "no hours"),
        (" ; ", "UTC", "no hours"),
        ("Mon", "UTC", "cannot read `Mon`"),
        ("Mon 9-16", "UTC", "cannot read"),
        ("Mon 09:00-25:00", "UTC", "`25:00` is not a time"),
        ("Mon 09:60-10:00", "UTC", "`09:60` is not a time"),
        ("Mon 24:00-10:00", "UTC", "holds no time"),
        ("Mon 09:00-09:00", "UTC", "holds no time"),
        ("Monday 09:00-10:00", "UTC", "`Monday` is not a day"),
        ("Mo 09:00-10:00", "UTC", "`Mo` is not a day"),
        ("Mon, 09:00-10:00", "UTC", "is not a day"),
        ("Mon 09:00-10:00", "Nowhere/Town", "`Nowhere/Town` is not an IANA time zone"),
        ("Mon 09:00-10:00", "../../etc/passwd", "is not an IANA time zone"),
        ("Mon 09:00-10:00", "", "is not an IANA time zone"),
    ],
)
def test_refusals(hours: str, zone: str, why: str) -> None:
    with pytest.raises(ValueError, match=why.replace("`", "`")):
        Weekly.parse(hours, zone)


TIMES = st.integers(0, 47).map(lambda n: f"{n // 2:02}:{n % 2 * 30:02}")
SPANS = st.tuples(st.sampled_from(DAYS), st.sampled_from(DAYS), TIMES, TIMES).filter(lambda t: t[2] != t[3])


@settings(deadline=None)
@given(
    spans=st.lists(SPANS, min_size=1, max_size=3),
    minutes=st.integers(0, 366 * 24 * 60),
    zone=st.sampled_from(["UTC", "Asia/Kolkata", "Asia/Tokyo", "America/Phoenix"]),
)
def test_it_opens_at_the_first_open_half_hour(spans: list[tuple[str, str, str, str]], minutes: int, zone: str) -> None:
    """In zones without summer time, walking the clock finds the same moment."""
    weekly = Weekly.parse("; ".join(f"{a}-{b} {c}-{d}" for a, b, c, d in spans), zone)
    now = at("2026-01-01 00:00") + timedelta(minutes=minutes)
    moment = now
    while not weekly.is_open(moment):
        moment += timedelta(minutes=30 - moment.minute % 30)
    assert weekly.opens(now) == moment
