"""What pull requests and their company answer has the shape that GitHub's own description of its API gives."""

import copy
import json
import re
from functools import cache
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from ..support.octokit import OPENAPI, package_file
from .conftest import Client
from .pull_helpers import branch_off, give, open_pull, protect


def _nullable(node: Any) -> None:
    """OpenAPI 3.0's `nullable` in the words of JSON Schema, in place."""
    if isinstance(node, list):
        for item in node:
            _nullable(item)
    elif isinstance(node, dict):
        for item in list(node.values()):
            _nullable(item)
        if node.pop("nullable", None) is True:
            inner = copy.copy(node)
            node.clear()
            node["anyOf"] = [inner, {"type": "null"}]


@cache
def description() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(package_file(OPENAPI, "generated/api.github.com.json").read_text())
    _nullable(document["components"])
    _nullable(document["paths"])
    return document


def problems(method: str, path: str, status: int, body: Any) -> list[str]:
    """Where a reply differs from the description; `path` is the description's own template."""
    document = description()
    reply = document["paths"][path][method.lower()]["responses"][str(status)]
    while "$ref" in reply:
        reply = document
        for part in document["paths"][path][method.lower()]["responses"][str(status)]["$ref"][2:].split("/"):
            reply = reply[part]
    schema = {**reply["content"]["application/json"]["schema"], "components": document["components"]}
    found = [("/".join(map(str, e.path)), e.message[:200]) for e in Draft202012Validator(schema).iter_errors(body)]
    # GitHub sends null for a label without description; only the description of `pull-request-simple` forbids it.
    return [f"{path}: {text}" for path, text in found if not re.search(r"labels/\d+/description$", path)]


@pytest.fixture
def box(dev: Client, reader: Client) -> str:
    """A pull request with everything on it."""
    repo = dev.make_repo()
    dev.ok("PATCH", f"/repos/{repo}", {"allow_auto_merge": True})
    give(dev, repo, "octo-reader")
    branch_off(dev, repo, a="one\ntwo\n")
    open_pull(dev, repo, body="why")
    dev.ok("POST", f"/repos/{repo}/issues/1/labels", {"labels": ["change:safe", "bug"]})
    dev.ok("POST", f"/repos/{repo}/issues/1/assignees", {"assignees": ["octo-dev"]}, 201)
    dev.ok("POST", f"/repos/{repo}/pulls/1/requested_reviewers", {"reviewers": ["octo-reader"]}, 201)
    comment = {"path": "a.txt", "line": 1, "body": "hm", "commit_id": dev.head(repo, "topic")}
    dev.ok("POST", f"/repos/{repo}/pulls/1/comments", comment, 201)
    reader.ok("POST", f"/repos/{repo}/pulls/1/reviews", {"event": "APPROVE", "body": "ok"})
    dev.ok("POST", f"/repos/{repo}/issues/1/comments", {"body": "hello"}, 201)
    dev.ok("POST", f"/repos/{repo}/issues/1/reactions", {"content": "heart"}, 201)
    dev.ok("POST", f"/repos/{repo}/issues", {"title": "A real issue"}, 201)
    dev.ok("DELETE", f"/repos/{repo}/issues/1/labels/bug")
    protect(dev, repo)
    return repo


_P, _I = "/repos/{owner}/{repo}/pulls", "/repos/{owner}/{repo}/issues"
READS = {
    f"{_P}": "pulls",
    f"{_P}/{{pull_number}}": "pulls/1",
    f"{_P}/{{pull_number}}/files": "pulls/1/files",
    f"{_P}/{{pull_number}}/commits": "pulls/1/commits",
    f"{_P}/{{pull_number}}/reviews": "pulls/1/reviews",
    f"{_P}/{{pull_number}}/comments": "pulls/1/comments",
    f"{_P}/comments": "pulls/comments",
    f"{_P}/{{pull_number}}/requested_reviewers": "pulls/1/requested_reviewers",
    f"{_I}": "issues",
    f"{_I}/{{issue_number}}": "issues/1",
    f"{_I}/{{issue_number}}/labels": "issues/1/labels",
    f"{_I}/{{issue_number}}/comments": "issues/1/comments",
    f"{_I}/comments": "issues/comments",
    f"{_I}/{{issue_number}}/reactions": "issues/1/reactions",
    f"{_I}/{{issue_number}}/events": "issues/1/events",
    f"{_I}/events": "issues/events",
    f"{_I}/{{issue_number}}/timeline": "issues/1/timeline",
    "/repos/{owner}/{repo}/labels": "labels",
    "/repos/{owner}/{repo}/commits/{commit_sha}/pulls": "commits/topic/pulls",
}


def test_reads(dev: Client, box: str) -> None:
    found = {}
    for template, path in READS.items():
        body = dev.ok("GET", f"/repos/{box}/{path}")
        assert body, f"{path} shows nothing, so its shape would not be seen"
        if wrong := problems("GET", template, 200, body):
            found[path] = wrong[:5]
    assert found == {}


def test_writes(dev: Client, box: str) -> None:
    found = {}

    def check(method: str, template: str, path: str, body: Any, status: int) -> Any:
        shown = dev.ok(method, f"/repos/{box}/{path}", body, status)
        if wrong := problems(method, template, status, shown):
            found[f"{method} {path}"] = wrong[:5]
        return shown

    branch_off(dev, box, "second", b="1\n")
    check("POST", _P, "pulls", {"title": "t", "head": "second", "base": "main"}, 201)
    check("PATCH", _P + "/{pull_number}", "pulls/1", {"title": "new"}, 200)
    check("POST", _I, "issues", {"title": "t"}, 201)
    check("PATCH", _I + "/{issue_number}", "issues/1", {"body": "new"}, 200)
    check("POST", _I + "/{issue_number}/comments", "issues/1/comments", {"body": "b"}, 201)
    check("POST", "/repos/{owner}/{repo}/labels", "labels", {"name": "n", "color": "ffffff"}, 201)
    review = {"event": "COMMENT", "body": "b"}
    check("POST", _P + "/{pull_number}/reviews", "pulls/1/reviews", review, 200)
    dev.put_file(box, "c.txt", "c\n")
    check("PUT", _P + "/{pull_number}/update-branch", "pulls/1/update-branch", {}, 202)
    check("POST", "/repos/{owner}/{repo}/merges", "merges", {"base": "second", "head": "main"}, 201)
    check("PUT", _P + "/{pull_number}/merge", "pulls/1/merge", {}, 200)
    check("PUT", _P + "/{pull_number}/merge", "pulls/1/merge", {}, 405)
    assert found == {}


def test_the_check_itself_sees_a_wrong_shape(dev: Client, box: str) -> None:
    body = dev.ok("GET", f"/repos/{box}/pulls/1")
    body["number"] = "one"
    del body["head"]["sha"]
    assert len(problems("GET", _P + "/{pull_number}", 200, body)) >= 2
