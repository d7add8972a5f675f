"""The ports against a server that keeps state, enforces protection and misbehaves on order."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hub import ADMIN, DEV, Box, Hub, connection

from bascule.clock import ManualClock
from bascule.errors import OutsideError, UsageError
from bascule.forge import Connection
from bascule.forge.identity import Identity
from bascule.forge.journal import REF
from bascule.forge.ports import LostReplyError, RateLimitedError, RefusedError
from bascule.forge.reporter import Report
from bascule.protection.rest import Write
from bascule.types import FileKind

PROTECTION = {
    "required_status_checks": {"strict": True, "checks": [{"context": "test", "app_id": -1}]},
    "enforce_admins": True,
    "required_pull_request_reviews": {"required_approving_review_count": 1},
    "restrictions": None,
}
OFF = Write(method="DELETE", path="/enforce_admins")
ON = Write(method="POST", path="/enforce_admins")


@pytest.fixture
def box(hub: Hub) -> Box:
    return hub.repo()


@pytest.fixture
def gh(box: Box, tmp_path: Path, clock: ManualClock) -> Iterator[Connection]:
    made = connection(box, None, tmp_path / "cache", clock)
    yield made
    made.close()


@pytest.fixture
def faults(hub: Hub) -> Iterator[Any]:
    yield lambda **rule: hub.sim.control("faults", rule)
    hub.sim.control("faults", method="DELETE")


def protect(box: Box, **changes: Any) -> None:
    box.api("PUT", "/branches/main/protection", {**PROTECTION, **changes})


def stored(box: Box) -> Any:
    return box.api("GET", "/branches/main/protection")


def without_comments(text: str) -> str:
    return text.replace("\r\n", "\n")


# --- one reading ---


def test_a_snapshot_with_everything_in_it(box: Box, gh: Connection) -> None:
    box.put("rulepack/docs.yml", "version: 1\nscenario: allowlist\n")
    box.put(".github/rulepack/more.yml", "version: 1\n")
    box.put(".github/bascule.yml", "version: 1\n")
    number = box.simple_pull(token=ADMIN)
    protect(box)
    box.api("PUT", "/collaborators/octo-dev", {"permission": "push"}, status=201)
    head = gh.observer.snapshot(number).change_without_git.head_sha
    box.api("POST", f"/issues/{number}/labels", {"labels": ["change:safe", "auto-relax-merge"]})
    box.api("POST", f"/pulls/{number}/reviews", {"event": "APPROVE", "commit_id": head}, token=DEV)
    box.api("POST", f"/statuses/{head}", {"state": "success", "context": "test"}, status=201)
    comment = {"body": f"<!-- bascule:sticky -->\nhello {number}"}
    sticky = box.api("POST", f"/issues/{number}/comments", comment, status=201)["id"]
    gh.calls.listen(lambda call: None)
    before = len(gh.calls)
    found = gh.observer.snapshot(number)
    assert len(gh.calls) - before == 1
    change = found.change_without_git
    assert change.labels == ("auto-relax-merge", "change:safe")
    assert [(r.author.login if r.author else "", r.state, r.can_write) for r in change.reviews] == [
        ("octo-dev", "APPROVED", True)
    ]
    assert [(c.name, c.state, c.creator, c.is_status) for c in change.checks] == [
        ("test", "success", "octo-admin", True)
    ]
    assert (change.review_decision, change.checks_complete, change.mergeable) == ("APPROVED", True, "MERGEABLE")
    assert set(found.packs) == {"rulepack/docs.yml", ".github/rulepack/more.yml"}
    assert found.settings_text == "version: 1\n"
    assert found.sticky == sticky
    assert found.protection_rule is not None
    assert (found.protection_rule["pattern"], found.protection_rule["isAdminEnforced"]) == ("main", True)
    assert found.viewer.admin
    assert found.changed_files == 1


def test_packs_of_a_base_branch_that_is_not_the_default(box: Box, gh: Connection) -> None:
    box.branch("dev")
    box.put("rulepack/dev.yml", "version: 1\n", branch="dev")
    box.branch("topic")
    box.put("docs/x.md", "x\n", branch="topic")
    number = box.pull("topic", base="dev")
    found = gh.observer.snapshot(number)
    assert list(found.packs) == ["rulepack/dev.yml"]
    assert [c.operation for c in gh.calls] == ["Snapshot", "PacksAt"]
    assert found.packs_commit == box.tip("dev")


def test_nothing_there(box: Box, gh: Connection, tmp_path: Path, clock: ManualClock) -> None:
    with pytest.raises(UsageError, match="no pull request #99"):
        gh.observer.snapshot(99)
    with pytest.raises(UsageError, match="no open pull request"):
        gh.observer.find("nobody")
    elsewhere = connection(Box(box.hub, "octo-admin/nowhere"), None, tmp_path, clock)
    with pytest.raises(UsageError, match="no repository octo-admin/nowhere"):
        elsewhere.observer.snapshot(1)
    elsewhere.close()


def test_a_wrong_token(box: Box, tmp_path: Path, clock: ManualClock) -> None:
    gh = connection(box, None, tmp_path, clock, token="tok-wrong-hunter2")
    with pytest.raises(RefusedError, match="401 \\(Bad credentials\\)") as refused:
        gh.observer.snapshot(1)
    gh.close()
    assert "hunter2" not in str(refused.value)


def test_more_files_than_a_page(box: Box, gh: Connection, tmp_path: Path) -> None:
    work = box.clone(tmp_path / "work")
    work.git("checkout", "-q", "-b", "topic")
    for i in range(230):
        (work.folder / f"f{i}.md").write_text(f"{i}\n")
    work.commit()
    work.git("push", "-q", "origin", "HEAD:topic")
    number = box.pull("topic")
    snapshot = gh.observer.snapshot(number)
    assert [c.operation for c in gh.calls] == ["Snapshot", "MoreFiles", "MoreFiles"]
    change = gh.fetch(snapshot)
    assert (len(change.files), change.files_complete) == (230, True)
    assert {f.kind_after for f in change.files} == {FileKind.REGULAR}


def test_permissions_are_live(box: Box, gh: Connection) -> None:
    assert gh.observer.permission("octo-dev") == "read"
    box.api("PUT", "/collaborators/octo-dev", {"permission": "push"}, status=201)
    assert gh.observer.permission("octo-dev") == "write"
    assert gh.observer.permission("octo-admin") == "admin"
    assert gh.observer.permission("ghost") == "none"


def test_a_lost_read_is_repeated(box: Box, gh: Connection, faults: Any, clock: ManualClock) -> None:
    number = box.simple_pull()
    faults(action="fail", operation="Snapshot", status=502)
    assert gh.observer.snapshot(number).change_without_git.number == number
    assert clock.sleeps == [0.5]
    assert [c.outcome for c in gh.calls] == ["lost", "answered"]


# --- merge ---


def test_a_merge_and_its_re_read(box: Box, gh: Connection) -> None:
    number = box.simple_pull()
    base = box.tip()
    snapshot = gh.observer.snapshot(number)
    before = gh.merger.pull(number, armed_branches=("main",))
    assert before.fingerprint == snapshot.fingerprint
    assert (before.base_sha, before.merged, before.armed) == (base, False, ())
    outcome = gh.merger.merge(
        number, sha=before.head_sha, method="squash", title="T", message="why\n\nBascule-Run: r-1"
    )
    assert (outcome.status, outcome.sha) == (200, box.tip())
    after = gh.merger.pull(number)
    assert (after.state, after.merged, after.merge_sha, after.merged_by) == ("merged", True, outcome.sha, "octo-admin")
    assert outcome.sha is not None
    assert "Bascule-Run: r-1" in gh.observer.commit(outcome.sha).message
    assert gh.merger.commit_message(outcome.sha) == gh.observer.commit(outcome.sha).message
    git, tip = gh.branch(snapshot)
    assert tip == outcome.sha
    assert git.resolve(tip) == outcome.sha
    landed = gh.observer.between(base, "main")
    assert ([c.sha for c in landed.commits], landed.complete, landed.diverged) == ([outcome.sha], True, False)
    assert gh.merger.merge(number, sha=before.head_sha, method="squash", title="", message="").status == 405


def test_a_moved_head_is_409(box: Box, gh: Connection) -> None:
    number = box.simple_pull()
    outcome = gh.merger.merge(number, sha="0" * 40, method="squash", title="", message="")
    assert outcome.status == 409
    assert "Head branch was modified" in outcome.message


def test_protection_says_no(box: Box, gh: Connection) -> None:
    number = box.simple_pull()
    protect(box)
    sha = gh.merger.pull(number).head_sha
    outcome = gh.merger.merge(number, sha=sha, method="squash", title="", message="")
    assert outcome.status == 405
    assert gh.merger.pull(number).merged is False


def test_a_merge_whose_reply_was_lost(box: Box, gh: Connection, faults: Any) -> None:
    number = box.simple_pull()
    sha = gh.merger.pull(number).head_sha
    faults(action="lose", method="PUT", path="/merge$", status=502)
    with pytest.raises(LostReplyError):
        gh.merger.merge(number, sha=sha, method="squash", title="", message="")
    assert gh.calls.count(purpose="merge") == 1
    assert gh.merger.pull(number).merged is True


def test_a_merge_that_was_limited(box: Box, gh: Connection, faults: Any) -> None:
    number = box.simple_pull()
    sha = gh.merger.pull(number).head_sha
    faults(action="rate_limit", method="PUT", path="/merge$", retry_after=7)
    outcome = gh.merger.merge(number, sha=sha, method="squash", title="", message="")
    assert (outcome.status, outcome.retry_after) == (403, 7.0)
    assert gh.merger.pull(number).merged is False


def test_somebody_elses_armed_auto_merge_is_seen(box: Box, gh: Connection) -> None:
    box.api("PATCH", "", {"allow_auto_merge": True})
    protect(box)
    mine, theirs = box.simple_pull(), box.simple_pull()
    node = box.api("GET", f"/pulls/{theirs}")["node_id"]
    text = (
        "mutation($i: EnablePullRequestAutoMergeInput!) { enablePullRequestAutoMerge(input: $i) { clientMutationId } }"
    )
    box.hub.api("POST", "/graphql", {"query": text, "variables": {"i": {"pullRequestId": node}}})
    assert gh.merger.pull(mine, armed_branches=("main",)).armed == (theirs,)
    assert gh.merger.pull(mine, armed_branches=("dev",)).armed == ()
    assert [a.number for a in gh.observer.snapshot(mine).armed] == [theirs]
    assert gh.observer.snapshot(theirs).armed == ()


# --- protection ---


def test_protection_goes_and_comes_back(box: Box, gh: Connection) -> None:
    assert gh.keeper.protection("main") is None
    protect(box)
    before = gh.keeper.protection("main")
    assert before == stored(box)
    gh.keeper.apply("main", (OFF,), purpose="relax")
    assert stored(box)["enforce_admins"]["enabled"] is False
    gh.keeper.apply("main", (ON,), purpose="restore")
    assert gh.keeper.protection("main") == before
    assert gh.calls.count(purpose="relax") == 1
    assert gh.keeper.quota() is not None
    assert gh.keeper.server_time().tzinfo is not None


def test_each_kind_of_write_has_the_answer_that_is_expected(box: Box, gh: Connection) -> None:
    protect(box, required_pull_request_reviews={"required_approving_review_count": 2})
    writes = (
        Write(method="PATCH", path="/required_pull_request_reviews", body={"required_approving_review_count": 1}),
        Write(
            method="PATCH",
            path="/required_status_checks",
            body={"strict": False, "checks": [{"context": "test", "app_id": -1}]},
        ),
        Write(method="POST", path="/required_signatures"),
        Write(method="DELETE", path="/required_signatures"),
        OFF,
        ON,
        Write(method="PUT", path="", body=PROTECTION),
    )
    gh.keeper.apply("main", writes, purpose="relax")
    assert stored(box)["required_pull_request_reviews"]["required_approving_review_count"] == 1
    assert gh.calls.count(purpose="relax", writes=True) == 7


def test_restrictions_of_an_organisation(hub: Hub, tmp_path: Path, clock: ManualClock) -> None:
    hub.sim.control("orgs", {"login": "octo-org", "members": {"octo-admin": "admin", "octo-dev": "member"}})
    name = hub.api("POST", "/orgs/octo-org/repos", {"name": f"r-{tmp_path.name[-12:]}", "auto_init": True}, status=201)
    box = Box(hub, name["full_name"])
    box.api("PUT", "/collaborators/octo-dev", {"permission": "push"}, status=201)
    protect(box, restrictions={"users": ["octo-dev"], "teams": [], "apps": []})
    gh = connection(box, None, tmp_path, clock)
    body = {"users": ["octo-admin"]}
    gh.keeper.apply("main", (Write(method="POST", path="/restrictions/users", body=body),), purpose="relax")
    assert {u["login"] for u in stored(box)["restrictions"]["users"]} == {"octo-dev", "octo-admin"}
    gh.keeper.apply("main", (Write(method="DELETE", path="/restrictions/users", body=body),), purpose="restore")
    assert {u["login"] for u in stored(box)["restrictions"]["users"]} == {"octo-dev"}
    gh.close()


def test_a_branch_that_is_not_there_is_not_unprotected(gh: Connection) -> None:
    with pytest.raises(RefusedError, match="Branch not found"):
        gh.keeper.protection("nobody")


def test_who_may_not_administer(box: Box, tmp_path: Path, clock: ManualClock) -> None:
    protect(box)
    gh = connection(box, None, tmp_path, clock, token=DEV)
    with pytest.raises(RefusedError):
        gh.keeper.protection("main")
    with pytest.raises(RefusedError):
        gh.keeper.apply("main", (OFF,), purpose="relax")
    gh.close()
    assert stored(box)["enforce_admins"]["enabled"] is True


@pytest.mark.parametrize("drop", [False, True])
def test_a_write_that_was_applied_and_whose_reply_was_lost(box: Box, gh: Connection, faults: Any, drop: bool) -> None:
    protect(box)
    faults(action="lose", method="DELETE", path="enforce_admins", drop=drop)
    with pytest.raises(LostReplyError):
        gh.keeper.apply("main", (OFF, ON), purpose="relax")
    assert stored(box)["enforce_admins"]["enabled"] is False  # applied once, and the second was not sent
    assert gh.calls.count(purpose="relax") == 1


def test_a_write_that_never_arrived(box: Box, gh: Connection, faults: Any) -> None:
    protect(box)
    faults(action="drop", method="DELETE", path="enforce_admins")
    with pytest.raises(LostReplyError):
        gh.keeper.apply("main", (OFF,), purpose="relax")
    assert stored(box)["enforce_admins"]["enabled"] is True


def test_a_write_that_was_limited_was_not_applied(box: Box, gh: Connection, faults: Any, clock: ManualClock) -> None:
    protect(box)
    faults(action="rate_limit", method="DELETE", path="enforce_admins", status=429)
    with pytest.raises(RateLimitedError) as limited:
        gh.keeper.apply("main", (OFF,), purpose="relax")
    assert limited.value.retry_after == 60.0
    assert clock.sleeps == []
    assert stored(box)["enforce_admins"]["enabled"] is True


def test_a_repository_renamed_under_the_run(box: Box, hub: Hub, gh: Connection) -> None:
    number = box.simple_pull()
    protect(box)
    snapshot = gh.observer.snapshot(number)
    new = Box(hub, f"octo-admin/renamed-{box.full_name.rpartition('-')[2]}")
    hub.api("PATCH", f"/repos/{box.full_name}", {"name": new.full_name.partition("/")[2]})
    gh.keeper.apply("main", (OFF,), purpose="relax")
    assert stored(new)["enforce_admins"]["enabled"] is False
    gh.keeper.apply("main", (ON,), purpose="restore")
    assert stored(new)["enforce_admins"]["enabled"] is True
    assert [(c.method, c.status) for c in gh.calls][1:] == [
        ("DELETE", 307),
        ("GET", 200),
        ("DELETE", 204),
        ("POST", 200),
    ]
    assert gh.address.full_name == new.full_name
    assert gh.address.id == snapshot.repo.id


def test_a_namesake_made_after_a_rename_is_left_alone(box: Box, hub: Hub, gh: Connection) -> None:
    number = box.simple_pull()
    gh.observer.snapshot(number)
    old = box.full_name.partition("/")[2]
    hub.api("PATCH", f"/repos/{box.full_name}", {"name": f"{old}-old"})
    hub.api("POST", "/user/repos", {"name": old, "auto_init": True}, status=201)
    with pytest.raises(OutsideError, match="another repository"):
        gh.journal.read()


def test_what_the_keepers_token_is_shown_in_one_call(box: Box, gh: Connection) -> None:
    protect(box)
    found = gh.keeper.guard("main")
    assert found.viewer.admin
    assert found.rule is not None
    assert found.rule["pattern"] == "main"
    assert found.journal.tip is None
    assert gh.keeper.guard("nobody").rule is None
    assert len(gh.calls) == 2


# --- the journal ---


def test_a_chain_of_entries(box: Box, gh: Connection) -> None:
    journal = gh.journal
    tip, chain = journal.read()
    assert (tip.sha, chain) == (None, ())
    first = journal.commit("open\n\n{}", parents=())
    assert journal.advance(first, expected=None) is True
    assert journal.advance(first, expected=None) is False
    second = journal.commit("restored\n\n{}", parents=(first,))
    assert journal.advance(second, expected=first) is True
    assert journal.advance(second, expected=first) is True  # the same again is the same
    stray = journal.commit("other\n\n{}", parents=(first,))
    assert journal.advance(stray, expected=first) is False
    start = len(gh.calls)
    tip, chain = journal.read()
    assert len(gh.calls) - start == 1
    assert tip.sha == second
    assert [c.message.splitlines()[0] for c in chain] == ["restored", "open"]
    assert journal.chain(second, limit=1)[0].sha == second
    assert journal.tip().sha == second
    large = journal.commit("big", parents=(second,), blob=b'{"a": 1}')
    assert journal.advance(large, expected=second) is True
    assert journal.large(journal.read()[1][0].tree) == b'{"a": 1}'
    assert journal.large(chain[0].tree) is None
    assert box.api("GET", f"/git/ref/{REF.removeprefix('refs/')}")["object"]["sha"] == large


def test_many_writers_one_winner(box: Box, tmp_path: Path, clock: ManualClock) -> None:
    won: list[bool] = []

    def race(i: int) -> None:
        gh = connection(box, None, tmp_path, clock)
        sha = gh.journal.commit(f"open {i}", parents=())
        barrier.wait(30)
        won.append(gh.journal.advance(sha, expected=None))
        gh.close()

    barrier = threading.Barrier(8)
    threads = [threading.Thread(target=race, args=(i,)) for i in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert sorted(won) == [False] * 7 + [True]


@pytest.mark.parametrize("first", [True, False])
def test_a_swap_whose_reply_was_lost_is_found_by_reading(box: Box, gh: Connection, faults: Any, first: bool) -> None:
    expected = None
    if not first:
        expected = gh.journal.commit("open", parents=())
        gh.journal.advance(expected, expected=None)
    sha = gh.journal.commit("next", parents=(expected,) if expected else ())
    faults(action="lose", method="POST|PATCH", path="/git/refs")
    with pytest.raises(LostReplyError):
        gh.journal.advance(sha, expected=expected)
    assert gh.journal.tip().sha == sha


def test_who_may_not_see_the_repository_hears_of_no_journal(hub: Hub, tmp_path: Path, clock: ManualClock) -> None:
    box = hub.repo(private=True)
    gh = connection(box, None, tmp_path, clock, token=DEV)
    with pytest.raises(RefusedError):
        gh.journal.tip()
    with pytest.raises((OutsideError, UsageError)):
        gh.journal.read()
    gh.close()


def test_who_may_not_write_cannot_open_a_window(box: Box, tmp_path: Path, clock: ManualClock) -> None:
    gh = connection(box, None, tmp_path, clock, token=DEV)
    with pytest.raises(RefusedError):
        gh.journal.commit("open", parents=())
    gh.close()


def test_a_journal_in_a_repository_of_its_own(hub: Hub, box: Box, tmp_path: Path, clock: ManualClock) -> None:
    private = hub.repo(private=True)
    gh = connection(box, None, tmp_path, clock, journal_repo=private.full_name)
    sha = gh.journal.commit("open", parents=())
    assert gh.journal.advance(sha, expected=None)
    assert private.api("GET", "/git/ref/bascule/journal")["object"]["sha"] == sha
    box.api("GET", "/git/ref/bascule/journal", status=404)
    gh.close()


# --- reporting ---


def test_reports(box: Box, gh: Connection) -> None:
    number = box.simple_pull()
    snapshot = gh.observer.snapshot(number)
    first = gh.reporter.sticky(number, "### Blocked", known=snapshot.stickies)
    snapshot = gh.observer.snapshot(number)
    assert snapshot.sticky == first
    start = gh.calls.count(writes=True)
    assert gh.reporter.sticky(number, "### Blocked", known=snapshot.stickies) == first
    assert gh.calls.count(writes=True) == start
    assert gh.reporter.sticky(number, "### Merged", known=snapshot.stickies) == first
    comments = box.api("GET", f"/issues/{number}/comments")
    assert [without_comments(c["body"]) for c in comments] == ["<!-- bascule:sticky -->\n### Merged"]
    gh.reporter.react(first, "eyes")
    gh.reporter.react(first, "eyes")
    gh.reporter.status(snapshot.change_without_git.head_sha, Report(title="ok", summary="", conclusion="success"))
    again = gh.observer.snapshot(number)
    assert [(c.name, c.state) for c in again.change_without_git.checks] == [("bascule", "success")]
    # What Bascule reports does not look like a change.
    assert again.fingerprint == snapshot.fingerprint


def test_who_put_a_label_on(box: Box, gh: Connection) -> None:
    number = box.simple_pull()
    assert gh.observer.labelled_by(number, "hold") is None
    gh.reporter.label(number, "hold")
    gh.reporter.label(number, "hold")
    assert gh.observer.labelled_by(number, "Hold") == "octo-admin"
    assert gh.observer.snapshot(number).change_without_git.labels == ("hold",)


# --- every request is on its identity's list, and the record says who asked ---


def test_the_record_names_the_identity(box: Box, gh: Connection) -> None:
    number = box.simple_pull()
    gh.observer.snapshot(number)
    gh.merger.pull(number)
    gh.keeper.protection("main")
    assert [c.identity for c in gh.calls] == [Identity.OBSERVER, Identity.MERGER, Identity.KEEPER]
    assert "hunter2" not in "\n".join(gh.calls.lines())
    assert gh.same(Identity.OBSERVER, Identity.KEEPER)
