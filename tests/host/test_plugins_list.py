"""``bascule plugins list``: one row per plugin, and a broken one is a row, never a crash."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


def run(site, *args: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bascule", *args],
        cwd=site.root.parent, env={**os.environ, "PYTHONPATH": str(site.root), **env}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip


def test_rows_are_aligned_and_a_broken_plugin_is_one(good) -> None:
    good.add("bad", "import not_there")
    good.add("old", scenarios="@hookimpl\ndef scenarios(): return [Scenario(name='old', api=7)]")
    done = run(good, "plugins", "list")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    head, *rows = done.stdout.splitlines()
    assert head.split() == ["NAME", "VERSION", "STATUS", "API", "HOOKS", "SCENARIOS"]
    table = {r.split()[1]: r for r in rows[: rows.index("")] if r[0] != " "}
    assert {"allowlist", "bad", "good", "old", "terraform"} <= set(table)
    assert list(table) == sorted(table)
    status = head.index("STATUS")
    assert table["good"][status:].split() == ["ok", "1", "gate", "good"]
    assert table["good"][0] == "✓"
    assert table["bad"][status:].split() == ["quarantined", "-", "-", "-"]
    assert table["bad"][0] == "✗"
    text = " ".join(done.stdout.split())
    assert "reason: it did not load: ModuleNotFoundError: No module named 'not_there'" in text
    assert "fix: Upgrade or uninstall `bascule-bad 1.0.0`; its authors want to see the line above." in text
    assert "reason: `old` was written for hook API 7 (scenario `old`); this bascule speaks 1" in text
    assert "fix: `pip install --upgrade bascule`" in text
    assert max(map(len, rows)) <= 100, "nothing runs out of a terminal"
    assert rows[-1].endswith("2 quarantined: a rulepack that names one of these blocks.")


def test_what_the_owner_did_not_choose_is_not_started(good) -> None:
    good.add("other", "print('started')\nraise RuntimeError('started')")
    done = run(good, "plugins", "list", "--json", BASCULE_PLUGINS="good, terraform")
    rows = {r["name"]: r for r in json.loads(done.stdout)["plugins"]}
    status = {name: row["status"] for name, row in rows.items()}
    kept = {"allowlist", "cel", "good", "terraform"}
    assert status == {name: "ok" if name in kept else "off" for name in status}
    assert status["other"] == "off"
    assert (rows["other"]["reason"], rows["other"]["hooks"]) == ("`BASCULE_PLUGINS` does not name it", [])
    none = json.loads(run(good, "plugins", "list", "--json", BASCULE_PLUGINS="").stdout)["plugins"]
    assert {r["name"] for r in none if r["status"] == "ok"} == {"allowlist", "cel"}
    shown = run(good, "plugins", "list", BASCULE_PLUGINS="good").stdout
    assert "off: a rulepack that names one of these blocks." in shown


def test_what_was_chosen_has_to_be_there(good) -> None:
    done = run(good, "plugins", "list", BASCULE_PLUGINS="good godo")
    assert (done.returncode, done.stdout) == (2, "")
    assert "BASCULE_PLUGINS: the plugin `godo` is not installed" in done.stderr
    assert "fix: `pip install bascule-godo`" in done.stderr


def test_what_cannot_show_signs_gets_words(good) -> None:
    good.add("bad", "import not_there")
    done = run(good, "plugins", "list", PYTHONIOENCODING="ascii")
    rows = {r.split()[1]: r.split()[0] for r in done.stdout.splitlines() if r[:1] not in {"", " "}}
    assert (rows["good"], rows["bad"]) == ("ok", "FAIL")


def test_json_says_the_same(good) -> None:
    good.add("bad", "@hookimpl(wrapper=True)\ndef gate(ctx):\n    return (yield)")
    done = run(good, "plugins", "list", "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["schema_version"] == 1
    rows = {r["name"]: r for r in said["plugins"]}
    assert rows["good"] == {
        "name": "good", "distribution": "bascule-good", "version": "1.0.0", "status": "ok", "api": 1,
        "hooks": ["scenarios", "gate"], "scenarios": ["good"], "reason": "", "fix": "",
    }  # fmt: skip
    assert rows["bad"]["status"] == "quarantined"
    assert "wraps the hook `gate`" in rows["bad"]["reason"]
    assert rows["bad"]["fix"]


@pytest.mark.parametrize("command", [["plugins", "list"], ["rulepack", "test", "--templates"], ["replay", "."]])
def test_a_command_without_need_of_a_token_has_none_that_a_plugin_could_read(good, command: list[str]) -> None:
    """A plugin sees the driver's environment as the system keeps it, whatever the driver has taken out of its own."""
    if not Path("/proc/self/environ").exists():
        pytest.skip("looks at /proc")
    seen = good.root / "seen"
    good.add(
        "spy",
        # Between a plugin's process and the driver may stand the one that hosts are forked from.
        "import os, re\n"
        "above = os.getppid()\n"
        "for _ in range(2):\n"
        f"    open({str(seen)!r}, 'ab').write(open(f'/proc/{{above}}/environ', 'rb').read())\n"
        "    above = int(re.search(r'PPid:\\s*(\\d+)', open(f'/proc/{above}/status').read())[1])\n",
    )
    repository = ["git", "-C", str(good.root.parent), "-c", "user.name=Octo", "-c", "user.email=octo@example.com"]
    subprocess.run([*repository, "init", "-q"], check=True)
    subprocess.run([*repository, "commit", "-q", "--allow-empty", "-m", "Start"], check=True)
    run(
        good,
        *command,
        BASCULE_PLUGINS="spy",
        BASCULE_KEEPER_TOKEN="tok-keeper",
        GITHUB_TOKEN="tok-reader",
        BAIT="found-me",
    )
    found = seen.read_text()
    assert "found-me" in found, "the spy looks"
    assert "tok-" not in found
