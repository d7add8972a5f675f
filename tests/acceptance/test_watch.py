"""The judge's acceptance figures on a smaller draw of generated traffic, and what the generator promises."""

from __future__ import annotations

import random
from statistics import mean, pvariance

import pytest
from tests.acceptance.watch import generated, rivals, score, traffic


@pytest.fixture(scope="module")
def stories() -> list[traffic.Story]:
    return list(traffic.stories("acceptance test 1", 8))


def test_the_figures_of_the_mission_are_met(stories: list[traffic.Story]) -> None:
    got = generated.run(stories, score.ours)
    assert len(got.decidable) > 400
    assert generated.missed(got) == []
    assert score.true_positives(got.decidable).value >= 0.95
    assert score.false_positives(got.unknowable).value <= 0.25


def test_every_rule_of_others_is_behind(stories: list[traffic.Story]) -> None:
    mine = generated.run(stories, score.ours).decidable
    for name, rule in rivals.RATIO.items():
        theirs = generated.run(stories, score.theirs(rule)).decidable
        assert score.right(mine).value > score.right(theirs).value, name
        assert score.false_positives(mine).value < score.false_positives(theirs).value or name.startswith("14.4x"), name


def test_what_is_decidable_does_not_depend_on_what_was_drawn() -> None:
    rng = random.Random(1)
    state = rng.getstate()
    first = traffic.story(rng, "regression", 10)
    assert (first.onset, first.rho, first.objective) is not None
    again = random.Random()
    again.setstate(state)
    assert traffic.story(again, "regression", 10) == first


@pytest.mark.parametrize("rho", [0.0, 0.01])
def test_errors_have_the_mean_and_the_variance_that_they_should(rho: float) -> None:
    rng, n, p = random.Random(2), 200, 0.05
    draws = [traffic.errors(rng, n, p, rho) for _ in range(4000)]
    assert mean(draws) == pytest.approx(n * p, rel=0.03)
    assert pvariance(draws) == pytest.approx(n * p * (1 - p) * (1 + (n - 1) * rho), rel=0.12)


def test_rivals_do_what_their_pages_say() -> None:
    quiet = [[100.0, 0.0]] * 120
    case = {"objective": 0.99, "before": quiet, "after": quiet[:20] + [[100.0, 5.0]] * 100}
    assert rivals.argo(0)(case) == 23, "the first five minutes above 1 %"
    assert rivals.flagger(case) == 29, "the fifth bad minute"
    assert rivals.kayenta(0.0)(case) == 119
    assert rivals.burn_rate(case) is None, "5 % is 5 times the budget"
    assert rivals.burn_rate({**case, "after": [[100.0, 60.0]] * 120}) == 28, "an hour at 14.4 times: 29 blocks of 60 %"
    for rule in rivals.RATIO.values():
        assert rule({**case, "after": quiet}) is None


def test_wilson() -> None:
    assert score.wilson(0, 0) == (0.0, 1.0)
    low, high = score.wilson(5, 10)
    assert (low, high) == (pytest.approx(0.2366, abs=1e-3), pytest.approx(0.7634, abs=1e-3))
