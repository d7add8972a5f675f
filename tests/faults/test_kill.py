"""SIGKILL at every GitHub call of one clean run before it is applied, and after it where it changes something.

After a read is before the next call: GitHub is the same. ``python -m tests.faults`` prints the whole table.
"""

from __future__ import annotations

from typing import Any

import pytest
from tests.e2e.kit import BOT, OWNER, World, pack, short
from tests.faults.kit import HEAD, HELD_AT_MOST, HOLDS, Scene, at, is_write, kill, let_go

SHARDS = 8
"""Calls are dealt out by index, so that the processes of one test run share them whatever their number."""


@pytest.mark.parametrize("moment", HOLDS)
@pytest.mark.parametrize("shard", range(SHARDS))
def test_killed_at_every_call(world: World, calls: list[dict[str, Any]], shard: int, moment: str) -> None:
    print(HEAD)  # seen with -s, or when this fails
    for index in range(shard, len(calls), SHARDS):
        if moment == "after" and not is_write(calls[index]):
            continue
        found = kill(world, index, moment)
        print(found.row)
        assert found.call.split()[0] == calls[index]["method"]
        assert found.after.change == found.merged, "a dead run went on"


def test_the_table_covers_the_dangerous_moments(calls: list[dict[str, Any]]) -> None:
    made = [short(c) for c in calls]
    relax = next(n for n, call in enumerate(made) if "protection/" in call and call.startswith("PATCH"))
    merge = made.index("PUT pulls/1/merge")
    restore = max(n for n, call in enumerate(made) if "protection/" in call and call.startswith("PATCH"))
    opened = made.index("POST git/refs")
    closed = made.index("PATCH git/refs/bascule/journal")
    assert opened < relax < merge < restore < closed
    assert all(is_write(calls[n]) for n in (opened, relax, merge, restore, closed))


def leaked(world: World, calls: list[dict[str, Any]], **repository: Any) -> Scene:
    """Return a scene where a dead run's relaxation was applied after the sweeper had closed its window."""
    index = next(n for n, c in enumerate(calls) if "protection/" in c["path"] and c["method"] == "PATCH")
    scene = Scene.of(world, **repository)
    world.sim.control("faults", at(index, action="delay", seconds=HELD_AT_MOST))
    running = scene.repo.start("merge", str(scene.number), "--attended", "--json")
    assert running.until(lambda log: any(c["held"] for c in log))
    running.kill()
    scene.expire()
    assert scene.sweep().code == 0
    assert scene.repo.protection() == scene.protection
    let_go(world)
    assert scene.repo.protection() != scene.protection
    return scene


def test_a_relaxation_that_lands_after_the_sweep_is_undone_by_the_patrol(
    world: World, calls: list[dict[str, Any]]
) -> None:
    scene = leaked(world, calls)
    swept = scene.sweep()
    # Undone, and still somebody has to hear of it.
    assert (swept.code, swept.doc["restored"]) == (3, True), swept.err
    assert scene.settled().change == "open"

    # The bridge can be used again.
    ran = scene.repo.merge(scene.number)
    assert ran.doc["status"] == "merged", ran.out
    assert scene.settled().change == "merged"


def test_a_run_undoes_a_leak_before_it_decides(world: World, calls: list[dict[str, Any]]) -> None:
    scene = leaked(world, calls)
    scene.expire()  # no read can be stale any more, so nobody has to wait
    ran = scene.repo.merge(scene.number)
    # Through a window of its own, although the bot was in the list that lets it through.
    assert (ran.doc["status"], ran.doc["window"]["restored"]) == ("merged", True), ran.out
    assert ran.doc["alarms"]
    assert scene.settled().change == "merged"


def test_nothing_passes_through_the_leak_of_another_change(world: World, calls: list[dict[str, Any]]) -> None:
    strict = pack(relax="", match='{files: ["src/**"]}', rules='[{id: any, use: allowlist/paths, only: ["src/**"]}]')
    # A personal repository: what was relaxed is the number of reviews, for everybody.
    scene = leaked(world, calls, owner=OWNER, files={".github/rulepack/code.yml": strict})
    scene.expire()
    other = scene.repo.pull({"src/new.py": "x = 1\n"}, head="code")
    base = scene.repo.head()
    ran = scene.repo.merge(other)
    assert (ran.code, ran.doc["status"]) == (8, "waiting"), ran.out
    assert [b["kind"] for b in ran.doc["blockers"]] == ["reviews"]
    assert scene.repo.head() == base
    assert not scene.repo.stored_pull(other)["merged"]
    assert scene.settled().change == "open"


def test_what_a_person_loosens_again_stops_every_merge_until_it_is_accepted(
    world: World, calls: list[dict[str, Any]]
) -> None:
    scene = leaked(world, calls)
    loose = scene.repo.protection()
    assert scene.sweep().code == 3
    body = {"bypass_pull_request_allowances": {"users": [BOT], "teams": [], "apps": []}}
    scene.repo.call("PATCH", "/branches/main/protection/required_pull_request_reviews", body)
    assert scene.repo.protection() == loose
    ran = scene.repo.merge(scene.number)
    assert (ran.code, ran.doc["status"], ran.doc["details"]["reason"]) == (8, "waiting", "leaked"), ran.out
    assert ran.doc["alarms"]
    assert not scene.repo.stored_pull(scene.number)["merged"]
    assert scene.repo.protection() == loose

    accepted = scene.repo.run("baseline", "accept", "--branch", "main", "--reason", "the bot may")
    assert accepted.code == 0, accepted.err
    ran = scene.repo.merge(scene.number)
    assert (ran.doc["status"], ran.doc["window"]) == ("merged", None), ran.out
    assert scene.repo.protection() == loose


def test_a_merge_that_lands_after_the_sweep_finds_the_bridge_closed(world: World, calls: list[dict[str, Any]]) -> None:
    index = next(n for n, c in enumerate(calls) if c["path"].endswith("/merge"))
    scene = Scene.of(world)
    world.sim.control("faults", at(index, action="delay", seconds=HELD_AT_MOST))
    running = scene.repo.start("merge", str(scene.number), "--attended", "--json")
    assert running.until(lambda log: any(c["held"] for c in log))
    running.kill()
    scene.expire()
    assert scene.sweep().code == 0
    let_go(world)
    assert scene.settled().change == "open"


@pytest.mark.parametrize("path", ["/merge", "/protection/"], ids=["merge", "restore"])
def test_the_next_run_does_the_sweepers_work(world: World, calls: list[dict[str, Any]], path: str) -> None:
    index = max(n for n, c in enumerate(calls) if path in c["path"] and c["method"] in {"PUT", "PATCH"})
    scene = Scene.of(world)
    world.sim.control("faults", [at(index, **rule) for rule in HOLDS["before"]])
    running = scene.repo.start("merge", str(scene.number), "--attended", "--json")
    assert running.until(lambda log: any(c["held"] for c in log))
    running.kill()
    let_go(world)
    loose = scene.repo.protection()
    assert loose != scene.protection
    second = scene.repo.pull({"docs/c.md": "another\n"}, head="second")

    early = scene.repo.merge(second)
    assert (early.code, early.doc["status"]) == (8, "waiting"), early.out
    assert scene.repo.protection() == loose

    scene.expire()
    ran = scene.repo.merge(second)
    assert (ran.doc["status"], ran.doc["window"]["restored"]) == ("merged", True), ran.out
    assert scene.repo.protection() == scene.protection
    code, entries = scene.journal()
    assert code == 0
    windows = [e["kind"] for e in entries if e["kind"] in {"open", "restored", "verified"}]
    assert windows == ["open", "open", "restored", "open", "restored"]
