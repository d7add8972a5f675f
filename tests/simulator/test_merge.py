"""Merging: GitHub's codes and texts, the commits that come out, and merges that fire by themselves."""

from contextlib import suppress
from threading import Event, Thread
from time import sleep
from typing import Any

import pytest
import requests

from bascule.simulator import merging
from bascule.simulator.http import HttpError
from bascule.simulator.model import Repo
from bascule.simulator.process import SimulatorProcess
from bascule.simulator.pulls import pull_by_number
from bascule.simulator.world import World

from .conftest import Client, Git, with_token
from .pull_helpers import (
    ONE_REVIEW,
    arm,
    as_user,
    branch_off,
    events,
    give,
    inside,
    merge,
    open_pull,
    protect,
    pull,
    refused,
    review,
)


@pytest.fixture
def box(dev: Client) -> str:
    return dev.make_repo()


def commit(client: Client, repo: str, sha: str) -> Any:
    return client.ok("GET", f"/repos/{repo}/git/commits/{sha}")


def test_merge_commit(dev: Client, box: str) -> None:
    sha = branch_off(dev, box)
    open_pull(dev, box)
    before = dev.head(box)
    assert dev.call("GET", f"/repos/{box}/pulls/1/merge").status_code == 404
    done = dev.ok("PUT", f"/repos/{box}/pulls/1/merge", {"sha": sha})
    assert done == {"sha": dev.head(box), "merged": True, "message": "Pull Request successfully merged"}
    assert dev.call("GET", f"/repos/{box}/pulls/1/merge").status_code == 204
    made = commit(dev, box, done["sha"])
    assert [p["sha"] for p in made["parents"]] == [before, sha]
    assert made["message"] == "Merge pull request #1 from octo-dev/topic\n\nAdd a thing"
    assert (made["author"]["name"], made["committer"]["email"]) == ("octo-dev", "noreply@github.com")
    assert made["verification"]["verified"] is True
    read = pull(dev, box)
    assert (read["state"], read["merged"], read["merged_by"]["login"]) == ("closed", True, "octo-dev")
    assert (read["merge_commit_sha"], read["changed_files"]) == (done["sha"], 1)
    assert events(dev, box) == ["merged", "closed"]


def test_every_refusal_has_its_code_and_text(dev: Client, reader: Client, box: str) -> None:
    branch_off(dev, box)
    open_pull(dev, box)
    assert refused(merge(reader, box)) == (403, "Must have push access to merge pull requests.")
    assert merge(dev, box, 9).status_code == 404
    assert refused(merge(dev, box, merge_method="octopus"))[0] == 422
    stale = merge(dev, box, sha=dev.head(box))
    assert refused(stale) == (409, "Head branch was modified. Review and try the merge again.")
    dev.ok("PATCH", f"/repos/{box}", {"allow_merge_commit": False, "allow_rebase_merge": False})
    assert refused(merge(dev, box)) == (405, "Merge commits are not allowed on this repository.")
    assert refused(merge(dev, box, merge_method="rebase")) == (405, "Rebase merges are not allowed on this repository.")
    dev.ok("PATCH", f"/repos/{box}", {"allow_merge_commit": True, "allow_squash_merge": False})
    assert refused(merge(dev, box, merge_method="squash")) == (405, "Squash merges are not allowed on this repository.")
    dev.put_file(box, "a.txt", "conflict\n")
    assert (pull(dev, box)["mergeable"], pull(dev, box)["mergeable_state"]) == (False, "dirty")
    assert refused(merge(dev, box)) == (405, "Pull Request is not mergeable")
    before = dev.head(box)
    dev.ok("PATCH", f"/repos/{box}/pulls/1", {"state": "closed"})
    assert refused(merge(dev, box)) == (405, "Pull Request is not mergeable")
    assert dev.head(box) == before


def test_merging_twice_is_405_and_moves_nothing(dev: Client, box: str) -> None:
    sha = branch_off(dev, box)
    open_pull(dev, box)
    merge(dev, box, sha=sha)
    before = dev.head(box)
    assert refused(merge(dev, box, sha=sha)) == (405, "Pull Request is not mergeable")
    assert dev.head(box) == before


def test_a_base_that_moves_under_the_merge(sim: SimulatorProcess, dev: Client, box: str) -> None:
    branch_off(dev, box)
    open_pull(dev, box)
    moved = branch_off(dev, box, "other", b="first\n")

    def race(world: World, repo: Repo) -> tuple[int, str]:
        """Somebody else's push arrives after the merge commit was made."""
        make = merging.make_merge

        def slow(*args: Any, **kwargs: Any) -> str | None:
            sha = make(*args, **kwargs)
            world.git(repo).update_ref("refs/heads/main", moved, kwargs["base"])
            return sha

        try:
            merging.make_merge = slow
            merging.merge(world, repo, as_user(world, "octo-dev"), pull_by_number(world, repo, 1))
        except HttpError as error:
            return error.status, error.body["message"]
        finally:
            merging.make_merge = make
        return 200, ""

    assert inside(sim, race) == (405, "Base branch was modified. Review and try the merge again.")
    assert (pull(dev, box)["merged"], dev.head(box)) == (False, moved)
    assert merge(dev, box).status_code == 200


def test_squash_texts(dev: Client, box: str, git: Git, sim: SimulatorProcess) -> None:
    branch_off(dev, box)
    open_pull(dev, box, title="One commit")
    made = commit(dev, box, dev.ok("PUT", f"/repos/{box}/pulls/1/merge", {"merge_method": "squash"})["sha"])
    assert made["message"] == "write a.txt (#1)", "a single commit gives the title"
    assert len(made["parents"]) == 1
    git.run("clone", "-q", with_token(sim.url, "tok-dev", box), ".")
    git.run("checkout", "-q", "-b", "many")
    git.run("commit", "-q", "--allow-empty", "-m", "first\n\nwith a body")
    (git.folder / "b.txt").write_text("b")
    git.run("add", ".")
    git.run("commit", "-q", "-m", "second", "--author", "Mona <mona@example.test>")
    git.run("push", "-q", "origin", "many")
    open_pull(dev, box, "many", title="Many commits")
    made = commit(dev, box, dev.ok("PUT", f"/repos/{box}/pulls/2/merge", {"merge_method": "squash"})["sha"])
    assert made["message"].startswith("Many commits (#2)\n\n* first\n\nwith a body\n\n* second\n\n---------\n\n")
    assert "Co-authored-by: Mona <mona@example.test>" in made["message"]
    assert made["author"]["name"] == "octo-dev"


def test_given_texts_stand_as_they_are_given(dev: Client, box: str) -> None:
    branch_off(dev, box)
    open_pull(dev, box)
    body = {"merge_method": "squash", "commit_title": "Title", "commit_message": "Text\n\nBascule-Run: 1"}
    sha = dev.ok("PUT", f"/repos/{box}/pulls/1/merge", body)["sha"]
    assert commit(dev, box, sha)["message"] == "Title\n\nText\n\nBascule-Run: 1"


def test_repository_settings_choose_the_texts(dev: Client, box: str) -> None:
    settings = {
        "merge_commit_title": "PR_TITLE",
        "merge_commit_message": "PR_BODY",
        "squash_merge_commit_title": "PR_TITLE",
        "squash_merge_commit_message": "BLANK",
    }
    dev.ok("PATCH", f"/repos/{box}", settings)
    branch_off(dev, box, "one", a="1\n")
    branch_off(dev, box, "two", b="2\n")
    open_pull(dev, box, "one", title="One", body="Why one")
    open_pull(dev, box, "two", title="Two", body="Why two")
    merged = dev.ok("PUT", f"/repos/{box}/pulls/1/merge", {})["sha"]
    assert commit(dev, box, merged)["message"] == "One (#1)\n\nWhy one"
    squashed = dev.ok("PUT", f"/repos/{box}/pulls/2/merge", {"merge_method": "squash"})["sha"]
    assert commit(dev, box, squashed)["message"] == "Two (#2)"


def test_rebase_keeps_authors_and_rewrites_committers(dev: Client, box: str, git: Git, sim: SimulatorProcess) -> None:
    git.run("clone", "-q", with_token(sim.url, "tok-dev", box), ".")
    git.run("checkout", "-q", "-b", "topic")
    for name in ("x", "y"):
        (git.folder / name).write_text(name)
        git.run("add", ".")
        git.run("commit", "-q", "-m", f"add {name}", "--author", "Mona <mona@example.test>")
    git.run("push", "-q", "origin", "topic")
    dev.put_file(box, "base.txt", "base\n")
    before = dev.head(box)
    open_pull(dev, box)
    tip = commit(dev, box, dev.ok("PUT", f"/repos/{box}/pulls/1/merge", {"merge_method": "rebase"})["sha"])
    assert tip["sha"] == dev.head(box)
    first = commit(dev, box, tip["parents"][0]["sha"])
    assert [first["message"].strip(), tip["message"].strip()] == ["add x", "add y"]
    assert first["parents"][0]["sha"] == before
    assert tip["author"]["name"] == "Mona"
    assert tip["committer"]["name"] == "octo-dev"
    assert tip["verification"]["verified"] is False


def test_a_series_that_merges_but_does_not_replay(dev: Client, box: str) -> None:
    branch_off(dev, box, a="one\n")
    dev.put_file(box, "a.txt", "two\n", branch="topic")
    dev.put_file(box, "a.txt", "two\n")
    dev.put_file(box, "b.txt", "b\n", branch="topic")
    open_pull(dev, box)
    read = pull(dev, box)
    assert (read["mergeable"], read["rebaseable"]) == (True, False)
    assert refused(merge(dev, box, merge_method="rebase")) == (405, "This branch can't be rebased")
    assert merge(dev, box).status_code == 200


def test_head_branch_is_deleted_and_what_builds_on_it_goes_on(dev: Client, box: str) -> None:
    dev.ok("PATCH", f"/repos/{box}", {"delete_branch_on_merge": True})
    branch_off(dev, box)
    dev.ok("POST", f"/repos/{box}/git/refs", {"ref": "refs/heads/next", "sha": dev.head(box, "topic")}, 201)
    dev.put_file(box, "b.txt", "two\n", branch="next")
    open_pull(dev, box)
    open_pull(dev, box, "next", base="topic")
    merge(dev, box)
    assert dev.call("GET", f"/repos/{box}/git/ref/heads/topic").status_code == 404
    assert events(dev, box) == ["merged", "closed", "head_ref_deleted"]
    following = pull(dev, box, 2)
    assert (following["state"], following["base"]["ref"], following["changed_files"]) == ("open", "main", 1)
    assert merge(dev, box, 2).status_code == 200


def test_merging_a_fork(dev: Client, reader: Client, box: str) -> None:
    reader.ok("POST", f"/repos/{box}/forks", {}, 202)
    branch_off(reader, "octo-reader/box", "idea")
    open_pull(reader, box, "octo-reader:idea")
    assert refused(merge(reader, box))[0] == 403
    sha = dev.ok("PUT", f"/repos/{box}/pulls/1/merge", {})["sha"]
    assert commit(dev, box, sha)["message"].startswith("Merge pull request #1 from octo-reader/idea")
    assert pull(dev, box)["merged_by"]["login"] == "octo-dev"
    assert pull(dev, box)["user"]["login"] == "octo-reader"


# -- states ------------------------------------------------------------------------------------------


def test_states_as_protection_has_it(dev: Client, reader: Client, box: str) -> None:
    give(dev, box, "octo-reader")
    sha = branch_off(dev, box)
    open_pull(dev, box)
    checks = {"strict": True, "contexts": ["ci"]}
    protect(dev, box, required_status_checks=checks, required_pull_request_reviews=ONE_REVIEW, enforce_admins=False)
    # An administrator could merge, and is told `blocked` all the same.
    assert pull(dev, box)["mergeable_state"] == "blocked"
    review(reader, box)
    dev.ok("POST", f"/repos/{box}/statuses/{sha}", {"state": "success", "context": "ci"}, 201)
    assert pull(dev, box)["mergeable_state"] == "clean"
    dev.ok("POST", f"/repos/{box}/statuses/{sha}", {"state": "failure", "context": "optional"}, 201)
    assert pull(dev, box)["mergeable_state"] == "unstable"
    dev.put_file(box, "base.txt", "moves\n")
    assert pull(dev, box)["mergeable_state"] == "behind"


def test_protection_refuses_and_admins_pass_where_not_enforced(dev: Client, reader: Client, box: str) -> None:
    give(dev, box, "octo-reader")
    branch_off(dev, box)
    open_pull(dev, box)
    protect(dev, box, required_pull_request_reviews=ONE_REVIEW)
    text = "At least 1 approving review is required by reviewers with write access."
    assert refused(merge(dev, box)) == (405, text)
    dev.ok("DELETE", f"/repos/{box}/branches/main/protection/enforce_admins", status=204)
    assert refused(merge(reader, box)) == (405, text)
    assert merge(dev, box).status_code == 200


def test_state_may_lag_behind_a_relaxed_rule(sim: SimulatorProcess, dev: Client, box: str) -> None:
    branch_off(dev, box)
    open_pull(dev, box)
    protect(dev, box, required_pull_request_reviews=ONE_REVIEW)
    sim.control("switches", {"mergeable_state_lag_reads": 2})
    assert pull(dev, box)["mergeable_state"] == "blocked"
    dev.ok("DELETE", f"/repos/{box}/branches/main/protection/required_pull_request_reviews", status=204)
    assert [pull(dev, box)["mergeable_state"] for _ in range(3)] == ["blocked", "blocked", "clean"]


# -- auto-merge --------------------------------------------------------------------------------------


@pytest.fixture
def armed(sim: SimulatorProcess, dev: Client, box: str) -> str:
    """A pull request that waits for a review, with auto-merge armed by its author."""
    dev.ok("PATCH", f"/repos/{box}", {"allow_auto_merge": True})
    give(dev, box, "octo-reader")
    branch_off(dev, box)
    open_pull(dev, box)
    protect(dev, box, required_pull_request_reviews=ONE_REVIEW, enforce_admins=False)
    assert arm(dev, box, "squash") == []
    return box


def test_auto_merge_waits_even_where_its_owner_could_bypass(dev: Client, reader: Client, armed: str) -> None:
    read = pull(dev, armed)
    assert (read["state"], read["auto_merge"]["enabled_by"]["login"]) == ("open", "octo-dev")
    assert read["auto_merge"]["merge_method"] == "squash"
    dev.ok("PUT", f"/repos/{armed}/issues/1/labels", ["anything"])
    assert pull(dev, armed)["state"] == "open"
    review(reader, armed)
    read = pull(dev, armed)
    assert (read["merged"], read["merged_by"]["login"]) == (True, "octo-dev")
    assert len(commit(dev, armed, read["merge_commit_sha"])["parents"]) == 1
    assert events(dev, armed)[:2] == ["auto_squash_enabled", "labeled"]


def test_auto_merge_fires_the_moment_protection_is_relaxed(dev: Client, armed: str) -> None:
    dev.ok("DELETE", f"/repos/{armed}/branches/main/protection/required_pull_request_reviews", status=204)
    assert pull(dev, armed)["merged"] is True


def test_auto_merge_may_sleep_through_a_relaxed_rule(sim: SimulatorProcess, dev: Client, armed: str) -> None:
    sim.control("switches", {"auto_merge_fires_on_relax": False})
    dev.ok("POST", f"/repos/{armed}/issues/1/labels", ["one"])
    dev.ok("DELETE", f"/repos/{armed}/branches/main/protection/required_pull_request_reviews", status=204)
    assert pull(dev, armed)["merged"] is False
    dev.ok("POST", f"/repos/{armed}/issues/1/labels", ["two"])
    assert pull(dev, armed)["merged"] is True


def test_a_bypass_allowance_serves_a_direct_merge_but_no_auto_merge(sim: SimulatorProcess, dev: Client) -> None:
    sim.control("orgs", {"login": "acme", "members": {"octo-dev": "admin"}})
    dev.ok("POST", "/orgs/acme/repos", {"name": "shop", "auto_init": True}, 201)
    repo = "acme/shop"
    dev.ok("PATCH", f"/repos/{repo}", {"allow_auto_merge": True})
    branch_off(dev, repo)
    open_pull(dev, repo)
    allowance = {**ONE_REVIEW, "bypass_pull_request_allowances": {"users": ["octo-dev"]}}
    protect(dev, repo, required_pull_request_reviews=allowance)
    assert arm(dev, repo) == []
    dev.ok("POST", f"/repos/{repo}/issues/1/labels", ["anything"])
    assert pull(dev, repo)["merged"] is False
    assert merge(dev, repo).status_code == 200


def test_an_app_can_arm_and_merges_as_itself(sim: SimulatorProcess, dev: Client, reader: Client, box: str) -> None:
    dev.ok("PATCH", f"/repos/{box}", {"allow_auto_merge": True})
    give(dev, box, "octo-reader")
    grants = {"contents": "write", "pull_requests": "write"}
    sim.control("apps", {"slug": "release", "owner": "octo-dev", "token": "tok-app", "permissions": grants})
    branch_off(dev, box)
    open_pull(dev, box)
    protect(dev, box, required_pull_request_reviews=ONE_REVIEW)
    app = Client(sim, "tok-app")
    assert arm(app, box) == []
    app.session.close()
    review(reader, box)
    read = pull(dev, box)
    assert (read["merged"], read["merged_by"]["login"]) == (True, "release[bot]")


def test_auto_merge_is_disarmed_by_a_push_from_outside(sim: SimulatorProcess, dev: Client, reader: Client) -> None:
    box = dev.make_repo()
    dev.ok("PATCH", f"/repos/{box}", {"allow_auto_merge": True})
    reader.ok("POST", f"/repos/{box}/forks", {}, 202)
    branch_off(reader, "octo-reader/box", "idea")
    open_pull(reader, box, "octo-reader:idea")
    protect(dev, box, required_pull_request_reviews=ONE_REVIEW)
    assert arm(dev, box) == []
    reader.put_file("octo-reader/box", "b.txt", "more\n", branch="idea")
    assert pull(dev, box)["auto_merge"] is None
    assert events(dev, box)[-1] == "auto_merge_disabled"


def test_what_cannot_be_armed(dev: Client, reader: Client, box: str) -> None:
    branch_off(dev, box)
    open_pull(dev, box)
    assert arm(dev, box) == ["Pull request Auto merge is not allowed for this repository"]
    dev.ok("PATCH", f"/repos/{box}", {"allow_auto_merge": True})
    assert arm(dev, box) == ["Pull request Protected branch rules not configured for this branch"]
    protect(dev, box)
    assert arm(dev, box) == ["Pull request Pull request is in clean status"]
    (denied,) = arm(reader, box)
    assert denied.startswith("octo-reader does not have the correct permissions")


# -- crashes -----------------------------------------------------------------------------------------


def test_a_merge_that_was_killed_after_the_ref_moved_is_finished(sim: SimulatorProcess, dev: Client, box: str) -> None:
    head = branch_off(dev, box)
    open_pull(dev, box)
    dev.ok("PATCH", f"/repos/{box}", {"delete_branch_on_merge": True})

    def half(world: World, repo: Repo) -> str:
        """As far as a server gets that dies between moving the ref and writing the record."""
        merged = pull_by_number(world, repo, 1)
        finish = merging._finish
        try:
            merging._finish = lambda *_, **__: None  # type: ignore[assignment]
            return merging.merge(world, repo, as_user(world, "octo-dev"), merged)
        finally:
            merging._finish = finish

    sha = inside(sim, half)
    assert dev.head(box) == sha
    read = pull(dev, box)
    assert (read["merged"], read["merge_commit_sha"], read["merged_by"]["login"]) == (True, sha, "octo-dev")
    assert refused(merge(dev, box, sha=head)) == (405, "Pull Request is not mergeable")
    assert events(dev, box) == ["merged", "closed", "head_ref_deleted"]
    sim.restart()
    assert events(dev, box) == ["merged", "closed", "head_ref_deleted"]


def test_a_merge_that_was_killed_before_the_ref_moved_never_was(sim: SimulatorProcess, dev: Client, box: str) -> None:
    branch_off(dev, box)
    open_pull(dev, box)
    before = dev.head(box)

    def half(world: World, repo: Repo) -> None:
        merged = pull_by_number(world, repo, 1)
        git = world.git(repo)
        sha = merging.make_merge(world, repo, as_user(world, "octo-dev"), merged, base=before, method="merge")
        assert sha is not None
        merging._remember(world, merged, {"sha": sha, "base": before, "actor": merged.author_id})
        assert git.ref("refs/heads/main") == before

    inside(sim, half)
    assert (pull(dev, box)["state"], dev.head(box)) == ("open", before)
    assert merge(dev, box).status_code == 200


def test_locks_that_a_killed_server_left_lock_nobody_out(sim: SimulatorProcess, dev: Client, box: str) -> None:
    branch_off(dev, box)
    open_pull(dev, box)

    def half(world: World, repo: Repo) -> None:
        directory = world.git(repo).directory
        for held in ("refs/heads/main", "packed-refs", "HEAD", "refs/tags/v1"):
            (directory / f"{held}.lock").write_text("")

    inside(sim, half)
    assert merge(dev, box).status_code == 200
    dev.ok("POST", f"/repos/{box}/git/refs", {"ref": "refs/tags/v1", "sha": dev.head(box)}, status=201)
    dev.ok("PATCH", f"/repos/{box}", {"default_branch": "topic"})


def test_a_push_that_was_killed_before_the_record_is_caught_up(sim: SimulatorProcess, dev: Client, box: str) -> None:
    first = branch_off(dev, box)
    open_pull(dev, box)
    dev.put_file(box, "b.txt", "two\n", branch="topic")
    second = dev.head(box, "topic")

    def rewind(world: World, repo: Repo) -> None:
        """The record as it was before the push, the ref as it is after."""
        known = pull_by_number(world, repo, 1)
        known.head_sha = first
        world.store.pulls.save(known)

    inside(sim, rewind)
    assert pull(dev, box)["head"]["sha"] == second == dev.head_of(box, "refs/pull/1/head")


@pytest.mark.parametrize("delay", [0.0, 0.005, 0.01, 0.02, 0.04])
def test_killed_in_the_middle_record_and_ref_agree(sim: SimulatorProcess, dev: Client, box: str, delay: float) -> None:
    """Wherever the kill falls: merged in both stores or in neither, and asking again brings the rest."""
    head = branch_off(dev, box)
    open_pull(dev, box)
    before = dev.head(box)
    url = f"{sim.url}/repos/{box}/pulls/1/merge"
    asked = Event()

    def ask() -> None:
        asked.set()
        with suppress(requests.RequestException):
            requests.put(url, json={"sha": head}, headers={"Authorization": "token tok-dev"}, timeout=30)

    asking = Thread(target=ask)
    asking.start()
    asked.wait()
    sleep(delay)
    sim.kill()
    asking.join()
    sim.start()
    read = pull(dev, box)
    assert read["merged"] is (dev.head(box) != before)
    if not read["merged"]:
        assert merge(dev, box, sha=head).status_code == 200
        read = pull(dev, box)
    assert read["merge_commit_sha"] == dev.head(box)
    assert [p["sha"] for p in commit(dev, box, dev.head(box))["parents"]] == [before, head]


def test_code_owners_are_waited_for(dev: Client, reader: Client, sim: SimulatorProcess, box: str) -> None:
    give(dev, box, "octo-reader")
    give(dev, box, "octo-admin")
    dev.put_file(box, ".github/CODEOWNERS", "*.txt @octo-reader\n")
    branch_off(dev, box)
    open_pull(dev, box)
    owners = {"required_approving_review_count": 0, "require_code_owner_reviews": True}
    protect(dev, box, required_pull_request_reviews=owners)
    assert refused(merge(dev, box)) == (405, "Waiting on code owner review from octo-reader.")
    review(reader, box)
    assert merge(dev, box).status_code == 200
