"""Queries of counts: that they are PromQL, and which counters they count. What they give is tried on a Prometheus."""

import pytest

from bascule.slo import promql

A = "last_over_time(a[30s])"
EXACT = f"{A} - last_over_time(a[300s] offset 30s) >= 0 or {A} and last_over_time(a[300s] offset 30s) or "
EXACT += f"{A} - min_over_time(a[30s])"


@pytest.mark.parametrize(
    ("query", "counts"),
    [
        ("a", f"sum({EXACT})"),
        (" a ", f"sum({EXACT})"),
        ("sum(rate(a[5m]))", f"sum(({EXACT}))"),
        ("rate( a [1m30s] )", f"sum(({EXACT}))"),
        ("sum by (job) (irate(a[5m]))", f"sum(sum by (job) (({EXACT})))"),
        ("sum(increase(a[{{.window}}]))", f"sum(({EXACT}))"),
        ("sum(rate(a[$__rate_interval])) # all", f"sum(({EXACT}))"),
        # With what has no plain form, the window alone is set.
        ("sum(rate(a[5m] offset 1h))", "sum(increase(a[30s] offset 1h))"),
        (
            "sum(rate(a[5m])) - sum(rate(a[5m]))",
            f'sum(label_replace(sum(({EXACT})), "bascule_term", "0", "", "") or '
            f'label_replace(sum(({EXACT})) * -1, "bascule_term", "1", "", ""))',
        ),
        ("sum(rate(a[5m])) * 2 - sum(rate(a[5m]))", f"sum(sum(({EXACT})) * 2 - sum(({EXACT})))"),
    ],
)
def test_counts_of_a_block(query: str, counts: str) -> None:
    made = promql.per_block(query, 30)
    assert made == counts
    assert promql.problem(made) is None


@pytest.mark.parametrize("selector", ['a{x="1", y=~"[2m]|b"}', '{__name__="a"}', "job:a:total"])
def test_every_matcher_is_kept(selector: str) -> None:
    for query in (selector, f"sum(rate({selector}[5m]))"):
        made = promql.per_block(query, 60)
        assert made.count(selector) == 6
        assert promql.problem(made) is None


def test_a_target_is_there_for_two_minutes_or_two_blocks() -> None:
    assert promql.presence("sum(rate(a[5m]))", 30) == "count(last_over_time(a[120s]) and a)"
    assert promql.presence("a", 300) == "count(last_over_time(a[600s]) and a)"
    assert promql.presence("1", 30) is None


@pytest.mark.parametrize("query", ["rate(a[5m:1m])", "max_over_time(rate(a[1m])[5m:1m])", "sum(rate(a[x]))"])
def test_a_window_that_cannot_be_set_is_refused(query: str) -> None:
    with pytest.raises(promql.QueryError) as wrong:
        promql.per_block(query, 30)
    assert all(wrong.value.said)
