"""What the real promtool says, and only what is new of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.observability.kit import alert, judge, rules

from bascule.testing import Bench
from bascule.types import Status

pytestmark = pytest.mark.tool("promtool")
A = "prometheus/a.yml"
BROKEN = alert("up == 0", "Odd", annotations={"summary": "{{ $labels.x | nope }}"})
TEST = """
rule_files: [%s]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series: [{series: 'up{job="a"}', values: "0x10"}]
    alert_rule_test:
      - eval_time: 7m
        alertname: Down
        exp_alerts: [{exp_labels: {severity: %s, job: a}}]
"""


def test_new_problems_block_and_old_ones_do_not(tmp_path: Path) -> None:
    good, bad = {A: rules(alert())}, {A: rules(alert(), BROKEN)}
    found = judge(tmp_path, "prom-check", good, bad).blocked_by("r")
    assert 'function "nope" not defined' in found.found
    assert found.paths == (A,)
    assert judge(tmp_path, "prom-check", good, {A: rules(alert(hold="1m"))}).status is Status.ALLOW
    later = {A: "# a line more\n" + rules(alert(hold="1m"), BROKEN)}
    assert judge(tmp_path, "prom-check", bad, later).status is Status.ALLOW
    assert "promtool accepts 1 files" in judge(tmp_path, "prom-check", good, {A: rules()}).of("r")[0].found


def test_a_field_that_nobody_knows_blocks(tmp_path: Path) -> None:
    found = judge(tmp_path, "prom-check", {}, {A: rules(alert(bogus=1))}).blocked_by("r").found
    assert "field bogus not found" in found


def test_a_prometheusrule_is_checked_by_its_spec(tmp_path: Path) -> None:
    head = "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata: {name: x}\nspec:\n  "
    made = {A: head + rules(BROKEN).replace("\n", "\n  ")}
    assert "nope" in judge(tmp_path, "prom-check", {}, made).blocked_by("r").found
    assert "is a template" in judge(tmp_path, "prom-check", {}, {A: "{{ x }}\n" + made[A]}).blocked_by("r").found


def test_no_secret_of_a_configuration_is_told(tmp_path: Path) -> None:
    text = "scrape_configs:\n  - job_name: a\n    basic_auth: {username: u, password: %s}\n"
    assert judge(tmp_path, "prom-check", {}, {A: text % "S3CR"}).status is Status.ALLOW
    for bad in ("[S3CR, S3CR]", "{S3CR: S3CR}", "S3CR\n    scrape_interval: S3CR"):
        outcome = judge(tmp_path, "prom-check", {A: text % "S3CR"}, {A: text % bad})
        check = outcome.blocked_by("r")
        assert "S3CR" not in str(outcome) + str(outcome.evidence)
        assert A in check.found


def test_a_test_that_names_a_changed_file_is_run(tmp_path: Path) -> None:
    old = {A: rules(alert()), "tests/a_test.yml": TEST % ("../prometheus/*.yml", "critical"), "tests/x.yml": "a: 1\n"}
    new: dict[str, str | None] = {A: rules(alert(hold="6m"))}
    outcome = judge(tmp_path, "prom-test", old, new)
    assert outcome.status is Status.ALLOW, str(outcome)
    assert outcome.proof("observability/prom-test").data["ran"] == ["tests/a_test.yml"]
    for late in (rules(alert(hold="8m")), rules(alert("up == 1"))):
        check = judge(tmp_path, "prom-test", old, {A: late}).blocked_by("r")
        assert "alertname: Down, time: 7m" in check.found
        assert "got:[]" in check.found.replace(" ", "")
    assert judge(tmp_path, "prom-test", old, {"b.yml": rules(alert())}, require="none").status is Status.ALLOW


def test_a_changed_test_is_run_too(tmp_path: Path) -> None:
    old = {A: rules(alert()), "a_test.yml": TEST % (A, "critical")}
    found = judge(tmp_path, "prom-test", old, {"a_test.yml": TEST % (A, "warning")}).blocked_by("r").found
    assert 'severity="warning"' in found


def test_changed_alerts_need_a_test(tmp_path: Path) -> None:
    old = {A: rules(alert(), alert("b > 1", "Bare")), "a_test.yml": TEST % (A, "critical")}
    quiet: dict[str, str | None] = {A: rules(alert(hold="6m"), alert("b > 1", "Bare"))}
    assert judge(tmp_path, "prom-test", old, quiet).status is Status.ALLOW
    assert judge(tmp_path, "prom-test", old, quiet, require="all").blocked_by("r").found.endswith("test: Bare")
    new: dict[str, str | None] = {A: rules(alert(), alert("b > 2", "Bare"))}
    assert judge(tmp_path, "prom-test", old, new).blocked_by("r").paths == (A,)
    assert judge(tmp_path, "prom-test", old, new, require="none").status is Status.ALLOW


def test_a_missing_promtool_is_an_error_of_rule_files_only_and_can_be_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git, promtool = shutil.which("git"), shutil.which("promtool")
    assert git is not None
    assert promtool is not None
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "git").symlink_to(git)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    check = judge(tmp_path / "a", "prom-check", {}, {A: rules(alert())}).blocked_by("rehearsal")
    assert check.status is Status.ERROR
    assert "BASCULE_TOOL_PROMTOOL" in check.fix
    assert judge(tmp_path / "b", "prom-check", {}, {"d.json": "{}"}).status is Status.ALLOW
    bench = Bench("observability", tmp_path / "c", tools={"promtool": promtool})
    outcome = bench.run({}, {A: rules(alert())}, rules=[{"id": "r", "use": "observability/prom-check"}])
    assert outcome.status is Status.ALLOW, str(outcome)
    assert outcome.proof("observability/prom-check").binding.tool_version[:1].isdigit()
