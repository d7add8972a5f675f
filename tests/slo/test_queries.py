"""PromQL into counts, the one-line form, and what an installed parser says."""

import subprocess
import sys

import pytest

from bascule.slo import promql
from bascule.slo.objective import Gauge, Ratio
from bascule.slo.records import Direction
from bascule.slo.short import fault, is_short, parse


def test_values_that_are_counts_already_are_summed_over_the_block() -> None:
    assert promql.per_block("done", 60, counter=False) == "sum(sum_over_time(done[60s]))"


@pytest.mark.parametrize("query", ["sum(a_total)", "a_total + b_total", "max_over_time(rate(a[1m])[5m:1m])", "1"])
def test_what_gives_no_counts_is_refused(query: str) -> None:
    with pytest.raises(promql.QueryError) as wrong:
        promql.per_block(query, 30)
    assert all(wrong.value.said)


@pytest.mark.parametrize(
    ("query", "selector"),
    [
        ('sum by (job) (rate(a{b="}",c="d"}[1m]))', 'a{b="}",c="d"}'),
        ("sum(rate(a[1m])) by (x) / on (y) b", "a"),
        ("histogram_quantile(0.9, sum by (le) (rate(h_bucket[5m])))", "h_bucket"),
        ("1 + 2", None),
    ],
)
def test_the_first_selector(query: str, selector: str | None) -> None:
    assert promql.first_selector(query) == selector


def test_a_good_share_in_one_line() -> None:
    got = parse('checkout: 99.9% of sum(rate(a{c!~"5..", p="/x"}[1m])) / sum(rate(a[1m]))')
    assert got.name == "checkout"
    assert got.sli == Ratio(target=0.999, good='sum(rate(a{c!~"5..", p="/x"}[1m]))', total="sum(rate(a[1m]))")


def test_a_bad_share_in_one_line() -> None:
    got = parse('pay: at most 0.5 % of a_total{code="500"} / a_total')
    assert isinstance(got.sli, Ratio)
    assert (got.sli.bad, got.sli.good) == ('a_total{code="500"}', "")
    assert got.sli.target == pytest.approx(0.995)


@pytest.mark.parametrize(
    ("text", "direction", "limit"),
    [
        ("lat: histogram_quantile(0.9, sum by (le) (rate(h[5m]))) < 0.5", Direction.UP, 0.5),
        ("up: avg(up{job='x'}) >= 0.99", Direction.DOWN, 0.99),
        ("q: sum(queue_length) (up is worse)", Direction.UP, None),
        ("t: temperature (both are worse)", Direction.BOTH, None),
        ("lat: a < 5 (up is worse)", Direction.UP, 5.0),
    ],
)
def test_a_gauge_in_one_line(text: str, direction: Direction, limit: float | None) -> None:
    sli = parse(text).sli
    assert isinstance(sli, Gauge)
    assert (sli.direction, sli.limit) == (direction, limit)


@pytest.mark.parametrize(
    "text",
    ["x: 99.9% of sum(rate(a[1m]))", "x: 120% of a / b", "x: a", "x: a < b", "x: a < 5 (down is worse)", "slo/checkout",
     "x: 99.9% of sum(rate(a[1m]) / sum(rate(b[1m]))", "X: a < 5", "x: sum((a) < 5"],
)  # fmt: skip
def test_a_line_that_is_no_objective_is_told(text: str) -> None:
    said = fault(text)
    assert said is not None
    assert all(said)


def test_files_and_lines_are_told_apart() -> None:
    assert fault("slo/checkout.yml") is None
    assert not is_short("slo/checkout.yml")
    assert is_short("latency: a < 5")


def test_without_a_parser_queries_are_taken_as_they_are() -> None:
    code = (
        "import sys; sys.modules['promql_parser'] = None\n"
        "from bascule.slo import promql\nprint(promql.problem('sum((a'))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "None"
    assert promql.problem("sum((a") is not None
