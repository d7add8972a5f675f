"""Objectives."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.observability.kit import judge

from bascule.types import Status

S = "slo/checkout.yml"
SLO = """
apiVersion: openslo/v1
kind: SLO
metadata: {name: checkout}
spec:
  service: shop
  budgetingMethod: Occurrences
  indicatorRef: checkout-good
  timeWindow: [{duration: 28d, isRolling: true}]
  objectives:
    - {displayName: fast, target: 0.99}
    - {displayName: good, targetPercent: 99.9}
  alertPolicies: [page]
"""
SLI = "apiVersion: openslo/v1\nkind: SLI\nmetadata: {name: checkout-good}\nspec: {ratioMetric: {counter: true}}\n"

LOOSER = [
    ("target", "target: 0.99", "target: 0.98", "target 0.99 became 0.98"),
    ("target", "targetPercent: 99.9", "target: 0.99", "target 0.999 became 0.99"),
    ("window", "28d", "5w", "window of 28 days became 35 days"),
    ("window", "isRolling: true", "isRolling: false", "window of"),
    ("objective-removed", "    - {displayName: fast, target: 0.99}\n", "", "objective fast is gone"),
    ("indicator", "checkout-good", "other", "indicatorRef changed"),
    ("indicator", "Occurrences", "Timeslices", "budgetingMethod changed"),
    ("alerting", "[page]", "[]", "alertPolicies changed"),
    ("removed", "name: checkout", "name: other", "SLO checkout is gone"),
    ("form", "openslo/v1", "openslo/v2", "apiVersion openslo/v2"),
    ("form", "target: 0.99", "target: 99", "not above 0 and below 1"),
    ("form", "timeWindow: [{duration: 28d, isRolling: true}]", "timeWindow: []", "no timeWindow"),
    ("unread", "kind: SLO", "kind: [", "cannot be read"),
]


@pytest.mark.parametrize(("what", "old", "new", "words"), LOOSER, ids=[f"{n}-{c[0]}" for n, c in enumerate(LOOSER)])
def test_what_asks_less_blocks_and_can_be_allowed(tmp_path: Path, what: str, old: str, new: str, words: str) -> None:
    changed: dict[str, str | None] = {S: SLO.replace(old, new)}
    assert changed[S] != SLO
    check = judge(tmp_path, "slo", {S: SLO}, changed).blocked_by("r")
    assert words in check.found
    outcome = judge(tmp_path, "slo", {S: SLO}, changed, allow=[what, "window"] if "timeWindow" in old else [what])
    assert outcome.status is Status.ALLOW, str(outcome)


@pytest.mark.parametrize(
    ("old", "new"),
    [("target: 0.99", "target: 0.995"), ("28d", "2w"), ("targetPercent: 99.9", "target: 0.999"), ("shop", "shop # x"),
     ("    - {displayName: good", "    - {displayName: more, target: 0.5}\n    - {displayName: good")],
)  # fmt: skip
def test_what_asks_as_much_or_more_passes(tmp_path: Path, old: str, new: str) -> None:
    outcome = judge(tmp_path, "slo", {S: SLO}, {S: SLO.replace(old, new)})
    assert outcome.status is Status.ALLOW, str(outcome)


def test_documents_may_move_and_indicators_may_not_change(tmp_path: Path) -> None:
    old = {S: f"{SLO}---\n{SLI}"}
    assert judge(tmp_path, "slo", old, {S: SLO, "slo/sli.yml": SLI}).status is Status.ALLOW
    found = judge(tmp_path, "slo", old, {S: f"{SLO}---\n{SLI.replace('true', 'false')}"}).blocked_by("r").found
    assert "SLI checkout-good changed" in found
    assert "SLI checkout-good is gone" in judge(tmp_path, "slo", old, {S: SLO}).blocked_by("r").found
    assert judge(tmp_path, "slo", {}, {S: SLO}).status is Status.ALLOW
