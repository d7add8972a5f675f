"""Sloth and Pyrra files become OpenSLO that loads."""

import json

import pytest

from bascule.errors import ConfigError
from bascule.slo.imported import as_yaml, to_openslo
from bascule.slo.objective import Gauge, Ratio
from bascule.slo.openslo import load

SLOTH = """\
version: "prometheus/v1"
service: shop
labels: {owner: team}
slos:
  - name: Requests Availability
    objective: 99.9
    description: "Pay: \\"always\\" – ünder load"
    sli:
      events:
        error_query: sum(rate(http_count{code=~"(5..|429)"}[{{.window}}]))
        total_query: sum(rate(http_count[{{.window}}]))
    alerting: {name: X}
  - name: raw
    objective: 99
    sli: {raw: {error_ratio_query: 'sum(rate(a[{{.window}}])) / sum(rate(b[{{.window}}]))'}}
"""
SLOTH_K8S = """\
apiVersion: sloth.slok.dev/v1
kind: PrometheusServiceLevel
metadata: {name: x}
spec:
  service: shop
  slos:
    - name: availability
      objective: 99.5
      sli: {events: {errorQuery: 'sum(rate(e[{{.window}}]))', totalQuery: 'sum(rate(t[{{.window}}]))'}}
"""
PYRRA = """\
apiVersion: pyrra.dev/v1alpha1
kind: ServiceLevelObjective
metadata: {name: api-errors, namespace: monitoring}
spec:
  target: "99.5"
  window: 2w
  indicator:
"""
INDICATORS = {
    "ratio": "    ratio: {errors: {metric: 'r{code=~\"5..\"}'}, total: {metric: r}}\n",
    "latency": "    latency: {success: {metric: 'h_bucket{le=\"1\"}'}, total: {metric: h_count}}\n",
    "latencyNative": "    latencyNative: {latency: 100ms, total: {metric: h}}\n",
    "bool_gauge": "    bool_gauge: {metric: probe_success}\n",
}


def test_sloth() -> None:
    slos = to_openslo(SLOTH, "s.yml")
    found = load(as_yaml(slos), "o.yml")
    assert not found.problems
    one, two = found.objectives
    assert (one.name, one.service) == ("shop-requests-availability", "shop")
    assert one.text == 'Pay: "always" – ünder load'
    assert isinstance(one.sli, Ratio)
    assert (one.sli.target, one.sli.bad) == (0.999, 'sum(rate(http_count{code=~"(5..|429)"}[1m]))')
    assert isinstance(two.sli, Gauge)
    assert two.sli.limit == 0.01
    assert json.loads(json.dumps(slos)) == slos


def test_sloth_for_kubernetes() -> None:
    (one,) = load(as_yaml(to_openslo(SLOTH_K8S, "s.yml")), "o.yml").objectives
    assert isinstance(one.sli, Ratio)
    assert (one.sli.target, one.sli.total) == (0.995, "sum(rate(t[1m]))")


@pytest.mark.parametrize("kind", INDICATORS)
def test_pyrra(kind: str) -> None:
    found = load(as_yaml(to_openslo(PYRRA + INDICATORS[kind], "p.yml")), "o.yml")
    assert not found.problems
    (one,) = found.objectives
    assert isinstance(one.sli, Ratio)
    assert one.sli.target == 0.995


@pytest.mark.parametrize(
    ("text", "where", "words"),
    [
        (SLOTH.replace("objective: 99.9", "objectiv: 99.9"), "s.yml:5:5", "`objective`"),
        (SLOTH.replace("objective: 99.9", "objective: 'a'"), "s.yml:6:16", "99.9"),
        (SLOTH.replace("events:", "plugin: {id: a/b}\n      x:"), "s.yml:9:15", "plugin `a/b`"),
        (PYRRA + "    other: {}\n", "s.yml:8:5", "no indicator"),
        (PYRRA.replace('"99.5"', "x") + INDICATORS["ratio"], "s.yml:5:11", "a percentage"),
        (PYRRA + INDICATORS["latencyNative"].replace("100ms", "soon"), "s.yml:8:30", "duration"),
        ("apiVersion: v1\nkind: Pod\n", "s.yml:1:1", "`kind` Pod"),
        ("a: [", "s.yml:1:", "YAML"),
        ("", "s.yml:1:1", "empty"),
    ],
)
def test_what_cannot_be_carried_over_is_told(text: str, where: str, words: str) -> None:
    with pytest.raises(ConfigError) as error:
        to_openslo(text, "s.yml")
    told = str(error.value)
    assert where in told
    assert words in told
