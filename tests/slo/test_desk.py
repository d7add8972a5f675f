"""The desk: blocks on one grid, each series asked once, silence that is not lost, and what the rows then say."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from attrs import evolve

from bascule.messages import watch as say
from bascule.slo.desk import CALM_SECONDS, Desk, recovered
from bascule.slo.objective import Gauge, Objective, Ratio
from bascule.slo.posts import Row, Watch
from bascule.slo.records import Answer, Direction
from bascule.types import Observation, Series

START = datetime(2026, 1, 5, 10, 0, 7, tzinfo=UTC)
"""Not on the grid: merges never are."""
SECONDS = 30
CHECKOUT = Objective(name="checkout", sli=Ratio(target=0.99, bad='http_total{code="500"}', total="http_total"))
QUEUE = Objective(name="queue", sli=Gauge(query="sum(queue)", direction=Direction.UP))

Block = tuple[float, ...] | None
World = Callable[[Series, datetime], Block]
"""What was measured in the block that ends at a time."""


def watch(number: int = 1, at: datetime = START, minutes: float = 10, **given: Any) -> Watch:
    """Return a watch on :data:`CHECKOUT`."""
    made = {
        "run": f"r-{number}", "repository": "acme/shop", "number": number, "sha": f"{number}" * 40, "live_at": at,
        "ends_at": at + timedelta(minutes=minutes), "objectives": (CHECKOUT,),
    }  # fmt: skip
    return Watch(**(made | given))


def answer(series: Series, world: World, **given: Any) -> Observation:
    """Return what a source says of all of ``series``."""
    ends = [series.start + timedelta(seconds=series.step * (n + 1)) for n in range(series.blocks)]
    return Observation(series=series.id, start=series.start, blocks=tuple(world(series, e) for e in ends), **given)


def silent(series: Series, note: str = "Prometheus did not answer") -> Observation:
    """Return what a driver says of a source that does not answer."""
    return Observation(
        series=series.id, start=series.start, blocks=(None,) * series.blocks, seen="unreachable", note=note
    )


def fine(_: Series, __: datetime) -> Block:
    return (1000.0, 1.0)


def broken_from(at: datetime, until: datetime | None = None) -> World:
    """Return a service that fails from a time on."""
    return lambda _, end: (1000.0, 200.0) if at < end and (until is None or end <= until) else (1000.0, 1.0)


def go(desk: Desk, world: World | None, start: datetime, minutes: float, run: str = "r-1") -> tuple[Row, ...]:
    """Let time pass in ticks of a block until the watch is over; None: a source that does not answer."""
    now, end = start, start + timedelta(minutes=minutes)
    while now <= end and not desk.over(run):
        _, series = desk.due(now)
        desk.take([silent(s) if world is None else answer(s, world) for s in series], now)
        now += timedelta(seconds=SECONDS)
    return desk.rows(run)


def test_blocks_lie_on_one_grid_and_the_one_in_which_it_went_live_is_on_neither_side() -> None:
    desk = Desk(SECONDS, rhythm=False)
    desk.open(watch())
    requests, (series,) = desk.due(START + timedelta(minutes=5))
    assert series.start.timestamp() % SECONDS == 0
    assert series.start == datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
    assert [r.series for r in requests] == [(series.id,)]
    # 10:05:07 less 15 s for scrapes to arrive: the last whole block ends at 10:04:30.
    assert series.start + timedelta(seconds=SECONDS * series.blocks) == datetime(2026, 1, 5, 10, 4, 30, tzinfo=UTC)
    desk.take([answer(series, broken_from(datetime(2026, 1, 5, 10, 0, tzinfo=UTC)))], START + timedelta(minutes=5))
    (row,) = desk.rows("r-1")
    # Ten minutes from 10:00:30 on; eight blocks until 10:04:30.
    assert (row.seen, row.planned) == (8, 19)
    assert row.before == 60
    assert row.values[row.before - 1] == 0.001
    assert row.values_from + timedelta(seconds=SECONDS * row.before) == datetime(2026, 1, 5, 10, 0, tzinfo=UTC)


def test_a_series_is_asked_for_once_however_many_watch_it() -> None:
    desk = Desk(SECONDS, rhythm=False)
    for number in range(50):
        desk.open(watch(number, at=START + timedelta(seconds=7 * number), objectives=(CHECKOUT, QUEUE)))
    requests, series = desk.due(START + timedelta(minutes=7))
    assert (len(requests), sorted(s.objective for s in series)) == (50, ["checkout", "queue"])
    desk.take([answer(s, lambda s, _: (1000.0, 1.0) if s.kind == "ratio" else (5.0,)) for s in series], START)
    assert desk.due(START + timedelta(minutes=7))[1] == ()
    assert {len(desk.rows(f"r-{n}")) for n in range(50)} == {2}
    # The next tick asks only for what is new.
    _, series = desk.due(START + timedelta(minutes=8))
    assert {s.blocks for s in series} == {2}


def test_what_was_as_bad_at_this_time_yesterday_is_not_blamed() -> None:
    for days, answered in ((1, Answer.UNDECIDED), (7, Answer.UNDECIDED), (2, Answer.VIOLATION)):
        desk = Desk(SECONDS)
        desk.open(watch(minutes=30))
        then = START + timedelta(minutes=3) - timedelta(days=days)
        again = broken_from(then, then + timedelta(hours=1))
        today = broken_from(START + timedelta(minutes=3))

        def world(series: Series, end: datetime, again: World = again, today: World = today) -> Block:
            return (today if end > START - timedelta(hours=2) else again)(series, end)

        (row,) = go(desk, world, START, 40)
        assert row.judgement.answer is answered, (days, row.judgement)


def test_the_past_is_asked_for_once() -> None:
    desk = Desk(SECONDS)
    desk.open(watch())
    _, series = desk.due(START + timedelta(minutes=2))
    assert [s.id.partition("-")[2].partition("-")[2] for s in series] == ["", "day", "week"]
    assert {tuple(s.queries.items()) for s in series} == {tuple(series[0].queries.items())}
    begin = {s.id.rpartition("-")[2]: s.start for s in series}
    assert begin["day"] - begin["week"] == timedelta(days=6)
    desk.take([answer(s, fine) for s in series], START + timedelta(minutes=2))
    assert [s.id.count("-") for s in desk.due(START + timedelta(minutes=3))[1]] == [1]
    desk.close("r-1")
    assert desk.due(START + timedelta(minutes=4)) == ((), ())


def test_an_objective_of_the_same_queries_is_the_same_series_whatever_it_is_called() -> None:
    desk = Desk(SECONDS, rhythm=False)
    desk.open(watch(1))
    desk.open(watch(2, objectives=(evolve(CHECKOUT, name="other"),)))
    desk.open(watch(3, objectives=(evolve(CHECKOUT, source="thanos"),)))
    assert [s.source for s in desk.due(START + timedelta(minutes=1))[1]] == ["prometheus", "thanos"]


def test_a_watch_that_needs_an_older_past_gets_it_and_the_other_loses_nothing() -> None:
    desk = Desk(SECONDS, rhythm=False)
    desk.open(watch(1))
    now = START + timedelta(minutes=5)
    go(desk, fine, START, 5)
    seen = desk.rows("r-1")[0].seen
    desk.open(watch(2, at=START - timedelta(minutes=30)))
    _, (series,) = desk.due(now)
    assert series.start == datetime(2026, 1, 5, 8, 30, tzinfo=UTC)
    desk.take([answer(series, fine)], now)
    assert desk.rows("r-1")[0].seen == seen
    desk.close("r-2")
    desk.close("r-1")
    assert desk.due(now) == ((), ())


def test_ok_only_at_the_end() -> None:
    desk = Desk(SECONDS, rhythm=False)
    desk.open(watch())
    now = START
    for _ in range(19):
        assert not desk.over("r-1")
        now += timedelta(seconds=SECONDS)
        desk.take([answer(s, fine) for s in desk.due(now)[1]], now)
    (row,) = go(desk, fine, now, 5)
    assert desk.over("r-1")
    assert (row.judgement.answer, row.seen, row.fired_at) == (Answer.OK, 19, None)


def test_a_violation_ends_it_and_says_when_it_was_certain() -> None:
    desk = Desk(SECONDS, rhythm=False)
    desk.open(watch())
    (row,) = go(desk, broken_from(START), START, 30)
    assert desk.over("r-1")
    assert (row.judgement.answer, row.person) == (Answer.VIOLATION, False)
    assert row.seen < row.planned
    assert row.fired_at == datetime(2026, 1, 5, 10, 0, 30, tzinfo=UTC) + timedelta(seconds=SECONDS * row.seen)


def test_a_source_that_was_away_for_a_while_loses_nothing() -> None:
    desk = Desk(SECONDS, rhythm=False)
    desk.open(watch())
    go(desk, fine, START, 2)
    go(desk, None, START + timedelta(minutes=2), 5)
    (held,) = desk.rows("r-1")
    assert held.judgement.answer is not Answer.VIOLATION
    assert held.note == "Prometheus did not answer"
    (row,) = go(desk, broken_from(START), START + timedelta(minutes=7), 30)
    assert (row.judgement.answer, row.note) == (Answer.VIOLATION, "")


def test_a_source_that_never_answers_is_undecided_after_the_watch_was_prolonged_once() -> None:
    desk = Desk(SECONDS, rhythm=False)
    desk.open(watch())
    (row,) = go(desk, None, START, 12)
    assert not desk.over("r-1")
    # Ten minutes, patience of two, and as long again.
    (row,) = go(desk, None, START + timedelta(minutes=12), 13)
    assert desk.over("r-1")
    assert (row.judgement.answer, row.seen, row.planned) == (Answer.UNDECIDED, 38, 38)
    assert "did not answer" in row.judgement.reason


def test_a_source_that_falls_silent_at_the_end_is_never_ok() -> None:
    desk = Desk(SECONDS, rhythm=False)
    desk.open(watch())
    go(desk, fine, START, 6)
    (row,) = go(desk, None, START + timedelta(minutes=6), 30)
    assert desk.over("r-1")
    assert row.judgement.answer is Answer.UNDECIDED
    assert "did not answer" in row.judgement.reason


def test_a_source_that_comes_back_while_prolonged_decides() -> None:
    desk = Desk(SECONDS, rhythm=False)
    desk.open(watch())
    go(desk, None, START, 13)
    (row,) = go(desk, fine, START + timedelta(minutes=13), 30)
    assert desk.over("r-1")
    assert row.seen == row.planned == 38
    assert row.judgement.answer in {Answer.OK, Answer.UNDECIDED}


def test_what_is_not_on_the_grid_or_unknown_is_not_taken() -> None:
    desk = Desk(SECONDS, rhythm=False)
    desk.open(watch())
    now = START + timedelta(minutes=5)
    _, (series,) = desk.due(now)
    moved = answer(evolve(series, start=series.start + timedelta(seconds=SECONDS)), fine)
    assert not desk.take([moved, evolve(moved, series="s-other")], now)
    assert desk.rows("r-1")[0].judgement.answer is Answer.UNDECIDED
    # Of two answers, the one with more data counts: another plugin may not speak this series' language.
    assert desk.take([silent(series), answer(series, fine), silent(series)], now)
    assert desk.rows("r-1")[0].seen > 0


def test_a_target_that_is_gone() -> None:
    desk = Desk(SECONDS, rhythm=False)
    desk.open(watch())
    now = START + timedelta(minutes=11)
    _, (series,) = desk.due(now)
    known = answer(series, lambda _, end: (1000.0, 1.0) if end <= START else None, seen="gone")
    desk.take([known], now)
    (row,) = desk.rows("r-1")
    assert row.judgement.answer is Answer.VIOLATION
    assert "no target" in row.judgement.reason


def test_a_gauge() -> None:
    desk = Desk(SECONDS, rhythm=False)
    desk.open(watch(objectives=(QUEUE,)))
    noise = [5.0, 6.0, 4.0, 5.5, 4.5]

    def world(_: Series, end: datetime) -> Block:
        at = int(end.timestamp() // SECONDS)
        return (noise[at % 5] + (100.0 if end > START else 0.0),)

    (row,) = go(desk, world, START, 30)
    assert row.judgement.answer is Answer.VIOLATION
    assert row.values[-1] is not None
    assert row.values[-1] > 100


def test_an_overlap_on_the_same_objective_is_a_persons() -> None:
    desk = Desk(SECONDS, rhythm=False)
    other = START + timedelta(minutes=1)
    desk.open(watch(1))
    desk.open(watch(2, at=other))
    desk.open(watch(3, at=START - timedelta(hours=2)))
    (row,) = go(desk, broken_from(START), START, 30)
    assert (row.judgement.answer, row.person) == (Answer.VIOLATION, True)
    assert "acme/shop#2" in row.judgement.reason
    assert "#3" not in row.judgement.reason  # it had ended


def test_of_others_on_another_objective_nothing_is_said() -> None:
    desk = Desk(SECONDS, rhythm=False)
    desk.open(watch(1))
    desk.open(watch(2, objectives=(QUEUE,)))
    (row,) = go(desk, broken_from(START), START, 30)
    assert (row.judgement.answer, row.person) == (Answer.VIOLATION, False)


def test_history_at_once_says_what_ticks_say() -> None:
    ticked, at_once = Desk(SECONDS, rhythm=False), Desk(SECONDS, rhythm=False)
    for desk in (ticked, at_once):
        desk.open(watch(objectives=(CHECKOUT, QUEUE)))

    def world(series: Series, end: datetime) -> Block:
        return fine(series, end) if series.kind == "ratio" else (5.0 + end.timestamp() % 7,)

    rows = go(ticked, world, START, 30)
    now = START + timedelta(minutes=30)
    at_once.take([answer(s, world) for s in at_once.due(now)[1]], now)
    assert at_once.rows("r-1") == rows


# -- recovery ---------------------------------------------------------------------------------------------------------

UNDONE = START + timedelta(minutes=20)


def after(**given: Any) -> Desk:
    """Return a desk that looks for recovery: the rollback went live at :data:`UNDONE`."""
    desk = Desk(SECONDS, rhythm=False)
    desk.open(watch(at=UNDONE, minutes=30, before_at=START, **given))
    return desk


def recovery(desk: Desk, world: World, minutes: float = 32) -> datetime | None:
    """Return when it had recovered, None where it had not in so many minutes."""
    now = UNDONE
    while now <= UNDONE + timedelta(minutes=minutes):
        desk.take([answer(s, world) for s in desk.due(now)[1]], now)
        if recovered(desk.rows("r-1")):
            return now
        now += timedelta(seconds=SECONDS)
    return None


def test_recovery_is_measured_against_the_time_before_the_merge() -> None:
    desk = after()
    when = recovery(desk, broken_from(START, UNDONE))
    assert when is not None
    (row,) = desk.rows("r-1")
    assert row.calm == CALM_SECONDS
    assert "0.1 % errors of" in row.judgement.reason  # not the breach's 20 %
    # The first two blocks are the roll-out and are no part of the quiet.
    assert row.seen == CALM_SECONDS / SECONDS + 2
    assert when >= UNDONE + timedelta(seconds=CALM_SECONDS + 2 * SECONDS)


def test_what_goes_on_is_no_recovery() -> None:
    assert recovery(after(), broken_from(START)) is None


def test_errors_that_drain_slowly_may_still_recover() -> None:
    # Long enough for a new violation, which must not be the last word.
    assert recovery(after(), broken_from(START, UNDONE + timedelta(minutes=10))) is not None


def test_errors_a_little_above_the_objective_are_no_recovery() -> None:
    world: World = lambda _, end: (1000.0, 13.0 if end > START else 1.0)  # noqa: E731 - a world is a function
    assert recovery(after(), world) is None


def test_a_service_without_traffic_has_not_recovered() -> None:
    assert recovery(after(), lambda _, end: (0.0, 0.0) if end > UNDONE else (1000.0, 1.0)) is None


def test_a_block_without_traffic_does_not_begin_the_quiet_anew() -> None:
    def world(_: Series, end: datetime) -> Block:
        if end <= UNDONE:
            return (1000.0, 1.0)
        return (1000.0, 1.0) if end.timestamp() % (3 * SECONDS) else (0.0, 0.0)

    assert recovery(after(), world) is not None


def test_a_source_that_is_away_is_no_recovery() -> None:
    desk = after()
    now = UNDONE
    while now <= UNDONE + timedelta(minutes=40):
        desk.take([silent(s) for s in desk.due(now)[1]], now)
        assert not recovered(desk.rows("r-1"))
        now += timedelta(seconds=SECONDS)


# -- words ------------------------------------------------------------------------------------------------------------


def test_messages() -> None:
    assert say.verdict("ok", 7, 2) == "#7 broke none of 2 objectives."
    assert say.watched_already(7, "violation", "r-1", recovered=True) == (
        "#7 was watched already: violation, rolled back, recovered (run r-1)."
    )
    assert say.watched_already(7, "ok", "r-1", recovered=None) == "#7 was watched already: ok (run r-1)."
    assert "watch.rollback is off" in say.off_next(7, policy=True)
    assert "--no-rollback" in say.off_next(7, policy=False)
    assert say.nothing_to_watch(7, ()) == "#7 is not watched: no rulepack binds it."
    assert say.headline(["checkout", "queue"]).endswith("got worse after it went live")
    assert (say.span(10), say.span(600)) == ("10 s", "10 min")
