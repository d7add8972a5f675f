"""Dashboards and data sources."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.observability.kit import judge

from bascule.types import Status
from bascule_observability.grafana.queries import problem

D = "grafana/dashboards/shop.json"
P = "grafana/provisioning/datasources/all.yml"
SOURCES = """
apiVersion: 1
datasources:
  - name: Main
    uid: main
    type: prometheus
    url: https://prometheus.example.com
    secureJsonData: {httpHeaderValue1: S3CR}
  - {name: Logs, uid: logs, type: loki, url: "https://loki.example.com"}
"""


def panel(expr: str = "up", **fields: Any) -> dict[str, Any]:
    """Return a panel that asks Prometheus."""
    return {
        "id": 1, "type": "timeseries", "title": "Up", "datasource": {"type": "prometheus", "uid": "main"},
        "targets": [{"expr": expr, "refId": "A"}], **fields,
    }  # fmt: skip


def board(*panels: dict[str, Any], **fields: Any) -> str:
    """Return a dashboard."""
    whole = {"title": "Shop", "uid": "shop", "schemaVersion": 39, "panels": list(panels or (panel(),)), **fields}
    return json.dumps({k: v for k, v in whole.items() if v is not None})


def run(folder: Path, before: str | None, after: str | None, **params: Any) -> Any:
    """Return the outcome of a change of the one dashboard beside provisioned sources."""
    old = {P: SOURCES, **({D: before} if before is not None else {})}
    return judge(folder, "grafana", old, {D: after}, **params)


LOKI = {"type": "loki", "uid": "logs"}
CHOSEN = {"list": [{"name": "ds", "type": "datasource", "query": "loki"}]}
FINE = {
    "new": board(),
    "a variable as source": board(panel(datasource={"uid": "$ds"}), templating=CHOSEN),
    "an input as source": board(
        panel(datasource="${DS}"), __inputs=[{"name": "DS", "type": "datasource", "pluginId": "prometheus"}]
    ),
    "by name": board(panel(datasource="Main")),
    "none": board(panel(datasource=None)),
    "built in": board(panel(datasource={"type": "datasource", "uid": "-- Mixed --"})),
    "Loki asks in its own language": board(panel('{app="x"} |= "y"', datasource=LOKI)),
    "Loki by a variable": board(panel('{app="x"} |= "y"', datasource={"uid": "${ds}"}), templating=CHOSEN),
    "rows": board(panel(id=2, type="row", targets=[], panels=[panel(id=3)]), panel(id=4)),
    "exported by the API": json.dumps({"dashboard": json.loads(board()), "meta": {}}),
}


@pytest.mark.parametrize("text", FINE.values(), ids=FINE)
def test_whole_dashboards_pass(tmp_path: Path, text: str) -> None:
    outcome = run(tmp_path, None, text)
    assert outcome.status is Status.ALLOW, str(outcome)


BAD = {
    "no JSON": (board(), "{", "unread", "cannot be read"),
    "a key twice": (None, '{"panels": [], "panels": []}', "unread", "twice"),
    "no dashboard": (None, "[1]", "unread", "nothing that this scenario knows"),
    "schema v2": (None, '{"elements": {}, "layout": {}}', "unread", "schema v2"),
    "title": (None, board(title=" "), "form", "no title"),
    "version": (None, board(schemaVersion="39"), "form", "no schemaVersion"),
    "panels": (None, board(panels={}), "form", "no list of panels"),
    "type": (None, board(panel(type=None)), "form", "panel `Up` has no type"),
    "ids": (board(), board(panel(), panel()), "panel-ids", "panel id 1 is there twice"),
    "no uid": (None, board(uid=None), "uid", "no uid"),
    "long uid": (None, board(uid="x" * 41), "uid", "41 characters"),
    "other uid": (board(), board(uid="other"), "uid", "uid shop became other"),
    "gone": (board(), None, "removed", "dashboard Shop is gone"),
    "emptied": (board(), board(panels=[]), "emptied", "no panel is left"),
    "query": (board(), board(panel("rate(up)")), "query", "expected type matrix"),
    "query in a row": (None, board(panel(type="row", panels=[panel("up[", id=2)])), "query", "panel `Up` asks `up[`"),
    "source": (board(), board(panel(datasource={"uid": "x"})), "datasource", "nobody provisions the data source x"),
    "source variable": (None, board(panel(datasource="$ds")), "datasource", "the data source $ds"),
    "logs asked of Prometheus": (None, board(panel('{app="x"} |= "y"')), "query", "not PromQL"),
}


@pytest.mark.parametrize(("before", "after", "what", "words"), BAD.values(), ids=BAD)
def test_each_kind_blocks_and_can_be_allowed(
    tmp_path: Path, before: str | None, after: str | None, what: str, words: str
) -> None:
    check = run(tmp_path, before, after).blocked_by("r")
    assert words in check.found
    assert what in check.fix
    assert run(tmp_path, before, after, allow=[what]).status is Status.ALLOW


def test_what_was_wrong_before_is_no_new_problem(tmp_path: Path) -> None:
    old = board(panel("rate(up)"), panel(datasource="gone"), uid=None)
    assert run(tmp_path, old, old.replace('"Shop"', '"The shop"')).status is Status.ALLOW


def test_a_uid_belongs_to_one_dashboard(tmp_path: Path) -> None:
    old = {"grafana/dashboards/a.json": board()}
    check = judge(tmp_path, "grafana", old, {D: board()}, datasources=["main"]).blocked_by("r")
    assert "a.json has the uid shop too" in check.found
    moved: dict[str, str | None] = {"grafana/dashboards/a.json": None, D: board()}
    outcome = judge(tmp_path, "grafana", old, moved, datasources=["ma*"])
    assert outcome.status is Status.ALLOW, str(outcome)


def test_sources_that_exist_elsewhere_can_be_named(tmp_path: Path) -> None:
    made = board(panel(datasource={"type": "prometheus", "uid": "elsewhere-1"}))
    assert run(tmp_path, None, made).blocked_by("r")
    assert run(tmp_path, None, made, datasources=["elsewhere-*"]).status is Status.ALLOW


SOURCE = [
    ("source-address", "https://prometheus.example.com", "https://S3CR.example.com", "Main: url changed"),
    ("source-credentials", "httpHeaderValue1: S3CR", "httpHeaderValue1: S3CR2", "Main: secureJsonData changed"),
    ("source-settings", "uid: main\n", "uid: main\n    isDefault: true\n", "Main: isDefault changed"),
    ("source-removed", "  - {name: Logs", "  # {name: Logs", "data source Logs is gone"),
    ("source-removed", "apiVersion: 1", "apiVersion: 1\ndeleteDatasources: [{name: Logs}]", "Logs is to be deleted"),
    ("source-added", "datasources:\n", "datasources:\n  - {name: New, url: S3CR}\n", "data source New is new"),
]


@pytest.mark.parametrize(("what", "old", "new", "words"), SOURCE)
def test_data_sources_change_only_where_allowed_and_no_value_is_told(
    tmp_path: Path, what: str, old: str, new: str, words: str
) -> None:
    changed: dict[str, str | None] = {P: SOURCES.replace(old, new)}
    outcome = judge(tmp_path, "grafana", {P: SOURCES}, changed)
    assert words in outcome.blocked_by("r").found
    assert "S3CR" not in str(outcome) + str(outcome.evidence)
    assert judge(tmp_path, "grafana", {P: SOURCES}, changed, allow=[what]).status is Status.ALLOW


@pytest.mark.parametrize(
    "query",
    [
        "rate(a{job=~\"$job\"}[$__rate_interval])", "rate(a[${__interval}])", "increase(a[$__range])",
        "$metric > $limit",
        "topk($n, sum by ($by) (a))", "topk([[n]], a)", "sum(rate(${m:raw}{x=\"${y:regex}\"}[$w]))", "a offset $shift",
        "a / $__range_s", "max_over_time(a[$__range:$__interval])",
        "$agg(a)", "a{x=\"[[y]]\"}", 'label_replace(a, "x", "$1", "y", "(.+)")',
    ],
)  # fmt: skip
def test_variables_of_grafana_stand_for_something(query: str) -> None:
    assert problem(query) == ""


@pytest.mark.parametrize("query", ["rate($metric)", "sum(a{x=$y", "a ** b", "rate(a[$__rate_interval]"])
def test_what_no_variable_mends_is_no_query(query: str) -> None:
    assert problem(query)


def test_a_huge_dashboard_is_refused(tmp_path: Path) -> None:
    text = board(description="x" * (9 * 1024 * 1024))
    assert "larger than" in run(tmp_path, None, text).blocked_by("r").found
