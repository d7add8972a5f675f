"""What a watch measures, from a real Prometheus; what is expected is counted from the samples that were written."""

from __future__ import annotations

import json
import math
import random
import socket
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from tests.support.loopback import Quiet, listening
from tests.support.prometheus import serving, write_samples

from bascule.slo.objective import Gauge, Objective, Ratio, queries
from bascule.slo.records import Direction
from bascule.testing.builders import NOW
from bascule.types import Observation, Series, WatchContext, WatchRequest
from bascule_observability.watching import watch

STEP, SCRAPE, BLOCKS = 30, 15, 120
START = NOW - timedelta(hours=2)
TIMES = [START.timestamp() + 7 + SCRAPE * n for n in range(-20, BLOCKS * STEP // SCRAPE)]
"""When was scraped: five minutes before the first block already, and never at a block's end."""

Samples = list[tuple[float, float]]


def counted(seed: int, rate: float, times: Sequence[float] = TIMES, first: float = 0.0) -> Samples:
    """Return a counter that goes up by a random number at each scrape, ``rate`` on average."""
    dice = random.Random(seed)
    value, out = first, []
    for at in times:
        value += sum(dice.random() < rate / 100 for _ in range(100))
        out.append((at, value))
    return out


def restarted(samples: Samples, at: int) -> Samples:
    """Return the counter with a start from 0 just after sample ``at``."""
    lost = samples[at][1]
    return samples[: at + 1] + [(t, v - lost) for t, v in samples[at + 1 :]]


def without(samples: Samples, first: int, last: int) -> Samples:
    """Return them without those in the blocks ``first`` to ``last``."""
    return [(t, v) for t, v in samples if not first <= block(t) <= last]


def block(at: float) -> int:
    """Return the block in which a time is."""
    return math.ceil((at - START.timestamp()) / STEP) - 1


def expected(*counters: Samples) -> list[float | None]:
    """Return what was counted in each block: what each sample in it has more than the one before, from 0 again."""
    found: list[float | None] = [None] * BLOCKS
    for samples in counters:
        last: float | None = None
        for at, value in samples:
            more = 0.0 if last is None else value - last if value >= last else value
            last = value
            if 0 <= block(at) < BLOCKS:
                found[block(at)] = (found[block(at)] or 0.0) + more
    return found


OK, BAD = counted(1, 40), counted(2, 2)
RESET, RESET_BAD = restarted(OK, 103), restarted(BAD, 103)
BORN = 120
OLD, NEW = OK[:BORN], counted(3, 40, TIMES[BORN:], first=31)
GAP = without(OK, 40, 42)
LONG_GAP = without(OK, 40, 47)
GONE = [(t, v) for t, v in OK if block(t) < 100]
LEVEL: Samples = [(t, float(n % 7)) for n, t in enumerate(TIMES)]

HISTORY: dict[str, Samples] = {
    'plain{code="200",pod="a"}': OK,
    'plain{code="200",pod="b"}': counted(4, 30),
    'plain{code="500",pod="a"}': BAD,
    'reset{code="200"}': RESET,
    'reset{code="500"}': RESET_BAD,
    'pods{code="200",pod="old"}': OLD,
    'pods{code="200",pod="new"}': NEW,
    'gap{code="200"}': GAP,
    'long_gap{code="200"}': LONG_GAP,
    'gone{code="200"}': GONE,
    'half{code="200"}': [s for n, s in enumerate(OK) if n % 4 < 2],
    'all_fail{code="200"}': OLD,
    'all_fail{code="500"}': counted(5, 40, TIMES[BORN:]),
    "level": LEVEL,
    "level_gone": [(t, v) for t, v in LEVEL if block(t) < 100],
    "level_odd": [(t, math.nan if 10 <= block(t) < 20 else math.inf if block(t) == 30 else v) for t, v in LEVEL],
    'level_pod{pod="a"}': LEVEL,
    'level_pod{pod="b"}': [(t, v) for t, v in LEVEL if block(t) >= 60],
}


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the address of a Prometheus with an hour of history."""
    folder = tmp_path_factory.mktemp("prometheus")
    with serving(folder, write_samples(folder, HISTORY)) as address:
        yield address


def ratio(metric: str, **given: Any) -> Ratio:
    """Return the usual objective of a counter."""
    return Ratio(target=0.99, total=metric, **({"bad": f'{metric}{{code="500"}}'} | given))


def asked(sli: Ratio | Gauge, name: str = "slo", **given: Any) -> Series:
    """Return the series of an objective as the core asks for it."""
    texts = {q.role: q.text for q in queries(Objective(name=name, sli=sli), STEP)}
    kind = "ratio" if isinstance(sli, Ratio) else "gauge"
    made = {"id": f"s-{name}", "step": float(STEP), "start": START, "blocks": BLOCKS, **given}
    return Series(objective=name, kind=kind, queries=texts, **made)


def context(
    address: str | None, *series: Series, merges: int = 1, live_at: datetime = START, **given: Any
) -> WatchContext:
    """Return what the hook is given."""
    requests = tuple(
        WatchRequest(
            run=f"r-{n}", repository="acme/shop", number=n, sha="0" * 40, started_at=live_at,
            ends_at=live_at + timedelta(hours=1), series=tuple(s.id for s in series),
        )
        for n in range(merges)
    )  # fmt: skip
    services = {} if address is None else {"prometheus": address}
    return WatchContext(**{"requests": requests, "series": series, "now": NOW, "services": services, **given})


def one(address: str, sli: Ratio | Gauge, **given: Any) -> Observation:
    """Return the observation of one objective."""
    (seen,) = watch(context(address, asked(sli), **given))
    return seen


def pairs(total: list[float | None], bad: list[float | None]) -> list[tuple[float, ...] | None]:
    """Return blocks of a ratio."""
    return [None if t is None else (t, b or 0.0) for t, b in zip(total, bad, strict=True)]


# -- counting ----------------------------------------------------------------------------------------------------------


FORMS = [
    ratio("plain"),
    ratio("plain", bad="", good='plain{code="200"}'),
    Ratio(target=0.99, total="sum(rate(plain[5m]))", bad='sum(rate(plain{code=~"5.."}[5m])) # errors'),
    Ratio(target=0.99, total="sum(rate(plain[5m]))", bad='sum(rate(plain[5m])) - sum(rate(plain{code="200"}[5m]))'),
    Ratio(target=0.99, total="sum by (code) (increase(plain[1m]))", good='sum(irate(plain{code="200"}[1m]))'),
]


@pytest.mark.tool("prometheus", "promtool")
@pytest.mark.parametrize("sli", FORMS, ids=range(len(FORMS)))
def test_every_request_is_counted_once(prometheus: str, sli: Ratio) -> None:
    bad = expected(BAD)
    total = expected(OK, HISTORY['plain{code="200",pod="b"}'], BAD)
    seen = one(prometheus, sli)
    assert list(seen.blocks) == pairs(total, bad)
    assert (seen.seen, seen.note, len(seen.blocks)) == ("empty", "", BLOCKS)


@pytest.mark.tool("prometheus", "promtool")
def test_a_counter_that_starts_again_is_no_jump(prometheus: str) -> None:
    seen = one(prometheus, ratio("reset"))
    assert list(seen.blocks) == pairs(expected(RESET, RESET_BAD), expected(RESET_BAD))
    # All of it: what the counter had lost is what was counted before.
    assert sum(b[0] for b in seen.blocks if b) == sum(b or 0 for b in expected(OK, BAD))


@pytest.mark.tool("prometheus", "promtool")
def test_an_instance_that_takes_over_counts_from_where_it_is_seen(prometheus: str) -> None:
    seen = one(prometheus, ratio("pods"))
    assert list(seen.blocks) == pairs(expected(OLD, NEW), [0.0] * BLOCKS)  # not the 31 that it came with


@pytest.mark.tool("prometheus", "promtool")
@pytest.mark.parametrize(("metric", "samples", "last"), [("gap", GAP, 42), ("long_gap", LONG_GAP, 47)])
def test_a_gap_has_no_data_and_loses_none(prometheus: str, metric: str, samples: Samples, last: int) -> None:
    seen = one(prometheus, ratio(metric), live_at=NOW)
    assert list(seen.blocks) == pairs(expected(samples), [0.0] * BLOCKS)
    assert all(b is None for b in seen.blocks[40 : last + 1])
    assert sum(b[0] for b in seen.blocks if b) == sum(b or 0 for b in expected(OK))


@pytest.mark.tool("prometheus", "promtool")
def test_half_the_data_is_half_without_data(prometheus: str) -> None:
    seen = one(prometheus, ratio("half"), live_at=NOW)
    assert list(seen.blocks) == pairs(expected(HISTORY['half{code="200"}']), [0.0] * BLOCKS)
    assert sum(b is None for b in seen.blocks) == BLOCKS // 2


@pytest.mark.tool("prometheus", "promtool")
def test_when_nothing_good_is_left_everything_is_bad(prometheus: str) -> None:
    total = "sum(rate(all_fail[1m]))"
    good = 'sum(rate(all_fail{code="200"}[1m]))'
    for sli in (Ratio(target=0.99, total=total, good=good), Ratio(target=0.99, total=total, bad=f"{total} - {good}")):
        after = one(prometheus, sli).blocks[block(TIMES[BORN]) + 1 :]
        assert len(after) > 60
        assert all(b is not None and b[0] == b[1] > 0 for b in after)


@pytest.mark.tool("prometheus", "promtool")
def test_errors_of_one_kind_do_not_hide_until_there_is_another(prometheus: str) -> None:
    bad = "+".join(f'sum(rate(plain{{code="{code}"}}[1m]))' for code in ("503", "500", "504"))
    seen = one(prometheus, Ratio(target=0.99, total="plain", bad=bad))
    assert [b and b[1] for b in seen.blocks] == expected(BAD)


# -- gauges ------------------------------------------------------------------------------------------------------------


def gauge(query: str) -> Gauge:
    """Return an objective of one value."""
    return Gauge(query=query, direction=Direction.UP)


@pytest.mark.tool("prometheus", "promtool")
def test_a_gauge_has_the_last_value_of_each_block(prometheus: str) -> None:
    last = {block(t): v for t, v in LEVEL}
    assert list(one(prometheus, gauge("level")).blocks) == [(last[n],) for n in range(BLOCKS)]
    odd = one(prometheus, gauge("level_odd")).blocks
    assert [n for n, b in enumerate(odd) if b is None] == [*range(10, 20), 30]


@pytest.mark.tool("prometheus", "promtool")
def test_more_than_one_value_is_none(prometheus: str) -> None:
    seen = one(prometheus, gauge("level_pod"))
    assert [b is None for b in seen.blocks] == [False] * 60 + [True] * 60
    assert "up to 2 values at one time; one is needed" in seen.note
    assert None not in one(prometheus, gauge("max(level_pod)")).blocks


# -- silence -----------------------------------------------------------------------------------------------------------


@pytest.mark.tool("prometheus", "promtool")
@pytest.mark.parametrize("sli", [ratio("gone"), gauge("level_gone")], ids=["ratio", "gauge"])
def test_a_target_that_is_gone_is_told_from_silence(prometheus: str, sli: Ratio | Gauge) -> None:
    """Without a scrape that marks the end, it is gone two minutes after its last sample, not five."""
    first = one(prometheus, sli)
    assert all(b is not None for b in first.blocks[:100])
    if isinstance(sli, Ratio):
        # For these it is not certain; what comes after them is asked for again, because its reason is another.
        assert (first.seen, first.blocks[100:]) == ("empty", (None,) * 3)
    begin = len(first.blocks)
    more = asked(sli, start=START + timedelta(seconds=STEP * begin), blocks=BLOCKS - begin)
    (rest,) = watch(context(prometheus, more))
    if isinstance(sli, Ratio):
        assert (rest.seen, rest.blocks) == ("gone", (None,) * (BLOCKS - begin))
    # Before a merge the reason does not matter: all at once.
    whole = one(prometheus, sli, live_at=START + timedelta(seconds=STEP * 110))
    assert (whole.seen, len(whole.blocks)) == ("gone", BLOCKS)
    assert whole.blocks[104:] == (None,) * 16


@pytest.mark.tool("prometheus", "promtool")
def test_what_was_never_there_is_no_data(prometheus: str) -> None:
    for sli in (ratio("nothing"), gauge("nothing")):
        seen = one(prometheus, sli)
        assert (seen.seen, seen.blocks) == ("gone", (None,) * BLOCKS)
        assert "no data" in seen.note
    # A total without a sample is no data, whatever is counted as bad.
    seen = one(prometheus, Ratio(target=0.9, total="nothing", bad="plain"))
    assert seen.blocks == (None,) * BLOCKS


@pytest.mark.tool("prometheus", "promtool")
def test_a_bad_query_is_named_and_the_others_go_on(prometheus: str) -> None:
    worse = Series(
        id="s-w", objective="worse", kind="gauge", queries={"value": "sum(("}, step=30.0, start=START, blocks=9
    )
    two = Series(
        id="s-2",
        objective="two",
        kind="gauge",
        queries={"value": "level * on() plain"},
        step=30.0,
        start=START,
        blocks=9,
    )
    seen = {o.series: o for o in watch(context(prometheus, worse, two, asked(ratio("plain"))))}
    assert seen["s-w"].seen == seen["s-2"].seen == "unreachable"
    assert "answered 400 to the query of worse: " in seen["s-w"].note
    assert "answered 422 to the query of two: " in seen["s-2"].note
    assert prometheus not in seen["s-w"].note
    assert None not in seen["s-slo"].blocks


@pytest.mark.tool("prometheus", "promtool")
def test_more_points_than_one_query_may_have(prometheus: str) -> None:
    long = asked(ratio("plain"), start=START - timedelta(days=4), blocks=4 * 2880 + BLOCKS)
    (seen,) = watch(context(prometheus, long, live_at=NOW))
    assert len(seen.blocks) == long.blocks
    assert seen.blocks[-BLOCKS:] == one(prometheus, ratio("plain")).blocks


@pytest.mark.tool("prometheus", "promtool")
def test_each_series_is_asked_for_once_however_many_watch(prometheus: str) -> None:
    def served() -> float:
        with urllib.request.urlopen(f"{prometheus}/metrics") as page:
            lines = page.read().decode().splitlines()
        name = 'prometheus_http_requests_total{code="200",handler="/api/v1/query_range"}'
        return next((float(text.split()[-1]) for text in lines if text.startswith(name)), 0.0)

    series = [asked(sli, f"n{n}") for n, sli in enumerate((ratio("plain"), ratio("reset"), gauge("level")))]
    before = served()
    assert len(list(watch(context(prometheus, *series, merges=200)))) == 3
    assert served() - before == 3


@pytest.mark.tool("prometheus", "promtool")
def test_credentials_come_from_the_file(tmp_path: Path) -> None:
    web = "basic_auth_users:\n  u: $2b$04$abcdefghijklmnopqrstuulzKzF1XQ19Mr9GPQei3Q3dUx2PKnZO.\n"  # of "S3CR"
    config = tmp_path / "http.yml"
    series = [asked(gauge("level"), n) for n in "ab"]
    with serving(tmp_path, write_samples(tmp_path, {"level": LEVEL}), web) as address:
        ctx = context(address, *series, clients={"prometheus": str(config)})
        config.write_text("basic_auth: {username: u, password: S3CR}\n")
        assert all(None not in o.blocks for o in watch(ctx))
        config.write_text("basic_auth: {username: u, password: wr0ng}\n")
        refused = list(watch(ctx))
        config.write_text("basic_auth: [S3CR]\n")
        unusable = list(watch(ctx))
    assert [o.seen for o in refused + unusable] == ["unreachable"] * 4
    assert "answered 401" in refused[1].note
    assert "BASCULE_HTTP_CONFIG_PROMETHEUS names cannot be used" in unusable[0].note
    assert not any(word in o.note for o in refused + unusable for word in ("S3CR", "wr0ng", address))


@pytest.mark.tool("prometheus", "promtool")
def test_who_learns_nothing_from_anybody_does_not_know_what_is_gone(tmp_path: Path) -> None:
    history = {"up": [(t, 1.0) for t in TIMES if block(t) < 100], 'gone{code="200"}': GONE, "level": LEVEL}
    with serving(tmp_path, write_samples(tmp_path, history)) as address:
        first = one(address, ratio("gone"))
        begin = len(first.blocks)
        more = asked(ratio("gone"), start=START + timedelta(seconds=STEP * begin), blocks=BLOCKS - begin)
        (rest,) = watch(context(address, more))
    assert (rest.seen, rest.blocks) == ("unreachable", (None,) * (BLOCKS - begin))
    assert "nothing new from any target" in rest.note


# -- servers that are none ---------------------------------------------------------------------------------------------

Reply = Callable[[], tuple[int, bytes]]


@pytest.fixture(autouse=True)
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no test learn from another what is too much."""
    monkeypatch.setattr("bascule_observability.watching._most", {})


@contextmanager
def answering(reply: Reply) -> Iterator[tuple[str, list[str]]]:
    """Yield the address of a server that answers everything with ``reply``, and what it was asked."""
    calls: list[str] = []

    class Handler(Quiet):
        def do_POST(self) -> None:
            calls.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            status, body = reply()
            try:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except OSError:
                pass  # who asked has gone

    with listening(Handler) as address:
        yield address, calls


def many(count: int = 20) -> list[Series]:
    """Return that many series."""
    return [asked(ratio("plain"), f"n{n}") for n in range(count)]


def answer(**more: Any) -> bytes:
    """Return an answer as a Prometheus gives it, with a value in every block."""
    values = [[START.timestamp() + STEP * (n + 1), "5"] for n in range(BLOCKS)]
    result = [{"metric": {"bascule_role": role}, "values": values} for role in ("total", "bad", "presence")]
    data = {"resultType": "matrix", "result": result}
    return json.dumps({"status": "success", "data": data, **more}).encode()


def silent(seen: Sequence[Observation]) -> None:
    """Check that nobody got data, and that no reason holds an address."""
    assert [(o.seen, o.blocks) for o in seen] == [("unreachable", (None,) * BLOCKS)] * len(seen)
    assert all(o.note and "127.0.0.1" not in o.note for o in seen)


def test_a_dead_server_is_tried_once() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # and does not listen
        seen = list(watch(context(f"http://127.0.0.1:{closed.getsockname()[1]}", *many())))
    assert len(seen) == 20
    silent(seen)
    assert "did not answer (ConnectionError)" in seen[0].note


def test_a_slow_server_is_waited_for_once() -> None:
    release = threading.Event()

    def late() -> tuple[int, bytes]:
        release.wait(60)
        return 200, answer()

    with answering(late) as (address, calls):
        seen = list(watch(context(address, *many(), time_limit=1.0)))
        release.set()
    silent(seen)
    assert len(calls) == 1
    assert "did not answer within" in seen[0].note


def test_time_that_is_used_up_is_said_and_the_furthest_behind_comes_first() -> None:
    def slowly() -> tuple[int, bytes]:
        time.sleep(0.3)
        return 200, answer()

    behind = asked(ratio("plain"), "behind", start=START - timedelta(seconds=STEP))
    with answering(slowly) as (address, calls):
        seen = list(watch(context(address, *many(), behind, time_limit=1.2)))
    assert seen[0].series == "s-behind"
    assert seen[0].seen != "unreachable"
    assert len(calls) < 21 == len(seen)
    assert "no time was left" in seen[-1].note


@pytest.mark.parametrize(
    ("status", "body", "asks", "words"),
    [
        (500, b"boom", 20, "answered 500"),
        (503, b'{"status":"error","error":"query timed out"}', 20, "answered 503"),
        (429, b"", 1, "answered 429"),
        (403, b"", 1, "may query"),
        (302, b"", 20, "answered 302"),
        (200, b"<html>", 1, "did not answer ("),
        (200, b'{"status":"success","data":{"result":[7]}}', 1, "did not answer ("),
        (200, b'{"status":"success","data":{"result":[{"metric":{},"values":[[1]]}]}}', 1, "no number"),
        (200, answer(warnings=["receive series from store: 127.0.0.1 is down"]), 20, "not complete"),
    ],
)
def test_an_answer_that_is_none_is_no_data(status: int, body: bytes, asks: int, words: str) -> None:
    with answering(lambda: (status, body)) as (address, calls):
        seen = list(watch(context(address, *many())))
    assert [o.seen for o in seen] == ["unreachable"] * 20
    assert all(o.blocks == (None,) * BLOCKS for o in seen)
    assert words in seen[0].note
    assert not any("127.0.0.1" in o.note for o in seen)
    assert len(calls) == asks


def test_what_is_too_much_at_once_is_asked_for_in_parts() -> None:
    def strained() -> tuple[int, bytes]:
        form = parse_qs(calls[-1])
        points = (float(form["end"][0]) - float(form["start"][0])) / STEP + 1
        return (503, b"query timed out") if points > 40 else (200, answer())

    with answering(strained) as (address, calls):
        rounds = [one(address, ratio("plain")) for _ in range(3)]
    assert [(o.seen, len(o.blocks)) for o in rounds] == [("unreachable", 120), ("empty", 30), ("empty", 30)]
    assert rounds[1].blocks == ((5.0, 5.0),) * 30


def test_a_remark_about_the_query_is_no_partial_answer() -> None:
    remark = "PromQL info: metric might not be a counter"
    with answering(lambda: (200, answer(warnings=[remark]))) as (address, _):
        (seen,) = watch(context(address, asked(ratio("plain"))))
    assert seen.blocks == ((5.0, 5.0),) * BLOCKS


# -- whom to ask -------------------------------------------------------------------------------------------------------


def test_without_a_prometheus_it_says_what_to_set() -> None:
    (seen,) = watch(context(None, asked(ratio("plain"))))
    silent([seen])
    assert seen.note == "no Prometheus is named: set BASCULE_SERVICE_PROMETHEUS"


def test_a_series_in_another_language_is_left_alone() -> None:
    assert list(watch(context(None, asked(ratio("plain"), source="acme-queue")))) == []


def test_a_named_source_is_the_service_of_that_name() -> None:
    with answering(lambda: (200, answer())) as (address, calls):
        series = asked(ratio("plain"), source="eu-west")
        (seen,) = watch(context(None, series, services={"eu-west": address}))
    assert len(calls) == 1
    assert seen.blocks[0] == (5.0, 5.0)
