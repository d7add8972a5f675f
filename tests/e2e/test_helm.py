"""Helm charts through the command line: both sides are rendered, and what comes out decides."""

from __future__ import annotations

import json

import pytest
from tests.e2e.kit import World
from tests.helm.kit import SECRET, VALUES, bumped, chart

RULES = """\
version: 1
scenario: helm
extends: [helm/default]
mode: auto
match: {files: ["charts/**", "deploy/**/values*.yaml"]}
relax: {allow: []}
"""
STAGING = "deploy/shop/values-staging.yaml"
FIRST = {**chart(), STAGING: "replicas: 2\npassword: S3CR-one\n", "charts/shop/templates/secret.yaml": SECRET}

pytestmark = pytest.mark.tool("helm")


def test_a_change_of_values_is_merged_and_its_evidence_holds_no_secret(world: World) -> None:
    repo = world.repo(rulepack=RULES, files=FIRST)
    number = repo.pull({STAGING: "replicas: 3\npassword: S3CR-one\n"}, title="One more in staging")
    ran = repo.merge(number)
    assert ran.doc["status"] == "merged", ran.out
    told = {p["kind"]: p["summary"] for p in ran.doc["details"]["evidence"]}
    assert told["helm/render"] == "1 renderings, 1 objects differ"
    assert {c["rule"] for c in ran.checks()} >= {"helm/render", "helm/paths", "helm/kinds", "helm/image", "helm/bounds"}
    _, entries = repo.audit()
    assert "S3CR" not in json.dumps(entries) + ran.out


@pytest.mark.parametrize(
    ("after", "rule", "said"),
    [
        ({STAGING: "replicas: 0\npassword: S3CR-one\n"}, "helm/bounds", "spec.replicas 2 → 0 is nothing left"),
        ({STAGING: "replicas: 2\npassword: S3CR-two\n"}, "helm/kinds", "Secret/shop"),
        ({STAGING: "replicas: [\npassword: S3CR-two\n"}, "helm/render", "does not render"),
        ({"charts/shop/values.yaml": VALUES + "x: 1\n"}, "helm/chart-version", "version stays 1.2.3"),
        (bumped(more="dependencies: [{name: db, version: 1.0.0, repository: 'https://charts.example.com'}]\n"),
         "helm/render", "db (missing, from https://charts.example.com)"),
    ],
)  # fmt: skip
def test_what_a_person_should_see_is_not_merged(world: World, after: dict[str, str], rule: str, said: str) -> None:
    repo = world.repo(rulepack=RULES, files=FIRST)
    number = repo.pull(after, title="Change the chart")
    before = repo.untouched()
    ran = repo.merge(number)
    assert (ran.code, ran.doc["status"]) == (1, "blocked"), ran.out
    found = [c for c in ran.checks() if c["rule"] == rule and c["status"] == "block"]
    assert said in found[0]["found"]
    assert found[0]["fix"]
    assert "S3CR" not in ran.out
    before.holds()
