"""The judge of gauges: levels, blips, rhythms, and histories that say little."""

import math
import random

import pytest

from bascule.slo import gauge
from bascule.slo.records import Answer, Direction, GaugeBlock, Judgement, Seen

UP, DOWN, BOTH = Direction.UP, Direction.DOWN, Direction.BOTH


def noisy(seed: int, count: int, level: float = 50.0, sd: float = 2.0) -> list[float]:
    rng = random.Random(seed)
    return [rng.gauss(level, sd) for _ in range(count)]


def judged(
    before: list[float | None], after: list[float | None], direction: Direction = UP, step: float = 300.0
) -> Judgement:
    state = gauge.begin(direction, before, step_seconds=step, planned=len(after))
    for value in after:
        state = gauge.step(state, GaugeBlock(value))
    return gauge.verdict(state)


@pytest.mark.parametrize("before", [12, 24, 100, 288, 700])
def test_five_values_on_a_new_level_fire(before: int) -> None:
    got = judged([*noisy(before, before)], [51.0, 70.0, 72.0, 69.0, 71.0])
    assert (got.answer, got.fired_at) == (Answer.VIOLATION, 3)
    assert "70, 72, 69" in got.reason


@pytest.mark.parametrize("spike", [[90.0], [90.0, 80.0]])
@pytest.mark.parametrize("before", [12, 100, 288])
def test_a_spike_that_comes_back_is_ok(spike: list[float], before: int) -> None:
    after = [50.0, *spike, 51.0, 49.0][:5]
    got = judged([*noisy(before, before)], [*after, *noisy(9, 5 - len(after))], BOTH)
    assert got.answer is Answer.OK


def test_one_spike_at_the_end_is_no_violation_and_two_are_undecided() -> None:
    assert judged([*noisy(1, 100)], [50.0, 51.0, 49.0, 50.0, 90.0]).answer is Answer.OK
    assert judged([*noisy(1, 100)], [50.0, 51.0, 49.0, 90.0, 91.0]).answer is Answer.UNDECIDED


@pytest.mark.parametrize(("direction", "shift"), [(UP, -25.0), (DOWN, 25.0)])
def test_the_harmless_direction_is_ok(direction: Direction, shift: float) -> None:
    assert judged([*noisy(2, 100)], [*noisy(3, 12, 50 + shift)], direction).answer is Answer.OK


@pytest.mark.parametrize(("direction", "shift"), [(DOWN, -25.0), (BOTH, 25.0), (BOTH, -25.0)])
def test_the_harmful_direction_fires(direction: Direction, shift: float) -> None:
    assert judged([*noisy(2, 100)], [*noisy(3, 12, 50 + shift)], direction).answer is Answer.VIOLATION


@pytest.mark.parametrize("ago", [1, 2, 3, 5, 8, 30])
def test_a_level_that_was_there_before_the_merge_is_not_blamed_on_it(ago: int) -> None:
    before = [*noisy(4, 100), *noisy(5, ago, 80)]
    assert judged(before, [*noisy(6, 5, 80)]).answer is Answer.OK
    assert judged(before, [*noisy(6, 12, 80)], BOTH).answer is Answer.OK


def test_what_was_there_and_gets_as_much_worse_again_fires() -> None:
    before = [*noisy(4, 100), *noisy(5, 30, 80)]
    assert judged(before, [*noisy(6, 12, 125)]).answer is Answer.VIOLATION


def test_a_trend_that_goes_on_is_no_news() -> None:
    rng = random.Random(7)
    line = [10 + 0.5 * t + rng.gauss(0, 0.5) for t in range(160)]
    for after in (5, 12, 24):
        assert judged([*line[:100]], [*line[100 : 100 + after]], BOTH).answer is Answer.OK, after


def test_a_daily_rhythm_is_no_news_and_a_jump_out_of_it_is() -> None:
    rng = random.Random(8)
    day = [100 + 40 * math.sin(2 * math.pi * t / 288) + rng.gauss(0, 2) for t in range(900)]
    for at in range(600, 840, 20):
        assert judged([*day[:at]], [*day[at : at + 12]], BOTH).answer is Answer.OK, at
    for at in range(600, 840, 40):
        assert judged([*day[:at]], [v + 50 for v in day[at : at + 12]], UP).answer is Answer.VIOLATION, at


def test_a_rise_that_comes_every_day_at_this_time_is_no_news() -> None:
    rng = random.Random(9)
    batch = [rng.gauss(20, 1) + (60 if t % 288 < 24 else 0) for t in range(288 * 3 + 24)]
    at = 288 * 3
    assert judged([*batch[: at - 2]], [*batch[at - 2 : at + 10]]).answer is Answer.OK
    shifted = [*batch[100 : at - 80]]
    assert judged(shifted, [*noisy(1, 12, 80, 1)]).answer is Answer.VIOLATION, "the same rise at another time"


def test_the_same_clock_time_may_be_given_with_the_block() -> None:
    before = noisy(10, 60)
    for ago, answer in (((80.0, None), Answer.OK), ((None, 79.0), Answer.OK), ((51.0, 50.0), Answer.VIOLATION)):
        state = gauge.begin(UP, before, step_seconds=300, planned=6)
        for value in noisy(11, 6, 80):
            state = gauge.step(state, GaugeBlock(value, day_ago=ago[0], week_ago=ago[1]))
        assert gauge.verdict(state).answer is answer, ago


@pytest.mark.parametrize("level", [0.0, 7.0, 1e9])
def test_a_flat_line(level: float) -> None:
    assert judged([level] * 50, [level] * 5, BOTH).answer is Answer.OK
    assert judged([level] * 50, [level * 1.3 + 1] * 5).answer is Answer.VIOLATION
    assert judged([7.0] * 50, [7.02] * 5, BOTH).answer is Answer.OK, "three parts in a thousand concern nobody"


def test_small_counts_are_not_fired_on() -> None:
    rng = random.Random(11)
    before = [float(rng.choice([0, 0, 1, 1, 2, 3])) for _ in range(60)]
    assert judged([*before], [2.0, 2.0, 2.0, 2.0, 2.0]).answer is not Answer.VIOLATION


def test_bursts_as_large_as_those_of_history_are_ok() -> None:
    rng = random.Random(12)
    series = [rng.paretovariate(1.2) for _ in range(400)]
    fired = sum(
        judged([*series[at - 100 : at]], [*series[at : at + 12]]).fired_at is not None for at in range(100, 380)
    )
    assert fired <= 3


def test_a_random_walk_rarely_fires() -> None:
    rng = random.Random(13)
    fired = 0
    for _ in range(200):
        walk = [0.0]
        for _ in range(120):
            walk.append(walk[-1] + rng.gauss(0, 1))
        fired += judged([*walk[:100]], [*walk[100:112]], BOTH).fired_at is not None
    assert fired <= 10, "nothing about a random walk tells its next step from a shift"


@pytest.mark.parametrize(("phi", "most"), [(0.0, 2), (0.7, 3), (0.95, 6)])
def test_correlated_noise_rarely_fires(phi: float, most: int) -> None:
    rng = random.Random(14)
    fired = 0
    for _ in range(300):
        value, series = 0.0, []
        for _ in range(160):
            value = phi * value + rng.gauss(0, 1)
            series.append(value)
        fired += judged([*series[:100]], [*series[100:112]], BOTH).fired_at is not None
    assert fired <= most


def test_missing_values_are_left_out_and_too_many_are_undecided() -> None:
    before: list[float | None] = [None if t % 7 == 0 else v for t, v in enumerate(noisy(15, 100))]
    assert judged(before, [None, 70.0, None, 71.0, 72.0]).answer is Answer.VIOLATION
    assert judged(before, [None, 50.0, None, None, 51.0]).answer is Answer.UNDECIDED
    assert judged(before, [None] * 5).answer is Answer.UNDECIDED
    assert judged(before, [float("nan"), 50.0, float("inf"), 51.0, 50.0]).answer is Answer.OK


def test_without_a_history_nothing_is_said() -> None:
    got = judged([1.0, None, 2.0, 1.0], [50.0] * 5)
    assert got.answer is Answer.UNDECIDED
    assert "only 3 values before the merge" in got.reason


def test_what_the_objective_allows_is_no_violation() -> None:
    for limit, answer in ((100.0, Answer.OK), (60.0, Answer.VIOLATION)):
        state = gauge.begin(UP, noisy(16, 100), step_seconds=300, planned=6, limit=limit)
        for value in noisy(17, 6, 80):
            state = gauge.step(state, GaugeBlock(value))
        assert gauge.verdict(state).answer is answer
    state = gauge.begin(DOWN, noisy(16, 100), step_seconds=300, planned=6, limit=10.0)
    for value in noisy(17, 6, 20):
        state = gauge.step(state, GaugeBlock(value))
    assert gauge.verdict(state).answer is Answer.OK


def test_many_objectives_raise_the_bars() -> None:
    bars = [
        gauge.begin(UP, noisy(18, 100), step_seconds=300, planned=12, objectives=n).up.bars.heights  # type: ignore[union-attr]
        for n in (1, 50)
    ]
    assert all(low < high for low, high in zip(*bars, strict=True))


def test_a_step_costs_the_same_whatever_came_before() -> None:
    state = gauge.begin(BOTH, noisy(19, 300), step_seconds=30, planned=240)
    sizes = set()
    for at, value in enumerate(noisy(20, 240)):
        state = gauge.step(state, GaugeBlock(value, Seen.DATA))
        if at > 60:
            sizes.add(len(state.last))
    assert len(sizes) == 1
