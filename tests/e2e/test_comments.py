"""Comment commands: who may, what they do, and what is no command at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.kit import BOT, DEV, Ran, Repo, World, pack

GUARDED = pack(mode="guarded")


def event(repo: Repo, number: int, comment: dict[str, Any], *, action: str = "created") -> dict[str, Any]:
    """Return GitHub's ``issue_comment`` payload for a comment, put together from the API's own answers."""
    issue = repo.call("GET", f"/issues/{number}")
    return {
        "action": action,
        "issue": issue,
        "comment": comment,
        "repository": repo.call("GET"),
        "sender": comment["user"],
    }


def say(repo: Repo, number: int, body: str, *, by: str = DEV, tmp: Path, action: str = "created", **change: Any) -> Ran:
    """Comment as ``by`` and run ``bascule comment`` on the event, as the job in Actions would."""
    comment = repo.comment(number, body, by=by)
    path = tmp / "event.json"
    path.write_text(json.dumps({**event(repo, number, comment, action=action), **change}), encoding="utf-8")
    env = repo.env(GITHUB_ACTIONS="true")
    return repo.bascule("comment", str(path), "--attended", "--json", env=env)


def reactions(repo: Repo) -> list[str]:
    return [r["content"] for r in repo.state()["reactions"]]


@pytest.mark.parametrize("command", ["/bascule merge", "/auto-merge", "\n\n/bascule merge\nplease\n"])
def test_merge_by_somebody_with_write_access(world: World, tmp_path: Path, command: str) -> None:
    repo = world.repo(rulepack=GUARDED)
    number = repo.pull()
    # Labelled by somebody who may, but in this test only the comment shall count.
    protected = repo.reviews()
    ran = say(repo, number, command, tmp=tmp_path)
    assert (ran.code, ran.doc["status"]) == (0, "merged"), ran.out + ran.err
    assert repo.stored_pull(number)["merged"]
    assert reactions(repo) == ["eyes", "rocket"]
    assert repo.protection() == protected


def test_merge_asked_by_a_comment_where_nothing_else_asks(world: World, tmp_path: Path) -> None:
    repo = world.repo(rulepack=pack(mode="guarded", labels="{}"))
    number = repo.pull(labels=())
    protected = repo.reviews()
    assert repo.merge(number, env=repo.env(GITHUB_ACTIONS="true")).code == 8
    ran = say(repo, number, "/auto-merge", tmp=tmp_path)
    assert ran.doc["status"] == "merged", ran.out
    assert repo.protection() == protected


def test_why_explains_and_merges_nothing(world: World, tmp_path: Path) -> None:
    repo = world.repo(rulepack=GUARDED)
    number = repo.pull(labels=())
    repo.reviews()
    before = repo.untouched()
    ran = say(repo, number, "/bascule why", tmp=tmp_path)
    assert (ran.code, ran.doc["status"]) == (1, "blocked"), ran.out
    sticky = [c for c in repo.comments(number) if c["user"]["login"] == BOT]
    assert len(sticky) == 1
    assert "change:safe" in sticky[0]["body"]
    before.holds()


def test_hold_puts_the_label_on_that_blocks(world: World, tmp_path: Path) -> None:
    repo = world.repo()
    number = repo.pull()
    repo.reviews()
    ran = say(repo, number, "/bascule hold", tmp=tmp_path)
    assert (ran.code, ran.doc["done"]) == (0, True)
    names = [label["name"] for label in repo.call("GET", f"/issues/{number}/labels")]
    assert "hold" in names
    before = repo.untouched()
    after = repo.merge(number)
    assert (after.code, after.rules()) == (1, {"labels"})
    before.holds()


def test_a_mistyped_command_is_answered_and_does_nothing(world: World, tmp_path: Path) -> None:
    repo = world.repo()
    number = repo.pull()
    repo.reviews()
    before = repo.untouched()
    ran = say(repo, number, "/bascule mrege", tmp=tmp_path)
    assert (ran.code, ran.doc["done"]) == (1, False)
    assert "did you mean `/bascule merge`" in ran.doc["said"]
    assert reactions(repo) == ["confused"]
    before.holds()


def test_without_write_access_nothing_happens(world: World, tmp_path: Path) -> None:
    repo = world.repo()
    number = repo.pull()
    repo.reviews()
    before = repo.untouched()
    for command in ("/bascule merge", "/bascule hold", "/bascule why"):
        ran = say(repo, number, command, by="octo-reader", tmp=tmp_path)
        assert (ran.code, ran.doc["done"]) == (1, False), ran.out
        assert "read access" in ran.doc["said"]
    assert reactions(repo) == ["-1", "-1", "-1"]
    before.holds()


def test_access_is_asked_for_at_this_moment(world: World, tmp_path: Path) -> None:
    repo = world.repo()
    number = repo.pull()
    repo.reviews()
    comment = repo.comment(number, "/bascule merge")
    payload = event(repo, number, comment)
    payload["comment"]["author_association"] = "MEMBER"
    repo.call("DELETE", f"/collaborators/{DEV}")
    (tmp_path / "event.json").write_text(json.dumps(payload), encoding="utf-8")
    before = repo.untouched()
    ran = repo.bascule("comment", str(tmp_path / "event.json"), "--attended", "--json")
    assert (ran.code, ran.doc["done"]) == (1, False)
    before.holds()


IGNORED = {
    "an edited comment": {"action": "edited"},
    "a deleted comment": {"action": "deleted"},
    "another sender": {"sender": {"id": 1, "login": "octo-admin", "type": "User"}},
    "an issue": {"issue": {"number": 1}},
}


@pytest.mark.parametrize("name", IGNORED)
def test_what_is_no_command_asks_nothing_of_github(world: World, tmp_path: Path, name: str) -> None:
    repo = world.repo()
    number = repo.pull()
    repo.reviews()
    before = repo.untouched()
    ran = say(repo, number, "/bascule merge", tmp=tmp_path, **IGNORED[name])
    assert ran.code == 0
    assert ran.doc["ignored"]
    assert ran.calls == []
    assert reactions(repo) == []
    before.holds()


def test_quoted_and_later_lines_are_no_commands(world: World, tmp_path: Path) -> None:
    repo = world.repo()
    number = repo.pull()
    repo.reviews()
    before = repo.untouched()
    for body in ("> /bascule merge", "I would not say\n/bascule merge", "    \n`/bascule merge`"):
        ran = say(repo, number, body, tmp=tmp_path)
        assert (ran.code, "ignored" in ran.doc) == (0, True), body
    before.holds()


def test_on_a_merged_change_it_says_so(world: World, tmp_path: Path) -> None:
    repo = world.repo()
    number = repo.pull()
    protected = repo.reviews()
    assert repo.merge(number).doc["status"] == "merged"
    head = repo.head()
    ran = say(repo, number, "/auto-merge", tmp=tmp_path)
    assert (ran.code, ran.doc["status"]) == (0, "noop")
    assert reactions(repo)[-2:] == ["eyes", "+1"]
    assert repo.head() == head
    assert repo.protection() == protected


def test_a_file_that_is_no_event(world: World, tmp_path: Path) -> None:
    repo = world.repo()
    for text, found in (("{}", "issue_comment"), ("[]", "object"), ("{", "JSON")):
        (tmp_path / "e.json").write_text(text, encoding="utf-8")
        ran = repo.bascule("comment", str(tmp_path / "e.json"))
        assert ran.code == 2
        assert found in ran.err
    ran = repo.bascule("comment", str(tmp_path / "absent.json"))
    assert ran.code == 2
    assert "absent.json" in ran.err


UNDOABLE = pack(watch="{rollback: {mode: off, checks: skip}}", relax="reviews, checks")


def test_rollback_by_a_comment(world: World, tmp_path: Path) -> None:
    repo = world.repo(rulepack=UNDOABLE)
    protected = repo.reviews()
    number = repo.pull()
    assert repo.merge(number).doc["status"] == "merged"
    ran = say(repo, number, "/bascule rollback pages broke", tmp=tmp_path)
    # The pack lets no machine roll back; somebody with write access asked.
    assert (ran.code, ran.doc["status"]) == (0, "merged"), ran.out + ran.err
    report = ran.doc["details"]["rollback"]
    assert (report["by"], report["reason"], report["landed_tree"]) == (DEV, "pages broke", report["tree_before"])
    assert reactions(repo) == ["eyes", "rocket"]
    assert repo.protection() == protected


def test_rollback_takes_write_access_at_this_moment(world: World, tmp_path: Path) -> None:
    repo = world.repo(rulepack=UNDOABLE)
    number = repo.pull()
    assert repo.merge(number).doc["status"] == "merged"
    tip = repo.head()
    ran = say(repo, number, "/bascule rollback", by="octo-reader", tmp=tmp_path)
    assert (ran.code, ran.doc["done"], repo.head()) == (1, False, tip)
    assert reactions(repo) == ["-1"]


def test_a_dispute_is_written_down_and_changes_nothing_else(world: World, tmp_path: Path) -> None:
    repo = world.repo(rulepack=UNDOABLE)
    number = repo.pull()
    assert repo.merge(number).doc["status"] == "merged"
    tip = repo.head()
    empty = say(repo, number, "/bascule dispute", tmp=tmp_path)
    assert empty.code == 2
    assert "needs a reason" in empty.err
    ran = say(repo, number, "/bascule dispute it was the network", tmp=tmp_path)
    assert (ran.code, ran.doc["done"]) == (0, True), ran.out + ran.err
    assert repo.head() == tip
    labels = {label["name"] for label in repo.call("GET", f"/issues/{number}/labels", by=DEV)}
    assert "bascule:disputed" in labels
    audit, entries = repo.audit()
    assert audit.code == 0
    (kept,) = [e["body"] for e in entries if e["body"].get("status") == "disputed"]
    assert kept["details"]["dispute"] == {"by": DEV, "reason": "it was the network", "landed": tip}
