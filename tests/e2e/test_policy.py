"""Which rulepacks hold, who has to ask, and what happens without any."""

from __future__ import annotations

import pytest
from tests.e2e.kit import ADMIN, BOT, DEV, PACK, TOKENS, Ran, Repo, World, pack

CODE = ".github/rulepack/code.yml"


def nothing_done(ran: Ran) -> None:
    """Fail if protection, the pull request or a branch was written."""
    for write in ran.writes():
        assert "protection" not in write, write
        assert not write.endswith("/merge"), write


def in_actions(repo: Repo, **changes: str | None) -> dict[str, str]:
    """Return the environment of a job in Actions, where nobody sits at the keyboard."""
    return repo.env(GITHUB_ACTIONS="true", **changes)


# -- modes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["observe", "propose"])
def test_a_mode_that_only_watches_merges_nothing(world: World, mode: str) -> None:
    repo = world.repo(rulepack=pack(mode=mode))
    number = repo.pull()
    repo.reviews()
    before = repo.untouched()
    ran = repo.merge(number)
    assert (ran.code, ran.doc["status"]) == (0, "mergeable"), ran.out
    assert mode in ran.doc["summary"]
    assert "mode: guarded" in ran.doc["next"]
    nothing_done(ran)
    before.holds()
    _, entries = repo.audit()
    assert [(e["kind"], e["body"]["status"]) for e in entries] == [("outcome", "mergeable")]

    # What stands in the way is said on the pull request by who proposes, and not by who only observes.
    repo.label(number, "hold")
    ran = repo.merge(number)
    assert (ran.code, ran.doc["status"]) == (1, "blocked")
    assert bool(repo.comments(number)) is (mode == "propose")


def test_a_pack_that_is_off_judges_nothing(world: World) -> None:
    repo = world.repo(rulepack=pack(mode="off"))
    number = repo.pull()
    before = repo.untouched()
    ran = repo.merge(number)
    assert (ran.code, ran.doc["status"]) == (0, "noop")
    assert not ran.writes()
    before.holds()


def test_guarded_waits_until_somebody_with_write_access_asks(world: World) -> None:
    repo = world.repo(rulepack=pack(mode="guarded", labels='{require: ["change:safe"]}'))
    number = repo.pull(labels=("change:safe",))
    protected = repo.reviews()
    before = repo.untouched()
    env = in_actions(repo)
    ran = repo.merge(number, env=env)
    assert (ran.code, ran.doc["status"]) == (8, "waiting"), ran.out
    assert ran.rules("wait") == {"mode"}
    nothing_done(ran)
    before.holds()

    # Triage may label, and does not thereby ask.
    repo.call("PUT", "/collaborators/octo-reader", {"permission": "triage"})
    repo.label(number, "auto-relax-merge", by="octo-reader")
    ran = repo.merge(number, env=env)
    assert (ran.code, ran.rules("wait")) == (8, {"mode"}), ran.out
    assert not repo.stored_pull(number)["merged"]

    repo.call("DELETE", f"/issues/{number}/labels/auto-relax-merge", by=DEV)
    repo.label(number, "auto-relax-merge", by=DEV)
    ran = repo.merge(number, env=env)
    assert ran.doc["status"] == "merged", ran.out
    assert repo.protection() == protected


def test_guarded_takes_a_typed_command_as_asking(world: World) -> None:
    repo = world.repo(rulepack=pack(mode="guarded", labels="{}"))
    number = repo.pull(labels=())
    protected = repo.reviews()
    ran = repo.merge(number)
    assert ran.doc["status"] == "merged", ran.out
    assert repo.protection() == protected


# -- several packs, none, broken ones ---------------------------------------------------------------------------------


# A plugin's rule sees the whole change, so one that says `only` fits a single pack.
NO_SECRETS = '[{id: no-secrets, use: allowlist/paths, deny: ["**/*.pem"]}]'
DOCS = pack(rules=NO_SECRETS)


def code_pack(**changes: str) -> str:
    """Return a pack for the program's files."""
    return pack(match='{files: ["src/**"]}', rules=NO_SECRETS, **changes)


BOTH = {"docs/b.md": "a page\n", "src/new.py": "x = 1\n"}


def test_two_packs_judge_each_their_files_and_both_must_allow(world: World) -> None:
    repo = world.repo(rulepack=DOCS, files={CODE: code_pack()})
    number = repo.pull(BOTH)
    protected = repo.reviews()
    ran = repo.merge(number)
    assert ran.doc["status"] == "merged", ran.out
    assert {p["name"] for p in ran.doc["packs"]} == {"docs", "code"}
    assert repo.protection() == protected

    strict = world.repo(rulepack=DOCS, files={CODE: code_pack(labels="{require: [reviewed-code]}")})
    number = strict.pull(BOTH)
    strict.reviews()
    before = strict.untouched()
    ran = strict.merge(number)
    assert (ran.code, ran.doc["status"], ran.rules()) == (1, "blocked", {"labels"})
    before.holds()


def test_permissions_of_two_packs_intersect(world: World) -> None:
    repo = world.repo(rulepack=DOCS, files={CODE: code_pack(relax="checks")})
    number = repo.pull(BOTH)
    repo.reviews()
    before = repo.untouched()
    ran = repo.merge(number)
    assert (ran.code, ran.doc["status"]) == (8, "waiting"), ran.out
    nothing_done(ran)
    before.holds()


def test_the_lowest_mode_of_two_packs_holds(world: World) -> None:
    repo = world.repo(rulepack=DOCS, files={CODE: code_pack(mode="observe")})
    number = repo.pull(BOTH)
    repo.reviews()
    before = repo.untouched()
    ran = repo.merge(number)
    assert (ran.code, ran.doc["status"]) == (0, "mergeable")
    nothing_done(ran)
    before.holds()


def test_two_merge_methods_block(world: World) -> None:
    repo = world.repo(
        rulepack=pack(merge="{method: squash}", rules=NO_SECRETS),
        files={CODE: code_pack(merge="{method: merge}")},
    )
    number = repo.pull(BOTH)
    repo.reviews()
    before = repo.untouched()
    ran = repo.merge(number)
    assert (ran.code, ran.doc["status"], ran.rules()) == (1, "blocked", {"rulepack"})
    assert any("squash" in c["found"] and "merge" in c["found"] for c in ran.checks())
    before.holds()


def test_a_file_that_no_pack_claims_blocks(world: World) -> None:
    repo = world.repo()
    number = repo.pull(BOTH)
    repo.reviews()
    before = repo.untouched()
    ran = repo.merge(number)
    assert (ran.code, ran.doc["status"]) == (1, "blocked")
    unclaimed = next(c for c in ran.checks() if c["rule"] == "rulepack")
    assert unclaimed["paths"] == ["src/new.py"]
    nothing_done(ran)
    before.holds()


def test_no_pack_at_all_is_nothing_to_do(world: World) -> None:
    repo = world.repo(rulepack="")
    number = repo.pull()
    before = repo.untouched()
    ran = repo.merge(number)
    assert (ran.code, ran.doc["status"], ran.doc["verdict"]) == (0, "noop", None)
    assert "rulepack" in ran.doc["next"]
    assert not ran.writes()
    before.holds()


def test_no_pack_claims_any_file(world: World) -> None:
    repo = world.repo()
    number = repo.pull({"src/new.py": "x = 1\n"})
    before = repo.untouched()
    ran = repo.merge(number)
    assert (ran.code, ran.doc["status"]) == (0, "noop")
    assert not ran.writes()
    before.holds()


def test_a_pack_from_the_pull_request_itself_counts_for_nothing(world: World) -> None:
    repo = world.repo(rulepack=pack(match='{files: ["docs/**", ".github/**"]}', rules="[]", labels="{}"))
    number = repo.pull({PACK: pack(match='{files: ["**"]}'), "docs/b.md": "x\n"})
    repo.reviews()
    before = repo.untouched()
    ran = repo.merge(number)
    assert (ran.code, ran.doc["status"]) == (1, "blocked")
    assert "protected_files" in ran.rules()
    before.holds()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("version: 1\nscenario: allowlist\nmatch: {files: [docs/**]\n", ":"),
        ("version: 1\nscenario: allowlist\nmatch: {files: ['docs/**']}\nrelaxx: {allow: [reviews]}\n", "relaxx"),
        ("version: 1\nscenario: allowlist\nmode: yes\nmatch: {files: ['docs/**']}\n", "propose"),
    ],
    ids=["not YAML", "unknown key", "wrong word"],
)
def test_a_broken_pack_blocks_with_its_place(world: World, text: str, found: str) -> None:
    repo = world.repo(rulepack=text)
    number = repo.pull()
    repo.reviews()
    before = repo.untouched()
    ran = repo.merge(number)
    assert (ran.code, ran.doc["status"]) == (1, "blocked"), ran.out
    broken = [c for c in ran.checks() if c["rule"] == "rulepack"]
    assert broken
    assert all(c["where"].startswith(f"{PACK}:") for c in broken)
    assert any(found in c["found"] + c["where"] for c in broken)
    assert all(c["fix"] for c in broken)
    nothing_done(ran)
    before.holds()


def test_a_missing_plugin_blocks_and_says_how_to_install_it(world: World) -> None:
    repo = world.repo(rulepack=pack(scenario="tofu", rules="[]"))
    number = repo.pull()
    repo.reviews()
    before = repo.untouched()
    ran = repo.merge(number)
    assert (ran.code, ran.doc["status"]) == (1, "blocked"), ran.out
    said = [c for c in ran.checks() if c["status"] != "allow"]
    assert any("tofu" in c["found"] + c["fix"] for c in said)
    assert any("pip install" in c["fix"] for c in said), said
    nothing_done(ran)
    before.holds()


# -- what is said, and where ------------------------------------------------------------------------------------------


def test_one_comment_is_edited_and_never_written_twice(world: World) -> None:
    repo = world.repo()
    number = repo.pull(labels=())
    repo.reviews()
    assert repo.merge(number).code == 1
    first = repo.comments(number)
    assert len(first) == 1
    assert first[0]["user"]["login"] == BOT
    assert "labels" in first[0]["body"]
    repo.label(number, "hold")
    repo.merge(number)
    second = repo.comments(number)
    assert [c["id"] for c in second] == [first[0]["id"]]
    assert "hold" in second[0]["body"]
    statuses = repo.call("GET", f"/commits/{repo.head('topic')}/statuses", by=ADMIN)
    assert {(s["context"], s["state"]) for s in statuses} == {("bascule", "failure")}


def test_somebody_elses_comment_with_our_mark_is_not_edited(world: World) -> None:
    repo = world.repo()
    number = repo.pull(labels=())
    repo.reviews()
    forged = repo.comment(number, "<!-- bascule:sticky -->\nMerged, all is well.")
    assert repo.merge(number).code == 1
    comments = repo.comments(number)
    assert len(comments) == 2
    assert next(c for c in comments if c["id"] == forged["id"])["body"] == forged["body"]


def test_a_plain_allow_is_quiet(world: World) -> None:
    repo = world.repo()
    number = repo.pull()
    repo.review(number, by=ADMIN)
    repo.reviews()
    head = repo.head("topic")
    assert repo.merge(number).doc["status"] == "merged"
    assert repo.comments(number) == []
    statuses = repo.call("GET", f"/commits/{head}/statuses")
    assert [s["state"] for s in statuses] == ["success"]
    assert TOKENS[BOT] not in str(statuses)
