"""Evidence from workflows' artifacts, through the command line: the run that counts, and every way not to count."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.kit import BOT, DEV, OWNER, Ran, Repo, World, short
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


def test_from_no_run_at_all_to_one_that_counts(repo: Repo, plan: str) -> None:
    number, sha = opened(repo)
    assert evidence(refused(repo, number, 8, f"no run of `{FLOW}` for `pull_request`"))["status"] == "wait"
    other = repo.run_workflow(sha, OTHER)
    repo.upload(other, "tfplan", packed(("plan.json", plan)))
    refused(repo, number, 8, f"no run of `{FLOW}`")
    target = repo.run_workflow(sha, FLOW, event="pull_request_target")
    repo.upload(target, "tfplan", packed(("plan.json", plan)))
    refused(repo, number, 8, "it ran for `pull_request_target`")
    run = repo.run_workflow(sha, FLOW, status="in_progress")
    refused(repo, number, 8, "is in progress")
    repo.upload(run, "tfplan", packed(("plan.json", plan)))
    repo.go_on(run, conclusion="success")
    assert repo.run("check", str(number)).code == 0


def test_the_latest_attempt_decides(repo: Repo, plan: str) -> None:
    number, sha = opened(repo)
    run = repo.run_workflow(sha, FLOW, conclusion="failure")
    repo.upload(run, "tfplan", packed(("plan.json", plan)))
    ran = refused(repo, number, 1, "ended as failure")
    assert f"/actions/runs/{run}" in evidence(ran)["found"]
    repo.world.sim.control("clock", {"advance": 5})
    repo.call("POST", f"/actions/runs/{run}/rerun", by=DEV)
    refused(repo, number, 8, "is queued, attempt 2")
    repo.go_on(run, conclusion="success")
    refused(repo, number, 1, "not from the run's latest attempt")
    artifact = repo.upload(run, "tfplan", packed(("plan.json", plan)))
    ran = repo.run("check", str(number))
    assert ran.code == 0, ran.out
    assert f"run {run} (attempt 2), artifact {artifact}, terraform 1." in " ".join(ran.out.split())
    # A newer run that has not succeeded outranks one that has.
    repo.run_workflow(sha, FLOW, conclusion="cancelled")
    refused(repo, number, 1, "ended as cancelled")


def test_a_plan_of_an_earlier_head_does_not_count(repo: Repo, plan: str) -> None:
    number, sha = opened(repo)
    run = repo.run_workflow(sha, FLOW)
    repo.upload(run, "tfplan", packed(("plan.json", plan)))
    newer = repo.commit("bigger", {"main.tf": AFTER.replace("= 2", "= 3")})
    repo.check(newer)
    refused(repo, number, 8, f"on `{newer[:7]}` yet")


@pytest.mark.parametrize("live", [False, True])
def test_a_plan_of_an_earlier_base_does_not_count(repo: Repo, plan: str, live: bool) -> None:
    """Whether GitHub states a run's base as it was or as it is: a run cannot have seen what came later."""
    number, sha = opened(repo)
    run = repo.run_workflow(sha, FLOW)
    repo.upload(run, "tfplan", packed(("plan.json", plan)))
    repo.world.sim.control("clock", {"advance": 5})
    repo.commit("main", {"other.tf": "locals {}\n"}, by=repo.admin)
    repo.world.sim.control("clock", {"advance": 5})
    with repo.world.switched(run_base_sha_follows_branch=live):
        ran = repo.run("check", str(number), "--json")
        assert ran.code == 1, ran.out
        (check,) = [c for c in ran.checks() if c["id"] == "fresh"]
        assert check["found"].startswith("nobody states of which base" if live else "a plan of base"), check
        # A re-run plans the old merge once more.
        repo.call("POST", f"/actions/runs/{run}/rerun", by=DEV)
        repo.go_on(run, conclusion="success")
        repo.upload(run, "tfplan", packed(("plan.json", plan)))
        assert repo.run("check", str(number)).code == 1
        fresh = repo.run_workflow(sha, FLOW)
        repo.upload(fresh, "tfplan", packed(("plan.json", plan)))
        ran = repo.run("check", str(number))
        assert ran.code == 0, ran.out


def test_a_change_cannot_bring_its_own_workflow(repo: Repo, plan: str) -> None:
    files = {"main.tf": AFTER, FLOW: FLOW_TEXT.replace("terraform plan", "cat faked.json")}
    number = repo.pull(files, head="own-flow")
    run = repo.run_workflow(repo.head("own-flow"), FLOW)
    repo.upload(run, "tfplan", packed(("plan.json", plan)))
    ran = refused(repo, number, 1, f"`{FLOW}` is not the same on `main` and at the change's head")
    assert "protected_files" in ran.rules("block")
    assert not [c for c in ran.calls if "/actions/" in c["path"]], "nothing was asked of a run that cannot count"


def test_nor_profit_from_one_that_changed_meanwhile(repo: Repo, plan: str) -> None:
    number, sha = opened(repo)
    run = repo.run_workflow(sha, FLOW)
    repo.upload(run, "tfplan", packed(("plan.json", plan)))
    repo.commit("main", {FLOW: FLOW_TEXT + "# other\n"}, by=repo.admin)
    refused(repo, number, 1, "is not the same on `main`")
    repo.commit("main", {FLOW: FLOW_TEXT}, by=repo.admin)
    ran = refused(repo, number, 1, f"`{FLOW}` was changed on `main` after the change branched off")
    assert "update the branch" in evidence(ran)["fix"]


def test_a_second_pull_request_of_the_same_head_makes_it_unclear_whose_run_it_is(repo: Repo, plan: str) -> None:
    number, sha = opened(repo)
    repo.call("POST", "/git/refs", {"ref": "refs/heads/elsewhere", "sha": repo.head()}, by=DEV)
    repo.commit("elsewhere", {FLOW: FLOW_TEXT.replace("terraform plan", "cat faked.json")})
    second = repo.call("POST", "/pulls", {"title": "x", "head": "bigger", "base": "elsewhere"}, by=DEV)["number"]
    run = repo.run_workflow(sha, FLOW)
    repo.upload(run, "tfplan", packed(("plan.json", plan)))
    refused(repo, number, 1, f"may be that of #{second}")


@pytest.fixture(scope="module")
def one(shared_world: World) -> tuple[Repo, int, str]:
    """A change whose every further run counts for itself."""
    text = PACK.replace("file: plan.json}", "file: plan.json, max_size: 100KiB}")
    repo = shared_world.repo(rulepack=text, files={"main.tf": BEFORE, FLOW: FLOW_TEXT})
    return (repo, *opened(repo))


def link() -> bytes:
    entry = zipfile.ZipInfo("plan.json")
    entry.external_attr = 0o120777 << 16
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr(entry, "/etc/passwd")
    return out.getvalue()


ARCHIVES: dict[str, tuple[Callable[[str], bytes], dict[str, Any], str]] = {
    "another digest": (lambda p: packed(("plan.json", p)), {"digest": "sha256:" + "0" * 64}, "GitHub states"),
    "no digest": (lambda p: packed(("plan.json", p)), {"digest": None}, "states no digest"),
    "expired": (lambda p: packed(("plan.json", p)), {"retention_days": 0}, "has expired"),
    "another file": (lambda p: packed(("other.json", p)), {}, "has no file `plan.json`: it holds `other.json`"),
    "no archive": (lambda p: p.encode(), {}, "is no zip archive"),
    "too large": (lambda _: packed(("plan.json", bytes(200_000))), {}, "has 200,000 bytes"),
    "too large as stated": (lambda p: packed(("plan.json", p)), {"size": 10**9}, "has 1,000,000,000 bytes"),
    "larger than stated": (lambda _: bytes(200_000), {"size": 10}, "has 102,401 bytes"),
    "a link": (lambda _: link(), {}, "is a symbolic link"),
    "a way out": (lambda p: packed(("plan.json", p), ("../x", "y")), {}, "leads elsewhere"),
    "another name": (lambda p: packed(("plan.json", p)), {"name": "plans"}, "has no artifact `tfplan`"),
}


@pytest.mark.parametrize("case", ARCHIVES)
def test_an_artifact_that_is_not_what_it_should_be(one: tuple[Repo, int, str], plan: str, case: str) -> None:
    repo, number, sha = one
    make, fields, said = ARCHIVES[case]
    run = repo.run_workflow(sha, FLOW)
    repo.upload(run, **{"name": "tfplan", "content": make(plan), **fields})
    refused(repo, number, 1, said)


def test_two_artifacts_of_one_name(one: tuple[Repo, int, str], plan: str) -> None:
    repo, number, sha = one
    run = repo.run_workflow(sha, FLOW)
    for _ in range(2):
        repo.upload(run, "tfplan", packed(("plan.json", plan)))
    refused(repo, number, 1, "the run has 2 artifacts `tfplan`")


def test_it_costs_three_calls_of_github_and_one_of_the_store(one: tuple[Repo, int, str], plan: str) -> None:
    repo, number, sha = one
    run = repo.run_workflow(sha, FLOW)
    artifact = repo.upload(run, "tfplan", packed(("plan.json", plan)))
    ran = repo.run("check", str(number), "--json")
    assert ran.code == 0, ran.out
    about = re.compile(r"/actions/|^/_artifacts/")
    asked = [(short(c), c["user"]) for c in ran.calls if about.search(c["path"])]
    assert asked == [
        ("GET actions/runs", BOT),
        (f"GET actions/runs/{run}/artifacts", BOT),
        (f"GET actions/artifacts/{artifact}/zip", BOT),
        (f"GET _artifacts/{artifact}", None),  # a store that answers 400 to whoever shows a token
    ]


def test_a_token_without_the_permission_is_told(one: tuple[Repo, int, str]) -> None:
    repo, number, _ = one
    permissions = {"contents": "read", "metadata": "read", "pull_requests": "read", "checks": "read"}
    body = {"login": BOT, "token": "sim-limited-5d1", "kind": "fine_grained", "permissions": permissions}
    repo.world.sim.control("users", body)
    ran = refused(repo, number, 1, "GitHub answered 403", env=repo.env(BASCULE_OBSERVER_TOKEN="sim-limited-5d1"))
    assert evidence(ran)["status"] == "error"
    assert evidence(ran)["fix"] == "give the Observer's token the permission Actions: read"


def test_a_given_file_does_not_stand_in_for_the_workflow(one: tuple[Repo, int, str], plan: str, tmp_path: Path) -> None:
    repo, number, _ = one
    (tmp_path / "plan.json").write_text(plan)
    ran = repo.run("check", str(number), "--evidence", f"plan={tmp_path / 'plan.json'}")
    assert ran.code == 2, ran.out
    assert "does not take the evidence 'plan' from a file, but from actions: .github/workflows/plan.yml" in ran.err


def test_a_store_that_fails_is_an_outside_fault(one: tuple[Repo, int, str], plan: str) -> None:
    repo, number, sha = one
    repo.upload(repo.run_workflow(sha, FLOW), "tfplan", packed(("plan.json", plan)))
    repo.world.sim.control("faults", {"action": "fail", "method": "GET", "path": "^/_artifacts/", "status": 503})
    ran = repo.run("check", str(number))
    repo.world.quiet()
    assert ran.code == 3, ran.out + ran.err
    assert "localhost answered 503 for the artifact" in ran.err
    assert "sig=" not in ran.out + ran.err


# -- forks ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def forked(world: World) -> Callable[[str], tuple[Repo, int, str, str]]:
    """Open a change from a fork and return repository, number, head and the fork's name."""

    def make(pack: str) -> tuple[Repo, int, str, str]:
        repo = world.repo(rulepack=pack, files={"main.tf": BEFORE, FLOW: FLOW_TEXT})
        fork = world.call("POST", f"/repos/{repo.full}/forks", {}, by=OWNER)["full_name"]
        there = Repo(world, fork, 0, OWNER)
        sha = there.commit("bigger", {"main.tf": AFTER}, by=OWNER)
        body = {"title": "Bigger", "head": f"{OWNER}:bigger", "base": "main"}
        number = int(repo.call("POST", "/pulls", body, by=OWNER)["number"])
        repo.check(sha)
        return repo, number, sha, fork

    return make


def test_a_fork_gives_no_evidence_unless_the_pack_lets_forks_in(forked: Any, plan: str) -> None:
    repo, number, sha, fork = forked(PACK)
    repo.upload(repo.run_workflow(sha, FLOW, head_repo=fork), "tfplan", packed(("plan.json", plan)))
    refused(repo, number, 1, "comes from a fork")


def test_of_a_fork_it_is_not_known_which_base_was_seen(forked: Any, plan: str) -> None:
    text = PACK.replace("mode: auto", "mode: auto\nloosen: forks plan here, too\nforks: {allow: true}")
    repo, number, sha, fork = forked(text.replace("sha: required, ", ""))
    repo.upload(repo.run_workflow(sha, FLOW, head_repo=fork), "tfplan", packed(("plan.json", plan)))
    assert repo.run("check", str(number)).code == 0
    repo, number, sha, fork = forked(text)
    repo.upload(repo.run_workflow(sha, FLOW, head_repo=fork), "tfplan", packed(("plan.json", plan)))
    ran = repo.run("check", str(number), "--json")
    assert ran.code == 1
    assert [c["found"] for c in ran.checks() if c["id"] == "fresh"] == ["nobody states of which base the plan is"]


def test_a_run_of_a_fork_does_not_stand_for_a_branch_of_this_repository(repo: Repo, plan: str) -> None:
    number, sha = opened(repo)
    fork = repo.world.call("POST", f"/repos/{repo.full}/forks", {}, by=OWNER)["full_name"]
    run = repo.run_workflow(sha, FLOW, head_repo=fork)
    repo.upload(run, "tfplan", packed(("plan.json", plan)))
    refused(repo, number, 1, "only for a branch of another repository")


def test_pushes_count_where_the_pack_says_so(world: World, plan: str) -> None:
    text = PACK.replace("file: plan.json}", "file: plan.json, event: push}").replace("sha: required, ", "")
    repo = world.repo(rulepack=text, files={"main.tf": BEFORE, FLOW: FLOW_TEXT})
    number, sha = opened(repo)
    repo.run_workflow(sha, FLOW)
    refused(repo, number, 8, "it ran for `pull_request`")
    run = repo.run_workflow(sha, FLOW, event="push", head_branch="bigger")
    repo.upload(run, "tfplan", packed(("plan.json", plan)))
    assert repo.run("check", str(number)).code == 0
