"""The files of a change from git, fetched over smart HTTP, and held against GitHub's own list."""

from __future__ import annotations

import base64
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from hub import ADMIN, DEV, Box, Hub, connection

from bascule.clock import ManualClock
from bascule.errors import BusyError, OutsideError, UsageError
from bascule.forge import Connection
from bascule.forge.addresses import Api
from bascule.forge.fetch import clone_path, compare, fetch_change, locked
from bascule.forge.snapshot import ListedFile
from bascule.git import Git
from bascule.types import FileChange, FileKind


def git_file(path: str, status: str = "modified", previous: str | None = None) -> FileChange:
    return FileChange(path=path, status=status, previous_path=previous)


def listed(*found: tuple[str, str]) -> tuple[ListedFile, ...]:
    return tuple(ListedFile(path=p, change=c, additions=0, deletions=0) for p, c in found)


RENAME = git_file("b", "renamed", "a")


@pytest.mark.parametrize(
    ("files", "shown", "counted"),
    [
        ([git_file("x")], [("x", "MODIFIED")], 1),
        ([RENAME], [("b", "RENAMED")], 1),
        # The two may disagree about what is a rename.
        ([RENAME], [("a", "DELETED"), ("b", "ADDED")], 2),
        ([git_file("a", "removed"), git_file("b", "added")], [("b", "RENAMED")], 1),
        ([git_file("c", "copied", "a")], [("c", "ADDED")], 1),
        ([], [], 0),
    ],
)
def test_lists_that_agree(files: list[FileChange], shown: list[tuple[str, str]], counted: int) -> None:
    assert compare(files, listed(*shown), counted) == ""


@pytest.mark.parametrize(
    ("files", "shown", "counted", "note"),
    [
        ([git_file("x"), git_file("evil")], [("x", "MODIFIED")], 1, "git finds evil, GitHub does not"),
        ([git_file("x")], [("x", "MODIFIED"), ("ghost", "ADDED")], 2, "GitHub lists ghost, git does not"),
        ([git_file("x"), git_file("y")], [("x", "MODIFIED")], 2, "GitHub counts 2 changed files and lists 1"),
        ([git_file("x")], [("x", "MODIFIED")], 2, "GitHub counts 2 changed files and lists 1"),
        # A deletion that GitHub does not list is not explained by a rename that is not there.
        ([git_file("x"), git_file("gone", "removed")], [("x", "MODIFIED")], 1, "git finds gone"),
        # Two deletions, one rename: one of them is hidden.
        (
            [git_file("a", "removed"), git_file("z", "removed"), git_file("b", "added")],
            [("b", "RENAMED")],
            1,
            "git finds a, z",
        ),
        # An added file cannot hide behind a rename.
        ([RENAME, git_file("new", "added")], [("b", "RENAMED")], 1, "git finds new"),
        ([git_file("x")], [("x", "RENAMED")], 1, "renames do not explain it"),
        ([git_file("x")], [("x", "MODIFIED"), ("x", "MODIFIED")], 2, "renames do not explain it"),
        ([git_file("x")], [], 0, "git finds x"),
    ],
)
def test_lists_that_do_not(files: list[FileChange], shown: list[tuple[str, str]], counted: int, note: str) -> None:
    assert note in compare(files, listed(*shown), counted)


# --- against a server ---


@pytest.fixture
def box(hub: Hub) -> Box:
    return hub.repo()


Open = Any


@pytest.fixture
def opened(tmp_path: Path, clock: ManualClock) -> Iterator[Open]:
    made: list[Connection] = []

    def make(box: Box, number: int, **more: Any) -> Connection:
        made.append(connection(box, number, tmp_path / "cache", clock, **more))
        return made[-1]

    yield make
    for one in made:
        one.close()


def rich_change(box: Box, folder: Path) -> int:
    """A pull request with every kind of change, pushed by git."""
    work = box.clone(folder)
    lines = "".join(f"line {i}\n" for i in range(40))
    for name, text in {"old.txt": lines, "run.sh": "#!/bin/sh\n", "gone.txt": "bye\n", "edit.txt": "one\n"}.items():
        (folder / name).write_text(text)
    (folder / "pixel.bin").write_bytes(b"\0\1\2")
    work.commit("base")
    work.git("push", "-q", "origin", "HEAD:main")
    work.git("checkout", "-q", "-b", "topic")
    (folder / "sub").mkdir()
    work.git("mv", "old.txt", "sub/new name.txt")
    (folder / "sub" / "new name.txt").write_text(lines + "one more\n")
    (folder / "run.sh").chmod(0o755)
    (folder / "gone.txt").unlink()
    (folder / "edit.txt").write_text("one\ntwo\n")
    (folder / "pixel.bin").write_bytes(b"\0\1\3")
    (folder / "link").symlink_to("/etc/passwd")
    (folder / "größe.md").write_text("ä\n")
    work.git("add", "-A")
    work.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},module")
    work.git("commit", "-q", "-m", "topic")
    work.git("push", "-q", "origin", "HEAD:topic")
    return box.pull("topic")


def test_every_kind_of_change(box: Box, tmp_path: Path, opened: Open) -> None:
    number = rich_change(box, tmp_path / "work")
    gh = opened(box, number)
    change = gh.fetch(gh.observer.snapshot(number))
    assert (change.files_note, change.files_complete) == ("", True)
    files = {f.path: f for f in change.files}
    assert set(files) == {
        "sub/new name.txt", "run.sh", "gone.txt", "edit.txt", "pixel.bin", "link", "größe.md", "module"
    }  # fmt: skip
    moved = files["sub/new name.txt"]
    assert (moved.status, moved.previous_path, moved.additions) == ("renamed", "old.txt", 1)
    assert (files["run.sh"].kind_before, files["run.sh"].kind_after) == (FileKind.REGULAR, FileKind.EXECUTABLE)
    assert (files["gone.txt"].status, files["gone.txt"].kind_after) == ("removed", FileKind.ABSENT)
    assert (files["edit.txt"].additions, files["edit.txt"].deletions) == (1, 0)
    assert files["pixel.bin"].binary
    assert (files["link"].status, files["link"].kind_after) == ("added", FileKind.SYMLINK)
    assert files["module"].kind_after is FileKind.SUBMODULE
    assert change.merge_base == change.base_sha
    assert change.merge_tree is not None
    # The tree that git foresees is the one that the server makes.
    merged = box.api("PUT", f"/pulls/{number}/merge", {"sha": change.head_sha, "merge_method": "squash"})
    assert gh.observer.commit(merged["sha"]).tree == change.merge_tree
    assert gh.calls.count(purpose="files") == 0


def test_a_conflict_has_no_merge_tree(box: Box, opened: Open) -> None:
    box.branch("topic")
    box.put("same.md", "theirs\n", branch="topic")
    box.put("same.md", "ours\n")
    number = box.pull("topic")
    gh = opened(box, number)
    change = gh.fetch(gh.observer.snapshot(number))
    assert change.merge_tree is None
    assert change.mergeable == "CONFLICTING"
    assert change.files_complete
    assert change.merge_base not in {change.base_sha, change.head_sha}


def test_both_sides_changed_one_file_without_conflict(box: Box, opened: Open) -> None:
    """The contents that a merge needs are fetched when they are needed."""
    text = [f"line {i}\n" for i in range(30)]
    box.put("a.txt", "".join(text))
    box.branch("topic")
    sha = box.api("GET", "/contents/a.txt?ref=topic")["sha"]
    for branch, line in (("topic", 2), ("main", 27)):
        changed = [*text]
        changed[line] = f"{branch}\n"
        content = base64.b64encode("".join(changed).encode()).decode()
        box.api("PUT", "/contents/a.txt", {"message": "m", "content": content, "branch": branch, "sha": sha})
    number = box.pull("topic")
    gh = opened(box, number)
    change = gh.fetch(gh.observer.snapshot(number))
    assert change.merge_tree is not None
    assert [f.path for f in change.files] == ["a.txt"]


def test_a_head_that_moved_is_not_judged(box: Box, opened: Open) -> None:
    number = box.simple_pull()
    gh = opened(box, number)
    snapshot = gh.observer.snapshot(number)
    box.put("docs/late.md", "x\n", branch=snapshot.change_without_git.head_ref)
    with pytest.raises(BusyError, match="its ref is at") as busy:
        gh.fetch(snapshot)
    assert busy.value.exit_code == 8


def test_a_base_that_moved_on_is_still_the_one_that_was_read(box: Box, opened: Open) -> None:
    number = box.simple_pull()
    gh = opened(box, number)
    snapshot = gh.observer.snapshot(number)
    box.put("other.md", "x\n")
    change = gh.fetch(snapshot)
    assert change.base_sha == snapshot.change_without_git.base_sha
    assert change.files_complete


def test_a_list_that_github_cut_short_is_not_believed(box: Box, opened: Open) -> None:
    number = box.simple_pull()
    gh = opened(box, number)
    change = gh.fetch(evolve(gh.observer.snapshot(number), listed=()))
    assert change.files_complete is False
    assert "git finds docs/" in change.files_note


def test_histories_without_a_common_commit(box: Box, tmp_path: Path, opened: Open) -> None:
    number = box.simple_pull()
    gh = opened(box, number)
    snapshot = gh.observer.snapshot(number)
    work = box.clone(tmp_path / "work")
    work.git("checkout", "-q", "--orphan", "alone")
    work.commit("alone")
    work.git("push", "-q", "origin", "HEAD:alone")
    stranger = evolve(snapshot.change_without_git, base_sha=box.tip("alone"))
    change = gh.fetch(evolve(snapshot, change_without_git=stranger))
    assert change.files_complete is False
    assert "share no history" in change.files_note


def test_a_fork(box: Box, hub: Hub, opened: Open) -> None:
    fork = hub.api("POST", f"/repos/{box.full_name}/forks", {}, status=202, token=DEV)["full_name"]
    theirs = Box(hub, fork)
    tip = theirs.api("GET", "/git/ref/heads/main", token=DEV)["object"]["sha"]
    theirs.api("POST", "/git/refs", {"ref": "refs/heads/topic", "sha": tip}, status=201, token=DEV)
    theirs.put("docs/fork.md", "x\n", branch="topic", token=DEV)
    number = box.pull("octo-dev:topic", token=DEV)
    gh = opened(box, number)
    change = gh.fetch(gh.observer.snapshot(number))
    assert change.from_fork
    assert change.files_complete
    assert gh.observer.find("octo-dev:topic") == number


# --- the clone ---


def test_the_token_is_nowhere_in_the_clone(hub: Hub, tmp_path: Path, opened: Open) -> None:
    box = hub.repo(private=True)
    number = box.simple_pull()
    gh = opened(box, number)
    gh.fetch(gh.observer.snapshot(number))
    secrets = [ADMIN.encode(), base64.b64encode(f"x-access-token:{ADMIN}".encode())]
    files = [p for p in (tmp_path / "cache").rglob("*") if p.is_file()]
    assert files
    assert not [p for p in files if any(s in p.read_bytes() for s in secrets)]
    assert (tmp_path / "cache" / "bascule").stat().st_mode & 0o077 == 0


def test_the_token_is_in_no_argument(hub: Hub, tmp_path: Path, opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []
    real = __import__("subprocess").run

    def spy(command: list[str], **more: Any) -> Any:
        seen.append(command)
        return real(command, **more)

    monkeypatch.setattr("subprocess.run", spy)
    box = hub.repo(private=True)
    number = box.simple_pull()
    gh = opened(box, number)
    gh.fetch(gh.observer.snapshot(number))
    assert any("fetch" in command for command in seen)
    assert not [c for c in seen if any("hunter2" in word or "Authorization" in word for word in c)]


def test_a_private_repository_needs_its_token(hub: Hub, tmp_path: Path, opened: Open, clock: ManualClock) -> None:
    box = hub.repo(private=True)
    number = box.simple_pull()
    gh = opened(box, number)
    snapshot = gh.observer.snapshot(number)
    with pytest.raises(OutsideError, match="git fetch failed") as failed:
        fetch_change(snapshot, tmp_path / "other", None, api=gh.api, clock=clock)
    assert "hunter2" not in str(failed.value)


def test_the_users_git_configuration_is_not_used(
    box: Box, tmp_path: Path, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(f'[url "http://127.0.0.1:1/"]\n  insteadOf = {box.hub.sim.url}\n')
    number = box.simple_pull()
    gh = opened(box, number)
    snapshot = gh.observer.snapshot(number)
    monkeypatch.setenv("HOME", str(home))
    assert gh.fetch(snapshot).files_complete


def test_a_proxy_is_not_asked_to_reach_this_machine(box: Box, opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    number = box.simple_pull()
    gh = opened(box, number)
    snapshot = gh.observer.snapshot(number)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    assert gh.fetch(snapshot).files_complete


def test_a_second_fetch_uses_the_clone_and_a_rename_keeps_it(box: Box, hub: Hub, opened: Open, tmp_path: Path) -> None:
    number = box.simple_pull()
    gh = opened(box, number)
    first = gh.fetch(gh.observer.snapshot(number))
    new = f"renamed-{box.full_name.rpartition('-')[2]}"
    hub.api("PATCH", f"/repos/{box.full_name}", {"name": new})
    second = gh.fetch(gh.observer.snapshot(number))
    assert second.repo.full_name == f"octo-admin/{new}"
    assert second.files == first.files
    assert len(list((tmp_path / "cache" / "bascule").rglob("HEAD"))) == 1


def test_a_lock_of_git_that_nobody_holds_any_more_is_removed(box: Box, opened: Open, tmp_path: Path) -> None:
    """Git's own locks stay where the machine was turned off under it; one that is young may be somebody's."""
    number = box.simple_pull()
    gh = opened(box, number)
    gh.fetch(gh.observer.snapshot(number))
    (clone,) = (p.parent for p in (tmp_path / "cache" / "bascule").rglob("HEAD"))
    locks = [clone / f"refs/bascule/pulls/{number}/head.lock", clone / "packed-refs.lock", clone / "HEAD.lock"]
    for lock in locks:
        lock.touch()
    box.put("docs/more.md", "more\n", branch=box.api("GET", f"/pulls/{number}")["head"]["ref"])
    snapshot = gh.observer.snapshot(number)
    for _ in range(2):
        with pytest.raises(OutsideError, match=r"\.lock"):
            gh.fetch(snapshot)
    for lock in locks:
        os.utime(lock, (time.time() - 11, time.time() - 11))
    assert gh.fetch(snapshot).files_complete
    assert not any(lock.exists() for lock in locks)


def test_only_after_a_run_that_did_not_end_well_locks_are_looked_for(tmp_path: Path, clock: ManualClock) -> None:
    path = tmp_path / "cache" / "host" / "1.git"
    left = path / "refs" / "pulls" / "head.lock"

    def leave() -> None:
        left.parent.mkdir(parents=True, exist_ok=True)
        left.touch()
        os.utime(left, (1, 1))

    with locked(path, clock=clock):
        leave()
    with locked(path, clock=clock):
        assert left.exists(), "the last run ended well: nothing is walked through"
    with pytest.raises(ZeroDivisionError), locked(path, clock=clock):
        raise ZeroDivisionError
    with locked(path, clock=clock):
        assert not left.exists()
    leave()
    code = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    script = (
        "from pathlib import Path; from bascule.clock import SystemClock; from bascule.forge.fetch import locked\n"
        f"with locked(Path({str(path)!r}), clock=SystemClock()):\n    {code}"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == -signal.SIGKILL
    with locked(path, clock=clock):
        assert not left.exists()


def test_a_redirect_is_not_followed_with_the_token(
    box: Box, opened: Open, tmp_path: Path, script: Any, secret: Any, clock: ManualClock
) -> None:
    number = box.simple_pull()
    snapshot = opened(box, number).observer.snapshot(number)
    script.say(301, headers={"Location": f"{script.url}/elsewhere.git/info/refs?service=git-upload-pack"})
    with pytest.raises(OutsideError, match="git fetch failed"):
        fetch_change(snapshot, tmp_path / "other", secret, api=Api.of_root(script.url), clock=clock)
    assert script.lines == [f"GET /{box.full_name}.git/info/refs"]
    assert script.seen[0].headers["authorization"].startswith("Basic ")


def test_another_run_holds_the_clone(box: Box, opened: Open, tmp_path: Path, clock: ManualClock) -> None:
    number = box.simple_pull()
    gh = opened(box, number)
    snapshot = gh.observer.snapshot(number)
    lock = clone_path(gh.cache, snapshot.repo).with_suffix(".lock")
    lock.parent.mkdir(parents=True)
    held = os.open(lock, os.O_RDWR | os.O_CREAT)
    fcntl.flock(held, fcntl.LOCK_EX)
    with pytest.raises(BusyError, match="another run has held"):
        gh.fetch(snapshot)
    assert sum(clock.sleeps) == pytest.approx(120.0, abs=0.5)
    os.close(held)
    assert gh.fetch(snapshot).files_complete


def test_the_lock_is_let_go_after_a_failure(tmp_path: Path, clock: ManualClock) -> None:
    path = tmp_path / "a" / "1.git"
    with pytest.raises(RuntimeError), locked(path, clock=clock):
        raise RuntimeError
    with locked(path, clock=clock, seconds=0):
        pass
    assert clock.sleeps == []


def test_contents_are_there_for_who_has_no_token(hub: Hub, tmp_path: Path, opened: Open) -> None:
    box = hub.repo(private=True)
    number = rich_change(box, tmp_path / "work")
    gh = opened(box, number)
    snapshot = gh.observer.snapshot(number)
    change = gh.fetch(snapshot)
    offline = Git(gh.objects(snapshot), env={"GIT_ALLOW_PROTOCOL": "none"})
    assert offline.blob(change.base_sha, "README.md") is None  # unchanged, so nobody needed it yet
    offline = Git(gh.objects(snapshot, contents=True), env={"GIT_ALLOW_PROTOCOL": "none"})
    assert offline.blob(change.base_sha, "README.md") is not None
    assert offline.blob(change.head_sha, "edit.txt") == b"one\ntwo\n"
    assert offline.blob(change.base_sha, "gone.txt") == b"bye\n"
    assert gh.objects(snapshot, contents=True) == offline.directory


def test_a_cache_that_cannot_be_written_is_a_mistake_with_a_way_out(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError) as refused, locked(tmp_path / "file" / "host" / "7.git", clock=ManualClock()):
        pass
    assert "cannot be written" in refused.value.message
    assert "XDG_CACHE_HOME" in refused.value.hint


def test_what_landed_is_told_of_the_branch_that_was_asked_for(box: Box, opened: Open) -> None:
    """Two runs on one machine share the clone; the second must not change what the first was told."""
    box.branch("release")
    gh = opened(box, box.simple_pull())
    snapshot = gh.observer.snapshot(gh.target.number or 0)
    git, tip = gh.branch(snapshot)
    box.put("other.md", "x\n", branch="release")
    other = evolve(snapshot, change_without_git=evolve(snapshot.change_without_git, base_ref="release"))
    _, moved = gh.branch(other)
    assert (tip, moved) == (box.tip(), box.tip("release"))
    assert git.tree_of(tip)
