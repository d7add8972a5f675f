"""Releases through the command line: judged from git, merged, tagged once and never twice."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.e2e.kit import ADMIN, DEV, Ran, Repo, World

from bascule.window import keys

RULES = """\
version: 1
scenario: release
extends: [release/default]
mode: auto
match: {files: [pyproject.toml, CHANGELOG.md, "src/**"]}
rules: [{id: tag, use: release/tag, tag: "v{version}", release: published}]
"""
LOG = "# Changelog\n\n## [Unreleased]\n%s\n## [1.2.0] - 2025-01-03\n\n- The beginning\n"
NEW = LOG.replace("%s", "\n## [%s] - 2026-01-05\n\n- A thing\n")


def manifest(version: str, **more: str) -> str:
    return f'[project]\nname = "shop"\nversion = "{version}"\n' + "".join(f"{k} = {v}\n" for k, v in more.items())


FIRST = {"pyproject.toml": manifest("1.2.0"), "CHANGELOG.md": LOG % "\n- A thing\n"}


def release(version: str) -> dict[str, str]:
    return {"pyproject.toml": manifest(version), "CHANGELOG.md": NEW % version}


def tag(repo: Repo, name: str, sha: str, *, annotated: bool = False) -> None:
    """Tag ``sha``, as a person would."""
    if annotated:
        body = {"tag": name, "message": name, "object": sha, "type": "commit"}
        sha = repo.call("POST", "/git/tags", body, by=ADMIN)["sha"]
    repo.call("POST", "/git/refs", {"ref": f"refs/tags/{name}", "sha": sha}, by=ADMIN)


def tags(repo: Repo) -> dict[str, str]:
    """Return the commit of each tag, annotated or not."""
    found = {}
    for ref in repo.call("GET", "/git/matching-refs/tags/", by=ADMIN):
        target = ref["object"]
        if target["type"] == "tag":
            target = repo.call("GET", f"/git/tags/{target['sha']}", by=ADMIN)["object"]
        found[ref["ref"].removeprefix("refs/tags/")] = target["sha"]
    return found


def releases(repo: Repo) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = repo.call("GET", "/releases", by=ADMIN)
    return found


def opened(world: World, rules: str = RULES, version: str = "1.3.0", **fields: Any) -> tuple[Repo, int]:
    """Return a repository whose release 1.2.0 is tagged, and a pull request that releases ``version``."""
    repo = world.repo(rulepack=rules, files=FIRST)
    tag(repo, "v1.2.0", repo.head())
    return repo, repo.pull(release(version), title=f"Release {version}", **fields)


def merged(repo: Repo, number: int, *args: str) -> Ran:
    ran = repo.merge(number, *args)
    assert (ran.code, ran.doc["status"]) == (0, "merged"), ran.out + ran.err
    return ran


def test_a_release_is_merged_tagged_and_released(world: World) -> None:
    repo, number = opened(world)
    ran = merged(repo, number)
    sha = ran.doc["merge"]["sha"]
    assert ran.doc["alarms"] == []
    assert (ran.doc["merge"]["tag"], tags(repo)["v1.3.0"]) == ("v1.3.0", sha)
    (made,) = releases(repo)
    assert (made["tag_name"], made["draft"], made["prerelease"]) == ("v1.3.0", False, False)
    assert made["body"] == "- A thing"
    assert ran.doc["merge"]["release"] == made["html_url"]
    audit, entries = repo.audit()
    assert audit.code == 0, audit.out
    assert [e["body"]["status"] for e in entries] == ["tag_due", "merged", "tagged"]


def test_twice_is_once(world: World) -> None:
    repo, number = opened(world)
    merged(repo, number)
    before = (tags(repo), releases(repo), repo.state()["refs"])
    again = repo.merge(number)
    assert (again.code, again.doc["status"], again.doc["alarms"]) == (0, "noop", []), again.out
    assert again.writes() == []
    assert (tags(repo), releases(repo), repo.state()["refs"]) == before


def test_the_plan_says_so_before(world: World) -> None:
    repo, number = opened(world)
    ran = repo.run("check", str(number))
    assert ran.code == 0, ran.out + ran.err
    assert "tag            v1.3.0 on the merged commit, annotated" in ran.out
    assert "release        published, of v1.3.0" in ran.out
    assert "v1.3.0" not in tags(repo)


def held(world: World, **rule: Any) -> None:
    world.sim.control("faults", {"action": "delay", "seconds": 300, **rule})


def killed(world: World, repo: Repo, number: int, moment: str, **rule: Any) -> None:
    """Kill a run of ``bascule merge`` while one of its requests is held."""
    held(world, after=moment == "after", **rule)
    running = repo.start("merge", str(number), "--attended", "--json")
    assert running.until(lambda log: any(c["held"] for c in log)), running.finish()
    running.kill()
    world.sim.control("faults", method="DELETE")


@pytest.mark.parametrize(
    ("moment", "method", "path"),
    [
        ("after", "PUT", "/pulls/[0-9]+/merge$"),
        ("before", "POST", "/git/tags$"),
        ("before", "POST", "/git/refs$"),
        ("after", "POST", "/git/refs$"),
        ("before", "POST", "/releases$"),
        ("after", "POST", "/releases$"),
    ],
)
def test_killed_between_merge_and_tag_the_next_run_makes_it(world: World, moment: str, method: str, path: str) -> None:
    repo, number = opened(world)
    # The journal's first entry makes a ref, too; here it is there already.
    assert repo.merge(repo.pull({"src/x.py": "x = 1\n"}, head="other")).doc["status"] == "blocked"
    killed(world, repo, number, moment, method=method, path=path)
    assert repo.stored_pull(number)["merged"]
    ran = repo.merge(number)
    assert (ran.code, ran.doc["status"], ran.doc["alarms"]) == (0, "noop", []), ran.out + ran.err
    assert "`v1.3.0`" in ran.doc["summary"] or "v1.3.0" in ran.doc["summary"]
    assert tags(repo)["v1.3.0"] == repo.stored_pull(number)["merge_commit_sha"] == ran.doc["merge"]["sha"]
    assert [r["tag_name"] for r in releases(repo)] == ["v1.3.0"]
    last = repo.merge(number)
    assert (last.doc["status"], last.writes(), last.doc["merge"]) == ("noop", [], None), last.out


def test_a_tag_that_is_elsewhere_is_never_moved(world: World) -> None:
    repo, number = opened(world)
    base = repo.head()
    held(world, method="POST", path="/git/tags$")
    running = repo.start("merge", str(number), "--attended", "--json")
    assert running.until(lambda log: any(c["held"] for c in log)), running.finish()
    repo.call("POST", "/git/refs", {"ref": "refs/tags/v1.3.0", "sha": base}, by=ADMIN)
    world.sim.control("faults", method="DELETE")
    ran = running.finish()
    assert (ran.doc["status"], ran.doc["merge"]["tag"]) == ("merged", ""), ran.out
    (alarm,) = ran.doc["alarms"]
    assert f"the tag v1.3.0 exists already, at {base[:7]}" in alarm
    assert (tags(repo)["v1.3.0"], releases(repo)) == (base, [])
    again = repo.merge(number)
    assert "exists already" in again.doc["alarms"][0]
    assert tags(repo)["v1.3.0"] == base


def test_a_lost_reply_makes_no_second_tag_and_no_alarm(world: World) -> None:
    repo, number = opened(world)
    for path in ("/git/tags$", "/releases$"):
        world.sim.control("faults", {"action": "lose", "method": "POST", "path": path})
    world.sim.control("faults", {"action": "lose", "method": "POST", "path": "/git/refs$", "nth": 2})
    ran = merged(repo, number)
    assert ran.doc["alarms"] == []
    assert tags(repo)["v1.3.0"] == ran.doc["merge"]["sha"]
    assert len(releases(repo)) == 1


def test_a_refusal_is_an_alarm_and_the_next_run_tries_again(world: World) -> None:
    repo, number = opened(world)
    world.sim.control(
        "faults", {"action": "fail", "method": "POST", "path": "/git/refs$", "nth": 2, "status": 403,
                   "body": {"message": "Resource not accessible by integration"}},
    )  # fmt: skip
    ran = merged(repo, number)
    (alarm,) = ran.doc["alarms"]
    assert "the tag v1.3.0 on" in alarm
    assert "was not made" in alarm
    assert f"run `bascule merge {number}` again" in alarm
    world.quiet()
    again = repo.merge(number)
    assert (again.doc["status"], again.doc["merge"]["tag"]) == ("noop", "v1.3.0"), again.out


def test_it_is_made_after_protection_is_back(world: World) -> None:
    repo, number = opened(
        world, RULES.replace("mode: auto", "mode: auto\nloosen: a bot releases\nrelax: {allow: [reviews]}")
    )
    before = repo.reviews()
    ran = merged(repo, number)
    assert ran.doc["window"]["restored"]
    assert repo.protection() == before
    writes = ran.writes()
    guard = max(n for n, w in enumerate(writes) if "/protection" in w)
    made = [n for n, w in enumerate(writes) if w in {"POST git/tags", "POST releases"}]
    assert len(made) == 2
    assert min(made) > guard, writes
    assert tags(repo)["v1.3.0"] == ran.doc["merge"]["sha"]


def test_a_draft_and_a_lightweight_tag_without_a_journals_key(world: World) -> None:
    rules = RULES.replace("release: published", "release: draft, kind: lightweight")
    repo, number = opened(world, rules, "2.0.0rc1")
    ran = repo.merge(number, env=repo.env(BASCULE_JOURNAL_KEY=None))
    assert ran.doc["status"] == "merged", ran.out
    ref = repo.call("GET", "/git/ref/tags/v2.0.0rc1", by=ADMIN)["object"]
    assert (ref["type"], ref["sha"]) == ("commit", ran.doc["merge"]["sha"])
    (made,) = releases(repo)
    assert (made["draft"], made["prerelease"]) == (True, True)


@pytest.mark.parametrize("annotated", [False, True])
def test_a_tag_that_is_there_blocks(world: World, annotated: bool) -> None:
    repo, number = opened(world)
    tag(repo, "v1.3.0", repo.head(), annotated=annotated)
    before = repo.untouched()
    ran = repo.merge(number)
    assert (ran.code, ran.doc["status"]) == (1, "blocked"), ran.out
    assert {"release/tag", "release/tag-free", "release/version-monotonic"} <= ran.rules("block")
    before.holds()
    # Tags of the clone are the repository's, not those of an earlier run.
    repo.call("DELETE", "/git/refs/tags/v1.3.0", by=ADMIN)
    assert repo.run("check", str(number), "--json").doc["status"] == "mergeable"


def test_what_somebody_else_merged_is_not_tagged(world: World) -> None:
    repo, number = opened(world)
    world.sim.control(
        "faults", {"action": "fail", "method": "PUT", "path": "/pulls/[0-9]+/merge$", "status": 405,
                   "body": {"message": "Pull Request is not mergeable"}},
    )  # fmt: skip
    assert repo.merge(number).doc["status"] == "failed"
    world.quiet()
    repo.call("PUT", f"/pulls/{number}/merge", {"merge_method": "squash"}, by=DEV)
    ran = repo.merge(number)
    assert (ran.doc["status"], ran.doc["alarms"], ran.doc["merge"]) == ("noop", [], None), ran.out
    assert sorted(tags(repo)) == ["v1.2.0"]


def test_a_forged_request_for_a_tag_is_not_believed(world: World) -> None:
    """Anybody with write access can append to the journal's ref; only what is signed says what is due."""
    repo, number = opened(world)
    other = keys.generate(keys.Role.WINDOW).to_text()
    killed(world, repo, number, "after", method="PUT", path="/pulls/[0-9]+/merge$")
    ran = repo.merge(number, env=repo.env(BASCULE_JOURNAL_KEY=other))
    assert ran.doc["status"] == "noop", ran.out
    assert sorted(tags(repo)) == ["v1.2.0"]


def test_two_plans_for_one_merge_block(world: World) -> None:
    both = '[pyproject.toml, CHANGELOG.md, "src/**"]'
    other = RULES.replace(both, "[CHANGELOG.md]")
    repo = world.repo(
        rulepack=RULES.replace(both, "[pyproject.toml]"), files={**FIRST, ".github/rulepack/log.yml": other}
    )
    ran = repo.run("check", str(repo.pull(release("1.3.0"))), "--json")
    assert ran.doc["status"] == "blocked", ran.out
    assert ran.rules("block") == {"method"}


def test_commits_since_the_last_tag_decide_the_step(world: World) -> None:
    rules = RULES + "examples: []\n"
    rules = rules.replace("rules: [", "rules: [{id: step, use: release/version-level}, ")
    repo = world.repo(rulepack=rules, files=FIRST)
    tag(repo, "v1.2.0", repo.head())
    repo.commit("main", {"src/shop.py": "a = 1\n"}, by=ADMIN, message="feat: a thing")
    minor = repo.pull(release("1.3.0"), head="minor")
    patch = repo.pull(release("1.2.1"), head="patch")
    ran = repo.run("check", str(patch), "--json")
    assert ran.rules("block") == {"release/version-level"}, ran.out
    (check,) = [c for c in ran.checks() if c["status"] == "block"]
    assert "'feat: a thing' asks for a minor step" in check["found"]
    assert repo.run("check", str(minor), "--json").doc["status"] == "mergeable"


def test_the_journal_keeps_no_contents_but_the_releases_text(world: World) -> None:
    repo, number = opened(world)
    merged(repo, number)
    _, entries = repo.audit()
    told = json.dumps(entries)
    assert "[project]" not in told
    assert told.count("A thing") == 1  # the release's text, so that a later run can make it
