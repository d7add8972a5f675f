"""Both sides of a change, out of real git objects."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from bascule.git import Git
from bascule.kit import RehearsalError, Trees
from bascule.kit.trees import LARGEST, Tree
from bascule.testing import make_change, make_pack
from bascule.types import DryRunContext, Status


def git(folder: Path, *args: str) -> str:
    who = ["-c", "user.name=Test", "-c", "user.email=test@example.invalid"]
    done = subprocess.run(["git", *who, *args], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q", "-b", "main")
    (tmp_path / "a.txt").write_text("one\n")
    (tmp_path / "dir").mkdir()
    (tmp_path / "dir" / "run.sh").write_text("#!/bin/sh\n")
    (tmp_path / "dir" / "run.sh").chmod(0o755)
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "base")
    return tmp_path


def commit(repo: Path) -> str:
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "more")
    return git(repo, "rev-parse", "HEAD")


def tree(repo: Path, commitish: str = "HEAD") -> Tree:
    return Tree(Git(repo), commitish, "after", {})


def test_reading(repo: Path, tmp_path: Path) -> None:
    found = tree(repo)
    assert found.files() == ("a.txt", "dir/run.sh")
    assert found.files("dir/**") == ("dir/run.sh",)
    assert (found.text("a.txt"), found.read("none"), found.text("dir")) == ("one\n", None, None)
    out = found.export(tmp_path / "out", "dir/**")
    assert [p.name for p in out.rglob("*") if p.is_file()] == ["run.sh"]
    assert (out / "dir/run.sh").stat().st_mode & 0o111


def test_before_and_after_are_the_base_and_what_merging_gives(repo: Path, tmp_path: Path) -> None:
    base = git(repo, "rev-parse", "HEAD")
    (repo / "a.txt").write_text("two\n")
    head = commit(repo)
    change = make_change(
        base_sha=base, head_sha=head, merge_base=base, merge_tree=git(repo, "rev-parse", "HEAD^{tree}")
    )
    ctx = DryRunContext(change=change, pack=make_pack(), now=change.read_at, objects=str(repo), workdir=str(tmp_path))
    trees = Trees.of(ctx)
    assert (trees.before.text("a.txt"), trees.after.text("a.txt")) == ("one\n", "two\n")


def test_before_the_first_commit_there_was_nothing(repo: Path) -> None:
    assert tree(repo, "").files() == ()
    assert tree(repo, "").read("a.txt") is None


def test_a_tree_that_is_not_here(repo: Path) -> None:
    with pytest.raises(RehearsalError) as told:
        tree(repo, "f" * 40).files()
    assert "is not here" in told.value.answer.found
    assert told.value.answer.status is Status.ERROR


def test_bytes_and_sizes(repo: Path) -> None:
    (repo / "bytes").write_bytes(b"\xff\xfe")
    (repo / "large").write_bytes(b"x" * (LARGEST + 1))
    (repo / "bom.txt").write_bytes(b"\xef\xbb\xbfhello")
    commit(repo)
    found = tree(repo)
    assert found.read("bytes") == b"\xff\xfe"
    assert found.text("bom.txt") == "hello"
    with pytest.raises(RehearsalError, match="`bytes` cannot be read: it is not UTF-8"):
        found.text("bytes")
    with pytest.raises(RehearsalError, match="large is larger than"):
        found.read("large")


@pytest.mark.parametrize("target", ["/etc/passwd", "../outside", "dir/../../outside"])
def test_a_link_that_leads_out_is_not_followed(repo: Path, tmp_path: Path, target: str) -> None:
    (repo / "link").symlink_to(target)
    commit(repo)
    found = tree(repo)
    assert found.read("link") is None
    assert "link" not in found.files()
    with pytest.raises(RehearsalError, match="`link` leads out of its folder"):
        found.export(tmp_path / "out")


def test_a_link_through_a_link_does_not_lead_out(repo: Path, tmp_path: Path) -> None:
    (repo / "in").symlink_to("dir")
    commit(repo)
    # git itself never writes a path below a link; a tree that was made by hand can have one.
    blob = git(repo, "rev-parse", "HEAD:a.txt")
    inner = subprocess.run(
        ["git", "mktree"], cwd=repo, input=f"120000 blob {blob}\tx\n", check=True, capture_output=True, text=True
    ).stdout.strip()
    assert inner
    out = tree(repo).export(tmp_path / "out")
    assert (out / "in" / "run.sh").read_text() == "#!/bin/sh\n"
    assert (out / "in").resolve().is_relative_to(out.resolve())


def test_submodules_are_not_files(repo: Path) -> None:
    git(repo, "update-index", "--add", "--cacheinfo", f"160000,{'a' * 40},sub")
    git(repo, "commit", "-qm", "submodule")
    assert tree(repo).files() == ("a.txt", "dir/run.sh")
    assert tree(repo).read("sub") is None
