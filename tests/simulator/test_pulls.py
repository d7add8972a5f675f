"""Pull requests: their life, files, commits, and the branches that they follow."""

from __future__ import annotations

from typing import Any


def branch_off(client: Any, repo: str, branch: str, **files: str) -> str:
    """A branch from main with one commit per file; its head."""
    client.ok("POST", f"/repos/{repo}/git/refs", {"ref": f"refs/heads/{branch}", "sha": client.head(repo)}, 201)
    for name, text in files.items():
        client.put_file(repo, f"{name}.txt", text, branch=branch)
    return str(client.head(repo, branch))


def open_pull(client: Any, repo: str, head: str = "topic", **fields: Any) -> Any:
    body = {"title": "Add a thing", "head": head, "base": "main", **fields}
    return client.ok("POST", f"/repos/{repo}/pulls", body, 201)


def test_open_and_read(dev: Any) -> None:
    repo = dev.make_repo()
    sha = branch_off(dev, repo, "topic", a="one\n")
    made = open_pull(dev, repo, body="why")
    assert (made["number"], made["mergeable"], made["mergeable_state"]) == (1, None, "unknown")
    read = dev.ok("GET", f"/repos/{repo}/pulls/1")
    assert (read["mergeable"], read["mergeable_state"], read["rebaseable"]) == (True, "clean", True)
    assert (read["commits"], read["changed_files"], read["additions"], read["deletions"]) == (1, 1, 1, 0)
    assert read["head"]["sha"] == sha
    assert read["head"]["label"] == "octo-dev:topic"
    assert read["base"]["repo"]["full_name"] == repo
    assert dev.head_of(repo, "refs/pull/1/head") == sha
    assert dev.head_of(repo, "refs/pull/1/merge") == read["merge_commit_sha"]
    test_merge = dev.ok("GET", f"/repos/{repo}/git/commits/{read['merge_commit_sha']}")
    assert [p["sha"] for p in test_merge["parents"]] == [dev.head(repo), sha]


def test_merge(dev: Any) -> None:
    repo = dev.make_repo()
    sha = branch_off(dev, repo, "topic", a="one\n")
    open_pull(dev, repo)
    before = dev.head(repo)
    assert dev.call("GET", f"/repos/{repo}/pulls/1/merge").status_code == 404
    merged = dev.ok("PUT", f"/repos/{repo}/pulls/1/merge", {"sha": sha})
    assert merged == {"sha": dev.head(repo), "merged": True, "message": "Pull Request successfully merged"}
    assert dev.call("GET", f"/repos/{repo}/pulls/1/merge").status_code == 204
    commit = dev.ok("GET", f"/repos/{repo}/git/commits/{merged['sha']}")
    assert [p["sha"] for p in commit["parents"]] == [before, sha]
    assert commit["message"] == "Merge pull request #1 from octo-dev/topic\n\nAdd a thing"
    assert commit["committer"]["email"] == "noreply@github.com"
    assert commit["verification"]["verified"] is True
    read = dev.ok("GET", f"/repos/{repo}/pulls/1")
    assert (read["state"], read["merged"], read["merged_by"]["login"]) == ("closed", True, "octo-dev")
    assert read["merge_commit_sha"] == merged["sha"]
    assert read["changed_files"] == 1
