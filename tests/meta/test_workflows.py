"""The workflows for Actions do what their page says: their own steps and identities, on the simulator."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.e2e.kit import ADMIN, BOT, JOURNAL_KEY, TOKENS, Repo, World, pack
from tests.meta.killing import killed
from tests.meta.markdown import ROOT, blocks

PAGE = ROOT / "docs" / "how-to" / "run-in-actions.md"
JOB_TOKEN = "sim-secret-job-2d41b7c9"
SECRETS = {
    "BASCULE_MERGER_TOKEN": TOKENS[BOT],
    "BASCULE_KEEPER_TOKEN": TOKENS[ADMIN],
    "BASCULE_JOURNAL_KEY": JOURNAL_KEY,
}


def workflow(name: str) -> dict[str, Any]:
    (found,) = (b.text for b in blocks(PAGE) if b.mark == f"workflow: {name}")
    loaded: dict[str, Any] = yaml.safe_load(found)
    return loaded


class Job:
    """One job of a workflow: its permissions become the job token's, its ``env`` and steps are taken as written."""

    def __init__(self, repo: Repo, name: str, folder: Path) -> None:
        self.repo, self.folder = repo, folder
        found = workflow(name)
        (self.job,) = found["jobs"].values()
        permissions = {key.replace("-", "_"): value for key, value in found["permissions"].items()}
        repo.world.sim.control(
            "apps",
            {"slug": "github-actions", "owner": "acme", "token": JOB_TOKEN,
             "permissions": {"metadata": "read", **permissions}},
        )  # fmt: skip
        (folder / "runner").mkdir(parents=True, exist_ok=True)

    def env(self, given: dict[str, str], number: int) -> dict[str, str]:
        def value(text: str) -> str:
            text = re.sub(r"\$\{\{ secrets\.(\w+) \}\}", lambda m: SECRETS[m[1]], text)
            text = text.replace("${{ github.token }}", JOB_TOKEN)
            return re.sub(r"\$\{\{ github\.event\.number.*\}\}", str(number), text)

        return {key: value(text) for key, text in given.items()}

    def step(self, command: str, number: int, event: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run the step whose script holds ``command``."""
        (step,) = (s for s in self.job["steps"] if command in s.get("run", ""))
        env = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "BASCULE_PLUGINS": "",
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": self.repo.world.url,
            "GITHUB_REPOSITORY": self.repo.full,
            "GITHUB_EVENT_PATH": str(event or ""),
            "RUNNER_TEMP": str(self.folder / "runner"),
            **self.env(self.job.get("env", {}), number),
            **self.env(step.get("env", {}), number),
        }
        script = ["bash", "-e", "-o", "pipefail", "-c", step["run"]]
        return subprocess.run(
            script, cwd=self.folder, env=env, capture_output=True, text=True, timeout=120, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip


def test_the_observing_job_needs_no_secret_and_changes_nothing(world: World, tmp_path: Path) -> None:
    repo = world.repo(rulepack=pack(mode="observe"))
    repo.protect(enforce_admins=False)
    number = repo.pull()
    before = repo.untouched()
    done = Job(repo, "observe", tmp_path).step("bascule check", number)
    assert done.returncode == 0, done.stderr
    assert "MERGEABLE" in done.stdout
    before.holds()
    repo.reviews()
    done = Job(repo, "observe", tmp_path).step("bascule check", number)
    assert done.returncode == 0, "a blocked change is no red cross"
    assert "BLOCKED" in done.stdout
    assert "there is no Keeper token" in done.stdout


def test_the_merging_job_merges_after_the_sweeping_job_has_shown_that_it_lives(world: World, tmp_path: Path) -> None:
    repo = world.repo(rulepack=pack(mode="guarded"))
    protected = repo.reviews()
    number = repo.pull()
    job = Job(repo, "merge", tmp_path / "merge")
    waits = job.step("bascule merge", number)
    assert waits.returncode == 0
    assert "no sweeper's heartbeat" in waits.stdout
    assert not repo.stored_pull(number)["merged"]
    swept = Job(repo, "sweep", tmp_path / "sweep").step("bascule-restore --expired", number)
    assert swept.returncode == 0, swept.stderr
    done = Job(repo, "merge", tmp_path / "merge").step("bascule merge", number)
    assert done.returncode == 0, done.stderr
    assert "MERGED" in done.stdout
    assert "ALARM" not in done.stdout + done.stderr
    assert repo.stored_pull(number)["merged"]
    assert repo.protection() == protected
    assert job.step("bascule-restore --run", number).returncode == 0, "nothing is left to close"


def test_the_merging_job_obeys_a_comment(world: World, tmp_path: Path) -> None:
    repo = world.repo(rulepack=pack(mode="guarded"))
    number = repo.pull()
    comment = repo.comment(number, "/bascule hold")
    event = {
        "action": "created",
        "comment": comment,
        "issue": repo.call("GET", f"/issues/{number}"),
        "repository": repo.call("GET"),
        "sender": comment["user"],
    }
    path = tmp_path / "event.json"
    path.write_text(json.dumps(event))
    done = Job(repo, "merge", tmp_path).step("bascule comment", number, path)
    assert done.returncode == 0, done.stderr
    assert "hold" in [label["name"] for label in repo.call("GET", f"/issues/{number}")["labels"]]


def test_the_last_step_closes_what_the_job_left_open(world: World, tmp_path: Path) -> None:
    repo = world.repo()
    repo.reviews()
    job = Job(repo, "merge", tmp_path)
    runner = tmp_path / "runner"
    left = killed(repo, repo.pull(), env=repo.env(RUNNER_TEMP=str(runner)))
    assert [f.suffix for f in (runner / "bascule").iterdir()] == [".owner"]
    assert job.job["steps"][-1]["if"] == "always()"
    done = job.step("bascule-restore --run", 1)
    assert done.returncode == 0, done.stderr
    assert "protection is restored" in done.stdout
    assert repo.protection() == left.before
    assert list((runner / "bascule").iterdir()) == []


@pytest.mark.parametrize("name", ["observe", "merge", "sweep"])
def test_no_step_runs_anything_of_a_pull_request(name: str) -> None:
    found = workflow(name)
    more = {key: value for key, value in found["permissions"].items() if value != "read"}
    assert more == ({"checks": "write"} if name == "merge" else {}), "more than it needs"
    (job,) = found["jobs"].values()
    for step in job["steps"]:
        if "uses" in step:
            assert step["with"]["repository"] == "acme/bascule"
            assert re.fullmatch(r"[0-9a-f]{40}", str(step["with"]["ref"]))
        # An expression in a script would let a title or a branch name run as code.
        assert "${{" not in step.get("run", "")
    assert ("secrets." in str(found)) is (name != "observe")


EVIDENCE_PAGE = ROOT / "docs" / "how-to" / "give-evidence.md"


def test_the_planning_workflow_makes_what_its_pack_takes(tmp_path: Path) -> None:
    """Its own steps, run by the real terraform: the file that it uploads is the one that the page's pack reads."""
    (text,) = (b.text for b in blocks(EVIDENCE_PAGE) if b.mark == "workflow: plan")
    found = yaml.safe_load(text)
    assert found["permissions"] == {"contents": "read"}, "more than it needs"
    (job,) = found["jobs"].values()
    used = [step["uses"] for step in job["steps"] if "uses" in step]
    assert [u.partition("@")[0] for u in used] == [
        "actions/checkout", "hashicorp/setup-terraform", "actions/upload-artifact"
    ]  # fmt: skip
    assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", u) for u in used), "named by commit"
    (tmp_path / "main.tf").write_text('resource "terraform_data" "a" {}\n')
    (script,) = (step["run"] for step in job["steps"] if "run" in step)
    assert "${{" not in script
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "CHECKPOINT_DISABLE": "1"}
    subprocess.run(["bash", "-e", "-c", script], cwd=tmp_path, env=env, check=True, capture_output=True, timeout=300)
    upload = job["steps"][-1]["with"]
    assert json.loads((tmp_path / upload["path"]).read_text())["resource_changes"]
    (pack_text,) = (b.text for b in blocks(EVIDENCE_PAGE) if b.text.startswith("# .github/rulepack/terraform.yml"))
    (entry,) = yaml.safe_load(pack_text)["evidence"]
    assert (entry["artifact"], entry["file"]) == (upload["name"], upload["path"])
    assert f"# {entry['workflow']}\n" in text
