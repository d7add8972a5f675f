"""What one call means, whatever the server does: the traps of PyGithub and of GitHub, each against a real HTTP
server."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import pytest

from bascule.clock import ManualClock
from bascule.errors import UsageError
from bascule.forge.addresses import Api
from bascule.forge.github import GitHubTransport, Spacing
from bascule.forge.ports import LostReplyError, MovedError, RateLimitedError, Request
from bascule.forge.replies import interpret
from bascule.forge.tokens import Secret

WRITES = ("POST", "PUT", "PATCH", "DELETE")


def request(method: str = "GET", path: str = "/repos/o/r", **more: Any) -> Request:
    return Request(method=method, path=path, purpose="test", **more)


def graphql(text: str = "query Q { viewer { login } }") -> Request:
    return Request(method="POST", path="/graphql", body={"query": text, "operationName": "Q", "variables": {}})


# --- redirects ---


@pytest.mark.parametrize("method", ["GET", *WRITES])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_never_followed(script: Any, transport: GitHubTransport, method: str, status: int) -> None:
    location = f"{script.url}/repositories/4711/branches/main/protection?page=2"
    script.say(status, {"message": "Moved", "url": location}, headers={"Location": location})
    with pytest.raises(MovedError) as moved:
        transport.send(request(method, query={"page": 2}))
    assert moved.value.location == location
    assert moved.value.repository_id == 4711
    assert moved.value.status == status
    assert len(script.seen) == 1


def test_a_location_without_an_id_has_none(script: Any, transport: GitHubTransport) -> None:
    script.say(301, {}, headers={"Location": f"{script.url}/repos/o/new"})
    with pytest.raises(MovedError) as moved:
        transport.send(request())
    assert moved.value.repository_id is None


# --- lost replies ---


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize("method", ["GET", *WRITES])
def test_a_5xx_is_a_lost_reply_and_nothing_is_repeated(
    script: Any, transport: GitHubTransport, method: str, status: int
) -> None:
    script.say(status, {"message": "Server Error"}).say(422, {"message": "Reference already exists"})
    with pytest.raises(LostReplyError) as lost:
        transport.send(request(method, body={"a": 1} if method != "GET" else None))
    assert len(script.seen) == 1
    assert ("may or may not" in lost.value.message) == (method != "GET")


@pytest.mark.parametrize("method", ["GET", *WRITES])
def test_a_dropped_connection_is_a_lost_reply(script: Any, transport: GitHubTransport, method: str) -> None:
    script.say(drop=True)
    with pytest.raises(LostReplyError):
        transport.send(request(method))
    assert len(script.seen) == 1


def test_a_dead_keep_alive_connection_does_not_send_a_write_twice(script: Any, transport: GitHubTransport) -> None:
    script.say(200, {}, headers={"Connection": "close"}).say(drop=True)
    transport.send(request())
    with pytest.raises(LostReplyError):
        transport.send(request("PATCH", body={}))
    assert script.lines == ["GET /repos/o/r", "PATCH /repos/o/r"]


def test_a_silent_server_is_a_lost_reply(script: Any, make_transport: Any) -> None:
    script.say(hang=True)
    with pytest.raises(LostReplyError, match=r"[Tt]imeout|timed out"):
        make_transport(timeout=1).send(request("PUT", body={}))


def test_an_unreachable_server_says_so(clock: ManualClock, secret: Secret) -> None:
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    transport = GitHubTransport(f"http://127.0.0.1:{port}", secret, clock=clock)
    with pytest.raises(LostReplyError) as lost:
        transport.send(request())
    transport.close()
    assert "Connection refused" in lost.value.message
    assert "BASCULE_API_URL" in lost.value.hint


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_a_success_that_is_not_json_is_a_lost_reply(script: Any, transport: GitHubTransport, method: str) -> None:
    script.say(200, raw=b"<html>Welcome to the airport</html>", headers={"Content-Type": "text/html"})
    with pytest.raises(LostReplyError, match="expected JSON, found text/html"):
        transport.send(request(method))


def test_half_an_answer_is_a_lost_reply(script: Any, transport: GitHubTransport) -> None:
    script.say(200, raw=b'{"sha": "abc', headers={"Content-Length": "500", "Connection": "close"})
    with pytest.raises(LostReplyError):
        transport.send(request("PUT", body={}))


# --- limits ---

LIMITS: list[tuple[str, int, dict[str, str], str, float]] = [
    ("429 without Retry-After", 429, {}, "Too many requests", 60.0),
    ("429 with Retry-After", 429, {"Retry-After": "17"}, "Too many requests", 17.0),
    ("403 with Retry-After", 403, {"Retry-After": "5"}, "slow down", 5.0),
    ("secondary by text", 403, {}, "You have exceeded a secondary rate limit. Please wait a few minutes.", 60.0),
    ("abuse", 403, {}, "You have triggered an abuse detection mechanism.", 60.0),
    (
        "secondary leaves the quota alone",
        403,
        {"X-RateLimit-Remaining": "4000", "X-RateLimit-Reset": "1767606000"},
        "You have exceeded a secondary rate limit",
        60.0,
    ),
    (
        "primary until reset",
        403,
        {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1767606030"},
        "API rate limit exceeded for user ID 1.",
        30.0,
    ),
    (
        "429 with a spent quota",
        429,
        {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1767606090"},
        "",
        90.0,
    ),
    ("a date", 429, {"Retry-After": "Mon, 05 Jan 2026 09:40:12 GMT"}, "", 12.0),
]
DATE = {"Date": "Mon, 05 Jan 2026 09:40:00 GMT"}


@pytest.mark.parametrize(("name", "status", "headers", "message", "seconds"), LIMITS, ids=[x[0] for x in LIMITS])
@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_a_limit_is_told_with_its_time(
    clock: ManualClock,
    name: str,
    status: int,
    headers: dict[str, str],
    message: str,
    seconds: float,
    method: str,
) -> None:
    low = {k.lower(): v for k, v in {**DATE, **headers}.items()}
    with pytest.raises(RateLimitedError) as limited:
        interpret(request(method), status, low, f'{{"message": "{message}"}}', now=clock.now())
    assert limited.value.retry_after == seconds
    assert limited.value.status == status
    assert "works again at 2026-01-05 09:4" in limited.value.message


def test_a_limit_comes_over_the_wire_as_such(script: Any, transport: GitHubTransport) -> None:
    script.say(429, {"message": "Too many requests"})
    with pytest.raises(RateLimitedError):
        transport.send(request("PATCH", body={}))
    assert len(script.seen) == 1


@pytest.mark.parametrize(
    "message",
    ["Resource not accessible by integration", "Must have admin rights to Repository.", "Forbidden"],
)
def test_a_missing_permission_is_not_a_limit(script: Any, transport: GitHubTransport, message: str) -> None:
    script.say(403, {"message": message}, headers={"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1"})
    response = transport.send(request())
    assert (response.status, response.message) == (403, message)


@pytest.mark.parametrize(
    "error",
    [
        {"type": "RATE_LIMITED", "message": "API rate limit exceeded"},
        {"type": "RATE_LIMIT", "code": "graphql_rate_limit", "message": "API rate limit already exceeded for user"},
    ],
)
def test_a_graphql_limit_comes_as_200(script: Any, transport: GitHubTransport, error: dict[str, str]) -> None:
    script.say(200, {"errors": [error]}, headers={"Retry-After": "9"})
    with pytest.raises(RateLimitedError) as limited:
        transport.send(graphql())
    assert limited.value.retry_after == 9


def test_a_graphql_query_that_ran_out_of_time_is_a_lost_reply(script: Any, transport: GitHubTransport) -> None:
    text = "Something went wrong while executing your query. This may be the result of a timeout."
    script.say(200, {"data": None, "errors": [{"message": text}]})
    with pytest.raises(LostReplyError):
        transport.send(graphql())


# --- bodies ---


def test_no_url_is_added_to_a_body(script: Any, transport: GitHubTransport) -> None:
    ruleset = {"id": 1, "name": "main", "rules": [], "conditions": {}}
    script.say(200, ruleset)
    assert transport.send(request(path="/repos/o/r/rulesets/1")).body == ruleset


def test_links_to_another_host_are_just_data(script: Any, transport: GitHubTransport) -> None:
    body = {"url": "http://localhost:1/repos/o/r"}
    script.say(200, body, headers={"Link": '<http://localhost:1/repos?page=2>; rel="next"'})
    assert transport.send(request()).body == body


def test_utf8_without_a_charset(script: Any, transport: GitHubTransport) -> None:
    script.say(200, raw='{"title": "Größe ↔ 大きさ"}'.encode(), headers={"Content-Type": "application/json"})
    assert transport.send(request()).body == {"title": "Größe ↔ 大きさ"}


def test_no_content(script: Any, transport: GitHubTransport) -> None:
    script.say(204)
    response = transport.send(request("DELETE"))
    assert (response.status, response.body, response.ok) == (204, None, True)


def test_a_refusal_that_is_not_json_stays_text(script: Any, transport: GitHubTransport) -> None:
    script.say(404, raw=b"<h1>Branch not protected</h1>", headers={"Content-Type": "text/html"})
    response = transport.send(request())
    assert (response.status, response.message) == (404, "")


def test_the_servers_clock(script: Any, transport: GitHubTransport, clock: ManualClock) -> None:
    script.say(200, {})
    date = transport.send(request()).date
    assert date is not None
    assert date.tzinfo is UTC
    found = interpret(request(), 200, {"date": "Mon, 05 Jan 2026 09:40:00 GMT"}, "{}", now=clock.now())
    assert found.date == datetime(2026, 1, 5, 9, 40, tzinfo=UTC)
    assert interpret(request(), 200, {"date": "yesterday"}, "{}", now=clock.now()).date is None


# --- time ---


@pytest.fixture
def no_sleep(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(seconds: float) -> None:
        raise AssertionError(f"time.sleep({seconds}) was called behind the clock's back")

    monkeypatch.setattr("time.sleep", refuse)


@pytest.mark.usefixtures("no_sleep")
def test_202_is_handed_over_and_not_asked_again(script: Any, transport: GitHubTransport) -> None:
    script.say(202, {"message": "Scheduled"})
    assert transport.send(request()).status == 202
    assert len(script.seen) == 1


@pytest.mark.usefixtures("no_sleep")
def test_writes_are_spaced_by_the_injected_clock_only(script: Any, make_transport: Any, clock: ManualClock) -> None:
    transport = make_transport(spacing=Spacing(calls=0.25, writes=1.0))
    for method in ("GET", "PUT", "GET", "PUT", "PUT"):
        script.say(200, {})
        transport.send(request(method))
    assert clock.sleeps == pytest.approx([0.25, 0.25, 0.75, 1.0])


@pytest.mark.usefixtures("no_sleep")
def test_inside_a_window_nothing_is_spaced(script: Any, make_transport: Any, clock: ManualClock) -> None:
    transport = make_transport(spacing=Spacing(calls=0.25, writes=1.0))
    with transport.unspaced():
        for _ in range(4):
            script.say(200, {})
            transport.send(request("PUT"))
        assert clock.sleeps == []
    script.say(200, {})
    transport.send(request("PUT"))
    assert clock.sleeps == [1.0]


def test_a_graphql_query_is_no_write_for_the_spacing(script: Any, make_transport: Any, clock: ManualClock) -> None:
    transport = make_transport(spacing=Spacing(calls=0, writes=1.0))
    for _ in range(3):
        script.graphql({})
        transport.send(graphql())
    assert clock.sleeps == []
    script.graphql({}).graphql({})
    transport.send(graphql("mutation M { x }"))
    transport.send(graphql("mutation M { x }"))
    assert clock.sleeps == [1.0]


# --- addresses and credentials ---


def test_github_enterprise_server(script: Any, make_transport: Any) -> None:
    transport = make_transport(base_url=f"{script.url}/api/v3")
    script.say(200, {}).graphql({})
    transport.send(request(path="/repos/o/r", query={"per_page": 5}))
    transport.send(graphql())
    assert script.lines == ["GET /api/v3/repos/o/r", "POST /api/graphql"]
    assert script.seen[0].query == {"per_page": "5"}


def test_a_branch_with_a_slash_stays_one_segment(script: Any, transport: GitHubTransport) -> None:
    script.say(200, {})
    transport.send(request(path="/repos/o/r/branches/release%2F1.0/protection"))
    assert script.seen[0].path == "/repos/o/r/branches/release%2F1.0/protection"


def test_the_token_goes_into_one_header(script: Any, transport: GitHubTransport, secret: Secret) -> None:
    script.say(200, {})
    transport.send(request("PUT", body={"a": 1}))
    seen = script.seen[0]
    assert seen.headers["authorization"] == f"token {secret.reveal()}"
    assert seen.headers["x-github-api-version"] == "2022-11-28"
    assert seen.headers["user-agent"].startswith("bascule/")
    assert seen.body == {"a": 1}


def test_an_echoed_token_goes_no_further(script: Any, transport: GitHubTransport, secret: Secret) -> None:
    script.say(400, {"message": f"bad header token {secret.reveal()}"}).say(200, raw=secret.reveal().encode())
    assert transport.send(request()).message == "bad header token ***"
    with pytest.raises(LostReplyError) as lost:
        transport.send(request())
    assert secret.reveal() not in str(lost.value)


def test_a_body_that_happens_to_hold_the_token_is_not_changed(script: Any, make_transport: Any) -> None:
    """State is never altered on its way: what was read is what is restored."""
    for value in ("s", "enforce_admins", "x" * 40):
        body = {"enforce_admins": {"enabled": True}, "text": "x" * 40}
        script.say(200, body).say(404, {"message": "Branch not protected"})
        transport = make_transport(token=Secret(value=value, origin="GH_TOKEN"))
        assert transport.send(request()).body == body
        assert transport.send(request()).message == "Branch not protected"


def test_anonymous_means_no_credentials_from_elsewhere(
    script: Any, make_transport: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login octo-dev password hunter2\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    script.say(200, {})
    make_transport(token=None).send(request())
    assert "authorization" not in script.seen[0].headers


def test_a_proxy_is_not_asked_to_reach_this_machine(
    script: Any, transport: GitHubTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    script.say(200, {})
    assert transport.send(request()).status == 200


def test_plain_http_would_leak_the_token(clock: ManualClock, secret: Secret) -> None:
    with pytest.raises(UsageError, match="in clear") as refused:
        GitHubTransport("http://github.example.com/api/v3", secret, clock=clock)
    assert "BASCULE_ALLOW_HTTP=1" in refused.value.hint
    GitHubTransport("http://github.example.com/api/v3", secret, clock=clock, allow_http=True)
    GitHubTransport("https://github.example.com/api/v3", secret, clock=clock)
    GitHubTransport("http://localhost:8020", secret, clock=clock)


@pytest.mark.parametrize(
    "url",
    [
        "https://octo:hunter2@github.example.com",
        "https://h.example.com/?token=hunter2",
        "https://octo:hunter2",
        "https://octo:hunter2@[::1",
    ],
)
def test_credentials_in_an_address_are_refused_and_not_repeated(url: str, clock: ManualClock, secret: Secret) -> None:
    with pytest.raises(UsageError) as refused:
        GitHubTransport(url, secret, clock=clock)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("url", ["github.com", "ftp://github.com", "", "https://"])
def test_what_is_no_address(url: str, clock: ManualClock, secret: Secret) -> None:
    with pytest.raises(UsageError, match="not an address"):
        GitHubTransport(url, secret, clock=clock)


@pytest.mark.parametrize(
    ("root", "rest", "graphql_url", "web"),
    [
        ("https://api.github.com", "https://api.github.com", "https://api.github.com/graphql", "https://github.com"),
        ("https://api.github.com/", "https://api.github.com", "https://api.github.com/graphql", "https://github.com"),
        (
            "https://ghe.example.com/api/v3/",
            "https://ghe.example.com/api/v3",
            "https://ghe.example.com/api/graphql",
            "https://ghe.example.com",
        ),
        (
            "https://api.octo.ghe.com",
            "https://api.octo.ghe.com",
            "https://api.octo.ghe.com/graphql",
            "https://octo.ghe.com",
        ),
        ("http://127.0.0.1:8020", "http://127.0.0.1:8020", "http://127.0.0.1:8020/graphql", "http://127.0.0.1:8020"),
    ],
)
def test_api_roots(root: str, rest: str, graphql_url: str, web: str) -> None:
    api = Api.of_root(root)
    assert (api.rest, api.graphql, api.web) == (rest, graphql_url, web)
    assert api.git_url("o/r") == f"{web}/o/r.git"


def test_nothing_is_imported_before_the_first_call() -> None:
    code = """
import sys
import bascule.forge
from bascule.forge import connect, resolve, protect_process
from bascule.forge.github import GitHubTransport
from bascule.clock import ManualClock
GitHubTransport("https://api.github.com", None, clock=ManualClock())
assert callable(connect)
print(sorted(m for m in ("github", "requests", "jwt", "urllib3", "pluggy") if m in sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
