"""Weekly hours: ``Mon-Thu 09:00-16:00; Fri 09:00-12:00`` in an IANA time zone."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from attrs import frozen

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
# A fixed expression over text that is cut to 200 characters: no need for RE2 here.
_PART = re.compile(r"(?P<days>[A-Za-z][A-Za-z, -]*?)?\s*(?P<from>\d{2}:\d{2})\s*-\s*(?P<to>\d{2}:\d{2})")
_MINUTES_A_DAY = 24 * 60


@frozen(kw_only=True)
class Span:
    """Hours on some weekdays: ``days`` are 0 (Monday) to 6, ``start`` and ``end`` minutes of the local day.

    ``end`` not after ``start`` means: until that time on the next day. It belongs to the day on which it starts.
    """

    days: frozenset[int]
    start: int
    end: int


@frozen(kw_only=True)
class Weekly:
    """Spans in a zone. Local wall-clock time decides, so summer time moves with the people who look after a merge."""

    spans: tuple[Span, ...]
    zone: ZoneInfo

    @classmethod
    def parse(cls, text: str, timezone: str) -> Weekly:
        """Return the hours that ``text`` describes: spans separated by ``;``, each ``[DAYS] HH:MM-HH:MM``.

        ``DAYS`` are names or ranges separated by commas (``Mon-Wed, Fri``; ``Sat-Mon`` goes over the weekend); without
        them every day counts. ``24:00`` is the end of a day.

        Raises:
            ValueError: with a sentence that says which part cannot be read.
        """
        spans = tuple(_span(part.strip()) for part in text[:200].split(";") if part.strip())
        if not spans:
            raise ValueError("no hours are given")
        try:
            zone = ZoneInfo(timezone)
        except (KeyError, ValueError, OSError) as problem:
            raise ValueError(f"`{timezone[:64]}` is not an IANA time zone such as Europe/Berlin") from problem
        return cls(spans=spans, zone=zone)

    def is_open(self, now: datetime) -> bool:
        """Return whether ``now`` (aware) lies within a span."""
        local = now.astimezone(self.zone)
        minute = local.hour * 60 + local.minute
        today, yesterday = local.weekday(), (local.weekday() - 1) % 7
        for span in self.spans:
            over_night = span.end <= span.start
            if today in span.days and minute >= span.start and (over_night or minute < span.end):
                return True
            if over_night and yesterday in span.days and minute < span.end:
                return True
        return False

    def opens(self, now: datetime) -> datetime | None:
        """Return the next moment (UTC) at or after ``now`` at which a span is open; ``now`` itself when one is."""
        if self.is_open(now):
            return now.astimezone(UTC)
        today = now.astimezone(self.zone).date()
        starts = []
        for offset in range(9):  # a week, and a day on either side for zones that skip one
            day = today + timedelta(days=offset)
            for span in self.spans:
                if day.weekday() in span.days:
                    local = datetime.combine(day, time(span.start // 60, span.start % 60), tzinfo=self.zone)
                    starts.append(local.astimezone(UTC))
        return min((s for s in starts if s >= now), default=None)


def _span(part: str) -> Span:
    match = _PART.fullmatch(part)
    if match is None:
        raise ValueError(f"cannot read `{part}`")
    start, end = _minute(match["from"]), _minute(match["to"])
    if start in (_MINUTES_A_DAY, end):
        raise ValueError(f"`{part}` holds no time")
    return Span(days=_days(match["days"] or "Mon-Sun"), start=start, end=end)


def _minute(text: str) -> int:
    hour, minute = int(text[:2]), int(text[3:])
    total = hour * 60 + minute
    if minute > 59 or total > _MINUTES_A_DAY:
        raise ValueError(f"`{text}` is not a time of day")
    return total


def _days(text: str) -> frozenset[int]:
    days: set[int] = set()
    for item in text.split(","):
        first, _, last = (s.strip() for s in item.partition("-"))
        start = _day(first)
        end = _day(last) if last else start
        days.update((start + step) % 7 for step in range((end - start) % 7 + 1))
    return frozenset(days)


def _day(text: str) -> int:
    name = text[:3].capitalize()
    if len(text) != 3 or name not in DAYS:
        raise ValueError(f"`{text}` is not a day: use {', '.join(DAYS)}")
    return DAYS.index(name)
