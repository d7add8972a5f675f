"""Clone, fetch and push with real git."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def remote(sim: Any, repo: str, token: str = "tok-dev") -> str:
    return f"{sim.url.replace('://', f'://x-access-token:{token}@')}/{repo}.git"


def cloned(sim: Any, git: Any, repo: str, token: str = "tok-dev") -> Any:
    git.run("clone", "-q", remote(sim, repo, token), "box")
    return type(git)(git.folder / "box")


def commit(box: Any, name: str, text: str) -> str:
    (Path(box.folder) / name).write_text(text)
    box.run("add", name)
    box.run("commit", "-q", "-m", f"add {name}")
    return str(box.run("rev-parse", "HEAD").stdout.strip())


def many_local_commits(box: Any, count: int) -> None:
    """Empty commits on the branch that is out, all by one process."""
    who = "committer Octo Dev <octo-dev@users.noreply.github.com> 1700000000 +0000"
    first = "from refs/heads/main^0\n"
    stream = "".join(
        f"commit refs/heads/main\n{who}\ndata 5\nlocal\n{first if number == 0 else ''}\n" for number in range(count)
    )
    box.run("fast-import", "--quiet", "--force", text_in=stream)


def test_clone_push_and_read_back(sim: Any, dev: Any, git: Any) -> None:
    repo = dev.make_repo()
    box = cloned(sim, git, repo)
    sha = commit(box, "a.txt", "a\n")
    box.run("push", "-q", "origin", "HEAD:main", "HEAD:refs/heads/side")
    assert dev.head(repo) == dev.head(repo, "side") == sha
    assert dev.ok("GET", f"/repos/{repo}/commits/main")["author"]["login"] == "octo-dev"
    box.run("push", "-q", "origin", ":side")
    assert dev.call("GET", f"/repos/{repo}/git/ref/heads/side").status_code == 404
    box.run("fetch", "-q", "--prune")
    assert box.run("branch", "-r").stdout.split() == ["origin/HEAD", "->", "origin/main", "origin/main"]


def test_first_push_into_an_empty_repository(sim: Any, dev: Any, git: Any) -> None:
    dev.ok("POST", "/user/repos", {"name": "empty"}, 201)
    git.run("init", "-q", "-b", "main", "box")
    box = type(git)(git.folder / "box")
    sha = commit(box, "a.txt", "a\n")
    box.run("push", "-q", remote(sim, "octo-dev/empty"), "main")
    assert dev.head("octo-dev/empty") == sha


def test_many_objects_and_a_gzipped_negotiation(sim: Any, dev: Any, git: Any) -> None:
    repo = dev.make_repo()
    box = cloned(sim, git, repo)
    for number in range(700):
        (Path(box.folder) / f"f{number}").write_text(f"{number}\n")
    box.run("add", ".")
    box.run("commit", "-q", "-m", "many")
    box.run("-c", "http.postBuffer=1024", "push", "-q", "origin", "HEAD:main")
    assert len(dev.ok("GET", f"/repos/{repo}/git/trees/main")["tree"]) == 701
    many_local_commits(box, 60)
    other = type(git)(git.folder / "other")
    other.run("clone", "-q", "--filter=blob:none", remote(sim, repo), ".")
    dev.put_file(repo, "later", "later\n")
    box.run("-c", "protocol.version=0", "fetch", "-q")
    assert box.run("rev-parse", "origin/main").stdout.strip() == dev.head(repo)


def test_any_commit_can_be_fetched_by_id(sim: Any, dev: Any, git: Any) -> None:
    repo = dev.make_repo()
    sha = dev.head(repo)
    dev.put_file(repo, "b", "b")
    git.run("init", "-q", "box")
    box = type(git)(git.folder / "box")
    box.run("fetch", "-q", "--depth=1", remote(sim, repo), sha)
    assert box.run("rev-parse", "FETCH_HEAD").stdout.strip() == sha


def test_who_may_not(sim: Any, dev: Any, git: Any) -> None:
    repo = dev.make_repo("secret", private=True)
    reply = dev.session.get(
        f"{sim.url}/{repo}.git/info/refs?service=git-upload-pack", headers={"Authorization": ""}, timeout=30
    )
    assert (reply.status_code, reply.headers["WWW-Authenticate"]) == (401, 'Basic realm="GitHub"')
    stranger = git.run("clone", remote(sim, repo, "tok-reader"), "x", check=False)
    assert "not found" in stranger.stderr.lower()
    dev.ok("PUT", f"/repos/{repo}/collaborators/octo-reader", {"permission": "pull"}, 201)
    box = cloned(sim, git, repo, "tok-reader")
    commit(box, "a", "a")
    refused = box.run("push", "origin", "HEAD:main", check=False)
    assert refused.returncode != 0
    assert "denied to octo-reader" in refused.stderr or "403" in refused.stderr


def test_non_fast_forward_needs_force_and_a_stale_lease_loses(sim: Any, dev: Any, git: Any) -> None:
    repo = dev.make_repo()
    box = cloned(sim, git, repo)
    commit(box, "a", "a")
    server = dev.put_file(repo, "s", "s")["commit"]["sha"]
    assert box.run("push", "origin", "HEAD:main", check=False).returncode != 0
    assert dev.head(repo) == server
    assert box.run("push", "--force-with-lease", "origin", "HEAD:main", check=False).returncode != 0
    box.run("push", "-q", "--force", "origin", "HEAD:main")
    assert dev.head(repo) == box.run("rev-parse", "HEAD").stdout.strip()


def test_pull_refs_are_shown_and_not_pushable(sim: Any, dev: Any, git: Any) -> None:
    repo = dev.make_repo()
    number = dev.ok("GET", f"/repos/{repo}")["id"]
    bare = sim.root / "repos" / f"{number}.git"
    git.run("--git-dir", str(bare), "update-ref", "refs/pull/1/head", dev.head(repo))
    box = cloned(sim, git, repo)
    assert "refs/pull/1/head" in box.run("ls-remote", "origin").stdout
    commit(box, "a", "a")
    refused = box.run("push", "origin", "HEAD:refs/pull/1/head", check=False)
    assert refused.returncode != 0
    assert "deny updating a hidden ref" in refused.stderr


def test_atomic_push_moves_all_or_nothing(sim: Any, dev: Any, git: Any) -> None:
    repo = dev.make_repo()
    box = cloned(sim, git, repo)
    before = dev.head(repo)
    commit(box, "a", "a")
    refused = box.run("push", "--atomic", "origin", "HEAD:main", "HEAD:refs/pull/9/head", check=False)
    assert refused.returncode != 0
    assert dev.head(repo) == before
