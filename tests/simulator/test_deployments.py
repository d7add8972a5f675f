"""Environments, deployments and their statuses, in the shapes that GitHub describes."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Client
from .test_pull_shapes import problems

_D, _E = "/repos/{owner}/{repo}/deployments", "/repos/{owner}/{repo}/environments"


def deploy(who: Client, repo: str, ref: str = "main", **body: Any) -> Any:
    return who.ok("POST", f"/repos/{repo}/deployments", {"ref": ref, **body}, 201)


def say(who: Client, repo: str, deployment: int, state: str, **body: Any) -> Any:
    return who.ok("POST", f"/repos/{repo}/deployments/{deployment}/statuses", {"state": state, **body}, 201)


def states(who: Client, repo: str, deployment: int) -> list[str]:
    return [s["state"] for s in who.ok("GET", f"/repos/{repo}/deployments/{deployment}/statuses")]


def test_shapes(dev: Client) -> None:
    repo = dev.make_repo()
    made = deploy(dev, repo, description="go", payload={"a": 1}, environment="staging")
    said = say(
        dev, repo, made["id"], "success", log_url="https://example.com/log", environment_url="https://example.com"
    )
    one = f"/repos/{repo}/deployments/{made['id']}"
    found = [
        *problems("POST", _D, 201, made),
        *problems("POST", _D + "/{deployment_id}/statuses", 201, said),
        *problems("GET", _D, 200, dev.ok("GET", f"/repos/{repo}/deployments")),
        *problems("GET", _D + "/{deployment_id}", 200, dev.ok("GET", one)),
        *problems("GET", _D + "/{deployment_id}/statuses", 200, dev.ok("GET", one + "/statuses")),
        *problems(
            "GET", _D + "/{deployment_id}/statuses/{status_id}", 200, dev.ok("GET", f"{one}/statuses/{said['id']}")
        ),
        *problems("GET", _E, 200, dev.ok("GET", f"/repos/{repo}/environments")),
        *problems("GET", _E + "/{environment_name}", 200, dev.ok("GET", f"/repos/{repo}/environments/staging")),
        *problems("PUT", _E + "/{environment_name}", 200, dev.ok("PUT", f"/repos/{repo}/environments/other", {})),
    ]
    assert found == []
    assert (made["sha"], made["ref"], made["task"]) == (dev.head(repo), "main", "deploy")
    assert (made["production_environment"], made["payload"]) == (False, {"a": 1})
    assert said["creator"]["login"] == "octo-dev"
    assert [e["name"] for e in dev.ok("GET", f"/repos/{repo}/environments")["environments"]] == ["other", "staging"]


def test_lists_are_newest_first_and_filtered(dev: Client) -> None:
    repo = dev.make_repo()
    first, second = deploy(dev, repo)["id"], deploy(dev, repo, environment="staging")["id"]
    assert [d["id"] for d in dev.ok("GET", f"/repos/{repo}/deployments")] == [second, first]
    found = dev.ok("GET", f"/repos/{repo}/deployments", params={"environment": "production"})
    assert [(d["id"], d["production_environment"]) for d in found] == [(first, True)]
    assert dev.ok("GET", f"/repos/{repo}/deployments", params={"sha": "0" * 40}) == []


@pytest.mark.parametrize(("environment", "spared"), [("staging", False), ("production", True)])
def test_a_new_success_makes_older_ones_inactive(dev: Client, environment: str, spared: bool) -> None:
    repo = dev.make_repo()
    ids = [deploy(dev, repo, environment=environment)["id"] for _ in range(3)]
    say(dev, repo, ids[0], "success")
    say(dev, repo, ids[1], "failure")
    say(dev, repo, ids[2], "in_progress")
    assert states(dev, repo, ids[0]) == ["success"]
    say(dev, repo, ids[2], "success")
    assert states(dev, repo, ids[0]) == (["success"] if spared else ["inactive", "success"])
    assert states(dev, repo, ids[1]) == ["failure"]
    assert states(dev, repo, ids[2]) == ["success", "in_progress"]


def test_the_switch_for_production(dev: Client) -> None:
    repo = dev.make_repo()
    dev.sim.control("switches", {"auto_inactive_spares_production": False})
    old, new = deploy(dev, repo)["id"], deploy(dev, repo)["id"]
    say(dev, repo, old, "success")
    say(dev, repo, new, "success")
    assert states(dev, repo, old) == ["inactive", "success"]


def test_not_where_it_is_switched_off_nor_in_transient_or_other_environments(dev: Client) -> None:
    repo = dev.make_repo()
    kept = deploy(dev, repo, environment="staging")["id"]
    transient = deploy(dev, repo, environment="staging", transient_environment=True)["id"]
    other = deploy(dev, repo, environment="elsewhere")["id"]
    for one in (kept, transient, other):
        say(dev, repo, one, "success", auto_inactive=False)
    newest = deploy(dev, repo, environment="staging")["id"]
    say(dev, repo, newest, "success", auto_inactive=False)
    assert states(dev, repo, kept) == ["success"]
    say(dev, repo, newest, "success")
    assert states(dev, repo, kept) == ["inactive", "success"]
    assert states(dev, repo, transient) == states(dev, repo, other) == ["success"]


def test_checks_must_be_green_unless_none_is_asked_for(dev: Client) -> None:
    repo = dev.make_repo()
    sha = dev.head(repo)
    dev.ok("POST", f"/repos/{repo}/statuses/{sha}", {"state": "pending", "context": "ci"}, 201)
    refused = dev.call("POST", f"/repos/{repo}/deployments", {"ref": "main"})
    assert (refused.status_code, refused.json()["message"]) == (409, "Conflict: Commit status checks failed for main.")
    assert deploy(dev, repo, required_contexts=[])["sha"] == sha
    assert (
        dev.call("POST", f"/repos/{repo}/deployments", {"ref": "main", "required_contexts": ["x"]}).status_code == 409
    )
    dev.ok("POST", f"/repos/{repo}/statuses/{sha}", {"state": "success", "context": "ci"}, 201)
    assert deploy(dev, repo, required_contexts=["ci"])["sha"] == sha


def test_refusals(dev: Client, reader: Client) -> None:
    repo = dev.make_repo()
    one = deploy(dev, repo)["id"]
    assert dev.call("POST", f"/repos/{repo}/deployments", {"ref": "nowhere"}).status_code == 422
    assert dev.call("POST", f"/repos/{repo}/deployments/{one}/statuses", {"state": "great"}).status_code == 422
    assert dev.call("GET", f"/repos/{repo}/deployments/{one + 1}").status_code == 404
    assert dev.call("GET", f"/repos/{repo}/deployments/{one}/statuses/1").status_code == 404
    assert dev.call("GET", f"/repos/{repo}/environments/nowhere").status_code == 404
    assert reader.call("POST", f"/repos/{repo}/deployments", {"ref": "main"}).status_code == 404
    assert reader.call("PUT", f"/repos/{repo}/environments/x", {}).status_code in {403, 404}


def test_an_app_needs_the_permission(dev: Client, sim: Any) -> None:
    repo = dev.make_repo()
    for word, status in (("read", 403), ("write", 201)):
        app = {"slug": "deployer", "owner": "octo-dev", "permissions": {"deployments": word, "contents": "write"}}
        sim.control("apps", {**app, "token": f"tok-{word}"})
        client = Client(sim, f"tok-{word}")
        assert client.call("POST", f"/repos/{repo}/deployments", {"ref": "main"}).status_code == status
        assert client.call("GET", f"/repos/{repo}/deployments").status_code == 200
        client.session.close()


def test_what_is_active_is_not_deleted(dev: Client) -> None:
    repo = dev.make_repo()
    old, live = deploy(dev, repo)["id"], deploy(dev, repo)["id"]
    say(dev, repo, live, "success")
    assert dev.call("DELETE", f"/repos/{repo}/deployments/{live}").status_code == 422
    dev.ok("DELETE", f"/repos/{repo}/deployments/{old}", status=204)
    assert [d["id"] for d in dev.ok("GET", f"/repos/{repo}/deployments")] == [live]


def test_kept_over_a_restart(dev: Client, sim: Any) -> None:
    repo = dev.make_repo()
    one = deploy(dev, repo)["id"]
    say(dev, repo, one, "success")
    sim.stop()
    sim.start()
    assert states(dev, repo, one) == ["success"]
