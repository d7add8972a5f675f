"""The judge of ratios: what fires, what must not, and what cannot be told."""

import random

import pytest

from bascule.slo import ratio
from bascule.slo.before import dispersion
from bascule.slo.records import Answer, Judgement, RatioBlock, Seen

HOUR = 120
STEP = 30.0


def steady(total: float, errors: float, blocks: int) -> list[RatioBlock]:
    return [RatioBlock(total, errors) for _ in range(blocks)]


def drawn(rng: random.Random, total: int, rate: float, blocks: int) -> list[RatioBlock]:
    return [RatioBlock(total, sum(rng.random() < rate for _ in range(total))) for _ in range(blocks)]


def judged(before: list[RatioBlock], after: list[RatioBlock], target: float = 0.999, objectives: int = 1) -> Judgement:
    state = ratio.begin(target, before, step_seconds=STEP, planned=HOUR, objectives=objectives)
    for block in after:
        state = ratio.step(state, block)
    return ratio.verdict(state)


def test_a_regression_fires_after_the_hold_time_and_says_the_numbers() -> None:
    got = judged(steady(100, 0, HOUR), steady(100, 0, 5) + steady(100, 3, 60))
    assert got.answer is Answer.VIOLATION
    assert got.fired_at == 5 + 10 - 1, "ten blocks are five minutes"
    assert "0 % errors of 12,000 before the merge" in got.reason
    assert got.evidence >= got.needed


def test_health_is_ok() -> None:
    got = judged(drawn(random.Random(1), 100, 0.0005, HOUR), drawn(random.Random(2), 100, 0.0005, HOUR))
    assert (got.answer, got.fired_at) == (Answer.OK, None)


@pytest.mark.parametrize("length", [1, 2, 3])
@pytest.mark.parametrize("traffic", [10, 100, 2000])
def test_a_blip_never_fires_however_bad(length: int, traffic: int) -> None:
    quiet = steady(traffic, 0, HOUR)
    got = judged(quiet, quiet[:30] + steady(traffic, traffic, length) + quiet[: 90 - length])
    assert got.answer is not Answer.VIOLATION


def test_after_a_blip_it_can_be_ok() -> None:
    quiet = steady(500, 0, HOUR)
    assert judged(quiet, quiet[:30] + steady(500, 500, 2) + quiet[:88]).answer is Answer.OK


def test_an_incident_from_before_the_merge_is_not_blamed_on_it() -> None:
    rng = random.Random(3)
    for minutes in (4, 10, 40):
        bad = drawn(rng, 200, 0.05, 2 * minutes)
        before = drawn(rng, 200, 0.0005, HOUR - len(bad)) + bad
        got = judged(before, drawn(rng, 200, 0.05, HOUR))
        assert got.answer is Answer.OK, minutes
        assert "burning before" in got.reason


def test_an_incident_that_the_merge_makes_much_worse_is() -> None:
    rng = random.Random(4)
    before = drawn(rng, 200, 0.0005, 60) + drawn(rng, 200, 0.03, 60)
    assert judged(before, drawn(rng, 200, 0.3, HOUR)).answer is Answer.VIOLATION


def test_an_incident_that_was_growing_is_expected_to_go_on() -> None:
    rng = random.Random(5)
    before = [drawn(rng, 300, 0.0005 + 0.0005 * max(0, at - 40), 1)[0] for at in range(HOUR)]
    after = [drawn(rng, 300, 0.0405 + 0.0005 * at, 1)[0] for at in range(HOUR)]
    assert judged(before, after).answer is not Answer.VIOLATION


def test_what_recovers_by_itself_is_ok() -> None:
    rng = random.Random(6)
    before = drawn(rng, 200, 0.0005, 100) + drawn(rng, 200, 0.2, 20)
    got = judged(before, drawn(rng, 200, 0.2, 15) + drawn(rng, 200, 0.0005, 105))
    assert got.answer is Answer.OK


def test_too_little_traffic_is_undecided_and_says_so() -> None:
    got = judged(steady(1, 0, HOUR), steady(1, 0, HOUR))
    assert got.answer is Answer.UNDECIDED
    assert "so few requests" in got.reason


def test_no_data_is_never_health() -> None:
    nothing = [RatioBlock(seen=Seen.EMPTY)] * HOUR
    assert judged(steady(100, 0, HOUR), nothing).answer is Answer.UNDECIDED
    assert judged(steady(100, 0, HOUR), steady(0, 0, HOUR)).answer is Answer.UNDECIDED
    half = [block for pair in zip(nothing[:80], steady(100, 0, 80), strict=True) for block in pair][:HOUR]
    assert judged(steady(100, 0, HOUR), half[:-2] + nothing[:4]).answer is Answer.UNDECIDED


def test_nothing_from_before_is_judged_by_the_objective_alone() -> None:
    assert judged([], steady(100, 5, 30)).answer is Answer.VIOLATION
    assert judged([], steady(100, 0, HOUR)).answer is Answer.OK


def test_many_objectives_ask_for_more_evidence() -> None:
    one, fifty = (ratio.begin(0.999, [], step_seconds=STEP, planned=HOUR, objectives=n).plan.threshold for n in (1, 50))
    assert fifty - one == pytest.approx(3.912, abs=1e-3), "ln 50"


def test_counts_that_vary_more_than_a_coin_count_less() -> None:
    even = steady(1000, 5, HOUR)
    uneven = steady(1000, 0, 1) * 60
    for at in range(0, 60, 6):
        uneven[at] = RatioBlock(1000, 50)
    assert dispersion(even) == 1.0
    assert dispersion(uneven) > 10
    step = steady(1000, 5, 60) + steady(1000, 50, 60)
    assert dispersion(step) < 2, "one step in the rate is no noise"


def test_the_same_clock_time_explains_errors() -> None:
    before = steady(100, 0, HOUR)
    nightly = [RatioBlock(100, 3, day_ago=0.03, week_ago=0.0)] * 60
    assert judged(before, nightly).answer is not Answer.VIOLATION
    assert judged(before, [RatioBlock(100, 30, day_ago=0.03)] * 60).answer is Answer.VIOLATION


def test_a_lax_objective_can_be_broken_too() -> None:
    quiet = steady(100, 10, HOUR)
    assert judged(quiet, steady(100, 100, 30), target=0.4).answer is Answer.VIOLATION
    assert judged(quiet, steady(100, 100, 5), target=0.4).answer is Answer.UNDECIDED
    assert judged(quiet, steady(100, 10, HOUR), target=0.4).answer is Answer.OK


def test_numbers_that_cannot_be_are_no_data() -> None:
    odd = [RatioBlock(10, 11), RatioBlock(10, -1), RatioBlock(float("nan"), 0)] * 40
    assert judged(steady(100, 0, HOUR), odd).answer is Answer.UNDECIDED


def test_a_fired_state_stays_as_it_is() -> None:
    state = ratio.begin(0.999, [], step_seconds=STEP, planned=HOUR)
    for block in steady(100, 50, 20):
        state = ratio.step(state, block)
    assert state.fired >= 0
    assert ratio.step(state, RatioBlock(100, 0)) is state
