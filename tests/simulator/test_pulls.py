"""Pull requests: their life, files, commits, and the branches that they follow."""

from typing import Any

import pytest
from github import Auth, Github

from bascule.simulator.process import SimulatorProcess

from .conftest import Client, Git, with_token
from .pull_helpers import branch_off, events, give, open_pull, protect, pull, refused, review


@pytest.fixture
def box(dev: Client) -> str:
    return dev.make_repo()


def test_open_and_read(dev: Client, box: str) -> None:
    sha = branch_off(dev, box, a="one\n")
    made = open_pull(dev, box, body="why")
    # The test merge is a background job.
    assert (made["number"], made["mergeable"], made["mergeable_state"]) == (1, None, "unknown")
    read = pull(dev, box)
    assert (read["mergeable"], read["mergeable_state"], read["rebaseable"]) == (True, "clean", True)
    assert (read["commits"], read["changed_files"], read["additions"], read["deletions"]) == (1, 1, 1, 0)
    assert (read["head"]["sha"], read["head"]["label"]) == (sha, "octo-dev:topic")
    assert (read["base"]["sha"], read["base"]["repo"]["full_name"]) == (dev.head(box), box)
    assert read["body"] == "why"
    assert dev.head_of(box, "refs/pull/1/head") == sha
    trial = dev.head_of(box, "refs/pull/1/merge")
    assert trial == read["merge_commit_sha"]
    parents = dev.ok("GET", f"/repos/{box}/git/commits/{trial}")["parents"]
    assert [p["sha"] for p in parents] == [dev.head(box), sha]
    assert dev.ok("GET", f"/repos/{box}/issues/1")["pull_request"]["merged_at"] is None
    assert [p["number"] for p in dev.ok("GET", f"/repos/{box}/commits/{sha}/pulls")] == [1]


def test_what_cannot_be_opened(dev: Client, reader: Client, box: str) -> None:
    branch_off(dev, box)
    dev.ok("POST", f"/repos/{box}/git/refs", {"ref": "refs/heads/same", "sha": dev.head(box)}, 201)

    def refusal(client: Client = dev, **fields: Any) -> Any:
        body = {"title": "t", "head": "topic", "base": "main", **fields}
        return client.ok("POST", f"/repos/{box}/pulls", {k: v for k, v in body.items() if v is not None}, 422)

    assert refusal(base="nope")["errors"] == [{"resource": "PullRequest", "code": "invalid", "field": "base"}]
    assert refusal(head="nope")["errors"][0]["field"] == "head"
    assert refusal(head="nobody:topic")["errors"][0]["field"] == "head"
    assert refusal(head="same")["errors"][0]["message"] == "No commits between main and same"
    assert '"base" wasn\'t supplied.' in refusal(base=None)["message"]
    assert refusal(title=None)["errors"][0] == {"resource": "PullRequest", "code": "missing_field", "field": "title"}
    assert refusal(reader)["errors"][0]["message"] == "must be a collaborator"
    open_pull(dev, box)
    assert refusal()["errors"][0]["message"] == "A pull request already exists for octo-dev:topic."
    assert dev.ok("GET", f"/repos/{box}/pulls/9", status=404)["message"] == "Not Found"


def test_list_filters(dev: Client, box: str) -> None:
    for name in ("x", "y", "z"):
        branch_off(dev, box, name, **{name: "1\n"})
        open_pull(dev, box, name, title=name)
    dev.ok("PATCH", f"/repos/{box}/pulls/2", {"state": "closed"})

    def numbers(**query: str) -> list[int]:
        return [p["number"] for p in dev.ok("GET", f"/repos/{box}/pulls", params=query)]

    assert numbers() == [3, 1]
    assert numbers(state="all", direction="asc") == [1, 2, 3]
    assert numbers(state="closed") == [2]
    assert numbers(head="octo-dev:z") == [3]
    assert numbers(head="z") == [3, 1], "a head without an owner is ignored"
    assert numbers(base="other") == []
    assert "mergeable" not in dev.ok("GET", f"/repos/{box}/pulls")[0]


def test_files_name_renames_modes_and_patches(dev: Client, box: str, git: Git, sim: SimulatorProcess) -> None:
    dev.put_file(box, "old.txt", "".join(f"line {i}\n" for i in range(30)))
    dev.put_file(box, "gone.txt", "bye\n")
    git.run("clone", "-q", with_token(sim.url, "tok-dev", box), ".")
    git.run("checkout", "-q", "-b", "topic")
    git.run("mv", "old.txt", "new.txt")
    (git.folder / "new.txt").write_text((git.folder / "new.txt").read_text() + "more\n")
    git.run("rm", "-q", "gone.txt")
    (git.folder / "data.bin").write_bytes(b"\0\1\2")
    git.run("add", ".")
    git.run("commit", "-q", "-m", "change")
    git.run("push", "-q", "origin", "topic")
    open_pull(dev, box)
    files = {f["filename"]: f for f in dev.ok("GET", f"/repos/{box}/pulls/1/files")}
    assert {name: f["status"] for name, f in files.items()} == {
        "data.bin": "added",
        "gone.txt": "removed",
        "new.txt": "renamed",
    }
    assert files["new.txt"]["previous_filename"] == "old.txt"
    assert files["new.txt"]["additions"] == 1
    assert files["new.txt"]["patch"].endswith("\n+more")
    assert "patch" not in files["data.bin"]
    diff = dev.call("GET", f"/repos/{box}/pulls/1", headers={"Accept": "application/vnd.github.v3.diff"})
    assert diff.text.startswith("diff --git a/data.bin b/data.bin")
    assert "rename from old.txt" in diff.text


def test_the_file_list_ends_silently_but_the_count_is_true(sim: SimulatorProcess, dev: Client, box: str) -> None:
    branch_off(dev, box, a="1\n", b="2\n", c="3\n", d="4\n")
    open_pull(dev, box)
    sim.control("switches", {"files_limit": 3})
    first = dev.call("GET", f"/repos/{box}/pulls/1/files", params={"per_page": 2})
    assert [f["filename"] for f in first.json()] == ["a.txt", "b.txt"]
    second = dev.session.get(first.links["next"]["url"], timeout=30)
    assert [f["filename"] for f in second.json()] == ["c.txt"]
    assert "next" not in second.links
    assert pull(dev, box)["changed_files"] == 4


def test_head_follows_pushes_and_tells_rewrites(dev: Client, box: str) -> None:
    first = branch_off(dev, box)
    open_pull(dev, box)
    dev.put_file(box, "b.txt", "two\n", branch="topic")
    second = dev.head(box, "topic")
    assert (pull(dev, box)["head"]["sha"], pull(dev, box)["commits"]) == (second, 2)
    assert [c["sha"] for c in dev.ok("GET", f"/repos/{box}/pulls/1/commits")] == [first, second]
    assert "head_ref_force_pushed" not in events(dev, box)
    dev.ok("PATCH", f"/repos/{box}/git/refs/heads/topic", {"sha": first, "force": True})
    assert pull(dev, box)["head"]["sha"] == first == dev.head_of(box, "refs/pull/1/head")
    assert events(dev, box) == ["head_ref_force_pushed"]


def test_deleting_the_head_closes_and_reopening_needs_it_back(dev: Client, box: str) -> None:
    sha = branch_off(dev, box)
    open_pull(dev, box)
    dev.ok("DELETE", f"/repos/{box}/git/refs/heads/topic", status=204)
    assert pull(dev, box)["state"] == "closed"
    refusal = dev.ok("PATCH", f"/repos/{box}/pulls/1", {"state": "open"}, 422)
    assert refusal["errors"][0]["message"] == "state cannot be changed. The topic branch has been deleted."
    dev.ok("POST", f"/repos/{box}/git/refs", {"ref": "refs/heads/topic", "sha": sha}, 201)
    assert dev.ok("PATCH", f"/repos/{box}/pulls/1", {"state": "open"})["state"] == "open"
    assert events(dev, box) == ["head_ref_deleted", "closed", "reopened"]


def test_pushing_the_head_onto_the_base_merges(dev: Client, box: str) -> None:
    sha = branch_off(dev, box)
    open_pull(dev, box)
    dev.ok("PATCH", f"/repos/{box}/git/refs/heads/main", {"sha": sha})
    read = pull(dev, box)
    assert (read["merged"], read["merge_commit_sha"], read["merged_by"]["login"]) == (True, sha, "octo-dev")
    assert read["changed_files"] == 1, "compared with the base as it was"


def test_base_change(dev: Client, box: str) -> None:
    branch_off(dev, box, "release")
    dev.ok("POST", f"/repos/{box}/git/refs", {"ref": "refs/heads/topic", "sha": dev.head(box, "release")}, 201)
    dev.put_file(box, "b.txt", "two\n", branch="topic")
    open_pull(dev, box)
    assert pull(dev, box)["changed_files"] == 2
    bad = dev.ok("PATCH", f"/repos/{box}/pulls/1", {"base": "nope"}, 422)
    assert bad["errors"][0]["message"] == "Proposed base branch 'nope' was not found"
    changed = dev.ok("PATCH", f"/repos/{box}/pulls/1", {"base": "release", "title": "New", "body": "b"})
    assert (changed["base"]["ref"], changed["changed_files"], changed["title"]) == ("release", 1, "New")
    assert events(dev, box) == ["base_ref_changed", "renamed"]


@pytest.mark.parametrize("follows", [False, True])
def test_recorded_base_sha_may_lag_behind_the_branch(
    sim: SimulatorProcess, dev: Client, box: str, follows: bool
) -> None:
    branch_off(dev, box)
    open_pull(dev, box)
    before = dev.head(box)
    dev.put_file(box, "other.txt", "x\n")
    sim.control("switches", {"pull_base_sha_follows_branch": follows})
    assert pull(dev, box)["base"]["sha"] == (dev.head(box) if follows else before)
    # The test merge, on the other hand, is of the tip.
    trial = dev.ok("GET", f"/repos/{box}/git/commits/{pull(dev, box)['merge_commit_sha']}")
    assert trial["parents"][0]["sha"] == dev.head(box)


def test_mergeable_is_null_until_the_background_job_ran(sim: SimulatorProcess, dev: Client, box: str) -> None:
    branch_off(dev, box)
    open_pull(dev, box)
    sim.control("switches", {"mergeable_null_reads": 2})
    dev.put_file(box, "b.txt", "two\n", branch="topic")
    seen = [(p["mergeable"], p["mergeable_state"]) for p in (pull(dev, box) for _ in range(3))]
    assert seen == [(None, "unknown"), (None, "unknown"), (True, "clean")]
    dev.put_file(box, "c.txt", "base moves too\n")
    assert pull(dev, box)["mergeable"] is None


def test_fork(dev: Client, reader: Client, box: str) -> None:
    reader.ok("POST", f"/repos/{box}/forks", {}, 202)
    fork = "octo-reader/box"
    sha = branch_off(reader, fork, "idea")
    made = open_pull(reader, box, "octo-reader:idea")
    assert made["head"]["repo"]["full_name"] == fork
    assert made["head"]["repo"]["id"] != made["base"]["repo"]["id"]
    assert made["maintainer_can_modify"] is True
    assert dev.head_of(box, "refs/pull/1/head") == sha
    reader.put_file(fork, "b.txt", "two\n", branch="idea")
    assert pull(dev, box)["head"]["sha"] == reader.head(fork, "idea") == dev.head_of(box, "refs/pull/1/head")
    # Who may write to the base may bring the fork's branch up to date, if its author allows that.
    dev.put_file(box, "c.txt", "base\n")
    dev.ok("PUT", f"/repos/{box}/pulls/1/update-branch", {}, 202)
    assert pull(dev, box)["head"]["sha"] == reader.head(fork, "idea")
    reader.ok("DELETE", f"/repos/{fork}", status=204)
    assert pull(dev, box)["head"]["repo"] is None


def test_update_branch(dev: Client, box: str) -> None:
    sha = branch_off(dev, box)
    open_pull(dev, box)
    path = f"/repos/{box}/pulls/1/update-branch"
    assert refused(dev.call("PUT", path, {})) == (422, "There are no new commits on the base branch.")
    dev.put_file(box, "c.txt", "base\n")
    wrong = dev.call("PUT", path, {"expected_head_sha": dev.head(box)})
    assert refused(wrong) == (422, "expected head sha didn’t match current head ref.")
    assert dev.ok("PUT", path, {"expected_head_sha": sha}, 202)["message"] == "Updating pull request branch."
    commit = dev.ok("GET", f"/repos/{box}/commits/{dev.head(box, 'topic')}")
    assert [p["sha"] for p in commit["parents"]] == [sha, dev.head(box)]
    assert commit["commit"]["message"] == "Merge branch 'main' into topic"
    assert pull(dev, box)["changed_files"] == 1
    dev.put_file(box, "a.txt", "conflict\n")
    assert refused(dev.call("PUT", path, {})) == (422, "merge conflict between base and head")


def test_merging_branches(dev: Client, box: str) -> None:
    sha = branch_off(dev, box)
    path = f"/repos/{box}/merges"
    made = dev.ok("POST", path, {"base": "main", "head": "topic"}, 201)
    assert made["sha"] == dev.head(box)
    assert made["parents"][1]["sha"] == sha
    assert dev.call("POST", path, {"base": "main", "head": "topic"}).status_code == 204
    assert refused(dev.call("POST", path, {"base": "main", "head": "nope"})) == (404, "Head does not exist")


def test_stale_approvals_fall_with_a_new_difference_only(dev: Client, reader: Client, box: str) -> None:
    give(dev, box, "octo-reader")
    branch_off(dev, box)
    open_pull(dev, box)
    protect(
        dev,
        box,
        required_pull_request_reviews={"dismiss_stale_reviews": True, "required_approving_review_count": 1},
        enforce_admins=False,
    )
    review(reader, box)
    dev.put_file(box, "base.txt", "x\n")
    dev.ok("PUT", f"/repos/{box}/pulls/1/update-branch", {}, 202)
    states = [r["state"] for r in dev.ok("GET", f"/repos/{box}/pulls/1/reviews")]
    assert states == ["APPROVED"], "merging the base in changes nothing of what was approved"
    assert pull(dev, box)["mergeable_state"] == "clean"
    dev.put_file(box, "b.txt", "new\n", branch="topic")
    assert [r["state"] for r in dev.ok("GET", f"/repos/{box}/pulls/1/reviews")] == ["DISMISSED"]
    assert pull(dev, box)["mergeable_state"] == "blocked"
    assert events(dev, box) == ["review_dismissed"]


def test_drafts(sim: SimulatorProcess, dev: Client, box: str) -> None:
    branch_off(dev, box)
    assert open_pull(dev, box, draft=True)["draft"] is True
    assert pull(dev, box)["mergeable_state"] == "draft"
    refusal = dev.call("PUT", f"/repos/{box}/pulls/1/merge", {})
    assert refused(refusal) == (405, "Pull Request is still a draft")

    ready = "mutation($id: ID!) { markPullRequestReadyForReview(input: {pullRequestId: $id}) { clientMutationId } }"
    dev.data(ready, id=pull(dev, box)["node_id"])
    assert pull(dev, box)["mergeable_state"] == "clean"
    assert events(dev, box) == ["ready_for_review"]


def test_strangers_edit_nothing(dev: Client, reader: Client, box: str) -> None:
    branch_off(dev, box)
    open_pull(dev, box)
    assert reader.call("PATCH", f"/repos/{box}/pulls/1", {"title": "mine"}).status_code == 404
    assert reader.call("PATCH", f"/repos/{box}/issues/1", {"state": "closed"}).status_code == 404
    assert reader.call("POST", f"/repos/{box}/issues/1/labels", ["x"]).status_code == 404
    assert (pull(dev, box)["title"], pull(dev, box)["state"]) == ("Add a thing", "open")


def test_pygithub_opens_reads_and_merges(sim: SimulatorProcess, dev: Client, box: str) -> None:
    sha = branch_off(dev, box)
    with Github(
        auth=Auth.Token("tok-dev"), base_url=sim.url, retry=None, seconds_between_requests=0, seconds_between_writes=0
    ) as hub:
        repo = hub.get_repo(box)
        made = repo.create_pull("main", "topic", title="By a library", body="text")
        made.add_to_labels("change:safe")
        made.create_issue_comment("/bascule merge").create_reaction("rocket")
        made.create_review(commit=repo.get_commit(sha), body="fine", event="COMMENT")
        again = repo.get_pull(made.number)
        assert again.mergeable is True
        assert [f.filename for f in again.get_files()] == ["a.txt"]
        assert [label.name for label in again.labels] == ["change:safe"]
        assert [c.body for c in again.get_issue_comments()] == ["/bascule merge"]
        assert [r.state for r in again.get_reviews()] == ["COMMENTED"]
        assert [(e.event, e.label.name, e.actor.login) for e in again.as_issue().get_events()] == [
            ("labeled", "change:safe", "octo-dev")
        ]
        done = again.merge(sha=sha, merge_method="squash", delete_branch=True)
        assert done.merged is True
        assert repo.get_pull(made.number).merged_by.login == "octo-dev"
    assert dev.call("GET", f"/repos/{box}/git/ref/heads/topic").status_code == 404
