"""The port that loosens and restores: what counts as unprotected, what counts as done."""

from __future__ import annotations

from typing import Any

import pytest

from bascule.clock import ManualClock
from bascule.forge.allowlists import AllowlistTransport
from bascule.forge.github import GitHubTransport
from bascule.forge.identity import Identity
from bascule.forge.keeper import GitHubKeeper
from bascule.forge.ports import LostReplyError, MovedError, RateLimitedError, RefusedError
from bascule.forge.recording import CallLog, RecordingTransport
from bascule.forge.rest import RepoAddress
from bascule.protection.rest import Write

PROTECTED = {"url": "http://x/protection", "enforce_admins": {"url": "http://x", "enabled": True}}
PATH = "/repos/octo/box/branches/main/protection"


@pytest.fixture
def address() -> RepoAddress:
    return RepoAddress("octo/box", repository_id=7)


@pytest.fixture
def keeper(transport: GitHubTransport, clock: ManualClock, address: RepoAddress) -> GitHubKeeper:
    log = CallLog()
    recorded = RecordingTransport(transport, identity=Identity.KEEPER, log=log, clock=clock)
    guarded = AllowlistTransport(recorded, identity=Identity.KEEPER)
    return GitHubKeeper(guarded, address=address, log=log)


def test_protection_is_one_call_and_comes_unchanged(script: Any, keeper: GitHubKeeper) -> None:
    script.say(200, PROTECTED)
    assert keeper.protection("main") == PROTECTED
    assert script.lines == [f"GET {PATH}"]


def test_branch_not_protected_is_none(script: Any, keeper: GitHubKeeper) -> None:
    script.say(404, {"message": "Branch not protected", "documentation_url": "x", "status": "404"})
    assert keeper.protection("main") is None


@pytest.mark.parametrize(
    ("status", "body", "raw"),
    [
        (404, {"message": "Not Found"}, None),
        (404, {"message": "Branch not found"}, None),
        (404, None, b"<h1>Branch not protected</h1>"),
        (404, None, None),
        (403, {"message": "Resource not accessible by integration"}, None),
        (401, {"message": "Bad credentials"}, None),
    ],
)
def test_every_other_refusal_is_not_unprotected(
    script: Any, keeper: GitHubKeeper, status: int, body: Any, raw: bytes | None
) -> None:
    script.say(status, body, raw=raw)
    with pytest.raises(RefusedError) as refused:
        keeper.protection("main")
    assert refused.value.response.status == status
    assert refused.value.hint


@pytest.mark.parametrize("body", [{}, {"message": "Moved", "url": "x"}, [], "on", None])
def test_what_is_not_protection_is_not_read_as_such(script: Any, keeper: GitHubKeeper, body: Any) -> None:
    script.say(200, body)
    with pytest.raises(LostReplyError):
        keeper.protection("main")


def test_a_branch_with_a_slash(script: Any, keeper: GitHubKeeper) -> None:
    script.say(200, PROTECTED)
    keeper.protection("release/1.0")
    assert script.seen[0].path == "/repos/octo/box/branches/release%2F1.0/protection"


# --- writes ---

REVIEWS = {"dismiss_stale_reviews": False, "require_code_owner_reviews": True}
GOOD: list[tuple[Write, int, Any]] = [
    (Write(method="DELETE", path="/enforce_admins"), 204, None),
    (Write(method="POST", path="/enforce_admins"), 200, {"url": "x", "enabled": True}),
    (Write(method="DELETE", path="/required_signatures"), 204, None),
    (Write(method="POST", path="/required_signatures"), 200, {"url": "x", "enabled": True}),
    (Write(method="PATCH", path="/required_pull_request_reviews", body={"a": 1}), 200, REVIEWS),
    (Write(method="PATCH", path="/required_status_checks", body={"a": 1}), 200, {"contexts": []}),
    (Write(method="POST", path="/restrictions/users", body={"users": ["octo"]}), 200, []),
    (Write(method="DELETE", path="/restrictions/users", body={"users": ["octo"]}), 200, []),
    (Write(method="PUT", path="", body={"enforce_admins": True}), 200, PROTECTED),
]
IDS = [f"{w.method} {w.path or '/'}" for w, _, _ in GOOD]


@pytest.mark.parametrize(("write", "status", "body"), GOOD, ids=IDS)
def test_each_write_is_one_call(script: Any, keeper: GitHubKeeper, write: Write, status: int, body: Any) -> None:
    script.say(status, body)
    keeper.apply("main", (write,), purpose="relax")
    assert script.lines == [f"{write.method} {PATH}{write.path}"]
    assert script.seen[0].body == write.body


@pytest.mark.parametrize(("write", "status", "body"), GOOD, ids=IDS)
def test_an_answer_of_another_shape_is_not_success(
    script: Any, keeper: GitHubKeeper, write: Write, status: int, body: Any
) -> None:
    """A redirect that a proxy turned into 200, an error page, an empty body: nobody knows what was done."""
    wrong = {"message": "Moved Permanently", "url": "http://x/repositories/7"}
    script.say(status if status != 204 else 200, wrong)
    with pytest.raises((LostReplyError, RefusedError)):
        keeper.apply("main", (write,), purpose="relax")
    if status != 204:
        script.say(200)
        with pytest.raises(LostReplyError):
            keeper.apply("main", (write,), purpose="relax")


def test_a_switch_that_stayed_off_is_not_success(script: Any, keeper: GitHubKeeper) -> None:
    script.say(200, {"url": "x", "enabled": False})
    with pytest.raises(LostReplyError, match="enabled: true"):
        keeper.apply("main", (Write(method="POST", path="/enforce_admins"),), purpose="restore")


@pytest.mark.parametrize(
    ("status", "error"), [(502, LostReplyError), (422, RefusedError), (404, RefusedError), (429, RateLimitedError)]
)
def test_writes_stop_at_the_first_failure(script: Any, keeper: GitHubKeeper, status: int, error: type) -> None:
    script.say(204).say(status, {"message": "no"}).say(204)
    writes = tuple(Write(method="DELETE", path="/enforce_admins") for _ in range(3))
    with pytest.raises(error):
        keeper.apply("main", writes, purpose="relax")
    assert len(script.seen) == 2


# --- moved ---


@pytest.mark.parametrize("status", [301, 307])
def test_a_write_to_a_renamed_repository_reaches_the_new_name(
    script: Any, keeper: GitHubKeeper, address: RepoAddress, status: int
) -> None:
    script.say(status, {"message": "Moved"}, headers={"Location": f"{script.url}/repositories/7/x"})
    script.say(200, {"id": 7, "full_name": "octo/crate"})
    script.say(200, {"url": "x", "enabled": True})
    keeper.apply("main", (Write(method="POST", path="/enforce_admins"),), purpose="restore")
    assert script.lines == [
        f"POST {PATH}/enforce_admins",
        "GET /repositories/7",
        "POST /repos/octo/crate/branches/main/protection/enforce_admins",
    ]
    assert address.full_name == "octo/crate"


def test_a_redirect_to_another_repository_is_not_followed(script: Any, keeper: GitHubKeeper) -> None:
    script.say(307, {}, headers={"Location": f"{script.url}/repositories/999/x"})
    script.say(200, {"id": 7, "full_name": "octo/crate"}).say(204)
    keeper.apply("main", (Write(method="DELETE", path="/enforce_admins"),), purpose="relax")
    assert script.lines[1] == "GET /repositories/7"


def test_a_repository_that_keeps_moving_is_left_alone(script: Any, keeper: GitHubKeeper) -> None:
    moved = {"Location": f"{script.url}/repositories/7/x"}
    script.say(307, {}, headers=moved).say(200, {"id": 7, "full_name": "octo/crate"}).say(307, {}, headers=moved)
    with pytest.raises(MovedError, match="still redirects"):
        keeper.apply("main", (Write(method="DELETE", path="/enforce_admins"),), purpose="relax")
    assert len(script.seen) == 3


def test_the_name_now_belongs_to_somebody_else(script: Any, keeper: GitHubKeeper) -> None:
    from bascule.errors import OutsideError

    script.say(301, {}, headers={"Location": f"{script.url}/repositories/7"})
    script.say(200, {"id": 8, "full_name": "octo/box"})
    with pytest.raises(OutsideError, match="another repository"):
        keeper.protection("main")


# --- time and quota ---


def test_time_and_quota_come_with_the_answers(script: Any, keeper: GitHubKeeper) -> None:
    assert keeper.quota() is None
    script.say(200, PROTECTED, headers={"X-RateLimit-Remaining": "12"})
    keeper.protection("main")
    assert keeper.quota() == 12
    assert keeper.server_time().tzinfo is not None
    assert len(script.seen) == 1


def test_time_before_anything_else_costs_one_free_call(script: Any, keeper: GitHubKeeper) -> None:
    script.say(404, {"message": "Rate limiting is not enabled."})
    assert keeper.server_time() is not None
    assert script.lines == ["GET /rate_limit"]
