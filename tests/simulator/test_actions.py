"""Workflow runs and artifacts: made by the control plane, read as on GitHub, in GitHub's own shapes."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any

import pytest
import requests

from .conftest import Client
from .pull_helpers import branch_off, open_pull
from .test_pull_shapes import problems

FLOW = ".github/workflows/plan.yml"
ZIP = b"PK\x05\x06" + bytes(18)


def begin(client: Client, repo: str, **fields: Any) -> Any:
    return client.sim.control("runs", {"repo": repo, "workflow": FLOW, **fields})


def upload(client: Client, repo: str, run: int, **fields: Any) -> Any:
    body = {"repo": repo, "id": run, "name": "tfplan", "zip": base64.b64encode(ZIP).decode(), **fields}
    return client.sim.control("artifacts", body)


@pytest.fixture
def box(dev: Client) -> tuple[str, str]:
    repo = dev.make_repo()
    sha = branch_off(dev, repo)
    open_pull(dev, repo)
    return repo, sha


def test_every_answer_has_githubs_shape(dev: Client, box: tuple[str, str]) -> None:
    repo, sha = box
    called = [{"path": "acme/ci/.github/workflows/x.yml@v1", "sha": sha, "ref": "refs/tags/v1"}]
    run = begin(dev, repo, head_sha=sha, referenced_workflows=called)["id"]
    artifact = upload(dev, repo, run)["id"]
    upload(dev, repo, run, name="old", digest=None)
    root, own = "/repos/{owner}/{repo}/actions", f"/repos/{repo}/actions"
    for path, filled in (
        ("/runs", "/runs"),
        ("/workflows/{workflow_id}/runs", "/workflows/plan.yml/runs"),
        ("/runs/{run_id}", f"/runs/{run}"),
        ("/runs/{run_id}/attempts/{attempt_number}", f"/runs/{run}/attempts/1"),
        ("/runs/{run_id}/artifacts", f"/runs/{run}/artifacts"),
        ("/artifacts", "/artifacts"),
        ("/artifacts/{artifact_id}", f"/artifacts/{artifact}"),
    ):
        assert problems("GET", root + path, 200, dev.ok("GET", own + filled)) == []
    # The checker itself notices what is missing.
    bent = dev.ok("GET", f"{own}/runs/{run}")
    del bent["head_sha"]
    assert problems("GET", f"{root}/runs/{{run_id}}", 200, bent)


def test_runs_are_found_by_what_they_ran_on(dev: Client, box: tuple[str, str]) -> None:
    repo, sha = box
    first = begin(dev, repo, head_sha=sha)["id"]
    pushed = begin(dev, repo, head_sha=sha, event="push", conclusion="failure")["id"]
    begin(dev, repo, head_sha=dev.head(repo), event="push", workflow=".github/workflows/other.yml")

    def found(**query: str) -> list[int]:
        return [r["id"] for r in dev.ok("GET", f"/repos/{repo}/actions/runs", params=query)["workflow_runs"]]

    assert found(head_sha=sha) == [pushed, first]
    assert found(head_sha=sha, event="pull_request") == [first]
    assert found(status="failure") == [pushed]
    (run,) = dev.ok("GET", f"/repos/{repo}/actions/workflows/other.yml/runs")["workflow_runs"]
    assert (run["path"], run["run_number"], run["pull_requests"]) == (".github/workflows/other.yml", 1, [])
    page = dev.call("GET", f"/repos/{repo}/actions/runs", params={"per_page": 1})
    assert page.json()["total_count"] == 3
    assert 'rel="next"' in page.headers["Link"]
    run = dev.ok("GET", f"/repos/{repo}/actions/runs/{first}")
    assert (run["status"], run["conclusion"], run["run_attempt"], run["event"]) == (
        "completed", "success", 1, "pull_request",
    )  # fmt: skip
    assert [(p["number"], p["base"]["ref"], p["base"]["sha"]) for p in run["pull_requests"]] == [
        (1, "main", dev.head(repo))
    ]


def test_the_base_of_a_run_is_as_it_was_or_as_it_is(dev: Client, box: tuple[str, str]) -> None:
    repo, sha = box
    run, was = begin(dev, repo, head_sha=sha)["id"], dev.head(repo)
    dev.put_file(repo, "more.txt", "x")

    def base() -> str:
        (pull,) = dev.ok("GET", f"/repos/{repo}/actions/runs/{run}")["pull_requests"]
        return str(pull["base"]["sha"])

    assert base() == was
    dev.sim.control("switches", {"run_base_sha_follows_branch": True})
    assert base() == dev.head(repo)


def test_a_run_goes_on_and_is_run_again(dev: Client, reader: Client, box: tuple[str, str]) -> None:
    repo, sha = box
    run = begin(dev, repo, head_sha=sha, status="in_progress")["id"]
    path = f"/repos/{repo}/actions/runs/{run}"
    assert dev.ok("GET", path)["conclusion"] is None
    assert dev.call("POST", f"{path}/rerun").status_code == 403
    dev.sim.control("runs", {"repo": repo, "id": run, "conclusion": "failure"})
    began = dev.ok("GET", path)["run_started_at"]
    dev.sim.control("clock", {"advance": 60})
    assert reader.call("POST", f"{path}/rerun").status_code == 404
    dev.ok("POST", f"{path}/rerun", status=201)
    again = dev.ok("GET", path)
    assert (again["run_attempt"], again["status"], again["conclusion"]) == (2, "queued", None)
    assert again["run_started_at"] > began
    assert again["created_at"] == began
    first = dev.ok("GET", f"{path}/attempts/1")
    assert (first["run_attempt"], first["conclusion"], first["run_started_at"]) == (1, "failure", began)
    assert dev.call("GET", f"{path}/attempts/3").status_code == 404


def test_an_artifact_is_fetched_from_elsewhere_without_a_token(dev: Client, anonymous: Client, box: Any) -> None:
    repo, sha = box
    made = upload(dev, repo, begin(dev, repo, head_sha=sha)["id"])
    assert made["digest"] == f"sha256:{hashlib.sha256(ZIP).hexdigest()}"
    path = f"/repos/{repo}/actions/artifacts/{made['id']}/zip"
    assert anonymous.call("GET", path).status_code == 401
    reply = dev.call("GET", path)
    assert reply.status_code == 302
    where = reply.headers["Location"]
    assert re.fullmatch(rf"http://localhost:\d+/_artifacts/{made['id']}\?se=\d+&sig=[0-9a-f]{{64}}", where)

    def fetched(address: str, **headers: str) -> requests.Response:
        return requests.get(address, headers=headers, timeout=30)

    assert fetched(where).content == ZIP
    assert fetched(where, Authorization="token tok-dev").status_code == 400
    assert fetched(where[:-1] + ("0" if where[-1] != "0" else "1")).status_code == 403
    dev.sim.control("clock", {"advance": 61})
    assert fetched(where).status_code == 403


def test_an_artifact_expires(dev: Client, box: Any) -> None:
    repo, sha = box
    run = begin(dev, repo, head_sha=sha)["id"]
    upload(dev, repo, run, retention_days=1)
    (row,) = dev.ok("GET", f"/repos/{repo}/actions/runs/{run}/artifacts", params={"name": "tfplan"})["artifacts"]
    assert row["expired"] is False
    dev.sim.control("clock", {"advance": 86401})
    assert dev.ok("GET", f"/repos/{repo}/actions/artifacts/{row['id']}")["expired"] is True
    assert dev.call("GET", f"/repos/{repo}/actions/artifacts/{row['id']}/zip").status_code == 410
    assert dev.ok("GET", f"/repos/{repo}/actions/runs/{run}/artifacts", params={"name": "x"})["artifacts"] == []


def test_a_limited_token_needs_the_permission(dev: Client, box: Any) -> None:
    repo, sha = box
    begin(dev, repo, head_sha=sha)
    for permissions, status in (({"contents": "read"}, 403), ({"actions": "read"}, 200)):
        body = {"login": "octo-dev", "token": "tok-limited", "kind": "fine_grained", "permissions": permissions}
        dev.sim.control("users", body)
        limited = Client(dev.sim, "tok-limited")
        assert limited.call("GET", f"/repos/{repo}/actions/runs").status_code == status
        limited.session.close()


def test_runs_and_artifacts_survive_a_kill(dev: Client, box: Any) -> None:
    repo, sha = box
    run = begin(dev, repo, head_sha=sha)["id"]
    artifact = upload(dev, repo, run)["id"]
    dev.sim.kill()
    dev.sim.start()
    assert dev.ok("GET", f"/repos/{repo}/actions/artifacts/{artifact}")["workflow_run"]["id"] == run
    where = dev.call("GET", f"/repos/{repo}/actions/artifacts/{artifact}/zip").headers["Location"]
    assert requests.get(where, timeout=30).content == ZIP


def test_a_wrong_order_is_refused(dev: Client, box: Any) -> None:
    import urllib.error

    repo, _ = box
    for body in ({"repo": repo, "workflow": FLOW, "head_sha": "0" * 40}, {"repo": "no/where"}, {"repo": repo, "id": 1}):
        with pytest.raises(urllib.error.HTTPError):
            dev.sim.control("runs", body)
