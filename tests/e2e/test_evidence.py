"""Evidence files through the command line: asked for by the pack, given, judged, and told without secrets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.kit import Repo, World

PACK = """\
version: 1
scenario: terraform
extends: [terraform/default]
mode: auto
match: {files: ["**/*.tf", "**/*.tfvars"]}
evidence: [{name: plan, from: file}]
"""
SECRET = "pl4n-s3cret"


def plan(*actions: str, secret: str = SECRET) -> str:
    resource: dict[str, Any] = {
        "address": "terraform_data.a", "mode": "managed", "type": "terraform_data", "name": "a",
        "change": {
            "actions": list(actions), "before": {"input": 1}, "after": {"input": 2, "triggers_replace": secret},
            "after_unknown": {}, "before_sensitive": {}, "after_sensitive": {"triggers_replace": True},
        },
    }  # fmt: skip
    return json.dumps({"format_version": "1.2", "terraform_version": "1.11.4", "resource_changes": [resource]})


@pytest.fixture
def repo(world: World) -> Repo:
    return world.repo(rulepack=PACK, files={"staging.tfvars": "size = 1\n"})


def test_without_the_file_the_change_waits_and_is_told_how_to_give_it(repo: Repo) -> None:
    number = repo.pull({"staging.tfvars": "size = 2\n"}, head="waits")
    ran = repo.run("check", str(number), "--json")
    assert (ran.code, ran.doc["status"]) == (8, "waiting"), ran.out
    (check,) = [c for c in ran.checks() if c["rule"] == "evidence"]
    assert check["status"] == "wait"
    assert check["fix"] == "give it with the command: --evidence plan=FILE"
    assert check["where"].endswith("docs.yml:6:12")


@pytest.mark.parametrize(
    ("actions", "code", "status"), [(("update",), 0, "mergeable"), (("delete", "create"), 1, "blocked")]
)
def test_the_plan_decides_and_its_values_are_nowhere(
    repo: Repo, tmp_path: Path, actions: tuple[str, ...], code: int, status: str
) -> None:
    file = tmp_path / "plan.json"
    file.write_text(plan(*actions))
    number = repo.pull({"staging.tfvars": f"size = {len(actions) + 2}\n"}, head=f"planned-{len(actions)}")
    ran = repo.run("check", str(number), "--json", "--evidence", f"plan={file}")
    assert (ran.code, ran.doc["status"]) == (code, status), ran.out
    (proof,) = [p for p in ran.doc["details"]["evidence"] if p["kind"] == "terraform/plan"]
    assert (proof["provenance"], proof["tool"]) == ("file:plan.json", "terraform 1.11.4")
    assert SECRET not in ran.out + ran.err
    if status == "blocked":
        assert "terraform/plan-actions" in ran.rules("block")


def test_a_merge_takes_it_too_and_journals_its_hash(repo: Repo, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    file.write_text(plan("update"))
    number = repo.pull({"staging.tfvars": "size = 9\n"}, head="merges")
    ran = repo.merge(number, "--evidence", f"plan={file}")
    assert ran.doc["status"] == "merged", ran.out
    _, entries = repo.audit()
    told = json.dumps(entries)
    assert ran.doc["details"]["evidence"][0]["sha256"] in told
    assert SECRET not in told
    assert "terraform_data.a" not in told


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["plan"], "expected NAME=FILE"),
        (["plan=/no/such/file"], "there is no file /no/such/file"),
        (["plan={file}", "plan={file}"], "plan is given twice"),
        (["other={file}"], "no rulepack that binds this change asks for the evidence 'other'"),
    ],
)
def test_mistakes_are_usage_errors(repo: Repo, tmp_path: Path, given: list[str], said: str) -> None:
    file = tmp_path / "plan.json"
    file.write_text(plan("update"))
    number = repo.pull({"staging.tfvars": f"size = {len(said)}\n"}, head=f"mistake-{len(said)}")
    ran = repo.run("check", str(number), *(a for g in given for a in ("--evidence", g.format(file=file))))
    assert ran.code == 2, ran.out + ran.err
    assert said in ran.err
    assert "fix:" in ran.err


def test_a_file_that_is_no_plan_blocks(repo: Repo, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    file.write_text(f'{{"format_version": "2.0", "x": "{SECRET}"}}')
    number = repo.pull({"staging.tfvars": "size = 77\n"}, head="no-plan")
    ran = repo.run("check", str(number), "--json", "--evidence", f"plan={file}")
    assert (ran.code, ran.doc["status"]) == (1, "blocked"), ran.out
    assert SECRET not in ran.out + ran.err
