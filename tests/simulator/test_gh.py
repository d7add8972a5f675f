"""Debian's gh, a client that nobody here wrote, reads and merges pull requests on the simulator."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from bascule.simulator.process import SimulatorProcess

from .conftest import Client
from .pull_helpers import ONE_REVIEW, branch_off, events, give, merge, open_pull, protect, pull

GH = shutil.which("gh")
pytestmark = pytest.mark.tool("gh")


class Gh:
    """gh with none of the machine's settings; it reaches the simulator through its unix socket, as api.github.com."""

    def __init__(self, sim: SimulatorProcess, folder: Path, token: str = "tok-dev") -> None:
        assert sim.unix_socket is not None
        self.folder = folder
        folder.mkdir()
        (folder / "config.yml").write_text(f"http_unix_socket: {sim.unix_socket}\n")
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "GH_CONFIG_DIR": str(folder),
            "GH_TOKEN": token,
            "GH_PROMPT_DISABLED": "1",
            "GH_NO_UPDATE_NOTIFIER": "1",
            "NO_COLOR": "1",
        }

    def run(self, *args: str, code: int = 0) -> str:
        """What it prints; both streams for a refusal."""
        assert GH is not None
        done = subprocess.run([GH, *args], cwd=self.folder, env=self.env, capture_output=True, text=True, check=False)
        assert done.returncode == code, f"gh {args}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout if code == 0 else done.stdout + done.stderr

    def json(self, *args: str) -> Any:
        return json.loads(self.run(*args))


@pytest.fixture
def gh(sim: SimulatorProcess, tmp_path: Path) -> Gh:
    return Gh(sim, tmp_path / "gh")


@pytest.fixture
def box(dev: Client) -> str:
    repo = dev.make_repo()
    dev.ok("PATCH", f"/repos/{repo}", {"allow_auto_merge": True})
    branch_off(dev, repo, a="one\ntwo\n")
    open_pull(dev, repo, body="Why")
    return repo


def test_gh_api_reads_and_merges_over_plain_http(sim: SimulatorProcess, dev: Client, box: str, gh: Gh) -> None:
    (gh.folder / "config.yml").unlink()  # no socket: by address
    head = ("-H", "Authorization: token tok-dev")
    url = f"{sim.url}/repos/{box}/pulls/1"
    read = gh.json("api", url, *head)
    assert (read["number"], read["state"], read["mergeable"]) == (1, "open", True)
    assert gh.run("api", url, *head, "--jq", ".title").strip() == "Add a thing"
    sha = read["head"]["sha"]
    refused = gh.run("api", "-X", "PUT", f"{url}/merge", *head, "-f", f"sha={'0' * 40}", code=1)
    assert "Head branch was modified. Review and try the merge again. (HTTP 409)" in refused
    done = gh.json("api", "-X", "PUT", f"{url}/merge", *head, "-f", f"sha={sha}", "-f", "merge_method=squash")
    assert (done["merged"], done["sha"]) == (True, dev.head(box))
    assert pull(dev, box)["merged"] is True


def test_gh_api_follows_pages_and_speaks_graphql(dev: Client, box: str, gh: Gh) -> None:
    for number in range(7):
        dev.ok("POST", f"/repos/{box}/issues/1/comments", {"body": f"{number}"}, 201)
    pages = gh.run("api", "--paginate", f"repos/{box}/issues/1/comments?per_page=3", "--jq", ".[].body")
    assert pages.split() == [str(number) for number in range(7)]
    text = """query($endCursor: String) { repository(owner: "octo-dev", name: "box") { pullRequest(number: 1) {
      comments(first: 3, after: $endCursor) { nodes { body } pageInfo { hasNextPage endCursor } } } } }"""
    found = gh.run(
        "api", "graphql", "--paginate", "-f", f"query={text}",
        "--jq", ".data.repository.pullRequest.comments.nodes[].body",
    )  # fmt: skip
    assert found.split() == [str(number) for number in range(7)]


def test_gh_lists_and_shows(dev: Client, reader: Client, box: str, gh: Gh) -> None:
    give(dev, box, "octo-reader")
    dev.ok("POST", f"/repos/{box}/issues/1/labels", ["hot"])
    dev.ok("POST", f"/repos/{box}/pulls/1/requested_reviewers", {"reviewers": ["octo-reader"]}, 201)
    dev.ok("POST", f"/repos/{box}/statuses/{dev.head(box, 'topic')}", {"state": "success", "context": "ci"}, 201)
    assert gh.run("pr", "list", "-R", box).split("\t")[:4] == ["1", "Add a thing", "topic", "OPEN"]
    shown = gh.run("pr", "view", "1", "-R", box)
    for line in ("title:\tAdd a thing", "state:\tOPEN", "author:\tocto-dev", "labels:\thot", "reviewers:\tocto-reader"):
        assert line in shown, shown
    assert shown.rstrip().endswith("Why")
    fields = (
        "number,title,state,mergeable,mergeStateStatus,labels,files,commits,statusCheckRollup,reviewRequests,headRefOid"
    )
    found = gh.json("pr", "view", "1", "-R", box, "--json", fields)
    assert (found["number"], found["mergeable"], found["mergeStateStatus"]) == (1, "MERGEABLE", "CLEAN")
    assert [label["name"] for label in found["labels"]] == ["hot"]
    assert found["files"] == [{"path": "a.txt", "additions": 2, "deletions": 0}]
    assert [c["oid"] for c in found["commits"]] == [found["headRefOid"]]
    assert [c["context"] for c in found["statusCheckRollup"]] == ["ci"]
    assert "ci\tpass" in gh.run("pr", "checks", "1", "-R", box)
    assert "+two" in gh.run("pr", "diff", "1", "-R", box)
    assert "Add a thing" in gh.run("pr", "status", "-R", box)
    assert "octo-dev/box" in gh.run("repo", "view", box)
    assert "hot" in gh.run("label", "list", "-R", box)


def test_gh_opens_talks_and_closes(dev: Client, box: str, gh: Gh) -> None:
    branch_off(dev, box, "second", b="x\n")
    url = gh.run(
        "pr", "create", "-R", box, "--head", "second", "--base", "main", "--title", "Two", "--body", "B", "--draft"
    )
    assert url.strip().endswith("/octo-dev/box/pull/2")
    assert pull(dev, box, 2)["draft"] is True
    gh.run("pr", "ready", "2", "-R", box)
    assert pull(dev, box, 2)["draft"] is False
    gh.run("pr", "comment", "2", "-R", box, "--body", "hello")
    gh.run("pr", "edit", "2", "-R", box, "--add-label", "bug", "--title", "Better")
    gh.run("pr", "close", "2", "-R", box)
    assert pull(dev, box, 2)["state"] == "closed"
    gh.run("pr", "reopen", "2", "-R", box)
    read = pull(dev, box, 2)
    assert (read["state"], read["title"], [x["name"] for x in read["labels"]]) == ("open", "Better", ["bug"])
    assert [c["body"] for c in dev.ok("GET", f"/repos/{box}/issues/2/comments")] == ["hello"]


def test_gh_merges_and_deletes_the_branch(dev: Client, box: str, gh: Gh) -> None:
    gh.run("pr", "merge", "1", "-R", box, "--squash", "--delete-branch", "--subject", "Squashed")
    assert pull(dev, box)["merged"] is True
    assert dev.ok("GET", f"/repos/{box}/commits/main")["commit"]["message"].startswith("Squashed")
    assert dev.call("GET", f"/repos/{box}/git/ref/heads/topic").status_code == 404


def test_gh_is_told_what_protection_asks(sim: SimulatorProcess, dev: Client, box: str, gh: Gh, tmp_path: Path) -> None:
    give(dev, box, "octo-reader")
    protect(dev, box, required_pull_request_reviews=ONE_REVIEW)
    refused = gh.run("pr", "merge", "1", "-R", box, "--merge", code=1)
    assert "Pull request #1 is not mergeable: the base branch policy prohibits the merge." in refused
    assert merge(dev, box).status_code == 405
    assert "Can not approve your own pull request" in gh.run("pr", "review", "1", "-R", box, "--approve", code=1)
    gh.run("pr", "merge", "1", "-R", box, "--auto", "--merge")
    assert pull(dev, box)["auto_merge"]["merge_method"] == "merge"
    Gh(sim, tmp_path / "reader", "tok-reader").run("pr", "review", "1", "-R", box, "--approve", "--body", "good")
    assert pull(dev, box)["merged"] is True
    assert events(dev, box) == ["auto_merge_enabled", "merged", "closed"]


def test_gh_pr_merge_as_administrator_needs_no_review_where_protection_lets_it(dev: Client, box: str, gh: Gh) -> None:
    protect(dev, box, required_pull_request_reviews=ONE_REVIEW, enforce_admins=False)
    gh.run("pr", "merge", "1", "-R", box, "--merge", code=1)
    gh.run("pr", "merge", "1", "-R", box, "--merge", "--admin")
    assert pull(dev, box)["merged"] is True
