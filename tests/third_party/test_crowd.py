"""Real wheels in an environment of their own: a sound plugin of somebody else's, amid everything that can be wrong."""

from __future__ import annotations

import json
import subprocess
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.kit import TOKENS, Ran, Repo, World, spotless
from tests.support.environments import Environment

PACK = """\
version: 1
scenario: migrations
extends: [migrations/default]
mode: auto
relax: {allow: [reviews]}
loosen: the second pair of eyes is the scenario
"""
FIRST = {"migrations/1_first.sql": "CREATE TABLE a (id int);\n"}
ADDS = {"migrations/2_next.sql": "ALTER TABLE a ADD COLUMN note text;\n"}
DROPS = {"migrations/2_next.sql": "DROP TABLE a;\n"}
PROTECTED: dict[str, Any] = {"required_pull_request_reviews": {"required_approving_review_count": 1}}


def asking(plugin: str) -> str:
    """A pack of a scenario of ``plugin``'s own, that lets everything else pass."""
    keys = "mode: auto\nmatch: {files: ['migrations/*.sql']}\nrelax: {allow: [reviews]}\n"
    return f"version: 1\nscenario: {plugin}\n{keys}"


def run(crowd: Environment, repo: Repo, *args: str, env: Mapping[str, str] | None = None) -> Ran:
    """Run ``bascule ARGS -R OWNER/NAME`` out of the environment, with all three tokens."""
    repo.world.sim.control("requests", method="DELETE")
    done = crowd.run("bascule", *args, "-R", repo.full, cwd=repo.world.folder, env={**_env(repo), **(env or {})})
    ran = Ran(code=done.returncode, out=done.stdout, err=done.stderr, calls=repo.world.log())
    spotless(ran)
    return ran


def _env(repo: Repo) -> dict[str, str]:
    return {k: v for k, v in repo.env().items() if k not in {"PATH", "HOME", "BASCULE_PLUGINS"}}


def seen(crowd: Environment) -> str:
    """Everything that the spy has ever found."""
    (file,) = crowd.folder.glob("venv/lib/python*/site-packages/bascule_spy/seen.txt")
    return file.read_text()


# -- one beside the core ----------------------------------------------------------------------------------------------


def test_bascule_and_one_plugin_work_alone(alone: Environment, tmp_path: Path) -> None:
    done = alone.run("bascule", "plugins", "list", "--json", cwd=tmp_path)
    rows = {r["name"]: r for r in json.loads(done.stdout)["plugins"]}
    assert {n: (r["status"], r["distribution"]) for n, r in rows.items()} == {
        "allowlist": ("ok", "bascule"), "cel": ("ok", "bascule"), "helm": ("ok", "bascule-helm"),
    }  # fmt: skip
    shown = alone.run("bascule", "plugins", "list", cwd=tmp_path)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout.splitlines()[-1] == "3 plugins."
    for module in ("bascule_terraform", "pytest", "starlette", "hatchling"):
        absent = alone.run("python", "-c", f"import {module}", cwd=tmp_path)
        assert f"No module named '{module}'" in absent.stderr, "not an environment of its own"


def test_the_wheels_command_line_starts_without_its_plugins(alone: Environment, tmp_path: Path) -> None:
    assert alone.run("bascule", "--version", cwd=tmp_path).stdout.startswith("bascule 0.")
    assert alone.run("bascule-restore", "--help", cwd=tmp_path).returncode == 0


def test_without_its_extra_the_simulator_says_what_to_install(alone: Environment, tmp_path: Path) -> None:
    done = alone.run("bascule", "sim", "--root", str(tmp_path), cwd=tmp_path)
    assert done.returncode == 2
    assert "pip install 'bascule[sim]'" in done.stderr
    assert "Traceback" not in done.stderr


# -- rows -------------------------------------------------------------------------------------------------------------

REASONS = {
    "torn": "No module named 'a_module_that_nobody_has'",
    "old": "was written for hook API 7",
    "wrap": "wraps the hook `gate`",
    "twin-one": "`twin` is offered by `bascule-twin-one 1.0` and `bascule-twin-two 1.0`",
    "twin-two": "`twin` is offered by `bascule-twin-one 1.0` and `bascule-twin-two 1.0`",
    "needy": "`a-distribution-that-nobody-has` is not installed",
    "quits": "ended with exit code 0 during load",
}


def test_what_cannot_be_used_is_a_row_and_the_others_live_on(crowd: Environment, tmp_path: Path) -> None:
    """And none of them finds a token in what the command was started with, though one looks."""
    bait = f"sim-secret-bait-{uuid.uuid4().hex}"
    env = {"BASCULE_KEEPER_TOKEN": TOKENS["octo-admin"], "GH_TOKEN": TOKENS["octo-dev"], "BAIT": bait}
    done = crowd.run("bascule", "plugins", "list", "--json", cwd=tmp_path, env=env)
    assert done.returncode == 0, done.stderr
    rows = {r["name"]: r for r in json.loads(done.stdout)["plugins"]}
    quarantined = {name: row["reason"] for name, row in rows.items() if row["status"] != "ok"}
    assert quarantined.keys() == REASONS.keys()
    for name, reason in REASONS.items():
        assert reason in quarantined[name]
        assert rows[name]["fix"]
    assert {n for n, r in rows.items() if r["status"] == "ok"} == {
        "allowlist", "cel", "migrations", "hang", "gone", "forger", "loud", "spy", "clings",
    }  # fmt: skip
    found = seen(crowd)
    assert bait in found, "the spy looks, and would have found them"
    assert not [name for name, token in TOKENS.items() if token in found]


def test_the_doctor_finds_the_same_and_says_how_to_mend_it(crowd: Environment, tmp_path: Path) -> None:
    sick = crowd.run("bascule", "plugins", "doctor", "needy", "--json", cwd=tmp_path)
    assert sick.returncode == 2
    (one,) = json.loads(sick.stdout)["plugins"]
    assert "pip install 'a-distribution-that-nobody-has>=2'" in one["findings"][0]["fix"]


def test_the_sound_ones_templates_are_tested_and_replayed(crowd: Environment, tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    git = ["git", "-c", "user.name=Octo", "-c", "user.email=octo@example.com", "-C", str(shop)]
    (shop / "migrations").mkdir(parents=True)
    subprocess.run(["git", "init", "-q", "-b", "main", str(shop)], check=True)
    for title, files in (
        ("First", FIRST),
        ("Add a note", ADDS),
        ("Drop it", {"migrations/3_gone.sql": "DROP TABLE a;"}),
    ):
        for path, text in files.items():
            (shop / path).write_text(text)
        subprocess.run([*git, "add", "."], check=True)
        subprocess.run([*git, "commit", "-q", "-m", title], check=True)
    (shop / "rulepack").mkdir()
    pack = shop / "rulepack" / "sql.yml"
    pack.write_text(PACK + "examples:\n  - {name: a page, change: {files: [docs/a.md]}, expect: block}\n")
    tested = crowd.run("bascule", "rulepack", "test", cwd=shop)
    assert (tested.returncode, tested.stdout) == (0, "1 example: 1 as expected\n"), tested.stdout + tested.stderr
    played = crowd.run("bascule", "replay", ".", "--rulepack", "rulepack", "--json", cwd=shop)
    assert played.returncode == 0, played.stderr
    rows = {c["title"]: c for c in json.loads(played.stdout)["changes"]}
    assert {t: c["outcome"] for t, c in rows.items()} == {
        "First": "allowed", "Add a note": "allowed", "Drop it": "blocked",
    }  # fmt: skip


# -- through a real merge ---------------------------------------------------------------------------------------------


def test_amid_all_of_them_a_change_is_merged_and_protection_is_as_it_was(world: World, crowd: Environment) -> None:
    repo = world.repo(rulepack=PACK, files=FIRST)
    before = repo.protect(**PROTECTED)
    number = repo.pull(ADDS)
    ran = run(crowd, repo, "merge", str(number), "--attended", "--json")
    assert (ran.code, ran.doc["status"]) == (0, "merged"), ran.out
    assert ran.doc["window"]["relaxations"], "protection stood in the way"
    assert repo.protection() == before
    assert repo.stored_pull(number)["merged"]
    assert {c["source"] for c in ran.checks() if c["rule"].startswith("migrations/")} == {"bascule-migrations 0.1.0"}
    assert "looked" in seen(crowd)
    assert not [name for name, token in TOKENS.items() if token in seen(crowd)]


BAD = {
    "hang": "gate did not answer within 2 s and was ended",
    "gone": "its process ended with exit code 0 during gate",
    "forger": "answered as `migrations/additive`",
    "loud": "printed more than",
}


def test_packs_that_ask_bad_ones_block_and_nothing_is_loosened(world: World, crowd: Environment) -> None:
    """One change, judged by the sound plugin, which refuses it, and by four that fail or claim that it did not."""
    packs = {f".github/rulepack/{name}.yml": asking(name) for name in BAD}
    repo = world.repo(rulepack=PACK, files={**FIRST, **packs})
    repo.protect(**PROTECTED)
    number = repo.pull(DROPS)
    held = repo.untouched()
    ran = run(crowd, repo, "merge", str(number), "--attended", "--json")
    assert (ran.code, ran.doc["status"]) == (1, "blocked"), ran.out
    assert "migrations/additive" in ran.rules("block")
    assert not [c for c in ran.checks() if c["found"] == "forged"]
    for name, found in BAD.items():
        (check,) = [c for c in ran.checks() if c["rule"] == f"{name}/gate"]
        assert (check["status"], found in check["found"]) == ("error", True), check
        assert check["fix"]
    assert not [w for w in ran.writes() if "protection" in w]
    held.holds()


def test_packs_that_name_what_cannot_be_used_are_refused_with_the_command_that_mends_it(
    world: World, crowd: Environment, subtests: pytest.Subtests
) -> None:
    names = [*REASONS, "twin", "nowhere"]
    packs = {f".github/rulepack/{name}.yml": asking(name) for name in names}
    repo = world.repo(rulepack=PACK, files={**FIRST, **packs})
    before = repo.protect(**PROTECTED)
    number = repo.pull(ADDS)
    ran = run(crowd, repo, "merge", str(number), "--attended", "--json")
    assert ran.code in {1, 2}, ran.out
    said = json.dumps(ran.doc)
    for name in names:
        with subtests.test(name):
            assert f"{name}.yml" in said
            # Two distributions offer `twin`: either row says what to uninstall.
            words = {"nowhere": "pip install bascule-nowhere", "twin": "pip uninstall bascule-twin-one"}
            assert words.get(name, f"pip install --force-reinstall bascule-{name}") in said
    assert repo.protection() == before
    assert not repo.stored_pull(number)["merged"]


def test_a_plugin_that_never_comes_back_from_restore_delays_nothing(world: World, crowd: Environment) -> None:
    repo = world.repo(rulepack=asking("clings"), files=FIRST)
    before = repo.protect(**PROTECTED)
    number = repo.pull(ADDS)
    program = [str(crowd.python.parent / "bascule"), "merge", str(number), "--attended", "--json", "-R", repo.full]
    env = crowd.environ(world.folder, _env(repo))
    with subprocess.Popen(program, cwd=world.folder, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as runs:
        try:
            _until(lambda: repo.stored_pull(number)["merged"] and repo.protection() == before)
            # The plugin has 30 s for its hook; the restore is done while it still hangs.
            assert runs.poll() is None
        finally:
            runs.kill()


def _until(true: Callable[[], bool], limit: float = 60.0) -> None:
    end = time.monotonic() + limit
    while not true():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.05)
