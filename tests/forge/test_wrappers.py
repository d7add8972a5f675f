"""Counting, the allowlist and repeated reads, around a real transport."""

from __future__ import annotations

from typing import Any

import pytest

from bascule.clock import ManualClock
from bascule.forge import queries
from bascule.forge.allowlists import ENDPOINTS, GRAPHQL, AllowlistTransport, NotAllowedError, permitted
from bascule.forge.github import GitHubTransport
from bascule.forge.identity import Identity
from bascule.forge.ports import LostReplyError, MovedError, RateLimitedError, Request
from bascule.forge.recording import CallLog, RecordingTransport
from bascule.forge.retrying import RetryingReads, RetryPolicy
from bascule.forge.tokens import Secret

CALM = RetryPolicy(jitter=0.0)
GET = Request(method="GET", path="/repos/o/r/branches/main/protection", purpose="protection")
PUT = Request(method="PUT", path="/repos/o/r/branches/main/protection", body={"a": 1}, purpose="relax")


def operation(name: str, text: str | None = None) -> Request:
    body = {"query": text or queries.OPERATIONS[name].text, "operationName": name, "variables": {}}
    return Request(method="POST", path="/graphql", body=body, purpose="q")


# --- recording ---


def test_every_call_is_counted_with_its_outcome(script: Any, transport: GitHubTransport, clock: ManualClock) -> None:
    log = CallLog()
    told: list[str] = []
    log.listen(lambda call: told.append(call.outcome))
    recorded = RecordingTransport(transport, identity=Identity.KEEPER, log=log, clock=clock)
    script.say(200, {}, headers={"X-RateLimit-Remaining": "4321"})
    recorded.send(GET)
    script.say(502, {})
    with pytest.raises(LostReplyError):
        recorded.send(PUT)
    script.say(429, {})
    with pytest.raises(RateLimitedError):
        recorded.send(PUT)
    script.say(307, {}, headers={"Location": "/repositories/1"})
    with pytest.raises(MovedError):
        recorded.send(PUT)
    script.graphql({})
    recorded.send(operation("Journal"))
    assert [(c.status, c.outcome) for c in log] == [
        (200, "answered"),
        (None, "lost"),
        (429, "limited"),
        (307, "moved"),
        (200, "answered"),
    ]
    assert told == [c.outcome for c in log]
    assert (len(log), log.count(purpose="relax"), log.count(writes=True)) == (5, 3, 3)
    assert log.count(identity=Identity.MERGER) == 0
    assert [c.operation for c in log][-1] == "Journal"
    assert log.remaining == {Identity.KEEPER: 4321}
    assert log.date is not None
    assert log.lines()[-1].startswith("keeper   q        POST   /graphql Journal -> 200")


def test_the_record_holds_no_token(script: Any, transport: GitHubTransport, clock: ManualClock, secret: Secret) -> None:
    log = CallLog()
    script.say(200, {"echo": secret.reveal()}, headers={"X-Echo": secret.reveal()})
    RecordingTransport(transport, identity=Identity.KEEPER, log=log, clock=clock).send(GET)
    shown = repr(list(log)) + "\n".join(log.lines())
    assert "protection" in shown
    assert secret.reveal() not in shown


# --- allowlist ---


@pytest.mark.parametrize("identity", list(Identity))
def test_what_is_not_listed_is_a_bug_and_is_not_sent(
    script: Any, transport: GitHubTransport, identity: Identity
) -> None:
    guarded = AllowlistTransport(transport, identity=identity)
    for request in (
        Request(method="DELETE", path="/repos/o/r"),
        Request(method="DELETE", path="/repos/o/r/branches/main/protection"),
        Request(method="DELETE", path="/repos/o/r/git/refs/bascule/journal"),
        Request(method="PATCH", path="/repos/o/r/git/refs/heads/main"),
        Request(method="PUT", path="/repos/o/r/contents/rulepack/x.yml"),
        Request(method="GET", path="/user"),
        Request(method="GET", path="/graphql"),
        operation("Snapshot", "query Snapshot { viewer { login } }"),
        operation("Viewer", "mutation Viewer { x }"),
        Request(method="POST", path="/graphql", body={"query": queries.VIEWER.text}),
    ):
        with pytest.raises(NotAllowedError, match=identity.value):
            guarded.send(request)
    assert script.seen == []


@pytest.mark.parametrize(
    ("identity", "method", "path", "allowed"),
    [
        (Identity.MERGER, "PUT", "/repos/o/r/pulls/1/merge", True),
        (Identity.OBSERVER, "PUT", "/repos/o/r/pulls/1/merge", False),
        (Identity.KEEPER, "PUT", "/repos/o/r/pulls/1/merge", False),
        (Identity.SWEEPER, "PUT", "/repos/o/r/pulls/1/merge", False),
        (Identity.KEEPER, "DELETE", "/repos/o/r/branches/release%2F1/protection/enforce_admins", True),
        (Identity.MERGER, "DELETE", "/repos/o/r/branches/main/protection/enforce_admins", False),
        (Identity.OBSERVER, "GET", "/repos/o/r/branches/main/protection", False),
        (Identity.KEEPER, "GET", "/repos/o/r/git/ref/bascule/journal", True),
        (Identity.KEEPER, "GET", "/repos/o/r/git/ref/../../../../user", False),
        (Identity.KEEPER, "GET", "/repos/o/../branches/main/protection", False),
        (Identity.KEEPER, "GET", "/repos/o/r/git/ref/", False),
        (Identity.MERGER, "PUT", "/repos/o/r/pulls/1/merge/x", False),
        (Identity.MERGER, "PUT", "/repos/o/r/pulls//merge", False),
    ],
)
def test_who_may_what(identity: Identity, method: str, path: str, allowed: bool) -> None:
    assert permitted(identity, Request(method=method, path=path)) is allowed


def test_no_identity_may_both_relax_and_merge() -> None:
    for identity in Identity:
        paths = {(e.method, e.path) for e in ENDPOINTS[identity]}
        merges = any(p.endswith("/merge") for _, p in paths)
        administers = any("/protection" in p for _, p in paths)
        assert not (merges and administers)


def test_only_listed_operations_exist_and_none_changes_anything() -> None:
    assert {name for names in GRAPHQL.values() for name in names} == set(queries.OPERATIONS)
    for found in queries.OPERATIONS.values():
        assert found.text.startswith(f"query {found.name}(")
        assert "mutation" not in found.text
        assert not operation(found.name).is_write
        assert found.points >= 1
        assert found.why


def test_every_endpoint_says_why() -> None:
    for endpoints in ENDPOINTS.values():
        assert all(e.why and e.path.startswith("/") for e in endpoints)
        assert len({(e.method, e.path) for e in endpoints}) == len(endpoints)


# --- reads are repeated ---


def test_a_read_is_repeated_until_it_answers(script: Any, transport: GitHubTransport, clock: ManualClock) -> None:
    script.say(502, {}).say(drop=True).say(200, {"enabled": True})
    assert RetryingReads(transport, clock=clock, policy=CALM).send(GET).body == {"enabled": True}
    assert clock.sleeps == [0.5, 1.0]


def test_a_query_is_a_read(script: Any, transport: GitHubTransport, clock: ManualClock) -> None:
    script.say(502, {}).graphql({"ok": 1})
    RetryingReads(transport, clock=clock, policy=CALM).send(operation("Viewer"))
    assert len(script.seen) == 2


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("status", [502, 429])
def test_a_write_is_never_repeated(
    script: Any, transport: GitHubTransport, clock: ManualClock, method: str, status: int
) -> None:
    script.say(status, {}).say(200, {})
    with pytest.raises((LostReplyError, RateLimitedError)):
        RetryingReads(transport, clock=clock, policy=CALM).send(
            Request(method=method, path="/repos/o/r/git/refs", body={})
        )
    assert len(script.seen) == 1
    assert clock.sleeps == []


def test_a_mutation_is_a_write(script: Any, transport: GitHubTransport, clock: ManualClock) -> None:
    script.say(502, {}).graphql({})
    with pytest.raises(LostReplyError):
        RetryingReads(transport, clock=clock, policy=CALM).send(operation("M", "mutation M { x }"))
    assert len(script.seen) == 1


def test_the_last_error_is_raised_as_it_is(script: Any, transport: GitHubTransport, clock: ManualClock) -> None:
    for _ in range(4):
        script.say(503, {})
    with pytest.raises(LostReplyError, match="503"):
        RetryingReads(transport, clock=clock, policy=CALM).send(GET)
    assert clock.sleeps == [0.5, 1.0, 2.0]
    assert len(script.seen) == 4


def test_a_limit_is_waited_for_as_told(script: Any, transport: GitHubTransport, clock: ManualClock) -> None:
    script.say(429, {}, headers={"Retry-After": "33"}).say(200, {})
    RetryingReads(transport, clock=clock, policy=CALM).send(GET)
    assert clock.sleeps == [33.0]


def test_a_long_limit_ends_the_run_with_the_time(script: Any, transport: GitHubTransport, clock: ManualClock) -> None:
    script.say(429, {}, headers={"Retry-After": "3600"}).say(200, {})
    with pytest.raises(RateLimitedError, match="it works again at") as limited:
        RetryingReads(transport, clock=clock, policy=CALM).send(GET)
    assert limited.value.exit_code == 3
    assert clock.sleeps == []
    assert len(script.seen) == 1


def test_the_budget_bounds_all_pauses_together(script: Any, transport: GitHubTransport, clock: ManualClock) -> None:
    reads = RetryingReads(transport, clock=clock, policy=RetryPolicy(jitter=0.0, budget=70.0))
    script.say(429, {}, headers={"Retry-After": "50"}).say(200, {})
    reads.send(GET)
    script.say(429, {}, headers={"Retry-After": "50"}).say(200, {})
    with pytest.raises(RateLimitedError):
        reads.send(GET)
    assert clock.sleeps == [50.0]


def test_jitter_only_adds(script: Any, transport: GitHubTransport, clock: ManualClock) -> None:
    script.say(502, {}).say(200, {})
    RetryingReads(transport, clock=clock, policy=RetryPolicy(jitter=0.25)).send(GET)
    assert 0.5 <= clock.sleeps[0] <= 0.75


def test_a_refusal_is_an_answer(script: Any, transport: GitHubTransport, clock: ManualClock) -> None:
    script.say(404, {"message": "Not Found"})
    assert RetryingReads(transport, clock=clock, policy=CALM).send(GET).status == 404
    assert clock.sleeps == []
