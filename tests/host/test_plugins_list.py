"""``bascule plugins list``: one row per plugin, and a broken one is a row, never a crash."""

import json
import os
import subprocess
import sys


def run(site, *args: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(site.root)}
    return subprocess.run(
        [sys.executable, "-m", "bascule", "plugins", "list", *args],
        cwd=site.root.parent, env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_rows_are_aligned_and_a_broken_plugin_is_one(good) -> None:
    good.add("bad", "import not_there")
    good.add("old", scenarios="@hookimpl\ndef scenarios(): return [Scenario(name='old', api=7)]")
    done = run(good)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    head, *rows = done.stdout.splitlines()
    assert head.split() == ["NAME", "VERSION", "STATUS", "API", "HOOKS", "REASON"]
    table = {r.split()[0]: r for r in rows[: rows.index("")]}
    assert {"allowlist", "bad", "good", "old", "terraform"} <= set(table)
    assert list(table) == sorted(table)
    status = head.index("STATUS")
    assert table["good"][status:].split() == ["ok", "0", "scenarios,gate"]
    assert table["bad"][status:].split()[:3] == ["quarantined", "-", "-"]
    assert "No module named 'not_there'" in table["bad"]
    assert table["bad"].rstrip().endswith("want to see the line above.")
    assert "was written for hook API 7" in table["old"]
    assert "pip install --upgrade bascule" in table["old"]
    assert rows[-1].endswith("2 quarantined: a rulepack that names one of these blocks.")


def test_json_says_the_same(good) -> None:
    good.add("bad", "@hookimpl(wrapper=True)\ndef gate(ctx):\n    return (yield)")
    done = run(good, "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["schema_version"] == 1
    rows = {r["name"]: r for r in said["plugins"]}
    assert rows["good"] == {
        "name": "good", "distribution": "bascule-good", "version": "1.0.0", "status": "ok", "api": 0,
        "hooks": ["scenarios", "gate"], "scenarios": ["good"], "reason": "", "fix": "",
    }  # fmt: skip
    assert rows["bad"]["status"] == "quarantined"
    assert "wraps the hook `gate`" in rows["bad"]["reason"]
    assert rows["bad"]["fix"]
