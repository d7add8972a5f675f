"""Protection rules through GraphQL, with what REST hides, and what a rule's change lets happen."""

from __future__ import annotations

from typing import Any

import pytest

from bascule.simulator.process import SimulatorProcess

from .conftest import Client, Git, with_token
from .pull_helpers import ONE_REVIEW, PROTECTION, arm, branch_off, give, merge, open_pull, protect, pull, refused

RULE = """
fragment Rule on BranchProtectionRule {
  id databaseId pattern isAdminEnforced
  requiresApprovingReviews requiredApprovingReviewCount dismissesStaleReviews requireLastPushApproval
  requiresStatusChecks requiresStrictStatusChecks requiredStatusChecks { context app { slug } }
  requiresDeployments requiredDeploymentEnvironments lockBranch requiresLinearHistory requiresCommitSignatures
  restrictsPushes restrictsReviewDismissals
  bypassForcePushAllowances(first: 9) { totalCount nodes { actor { ...Who } } }
  bypassPullRequestAllowances(first: 9) { nodes { actor { ...Who } branchProtectionRule { pattern } } }
  pushAllowances(first: 9) { nodes { actor { ...Who } } }
  reviewDismissalAllowances(first: 9) { nodes { actor { ...Who } } }
  matchingRefs(first: 9) { nodes { name } }
}
fragment Who on Node { ... on User { login } ... on Team { slug } ... on App { slug } }
"""
RULES = (
    """query($owner: String!, $name: String!) {
  repository(owner: $owner, name: $name) {
    id
    branchProtectionRules(first: 9) { totalCount nodes { ...Rule } }
    main: ref(qualifiedName: "refs/heads/main") { branchProtectionRule { ...Rule } }
    refs(refPrefix: "refs/heads/", first: 9) { nodes { name branchProtectionRule { pattern } } }
  }
}"""
    + RULE
)
CREATE = (
    """mutation($input: CreateBranchProtectionRuleInput!) {
  createBranchProtectionRule(input: $input) { branchProtectionRule { ...Rule } }
}"""
    + RULE
)
UPDATE = (
    """mutation($input: UpdateBranchProtectionRuleInput!) {
  updateBranchProtectionRule(input: $input) { clientMutationId branchProtectionRule { ...Rule } }
}"""
    + RULE
)
DELETE = "mutation($id: ID!) { deleteBranchProtectionRule(input: {branchProtectionRuleId: $id}) { clientMutationId } }"
ORG = {
    "login": "acme",
    "members": {"octo-dev": "admin", "octo-reader": "member"},
    "teams": {"core": ["octo-reader"]},
}


@pytest.fixture
def box(dev: Client) -> str:
    return dev.make_repo()


@pytest.fixture
def shop(sim: SimulatorProcess, dev: Client) -> str:
    """A repository of an organization, which may have lists of actors."""
    sim.control("orgs", ORG)
    dev.ok("POST", "/orgs/acme/repos", {"name": "shop", "auto_init": True}, 201)
    return "acme/shop"


def rules(client: Client, repo: str) -> Any:
    owner, _, name = repo.partition("/")
    return client.data(RULES, owner=owner, name=name)["repository"]


def create(client: Client, repo: str, **settings: Any) -> Any:
    given = {"repositoryId": rules(client, repo)["id"], "pattern": "main", **settings}
    return client.data(CREATE, input=given)["createBranchProtectionRule"]["branchProtectionRule"]


def update(client: Client, rule: str, **settings: Any) -> Any:
    given = {"branchProtectionRuleId": rule, **settings}
    return client.data(UPDATE, input=given)["updateBranchProtectionRule"]["branchProtectionRule"]


def only_error(answer: Any) -> tuple[str, str]:
    (error,) = answer["errors"]
    return error["type"], error["message"]


def rest(client: Client, repo: str, branch: str = "main") -> Any:
    return client.ok("GET", f"/repos/{repo}/branches/{branch}/protection")


def who(connection: Any) -> list[str]:
    return [next(iter(node["actor"].values())) for node in connection["nodes"]]


# -- create, update, delete --------------------------------------------------------------------------


def test_one_call_sets_what_it_names_and_rest_shows_its_part(dev: Client, box: str) -> None:
    made = create(
        dev,
        box,
        isAdminEnforced=True,
        requiresApprovingReviews=True,
        requiredApprovingReviewCount=2,
        requiresStatusChecks=True,
        requiresStrictStatusChecks=True,
        requiredStatusChecks=[{"context": "test", "appId": "any"}],
        requiresLinearHistory=True,
    )
    assert (made["pattern"], made["isAdminEnforced"], made["requiredApprovingReviewCount"]) == ("main", True, 2)
    assert made["requiredStatusChecks"] == [{"context": "test", "app": None}]
    assert [node["name"] for node in made["matchingRefs"]["nodes"]] == ["main"]
    shown = rest(dev, box)
    assert shown["required_pull_request_reviews"]["required_approving_review_count"] == 2
    assert shown["required_status_checks"]["strict"] is True
    assert shown["required_linear_history"] == {"enabled": True}
    changed = update(dev, made["id"], requiresLinearHistory=False)
    assert changed == {**made, "requiresLinearHistory": False}, "everything else stays"
    seen = rules(dev, box)
    assert (seen["branchProtectionRules"]["nodes"], seen["main"]["branchProtectionRule"]) == ([changed], changed)
    dev.data(DELETE, id=made["id"])
    assert rules(dev, box)["branchProtectionRules"]["totalCount"] == 0
    assert refused(dev.call("GET", f"/repos/{box}/branches/main/protection")) == (404, "Branch not protected")


def test_groups_are_switched_by_their_own_flag(dev: Client, box: str) -> None:
    rule = create(dev, box, requiredApprovingReviewCount=2)
    assert (rule["requiresApprovingReviews"], rule["requiredApprovingReviewCount"]) == (False, None)
    on = update(dev, rule["id"], requiresApprovingReviews=True, requiredApprovingReviewCount=0)
    assert (on["requiresApprovingReviews"], on["requiredApprovingReviewCount"]) == (True, 0)
    assert update(dev, rule["id"], requiresApprovingReviews=False) == rule


def test_a_client_mutation_id_comes_back(dev: Client, box: str) -> None:
    rule = create(dev, box)
    given = {"branchProtectionRuleId": rule["id"], "clientMutationId": "run-7"}
    assert dev.data(UPDATE, input=given)["updateBranchProtectionRule"] == {
        "clientMutationId": "run-7",
        "branchProtectionRule": rule,
    }


def test_hidden_settings_are_kept_through_a_rest_put_unless_switched(
    sim: SimulatorProcess, dev: Client, shop: str
) -> None:
    dev_id = dev.ok("GET", "/user")["node_id"]
    settings = {
        "requiresDeployments": True,
        "requiredDeploymentEnvironments": ["production"],
        "bypassForcePushActorIds": [dev_id],
    }
    rule = create(dev, shop, **settings)
    assert (rule["requiresDeployments"], rule["requiredDeploymentEnvironments"]) == (True, ["production"])
    assert who(rule["bypassForcePushAllowances"]) == ["octo-dev"]
    before = rest(dev, shop)
    assert "production" not in str(before), "REST shows nothing of them"
    dev.ok("PUT", f"/repos/{shop}/branches/main/protection", PROTECTION)
    kept = rules(dev, shop)["main"]["branchProtectionRule"]
    assert kept == {**rule, "isAdminEnforced": True}
    sim.control("switches", {"put_resets_hidden": True})
    dev.ok("PUT", f"/repos/{shop}/branches/main/protection", PROTECTION)
    reset = rules(dev, shop)["main"]["branchProtectionRule"]
    assert (reset["requiresDeployments"], reset["requiredDeploymentEnvironments"]) == (False, [])
    assert who(reset["bypassForcePushAllowances"]) == []


def test_a_required_deployment_blocks_and_only_graphql_frees(dev: Client, box: str) -> None:
    branch_off(dev, box)
    open_pull(dev, box)
    settings = {"requiresDeployments": True, "requiredDeploymentEnvironments": ["production"], "isAdminEnforced": True}
    rule = create(dev, box, **settings)
    assert refused(merge(dev, box)) == (405, 'Required deployment to "production" is expected.')
    update(dev, rule["id"], requiresDeployments=False)
    assert merge(dev, box).status_code == 200


def test_who_may_force_push_all_the_same(dev: Client, shop: str, git: Git) -> None:
    rule = create(dev, shop, isAdminEnforced=True)
    sha = dev.head(shop)
    dev.put_file(shop, "a", "1")
    push = {"sha": sha, "force": True}
    assert refused(dev.call("PATCH", f"/repos/{shop}/git/refs/heads/main", push))[0] == 422
    update(dev, rule["id"], bypassForcePushActorIds=[dev.ok("GET", "/user")["node_id"]])
    dev.ok("PATCH", f"/repos/{shop}/git/refs/heads/main", push)
    assert dev.head(shop) == sha


def test_lists_of_actors_name_users_teams_and_apps(sim: SimulatorProcess, dev: Client, shop: str) -> None:
    app = sim.control("apps", {"slug": "release", "owner": "acme", "permissions": {"contents": "write"}})
    query = 'query { organization(login: "acme") { team(slug: "core") { id } } user(login: "octo-reader") { id } }'
    found = dev.data(query)
    team, reader = found["organization"]["team"]["id"], found["user"]["id"]
    state = sim.control("state")
    app_node = node_id("A", next(row["id"] for row in state["apps"] if row["id"] == app["id"]))
    rule = create(
        dev,
        shop,
        requiresApprovingReviews=True,
        bypassPullRequestActorIds=[reader, team],
        restrictsPushes=True,
        pushActorIds=[team, app_node],
        restrictsReviewDismissals=True,
        reviewDismissalActorIds=[reader],
    )
    assert who(rule["bypassPullRequestAllowances"]) == ["octo-reader", "core"]
    assert who(rule["pushAllowances"]) == ["core", "release"]
    assert who(rule["reviewDismissalAllowances"]) == ["octo-reader"]
    shown = rest(dev, shop)
    assert [t["slug"] for t in shown["restrictions"]["teams"]] == ["core"]
    assert [a["slug"] for a in shown["restrictions"]["apps"]] == ["release"]
    off = update(dev, rule["id"], restrictsPushes=False, restrictsReviewDismissals=False)
    assert (off["restrictsPushes"], who(off["pushAllowances"]), off["restrictsReviewDismissals"]) == (False, [], False)
    assert "restrictions" not in rest(dev, shop)
    empty = update(dev, rule["id"], restrictsPushes=True)
    assert (empty["restrictsPushes"], who(empty["pushAllowances"])) == (True, []), "on, and nobody may push"


def node_id(prefix: str, number: int) -> str:
    import base64

    return f"{prefix}_{base64.urlsafe_b64encode(str(number).encode()).decode().rstrip('=')}"


def test_a_check_without_an_app_binds_to_who_reported_it_last(sim: SimulatorProcess, dev: Client, box: str) -> None:
    sim.control("apps", {"slug": "ci", "owner": "octo-dev", "token": "tok-ci", "permissions": {"checks": "write"}})
    ci = Client(sim, "tok-ci")
    run = {"name": "test", "head_sha": dev.head(box), "conclusion": "success"}
    ci.ok("POST", f"/repos/{box}/check-runs", run, 201)
    ci.session.close()
    rule = create(dev, box, requiresStatusChecks=True, requiredStatusChecks=[{"context": "test"}, {"context": "new"}])
    assert rule["requiredStatusChecks"] == [
        {"context": "test", "app": {"slug": "ci"}},
        {"context": "new", "app": None},
    ]
    free = update(dev, rule["id"], requiredStatusChecks=[{"context": "test", "appId": "any"}])
    assert free["requiredStatusChecks"] == [{"context": "test", "app": None}]


# -- refusals ----------------------------------------------------------------------------------------


def test_what_is_refused_changes_nothing(sim: SimulatorProcess, dev: Client, box: str) -> None:
    rule = create(dev, box)
    before = sim.control("state")["protection_rules"]
    again = dev.graphql(CREATE, input={"repositoryId": rules(dev, box)["id"], "pattern": "main"})
    assert only_error(again) == ("UNPROCESSABLE", "Name already protected: main")
    someone = dev.ok("GET", "/user")["node_id"]
    given = {"branchProtectionRuleId": rule["id"], "lockBranch": True, "bypassForcePushActorIds": [someone]}
    text = "Only organization repositories can have users and team restrictions"
    assert only_error(dev.graphql(UPDATE, input=given)) == ("UNPROCESSABLE", text)
    given["bypassForcePushActorIds"] = ["U_OTk5OTk5"]
    kind, message = only_error(dev.graphql(UPDATE, input=given))
    assert (kind, message) == ("NOT_FOUND", "Could not resolve to a node with the global id of 'U_OTk5OTk5'")
    assert sim.control("state")["protection_rules"] == before


def test_who_is_no_administrator_sees_no_rule_and_changes_none(dev: Client, reader: Client, box: str) -> None:
    rule = create(dev, box)
    for level in ("pull", "push", "maintain"):
        dev.call("PUT", f"/repos/{box}/collaborators/octo-reader", {"permission": level})
        seen = rules(reader, box)
        assert seen["branchProtectionRules"] == {"totalCount": 0, "nodes": []}
        assert seen["main"] == {"branchProtectionRule": None}
        assert only_error(reader.graphql("query($id: ID!) { node(id: $id) { id } }", id=rule["id"]))[0] == "NOT_FOUND"
        given = {"branchProtectionRuleId": rule["id"], "lockBranch": True}
        assert only_error(reader.graphql(UPDATE, input=given))[0] == "FORBIDDEN"
        assert only_error(reader.graphql(DELETE, id=rule["id"]))[0] == "FORBIDDEN"
    dev.ok("PUT", f"/repos/{box}/collaborators/octo-reader", {"permission": "admin"}, 204)
    assert rules(reader, box)["main"]["branchProtectionRule"] == rule


def test_an_app_needs_the_administration_permission(sim: SimulatorProcess, dev: Client, box: str) -> None:
    rule = create(dev, box)
    for permission, sees in (({"contents": "write"}, False), ({"contents": "write", "administration": "write"}, True)):
        sim.control("apps", {"slug": "keeper", "owner": "octo-dev", "token": "tok-app", "permissions": permission})
        app = Client(sim, "tok-app")
        assert (rules(app, box)["main"]["branchProtectionRule"] == rule) is sees
        answer = app.graphql(UPDATE, input={"branchProtectionRuleId": rule["id"], "lockBranch": sees})
        assert ("errors" in answer) is not sees
        app.session.close()


# -- the wildcard trap -------------------------------------------------------------------------------


def test_a_rest_write_under_a_wildcard_makes_a_rule_of_its_own_and_the_wildcard_stays(dev: Client, box: str) -> None:
    for name in ("release/1", "release/2"):
        dev.ok("POST", f"/repos/{box}/git/refs", {"ref": f"refs/heads/{name}", "sha": dev.head(box)}, 201)
    wildcard = create(dev, box, pattern="release/*", requiresLinearHistory=True)
    assert [node["name"] for node in wildcard["matchingRefs"]["nodes"]] == ["release/1", "release/2"]
    assert rest(dev, box, "release/1")["required_linear_history"] == {"enabled": True}, "REST hides that it is one"
    dev.ok("POST", f"/repos/{box}/branches/release/1/protection/enforce_admins")
    found = rules(dev, box)
    by_pattern = {rule["pattern"]: rule for rule in found["branchProtectionRules"]["nodes"]}
    assert set(by_pattern) == {"release/*", "release/1"}
    assert by_pattern["release/*"] == wildcard, "for good, and unchanged"
    assert by_pattern["release/1"]["isAdminEnforced"] is True
    assert by_pattern["release/1"]["requiresLinearHistory"] is True
    holding = {ref["name"]: ref["branchProtectionRule"] for ref in found["refs"]["nodes"]}
    assert holding == {
        "main": None,
        "release/1": {"pattern": "release/1"},
        "release/2": {"pattern": "release/*"},
    }
    dev.ok("DELETE", f"/repos/{box}/branches/release/1/protection/enforce_admins", status=204)
    assert rules(dev, box)["branchProtectionRules"]["totalCount"] == 2, "taking it back does not take the rule away"


def test_graphql_changes_the_wildcard_itself(dev: Client, box: str) -> None:
    dev.ok("POST", f"/repos/{box}/git/refs", {"ref": "refs/heads/release/1", "sha": dev.head(box)}, 201)
    wildcard = create(dev, box, pattern="release/*")
    update(dev, wildcard["id"], isAdminEnforced=True)
    assert rules(dev, box)["branchProtectionRules"]["totalCount"] == 1
    assert rest(dev, box, "release/1")["enforce_admins"]["enabled"] is True


# -- a relaxed rule lets waiting merges go -----------------------------------------------------------


@pytest.mark.parametrize("way", ["rest", "update", "delete"])
def test_auto_merge_armed_through_graphql_fires_when_the_rule_is_relaxed(
    sim: SimulatorProcess, dev: Client, reader: Client, box: str, way: str
) -> None:
    dev.ok("PATCH", f"/repos/{box}", {"allow_auto_merge": True})
    give(dev, box, "octo-reader")
    branch_off(reader, box)
    open_pull(reader, box)
    protect(dev, box, required_pull_request_reviews=ONE_REVIEW)
    assert arm(reader, box, "squash") == []
    rule = rules(dev, box)["main"]["branchProtectionRule"]["id"]
    assert pull(dev, box)["auto_merge"]["enabled_by"]["login"] == "octo-reader"
    update(dev, rule, lockBranch=True, requiresApprovingReviews=False)
    assert pull(dev, box)["merged"] is False, "still locked"
    update(dev, rule, lockBranch=False, requiresApprovingReviews=True)
    assert pull(dev, box)["merged"] is False
    if way == "rest":
        dev.ok("DELETE", f"/repos/{box}/branches/main/protection/required_pull_request_reviews", status=204)
    elif way == "update":
        update(dev, rule, requiresApprovingReviews=False)
    else:
        dev.data(DELETE, id=rule)
    read = pull(dev, box)
    assert (read["merged"], read["merged_by"]["login"]) == (True, "octo-reader")


def test_relax_merge_and_restore_stand_in_one_document(dev: Client, box: str) -> None:
    """The rule is back before anything else could use the gap; a failed merge does not keep it open."""
    branch_off(dev, box)
    made = open_pull(dev, box)
    protect(dev, box, required_pull_request_reviews=ONE_REVIEW)
    rule = rules(dev, box)["main"]["branchProtectionRule"]
    text = """mutation($rule: ID!, $pull: ID!, $head: GitObjectID!) {
      relax: updateBranchProtectionRule(input: {branchProtectionRuleId: $rule, requiresApprovingReviews: false}) {
        branchProtectionRule { requiresApprovingReviews }
      }
      merge: mergePullRequest(input: {pullRequestId: $pull, expectedHeadOid: $head}) {
        pullRequest { merged mergeCommit { oid } }
      }
      restore: updateBranchProtectionRule(
        input: {branchProtectionRuleId: $rule, requiresApprovingReviews: true, requiredApprovingReviewCount: 1}
      ) { branchProtectionRule { requiresApprovingReviews } }
    }"""
    wrong = dev.graphql(text, rule=rule["id"], pull=made["node_id"], head="0" * 40)
    assert wrong["data"]["merge"] is None
    assert only_error(wrong) == ("UNPROCESSABLE", "Head branch was modified. Review and try the merge again.")
    assert rules(dev, box)["main"]["branchProtectionRule"] == rule
    done = dev.data(text, rule=rule["id"], pull=made["node_id"], head=made["head"]["sha"])
    assert done["merge"]["pullRequest"]["merged"] is True
    assert done["merge"]["pullRequest"]["mergeCommit"]["oid"] == dev.head(box)
    assert rules(dev, box)["main"]["branchProtectionRule"] == rule


def test_a_locked_branch_refuses_pushes(sim: SimulatorProcess, dev: Client, box: str, git: Git) -> None:
    create(dev, box, lockBranch=True, isAdminEnforced=True)
    git.run("clone", "-q", with_token(sim.url, "tok-dev", box), ".")
    git.run("commit", "-q", "--allow-empty", "-m", "more")
    refusal = git.run("push", "origin", "HEAD:main", check=False)
    assert "Cannot change this locked branch" in refusal.stderr
