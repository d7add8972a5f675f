"""Evidence from workflows' artifacts, through the command line: the run that counts, and every way not to count."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest
from tests.e2e.kit import Ran, Repo, World
from tests.terraform.kit import real_plan

FLOW, OTHER = ".github/workflows/plan.yml", ".github/workflows/other.yml"
FLOW_TEXT = "on: pull_request\njobs: {plan: {runs-on: ubuntu-latest, steps: [{run: terraform plan}]}}\n"
PACK = f"""\
version: 1
scenario: terraform
extends: [terraform/default]
mode: auto
match: {{files: ["**/*.tf", "**/*.tfvars"]}}
evidence: [{{name: plan, from: actions, workflow: {FLOW}, artifact: tfplan, file: plan.json}}]
rules: [{{id: fresh, use: terraform/fresh, sha: required, max_age: 24h}}]
checks: {{require: [{{name: test, app: ci}}]}}
"""
BEFORE = 'resource "terraform_data" "a" {\n  input = var.size\n}\nvariable "size" {\n  default = 1\n}\n'
AFTER = BEFORE.replace("default = 1", "default = 2")


@pytest.fixture(scope="session")
def plan(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A plan that the real terraform made: one resource is updated."""
    return real_plan(tmp_path_factory.mktemp("plan") / "root", BEFORE, AFTER)


def packed(*files: tuple[str, str | bytes]) -> bytes:
    """Return a zip archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files:
            made.writestr(name, content)
    return out.getvalue()


@pytest.fixture
def repo(world: World) -> Repo:
    return world.repo(rulepack=PACK, files={"main.tf": BEFORE, FLOW: FLOW_TEXT, OTHER: FLOW_TEXT})


def opened(repo: Repo) -> tuple[int, str]:
    """Open the change and return its number and head."""
    number = repo.pull({"main.tf": AFTER}, head="bigger", title="A bigger size")
    return number, repo.head("bigger")


def evidence(ran: Ran) -> dict[str, Any]:
    """Return the one check about evidence."""
    found = [c for c in ran.checks() if c["rule"] == "evidence"]
    assert len(found) == 1, ran.out
    return found[0]


def refused(repo: Repo, number: int, code: int, said: str, **more: Any) -> Ran:
    """Check ``number`` and expect exit ``code`` for a reason that contains ``said``."""
    ran = repo.run("check", str(number), "--json", **more)
    assert ran.code == code, ran.out + ran.err
    assert said in evidence(ran)["found"], evidence(ran)
    assert evidence(ran)["fix"]
    assert evidence(ran)["where"].endswith("docs.yml:6:12")
    return ran


def test_a_plan_of_this_head_merges_and_only_its_hash_is_kept(repo: Repo, plan: str) -> None:
    number, sha = opened(repo)
    run = repo.run_workflow(sha, FLOW)
    artifact = repo.upload(run, "tfplan", packed(("plan.json", plan)))
    ran = repo.run("check", str(number), "--json")
    assert (ran.code, ran.doc["status"]) == (0, "mergeable"), ran.out
    (proof,) = [p for p in ran.doc["details"]["evidence"] if p["kind"] == "terraform/plan"]
    assert proof["provenance"] == f"actions:{run}/1/{artifact}"
    merged = repo.merge(number)
    assert merged.doc["status"] == "merged", merged.out
    _, entries = repo.audit()
    told = json.dumps(entries)
    assert proof["sha256"] in told
    assert f"actions:{run}/1/{artifact}" in told
    assert "terraform_data" not in told
