"""What is merged, by which way: every time protection is what it was, byte for byte, and the journal proves it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from tests.e2e.kit import ADMIN, BOT, DEV, OWNER, PACK, TOKENS, Ran, Repo, World, is_api, meanwhile, pack, short

TOP = {
    "schema_version", "run", "status", "exit_code", "summary", "change", "packs", "verdict", "blockers", "plan",
    "window", "merge", "alarms", "next", "details",
}  # fmt: skip
WINDOW = {
    "way", "relaxations", "exposure_seconds", "calls", "restored", "verified", "snapshot_sha256", "live_sha256",
}  # fmt: skip
REVIEWS = "required_pull_request_reviews"
BYPASS = f"{REVIEWS}.bypass_pull_request_allowances.users"


def landed(repo: Repo, number: int, ran: Ran) -> None:
    """Fail unless ``ran`` merged pull request ``number`` and said so in the document that the issue describes."""
    assert ran.code == 0, ran.out + ran.err
    doc = ran.doc
    assert set(doc) == TOP
    assert (doc["schema_version"], doc["status"], doc["alarms"]) == (1, "merged", [])
    stored = repo.stored_pull(number)
    assert (stored["merged"], stored["merge_commit_sha"]) == (True, doc["merge"]["sha"])
    assert repo.head() == doc["merge"]["sha"]
    message = repo.message(doc["merge"]["sha"])
    assert re.search(rf"^Bascule-Run: {re.escape(doc['run'])}$", message, re.MULTILINE), message
    assert "next run" in doc["next"] or doc["window"] is None or doc["window"]["verified"] is None


def windowed(repo: Repo, ran: Ran, *relaxations: tuple[str, str]) -> dict[str, Any]:
    """Fail unless the run went through exactly one window with ``relaxations`` and closed it; return its report."""
    window = ran.doc["window"]
    assert set(window) == WINDOW
    assert window["way"] == "stepwise"
    assert (window["restored"], window["verified"]) == (True, None)
    assert window["snapshot_sha256"] == window["live_sha256"]
    assert 0 < window["exposure_seconds"] < 10
    assert window["calls"] > 0
    assert {(r["field"], r["op"]) for r in window["relaxations"]} == set(relaxations)
    audit, entries = repo.audit()
    assert audit.code == 0, audit.out + audit.err
    assert [e["kind"] for e in entries] == ["open", "restored"]
    assert {e["run"] for e in entries} == {ran.doc["run"]}
    assert all(e["authentic"] for e in entries)
    opened, closed = (e["body"] for e in entries)
    assert opened["snapshot_sha256"] == closed["live_sha256"] == window["snapshot_sha256"]
    assert closed["outcome"] == "merged"
    assert [x["sha"] for x in closed["landed"]] == [ran.doc["merge"]["sha"]]
    return dict(window)


def unordered(text: str) -> str:
    """Return a GET of protection with its lists sorted: they are sets, and one that was relaxed comes back sorted."""

    def walk(data: Any) -> Any:
        if isinstance(data, dict):
            return {key: walk(value) for key, value in data.items()}
        return sorted(map(walk, data), key=str) if isinstance(data, list) else data

    return json.dumps(walk(json.loads(text)))


def test_nothing_to_relax(world: World) -> None:
    repo = world.repo()
    number = repo.pull()
    before = repo.reviews()
    repo.review(number, by=ADMIN)
    ran = repo.merge(number)
    landed(repo, number, ran)
    assert ran.doc["window"] is None
    assert repo.protection() == before
    assert not [w for w in ran.writes() if "protection" in w]
    audit, entries = repo.audit()
    assert (audit.code, [e["kind"] for e in entries]) == (0, ["outcome"])
    assert entries[0]["body"]["status"] == "merged"


def test_review_bypass_lets_only_the_bot_through(world: World) -> None:
    repo = world.repo()
    number = repo.pull()
    other = repo.pull({"docs/c.md": "other\n"}, head="other", labels=())
    before = repo.reviews()
    repo.arm(other)
    ran = repo.merge(number)
    landed(repo, number, ran)
    windowed(repo, ran, (BYPASS, "add"))
    assert ran.doc["window"]["relaxations"][0]["admits"] == "actor"
    assert repo.protection() == before
    waiting = repo.stored_pull(other)
    assert (waiting["merged"], waiting["state"]) == (False, "open")


def test_entries_that_were_in_the_bypass_list_stay_in_it(world: World) -> None:
    repo = world.repo()
    number = repo.pull()
    before = repo.reviews(
        required_pull_request_reviews={
            "required_approving_review_count": 2,
            "dismiss_stale_reviews": True,
            "bypass_pull_request_allowances": {"users": ["octo-reader"], "teams": [], "apps": []},
            "dismissal_restrictions": {"users": [ADMIN], "teams": [], "apps": []},
        },
        required_linear_history=True,
        allow_deletions=False,
    )
    ran = repo.merge(number)
    landed(repo, number, ran)
    windowed(repo, ran, (BYPASS, "add"))
    assert repo.protection() == before


def test_an_administrator_takes_the_rung_of_enforce_admins(world: World) -> None:
    repo = world.repo(rulepack=pack(relax="checks"))
    number = repo.pull()
    before = repo.protect(required_status_checks=repo.required("test", "never-reported"))
    env = repo.env(shared=True)
    ran = repo.merge(number, env=env)
    landed(repo, number, ran)
    window = windowed(repo, ran, ("enforce_admins", "set"))
    assert [r["admits"] for r in window["relaxations"]] == ["admins"]
    assert repo.protection() == before


def test_an_administrator_who_is_not_held_to_the_rules_needs_no_edit_but_the_packs_consent(world: World) -> None:
    refusing = world.repo(rulepack=pack(relax="code_owner_reviews"))
    number = refusing.pull()
    refusing.reviews(enforce_admins=False)
    before = refusing.untouched()
    ran = refusing.merge(number, env=refusing.env(shared=True))
    # It could merge at once, and does not: somebody has to approve first.
    assert (ran.code, ran.doc["status"]) == (8, "waiting")
    assert not [w for w in ran.writes() if w.endswith("/merge")]
    before.holds()

    repo = world.repo()
    number = repo.pull()
    protected = repo.reviews(enforce_admins=False)
    ran = repo.merge(number, env=repo.env(shared=True))
    landed(repo, number, ran)
    assert ran.doc["window"] is None
    assert [b["kind"] for b in ran.doc["plan"]["bypasses"]] == ["reviews"]
    assert repo.protection() == protected


def test_a_personal_repository_has_only_scalars(world: World) -> None:
    rulepack = pack(relax="reviews, code_owner_reviews, last_push_approval")
    repo = world.repo(owner=OWNER, rulepack=rulepack, files={"CODEOWNERS": f"docs/ @{OWNER}\n"})
    number = repo.pull()
    before = repo.reviews(
        required_pull_request_reviews={
            "required_approving_review_count": 2,
            "require_code_owner_reviews": True,
            "require_last_push_approval": True,
        }
    )
    ran = repo.merge(number)
    landed(repo, number, ran)
    window = windowed(
        repo,
        ran,
        (f"{REVIEWS}.required_approving_review_count", "set"),
        (f"{REVIEWS}.require_code_owner_reviews", "set"),
        (f"{REVIEWS}.require_last_push_approval", "set"),
    )
    assert {r["admits"] for r in window["relaxations"]} == {"everyone"}
    assert repo.protection() == before


def test_a_check_that_never_reports_is_taken_off_and_put_back(world: World) -> None:
    repo = world.repo(rulepack=pack(relax="checks"))
    number = repo.pull()
    before = repo.protect(required_status_checks=repo.required("test", "never-reported", strict=True))
    ran = repo.merge(number)
    landed(repo, number, ran)
    windowed(repo, ran, ("required_status_checks.checks", "remove"))
    assert unordered(repo.protection()) == unordered(before)


def test_strict_is_waived_for_a_branch_that_is_behind(world: World) -> None:
    repo = world.repo(rulepack=pack(relax="strict"))
    number = repo.pull()
    repo.commit("main", {"docs/z.md": "meanwhile\n"}, by=ADMIN)
    before = repo.protect(required_status_checks=repo.required(strict=True))
    ran = repo.merge(number)
    landed(repo, number, ran)
    windowed(repo, ran, ("required_status_checks.strict", "set"))
    assert repo.protection() == before


def test_push_restrictions_admit_the_bot_and_no_longer(world: World) -> None:
    repo = world.repo(rulepack=pack(relax="restrictions"))
    number = repo.pull()
    before = repo.protect(restrictions={"users": [ADMIN], "teams": [], "apps": []})
    ran = repo.merge(number)
    landed(repo, number, ran)
    windowed(repo, ran, ("restrictions.users", "add"))
    assert repo.protection() == before


def test_reviews_and_checks_at_once(world: World) -> None:
    repo = world.repo(rulepack=pack(relax="reviews, checks"))
    number = repo.pull()
    before = repo.reviews(required_status_checks=repo.required("test", "never-reported"))
    ran = repo.merge(number)
    landed(repo, number, ran)
    windowed(repo, ran, (BYPASS, "add"), ("required_status_checks.checks", "remove"))
    assert unordered(repo.protection()) == unordered(before)


@pytest.mark.parametrize("method", ["merge", "rebase"])
def test_other_merge_methods(world: World, method: str) -> None:
    repo = world.repo(rulepack=pack(merge=f"{{method: {method}}}"))
    number = repo.pull()
    before = repo.reviews()
    ran = repo.merge(number)
    assert (ran.code, ran.doc["status"], ran.doc["alarms"]) == (0, "merged", []), ran.out
    sha = ran.doc["merge"]["sha"]
    assert repo.head() == sha
    parents = len(repo.call("GET", f"/git/commits/{sha}")["parents"])
    trailed = "Bascule-Run:" in repo.message(sha)
    # A rebase keeps its commits' own messages: there the tree and the actor prove whose merge it was.
    assert (parents, trailed) == ((2, True) if method == "merge" else (1, False))
    assert repo.protection() == before


def test_what_the_pack_does_not_let_go_is_never_relaxed(world: World) -> None:
    repo = world.repo(rulepack=pack(relax="checks"))
    number = repo.pull()
    repo.reviews()
    before = repo.untouched()
    ran = repo.merge(number)
    # A person may still approve, so it waits.
    assert (ran.code, ran.doc["status"]) == (8, "waiting"), ran.out
    assert [b["kind"] for b in ran.doc["blockers"]] == ["reviews"]
    assert not [w for w in ran.writes() if "protection" in w or "merge" in w]
    before.holds()

    # Nobody is going to mend a check that failed: it blocks.
    failing = world.repo()
    number = failing.pull(checks={"test": "success", "lint": "failure"})
    failing.commit("main", {PACK: pack(checks="{require: [{name: test, app: ci}]}")}, by=ADMIN)
    failing.reviews(required_status_checks=failing.required("test", "lint"))
    before = failing.untouched()
    ran = failing.merge(number)
    assert (ran.code, ran.doc["status"]) == (1, "blocked"), ran.out
    assert {b["kind"] for b in ran.doc["blockers"]} == {"reviews", "checks"}
    assert not [w for w in ran.writes() if "protection" in w or "merge" in w]
    before.holds()


def test_a_required_check_that_runs_is_waited_for(world: World) -> None:
    repo = world.repo(rulepack=pack(relax="reviews, checks", checks="{require: [{name: test, app: ci}]}"))
    number = repo.pull(checks={"test": "success", "slow": "pending"})
    repo.reviews(required_status_checks=repo.required("test", "slow"))
    before = repo.untouched()
    ran = repo.merge(number)
    assert (ran.code, ran.doc["status"]) == (8, "waiting"), ran.out
    before.holds()


def test_another_persons_armed_auto_merge_makes_an_opening_for_everybody_wait(world: World) -> None:
    repo = world.repo(owner=OWNER)
    number = repo.pull()
    other = repo.pull({"docs/c.md": "other\n"}, head="other", labels=())
    repo.reviews()
    repo.arm(other)
    before = repo.untouched()
    ran = repo.merge(number)
    assert (ran.code, ran.doc["status"]) == (8, "waiting"), ran.out
    assert f"#{other}" in ran.doc["summary"] + ran.doc["next"]
    assert not [w for w in ran.writes() if "protection" in w or "merge" in w]
    before.holds()
    assert repo.stored_pull(other)["auto_merge"]


def test_twice_is_once(world: World) -> None:
    repo = world.repo()
    number = repo.pull()
    repo.reviews()
    first = repo.merge(number)
    landed(repo, number, first)
    refs, comments = repo.state()["refs"], repo.comments(number)
    again = repo.merge(number)
    assert (again.code, again.doc["status"], again.doc["merge"]) == (0, "noop", None)
    assert "lready merged" in again.doc["summary"]
    assert not again.writes()
    assert (repo.state()["refs"], repo.comments(number)) == (refs, comments)


def test_the_next_run_verifies_the_window_before_and_all_stay_within_their_budgets(world: World) -> None:
    repo = world.repo()
    one = repo.pull()
    before = repo.reviews()
    landed(repo, one, repo.merge(one))
    two = repo.pull({"docs/c.md": "another\n"}, head="second")
    three = repo.pull({"docs/d.md": "a third\n"}, head="third")
    repo.review(three, by=ADMIN)
    world.sim.control("clock", {"advance": 40})
    ran = repo.merge(two)
    landed(repo, two, ran)
    # Counted on the server, with a token for each identity; `python -m tests.benchmarks` shows them one by one.
    assert len([c for c in ran.calls if is_api(c)]) <= 16, [short(c) for c in ran.calls]
    ran = repo.merge(three)
    landed(repo, three, ran)
    assert len([c for c in ran.calls if is_api(c)]) <= 8, [short(c) for c in ran.calls]
    audit, entries = repo.audit()
    kinds = ["open", "restored", "verified", "open", "restored", "outcome"]
    assert (audit.code, [e["kind"] for e in entries]) == (0, kinds)
    assert entries[2]["body"]["equal"]
    assert repo.protection() == before


def test_without_a_sweeper_that_lives_an_unattended_run_waits(world: World) -> None:
    repo = world.repo()
    number = repo.pull()
    repo.reviews()
    before = repo.untouched()
    ran = repo.run("merge", str(number), "--json")
    assert (ran.code, ran.doc["status"]) == (8, "waiting"), ran.out
    assert "bascule-restore" in ran.doc["next"]
    before.holds()

    swept = repo.run("restore", "--expired")
    assert swept.code == 0, swept.err
    ran = repo.run("merge", str(number), "--json")
    landed(repo, number, ran)


def test_what_a_person_reads(world: World) -> None:
    repo = world.repo()
    number = repo.pull()
    repo.reviews()
    checked = repo.run("check", str(number))
    assert checked.code == 0
    assert "MERGEABLE" in checked.out
    assert "Nothing was changed" in checked.out
    # By address, by OWNER/NAME#N and by branch, it is the same pull request.
    address = repo.call("GET", f"/pulls/{number}")["html_url"]
    for target in (address, f"{repo.full}#{number}"):
        assert repo.bascule("check", target, "--exit-zero").out.splitlines()[0] == checked.out.splitlines()[0]
    assert repo.run("check", "topic").out.splitlines()[0] == checked.out.splitlines()[0]
    ran = repo.run("merge", str(number), "--attended", "--output", "markdown")
    assert ran.code == 0
    assert "Merged" in ran.out
    assert "identical" in ran.out


# -- races ------------------------------------------------------------------------------------------------------------


def held(world: World) -> bool:
    """Return whether the simulator holds a request at this moment."""
    return any(c["held"] for c in world.log())


def racing(world: World, repo: Repo, number: int, act: Any, *, env: dict[str, str] | None = None, **where: Any) -> Ran:
    """Run ``bascule merge`` and do ``act`` while the request ``where`` is held."""
    world.sim.control("faults", {"action": "delay", "seconds": 60, **where})

    def then() -> None:
        try:
            act()
        finally:
            world.sim.control("faults", method="DELETE")

    thread = meanwhile(then, lambda: held(world))
    try:
        return repo.merge(number, env=env)
    finally:
        thread.join()


REREAD = {"operation": "PullState"}
RELAX = {"method": "PATCH", "path": "/protection/"}
MERGE = {"method": "PUT", "path": "/merge$"}


@pytest.mark.parametrize("where", [REREAD, RELAX, MERGE], ids=["re-read", "relax", "merge"])
def test_a_head_that_moves_after_the_gates_is_never_merged(world: World, where: dict[str, str]) -> None:
    repo = world.repo()
    number = repo.pull()
    protected = repo.reviews()
    base = repo.head()

    ran = racing(world, repo, number, lambda: repo.commit("topic", {"docs/evil.md": "not seen\n"}), **where)
    assert (ran.code, ran.doc["status"], ran.doc["merge"]) == (8, "waiting", None), ran.out
    assert not repo.stored_pull(number)["merged"]
    assert repo.head() == base
    assert repo.protection() == protected
    merges = [c["status"] for c in ran.calls if c["path"].endswith("/merge")]
    assert merges == ([] if where is REREAD else [409])
    relaxed = [w for w in ran.writes() if "protection" in w]
    assert bool(relaxed) is (where is not REREAD)
    audit, entries = repo.audit()
    assert (audit.code, [e["kind"] for e in entries]) == (0, ["open", "restored"])
    assert entries[1]["body"]["outcome"] in {"moved", "head_moved"}


def test_a_base_that_moves_before_the_window_means_a_new_rehearsal(world: World) -> None:
    repo = world.repo()
    number = repo.pull()
    repo.reviews(enforce_admins=False)
    protected = repo.protection()
    ran = racing(world, repo, number, lambda: repo.commit("main", {"docs/z.md": "x\n"}, by=ADMIN), **REREAD)
    assert (ran.code, ran.doc["status"]) == (8, "waiting"), ran.out
    assert "base" in ran.doc["summary"]
    assert not repo.stored_pull(number)["merged"]
    assert repo.protection() == protected
    landed(repo, number, repo.merge(number))


def test_what_else_landed_through_an_administrator_is_recorded_as_concurrent(world: World) -> None:
    repo = world.repo()
    number = repo.pull()
    protected = repo.reviews(enforce_admins=False)
    ran = racing(world, repo, number, lambda: repo.commit("main", {"docs/z.md": "x\n"}, by=ADMIN), **MERGE)
    assert (ran.code, ran.doc["status"]) == (0, "merged"), ran.out
    assert repo.protection() == protected
    _, entries = repo.audit()
    assert entries[-1]["body"]["details"]["landed"] == "concurrent_change"
    assert "Write pages" in entries[-1]["body"]["details"]["landed_says"]


def test_what_slips_through_an_opening_for_everybody_is_an_alarm_with_its_name(world: World) -> None:
    repo = world.repo(owner=OWNER)
    number = repo.pull()
    other = repo.pull({"docs/c.md": "x\n"}, head="other", labels=(), title="Slip through")
    protected = repo.reviews()

    def slip() -> None:
        repo.call("PUT", f"/pulls/{other}/merge", {"merge_method": "squash"}, by=DEV)

    ran = racing(world, repo, number, slip, **MERGE)
    assert repo.stored_pull(other)["merged"]
    assert ran.doc["status"] == "merged"
    assert len(ran.doc["alarms"]) == 1
    assert "ALARM" in ran.err
    assert repo.head() != repo.stored_pull(other)["merge_commit_sha"]
    assert repo.stored_pull(other)["merge_commit_sha"][:7] in ran.doc["alarms"][0]
    assert repo.protection() == protected


def test_somebody_else_merges_first(world: World) -> None:
    repo = world.repo()
    number = repo.pull()
    protected = repo.reviews(enforce_admins=False)

    def merge() -> None:
        repo.call("PUT", f"/pulls/{number}/merge", {"merge_method": "squash"}, by=ADMIN)

    ran = racing(world, repo, number, merge, **REREAD)
    assert (ran.code, ran.doc["status"], ran.doc["merge"]) == (0, "noop", None), ran.out
    assert repo.protection() == protected
    assert "Bascule-Run" not in repo.message(repo.head())


def test_two_runs_at_once_and_one_window(world: World) -> None:
    repo = world.repo()
    one = repo.pull()
    two = repo.pull({"docs/c.md": "another\n"}, head="second")
    protected = repo.reviews()
    other: list[Ran] = []

    def run_second() -> None:
        # Not through `repo.merge`: that would clear the log under the first run.
        running = repo.start("merge", str(two), "--attended", "--json", env=repo.env(HOME=str(world.folder / "second")))
        other.append(running.finish())

    ran = racing(world, repo, one, run_second, **MERGE)
    landed_one = repo.stored_pull(one)["merged"]
    assert landed_one
    assert ran.doc["status"] == "merged"
    assert (other[0].code, other[0].doc["status"]) == (8, "waiting"), other[0].out
    assert ran.doc["run"] in other[0].doc["summary"]
    assert not repo.stored_pull(two)["merged"]
    assert repo.protection() == protected
    landed(repo, two, repo.merge(two))
    assert repo.protection() == protected


def test_a_person_tightens_meanwhile_and_keeps_it(world: World) -> None:
    repo = world.repo()
    number = repo.pull()
    repo.reviews()

    def tighten() -> None:
        body = {"required_approving_review_count": 2, "dismiss_stale_reviews": True}
        repo.call("PATCH", "/branches/main/protection/required_pull_request_reviews", body)

    ran = racing(world, repo, number, tighten, **MERGE)
    assert ran.doc["status"] == "merged", ran.out
    assert ran.doc["window"]["restored"]
    now = repo.call("GET", "/branches/main/protection")[REVIEWS]
    assert (now["required_approving_review_count"], now["dismiss_stale_reviews"]) == (2, True)
    assert not now.get("bypass_pull_request_allowances", {}).get("users")


def test_the_token_that_merges_is_not_the_one_that_relaxes(world: World) -> None:
    repo = world.repo()
    number = repo.pull()
    repo.reviews()
    ran = repo.merge(number)
    who = {"protection": set(), "merge": set(), "git/": set(), "statuses": set()}
    for call in ran.calls:
        for part, users in who.items():
            if part in call["path"] and ".git/" not in call["path"]:
                users.add(call["user"])
    assert who == {"protection": {ADMIN}, "merge": {BOT}, "git/": {ADMIN}, "statuses": {BOT}}
    assert TOKENS[BOT] != TOKENS[ADMIN]
