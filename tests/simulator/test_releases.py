"""Releases as GitHub documents them: a published one makes its tag, a draft is seen by who may push."""

from __future__ import annotations

from .conftest import Client


def test_a_published_release_makes_its_tag_once(dev: Client) -> None:
    repo = dev.make_repo("releases-1")
    made = dev.ok("POST", f"/repos/{repo}/releases", {"tag_name": "v1.0.0", "name": "One", "body": "text"}, 201)
    assert (made["draft"], made["prerelease"], made["published_at"] is None) == (False, False, False)
    assert dev.head_of(repo, "refs/tags/v1.0.0") == dev.head(repo)
    assert dev.ok("GET", f"/repos/{repo}/releases/tags/v1.0.0")["id"] == made["id"]
    assert dev.ok("GET", f"/repos/{repo}/releases/latest")["id"] == made["id"]
    twice = dev.call("POST", f"/repos/{repo}/releases", {"tag_name": "v1.0.0"})
    assert twice.status_code == 422
    assert twice.json()["errors"][0]["code"] == "already_exists"
    assert len(dev.ok("GET", f"/repos/{repo}/releases")) == 1


def test_a_draft_makes_no_tag_and_is_not_shown_to_readers(dev: Client, reader: Client) -> None:
    repo = dev.make_repo("releases-2")
    made = dev.ok("POST", f"/repos/{repo}/releases", {"tag_name": "v2.0.0", "draft": True}, 201)
    assert dev.call("GET", f"/repos/{repo}/git/ref/tags/v2.0.0").status_code == 404
    assert dev.call("GET", f"/repos/{repo}/releases/tags/v2.0.0").status_code == 404
    assert [r["id"] for r in dev.ok("GET", f"/repos/{repo}/releases")] == [made["id"]]
    assert reader.ok("GET", f"/repos/{repo}/releases") == []
    shown = dev.ok("PATCH", f"/repos/{repo}/releases/{made['id']}", {"draft": False})
    assert (shown["draft"], dev.head_of(repo, "refs/tags/v2.0.0")) == (False, dev.head(repo))
    dev.ok("DELETE", f"/repos/{repo}/releases/{made['id']}", status=204)
    assert dev.head_of(repo, "refs/tags/v2.0.0") == dev.head(repo)


def test_who_may_not_push_makes_none(dev: Client, reader: Client) -> None:
    repo = dev.make_repo("releases-3")
    assert reader.call("POST", f"/repos/{repo}/releases", {"tag_name": "v1"}).status_code == 404
    assert dev.call("POST", f"/repos/{repo}/releases", {"tag_name": "a..b"}).status_code == 422
    assert dev.call("POST", f"/repos/{repo}/releases", {"tag_name": "v1", "target_commitish": "x"}).status_code == 422
    assert dev.call("POST", f"/repos/{repo}/releases", {}).status_code == 422
