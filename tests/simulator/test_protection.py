"""Classic protection through REST, and that it is enforced on pushes and ref writes."""

from typing import Any

import pytest

from bascule.simulator.process import SimulatorProcess

from .conftest import Client, Git, with_token

OFF = {
    "required_status_checks": None,
    "enforce_admins": None,
    "required_pull_request_reviews": None,
    "restrictions": None,
}
ORG = {"login": "acme", "members": {"octo-dev": "admin", "octo-reader": "member"}, "teams": {"core": ["octo-reader"]}}


@pytest.fixture
def box(dev: Client) -> str:
    return dev.make_repo()


@pytest.fixture
def org_box(sim: SimulatorProcess, dev: Client) -> str:
    sim.control("orgs", ORG)
    dev.ok("POST", "/orgs/acme/repos", {"name": "shop", "auto_init": True}, 201)
    dev.ok("PUT", "/repos/acme/shop/collaborators/octo-reader", {"permission": "push"}, 201)
    return "acme/shop"


def url(repo: str, part: str = "", branch: str = "main") -> str:
    return f"/repos/{repo}/branches/{branch}/protection{part}"


def test_not_protected_and_no_branch_are_told_apart(dev: Client, box: str) -> None:
    assert dev.call("GET", url(box)).json()["message"] == "Branch not protected"
    assert dev.call("GET", url(box, branch="nope")).json()["message"] == "Branch not found"


def test_groups_that_are_off_are_absent_and_switches_are_wrapped(dev: Client, box: str) -> None:
    body = dev.ok("PUT", url(box), OFF)
    assert not {"required_status_checks", "required_pull_request_reviews", "restrictions"} & set(body)
    assert body["enforce_admins"]["enabled"] is False
    assert body["lock_branch"] == {"enabled": False}
    assert dev.ok("GET", url(box)) == body


@pytest.mark.parametrize("missing", sorted(OFF))
def test_put_needs_its_four_groups(dev: Client, box: str, missing: str) -> None:
    reply = dev.call("PUT", url(box), {k: v for k, v in OFF.items() if k != missing})
    assert reply.status_code == 422
    assert f'"{missing}" wasn\'t supplied.' in reply.json()["message"]


def test_put_replaces_what_it_does_not_name(dev: Client, box: str) -> None:
    dev.ok("PUT", url(box), {**OFF, "enforce_admins": True, "required_linear_history": True})
    dev.ok("POST", url(box, "/required_signatures"))
    body = dev.ok("PUT", url(box), OFF)
    assert body["required_linear_history"] == {"enabled": False}
    assert body["required_signatures"]["enabled"] is True, "signatures are no part of PUT"


def test_an_app_id_that_is_left_out_binds_to_the_last_app(sim: SimulatorProcess, dev: Client, box: str) -> None:
    app = sim.control(
        "apps", {"slug": "ci", "owner": "octo-dev", "token": "tok-ci", "permissions": {"checks": "write"}}
    )
    ci = Client(sim, "tok-ci")
    run = {"name": "test", "head_sha": dev.head(box), "conclusion": "success"}
    ci.ok("POST", f"/repos/{box}/check-runs", run, 201)
    ci.session.close()
    checks = [{"context": "test"}, {"context": "any", "app_id": -1}]
    body = dev.ok("PUT", url(box), {**OFF, "required_status_checks": {"strict": True, "checks": checks}})
    shown = body["required_status_checks"]["checks"]
    assert shown == [{"context": "test", "app_id": app["id"]}, {"context": "any", "app_id": None}]
    sim.control("switches", {"any_app_shown_as_null": False})
    assert dev.ok("GET", url(box))["required_status_checks"]["checks"][1]["app_id"] == -1


def test_patches_change_only_what_they_name_and_lists_replace(dev: Client, org_box: str) -> None:
    reviews: dict[str, Any] = {
        "required_approving_review_count": 2,
        "bypass_pull_request_allowances": {"users": ["octo-dev"], "teams": [], "apps": []},
    }
    dev.ok("PUT", url(org_box), {**OFF, "required_pull_request_reviews": reviews})
    part = url(org_box, "/required_pull_request_reviews")
    body = dev.ok("PATCH", part, {"bypass_pull_request_allowances": {"users": ["octo-reader"], "teams": ["core"]}})
    assert body["required_approving_review_count"] == 2
    allowances = body["bypass_pull_request_allowances"]
    assert [u["login"] for u in allowances["users"]] == ["octo-reader"]
    assert [t["slug"] for t in allowances["teams"]] == ["core"]
    assert "bypass_pull_request_allowances" not in dev.ok(
        "PATCH", part, {"bypass_pull_request_allowances": {"users": [], "teams": [], "apps": []}}
    )
    assert "dismissal_restrictions" not in body
    empty = {"dismissal_restrictions": {"users": [], "teams": []}}
    assert dev.ok("PATCH", part, empty)["dismissal_restrictions"]["users"] == []
    assert "dismissal_restrictions" not in dev.ok("PATCH", part, {"dismissal_restrictions": {}})


def test_a_group_that_is_off_cannot_be_patched(dev: Client, box: str) -> None:
    dev.ok("PUT", url(box), OFF)
    assert dev.call("PATCH", url(box, "/required_pull_request_reviews"), {}).status_code == 404
    assert dev.call("PATCH", url(box, "/required_status_checks"), {"strict": True}).status_code == 404


def test_personal_repositories_have_no_actor_lists(dev: Client, box: str) -> None:
    dev.ok("PUT", url(box), {**OFF, "required_pull_request_reviews": {}})
    for body in ({"restrictions": {"users": [], "teams": [], "apps": []}},):
        reply = dev.call("PUT", url(box), {**OFF, **body})
        assert reply.status_code == 422
        assert "Only organization repositories can have users and team restrictions" in reply.text
    allowances = {"bypass_pull_request_allowances": {"users": ["octo-reader"], "teams": [], "apps": []}}
    assert dev.call("PATCH", url(box, "/required_pull_request_reviews"), allowances).status_code == 422


def test_restrictions_are_added_and_removed_by_element(dev: Client, org_box: str) -> None:
    dev.ok("PUT", url(org_box), {**OFF, "restrictions": {"users": [], "teams": ["core"], "apps": []}})
    part = url(org_box, "/restrictions/users")
    assert [u["login"] for u in dev.ok("POST", part, ["octo-dev"])] == ["octo-dev"]
    assert [u["login"] for u in dev.ok("POST", part, {"users": ["octo-reader"]})] == ["octo-dev", "octo-reader"]
    assert [u["login"] for u in dev.ok("DELETE", part, ["octo-dev"])] == ["octo-reader"]
    assert [t["slug"] for t in dev.ok("GET", url(org_box))["restrictions"]["teams"]] == ["core"]
    dev.ok("DELETE", url(org_box, "/restrictions"), status=204)
    assert dev.call("POST", part, ["octo-dev"]).json()["message"] == "Push restrictions not enabled"


def test_protection_is_enforced_on_real_pushes(sim: SimulatorProcess, dev: Client, org_box: str, git: Git) -> None:
    dev.ok("PUT", url(org_box), {**OFF, "enforce_admins": True, "required_pull_request_reviews": {}})
    git.run("clone", "-q", with_token(sim.url, "tok-dev", org_box), ".")
    (git.folder / "new").write_text("x")
    git.run("add", "new")
    git.run("commit", "-q", "-m", "straight to main")
    before = dev.head(org_box)
    refused = git.run("push", "origin", "HEAD:main", check=False)
    assert refused.returncode != 0
    assert "GH006: Protected branch update failed for refs/heads/main" in refused.stderr
    assert "Changes must be made through a pull request." in refused.stderr
    assert dev.head(org_box) == before
    git.run("push", "origin", "HEAD:topic")
    dev.ok("DELETE", url(org_box, "/enforce_admins"), status=204)
    git.run("push", "origin", "HEAD:main")
    assert dev.head(org_box) != before


def test_nobody_rewrites_or_deletes_a_protected_branch(dev: Client, box: str) -> None:
    dev.put_file(box, "a", "1")
    first = dev.ok("GET", f"/repos/{box}/commits")[-1]["sha"]
    dev.ok("PUT", url(box), OFF)
    reply = dev.call("PATCH", f"/repos/{box}/git/refs/heads/main", {"sha": first, "force": True})
    assert (reply.status_code, reply.json()["message"]) == (422, "Cannot force-push to this branch")
    assert dev.call("DELETE", f"/repos/{box}/git/refs/heads/main").status_code == 422


def test_readers_do_not_see_protection(reader: Client, dev: Client, box: str) -> None:
    dev.ok("PUT", url(box), OFF)
    assert reader.call("GET", url(box)).status_code == 404
    assert reader.ok("GET", f"/repos/{box}/branches/main")["protected"] is True


def test_protection_survives_a_kill(sim: SimulatorProcess, dev: Client, box: str) -> None:
    body = dev.ok("PUT", url(box), {**OFF, "enforce_admins": True, "required_pull_request_reviews": {}})
    sim.kill()
    sim.start()
    assert dev.ok("GET", url(box)) == body
