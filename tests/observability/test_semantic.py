"""What a change takes from alerts."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.observability.kit import alert, judge, record, rules

from bascule.types import Status
from bascule_observability.prometheus.promql import parse
from bascule_observability.prometheus.weigh import weigh

A = "ops/a.rules.yml"
TYPES = 'sum(rate(e{code=~"5..|429",job="x"}[5m])) > 5'

SAME = [
    ("a>1", "  a   >\n 1 # why"),
    ("a > 600", "a > 10 * 60"),
    ("1 < a", "a > 1"),
    ("(a) > (1)", "a > 1"),
    ('a{b="1",c="2"} > 1', 'a{c="2",b="1"} > 1'),
    ("sum by (a, b) (x) > 1", "sum(x) by (b, a) > 1"),
    ("a > 5", "a > 4"),
    ("a > 5", "a >= 5"),
    ("a < 5", "a < 6"),
    ("a > 5 unless b > 1", "a > 5 unless b > 2"),
    ("a and b", "a"),
    ("a unless b", "a"),
    ("a", "a or b"),
    ('a{x="1"} > 1', "a > 1"),
    ('a{x=~"1|2"} > 1', 'a{x=~"1|2|3"} > 1'),
    ('a{x!~"1|2"} > 1', 'a{x!="1"} > 1'),
    ('sum(rate(a{x="1"}[5m])) > 1', "sum(rate(a[5m])) > 1"),
    ('min(a{x="1"}) < 1', "min(a) < 1"),
    ("absent(a)", 'absent(a{x="1"})'),
]
LOOSER = [
    ("threshold", "a > 5", "a > 6"),
    ("threshold", "a >= 5", "a > 5"),
    ("threshold", "5 < a", "a > 6"),
    ("threshold", "a < 5", "a < 4"),
    ("threshold", "a > 5 unless b > 2", "a > 5 unless b > 1"),
    ("threshold", "a > 5 and b < 2", "a > 5 and b < 1"),
    ("condition", "a > 1", "a > 1 and b"),
    ("condition", "a > 1", "a > 1 unless b"),
    ("condition", "a > 1 or b > 1", "b > 1"),
    ("matchers", "a > 1", 'a{x="1"} > 1'),
    ("matchers", 'a{x=~"1|2"} > 1', 'a{x="1"} > 1'),
    ("matchers", 'a{x!="1"} > 1', 'a{x!~"1|2"} > 1'),
    ("matchers", TYPES, TYPES.replace("5..|429", "5..")),
    ("matchers", 'sum(rate(a{x="1"}[5m])) < 1', "sum(rate(a[5m])) < 1"),
    ("matchers", 'absent(a{x="1"})', "absent(a)"),
    ("matchers", "a > 1 unless b{x='1'}", "a > 1 unless b"),
    ("expression", "a > 5", "a < 5"),
    ("expression", "a == 5", "a == 6"),
    ("expression", "rate(a[5m]) > 1", "rate(a[10m]) > 1"),
    ("expression", "sum(a) > 1", "max(a) > 1"),
    ("expression", "sum by (x) (a) > 1", "sum by (y) (a) > 1"),
    ("expression", 'a{x="1"} / b > 1', "a / b > 1"),
    ("expression", 'a{x=~"1.+"} > 1', 'a{x=~"2.+"} > 1'),
    ("expression", "a > 1", "b > 1"),
    ("expression", 'sum by (j) (a{x="1"}) < 1', "sum by (j) (a) < 1"),
]


@pytest.mark.parametrize(("old", "new"), SAME)
def test_what_fires_as_much_or_more_is_no_loosening(old: str, new: str) -> None:
    assert list(weigh(parse(old), parse(new))) == []


@pytest.mark.parametrize(("what", "old", "new"), LOOSER)
def test_what_fires_less_or_may_is_named(what: str, old: str, new: str) -> None:
    assert [k for k, _ in weigh(parse(old), parse(new))] == [what]


@pytest.mark.parametrize(("what", "old", "new"), LOOSER[::6])
def test_loosening_blocks_and_can_be_allowed(tmp_path: Path, what: str, old: str, new: str) -> None:
    check = judge(tmp_path, "prom-semantic", {A: rules(alert(old))}, {A: rules(alert(new))}).blocked_by("r")
    assert f"allow: [{what}]" in check.fix
    assert check.paths == (A,)
    passed = judge(tmp_path, "prom-semantic", {A: rules(alert(old))}, {A: rules(alert(new))}, allow=[what])
    assert passed.status is Status.ALLOW


ON = "a:b > 1"
OTHER = [
    ("removed", rules(alert(), alert("b > 1", "B")), rules(alert()), "alert B is gone"),
    ("renamed", rules(alert()), rules(alert(name="Gone")), "alert Down became Gone"),
    ("severity", rules(alert()), rules(alert(labels={"severity": "warning"})), "critical became warning"),
    ("severity", rules(alert()), rules(alert(labels={})), "critical became none"),
    ("severity", rules(alert()), rules(alert(labels={"severity": "page"})), "critical became page"),
    ("for", rules(alert()), rules(alert(hold="6m")), "300 s became 360 s"),
    ("for", rules(alert(hold=None)), rules(alert(hold="1m")), "0 s became 60 s"),
    ("keep-firing", rules(alert(keep_firing_for="5m")), rules(alert()), "300 s became 0 s"),
    ("labels", rules(alert(labels={"team": "a"})), rules(alert(labels={"team": "b"})), "label team"),
    ("interval", rules(alert(), interval="30s"), rules(alert(), interval="1m"), "30 s became 60 s"),
    ("interval", rules(alert(), interval="30s"), rules(alert()), "the server's own"),
    ("group", rules(alert()), rules(alert(), limit=1), "limit changed"),
    ("form", rules(alert()), rules(alert(), {"alert": "X"}), "neither a name nor an expression"),
    ("form", rules(alert()), rules(alert(hold="soon")), "`for` is no duration"),
    ("promql", rules(alert()), rules(alert(), alert("rate(a) > 1", "New")), "expected type matrix"),
    ("promql", rules(alert()), rules(alert(), alert('{app="x"} |= "err"', "New")), "looks like LogQL"),
    ("promql", rules(alert()), rules(alert(), alert("(" * 3000 + "a" + ")" * 3000, "New")), "brackets 3000 deep"),
    ("duplicate-group", rules(alert()), rules(alert()) + rules(alert(name="B")).replace("groups:\n", ""), "twice"),
    ("recording-removed", rules(record("a:b", "sum(x)"), alert(ON)), rules(alert(ON)), "alert Down uses"),
    ("recording", rules(record("a:b", "sum(x)"), alert(ON)), rules(record("a:b", "max(x)"), alert(ON)), "stands on it"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "old", "new", "words"), OTHER, ids=[f"{n}-{c[0]}" for n, c in enumerate(OTHER)])
def test_each_kind_blocks_and_can_be_allowed(tmp_path: Path, what: str, old: str, new: str, words: str) -> None:
    check = judge(tmp_path, "prom-semantic", {A: old}, {A: new}).blocked_by("r")
    assert words in check.found
    assert what in check.fix
    allowed = judge(tmp_path, "prom-semantic", {A: old}, {A: new}, allow=[what, "removed"])
    assert allowed.status is Status.ALLOW, str(allowed)


BETTER = [
    (rules(alert(labels={"severity": "warning"})), rules(alert())),
    (rules(alert()), rules(alert(hold="1m"))),
    (rules(alert()), rules(alert(annotations={"summary": "other words"}))),
    (rules(alert(), interval="1m"), rules(alert(), interval="30s")),
    (rules(record("a:b", "sum(x)")), rules()),
    (rules(alert()), rules(alert(), alert("b > 1", "B"))),
]


@pytest.mark.parametrize(("old", "new"), BETTER)
def test_what_is_sharper_passes(tmp_path: Path, old: str, new: str) -> None:
    outcome = judge(tmp_path, "prom-semantic", {A: old}, {A: new})
    assert outcome.status is Status.ALLOW, str(outcome)


def test_degrees_are_the_pack_s(tmp_path: Path) -> None:
    old, new = {A: rules(alert())}, {A: rules(alert(hold="10m"))}
    assert judge(tmp_path, "prom-semantic", old, new, **{"for": {"factor": 2}}).status is Status.ALLOW
    assert judge(tmp_path, "prom-semantic", old, new, **{"for": {"factor": 1.5}}).blocked_by("r")
    assert judge(tmp_path, "prom-semantic", old, new, **{"for": {"most": "10m"}}).status is Status.ALLOW
    assert judge(tmp_path, "prom-semantic", old, new, **{"for": {"factor": 2, "most": "9m"}}).blocked_by("r")
    lower = {A: rules(alert(labels={"severity": "page"}))}
    assert judge(tmp_path, "prom-semantic", old, lower, severity=["page", "critical"]).status is Status.ALLOW
    assert judge(tmp_path, "prom-semantic", old, lower, severity=["critical", "page"]).blocked_by("r")


def test_new_and_changed_alerts_say_what_they_must(tmp_path: Path) -> None:
    old = {A: rules(alert(), alert("b > 1", "B"))}
    new = {A: rules(alert(), alert("b > 0", "B", annotations={"runbook_url": " "}))}
    check = judge(tmp_path, "prom-semantic", old, new, annotations=["runbook_url"], labels=["severity"]).blocked_by("r")
    assert check.found == "alert B has no annotation runbook_url"
    assert "missing-annotation" in check.fix
    check = judge(tmp_path, "prom-semantic", old, new, labels=["team"]).blocked_by("r")
    assert check.found == "alert B has no label team"


def test_moving_within_a_folder_is_no_removal(tmp_path: Path) -> None:
    old = {A: rules(alert(), alert("b > 1", "B"))}
    assert judge(tmp_path, "prom-semantic", old, {A: None, "ops/b.yml": old[A]}).status is Status.ALLOW
    new: dict[str, str | None] = {A: rules(alert()), "ops/b.yml": rules(alert("b > 1", "B"), group="other")}
    assert judge(tmp_path, "prom-semantic", old, new).status is Status.ALLOW
    new["ops/b.yml"] = rules(alert("b > 2", "B"))
    assert "`> 1` became `> 2`" in judge(tmp_path, "prom-semantic", old, new).blocked_by("r").found


def test_moving_to_another_folder_may_be_another_prometheus(tmp_path: Path) -> None:
    old = {"prod/a.yml": rules(alert()), "test/b.yml": rules(alert("b > 1", "B"))}
    moved: dict[str, str | None] = {"prod/a.yml": None, "test/a.yml": rules(alert())}
    check = judge(tmp_path, "prom-semantic", old, moved).blocked_by("r")
    assert "alert Down goes to test/a.yml" in check.found
    renamed: dict[str, str | None] = {"prod/a.yml": None, "production/a.yml": rules(alert())}
    assert judge(tmp_path, "prom-semantic", old, renamed).status is Status.ALLOW


def test_one_of_two_copies_is_missed(tmp_path: Path) -> None:
    old = {"prod/a.yml": rules(alert()), "test/a.yml": rules(alert())}
    new: dict[str, str | None] = {"prod/a.yml": rules(), "test/a.yml": rules(alert(annotations={"a": "b"}))}
    assert judge(tmp_path, "prom-semantic", old, new).blocked_by("r").paths == ("prod/a.yml",)


def test_alerts_of_one_name_are_told_apart_by_what_they_say(tmp_path: Path) -> None:
    def pair(high: int, low: int) -> list[dict[str, object]]:
        return [
            alert(f"latency > {high}", "Slow"), alert(f"latency > {low}", "Slow", labels={"severity": "warning"})
        ]  # fmt: skip

    old = {A: rules(*pair(10, 5))}
    assert judge(tmp_path, "prom-semantic", old, {A: rules(*pair(9, 5)[::-1])}).status is Status.ALLOW
    found = judge(tmp_path, "prom-semantic", old, {A: rules(*pair(10, 6)[::-1])}).blocked_by("r").found
    assert "`> 5` became `> 6`" in found
    assert "severity" not in found


def test_a_prometheusrule_is_judged_by_its_spec(tmp_path: Path) -> None:
    head = "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata: {name: x}\nspec:\n  "
    old, new = (head + rules(alert(e)).replace("\n", "\n  ") for e in ("a > 1", "a > 2"))
    assert "`> 1` became `> 2`" in judge(tmp_path, "prom-semantic", {A: old}, {A: new}).blocked_by("r").found


UNREAD = {
    "a key twice": "groups: []\ngroups: []\n",
    "no YAML": "groups: [",
    "a template": "groups:\n{{- range .Values.x }}\n- name: {{ . }}\n{{- end }}\n",
}


@pytest.mark.parametrize("text", UNREAD.values(), ids=UNREAD)
def test_what_cannot_be_read_blocks(tmp_path: Path, text: str) -> None:
    for before in ({A: rules(alert())}, {}):
        check = judge(tmp_path, "prom-semantic", before, {A: text}).blocked_by("r")
        assert "unread" in check.fix
        assert A in check.found
        assert judge(tmp_path, "kinds", before, {A: text}).blocked_by("r")
    assert ("a template" in check.found) is ("{{" in text)


def test_what_was_broken_before_is_no_new_problem(tmp_path: Path) -> None:
    bad = alert("rate(a) > 1", "Bad")
    outcome = judge(tmp_path, "prom-semantic", {A: rules(bad)}, {A: rules(bad, alert())})
    assert outcome.status is Status.ALLOW, str(outcome)


def test_files_of_other_packs_are_not_this_pack_s_finding(tmp_path: Path) -> None:
    from bascule.testing import Bench

    bench = Bench("observability", tmp_path)
    rule = [{"id": "r", "use": "observability/prom-semantic"}]
    made = bench.change({A: rules(alert()), "b/b.yml": rules(alert("b > 1", "B"))}, {A: rules(alert("up==0"))} | {
        "b/b.yml": rules()})  # fmt: skip
    assert bench.judge(made, bench.pack(rule, match={"files": ["ops/**"]})).status is Status.ALLOW
    assert bench.judge(made, bench.pack(rule, match={"files": ["b/**"]})).blocked_by("r")


def test_kinds_tell_what_a_file_is(tmp_path: Path) -> None:
    files: dict[str, str | None] = {
        A: rules(alert()), "t.yml": "rule_files: [a.yml]\ntests: []\n", "p.yml": "scrape_configs: []\n",
        "am.yml": "route: {receiver: a}\nreceivers: [{name: a}]\n", "d.json": '{"title": "x", "panels": []}',
        "ds.yml": "apiVersion: 1\ndatasources: []\n", "slo.yml": "apiVersion: openslo/v1\nkind: SLO\n",
    }  # fmt: skip
    assert judge(tmp_path, "kinds", {}, files).status is Status.ALLOW
    assert "d.json is a Grafana dashboard" in judge(tmp_path, "kinds", {}, files, only=["rules"]).blocked_by("r").found
    for path, text, words in (
        ("x.jsonnet", "{}", "jsonnet source"), ("x.yml", "a: 1\n", "nothing that this scenario knows"),
        ("x.sh", "rm", "neither YAML nor JSON"), ("l.yml", rules(alert()) + "---\na: 1\n", "several kinds"),
        ("d.json", '{"a": 1, "a": 2}', "twice"), ("g.yml", "apiVersion: 1\ngroups: []\n", "Grafana's own alerts"),
    ):  # fmt: skip
        assert words in judge(tmp_path, "kinds", {}, {path: text}).blocked_by("r").found
