"""OpenSLO files: what is used is strict, what is not is named, and every problem has its place."""

from pathlib import Path

import pytest

from bascule.slo import promql
from bascule.slo.objective import Gauge, Ratio, block_seconds, queries
from bascule.slo.openslo import Found, load
from bascule.slo.records import Direction

RATIO = """\
apiVersion: openslo/v1
kind: SLO
metadata: {name: checkout, labels: {team: shop}}
spec:
  service: shop
  indicator:
    metadata: {name: sli}
    spec:
      ratioMetric:
        counter: true
        good: {metricSource: {type: Prometheus, spec: {query: 'http_requests_total{code!~"5.."}'}}}
        total: {metricSource: {type: Prometheus, spec: {query: 'sum(rate(http_requests_total[5m]))'}}}
  timeWindow: [{duration: 28d, isRolling: true}]
  objectives: [{target: 0.999}]
"""
GAUGE = """\
# latency
apiVersion: openslo/v1
kind: DataSource
metadata: {name: thanos}
spec: {type: prometheus}
---
apiVersion: openslo/v1
kind: SLI
metadata: {name: p99}
spec:
  thresholdMetric:
    metricSource:
      metricSourceRef: thanos
      spec: {query: 'histogram_quantile(0.99, sum by (le) (rate(http_seconds_bucket{job="shop"}[5m])))'}
---
apiVersion: openslo/v1
kind: SLO
metadata: {name: latency}
spec:
  indicatorRef: p99
  objectives: [{op: lte, value: 0.5, target: 0.99}]
"""


def said(found: Found) -> list[str]:
    return [f"{p.where}: {p.message}" for p in found.problems]


def test_a_ratio() -> None:
    found = load(RATIO, "a.yml")
    assert not found.problems
    (one,) = found.objectives
    assert (one.name, one.service, one.where) == ("checkout", "shop", "a.yml:3:18")
    assert one.sli == Ratio(
        target=0.999, good='http_requests_total{code!~"5.."}', total="sum(rate(http_requests_total[5m]))"
    )
    assert [(q.role, q.text) for q in queries(one)] == [
        ("total", promql.per_block("sum(rate(http_requests_total[5m]))", 30)),
        ("good", promql.per_block('http_requests_total{code!~"5.."}', 30)),
        ("presence", promql.presence("http_requests_total", 30)),
    ]
    assert found.ignored == (
        "a.yml:3:28: `metadata.labels` is not used",
        "a.yml:13:3: `spec.timeWindow` is not used",
    )


def test_a_threshold_by_references_within_the_file() -> None:
    found = load(GAUGE.encode(), "a.yml")
    assert not found.problems
    (one,) = found.objectives
    assert isinstance(one.sli, Gauge)
    assert (one.sli.direction, one.sli.limit, one.source) == (Direction.UP, 0.5, "thanos")
    assert one.where == "a.yml:18:18"
    assert [q.role for q in queries(one)] == ["value", "presence"]
    assert queries(one)[1].text == promql.presence('http_seconds_bucket{job="shop"}', 30)


def test_a_percentage_and_bad_events() -> None:
    text = RATIO.replace("target: 0.999", "targetPercent: 99.5").replace("good:", "bad:")
    (one,) = load(text, "a.yml").objectives
    assert isinstance(one.sli, Ratio)
    assert one.sli.target == pytest.approx(0.995)
    assert [q.role for q in queries(one)][:2] == ["total", "bad"]


@pytest.mark.parametrize(
    ("old", "new", "place", "words"),
    [
        ("openslo/v1", "openslo/v1alpha", "1:13", "`openslo/v1alpha`"),
        ("kind: SLO", "kind: Slo", "2:7", "`Slo`"),
        ("{name: checkout,", "{name: Check Out,", "3:18", "no name"),
        ("good:", "gud:", "10:9", "`good` or `bad`: neither is there"),
        ("total: {", "all: {", "10:9", "`total` is missing"),
        ("target: 0.999", "target: 1.5", "14:16", "the target is 1.5"),
        ("target: 0.999", "target: '0.999'", "14:25", "a number"),
        ("[{target: 0.999}]", "[{target: 0.9}, {target: 0.99}]", "14:15", "2 objectives"),
        ("[{target: 0.999}]", "[{target: 0.9, targetPercent: 90}]", "14:16", "both are there"),
        ("type: Prometheus, spec: {query: 'sum", "type: Datadog, spec: {query: 'sum", "9:7", "`Datadog`"),
        ("[5m]", "[5m:1m]", "9:7", "[5m:1m]"),
        ("sum(rate(http_requests_total[5m]))", "sum(http_requests_total)", "9:7", "nothing in the query has a range"),
        ("sum(rate(http_requests_total[5m]))", "sum(rate(http_requests_total[5m])", "9:7", "is not PromQL"),
        ("  indicator:\n    meta", "  indicatorRef: x\n  other:\n    meta", "6:17", "no SLI"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(old: str, new: str, place: str, words: str) -> None:
    assert old in RATIO
    found = load(RATIO.replace(old, new), "a.yml")
    assert any(words in line for line in said(found)), said(found)
    assert any(line.startswith(f"a.yml:{place}: ") for line in said(found)), said(found)
    assert not found.objectives
    assert all(p.fix for p in found.problems)


def test_a_threshold_needs_a_comparison_and_names_must_be_there() -> None:
    assert "needs `op` and `value`" in said(load(GAUGE.replace("op: lte, ", ""), "a.yml"))[0]
    assert "no DataSource `thanoss`" in said(load(GAUGE.replace("Ref: thanos", "Ref: thanoss"), "a.yml"))[0]
    assert "there is no SLI `p9`" in said(load(GAUGE.replace("Ref: p99", "Ref: p9"), "a.yml"))[0]


@pytest.mark.parametrize(
    "text", ["", "# nothing\n", "---\n", "a: [", "- 1\n", b"\xff\xfe", GAUGE.partition("---\n")[0]]
)
def test_files_without_an_objective_are_a_problem(text: str | bytes) -> None:
    found = load(text, "a.yml")
    assert found.problems
    assert not found.objectives


def test_other_kinds_are_named_as_not_used() -> None:
    service = "---\napiVersion: openslo/v1\nkind: Service\nmetadata: {name: shop}\n"
    found = load(RATIO + service, "a.yml")
    assert not found.problems
    assert "a.yml:17:7: a `Service` is not used" in found.ignored


def test_two_of_one_name_are_a_problem() -> None:
    found = load(RATIO + "---\n" + RATIO, "a.yml")
    assert "`checkout` is there already, at a.yml:2:7" in said(found)[0]


def test_a_block_has_at_least_four_scrapes() -> None:
    assert [block_seconds(s) for s in (5, 7.5, 15, 60)] == [30, 30, 60, 240]


def test_the_page_of_objectives_is_true() -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "slo.md").read_text()
    blocks = [b.partition("\n```")[0] for b in page.split("```yaml\n")[1:]]
    files = [b for b in blocks if b.startswith("apiVersion: openslo")]
    assert files
    for block in files:
        assert not load(block, "page").problems
