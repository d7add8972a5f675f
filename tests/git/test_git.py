"""bascule.git against real repositories."""

import subprocess
from pathlib import Path

import pytest

from bascule.errors import OutsideError
from bascule.git import Git
from bascule.types import FileKind


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    sh(tmp_path, "init", "-q", "-b", "main")
    sh(tmp_path, "config", "user.name", "t")
    sh(tmp_path, "config", "user.email", "t@localhost")
    return tmp_path


def sh(cwd: Path, *args: str) -> str:
    return subprocess.run(["git", *args], cwd=cwd, check=True, capture_output=True, text=True).stdout.strip()


def commit(repo: Path, message: str = "c") -> str:
    sh(repo, "add", "-A")
    sh(repo, "commit", "-q", "--allow-empty", "-m", message)
    return sh(repo, "rev-parse", "HEAD")


def test_every_kind_of_change_is_read(repo: Path) -> None:
    (repo / "old name.txt").write_text("one\ntwo\nthree\nfour\n")
    (repo / "gone").write_text("x\n")
    (repo / "run.sh").write_text("true\n")
    (repo / "tab\tnew\nline").write_text("a\n")
    a = commit(repo)
    (repo / "old name.txt").rename(repo / "new name.txt")
    (repo / "gone").unlink()
    (repo / "run.sh").chmod(0o755)
    (repo / "tab\tnew\nline").write_text("a\nb\n")
    (repo / "link").symlink_to("/etc/passwd")
    (repo / "bin").write_bytes(b"\0\1\2")
    sh(repo, "add", "-A")
    sh(repo, "update-index", "--add", "--cacheinfo", f"160000,{a},sub")
    sh(repo, "commit", "-q", "-m", "c")
    b = sh(repo, "rev-parse", "HEAD")
    files = {f.path: f for f in Git(repo).raw_diff(a, b)}
    assert files["new name.txt"].previous_path == "old name.txt"
    assert files["new name.txt"].paths == ("new name.txt", "old name.txt")
    assert files["gone"].status == "removed"
    assert files["gone"].kind_after is FileKind.ABSENT
    assert files["run.sh"].kind_after is FileKind.EXECUTABLE
    assert files["run.sh"].kind_before is FileKind.REGULAR
    assert files["link"].kind_after is FileKind.SYMLINK
    assert files["bin"].binary
    assert files["tab\tnew\nline"].additions == 1
    assert files["sub"].kind_after is FileKind.SUBMODULE


def test_a_path_that_is_not_utf8_survives_as_surrogates(repo: Path) -> None:
    a = commit(repo)
    (Path(str(repo)) / b"caf\xe9".decode("utf-8", "surrogateescape")).write_text("x")
    b = commit(repo)
    (only,) = Git(repo).raw_diff(a, b)
    assert only.path.encode("utf-8", "surrogateescape") == b"caf\xe9"


def test_merge_tree_agrees_with_a_real_merge_and_sees_conflicts(repo: Path) -> None:
    (repo / "f").write_text("base\n")
    commit(repo)
    sh(repo, "checkout", "-q", "-b", "side")
    (repo / "g").write_text("side\n")
    side = commit(repo)
    sh(repo, "checkout", "-q", "main")
    (repo / "h").write_text("main\n")
    main = commit(repo)
    git = Git(repo)
    tree = git.merge_tree(main, side)
    sh(repo, "merge", "-q", "--no-ff", "-m", "m", "side")
    assert tree == git.tree_of("HEAD")
    sh(repo, "checkout", "-q", "-b", "clash", main)
    (repo / "g").write_text("other\n")
    clash = commit(repo)
    assert git.merge_tree(clash, side) is None


def test_commits_carry_full_messages_and_parents(repo: Path) -> None:
    first = commit(repo, "first\n\nbody with\n\nblank lines")
    commit(repo, "second")
    newest, oldest = Git(repo).commits("HEAD")
    assert newest.parents == (first,)
    assert newest.subject == "second"
    assert oldest.message == "first\n\nbody with\n\nblank lines"


def test_git_errors_are_expected_errors(repo: Path) -> None:
    with pytest.raises(OutsideError, match="git cat-file failed"):
        Git(repo).run("cat-file", "blob", "nope")
    assert Git(repo).resolve("nope") is None
    assert Git(repo).blob("HEAD", "nope") is None


def test_a_users_configuration_changes_nothing(repo: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    config = tmp_path / "gitconfig"
    config.write_text("[diff]\n\trenames = false\n\texternal = /bin/false\n\tmnemonicPrefix = true\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    (repo / "a").write_text("one\ntwo\nthree\n")
    a = commit(repo)
    (repo / "a").rename(repo / "b")
    b = commit(repo)
    assert [f.status for f in Git(repo).raw_diff(a, b) if f.path == "b"] == ["renamed"]
