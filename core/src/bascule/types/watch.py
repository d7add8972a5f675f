"""What a watch measures, and the numbers that come back. Deciding on them is the core's part."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from attrs import field, frozen


@frozen(kw_only=True)
class Series:
    """One objective's numbers over a stretch of time, asked for once however many merges are judged by them.

    ``id`` names it for the answer. ``kind`` is ``ratio`` or ``gauge``. ``source`` says in whose language ``queries``
    are (``prometheus``): a plugin answers what it speaks and leaves the rest alone. ``queries`` are by role: ``total``
    with ``bad`` or ``good`` (a ratio: what happened, and what of it was bad or good, counted in each block) or
    ``value`` (a gauge: its value at each block's end); ``presence``, where it is there, is how many report: nothing
    or 0, while the source answers, means that the target is gone. Blocks are ``step`` seconds long and lie end to end
    from ``start``; ``blocks`` of them are asked for, the first one's value stands at ``start`` + ``step``.
    """

    id: str
    objective: str
    kind: str
    queries: Mapping[str, str]
    step: float
    start: datetime
    blocks: int
    source: str = "prometheus"


@frozen(kw_only=True)
class WatchRequest:
    """One open watch: which merge, and the ids of the series that judge it."""

    run: str
    repository: str
    number: int
    sha: str
    started_at: datetime
    ends_at: datetime
    series: tuple[str, ...] = ()
    environment: str = ""


@frozen(kw_only=True)
class WatchContext:
    """For :func:`~bascule.hookspecs.watch`: every open request at once, one call a tick.

    ``services`` are addresses that the machine's owner lets plugins ask, by name (``BASCULE_SERVICE_PROMETHEUS``);
    ``clients`` are paths of files that say how (``BASCULE_HTTP_CONFIG_PROMETHEUS``, in the form that Prometheus' own
    tools read). ``time_limit`` in seconds, for all of it.
    """

    requests: tuple[WatchRequest, ...]
    series: tuple[Series, ...]
    now: datetime
    services: Mapping[str, str] = field(factory=dict)
    clients: Mapping[str, str] = field(factory=dict)
    time_limit: float = 30.0


@frozen(kw_only=True)
class Observation:
    """What came back for one series: a tuple of numbers per block from ``start`` on, in order.

    A block is ``(total, bad)`` or ``(value,)``; None where there was no data, which is never health. ``seen`` says of
    the blocks without data why: ``empty`` (the source answered, with nothing), ``gone`` (no target reports any more)
    or ``unreachable`` (the source did not answer); ``note`` says it in words. The one word is for all of them: where
    the reason changes, or not all could be read at once, give fewer blocks than were asked for, and the rest is asked
    for again. ``source`` is ``distribution version`` and is set by the driver.
    """

    series: str
    start: datetime
    blocks: tuple[tuple[float, ...] | None, ...] = ()
    seen: str = "empty"
    note: str = ""
    source: str = ""
