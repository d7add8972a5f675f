"""No token and no key is seen anywhere: not in output, journal, comments, statuses, logs, files, or other processes."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from tests.e2e.kit import SECRETS, TOKENS, World, pack


def absent(text: str | bytes, where: str) -> None:
    """Fail if ``text`` holds a secret; which one is not repeated."""
    data = text.encode() if isinstance(text, str) else text
    for number, secret in enumerate(SECRETS):
        assert secret.encode() not in data, f"secret {number} is in {where}"


def test_a_whole_life_leaves_no_secret_anywhere(world: World) -> None:
    repo = world.repo(rulepack=pack(notify="{comment: always}"))
    blocked = repo.pull({"docs/x.md": "x\n"}, head="blocked", labels=())
    number = repo.pull()
    repo.reviews()
    seen = [repo.run("check", str(number), "--verbose"), repo.merge(blocked), repo.merge(number)]
    seen += [repo.run("restore", "--expired"), repo.run("audit", "--verify"), repo.run("audit", "--json")]
    assert [ran.code for ran in seen] == [0, 1, 0, 0, 0, 0], [ran.err for ran in seen]
    for ran in seen:
        absent(ran.out + ran.err + json.dumps(ran.calls), "the output of a command")

    tip: str | None = repo.state()["refs"]["refs/bascule/journal"]
    entries = 0
    while tip is not None:
        commit = repo.call("GET", f"/git/commits/{tip}")
        absent(json.dumps(commit), "the journal")
        tip = commit["parents"][0]["sha"] if commit["parents"] else None
        entries += 1
    assert entries >= 3
    comments = repo.comments(number) + repo.comments(blocked)
    assert len(comments) == 2
    absent(json.dumps(comments), "a comment")
    # Everything that the server has stored: comments, statuses, check runs, reactions, labels, commits' refs.
    absent(json.dumps(world.sim.control("state")), "what the server stored")
    absent((world.sim.root / "server.log").read_bytes(), "the server's log")

    files = [p for p in Path(repo.env()["HOME"]).rglob("*") if p.is_file()]
    assert any(p.suffix == ".git" or "objects" in p.parts for p in files), "no clone was looked at"
    for path in files:
        absent(path.read_bytes(), str(path))
    assert not list(Path(repo.env()["HOME"]).rglob("*.owner")), "the owner's secret outlived its window"


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="tool: /proc")
def test_no_other_process_is_given_a_token(world: World) -> None:
    repo = world.repo()
    number = repo.pull()
    repo.reviews()
    # While git fetches, the plugins' hosts are there as well.
    world.sim.control("faults", {"action": "delay", "seconds": 60, "path": "git-upload-pack"})
    running = repo.start("merge", str(number), "--attended", "--json", cold=True)
    try:
        assert running.until(lambda log: any(c["held"] for c in log))
        driver = running.process.pid
        family = {pid for pid in pids() if driver in ancestors(pid)}
        hosts = {pid for pid in family if b"host/child.py" in command(pid)}
        assert hosts
        assert any(command(pid).startswith(b"git") for pid in family)
        for pid in family | {driver}:
            absent(command(pid), f"the command line of {command(pid)[:60]!r}")
        # The driver's own first environment is gone, too: it started itself anew.
        for pid in hosts | {driver}:
            absent(environment(pid), f"the environment of {command(pid)[:60]!r}")
    finally:
        world.sim.control("faults", method="DELETE")
        ran = running.finish()
    assert ran.code == 0


def pids() -> set[int]:
    return {int(name) for name in os.listdir("/proc") if name.isdigit()}  # noqa: PTH208 - not a folder of files


def parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, IndexError, ValueError):
        return 0


def ancestors(pid: int) -> set[int]:
    found: set[int] = set()
    while (pid := parent(pid)) > 1 and pid not in found:
        found.add(pid)
    return found


def command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def environment(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:  # not readable is what it should be for anybody but root
        return b""


def test_what_is_stored_of_a_token_is_not_the_token(world: World) -> None:
    # Else the checks above would prove nothing about a token that the server knows.
    assert world.raw("GET", "/user", token=TOKENS["octo-dev"]).ok
    database = (world.sim.root / "state.sqlite").read_bytes()
    absent(database, "the server's database")
