"""What `slo explain` says can be seen is seen, in simulated watches."""

import random

import pytest

from bascule.slo import ratio
from bascule.slo.detect import Detectable, detectable
from bascule.slo.objective import Ratio
from bascule.slo.records import Answer, RatioBlock

BLOCKS, STEP = 120, 30.0


def said(target: float, requests: float) -> Detectable:
    return detectable(Ratio(target=target, total="t", bad="b"), requests=requests, blocks=BLOCKS, step_seconds=STEP)


def errors(rng: random.Random, requests: int, rate: float) -> float:
    return float(sum(rng.random() < rate for _ in range(requests)))


@pytest.mark.parametrize(("target", "requests"), [(0.999, 5), (0.999, 30), (0.99, 20), (0.999, 300)])
def test_a_regression_of_the_said_size_fires_in_nine_of_ten_watches(target: float, requests: int) -> None:
    rate = said(target, requests).rate
    assert rate < 1
    fired = 0
    for seed in range(40):
        rng = random.Random(f"{target}:{requests}:{seed}")
        state = ratio.begin(target, [], step_seconds=STEP, planned=BLOCKS)
        for _ in range(BLOCKS):
            state = ratio.step(state, RatioBlock(requests, errors(rng, requests, rate)))
        fired += ratio.verdict(state).answer is Answer.VIOLATION
    assert fired >= 36


def test_no_traffic_sees_nothing() -> None:
    got = said(0.999, 0)
    assert (got.rate, got.seconds, got.outage, got.enough) == (1.0, 0.0, 0.0, False)


def test_whether_ok_can_be_said_is_what_the_judge_does() -> None:
    for requests in (1, 2, 3, 5, 30):
        state = ratio.begin(0.999, [], step_seconds=STEP, planned=BLOCKS)
        for _ in range(BLOCKS):
            state = ratio.step(state, RatioBlock(requests, 0))
        assert (ratio.verdict(state).answer is Answer.OK) is said(0.999, requests).enough, requests


def test_more_traffic_sees_more() -> None:
    rates = [said(0.999, n).rate for n in (5, 20, 100, 1000)]
    assert rates == sorted(rates, reverse=True)
