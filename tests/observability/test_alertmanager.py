"""Alertmanager's configuration, with the real amtool."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.observability.kit import alert, judge, rules

from bascule.types import Status

pytestmark = pytest.mark.tool("amtool")
C = "alertmanager/alertmanager.yml"
CONFIG = """
global: {resolve_timeout: 5m, smtp_auth_password: S3CR0, smtp_smarthost: "m.example.com:25", smtp_from: a@example.com}
route:
  receiver: default
  group_by: [alertname]
  routes:
    - matchers: ['severity="critical"']
      receiver: pager
      continue: true
    - match: {team: shop}
      receiver: shop
      repeat_interval: 1h
    - matchers: ['team=~"web|app"', 'env!="test"']
      receiver: web
receivers:
  - name: default
    email_configs: [{to: all@example.com}]
  - name: pager
    pagerduty_configs: [{routing_key: S3CR1}]
    webhook_configs: [{url: "https://hooks.example.com/S3CR2"}]
  - name: shop
    slack_configs: [{api_url: "https://hooks.example.com/S3CR3", channel: "#shop"}]
  - name: web
    webhook_configs: [{url: "https://hooks.example.com/S3CR4"}]
inhibit_rules:
  - {source_matchers: [severity="critical"], target_matchers: [severity="warning"], equal: [alertname]}
time_intervals:
  - name: night
    time_intervals: [{times: [{start_time: "00:00", end_time: "06:00"}]}]
"""
LOST = [
    ("receiver-removed", "  - name: shop\n", "  - name: other\n", "receiver shop is gone"),
    ("receiver-emptied", "    email_configs: [{to: all@example.com}]\n", "", "default has fewer email_configs"),
    ("receiver-changed", "S3CR2", "S3CR9", "receiver pager: webhook_configs changed"),
    ("default-receiver", "  receiver: default", "  receiver: shop", "the default receiver default became shop"),
    ("routing", "continue: true", "continue: false", 'severity="critical", team="shop" reach pager instead'),
    ("routing", "    - match:", "    - {match: {team: db}, receiver: web}\n    - match:", "reach web instead of def"),
    ("route-removed", "match: {team: shop}", "match: {team: sales}", 'route {team="shop"} is gone'),
    ("inhibition", "equal: [alertname]", "equal: []", "1 inhibitions are new or changed"),
    ("mute", '"06:00"', '"09:00"', "the time interval night changed"),
    ("mute", "receiver: web\n", "receiver: web\n      mute_time_intervals: [night]\n", "mute_time_intervals changed"),
    ("timing", "repeat_interval: 1h", "repeat_interval: 2h", "repeat_interval 3600 s became 7200 s"),
    ("timing", "      repeat_interval: 1h\n", "", "repeat_interval 3600 s became 14400 s"),
    ("grouping", "[alertname]\n  routes", "['...']\n  routes", "group_by changed"),
    ("global", "resolve_timeout: 5m", "resolve_timeout: 6m", "global: resolve_timeout changed"),
    ("templates", "\nroute:", "\ntemplates: ['*.tmpl']\nroute:", "templates changed"),
    ("check", "receiver: web\n", "receiver: nobody\n", "amtool says"),
    ("unread", "route:", "route: [", "cannot be read"),
]  # fmt: skip
ALERTS = {"prometheus/a.yml": rules(alert(labels={"severity": "critical", "team": "shop"}))}


@pytest.mark.parametrize(("what", "old", "new", "words"), LOST, ids=[f"{n}-{c[0]}" for n, c in enumerate(LOST)])
def test_each_loss_blocks_and_no_secret_is_told(tmp_path: Path, what: str, old: str, new: str, words: str) -> None:
    changed = CONFIG.replace(old, new, 1)
    assert changed != CONFIG
    if what == "receiver-removed":  # a route to nobody is refused before anything is compared
        changed = changed.replace("      receiver: shop\n", "      receiver: other\n")
    outcome = judge(tmp_path, "alertmanager", {C: CONFIG, **ALERTS}, {C: changed})
    check = outcome.blocked_by("r")
    assert words in check.found
    assert what in check.fix
    assert "S3CR" not in str(outcome) + str(outcome.evidence)
    kinds = re.findall(r"`allow: \[(.*?)\]`", check.fix)[0].split(", ")
    allowed = judge(tmp_path, "alertmanager", {C: CONFIG, **ALERTS}, {C: changed}, allow=kinds)
    assert allowed.status is Status.ALLOW, str(allowed)


MORE = [
    ("repeat_interval: 1h", "repeat_interval: 30m"),
    ("  - name: web\n", "  - name: more\n    webhook_configs: [{url: 'https://x.example.com'}]\n  - name: web\n"),
    ("  - {source_matchers", "  # {source_matchers"),
    ("      continue: true\n", "      continue: true   # still\n"),
    ("match: {team: shop}", "matchers: ['team=\"shop\"']"),
]


@pytest.mark.parametrize(("old", "new"), MORE)
def test_what_loses_nothing_passes(tmp_path: Path, old: str, new: str) -> None:
    changed = CONFIG.replace(old, new)
    assert changed != CONFIG
    outcome = judge(tmp_path, "alertmanager", {C: CONFIG, **ALERTS}, {C: changed})
    assert outcome.status is Status.ALLOW, str(outcome)
    assert "label sets reach the receivers that they reached" in outcome.of("r")[0].found


def test_routes_are_tried_with_the_repository_s_own_alerts(tmp_path: Path) -> None:
    web = {"a.yml": rules(alert(labels={"severity": "critical", "team": "web-7"}))}
    old = CONFIG.replace('team=~"web|app"', 'team=~"web-[0-9]+"')
    new = old.replace("web-[0-9]+", "web-[0-6]+")
    allow = {"allow": ["route-removed"]}
    check = judge(tmp_path, "alertmanager", {C: old, **web}, {C: new}, **allow).blocked_by("r")
    assert 'severity="critical", team="web-7" reach pager instead of pager, web' in check.found
    assert judge(tmp_path, "alertmanager", {C: old}, {C: new}, **allow).status is Status.ALLOW


@pytest.mark.parametrize(
    "bad",
    ["routing_key: [S3CR1]", "routing_key: S3CR1, S3CRkey: S3CR5", "url: 'S3CR://S3CR6'", "routing_key: {S3CR: S3CR7}",
     "url: ://S3CR8", "send_resolved: S3CR1", "url: 'http://S3CR user:S3CR9@[x'", "url: \"https://a b/S3CR%zz\""],
)  # fmt: skip
def test_what_amtool_quotes_is_left_out(tmp_path: Path, bad: str) -> None:
    changed = CONFIG.replace("routing_key: S3CR1", bad).replace(
        '{url: "https://hooks.example.com/S3CR2"}', "{" + bad + "}"
    )
    outcome = judge(tmp_path, "alertmanager", {C: CONFIG}, {C: changed})
    assert outcome.blocked_by("r")
    assert "S3CR" not in str(outcome) + str(outcome.evidence)


def test_a_configuration_may_be_new_and_not_gone(tmp_path: Path) -> None:
    assert judge(tmp_path, "alertmanager", {}, {C: CONFIG}).status is Status.ALLOW
    assert "with all its receivers" in judge(tmp_path, "alertmanager", {C: CONFIG}, {C: None}).blocked_by("r").found
    refused = CONFIG.replace("receiver: web\n", "receiver: nobody\n")
    assert "cannot be compared" in judge(tmp_path, "alertmanager", {C: refused}, {C: CONFIG}).blocked_by("r").found
