"""A merge that was made is unmade, through the command line, on a GitHub with real git."""

from __future__ import annotations

from typing import Any

import pytest
from tests.e2e.kit import ADMIN, DEV, PACK, Ran, Repo, World, meanwhile, pack

SKIP = pack(watch="{rollback: {mode: auto, checks: skip}}", relax="reviews, checks")
WAIT = pack(watch="{rollback: auto}")


def tree(repo: Repo, commit: str) -> str:
    """Return the tree of a commit."""
    return str(repo.call("GET", f"/git/commits/{commit}", by=ADMIN)["tree"]["sha"])


def merged(repo: Repo, **pull: Any) -> tuple[int, str]:
    """Merge a pull request with Bascule; return its number and the tree before it."""
    before = tree(repo, repo.head())
    number = repo.pull(**pull)
    ran = repo.merge(number)
    assert ran.doc["status"] == "merged", ran.out + ran.err
    assert tree(repo, repo.head()) != before
    return number, before


def roll_back(repo: Repo, number: int, *args: str, **more: Any) -> Ran:
    """Run ``bascule rollback NUMBER --attended --json``."""
    return repo.run("rollback", str(number), "--attended", "--json", *args, **more)


def reverts(repo: Repo) -> list[dict[str, Any]]:
    """Return the pull requests whose branch is a rollback's."""
    return [p for p in repo.state()["pulls"] if p["head_ref"].startswith("bascule/")]


def undone(repo: Repo, number: int, ran: Ran, *, windowed: bool = True) -> dict[str, Any]:
    """Fail unless ``ran`` rolled ``number`` back, once, verified, and said so everywhere; return the report."""
    assert ran.code == 0, ran.out + ran.err
    doc = ran.doc
    assert (doc["status"], doc["alarms"]) == ("merged", []), ran.out
    report: dict[str, Any] = doc["details"]["rollback"]
    assert report["landed_tree"] == report["tree"] == tree(repo, repo.head())
    assert doc["merge"]["sha"] == repo.head()
    message = repo.message(repo.head())
    assert f"Bascule-Undoes: {report['undoes']}" in message
    assert f"Bascule-Run: {doc['run']}" in message
    (pull,) = reverts(repo)
    assert (pull["merged"], pull["number"], pull["head_ref"]) == (True, report["pull"], report["branch"])
    assert f"Bascule-Undoes: {report['undoes']}" in pull["body"]
    assert (doc["window"] is not None and doc["window"]["restored"]) is windowed
    (comment,) = [c for c in repo.comments(number) if "Rolled back" in c["body"]]
    assert comment["body"].startswith("<!-- bascule:sticky -->")
    labels = {label["name"] for label in repo.call("GET", f"/issues/{number}/labels", by=ADMIN)}
    assert "bascule:rolled-back" in labels
    audit, entries = repo.audit()
    assert audit.code == 0, audit.out
    closing = [e for e in entries if e["run"] == doc["run"] and e["kind"] in {"restored", "outcome"}]
    assert [e["body"]["details"]["undoes"] for e in closing] == [report["undoes"]]
    return report


def test_clean(world: World) -> None:
    repo = world.repo(rulepack=SKIP)
    protection = repo.reviews()
    number, before = merged(repo)
    ran = roll_back(repo, number, "--reason", "pages broke")
    report = undone(repo, number, ran)
    assert (report["exact"], report["tree"], report["commits"]) == (True, before, 1)
    assert report["checks"] == "skip"
    assert repo.protection() == protection
    fields = {r["field"].rpartition(".")[2] for r in ran.doc["window"]["relaxations"]}
    assert fields == {"users", "checks"}
    assert "pages broke" in repo.comments(number)[-1]["body"]

    # Twice is once.
    again = roll_back(repo, number)
    assert (again.code, again.doc["status"]) == (0, "noop")
    assert "rolled back already" in again.doc["summary"]
    assert len(reverts(repo)) == 1

    # A rollback is never rolled back by machine; a person says so twice.
    back = roll_back(repo, report["pull"])
    assert (back.code, back.doc["status"]) == (1, "blocked")
    assert "origin" in back.rules("block")
    there = roll_back(repo, report["pull"], "--undo-rollback")
    assert there.code == 0, there.out
    assert tree(repo, repo.head()) != before


def test_required_checks_are_waited_for(world: World) -> None:
    repo = world.repo(rulepack=WAIT)
    protection = repo.reviews()
    number, before = merged(repo)
    ran = roll_back(repo, number)
    assert (ran.code, ran.doc["status"]) == (8, "waiting"), ran.out
    report = ran.doc["details"]["rollback"]
    assert report["checks"] == "wait"
    assert tree(repo, repo.head()) != before
    assert repo.protection() == protection

    repo.check(report["commit"])
    ran = roll_back(repo, number)
    second = undone(repo, number, ran)
    assert (second["pull"], second["commit"], second["tree"]) == (report["pull"], report["commit"], before)
    assert repo.protection() == protection


def test_a_run_that_waits_goes_on_when_the_checks_are_green(world: World) -> None:
    repo = world.repo(rulepack=WAIT)
    repo.reviews()
    number, before = merged(repo)

    def ci() -> None:
        repo.check(reverts(repo)[0]["head_sha"])

    thread = meanwhile(ci, lambda: bool(reverts(repo)))
    ran = roll_back(repo, number, "--wait", "10m", moved=True)
    thread.join()
    assert undone(repo, number, ran)["tree"] == before


def test_a_failed_check_stops_it(world: World) -> None:
    repo = world.repo(rulepack=WAIT)
    repo.reviews()
    number, _ = merged(repo)
    commit = roll_back(repo, number).doc["details"]["rollback"]["commit"]
    repo.check(commit, conclusion="failure")
    tip = repo.head()
    ran = roll_back(repo, number)
    assert (ran.code, ran.doc["status"]) == (1, "blocked"), ran.out
    assert repo.head() == tip


def test_what_came_later_is_kept(world: World) -> None:
    repo = world.repo(rulepack=SKIP, files={"docs/a.md": "".join(f"line {n}\n" for n in range(40))})
    repo.reviews()
    text = "".join(f"line {n}\n" for n in range(40))
    number, _ = merged(repo, files={"docs/b.md": "new\n", "docs/a.md": text.replace("line 3\n", "LINE 3\n")})
    repo.call("DELETE", "/branches/main/protection", by=ADMIN)
    repo.commit("main", {"docs/c.md": "later\n", "src/app.py": None}, by=ADMIN)
    repo.reviews()
    ran = roll_back(repo, number)
    report = undone(repo, number, ran)
    assert (report["exact"], report["overlap"]) == (False, [])
    assert files(repo) >= {"docs/a.md", "docs/c.md"}
    assert not files(repo) & {"docs/b.md", "src/app.py"}
    assert content(repo, "docs/a.md") == text


def test_later_commits_on_the_same_files(world: World) -> None:
    lines = [f"line {n}\n" for n in range(40)]
    repo = world.repo(rulepack=SKIP, files={"docs/a.md": "".join(lines)})
    repo.reviews()
    number, _ = merged(repo, files={"docs/a.md": "".join(lines).replace("line 3\n", "LINE 3\n")})
    repo.call("DELETE", "/branches/main/protection", by=ADMIN)
    now = "".join(lines).replace("line 3\n", "LINE 3\n").replace("line 33\n", "LATER 33\n")
    repo.commit("main", {"docs/a.md": now}, by=ADMIN, message="Touch the end")
    repo.reviews()

    strict = roll_back(repo, number, "--strict")
    assert (strict.code, reverts(repo)) == (1, [])

    # Nobody has tested that mixture, so the checks are waited for, whatever the pack says.
    ran = roll_back(repo, number)
    assert (ran.code, ran.doc["details"]["rollback"]["checks"]) == (8, "wait"), ran.out
    report = ran.doc["details"]["rollback"]
    assert [(o["title"], o["paths"]) for o in report["overlap"]] == [("Touch the end", ["docs/a.md"])]
    repo.check(report["commit"])
    undone(repo, number, roll_back(repo, number))
    assert content(repo, "docs/a.md") == "".join(lines).replace("line 33\n", "LATER 33\n")


def test_a_conflict_goes_to_a_person_with_the_paths(world: World) -> None:
    repo = world.repo(rulepack=SKIP, files={"docs/a.md": "one\n"})
    repo.reviews()
    number, _ = merged(repo, files={"docs/a.md": "two\n", "docs/z.md": "z\n"})
    repo.call("DELETE", "/branches/main/protection", by=ADMIN)
    tip = repo.commit("main", {"docs/a.md": "three\n"}, by=ADMIN)
    repo.reviews()
    ran = roll_back(repo, number)
    assert (ran.code, ran.doc["status"]) == (1, "blocked"), ran.out
    assert ran.doc["details"]["rollback"]["conflicts"] == ["docs/a.md"]
    assert [c["paths"] for c in ran.checks() if c["status"] == "block"] == [["docs/a.md"]]
    assert (repo.head(), reverts(repo)) == (tip, [])
    assert "takes a person" in repo.comments(number)[-1]["body"]


@pytest.mark.parametrize("method", ["merge", "rebase"])
def test_other_merge_methods(world: World, method: str) -> None:
    repo = world.repo(rulepack=pack(merge=f"{{method: {method}}}", relax="reviews, checks",
                                    watch="{rollback: {mode: auto, checks: skip}}"))  # fmt: skip
    repo.reviews()
    before = tree(repo, repo.head())
    repo.commit("topic", {"docs/1.md": "1\n"}, message="First")
    repo.commit("topic", {"docs/2.md": "2\n"}, message="Second")
    number = repo.pull({"docs/3.md": "3\n"})
    assert repo.merge(number).doc["status"] == "merged"
    ran = roll_back(repo, number)
    report = ran.doc["details"]["rollback"]
    assert ran.code == 0, ran.out
    assert (report["tree"], report["commits"]) == (before, 3 if method == "rebase" else 1)
    assert tree(repo, repo.head()) == before


def test_nothing_to_relax(world: World) -> None:
    repo = world.repo(rulepack=WAIT)
    number, before = merged(repo)
    commit = roll_back(repo, number).doc["details"]["rollback"]["commit"]
    repo.check(commit)
    ran = roll_back(repo, number)
    assert undone(repo, number, ran, windowed=False)["tree"] == before


def test_a_rehearsal_writes_nothing_and_foretells_the_commit(world: World) -> None:
    repo = world.repo(rulepack=SKIP)
    repo.reviews()
    number, before = merged(repo)
    untouched = repo.untouched()
    ran = roll_back(repo, number, "--dry-run")
    assert ran.code == 0, ran.out + ran.err
    assert ran.writes() == []
    untouched.holds()
    report = ran.doc["details"]["rollback"]
    assert (report["tree"], report["pull"], report["exact"]) == (before, None, True)
    fields = {r["field"].rpartition(".")[2] for r in ran.doc["plan"]["relaxations"]}
    assert fields == {"users", "checks"}
    real = undone(repo, number, roll_back(repo, number))
    assert real["commit"] == report["commit"]


def test_what_bascule_did_not_merge_takes_a_persons_word(world: World) -> None:
    repo = world.repo(rulepack=SKIP)
    before = tree(repo, repo.head())
    number = repo.pull()
    repo.call("PUT", f"/pulls/{number}/merge", {"merge_method": "squash"}, by=ADMIN)
    repo.reviews()
    ran = roll_back(repo, number)
    assert (ran.code, ran.rules("block")) == (1, {"origin"}), ran.out
    report = undone(repo, number, roll_back(repo, number, "--anyway"))
    assert report["tree"] == before
    assert roll_back(repo, number, "--anyway").doc["status"] == "noop"


def test_policy_is_a_persons(world: World) -> None:
    repo = world.repo(rulepack=SKIP)
    number = repo.pull({PACK: SKIP.replace("docs/**", "pages/**"), "docs/CODEOWNERS": "* @octo-dev\n"})
    repo.call("PUT", f"/pulls/{number}/merge", {"merge_method": "squash"}, by=ADMIN)
    ran = roll_back(repo, number, "--anyway")
    assert (ran.code, ran.rules("block")) == (1, {"protected files"}), ran.out
    assert reverts(repo) == []


def test_a_machine_needs_the_packs_word(world: World) -> None:
    repo = world.repo(rulepack=pack(relax="reviews, checks"))
    repo.reviews()
    number, _ = merged(repo)
    machine = repo.env(CI="true")
    ran = roll_back(repo, number, env=machine)
    assert (ran.code, ran.rules("block")) == (1, {"mode"}), ran.out
    assert reverts(repo) == []

    repo.call("DELETE", "/branches/main/protection", by=ADMIN)
    repo.commit("main", {PACK: SKIP.replace("mode: auto, checks: skip", "mode: propose, checks: skip")}, by=ADMIN)
    repo.reviews()
    ran = roll_back(repo, number, env=machine)
    assert (ran.code, ran.rules("wait")) == (8, {"mode"}), ran.out
    (pull,) = reverts(repo)
    assert not pull["merged"]
    # A person lets the same pull request go on.
    assert undone(repo, number, roll_back(repo, number))["pull"] == pull["number"]


def test_a_person_can_hold_it(world: World) -> None:
    repo = world.repo(rulepack=WAIT)
    repo.reviews()
    number, _ = merged(repo)
    report = roll_back(repo, number).doc["details"]["rollback"]
    repo.check(report["commit"])
    repo.label(report["pull"], "hold")
    ran = roll_back(repo, number, "--wait", "10m")
    assert (ran.code, ran.rules("wait")) == (8, {"labels"}), ran.out
    repo.call("DELETE", f"/issues/{report['pull']}/labels/hold", by=ADMIN)
    undone(repo, number, roll_back(repo, number))


def test_pushed_meanwhile(world: World) -> None:
    """The branch moves between two runs: the same pull request, at the same commit while that gives the right tree."""
    repo = world.repo(rulepack=WAIT, files={"docs/a.md": "one\n"})
    repo.reviews()
    number, _ = merged(repo, files={"docs/a.md": "two\n"})
    first = roll_back(repo, number).doc["details"]["rollback"]
    repo.call("DELETE", "/branches/main/protection", by=ADMIN)
    repo.commit("main", {"docs/elsewhere.md": "x\n"}, by=ADMIN)
    repo.reviews()
    repo.check(first["commit"])
    report = undone(repo, number, roll_back(repo, number))
    assert (report["commit"], report["pull"], report["exact"]) == (first["commit"], first["pull"], False)
    assert content(repo, "docs/a.md") == "one\n"
    assert "docs/elsewhere.md" in files(repo)


def test_a_branch_that_must_not_be_behind_is_brought_up(world: World) -> None:
    repo = world.repo(rulepack=WAIT)
    rules = {
        "required_status_checks": {"strict": True, "checks": [{"context": "test", "app_id": world.apps["ci"]["id"]}]},
        "required_pull_request_reviews": {"required_approving_review_count": 1},
    }
    protection = repo.protect(**rules)
    number, _ = merged(repo)
    first = roll_back(repo, number).doc["details"]["rollback"]
    repo.check(first["commit"])
    repo.call("DELETE", "/branches/main/protection", by=ADMIN)
    repo.commit("main", {"docs/elsewhere.md": "x\n"}, by=ADMIN)
    assert repo.protect(**rules) == protection
    second = roll_back(repo, number)
    report = second.doc["details"]["rollback"]
    assert (second.code, report["pull"]) == (8, first["pull"]), second.out
    assert report["commit"] != first["commit"]
    repo.check(report["commit"])
    undone(repo, number, roll_back(repo, number))
    assert repo.protection() == protection


def test_somebody_elses_commit_on_the_branch_is_left_alone(world: World) -> None:
    repo = world.repo(rulepack=WAIT)
    repo.reviews()
    number, _ = merged(repo)
    report = roll_back(repo, number).doc["details"]["rollback"]
    sha = repo.commit(report["branch"], {"docs/evil.md": "x\n"})
    repo.check(sha)
    ran = roll_back(repo, number)
    assert (ran.code, ran.rules("block")) == (1, {"branch"}), ran.out
    assert repo.head(report["branch"]) == sha


def test_a_closed_rollback_was_declined(world: World) -> None:
    repo = world.repo(rulepack=WAIT)
    repo.reviews()
    number, _ = merged(repo)
    report = roll_back(repo, number).doc["details"]["rollback"]
    repo.call("PATCH", f"/pulls/{report['pull']}", {"state": "closed"}, by=DEV)
    ran = roll_back(repo, number)
    assert (ran.code, ran.rules("block")) == (1, {"pull request"}), ran.out
    assert len(reverts(repo)) == 1


def test_undone_by_hand(world: World) -> None:
    repo = world.repo(rulepack=SKIP)
    number, before = merged(repo)
    repo.commit("main", {"docs/b.md": None}, by=ADMIN, message="Take it out again")
    assert tree(repo, repo.head()) == before
    ran = roll_back(repo, number)
    assert (ran.code, ran.doc["status"], reverts(repo)) == (0, "noop", []), ran.out


def test_not_merged(world: World) -> None:
    repo = world.repo(rulepack=SKIP)
    ran = roll_back(repo, repo.pull())
    assert ran.code == 2
    assert "not merged" in ran.err


def test_a_broken_pack_relaxes_nothing_and_forbids_nothing(world: World) -> None:
    repo = world.repo(rulepack=SKIP)
    number, before = merged(repo)
    repo.commit("main", {PACK: "version: 1\nscenario: nonsense\n"}, by=ADMIN)
    tip = tree(repo, repo.head())
    repo.reviews(checks=False)
    ran = roll_back(repo, number)
    assert (ran.code, ran.doc["status"]) == (8, "waiting"), ran.out  # a review may still come
    repo.review(ran.doc["details"]["rollback"]["pull"], by=ADMIN)
    assert roll_back(repo, number).code == 0
    assert tree(repo, repo.head()) != tip
    assert before


def files(repo: Repo) -> set[str]:
    """Return the paths on main."""
    found = repo.call("GET", f"/git/trees/{repo.head()}?recursive=1", by=ADMIN)
    return {e["path"] for e in found["tree"] if e["type"] == "blob"}


def content(repo: Repo, path: str) -> str:
    """Return a file on main."""
    import base64

    return base64.b64decode(repo.call("GET", f"/contents/{path}", by=ADMIN)["content"]).decode()
