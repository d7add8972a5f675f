"""Selectors of monitors that follow the chart's version: they are told from selectors that pick something else."""

from __future__ import annotations

import pytest
from tests.helm.kit import DEPLOYMENT, Judge, bumped, chart

from bascule.types import Status

LABEL = 'helm.sh/chart: "{{ .Chart.Name }}-{{ .Chart.Version }}"'
SERVICE = (
    f"apiVersion: v1\nkind: Service\nmetadata: {{name: shop, labels: {{app: shop, {LABEL}}}}}\nspec: {{ports: []}}\n"
)
MONITOR = "apiVersion: monitoring.coreos.com/v1\nkind: %s\nmetadata: {name: shop}\nspec: {selector: {%s}}\n"
FOLLOWS = f"matchLabels: {{app: shop, {LABEL}}}"
PODS = DEPLOYMENT.replace("metadata: {labels: {app: shop}}", f"metadata: {{labels: {{app: shop, {LABEL}}}}}")
DENY = {"*": ["spec.selector"]}


@pytest.mark.parametrize("kind", ["ServiceMonitor", "PodMonitor"])
def test_a_monitor_that_follows_what_it_selects(judged: Judge, kind: str) -> None:
    files = chart(service=SERVICE, deployment=PODS, monitor=MONITOR % (kind, FOLLOWS))
    outcome = judged(files, bumped(), "paths", deny=DENY)
    assert outcome.status is Status.ALLOW, outcome
    (monitor,) = [o for o in outcome.proof("helm/render").data["objects"] if o["kind"] == kind]
    label = 'spec.selector.matchLabels["helm.sh/chart"]'
    assert [(e["path"], e["state"]) for e in monitor["edits"]] == [(label, "follows")]
    # Who asks to see everything is shown everything.
    assert label in judged(files, bumped(), "paths", deny=DENY, ignore=[]).blocked_by("r").found


@pytest.mark.parametrize(
    ("kind", "selector", "service"),
    [
        ("ServiceMonitor", FOLLOWS, SERVICE.replace(LABEL, "a: b")),  # picked nothing before, and picks nothing now
        ("ServiceMonitor", FOLLOWS, SERVICE.replace(LABEL, "helm.sh/chart: shop-1.2.3")),  # picks nothing any more
        ("ServiceMonitor", FOLLOWS, SERVICE.replace(LABEL, "helm.sh/chart: shop-1.2.4")),  # picks it only now
        ("ServiceMonitor", f"{FOLLOWS}, matchExpressions: [{{key: app, operator: Exists}}]", SERVICE),
        ("Probe", FOLLOWS, SERVICE),
        ("PodMonitor", FOLLOWS, SERVICE),  # it looks at pods, and those have no such label
    ],
)
def test_a_monitor_that_does_not(judged: Judge, kind: str, selector: str, service: str) -> None:
    files = chart(service=service, deployment=DEPLOYMENT, monitor=MONITOR % (kind, selector))
    found = judged(files, bumped(), "paths", deny=DENY).blocked_by("r").found
    assert f"{kind}/shop: spec.selector.matchLabels" in found


def test_a_label_that_is_dropped_from_both_sides(judged: Judge) -> None:
    before = chart(service=SERVICE, monitor=MONITOR % ("ServiceMonitor", FOLLOWS))
    wider = {"charts/shop/templates/monitor.yaml": MONITOR % ("ServiceMonitor", "matchLabels: {app: shop}")}
    assert judged(before, wider, "paths", deny=DENY).status is Status.ALLOW
    other = SERVICE.replace("name: shop", "name: other")
    # With a second service the wider selector picks one more.
    more = {**before, "charts/shop/templates/other.yaml": other.replace(LABEL, "a: b")}
    assert "matchLabels" in judged(more, wider, "paths", deny=DENY).blocked_by("r").found
    every = MONITOR % ("ServiceMonitor", "matchLabels: {}")
    assert judged(before, {"charts/shop/templates/monitor.yaml": every}, "paths", deny=DENY).status is Status.BLOCK


def test_other_selectors_stay_what_they_were(judged: Judge) -> None:
    """A Deployment's selector cannot be changed, and a Service would lose the pods that still run."""
    fixed = DEPLOYMENT.replace("selector: {matchLabels: {app: shop}}", f"selector: {{matchLabels: {{{LABEL}}}}}")
    assert "Deployment" in judged(chart(deployment=fixed), bumped(), "paths", deny=DENY).blocked_by("r").found
    service = SERVICE.replace("spec: {", f"spec: {{selector: {{{LABEL}}}, ")
    assert (
        "Service/shop"
        in judged(chart(service=service, deployment=PODS), bumped(), "paths", deny=DENY).blocked_by("r").found
    )
