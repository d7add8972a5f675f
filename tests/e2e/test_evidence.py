"""Evidence files through the command line: asked for by the pack, given, judged, and told without secrets."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.kit import SECRETS, TOKENS, Repo, World

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
        (["plan={folder}"], "cannot be taken: it is a folder"),
        (["plan={link}"], "cannot be taken: it is a symbolic link"),
        (["plan={pipe}"], "cannot be taken: it is a pipe"),
        (["plan=/dev/stdin"], "cannot be taken: it is a"),
        (["other={file}"], "no rulepack that binds this change asks for the evidence 'other'"),
    ],
)
def test_mistakes_are_usage_errors(repo: Repo, tmp_path: Path, given: list[str], said: str) -> None:
    file = tmp_path / "plan.json"
    file.write_text(plan("update"))
    (tmp_path / "link").symlink_to(file)
    os.mkfifo(tmp_path / "pipe")
    places = {"file": file, "folder": tmp_path, "link": tmp_path / "link", "pipe": tmp_path / "pipe"}
    number = repo.pull({"staging.tfvars": f"size = {len(said)}\n"}, head=f"mistake-{len(said)}")
    ran = repo.run("check", str(number), *(a for g in given for a in ("--evidence", g.format(**places))))
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


def test_the_pack_says_how_large_a_file_may_be(world: World, tmp_path: Path) -> None:
    text = PACK.replace("from: file}", "from: file, max_size: 1KiB}")
    repo = world.repo(rulepack=text, files={"staging.tfvars": "size = 1\n"})
    file = tmp_path / "plan.json"
    file.write_text(plan("update") + " " * 2000)
    number = repo.pull({"staging.tfvars": "size = 2\n"}, head="large")
    ran = repo.run("check", str(number), "--json", "--evidence", f"plan={file}")
    assert (ran.code, ran.doc["status"]) == (1, "blocked"), ran.out
    (check,) = [c for c in ran.checks() if c["rule"] == "evidence"]
    assert check["expected"] == "at most 1,024 bytes"


def test_the_report_says_what_was_given(repo: Repo, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    file.write_text(plan("update"))
    number = repo.pull({"staging.tfvars": "size = 55\n"}, head="reported")
    ran = repo.run("check", str(number), "--evidence", f"plan={file}")
    lines = [line.split() for line in ran.out.splitlines()]
    at = lines.index(["Evidence"])
    assert lines[at + 1] == ["terraform/plan", "1", "update"]
    assert " ".join(lines[at + 2]).startswith("given file plan.json, terraform 1.11.4, sha256:")
    marked = repo.run("check", str(number), "--evidence", f"plan={file}", "--output", "markdown").out
    assert "| `terraform/plan` | 1 update | given file `plan.json`, terraform 1.11.4, sha256:" in marked


def test_a_tool_sees_no_token(world: World, tmp_path: Path) -> None:
    """Neither in its own environment nor in that of the host above it, nor of the run above that."""
    pack = PACK.replace("from: file", "from: local")
    repo = world.repo(rulepack=pack, files={"main.tf": 'resource "terraform_data" "a" {\n  input = 1\n}\n'})
    own, above = tmp_path / "own", tmp_path / "above"
    wrapper = tmp_path / "terraform"
    wrapper.write_text(
        "#!/bin/sh\n"
        f"env >> {own}\n"
        "run=$(sed -n 's/^PPid:[^0-9]*//p' /proc/$PPID/status)\n"
        f"cat /proc/$PPID/environ /proc/$run/environ >> {above} 2>&1\n"
        f'exec {shutil.which("terraform")} "$@"\n'
    )
    wrapper.chmod(0o755)
    number = repo.pull({"main.tf": 'resource "terraform_data" "a" {\n  input = 2\n}\n'}, head="local")
    env = repo.env(
        BASCULE_TOOL_TERRAFORM=str(wrapper), GITHUB_ENTERPRISE_TOKEN=TOKENS["octo-reader"], GH_DEBUG="api",
        AWS_SECRET_ACCESS_KEY="aws-own-secret-1", BASCULE_RUN_CODE="1",
    )  # fmt: skip
    ran = repo.run("check", str(number), "--json", env=env)
    told = own.read_text()
    assert "TF_IN_AUTOMATION=1" in told, ran.out
    names = {line.partition("=")[0] for line in told.splitlines()}
    assert not {n for n in names if n.startswith(("GH_", "GITHUB_", "BASCULE_", "AWS_"))}, names
    both = told + above.read_text(errors="replace")
    assert "PATH=" in above.read_text(errors="replace"), "those above were read"
    assert not [s for s in SECRETS if s in both]


def test_code_of_a_change_runs_only_where_the_owner_says_so_and_no_gate_refuses_it(
    world: World, tmp_path: Path
) -> None:
    pack = PACK.replace("from: file", "from: local").replace('"**/*.tfvars"', '"**/*.tfvars", "**/*.sh"')
    repo = world.repo(rulepack=pack + 'files: {deny: ["**/*.sh"]}\n', files={"a.tfvars": "x = 1\n"})
    ran = tmp_path / "ran"
    wrapper = tmp_path / "terraform"
    wrapper.write_text(f'#!/bin/sh\ntouch {ran}\nexec {shutil.which("terraform")} "$@"\n')
    wrapper.chmod(0o755)
    here = {"main.tf": 'resource "terraform_data" "a" {\n  input = 2\n}\n'}
    fine, refused = repo.pull(here, head="fine"), repo.pull({**here, "run.sh": "exit\n"}, head="refused")
    tool = {"BASCULE_TOOL_TERRAFORM": str(wrapper)}
    silent = repo.run("check", str(fine), "--json", env=repo.env(**tool))
    assert "BASCULE_RUN_CODE=1" in silent.out
    repo.run("check", str(refused), "--json", env=repo.env(BASCULE_RUN_CODE="1", **tool))
    assert not ran.exists()
    repo.run("check", str(fine), "--json", env=repo.env(BASCULE_RUN_CODE="1", **tool))
    assert ran.exists()
