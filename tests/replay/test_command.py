"""The command itself, as a person and a program meet it."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from bascule.cli import main
from bascule.host.driver import Hosts

PACK = """\
version: 1
scenario: allowlist
mode: observe
match: {files: ["docs/**"]}
size: {lines: 10}
"""


@pytest.fixture(autouse=True)
def shared_hosts(hosts: Hosts, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every command in this process use the plugins' processes that run already."""
    monkeypatch.setattr(Hosts, "discover", lambda **_: nullcontext(hosts))


@pytest.fixture
def shop(story: Any) -> Any:
    """A story with an allowed, a blocked, an unbound and a reverted change."""
    story.commit("packs", {"rulepack/docs.yml": PACK})
    story.commit("A page (#7)", {"docs/a.md": "1\n"})
    story.commit("A long page (#8)", {"docs/b.md": "x\n" * 11})
    story.commit("Code", {"src/a.c": "1\n"})
    story.bad = story.commit("A wrong page (#9)", {"docs/c.md": "1\n"})
    story.undo = story.revert(story.bad)
    return story


def run(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
    code = main(["replay", *args])
    done = capsys.readouterr()
    return code, done.out, done.err


def test_the_report(shop: Any, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, str(shop.path))
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].startswith("shop main · all 6 changes (06 Jan 2026 – 11 Jan 2026) · ")
    assert lines[0].endswith(" s · offline")
    assert lines[1] == "Judged by the rulepacks of the branch, rulepack/: docs"
    table = [line.split("  ") for line in lines[3:6]]
    assert [[cell.strip() for cell in row if cell.strip()] for row in table] == [
        ["SCENARIO", "CHANGES", "ALLOWED", "BLOCKED", "NEEDS TOOL", "REVERTED*"],
        ["allowlist", "4", "3", "1", "–", "1"],
        ["(no scenario)", "2", "–", "–", "–", "–"],
    ]
    assert len({len(line) for line in lines[3:6]}) == 1
    assert "Allowed by content: 3 of 6 (50 %)" in lines
    assert "Top reasons: too large 1" in lines
    assert f"  {shop.bad[:7]} `A wrong page` reverted after 24 h by {shop.undo[:7]} (it says so)" in lines
    assert any(line.startswith("Not knowable from git") and "checks, reviews, labels" in line for line in lines)
    assert f"Look at one:      bascule replay {shop.path} --show {shop.bad[:7]}" in lines


def test_only_options_that_exist_are_advertised(shop: Any, capsys: pytest.CaptureFixture[str]) -> None:
    from bascule.cli.replay import replay

    known = {option for parameter in replay.params for option in parameter.opts}
    _, out, _ = run(capsys, str(shop.path))
    assert {word for word in out.replace(",", " ").split() if word.startswith("--")} <= known


def test_the_document(shop: Any, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, str(shop.path), "--json")
    data = json.loads(out)
    assert set(data) == {
        "schema_version", "repository", "policy", "compared_with", "seconds", "totals", "scenarios", "reasons",
        "unclaimed", "unknown", "changes",
    }  # fmt: skip
    assert data["schema_version"] == 1
    assert data["repository"] == {
        "name": "shop", "branch": "main", "tip": shop.head(), "shallow": False, "partial": False,
    }  # fmt: skip
    assert data["totals"] == {
        "changes": 6, "allowed": 3, "blocked": 1, "needs_tool": 0, "unbound": 2, "reverted": 1, "reinstated": 0,
        "differences": None,
    }  # fmt: skip
    assert data["scenarios"] == [
        {"scenario": "allowlist", "changes": 4, "allowed": 3, "blocked": 1, "needs_tool": 0, "reverted": 1}
    ]
    assert data["unknown"] == {"lines": 0, "branch": False, "skipped": 0, "plugins": []}
    (pack,) = data["policy"]["packs"]
    assert {k: pack[k] for k in ("name", "scenario", "mode", "path")} == {
        "name": "docs", "scenario": "allowlist", "mode": "observe", "path": "rulepack/docs.yml",
    }  # fmt: skip
    by = {c["title"]: c for c in data["changes"]}
    assert by["A page"]["number"] == 7
    assert by["A page"]["outcome"] == "allowed"
    assert by["A wrong page"]["reverted"] == {
        "by": shop.undo, "how": "message", "seconds": 86_400, "in_part": False, "undone_by": None,
    }  # fmt: skip
    (reason,) = by["A long page"]["reasons"]
    assert set(reason) == {"rule", "id", "status", "label", "found", "expected", "fix", "where"}
    assert (reason["rule"], reason["status"]) == ("size", "block")
    assert reason["where"].startswith("rulepack/docs.yml:5:")


def test_every_key_of_the_document_is_documented(shop: Any, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "packs").mkdir()
    (tmp_path / "packs/docs.yml").write_text(PACK.replace("10", "100"))
    documents = [
        json.loads(run(capsys, str(shop.path), "--json", "--diff", str(tmp_path / "packs"))[1]),
        json.loads(run(capsys, str(shop.path), "--json", "--show", shop.bad)[1]),
    ]
    page = (Path(__file__).parents[2] / "docs/how-to/replay.md").read_text()

    def keys(data: Any) -> set[str]:
        if isinstance(data, dict):
            return {*data, *(k for key, value in data.items() if key != "verdict" for k in keys(value))}
        return {k for value in data for k in keys(value)} if isinstance(data, list) else set()

    assert {k for d in documents for k in keys(d) if f"`{k}`" not in page} == set()
    assert documents[0]["totals"]["differences"] == 1
    assert documents[0]["compared_with"]["origin"] == "directory"
    assert documents[1]["verdict"]["status"] == "allow"


def test_one_change_with_its_verdict(shop: Any, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, str(shop.path), "--show", shop.bad[:8])
    assert code == 0
    assert f"shop #9 {shop.bad[:7]}  A wrong page" in out
    assert "content only: allowed" in out
    assert "size: 1 line of 10" in out
    assert f"Reverted after 24 h by {shop.undo[:7]} (it says so)" in out


def test_a_commit_inside_a_merge_is_shown_as_its_change(shop: Any, capsys: pytest.CaptureFixture[str]) -> None:
    shop.branch("topic")
    inside = shop.commit("inside", {"docs/z.md": "1\n"})
    shop.back()
    merge = shop.merge("Merge pull request #12 from octo-dev/topic\n\nThe merge", "topic")
    _, out, _ = run(capsys, str(shop.path), "--show", inside)
    assert f"shop #12 {merge[:7]}  The merge" in out
    assert f"{inside[:7]} landed with it" in out


def test_a_comparison(shop: Any, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    other = tmp_path / "stricter"
    other.mkdir()
    (other / "docs.yml").write_text(PACK + 'files: {deny: ["docs/a*"]}\n')
    _, out, _ = run(capsys, str(shop.path), "--diff", str(other))
    assert "Compared: allowed by content: 2 of 6 (33 %)" in out
    assert "1 change judged otherwise:" in out.splitlines()
    assert "`A page` allowed → blocked: " in " ".join(out.split())
    same = run(capsys, str(shop.path), "--diff", str(shop.path))[1]
    assert "Both policies say the same of all 6 changes." in same


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--show", "beef"], "no commit `beef`"),
        (["--branch", "nope"], "no branch, tag or commit `nope`"),
        (["--rulepack", "nowhere"], "no such folder"),
        (["--show", "HEAD", "--diff", "x"], "exclude each other"),
        (["--last", "0"], "--last"),
    ],
)
def test_mistakes_say_what_to_do(shop: Any, capsys: pytest.CaptureFixture[str], args: list[str], said: str) -> None:
    code, out, err = run(capsys, str(shop.path), *args)
    assert (code, out) == (2, "")
    assert said in err
    assert "Traceback" not in err


def test_a_commit_of_another_branch_is_not_shown(shop: Any, capsys: pytest.CaptureFixture[str]) -> None:
    shop.branch("topic")
    other = shop.commit("elsewhere", {"docs/z.md": "1\n"})
    code, _, err = run(capsys, str(shop.path), "--branch", "main", "--show", other)
    assert code == 2
    assert "neither on the branch `main` nor in a merge on it" in err


def test_nothing_fits_and_the_next_step_says_so(story: Any, capsys: pytest.CaptureFixture[str]) -> None:
    story.commit("code", {"src/a.c": "1\n"})
    code, out, _ = run(capsys, str(story.path))
    assert code == 0
    assert "no installed scenario fits its files" in out
    assert "--rulepack DIR" in out
    assert "SCENARIO" not in out


def test_progress_is_for_terminals(shop: Any) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bascule", "replay", str(shop.path), "--last", "2"], capture_output=True, check=True
    )
    assert done.stderr == b""
    assert b"last 2 changes" in done.stdout


def fingerprint(top: Path) -> dict[str, tuple[str, int, int]]:
    """Return digest, modification time and mode of everything below ``top``, folders included."""
    return {
        str(p.relative_to(top)): (
            hashlib.sha256(p.read_bytes()).hexdigest() if p.is_file() and not p.is_symlink() else "",
            p.lstat().st_mtime_ns,
            p.lstat().st_mode,
        )
        for p in [top, *top.rglob("*")]
    }


def test_the_repository_is_left_untouched_in_every_byte_and_time(
    shop: Any, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    # A stale index is what a careless git command would refresh; a read-only one is what it could not.
    os.utime(shop.path / "docs/a.md", (1, 1))
    (shop.path / "docs/a.md").write_text("edited\n")
    (shop.path / "untracked").write_text("x\n")
    other = tmp_path / "packs"
    shutil.copytree(shop.path / "rulepack", other)
    before = fingerprint(shop.path)
    for args in ([], ["--json"], ["--show", shop.bad], ["--diff", str(other)], ["--last", "1", "--branch", "main"]):
        assert run(capsys, str(shop.path), *args)[0] == 0
    assert fingerprint(shop.path) == before


def test_a_partial_clone_stays_partial(shop: Any, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    shop.git("config", "uploadpack.allowFilter", "true")
    partial = tmp_path / "partial"
    shop.git("clone", "-q", "--no-checkout", "--filter=blob:none", f"file://{shop.path}", str(partial))
    packs = tmp_path / "packs"
    shutil.copytree(shop.path / "rulepack", packs)
    before = fingerprint(partial)
    code, out, _ = run(capsys, str(partial), "--rulepack", str(packs))
    assert code == 0
    assert "the lines of 6 changes (this clone lacks file contents)" in " ".join(out.split())
    assert fingerprint(partial) == before
    # Without --rulepack the branch's packs are wanted, whose contents this clone lacks: an error, not a fetch.
    code, _, err = run(capsys, str(partial))
    assert code == 3
    assert "lacks the content of `rulepack/docs.yml`" in err
    assert "--rulepack DIR" in err
    assert fingerprint(partial) == before
