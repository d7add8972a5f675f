"""Authentication, errors, pages, ETags, names and renames."""

from __future__ import annotations

from typing import Any

import pytest


def test_bad_token_is_told_as_github_tells_it(sim: Any, anonymous: Any) -> None:
    reply = anonymous.call("GET", "/user", headers={"Authorization": "token nope"})
    assert reply.status_code == 401
    assert reply.json() == {
        "message": "Bad credentials",
        "documentation_url": "https://docs.github.com/rest",
        "status": "401",
    }
    assert anonymous.call("GET", "/user").json()["message"] == "Requires authentication"


def test_basic_and_bearer_are_tokens_too(sim: Any, anonymous: Any) -> None:
    assert anonymous.call("GET", "/user", auth=("octo-dev", "tok-dev")).json()["login"] == "octo-dev"
    assert anonymous.call("GET", "/user", headers={"Authorization": "Bearer tok-dev"}).json()["login"] == "octo-dev"


def test_broken_and_incomplete_bodies(dev: Any) -> None:
    broken = dev.session.post(dev.sim.url + "/user/repos", data=b"{", timeout=30)
    assert (broken.status_code, broken.json()["message"]) == (400, "Problems parsing JSON")
    missing = dev.ok("POST", "/user/repos", {}, 422)
    assert missing["message"] == "Validation Failed"
    assert missing["errors"][0] == {"resource": "Repository", "code": "missing_field", "field": "name"}


def test_unknown_addresses_and_methods_are_404(dev: Any) -> None:
    assert dev.ok("GET", "/no/such/thing", status=404)["message"] == "Not Found"
    assert dev.ok("PUT", "/user", status=404)["message"] == "Not Found"


def test_private_repositories_do_not_exist_for_strangers(dev: Any, reader: Any, anonymous: Any) -> None:
    repo = dev.make_repo("secret", private=True)
    assert reader.call("GET", f"/repos/{repo}").status_code == 404
    assert anonymous.call("GET", f"/repos/{repo}").status_code == 404
    dev.ok("PUT", f"/repos/{repo}/collaborators/octo-reader", {"permission": "pull"}, 201)
    assert reader.ok("GET", f"/repos/{repo}")["permissions"]["push"] is False
    assert dev.ok("GET", f"/repos/{repo}/collaborators/octo-reader/permission")["role_name"] == "read"
    refused = reader.call("POST", f"/repos/{repo}/git/refs", {"ref": "refs/heads/x", "sha": "0" * 40})
    assert refused.status_code == 404


def test_site_admin_token_administers_everything(sim: Any, dev: Any) -> None:
    repo = dev.make_repo()
    reply = dev.call("PATCH", f"/repos/{repo}", {"description": "d"}, headers={"Authorization": "token tok-admin"})
    assert reply.status_code == 200
    assert reply.json()["description"] == "d"


def test_api_v3_prefix_and_links_name_the_host_that_was_asked(dev: Any) -> None:
    repo = dev.make_repo()
    body = dev.ok("GET", f"/api/v3/repos/{repo}")
    assert body["url"] == f"{dev.sim.url}/api/v3/repos/{repo}"
    other = dev.sim.url.replace("127.0.0.1", "localhost")
    assert dev.session.get(f"{other}/repos/{repo}", timeout=30).json()["url"].startswith(other)


def test_pages_have_link_headers(dev: Any) -> None:
    repo = dev.make_repo()
    sha = dev.head(repo)
    for number in range(5):
        dev.ok("POST", f"/repos/{repo}/git/refs", {"ref": f"refs/heads/b{number}", "sha": sha}, 201)
    reply = dev.call("GET", f"/repos/{repo}/branches", params={"per_page": 2, "page": 2})
    assert [b["name"] for b in reply.json()] == ["b2", "b3"]
    rels = {rel: link["url"].rsplit("=", 1)[1] for rel, link in reply.links.items()}
    assert rels == {"prev": "1", "next": "3", "last": "3", "first": "1"}
    names, url = [], f"{dev.sim.url}/repos/{repo}/branches?per_page=2"
    while url:
        page = dev.session.get(url, timeout=30)
        names += [b["name"] for b in page.json()]
        url = page.links.get("next", {}).get("url")
    assert names == ["b0", "b1", "b2", "b3", "b4", "main"]


def test_etag_answers_304_and_costs_nothing(dev: Any) -> None:
    repo = dev.make_repo()
    first = dev.call("GET", f"/repos/{repo}/branches")
    again = dev.call("GET", f"/repos/{repo}/branches", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["x-ratelimit-remaining"] == first.headers["x-ratelimit-remaining"]
    dev.put_file(repo, "a.txt", "a")
    changed = dev.call("GET", f"/repos/{repo}/branches", headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200


def test_rename_answers_301_to_reads_and_307_to_writes(dev: Any) -> None:
    repo = dev.make_repo("old")
    number = dev.ok("PATCH", f"/repos/{repo}", {"name": "new"})["id"]
    read = dev.call("GET", "/repos/octo-dev/old/branches?per_page=1")
    assert read.status_code == 301
    assert read.headers["Location"] == f"{dev.sim.url}/repositories/{number}/branches?per_page=1"
    assert read.json()["message"] == "Moved Permanently"
    write = dev.call("PATCH", "/repos/octo-dev/old", {"description": "x"})
    assert (write.status_code, write.json()["message"]) == (307, "Moved Permanently")
    assert dev.ok("GET", f"/repositories/{number}")["full_name"] == "octo-dev/new"
    assert dev.ok("GET", f"/repositories/{number}/branches")[0]["name"] == "main"
    assert dev.ok("GET", "/repos/octo-dev/new")["description"] is None
    dev.make_repo("old")
    assert dev.ok("GET", "/repos/octo-dev/old")["id"] != number


def test_archived_repositories_refuse_writes(dev: Any) -> None:
    repo = dev.make_repo()
    dev.ok("PATCH", f"/repos/{repo}", {"archived": True})
    refused = dev.call("POST", f"/repos/{repo}/git/refs", {"ref": "refs/heads/x", "sha": dev.head(repo)})
    assert (refused.status_code, refused.json()["message"]) == (403, "Repository was archived so is read-only.")
    dev.ok("PATCH", f"/repos/{repo}", {"archived": False})
    dev.ok("POST", f"/repos/{repo}/git/refs", {"ref": "refs/heads/x", "sha": dev.head(repo)}, 201)


def test_organizations_teams_and_their_reach(sim: Any, dev: Any, reader: Any) -> None:
    sim.control("orgs", {"login": "octo-org", "members": {"octo-dev": "admin"}, "teams": {"writers": ["octo-reader"]}})
    repo = dev.ok("POST", "/orgs/octo-org/repos", {"name": "r", "auto_init": True, "private": True}, 201)["full_name"]
    assert reader.call("GET", f"/repos/{repo}").status_code == 404
    dev.ok("PUT", f"/orgs/octo-org/teams/writers/repos/{repo}", {"permission": "push"}, 204)
    assert reader.ok("GET", f"/repos/{repo}")["permissions"]["push"] is True
    assert [t["slug"] for t in dev.ok("GET", f"/repos/{repo}/teams")] == ["writers"]


def test_fork_has_its_own_git_data(dev: Any, reader: Any) -> None:
    repo = dev.make_repo()
    fork = reader.ok("POST", f"/repos/{repo}/forks", {}, 202)
    assert fork["parent"]["full_name"] == repo
    before = dev.head(repo)
    assert reader.head("octo-reader/box") == before
    reader.put_file("octo-reader/box", "b.txt", "b")
    assert dev.head(repo) == before
    compared = dev.ok("GET", f"/repos/{repo}/compare/main...octo-reader:main")
    assert (compared["status"], compared["ahead_by"], compared["files"][0]["filename"]) == ("ahead", 1, "b.txt")


@pytest.mark.parametrize("may_write", [False, True])
def test_app_tokens_are_limited_by_their_permissions(sim: Any, dev: Any, anonymous: Any, may_write: bool) -> None:
    repo = dev.make_repo()
    grants = {"contents": "write"} if may_write else {"contents": "read", "issues": "write"}
    app = sim.control("apps", {"slug": "release", "owner": "octo-dev", "token": "tok-app", "permissions": grants})
    assert app["slug"] == "release"
    head = {"Authorization": "token tok-app"}
    made = anonymous.call(
        "POST", f"/repos/{repo}/git/refs", {"ref": "refs/heads/x", "sha": dev.head(repo)}, headers=head
    )
    if may_write:
        assert made.status_code == 201
    else:
        assert (made.status_code, made.json()["message"]) == (403, "Resource not accessible by integration")
    assert anonymous.call("PATCH", f"/repos/{repo}", {"description": "x"}, headers=head).status_code == 403
