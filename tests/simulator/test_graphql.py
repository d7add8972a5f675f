"""GraphQL over HTTP: errors, pages, cost, introspection, the order of mutations."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from graphql import build_client_schema, get_introspection_query

from bascule.simulator.process import SimulatorProcess

from .conftest import Client
from .pull_helpers import ONE_REVIEW, branch_off, open_pull, protect, pull, review

IDS = "query($owner: String!, $name: String!) { repository(owner: $owner, name: $name) { id defaultBranchRef { id } } }"
LABELS = """
query Labels($first: Int, $last: Int, $after: String, $before: String) {
  repository(owner: "octo-dev", name: "box") {
    labels(first: $first, last: $last, after: $after, before: $before) {
      totalCount
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      nodes { name }
      edges { cursor node { name } }
    }
  }
}
"""


@pytest.fixture
def box(dev: Client) -> str:
    return dev.make_repo()


@pytest.fixture
def labelled(dev: Client, box: str) -> list[str]:
    """The repository's label names, in the order in which they were made."""
    for row in dev.ok("GET", f"/repos/{box}/labels"):
        dev.ok("DELETE", f"/repos/{box}/labels/{row['name']}", status=204)
    names = [f"label-{number}" for number in range(5)]
    for name in names:
        dev.ok("POST", f"/repos/{box}/labels", {"name": name, "color": "ededed"}, 201)
    return names


def page(client: Client, **bounds: Any) -> Any:
    return client.data(LABELS, **bounds)["repository"]["labels"]


def names(found: Any) -> list[str]:
    return [node["name"] for node in found["nodes"]]


def only_error(answer: Any) -> Any:
    (error,) = answer["errors"]
    return error


# -- errors ------------------------------------------------------------------------------------------


def test_what_is_not_there_is_null_with_an_error_of_its_own_path(dev: Client, box: str) -> None:
    asked = """query { here: repository(owner: "octo-dev", name: "box") { name }
      gone: repository(owner: "octo-dev", name: "nothing") { name } }"""
    answer = dev.graphql(asked)
    assert answer["data"] == {"here": {"name": "box"}, "gone": None}
    assert only_error(answer) == {
        "type": "NOT_FOUND",
        "path": ["gone"],
        "locations": [{"line": 2, "column": 7}],
        "message": "Could not resolve to a Repository with the name 'octo-dev/nothing'.",
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('repository(owner: "octo-dev", name: "box") { pullRequest(number: 9) { id } }', "PullRequest with the number"),
        ('user(login: "octo-nobody") { id }', "Could not resolve to a User with the login of 'octo-nobody'."),
        ('organization(login: "octo-dev") { id }', "Could not resolve to an Organization with the login of 'octo-dev'"),
        ('node(id: "PR_OTk5OTk5") { id }', "Could not resolve to a node with the global id of 'PR_OTk5OTk5'"),
        ('node(id: "rubbish") { id }', "Could not resolve to a node with the global id of 'rubbish'"),
    ],
)
def test_unknown_things(dev: Client, box: str, text: str, message: str) -> None:
    error = only_error(dev.graphql(f"query {{ {text} }}"))
    assert (error["type"], message in error["message"]) == ("NOT_FOUND", True)


def test_a_private_repository_is_not_there_for_strangers(dev: Client, reader: Client) -> None:
    dev.make_repo("secret", private=True)
    branch_off(dev, "octo-dev/secret")
    number = open_pull(dev, "octo-dev/secret")["node_id"]
    repo = dev.data(IDS, owner="octo-dev", name="secret")["repository"]
    assert only_error(reader.graphql(IDS, owner="octo-dev", name="secret"))["type"] == "NOT_FOUND"
    for text in (number, repo["id"], repo["defaultBranchRef"]["id"]):
        answer = reader.graphql("query($id: ID!) { node(id: $id) { id } }", id=text)
        assert only_error(answer)["message"] == f"Could not resolve to a node with the global id of '{text}'"
        assert dev.data("query($id: ID!) { node(id: $id) { id } }", id=text) == {"node": {"id": text}}


def test_a_document_that_does_not_fit_the_schema_has_no_data(dev: Client) -> None:
    answer = dev.graphql("query { viewer { shoeSize } }")
    assert "data" not in answer
    assert only_error(answer) == {
        "extensions": {"code": "undefinedField", "typeName": "User", "fieldName": "shoeSize"},
        "locations": [{"line": 1, "column": 18}],
        "message": "Field 'shoeSize' doesn't exist on type 'User'",
    }
    assert "data" not in dev.graphql("query { viewer {")
    assert "data" not in dev.graphql("query($n: Int!) { viewer { login } }")


def test_who_may_ask_and_in_what_form(dev: Client, anonymous: Client) -> None:
    reply = anonymous.call("POST", "/graphql", {"query": "query { viewer { login } }"})
    assert (reply.status_code, reply.json()["message"]) == (401, "This endpoint requires you to be authenticated.")
    assert dev.call("POST", "/graphql", {"variables": {}}).status_code == 400
    assert dev.call("POST", "/graphql", {"query": "query { viewer { login } }", "variables": []}).status_code == 200
    assert dev.call("POST", "/graphql", {"query": "query { viewer { login } }", "variables": [1]}).status_code == 400
    for path in ("/api/graphql", "/graphql"):
        assert dev.ok("POST", path, {"query": "query { viewer { login } }"})["data"] == {
            "viewer": {"login": "octo-dev"}
        }


def test_variables_and_the_operation_that_is_meant(dev: Client, box: str) -> None:
    text = """query One { viewer { login } }
      query Two($name: String = "box") { repository(owner: "octo-dev", name: $name) { nameWithOwner } }"""
    body = {"query": text, "operationName": "Two"}
    assert dev.ok("POST", "/graphql", body)["data"] == {"repository": {"nameWithOwner": box}}
    error = only_error(dev.ok("POST", "/graphql", {**body, "variables": {"name": "other"}}))
    assert error["type"] == "NOT_FOUND"
    for wrong in ({"query": text}, {"query": text, "operationName": "Three"}):
        answer = dev.ok("POST", "/graphql", wrong)
        assert ("data" in answer, len(answer["errors"])) == (False, 1)
    missing = dev.ok("POST", "/graphql", {"query": IDS, "variables": {"owner": "octo-dev"}})
    assert "$name" in only_error(missing)["message"]


# -- pages -------------------------------------------------------------------------------------------


def test_pages_forwards(dev: Client, labelled: list[str]) -> None:
    first = page(dev, first=2)
    assert (names(first), first["totalCount"]) == (labelled[:2], 5)
    assert (first["pageInfo"]["hasNextPage"], first["pageInfo"]["hasPreviousPage"]) == (True, False)
    second = page(dev, first=2, after=first["pageInfo"]["endCursor"])
    assert names(second) == labelled[2:4]
    assert second["pageInfo"]["hasPreviousPage"] is True
    last = page(dev, first=2, after=second["pageInfo"]["endCursor"])
    assert (names(last), last["pageInfo"]["hasNextPage"]) == (labelled[4:], False)
    beyond = page(dev, first=2, after=last["pageInfo"]["endCursor"])
    assert (names(beyond), beyond["pageInfo"]["endCursor"], beyond["pageInfo"]["hasNextPage"]) == ([], None, False)


def test_pages_backwards(dev: Client, labelled: list[str]) -> None:
    end = page(dev, last=2)
    assert names(end) == labelled[3:]
    assert (end["pageInfo"]["hasNextPage"], end["pageInfo"]["hasPreviousPage"]) == (False, True)
    before = page(dev, last=2, before=end["pageInfo"]["startCursor"])
    assert names(before) == labelled[1:3]
    assert before["pageInfo"]["hasNextPage"] is True
    start = page(dev, last=2, before=before["pageInfo"]["startCursor"])
    assert (names(start), start["pageInfo"]["hasPreviousPage"]) == (labelled[:1], False)


def test_edges_carry_the_cursors_of_their_nodes(dev: Client, labelled: list[str]) -> None:
    found = page(dev, first=3)
    assert [edge["node"]["name"] for edge in found["edges"]] == labelled[:3]
    cursors = [edge["cursor"] for edge in found["edges"]]
    assert (cursors[0], cursors[-1]) == (found["pageInfo"]["startCursor"], found["pageInfo"]["endCursor"])
    assert names(page(dev, first=5, after=cursors[0], before=cursors[2])) == [labelled[1]]


def test_a_list_needs_bounds_but_its_count_does_not(dev: Client, labelled: list[str]) -> None:
    answer = dev.graphql(LABELS)
    assert answer["data"] == {"repository": {"labels": None}}
    error = only_error(answer)
    assert (error["type"], error["path"]) == ("MISSING_PAGINATION_BOUNDARIES", ["repository", "labels"])
    assert error["message"] == (
        "You must provide a `first` or `last` value to properly paginate the `labels` connection."
    )
    counted = dev.data('query { repository(owner: "octo-dev", name: "box") { labels { ...C } } }' + COUNT)
    assert counted["repository"]["labels"] == {"totalCount": 5}
    hidden = dev.graphql(
        'query { repository(owner: "octo-dev", name: "box") { labels { ...C ...N } } }' + COUNT + NODES
    )
    assert only_error(hidden)["type"] == "MISSING_PAGINATION_BOUNDARIES"


COUNT = " fragment C on LabelConnection { ... on LabelConnection { totalCount } }"
NODES = " fragment N on LabelConnection { nodes { name } }"


@pytest.mark.parametrize(
    ("bounds", "kind", "message"),
    [
        ({"first": 101}, "EXCESSIVE_PAGINATION", "Requesting 101 records on the `labels` connection"),
        ({"last": 101}, "EXCESSIVE_PAGINATION", "exceeds the `last` limit of 100 records."),
        ({"first": -1}, "INVALID_PAGINATION_ARGUMENTS", "`first` on the `labels` connection cannot be less than zero."),
        ({"first": 1, "last": 1}, "BOTH_FIRST_AND_LAST_PROVIDED", "Passing both `first` and `last`"),
        ({"first": 1, "after": "rubbish"}, "INVALID_CURSOR_ARGUMENTS", "`rubbish` does not appear to be a valid"),
        ({"last": 1, "before": "AAAA"}, "INVALID_CURSOR_ARGUMENTS", "`AAAA` does not appear to be a valid cursor."),
    ],
)  # fmt: skip
def test_bounds_that_are_refused(
    dev: Client, labelled: list[str], bounds: dict[str, Any], kind: str, message: str
) -> None:
    answer = dev.graphql(LABELS, **bounds)
    error = only_error(answer)
    assert (error["type"], message in error["message"]) == (kind, True), error
    assert answer["data"] == {"repository": {"labels": None}}


def test_a_cursor_counts_from_the_start_never_from_the_end(dev: Client, labelled: list[str]) -> None:
    forged = base64.b64encode(b"cursor:v2:-2").decode()
    assert only_error(dev.graphql(LABELS, first=1, after=forged))["type"] == "INVALID_CURSOR_ARGUMENTS"
    far = base64.b64encode(b"cursor:v2:999").decode()
    assert names(page(dev, first=1, after=far)) == []
    assert names(page(dev, last=1, before=far)) == labelled[-1:]


def test_what_a_query_costs(dev: Client, labelled: list[str]) -> None:
    text = """query($n: Int = 100) { rateLimit { cost nodeCount limit used remaining }
      repository(owner: "octo-dev", name: "box") {
        pullRequests(first: $n) { nodes { commits(first: 10) { nodes { commit { oid } } } } } } }"""
    limit = dev.data(text)["rateLimit"]
    assert (limit["cost"], limit["nodeCount"]) == (1, 100 + 100 * 10)
    assert limit["used"] + limit["remaining"] == limit["limit"]
    deep = text.replace("commit { oid }", "commit { parents(first: 100) { nodes { oid } } }")
    assert dev.data(deep)["rateLimit"]["cost"] == round((1 + 100 + 1000) / 100)
    deeper = deep.replace("{ oid }", "{ parents(first: 100) { nodes { oid } } }")
    answer = dev.graphql(deeper)
    assert "data" not in answer
    assert only_error(answer)["type"] == "MAX_NODE_LIMIT_EXCEEDED"
    assert dev.data(deep, n=1)["rateLimit"]["cost"] == 1


# -- introspection -----------------------------------------------------------------------------------


def test_introspection_gives_the_schema(dev: Client) -> None:
    told = build_client_schema(dev.data(get_introspection_query(descriptions=False)))
    assert {"PullRequest", "BranchProtectionRule", "Mutation"} <= set(told.type_map)
    assert told.query_type is not None
    assert told.query_type.name == "Query"
    fields = dev.data('query { __type(name: "PullRequest") { fields(includeDeprecated: true) { name } } }')["__type"]
    assert {"mergeStateStatus", "autoMergeRequest"} <= {field["name"] for field in fields["fields"]}


# -- mutations ---------------------------------------------------------------------------------------

THREE = """
mutation Three($repo: ID!, $oid: GitObjectID!) {
  one: createRef(input: {repositoryId: $repo, name: "refs/heads/one", oid: $oid, clientMutationId: "1st"}) {
    clientMutationId ref { name }
  }
  again: createRef(input: {repositoryId: $repo, name: "refs/heads/one", oid: $oid}) { ref { name } }
  two: createRef(input: {repositoryId: $repo, name: "refs/heads/two", oid: $oid}) { ref { name } }
}
"""


@pytest.mark.parametrize("goes_on", [True, False])
def test_mutations_run_in_order_and_go_on_or_stop_after_a_failure(
    sim: SimulatorProcess, dev: Client, box: str, goes_on: bool
) -> None:
    sim.control("switches", {"graphql_continues_after_failure": goes_on})
    repo = dev.data(IDS, owner="octo-dev", name="box")["repository"]["id"]
    answer = dev.graphql(THREE, repo=repo, oid=dev.head(box))
    assert answer["data"] == {
        "one": {"clientMutationId": "1st", "ref": {"name": "one"}},
        "again": None,
        "two": {"ref": {"name": "two"}} if goes_on else None,
    }
    refused = answer["errors"][0]
    assert (refused["type"], refused["path"]) == ("UNPROCESSABLE", ["again"])
    assert refused["message"] == 'A ref named "refs/heads/one" already exists in the repository.'
    assert [e["path"] for e in answer["errors"]] == ([["again"]] if goes_on else [["again"], ["two"]])
    branches = [row["name"] for row in dev.ok("GET", f"/repos/{box}/branches")]
    assert branches == (["main", "one", "two"] if goes_on else ["main", "one"])


def test_a_document_with_queries_only_changes_nothing(sim: SimulatorProcess, dev: Client, box: str) -> None:
    before = sim.control("state")
    dev.data(get_introspection_query())
    dev.data(IDS, owner="octo-dev", name="box")
    assert sim.control("state") == before


# -- one reading of mergeability ---------------------------------------------------------------------

TWICE = """
fragment Merge on PullRequest { mergeable mergeStateStatus canBeRebased }
query Twice($number: Int!) {
  a: repository(owner: "octo-dev", name: "box") { pullRequest(number: $number) { ...Merge } }
  b: repository(owner: "octo-dev", name: "box") { pullRequest(number: $number) { ...Merge } }
}
"""


def twice(client: Client) -> list[tuple[str, str]]:
    data = client.data(TWICE, number=1)
    return [(data[k]["pullRequest"]["mergeable"], data[k]["pullRequest"]["mergeStateStatus"]) for k in "ab"]


def test_mergeability_is_read_once_a_request_however_often_it_is_asked(
    sim: SimulatorProcess, dev: Client, box: str
) -> None:
    sim.control("switches", {"mergeable_null_reads": 2})
    branch_off(dev, box)
    open_pull(dev, box)
    assert twice(dev) == [("UNKNOWN", "UNKNOWN")] * 2
    dev.data('query { repository(owner: "octo-dev", name: "box") { pullRequest(number: 1) { title } } }')
    assert twice(dev) == [("UNKNOWN", "UNKNOWN")] * 2, "a request that does not ask does not count"
    assert twice(dev) == [("MERGEABLE", "CLEAN")] * 2


def test_the_state_lags_behind_a_relaxed_rule_by_requests(
    sim: SimulatorProcess, dev: Client, reader: Client, box: str
) -> None:
    branch_off(dev, box)
    open_pull(dev, box)
    protect(dev, box, required_pull_request_reviews=ONE_REVIEW)
    assert twice(dev) == [("MERGEABLE", "BLOCKED")] * 2
    sim.control("switches", {"mergeable_state_lag_reads": 1})
    dev.ok("DELETE", f"/repos/{box}/branches/main/protection/required_pull_request_reviews", status=204)
    assert twice(dev) == [("MERGEABLE", "BLOCKED")] * 2
    assert twice(dev) == [("MERGEABLE", "CLEAN")] * 2
    review(reader, box)
    assert pull(dev, box)["mergeable_state"] == "clean"


def test_a_payload_shows_what_holds_after_the_mutation(dev: Client, box: str) -> None:
    branch_off(dev, box)
    number = open_pull(dev, box)["node_id"]
    text = """mutation($id: ID!) {
      draft: convertPullRequestToDraft(input: {pullRequestId: $id}) { pullRequest { isDraft mergeStateStatus } }
      ready: markPullRequestReadyForReview(input: {pullRequestId: $id}) { pullRequest { isDraft mergeStateStatus } }
    }"""
    data = dev.data(text, id=number)
    assert data["draft"]["pullRequest"] == {"isDraft": True, "mergeStateStatus": "DRAFT"}
    assert data["ready"]["pullRequest"] == {"isDraft": False, "mergeStateStatus": "CLEAN"}
