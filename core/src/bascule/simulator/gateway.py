"""The outermost layer: addresses, latency, faults, common headers and the request log, for REST, GraphQL and git."""

import asyncio
import hashlib
import json
import re
import sys
import time
import traceback
import uuid
from collections import OrderedDict, deque
from collections.abc import Sequence
from typing import Any

from attrs import Factory, define, evolve, frozen
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bascule.simulator.access import full_name
from bascule.simulator.beginning import UserSpec
from bascule.simulator.faults import FaultPlan, FaultRule
from bascule.simulator.world import World

PREFIX = "/api/v3"
_REPOSITORY = re.compile(r"/repositories/(\d+)(/.*)?")
_OPERATION = re.compile(r"\b(?:query|mutation|subscription)\s+(\w+)")
_LOG_LENGTH = 20_000
_KNOWN_READS = 256
#: What a request is, without what handling it added.
_SCOPE_FIELDS = (
    "type", "asgi", "http_version", "method", "scheme", "path", "raw_path", "query_string", "headers", "server",
    "client", "root_path", "sim_prefix",
)  # fmt: skip

Headers = list[tuple[bytes, bytes]]


@frozen(kw_only=True)
class Captured:
    """A whole reply."""

    status: int
    headers: Headers
    body: bytes


@define
class Gateway:
    """ASGI middleware around the whole application."""

    inner: ASGIApp
    world: World
    plan: FaultPlan
    #: Who exists from the start.
    first_users: Sequence[UserSpec] = ()
    log: deque[dict[str, Any]] = Factory(lambda: deque(maxlen=_LOG_LENGTH))
    used: dict[str, tuple[int, int]] = Factory(dict)
    _reads: "OrderedDict[str, tuple[Scope, bytes]]" = Factory(OrderedDict)
    _stale: dict[str, list[Captured]] = Factory(dict)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.inner(scope, receive, send)
            return
        body = await _read_body(receive)
        if scope["path"].startswith("/_sim"):
            await _send(send, await self._run(scope, body))
            return
        self._normalise(scope)
        text = _graphql_text(scope, body)
        entry = self._begin_log(scope, text)
        if self.plan.latency:
            await asyncio.sleep(self.plan.latency)
        reply = await self._with_faults(scope, body, text, entry)
        entry["user"] = scope.get("sim_user")
        entry["status"] = reply.status if reply else 0
        if reply is None:
            await _cut(send)
            return
        await _send(send, self._finish(scope, reply))

    # -- request ---------------------------------------------------------------------------------

    def _normalise(self, scope: Scope) -> None:
        path: str = scope["path"]
        if path == PREFIX or path.startswith(PREFIX + "/"):
            scope["sim_prefix"] = PREFIX
            path = path[len(PREFIX) :] or "/"
        elif path == "/api/graphql":
            path = "/graphql"
        match = _REPOSITORY.fullmatch(path)
        repo = self.world.store.repos.get(int(match[1])) if match else None
        if match and repo:
            path = f"/repos/{full_name(self.world, repo)}{match[2] or ''}"
        scope["path"] = path
        scope["raw_path"] = path.encode()

    def _begin_log(self, scope: Scope, text: str) -> dict[str, Any]:
        entry: dict[str, Any] = {
            "method": scope["method"],
            "path": scope["path"],
            "query": scope["query_string"].decode(),
            "status": None,
            "user": None,
            "operation": (_OPERATION.search(text) or [None, None])[1] if text else None,
            "held": None,
            "worked": 0.0,
            "time": self.world.clock.iso(),
            "monotonic": time.monotonic(),
        }
        self.log.append(entry)
        return entry

    # -- faults ----------------------------------------------------------------------------------

    async def _with_faults(self, scope: Scope, body: bytes, text: str, entry: dict[str, Any]) -> Captured | None:
        rules = self.plan.striking(scope["method"], scope["path"], text)
        await self._hold(rules, entry, after=False)
        began = time.monotonic()
        reply = await self._answer(rules, scope, body, text)
        entry["worked"] = time.monotonic() - began
        await self._hold(rules, entry, after=True)
        return reply

    async def _hold(self, rules: list[FaultRule], entry: dict[str, Any], *, after: bool) -> None:
        """Wait for every delay; the log says meanwhile (`held`) whether the request was acted on yet."""
        for rule in rules:
            if rule.action == "delay" and rule.after is after:
                entry["held"] = "after" if after else "before"
                until = time.monotonic() + rule.seconds
                while rule in self.plan.rules and (left := until - time.monotonic()) > 0:
                    await asyncio.sleep(min(0.01, left))
                entry["held"] = None

    async def _answer(self, rules: list[FaultRule], scope: Scope, body: bytes, text: str) -> Captured | None:
        for rule in rules:
            if rule.action in ("fail", "rate_limit"):
                return _rule_reply(rule)
            if rule.action == "drop":
                return None
        if _is_read(scope, text):
            key = _key(scope, body)
            if self._stale.get(key):
                return self._stale[key].pop(0)
            reply = await self._run(scope, body)
            self._remember(key, scope, body)
            return reply
        for rule in rules:
            if rule.action == "stale":
                await self._keep_state_for_reads(rule)
        reply = await self._run(scope, body)
        for rule in rules:
            if rule.action == "lose":
                return None if rule.drop else _rule_reply(rule)
        return reply

    def _remember(self, key: str, scope: Scope, body: bytes) -> None:
        if not any(rule.action == "stale" for rule in self.plan.rules):
            return
        self._reads[key] = (_copy(scope), body)
        self._reads.move_to_end(key)
        while len(self._reads) > _KNOWN_READS:
            self._reads.popitem(last=False)

    async def _keep_state_for_reads(self, rule: FaultRule) -> None:
        # The answer from just before the write, not from when the client read last: that would hide a lost write.
        for key, (scope, body) in list(self._reads.items()):
            if re.search(rule.read_path, scope["path"]):
                reply = await self._run(_copy(scope), body)
                self._stale[key] = [reply] * rule.reads

    def begin_again(self) -> None:
        """Forget the log, what was used of the hourly limits, faults and latency."""
        self.log.clear()
        self.used.clear()
        self.plan.latency = 0.0
        self.forget_faults()

    def forget_faults(self) -> None:
        """Drop all rules and remembered answers."""
        self.plan.rules.clear()
        self._reads.clear()
        self._stale.clear()

    # -- reply -----------------------------------------------------------------------------------

    async def _run(self, scope: Scope, body: bytes) -> Captured:
        status, headers, chunks = 500, [], []

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def collect(message: Message) -> None:
            nonlocal status, headers
            if message["type"] == "http.response.start":
                status, headers = message["status"], list(message["headers"])
            elif message["type"] == "http.response.body":
                chunks.append(message.get("body", b""))

        try:
            await self.inner(scope, receive, collect)
        except Exception:
            # A fault of the simulator itself: told on standard error, and to the client as GitHub would.
            traceback.print_exc(file=sys.stderr)
            data = b'{"message":"Server Error","documentation_url":"","status":"500"}'
            kind, size = b"application/json; charset=utf-8", str(len(data)).encode()
            return Captured(status=500, headers=[(b"Content-Type", kind), (b"Content-Length", size)], body=data)
        return Captured(status=status, headers=headers, body=b"".join(chunks))

    def _finish(self, scope: Scope, reply: Captured) -> Captured:
        names = {name.lower() for name, _ in reply.headers}
        extra: dict[str, str] = {
            "Date": self.world.clock.http_date(),
            "X-GitHub-Request-Id": uuid.uuid4().hex[:24].upper(),
        }
        if b"application/json" in {n.lower(): v for n, v in reply.headers}.get(b"content-type", b""):
            extra["X-GitHub-Media-Type"] = "github.v3; format=json"
        if not scope.get("sim_git"):
            reply, free = self._etag(scope, reply, extra)
            extra.update(self._limits(scope, free=free))
            if scopes := scope.get("sim_scopes"):
                extra["X-OAuth-Scopes"] = scopes
        added = [(k.encode(), v.encode()) for k, v in extra.items() if k.lower().encode() not in names]
        return evolve(reply, headers=reply.headers + added)

    def _etag(self, scope: Scope, reply: Captured, extra: dict[str, str]) -> tuple[Captured, bool]:
        if scope["method"] not in ("GET", "HEAD") or reply.status != 200:
            return reply, False
        tag = f'W/"{hashlib.sha256(reply.body).hexdigest()}"'
        extra["ETag"] = tag
        extra["Cache-Control"] = "private, max-age=60, s-maxage=60"
        wanted = dict(scope["headers"]).get(b"if-none-match", b"").decode()
        if tag.removeprefix("W/") not in wanted:
            return reply, False
        kept = [(k, v) for k, v in reply.headers if k.lower() not in (b"content-length", b"content-type")]
        return Captured(status=304, headers=kept, body=b""), True

    def _limits(self, scope: Scope, *, free: bool) -> dict[str, str]:
        limit = self.world.switches.rate_limit
        user = scope.get("sim_user") or "anonymous"
        used, reset = self.rate_window(user)
        used += 0 if free or scope["path"] == "/rate_limit" else 1
        self.used[user] = (used, reset)
        return {
            "x-ratelimit-limit": str(limit),
            "x-ratelimit-remaining": str(max(limit - used, 0)),
            "x-ratelimit-used": str(used),
            "x-ratelimit-reset": str(reset),
            "x-ratelimit-resource": "graphql" if scope["path"] == "/graphql" else "core",
        }

    def rate_window(self, user: str) -> tuple[int, int]:
        """Requests used in the present hour, and when it ends (Unix seconds on the simulator's clock)."""
        now = int(self.world.clock.now().timestamp())
        used, reset = self.used.get(user, (0, 0))
        return (used, reset) if now < reset else (0, now + 3600)


async def _read_body(receive: Receive) -> bytes:
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return b"".join(parts)
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def _copy(scope: Scope) -> Scope:
    return {name: scope[name] for name in _SCOPE_FIELDS if name in scope}


def _graphql_text(scope: Scope, body: bytes) -> str:
    if scope["path"] != "/graphql":
        return ""
    try:
        request = json.loads(body)
        return f"{request.get('operationName') or ''}\n{request.get('query') or ''}"
    except (ValueError, AttributeError):
        return ""


def _is_read(scope: Scope, text: str) -> bool:
    if scope["path"] == "/graphql":
        return not re.search(r"^\s*mutation\b", text, re.MULTILINE)
    return scope["method"] in ("GET", "HEAD")


def _key(scope: Scope, body: bytes) -> str:
    return f"{scope['method']} {scope['path']}?{scope['query_string'].decode()} {hashlib.sha256(body).hexdigest()}"


def _rule_reply(rule: FaultRule) -> Captured:
    status, headers, body = rule.answer()
    data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    kind = "text/html" if isinstance(body, str) else "application/json; charset=utf-8"
    all_headers = {"Content-Type": kind, "Content-Length": str(len(data)), **headers}
    return Captured(status=status, headers=[(k.encode(), v.encode()) for k, v in all_headers.items()], body=data)


async def _send(send: Send, reply: Captured) -> None:
    await send({"type": "http.response.start", "status": reply.status, "headers": reply.headers})
    await send({"type": "http.response.body", "body": reply.body})


async def _cut(send: Send) -> None:
    # The server has no ASGI message for "hang up": take the socket from the connection that `send` belongs to.
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is None:
        raise RuntimeError("this server gives no access to its connection, so it cannot be cut")
    transport.abort()
    # Let the loop tell the server that the peer is gone, so that it sends no 500 of its own.
    await asyncio.sleep(0.01)
