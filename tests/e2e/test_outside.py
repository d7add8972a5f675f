"""Tokens, addresses, networks and servers as they come: an exit code that says which it was, and never a traceback."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from tests.e2e.kit import ADMIN, BOT, JOURNAL_KEY, TOKENS, World, pack

PATCH_BACK = {"method": "PATCH", "path": "/protection/", "nth": 2, "times": 0}


def test_an_observer_alone_can_look_and_not_touch(world: World) -> None:
    repo = world.repo()
    number = repo.pull()
    repo.reviews()
    before = repo.untouched()
    alone = repo.env(BASCULE_MERGER_TOKEN=None, BASCULE_KEEPER_TOKEN=None, BASCULE_JOURNAL_KEY=None)
    checked = repo.run("check", str(number), "--json", env=alone)
    # Protection cannot be read without Administration: read; GitHub's own word is that something is missing.
    assert (checked.code, checked.doc["status"]) == (1, "blocked")
    assert checked.rules() == {"protection"}
    assert "BASCULE_KEEPER_TOKEN" in next(c["fix"] for c in checked.checks() if c["rule"] == "protection")
    assert not checked.writes()
    ran = repo.merge(number, env=alone)
    assert ran.code == 1
    assert not ran.writes()
    before.holds()


def test_an_observer_alone_on_a_branch_without_protection(world: World) -> None:
    repo = world.repo()
    number = repo.pull()
    alone = repo.env(BASCULE_MERGER_TOKEN=None, BASCULE_KEEPER_TOKEN=None, BASCULE_JOURNAL_KEY=None)
    checked = repo.run("check", str(number), "--json", env=alone)
    assert (checked.code, checked.doc["status"]) == (0, "mergeable"), checked.out
    before = repo.untouched()
    ran = repo.merge(number, env=alone)
    assert ran.code == 2, ran.out + ran.err
    assert "BASCULE_MERGER_TOKEN" in ran.err
    assert ran.doc["error"]["exit_code"] == 2
    before.holds()


def test_a_bot_without_a_keeper_merges_what_needs_no_relaxation(world: World) -> None:
    repo = world.repo()
    number = repo.pull()
    env = repo.env(BASCULE_KEEPER_TOKEN=None, BASCULE_JOURNAL_KEY=None)
    ran = repo.merge(number, env=env)
    assert (ran.code, ran.doc["status"], ran.doc["window"]) == (0, "merged", None), ran.out
    assert repo.stored_pull(number)["merged"]


def test_without_a_journal_key_nothing_is_relaxed(world: World) -> None:
    repo = world.repo()
    number = repo.pull()
    repo.reviews()
    before = repo.untouched()
    ran = repo.merge(number, env=repo.env(BASCULE_JOURNAL_KEY=None))
    assert ran.code == 2, ran.out + ran.err
    assert "bascule keygen" in ran.err
    assert not [w for w in ran.writes() if "protection" in w or w.endswith("/merge")]
    before.holds()


def test_a_key_that_may_only_sign_outcomes_relaxes_nothing(world: World) -> None:
    from bascule.window import keys

    repo = world.repo()
    number = repo.pull()
    repo.reviews()
    before = repo.untouched()
    outcome = keys.generate(keys.Role.OUTCOME).to_text()
    ran = repo.merge(number, env=repo.env(BASCULE_JOURNAL_KEY=outcome))
    assert ran.code in {2, 3}, ran.out + ran.err
    assert outcome.rpartition(":")[2] not in ran.out + ran.err
    assert not [w for w in ran.writes() if "protection" in w or w.endswith("/merge")]
    before.holds()


def test_no_token_at_all(world: World) -> None:
    repo = world.repo()
    names = ("BASCULE_OBSERVER_TOKEN", "BASCULE_MERGER_TOKEN", "BASCULE_KEEPER_TOKEN")
    env = repo.env(**dict.fromkeys(names))
    ran = repo.run("check", "1", "--json", env=env)
    assert ran.code == 2
    assert "GH_TOKEN" in ran.err
    assert ran.doc["error"]["hint"]
    assert ran.calls == []


@pytest.mark.parametrize("identity", ["OBSERVER", "MERGER", "KEEPER"])
def test_a_wrong_token_is_named_and_never_shown(world: World, identity: str) -> None:
    repo = world.repo()
    number = repo.pull()
    repo.reviews()
    before = repo.untouched()
    name, wrong = f"BASCULE_{identity}_TOKEN", "sim-secret-wrong-3f9a"
    ran = repo.merge(number, env=repo.env(**{name: wrong}))
    assert ran.code in {1, 3}, ran.out + ran.err
    assert "401" in ran.out + ran.err or "Bad credentials" in ran.out + ran.err
    assert wrong not in ran.out + ran.err
    assert not [w for w in ran.writes() if "protection" in w or w.endswith("/merge")]
    before.holds()


def test_a_token_with_a_line_break_is_refused_before_anything_is_sent(world: World) -> None:
    repo = world.repo()
    ran = repo.run("check", "1", env=repo.env(BASCULE_OBSERVER_TOKEN="sim-secret bad"))
    assert ran.code == 2
    assert "BASCULE_OBSERVER_TOKEN" in ran.err
    assert "sim-secret" not in ran.err
    assert ran.calls == []


def test_inside_actions_a_general_token_never_keeps(world: World) -> None:
    repo = world.repo()
    number = repo.pull()
    repo.reviews()
    before = repo.untouched()
    env = repo.env(shared=True, GITHUB_ACTIONS="true")
    env["GITHUB_TOKEN"] = env.pop("GH_TOKEN")
    ran = repo.merge(number, env=env)
    assert ran.code == 1, ran.out + ran.err
    assert ran.rules() == {"protection"}
    assert not [w for w in ran.writes() if "protection" in w or w.endswith("/merge")]
    before.holds()


def test_no_network(world: World) -> None:
    repo = world.repo()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody answers here
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
        ran = repo.run("check", "1", "--json", env=repo.env(BASCULE_API_URL=address))
    assert ran.code == 3
    assert ran.doc["error"]["exit_code"] == 3
    assert ran.doc["error"]["hint"]


@pytest.mark.parametrize(
    ("args", "code", "found"),
    [
        (("check", "4711"), 3, "4711"),
        (("check", "no-such-branch"), 2, "no-such-branch"),
        (("check", "1", "-R", "acme/nowhere"), 3, "acme/nowhere"),
        (("check", "1", "-R", "nonsense"), 2, "nonsense"),
        (("check", "1", "2"), 2, "unexpected"),
        (("merge", "--no-such-option"), 2, "no-such-option"),
        (("restore",), 2, "--expired"),
        (("restore", "--all"), 2, "--force"),
    ],
    ids=lambda v: " ".join(v) if isinstance(v, tuple) else None,
)
def test_what_a_person_mistypes(world: World, args: tuple[str, ...], code: int, found: str) -> None:
    repo = world.repo()
    ran = repo.bascule(*args, *(() if "-R" in args else ("-R", repo.full)))
    assert ran.code in {code, 2}, ran.out + ran.err
    assert found in ran.err + ran.out
    assert not ran.writes()


def test_plain_http_to_another_machine_is_refused(world: World) -> None:
    repo = world.repo()
    ran = repo.run("check", "1", env=repo.env(BASCULE_API_URL="http://github.example.com"))
    assert ran.code == 2
    assert "http" in ran.err
    assert ran.calls == []


def test_github_enterprise_has_its_doors_elsewhere(world: World) -> None:
    repo = world.repo()
    number = repo.pull()
    before = repo.reviews()
    ran = repo.merge(number, env=repo.env(BASCULE_API_URL=f"{world.url}/api/v3"))
    assert (ran.code, ran.doc["status"]) == (0, "merged"), ran.out + ran.err
    assert ran.doc["window"]["restored"]
    assert repo.stored_pull(number)["merged"]
    assert repo.protection() == before


def test_a_renamed_repository_answers_to_its_old_name(world: World) -> None:
    repo = world.repo()
    number = repo.pull()
    before = repo.reviews()
    old = repo.full
    repo.full = repo.call("PATCH", "", {"name": f"{old.partition('/')[2]}-renamed"})["full_name"]
    ran = repo.bascule("merge", str(number), "--attended", "--json", "-R", old)
    assert (ran.code, ran.doc["status"]) == (0, "merged"), ran.out + ran.err
    assert ran.doc["change"]["repository"] == repo.full
    assert repo.stored_pull(number)["merged"]
    assert repo.protection() == before.replace(old, repo.full)


def test_a_rename_in_the_middle_of_the_window(world: World) -> None:
    from tests.e2e.test_merge import MERGE, racing

    repo = world.repo()
    number = repo.pull()
    before = repo.reviews()
    old = repo.full

    def rename() -> None:
        repo.full = repo.call("PATCH", "", {"name": f"{old.partition('/')[2]}-moved"})["full_name"]

    ran = racing(world, repo, number, rename, **MERGE)
    assert ran.code in {0, 3, 8}, ran.out + ran.err
    # GitHub answers a write to the old name with a redirect that many clients take for success.
    assert repo.protection() == before.replace(old, repo.full)
    assert (ran.doc["window"]["restored"], ran.doc["window"]["snapshot_sha256"]) == (
        True,
        ran.doc["window"]["live_sha256"],
    )


def test_the_repository_of_a_checkout(world: World, tmp_path: Path) -> None:
    repo = world.repo()
    number = repo.pull()
    repo.reviews()
    clone = tmp_path / "clone"
    address = f"{world.url.replace('://', f'://x:{TOKENS[BOT]}@')}/{repo.full}.git"
    env = {**repo.env(), "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(["git", "clone", "-q", "-b", "topic", address, str(clone)], env=env, check=True, capture_output=True)
    ran = repo.bascule("check", "--json", cwd=clone)
    assert (ran.code, ran.doc["change"]["number"]) == (0, number), ran.out + ran.err


def test_a_restore_that_github_refuses_is_exit_4_and_loud(world: World) -> None:
    repo = world.repo()
    number = repo.pull()
    protected = repo.reviews()
    # Longer than a run may try: it gives up at once and says what is loose.
    fault = {"action": "rate_limit", "retry_after": 3600, **PATCH_BACK}
    world.sim.control("faults", fault)
    ran = repo.merge(number)
    assert ran.code == 4, ran.out + ran.err
    doc = ran.doc
    assert (doc["status"], doc["exit_code"], doc["window"]["restored"]) == ("merged", 4, False)
    assert repo.protection() != protected
    assert BOT in repo.protection()
    assert "bypass_pull_request_allowances" in json.dumps(doc["details"]["by_hand"])
    assert "ALARM" in ran.err
    text = " ".join([*doc["alarms"], doc["next"], doc["summary"]])
    assert f"bascule restore --run {doc['run']}" in doc["next"]
    assert "NOT restored" in text
    # `--exit-zero` silences what is only blocked, never this.
    audit, entries = repo.audit()
    assert [e["kind"] for e in entries] == ["open"]

    # Its owner may restore at once, with the secret it left in the job's folder.
    world.sim.control("faults", method="DELETE")
    back = repo.run("restore", "--run", doc["run"], "--json")
    assert (back.code, back.doc["restored"]) == (0, True), back.out + back.err
    assert repo.protection() == protected
    audit, entries = repo.audit()
    assert (audit.code, [e["kind"] for e in entries]) == (0, ["open", "open", "restored"])


def test_the_commands_for_a_restore_by_hand_restore(world: World) -> None:
    repo = world.repo()
    number = repo.pull()
    protected = repo.reviews()
    world.sim.control("faults", {"action": "rate_limit", "retry_after": 3600, **PATCH_BACK})
    ran = repo.run("merge", str(number), "--attended", "--json", "--exit-zero")
    assert ran.code == 4
    world.sim.control("faults", method="DELETE")
    # What `gh api` would send, read back out of the commands themselves.
    for command in ran.doc["details"]["by_hand"]:
        body, _, gh = command.rpartition(" | ")
        words = gh.split()
        assert words[:3] == ["gh", "api", "-X"]
        data = json.loads(body.removeprefix("echo '").removesuffix("'")) if body else None
        world.call(words[3], f"/{words[4]}", data)
    assert repo.protection() == protected


def test_somebody_elses_open_window_is_not_restored_before_its_deadline(world: World) -> None:
    repo = world.repo()
    number = repo.pull()
    protected = repo.reviews()
    world.sim.control("faults", {"action": "rate_limit", "retry_after": 3600, **PATCH_BACK})
    assert repo.merge(number).code == 4
    world.sim.control("faults", method="DELETE")
    stranger = repo.env(HOME=str(world.folder / "stranger"))
    run = repo.audit()[1][0]["run"]
    loose = repo.protection()
    ran = repo.run("restore", "--run", run, env=stranger)
    assert ran.code == 8, ran.out + ran.err
    assert repo.protection() == loose
    ran = repo.run("restore", "--expired", env=stranger)
    assert ran.code == 0
    assert f"run {run} may be at work" in ran.out
    assert repo.protection() == loose
    ran = repo.run("restore", "--all", "--force", "--json", env=stranger)
    assert (ran.code, ran.doc["restored"]) == (0, True), ran.out + ran.err
    assert repo.protection() == protected


def test_a_server_that_answers_nonsense(world: World) -> None:
    repo = world.repo()
    number = repo.pull()
    repo.reviews()
    before = repo.untouched()
    for fault in (
        {"action": "fail", "operation": "Snapshot", "status": 200, "body": "<html>maintenance</html>", "times": 0},
        {"action": "fail", "path": "/branches/main/protection$", "status": 200, "body": [], "times": 0},
        {"action": "fail", "operation": "PullState", "status": 403, "body": {"message": "no"}, "times": 0},
    ):
        world.sim.control("faults", fault)
        ran = repo.merge(number)
        assert ran.code == 3, (fault, ran.out, ran.err)
        world.sim.control("faults", method="DELETE")
        before.holds()


def test_a_rate_limit_that_is_over_soon_is_waited_out_and_a_long_one_is_told(world: World) -> None:
    repo = world.repo()
    number = repo.pull()
    before = repo.reviews()
    world.sim.control("faults", {"action": "rate_limit", "retry_after": 3600, "operation": "Snapshot"})
    ran = repo.merge(number)
    assert ran.code in {3, 8}, ran.out + ran.err
    assert not ran.writes()
    world.sim.control("faults", {"action": "rate_limit", "retry_after": 1, "operation": "Snapshot"})
    ran = repo.merge(number)
    assert ran.doc["status"] == "merged", ran.out + ran.err
    assert repo.protection() == before


def test_a_wildcard_rule_is_never_written_to(world: World) -> None:
    repo = world.repo()
    number = repo.pull()
    node = repo.call("GET")["node_id"]
    world.graphql(
        "mutation($id: ID!) { createBranchProtectionRule(input: {repositoryId: $id, pattern: \"ma*\", "
        "requiresApprovingReviews: true, requiredApprovingReviewCount: 1, isAdminEnforced: true}) "
        "{ clientMutationId } }",
        id=node,
    )  # fmt: skip
    before = repo.untouched()
    ran = repo.merge(number)
    assert (ran.code, ran.doc["status"]) == (1, "blocked"), ran.out
    assert not [w for w in ran.writes() if "protection" in w or w.endswith("/merge")]
    before.holds()


def test_the_script_of_its_own_loads_no_plugin(world: World) -> None:
    repo = world.repo()
    number = repo.pull()
    protected = repo.reviews()
    world.sim.control("faults", {"action": "rate_limit", "retry_after": 3600, **PATCH_BACK})
    run = repo.merge(number).doc["run"]
    world.sim.control("faults", method="DELETE")
    script = Path(sys.executable).with_name("bascule-restore")
    done = subprocess.run(
        [str(script), "--run", run, "-R", repo.full], env=repo.env(PYTHONVERBOSE="1"), capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert repo.protection() == protected
    assert "import 'bascule.window" in done.stderr
    for module in ("pluggy", "bascule.host", "bascule.scenarios", "bascule_terraform"):
        assert f"import '{module}" not in done.stderr


def test_an_unsupported_app_token_is_said(world: World) -> None:
    repo = world.repo(rulepack=pack())
    env = repo.env(BASCULE_KEEPER_TOKEN=None, BASCULE_KEEPER_APP_ID="7", BASCULE_KEEPER_APP_KEY="sim-secret-app-key")
    number = repo.pull()
    repo.reviews()
    before = repo.untouched()
    ran = repo.merge(number, env=env)
    assert ran.code in {1, 2}, ran.out + ran.err
    assert "sim-secret-app-key" not in ran.out + ran.err
    before.holds()


def test_two_administrators_are_two_people(world: World) -> None:
    # The journal's key is what makes an entry: an administrator's token alone forges nothing.
    repo = world.repo()
    number = repo.pull()
    repo.reviews()
    assert repo.merge(number).doc["status"] == "merged"
    tip = repo.state()["refs"]["refs/bascule/journal"]
    tree = repo.call("GET", f"/git/commits/{tip}")["tree"]["sha"]
    forged = repo.call(
        "POST", "/git/commits", {"message": "open r-evil\n\n{}", "tree": tree, "parents": [tip]}, by=ADMIN
    )
    repo.call("PATCH", "/git/refs/bascule/journal", {"sha": forged["sha"]}, by=ADMIN)
    audit, entries = repo.audit()
    assert audit.code != 0
    assert [e["authentic"] for e in entries] == [True, True, False]
    second = repo.pull({"docs/c.md": "x\n"}, head="second")
    before = repo.untouched()
    ran = repo.merge(second)
    assert (ran.code, ran.doc["status"]) == (3, "failed"), ran.out
    assert ran.doc["alarms"]
    before.holds()
    assert JOURNAL_KEY not in ran.out
