"""Git data, refs as a lock, contents, commits and comparisons."""

from __future__ import annotations

import base64
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import github
import pytest
import requests

WHO = {"name": "Octo Dev", "email": "dev@example.com", "date": "2026-01-31T10:00:00+02:00"}


def make_commit(dev: Any, repo: str, parent: str, message: str) -> str:
    tree = dev.ok("GET", f"/repos/{repo}/git/commits/{parent}")["tree"]["sha"]
    body = {"message": message, "tree": tree, "parents": [parent], "author": WHO}
    return str(dev.ok("POST", f"/repos/{repo}/git/commits", body, 201)["sha"])


def test_commit_keeps_message_dates_and_parents(dev: Any) -> None:
    repo = dev.make_repo()
    head = dev.head(repo)
    sha = make_commit(dev, repo, head, "one\n\nbody without newline")
    commit = dev.ok("GET", f"/repos/{repo}/git/commits/{sha}")
    assert commit["message"] == "one\n\nbody without newline"
    assert commit["author"] == {"name": "Octo Dev", "email": "dev@example.com", "date": "2026-01-31T08:00:00Z"}
    assert commit["committer"] == commit["author"]
    assert [p["sha"] for p in commit["parents"]] == [head]
    assert commit["verification"]["reason"] == "unsigned"
    assert make_commit(dev, repo, head, "one\n\nbody without newline") == sha


def test_what_the_server_signs_and_that_it_cannot_be_faked(sim: Any, dev: Any) -> None:
    repo = dev.make_repo()
    first = dev.ok("GET", f"/repos/{repo}/commits/main")["commit"]
    assert (first["committer"]["name"], first["verification"]["verified"]) == ("GitHub", True)
    own = dev.put_file(repo, "a.txt", "a")["commit"]
    assert (own["committer"]["name"], own["verification"]["reason"]) == ("octo-dev", "unsigned")
    grants = {"contents": "write"}
    sim.control("apps", {"slug": "release", "owner": "octo-dev", "token": "tok-app", "permissions": grants})
    app = type(dev)(sim, "tok-app")
    by_app = app.put_file(repo, "b.txt", "b")["commit"]
    assert (by_app["committer"]["name"], by_app["verification"]["verified"]) == ("GitHub", True)
    named = app.put_file(repo, "c.txt", "c", author=WHO)["commit"]
    app.session.close()
    assert (named["committer"]["name"], named["verification"]["verified"]) == ("release[bot]", False)
    body = {"message": "x", "tree": by_app["tree"]["sha"], "parents": [dev.head(repo)], "author": WHO}
    signature = by_app["verification"]["signature"]
    forged = dev.ok("POST", f"/repos/{repo}/git/commits", {**body, "signature": signature}, 201)
    assert forged["verification"]["verified"] is False
    assert forged["verification"]["reason"] == "unknown_key"


def test_ref_life(dev: Any) -> None:
    repo = dev.make_repo()
    head = dev.head(repo)
    ref = "refs/bascule/journal"
    made = dev.ok("POST", f"/repos/{repo}/git/refs", {"ref": ref, "sha": head}, 201)
    assert made["url"].endswith("/git/refs/bascule/journal")
    again = dev.ok("POST", f"/repos/{repo}/git/refs", {"ref": ref, "sha": head}, 422)
    assert again["message"] == "Reference already exists"
    one, two = make_commit(dev, repo, head, "1"), make_commit(dev, repo, head, "2")
    dev.ok("PATCH", f"/repos/{repo}/git/{ref}", {"sha": one, "force": False})
    dev.ok("PATCH", f"/repos/{repo}/git/{ref}", {"sha": one, "force": False})
    lost = dev.ok("PATCH", f"/repos/{repo}/git/{ref}", {"sha": two, "force": False}, 422)
    assert lost["message"] == "Update is not a fast forward"
    dev.ok("PATCH", f"/repos/{repo}/git/{ref}", {"sha": two, "force": True})
    assert [r["ref"] for r in dev.ok("GET", f"/repos/{repo}/git/matching-refs/bascule/")] == [ref]
    dev.ok("DELETE", f"/repos/{repo}/git/{ref}", status=204)
    assert dev.ok("DELETE", f"/repos/{repo}/git/{ref}", status=422)["message"] == "Reference does not exist"
    assert dev.ok("GET", f"/repos/{repo}/git/ref/bascule/journal", status=404)["message"] == "Not Found"


@pytest.mark.parametrize(
    ("ref", "sha", "message"),
    [
        ("heads/x", None, "Reference name must start with 'refs/'"),
        ("refs/heads/a..b", None, "Reference name must start with 'refs/'"),
        ("refs/heads/x", "1" * 40, "Object does not exist"),
        ("refs/heads/x", "abc", "The sha parameter must be exactly 40"),
    ],
)
def test_bad_refs_are_422(dev: Any, ref: str, sha: str | None, message: str) -> None:
    repo = dev.make_repo()
    body = {"ref": ref, "sha": sha or dev.head(repo)}
    assert dev.ok("POST", f"/repos/{repo}/git/refs", body, 422)["message"].startswith(message)


def test_custom_refs_can_be_switched_off(sim: Any, dev: Any) -> None:
    repo = dev.make_repo()
    sim.control("switches", {"custom_refs_allowed": False})
    dev.ok("POST", f"/repos/{repo}/git/refs", {"ref": "refs/x/y", "sha": dev.head(repo)}, 422)


def test_creating_one_ref_has_exactly_one_winner(dev: Any) -> None:
    repo = dev.make_repo()
    head = dev.head(repo)

    def race(_: int) -> int:
        url = f"{dev.sim.url}/repos/{repo}/git/refs"
        body = {"ref": "refs/bascule/lock", "sha": head}
        with requests.post(url, json=body, headers={"Authorization": "token tok-dev"}, timeout=30) as reply:
            return reply.status_code

    with ThreadPoolExecutor(16) as pool:
        codes = sorted(pool.map(race, range(16)))
    assert codes == [201] + [422] * 15


def test_moving_one_ref_has_exactly_one_winner(dev: Any) -> None:
    repo = dev.make_repo()
    head = dev.head(repo)
    dev.ok("POST", f"/repos/{repo}/git/refs", {"ref": "refs/bascule/lock", "sha": head}, 201)
    rivals = [make_commit(dev, repo, head, f"rival {n}") for n in range(16)]

    def race(sha: str) -> int:
        url = f"{dev.sim.url}/repos/{repo}/git/refs/bascule/lock"
        body = {"sha": sha, "force": False}
        with requests.patch(url, json=body, headers={"Authorization": "token tok-dev"}, timeout=30) as reply:
            return reply.status_code

    with ThreadPoolExecutor(16) as pool:
        codes = dict(zip(rivals, pool.map(race, rivals), strict=True))
    winners = [sha for sha, code in codes.items() if code == 200]
    assert len(winners) == 1
    assert set(codes.values()) <= {200, 409, 422}
    assert dev.ok("GET", f"/repos/{repo}/git/ref/bascule/lock")["object"]["sha"] == winners[0]


def test_trees_from_base_inline_content_modes_and_removal(dev: Any) -> None:
    repo = dev.make_repo()
    dev.put_file(repo, "dir/keep.txt", "keep")
    dev.put_file(repo, "dir/gone.txt", "gone")
    base = dev.ok("GET", f"/repos/{repo}/commits/main")["commit"]["tree"]["sha"]
    blob = dev.ok(
        "POST", f"/repos/{repo}/git/blobs", {"content": base64.b64encode(b"\0\1").decode(), "encoding": "base64"}, 201
    )
    rows = [
        {"path": "dir/gone.txt", "mode": "100644", "type": "blob", "sha": None},
        {"path": "run.sh", "mode": "100755", "type": "blob", "content": "#!/bin/sh\n"},
        {"path": "link", "mode": "120000", "type": "blob", "content": "run.sh"},
        {"path": "bin", "mode": "100644", "type": "blob", "sha": blob["sha"]},
        {"path": "sub", "mode": "160000", "type": "commit", "sha": "1" * 40},
    ]
    tree = dev.ok("POST", f"/repos/{repo}/git/trees", {"base_tree": base, "tree": rows}, 201)
    full = dev.ok("GET", f"/repos/{repo}/git/trees/{tree['sha']}?recursive=1")
    found = {row["path"]: (row["mode"], row["type"]) for row in full["tree"]}
    assert found == {
        "README.md": ("100644", "blob"),
        "bin": ("100644", "blob"),
        "dir": ("040000", "tree"),
        "dir/keep.txt": ("100644", "blob"),
        "link": ("120000", "blob"),
        "run.sh": ("100755", "blob"),
        "sub": ("160000", "commit"),
    }
    assert full["truncated"] is False
    copied = {"base_tree": tree["sha"], "tree": [{"path": "copy", "mode": "040000", "type": "tree", "sha": base}]}
    made = dev.ok("POST", f"/repos/{repo}/git/trees", copied, 201)["sha"]
    names = {row["path"] for row in dev.ok("GET", f"/repos/{repo}/git/trees/{made}?recursive=1")["tree"]}
    assert "copy/dir/gone.txt" in names
    bad = {"tree": [{"path": "x", "mode": "100644", "type": "blob", "sha": "2" * 40}]}
    assert "is not a valid blob" in dev.ok("POST", f"/repos/{repo}/git/trees", bad, 422)["message"]


def test_contents_need_the_blob_they_replace(dev: Any) -> None:
    repo = dev.make_repo()
    dev.put_file(repo, "a.txt", "one")
    body = {"message": "m", "content": base64.b64encode(b"two").decode()}
    assert "sha" in dev.ok("PUT", f"/repos/{repo}/contents/a.txt", body, 422)["message"]
    stale = dev.ok("PUT", f"/repos/{repo}/contents/a.txt", {**body, "sha": "1" * 40}, 409)
    assert stale["message"] == f"a.txt does not match {'1' * 40}"
    sha = dev.ok("GET", f"/repos/{repo}/contents/a.txt")["sha"]
    dev.ok("DELETE", f"/repos/{repo}/contents/a.txt", {"message": "rm", "sha": sha})
    assert [e["name"] for e in dev.ok("GET", f"/repos/{repo}/contents")] == ["README.md"]


def test_comparison_shows_renames_patches_and_the_merge_base(dev: Any) -> None:
    repo = dev.make_repo()
    lines = "".join(f"line {n}\n" for n in range(20))
    dev.put_file(repo, "old name.txt", lines)
    base = dev.head(repo)
    dev.ok("POST", f"/repos/{repo}/git/refs", {"ref": "refs/heads/feature/x", "sha": base}, 201)
    tree = dev.ok("GET", f"/repos/{repo}/git/commits/{base}")["tree"]["sha"]
    rows = [
        {"path": "old name.txt", "mode": "100644", "type": "blob", "sha": None},
        {"path": "new.txt", "mode": "100644", "type": "blob", "content": lines + "more\n"},
    ]
    new_tree = dev.ok("POST", f"/repos/{repo}/git/trees", {"base_tree": tree, "tree": rows}, 201)["sha"]
    body = {"message": "move", "tree": new_tree, "parents": [base]}
    sha = dev.ok("POST", f"/repos/{repo}/git/commits", body, 201)["sha"]
    dev.ok("PATCH", f"/repos/{repo}/git/refs/heads/feature/x", {"sha": sha})
    dev.put_file(repo, "main.txt", "main moved")
    compared = dev.ok("GET", f"/repos/{repo}/compare/main...feature/x")
    assert (compared["status"], compared["ahead_by"], compared["behind_by"]) == ("diverged", 1, 1)
    assert compared["merge_base_commit"]["sha"] == base
    (change,) = compared["files"]
    assert (change["status"], change["previous_filename"], change["filename"]) == ("renamed", "old name.txt", "new.txt")
    assert (change["additions"], change["deletions"]) == (1, 0)
    assert change["patch"].endswith("+more")
    assert dev.ok("GET", f"/repos/{repo}/branches/feature/x")["commit"]["sha"] == sha


def test_type_change_and_binary_keep_files_and_patches_in_step(dev: Any) -> None:
    repo = dev.make_repo()
    dev.put_file(repo, "a", "x\n")
    dev.put_file(repo, "z", "x\n")
    base = dev.head(repo)
    tree = dev.ok("GET", f"/repos/{repo}/git/commits/{base}")["tree"]["sha"]
    blob = dev.ok(
        "POST", f"/repos/{repo}/git/blobs", {"content": base64.b64encode(b"\0\1").decode(), "encoding": "base64"}, 201
    )
    rows = [
        {"path": "a", "mode": "120000", "type": "blob", "content": "z"},
        {"path": "m", "mode": "100644", "type": "blob", "sha": blob["sha"]},
        {"path": "z", "mode": "100644", "type": "blob", "content": "y\n"},
    ]
    new = dev.ok("POST", f"/repos/{repo}/git/trees", {"base_tree": tree, "tree": rows}, 201)["sha"]
    sha = dev.ok("POST", f"/repos/{repo}/git/commits", {"message": "m", "tree": new, "parents": [base]}, 201)["sha"]
    files = {f["filename"]: f for f in dev.ok("GET", f"/repos/{repo}/commits/{sha}")["files"]}
    assert files["a"]["status"] == "changed"
    assert "patch" not in files["m"]
    assert files["z"]["patch"] == "@@ -1 +1 @@\n-x\n+y"


def test_annotated_tag(dev: Any) -> None:
    repo = dev.make_repo()
    body = {"tag": "v1", "message": "first", "object": dev.head(repo), "type": "commit"}
    tag = dev.ok("POST", f"/repos/{repo}/git/tags", body, 201)
    dev.ok("POST", f"/repos/{repo}/git/refs", {"ref": "refs/tags/v1", "sha": tag["sha"]}, 201)
    assert dev.ok("GET", f"/repos/{repo}/git/tags/{tag['sha']}")["object"]["sha"] == dev.head(repo)
    assert dev.ok("GET", f"/repos/{repo}/commits/v1")["sha"] == dev.head(repo)


def test_pygithub_creates_commits_and_reads_back(sim: Any) -> None:
    hub = github.Github(
        base_url=sim.url,
        auth=github.Auth.Token("tok-dev"),
        retry=None,
        seconds_between_requests=0,
        seconds_between_writes=0,
    )
    try:
        repo = hub.get_user().create_repo("py", auto_init=True)
        made = repo.create_file("docs/a.md", "add", "hello\n", branch="main")
        assert repo.get_contents("docs/a.md").decoded_content == b"hello\n"
        assert repo.get_branch("main").commit.sha == made["commit"].sha
        ref = repo.create_git_ref("refs/heads/side", made["commit"].sha)
        parent = repo.get_git_commit(made["commit"].sha)
        side = repo.create_git_commit("side", parent.tree, [parent])
        ref.edit(side.sha, force=False)
        assert [c.sha for c in repo.get_commits("side")][:2] == [side.sha, made["commit"].sha]
        assert repo.compare("main", "side").ahead_by == 1
        with pytest.raises(github.GithubException) as caught:
            repo.create_git_ref("refs/heads/side", side.sha)
        assert caught.value.status == 422
        assert hub.get_rate_limit().rate.limit == 5000
    finally:
        hub.close()
