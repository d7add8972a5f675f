"""Which pull request a person means, and that a token never follows an address that came from elsewhere."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from bascule.errors import UsageError
from bascule.forge.repo import api_of, parse_remote, resolve

HERE = Path()
SIM = {"BASCULE_API_URL": "http://127.0.0.1:8020"}
GHES = {"GH_HOST": "ghe.example.com"}


def clone(tmp_path: Path, *remotes: tuple[str, str], branch: str = "topic") -> Path:
    def git(*args: str) -> None:
        subprocess.run(["git", "-C", str(tmp_path), *args], check=True, capture_output=True)

    git("init", "-q", "-b", branch)
    for name, url in remotes:
        git("remote", "add", name, url)
    return tmp_path


def configure(folder: Path, key: str, value: str) -> None:
    subprocess.run(["git", "-C", str(folder), "config", key, value], check=True)


@pytest.mark.parametrize(
    ("environ", "rest"),
    [
        ({}, "https://api.github.com"),
        ({"GITHUB_API_URL": "https://api.github.com"}, "https://api.github.com"),
        ({"GITHUB_API_URL": "https://ghe.example.com/api/v3"}, "https://ghe.example.com/api/v3"),
        (GHES, "https://ghe.example.com/api/v3"),
        ({"GH_HOST": "github.com"}, "https://api.github.com"),
        ({"GH_HOST": "octo.ghe.com"}, "https://api.octo.ghe.com"),
        ({**GHES, "GITHUB_API_URL": "https://api.github.com"}, "https://ghe.example.com/api/v3"),
        ({**GHES, **SIM}, "http://127.0.0.1:8020"),
        ({"BASCULE_API_URL": "http://ghe.example.com", "BASCULE_ALLOW_HTTP": "1"}, "http://ghe.example.com"),
    ],
)
def test_the_environment_decides_which_github(environ: dict[str, str], rest: str) -> None:
    assert api_of(environ).rest == rest


@pytest.mark.parametrize(
    "environ",
    [
        {"BASCULE_API_URL": "http://ghe.example.com"},
        {"BASCULE_API_URL": "github.com"},
        {"BASCULE_API_URL": "http://[::1"},
        {"BASCULE_API_URL": "http://127.0.0.1:99999"},
        {"GITHUB_API_URL": "https://ghe.example.com:port"},
        {"GH_HOST": "https://x/"},
        {"GH_HOST": "ghe.example.com:99999"},
    ],
)
def test_an_unusable_address_is_a_usage_error(environ: dict[str, str]) -> None:
    with pytest.raises(UsageError):
        api_of(environ)


@pytest.mark.parametrize(
    ("selector", "option", "environ", "expected"),
    [
        ("42", "octo/box", {}, ("octo", "box", 42, None)),
        ("#42", "octo/box", {}, ("octo", "box", 42, None)),
        ("octo/box#42", None, {}, ("octo", "box", 42, None)),
        ("octo/box#42", "Octo/Box", {}, ("octo", "box", 42, None)),
        ("https://github.com/octo/box/pull/42", None, {}, ("octo", "box", 42, None)),
        ("https://github.com/octo/box.js/pull/42/files#diff-1", None, {}, ("octo", "box.js", 42, None)),
        ("https://www.github.com/octo/box/pull/42", None, {}, ("octo", "box", 42, None)),
        ("https://ghe.example.com/octo/box/pull/42", None, GHES, ("octo", "box", 42, None)),
        ("http://127.0.0.1:8020/octo/box/pull/42", None, SIM, ("octo", "box", 42, None)),
        ("http://localhost:8020/octo/box/pull/42", None, SIM, ("octo", "box", 42, None)),
        ("feature/x-1", "octo/box", {}, ("octo", "box", None, "feature/x-1")),
        ("octo-dev:patch-1", "octo/box", {}, ("octo", "box", None, "octo-dev:patch-1")),
        ("42", "github.com/octo/box", {}, ("octo", "box", 42, None)),
        ("42", "https://github.com/octo/box.git", {}, ("octo", "box", 42, None)),
        ("42", "git@github.com:octo/box.git", {}, ("octo", "box", 42, None)),
        ("42", "ghe.example.com/octo/box", GHES, ("octo", "box", 42, None)),
    ],
)
def test_selectors(
    selector: str,
    option: str | None,
    environ: dict[str, str],
    expected: tuple[str, str, int | None, str | None],
) -> None:
    target = resolve(selector, repo=option, environ=environ, folder=HERE)
    assert (target.owner, target.name, target.number, target.branch) == expected


@pytest.mark.parametrize(
    ("selector", "option", "environ", "message"),
    [
        ("https://evil.example.net/octo/box/pull/1", None, {}, "evil.example.net is not github.com"),
        ("https://github.com/octo/box/pull/1", None, GHES, "github.com is not ghe.example.com"),
        ("https://github.com.evil.example.net/octo/box/pull/1", None, {}, "is not github.com"),
        ("https://github.com@evil.example.net/octo/box/pull/1", None, {}, "evil.example.net is not github.com"),
        ("http://127.0.0.1:9999/octo/box/pull/1", None, SIM, "127.0.0.1:9999 is not 127.0.0.1:8020"),
        ("1", "evil.example.net/octo/box", {}, "evil.example.net is not github.com"),
        ("1", "git@evil.example.net:octo/box", {}, "evil.example.net is not github.com"),
        ("https://github.com/octo/box/issues/1", None, {}, "does not name a pull request"),
        ("ftp://github.com/octo/box/pull/1", None, {}, "does not name a pull request"),
        ("http://[::1/octo/box/pull/1", None, {}, "does not name a pull request"),
        ("https://github.com/octo/box/pull/99999999999", None, {}, "does not name a pull request"),
        ("--upload-pack=x", "octo/box", {}, "does not name a pull request"),
        ("a b", "octo/box", {}, "does not name a pull request"),
        ("a..b", "octo/box", {}, "does not name a pull request"),
        ("", "octo/box", {}, "does not name a pull request"),
        ("1", "octo", {}, "does not name a repository"),
        ("1", "octo/..", {}, "does not name a repository"),
        ("1", "a/b/c/d", {}, "does not name a repository"),
        ("1", "http://[::1/octo/box", {}, "does not name a repository"),
        ("octo/box#1", "octo/other", {}, "octo/box#1 is not in octo/other"),
    ],
)
def test_refusals(selector: str, option: str | None, environ: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError) as refused:
        resolve(selector, repo=option, environ=environ, folder=HERE)
    assert message in refused.value.message
    assert refused.value.hint


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://github.com/octo/box.git", ("github.com", "octo", "box")),
        ("https://github.com/octo/box", ("github.com", "octo", "box")),
        ("https://octo-dev:pw@github.com/octo/box.git", ("github.com", "octo", "box")),
        ("git@github.com:octo/box.git", ("github.com", "octo", "box")),
        ("github.com:octo/box", ("github.com", "octo", "box")),
        ("ssh://git@ghe.example.com:2222/octo/box.git", ("ghe.example.com", "octo", "box")),
        ("http://127.0.0.1:8020/octo/box.git", ("127.0.0.1:8020", "octo", "box")),
        ("git@github.com:octo/dots.in.name.git", ("github.com", "octo", "dots.in.name")),
        ("/srv/git/box.git", None),
        ("file:///srv/git/octo/box.git", None),
        ("https://github.com/octo", None),
        ("https://[github.com/octo/box", None),
        ("https://gitlab.example.com/group/sub/box.git", None),
    ],
)
def test_remotes(url: str, expected: tuple[str, str, str] | None) -> None:
    assert parse_remote(url) == expected


# --- the folder ---


def test_the_folders_remote_and_branch(tmp_path: Path) -> None:
    folder = clone(tmp_path, ("origin", "git@github.com:octo/box.git"))
    target = resolve(None, environ={}, folder=folder)
    assert (target.full_name, target.number, target.branch) == ("octo/box", None, "topic")
    assert resolve("7", environ={}, folder=folder).number == 7


def test_the_repository_alone(tmp_path: Path) -> None:
    folder = clone(tmp_path, ("origin", "https://github.com/octo/box"))
    target = resolve(None, environ={}, folder=folder, pull=False)
    assert (target.full_name, target.number, target.branch) == ("octo/box", None, None)


def test_a_branch_that_tracks_a_pull_request(tmp_path: Path) -> None:
    folder = clone(tmp_path, ("origin", "https://github.com/octo/box"))
    configure(folder, "branch.topic.merge", "refs/pull/42/head")
    assert resolve(None, environ={}, folder=folder).number == 42


def test_a_branch_with_another_name_upstream(tmp_path: Path) -> None:
    folder = clone(tmp_path, ("origin", "https://github.com/octo/box"))
    configure(folder, "branch.topic.merge", "refs/heads/feature/topic")
    assert resolve(None, environ={}, folder=folder).branch == "feature/topic"


def test_upstream_before_origin_unless_gh_was_told(tmp_path: Path) -> None:
    remotes = (("origin", "https://github.com/octo-dev/box"), ("upstream", "git@github.com:octo/box.git"))
    folder = clone(tmp_path, *remotes)
    assert resolve("1", environ={}, folder=folder).full_name == "octo/box"
    configure(folder, "remote.origin.gh-resolved", "base")
    assert resolve("1", environ={}, folder=folder).full_name == "octo-dev/box"


def test_remotes_of_other_hosts_do_not_count(tmp_path: Path) -> None:
    folder = clone(tmp_path, ("origin", "https://evil.example.net/octo/box"), ("hub", "https://github.com/octo/box"))
    assert resolve("1", environ={}, folder=folder).full_name == "octo/box"
    with pytest.raises(UsageError, match="no git remote"):
        resolve("1", environ=GHES, folder=folder)


def test_several_repositories(tmp_path: Path) -> None:
    folder = clone(tmp_path, ("a", "https://github.com/octo/a"), ("b", "https://github.com/octo/b"))
    with pytest.raises(UsageError, match="octo/a, octo/b"):
        resolve("1", environ={}, folder=folder)


def test_no_repository_at_all(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no git remote") as refused:
        resolve("1", environ={}, folder=tmp_path)
    assert "-R owner/repo" in refused.value.hint


def test_the_environment_may_name_the_repository(tmp_path: Path) -> None:
    environ = {"GH_REPO": "octo/named", "GITHUB_REPOSITORY": "octo/job"}
    assert resolve("1", environ=environ, folder=tmp_path).full_name == "octo/named"
    assert resolve("1", repo="octo/box", environ=environ, folder=tmp_path).full_name == "octo/box"
    job = {"GITHUB_REPOSITORY": "octo/job"}
    assert resolve("1", environ=job, folder=tmp_path).full_name == "octo/job"
    folder = clone(tmp_path, ("origin", "https://github.com/octo/box"))
    assert resolve("1", environ=job, folder=folder).full_name == "octo/box"


def test_a_detached_head_names_no_pull_request(tmp_path: Path) -> None:
    folder = clone(tmp_path, ("origin", "https://github.com/octo/box"))
    (folder / ".git" / "HEAD").write_text("0" * 40 + "\n")
    with pytest.raises(UsageError, match="not on a branch"):
        resolve(None, environ={}, folder=folder)
