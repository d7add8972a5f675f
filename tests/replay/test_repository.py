"""Which repository and branch a path means, and what is said when it means none."""

from pathlib import Path
from typing import Any

import pytest

from bascule.errors import ExitCode, UsageError
from bascule.replay.repository import find


def refused(path: Path, branch: str | None = None) -> UsageError:
    with pytest.raises(UsageError) as caught:
        find(path, branch)
    assert caught.value.exit_code is ExitCode.USAGE
    assert caught.value.hint
    return caught.value


def test_no_repository(tmp_path: Path) -> None:
    assert "no git repository" in refused(tmp_path).message
    assert "no such folder" in refused(tmp_path / "nowhere").message
    (tmp_path / "file").write_text("x")
    assert "a file" in refused(tmp_path / "file").message


def test_a_repository_without_commits(story: Any) -> None:
    assert "no commit" in refused(story.path).message


def test_a_head_that_points_nowhere_names_the_branches_there_are(story: Any) -> None:
    story.commit("first", {"a": "1\n"})
    story.git("symbolic-ref", "HEAD", "refs/heads/master")
    error = refused(story.path)
    assert "`master`" in error.message
    assert "--branch: `main`" in error.hint
    assert find(story.path, "main").branch == "main"


def test_branches_local_remote_and_other_revisions(story: Any, tmp_path: Path) -> None:
    first = story.commit("first", {"a": "1\n"})
    story.git("branch", "release")
    story.git("tag", "v1")
    second = story.commit("second", {"a": "2\n"})
    story.git("clone", "-q", str(story.path), str(tmp_path / "clone"))
    clone = tmp_path / "clone"
    assert (find(clone).branch, find(clone).tip) == ("main", second)
    for asked, name in (("release", "release"), ("origin/release", "release"), ("v1", "v1"), (first, first)):
        found = find(clone, asked)
        assert (found.branch, found.tip) == (name, first)
    error = refused(clone, "relaese")
    assert error.where == "--branch"
    assert "`origin/release`" in error.hint


def test_an_option_is_never_read_as_a_branch(story: Any) -> None:
    story.commit("first", {"a": "1\n"})
    assert "`--all`" in refused(story.path, "--all").message


def test_a_detached_head_has_no_branch_name(story: Any) -> None:
    sha = story.commit("first", {"a": "1\n"})
    story.git("checkout", "-q", "--detach")
    assert (find(story.path).branch, find(story.path).tip) == ("", sha)


def test_somebody_elses_repository_is_read(story: Any) -> None:
    story.commit("first", {"a": "1\n"})
    # git's own switch for its tests of `safe.directory`.
    assert find(story.path, env={"GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"}).branch == "main"


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://github.example/acme/shop.git", "acme/shop"),
        ("https://octo-dev:s3cret@github.example/acme/shop", "acme/shop"),
        ("git@github.example:acme/shop.git", "acme/shop"),
        ("ssh://git@github.example:2222/group/acme/shop.git/", "acme/shop"),
        ("/srv/git/other.git", "shop"),
        ("file:///srv/git/other.git", "shop"),
    ],
)
def test_the_name_is_the_end_of_the_remotes_address_and_never_a_key(story: Any, address: str, name: str) -> None:
    story.commit("first", {"a": "1\n"})
    story.git("remote", "add", "origin", address)
    assert find(story.path).name == name
