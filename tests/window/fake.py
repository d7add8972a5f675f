"""A GitHub in memory behind the window's ports, which fails the way networks fail.

It shares no code with the client's protection model: protection is the JSON of GitHub's GET, and writes are applied to
it as GitHub's documentation says. Every port call is one call of a *client* (a process with a token). A client's
``plan`` says what goes wrong at which of its calls.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from enum import Enum
from typing import Any

from attrs import define, evolve, field, frozen

from bascule.clock import ManualClock
from bascule.errors import OutsideError
from bascule.forge.ports import (
    LostReplyError,
    MergeOutcome,
    PullState,
    RateLimitedError,
    RawCommit,
    RefState,
    RefusedError,
    Response,
)
from bascule.protection.rest import Write


class Killed(BaseException):
    """The process was killed; nothing of it runs any more."""


class Fault(Enum):
    """What goes wrong at a call."""

    KILL_BEFORE = "killed before the request left"
    KILL_AFTER = "killed after the request was applied"
    KILL_LATE = "killed; the request lands later"
    LOST = "reply lost, not applied"
    LOST_APPLIED = "reply lost, applied"
    LATE = "reply lost, lands later"
    STALE = "answered from the state before the last write"
    REFUSED = "403"
    LIMITED = "rate limited for 3 s"


@define
class World:
    """Everything the server stores."""

    protection: dict[str, dict[str, Any] | None]
    tips: dict[str, str]
    commits: dict[str, RawCommit]
    pulls: dict[int, PullState]
    blobs: dict[str, bytes] = field(factory=dict)
    admins: tuple[str, ...] = ("merge-bot",)
    green: tuple[str, ...] = ()
    approvals: int = 0

    def copy(self) -> World:
        """Return what no later effect changes: protection is JSON, and all other values are never changed."""
        return evolve(
            self, protection=json.loads(json.dumps(self.protection)), tips=dict(self.tips), commits=dict(self.commits),
            pulls=dict(self.pulls), blobs=dict(self.blobs),
        )  # fmt: skip


JOURNAL = "refs/bascule/journal"


def sha(*parts: object) -> str:
    """Return a commit id of ``parts``."""
    return hashlib.sha1(repr(parts).encode()).hexdigest()


@define
class Server:
    """The world, its clock, what is still under way, and what every client did."""

    world: World
    clock: ManualClock = field(factory=ManualClock)
    latency: float = 0.1
    late: list[Callable[[World], object]] = field(factory=list)
    log: list[str] = field(factory=list)
    before: World | None = None
    counter: int = 0
    hooks: dict[str, Callable[[World], None]] = field(factory=dict)
    """Run once, right before the next call of that name is served: other people, at the worst moment."""
    pause: Callable[[], object] = lambda: None
    """Called before and after each call: where another process may go on."""

    def land(self) -> None:
        """Let every request that is under way arrive."""
        late, self.late = self.late, []
        for effect in late:
            self.write(effect)

    def write(self, effect: Callable[[World], Any]) -> Any:
        self.before = self.world.copy()
        return effect(self.world)


def _respond(status: int, message: str) -> Response:
    return Response(status=status, body={"message": message})


@define
class Client:
    """One process: it can die. ``plan`` maps the number of its call (from 0) or the call's name to a fault."""

    server: Server
    login: str = "merge-bot"
    plan: dict[int | str, Fault] = field(factory=dict)
    calls: list[str] = field(factory=list)
    dead: bool = False
    meanwhile: dict[int, Callable[[], object]] = field(factory=dict)
    """Run right before the call of that number leaves: what others do while this process is paused."""

    def call(self, name: str, effect: Callable[[World], Any], *, write: bool) -> Any:
        if self.dead:
            raise Killed
        number = len(self.calls)
        self.calls.append(name)
        others = self.meanwhile.pop(number, None)
        if others is not None:
            others()
        self.server.log.append(f"{self.login}:{name}")
        self.server.pause()
        self.server.clock.advance(self.server.latency / 2)
        hook = self.server.hooks.pop(name, None)
        if hook is not None:
            hook(self.server.world)
        fault = self.plan.pop(number, None) or self.plan.pop(name, None)
        try:
            return self._serve(effect, write, fault)
        finally:
            self.server.clock.advance(self.server.latency / 2)

    def _serve(self, effect: Callable[[World], Any], write: bool, fault: Fault | None) -> Any:
        server = self.server
        match fault:
            case Fault.KILL_BEFORE:
                self.dead = True
                raise Killed
            case Fault.KILL_LATE:
                self.dead = True
                server.late.append(effect)
                raise Killed
            case Fault.LOST:
                raise LostReplyError("connection dropped")
            case Fault.LATE:
                if write:
                    server.late.append(effect)
                raise LostReplyError("timed out")
            case Fault.REFUSED:
                raise RefusedError("Resource not accessible", response=_respond(403, "Resource not accessible"))
            case Fault.LIMITED:
                raise RateLimitedError("secondary rate limit", retry_after=3.0)
            case Fault.STALE if not write:
                return effect(server.before if server.before is not None else server.world)
        answer = server.write(effect) if write else effect(server.world)
        if fault is Fault.KILL_AFTER:
            self.dead = True
            raise Killed
        if fault is Fault.LOST_APPLIED:
            raise LostReplyError("502")
        return answer


@frozen
class FakeJournal:
    """JournalStore."""

    client: Client

    def tip(self) -> RefState:
        server = self.client.server
        found = self.client.call("tip", lambda w: w.tips.get(JOURNAL), write=False)
        # `Date` has no fractions of a second.
        return RefState(sha=found, date=server.clock.now().replace(microsecond=0))

    def chain(self, tip: str, *, limit: int = 100) -> tuple[RawCommit, ...]:
        if tip not in self.client.server.world.commits:
            raise OutsideError("no such commit")
        return self.client.call("chain", lambda w: walk(w, tip, limit), write=False)

    def read(self, *, limit: int = 20) -> tuple[RefState, tuple[RawCommit, ...]]:
        def both(w: World) -> tuple[str | None, tuple[RawCommit, ...]]:
            tip = w.tips.get(JOURNAL)
            return tip, () if tip is None else walk(w, tip, limit)

        tip, commits = self.client.call("read", both, write=False)
        return RefState(sha=tip, date=self.client.server.clock.now().replace(microsecond=0)), commits

    def large(self, tree: str) -> bytes | None:
        return self.client.call("large", lambda w: w.blobs.get(tree), write=False)

    def commit(self, message: str, *, parents: tuple[str, ...], blob: bytes | None = None) -> str:
        server = self.client.server
        server.counter += 1
        tree = sha("tree", blob) if blob is not None else "basetree"
        made = sha(message, parents, tree, server.counter)

        def store(w: World) -> str:
            if blob is not None:
                w.blobs[tree] = blob
            w.commits[made] = RawCommit(sha=made, parents=parents, message=message, tree=tree)
            return made

        return self.client.call("commit", store, write=True)

    def advance(self, sha: str, *, expected: str | None) -> bool:
        def move(w: World) -> bool:
            now = w.tips.get(JOURNAL)
            if now is None and expected is not None:
                raise RefusedError("Reference does not exist", response=_respond(422, "Reference does not exist"))
            if now is not None and (expected is None or not descends(w, sha, now)):
                return now == sha
            w.tips[JOURNAL] = sha
            return True

        return self.client.call("advance", move, write=True)


def walk(w: World, tip: str, limit: int) -> tuple[RawCommit, ...]:
    """Return up to ``limit`` commits from ``tip`` along first parents."""
    made: list[RawCommit] = []
    at: str | None = tip
    while at is not None and at in w.commits and len(made) < limit:
        made.append(w.commits[at])
        at = w.commits[at].parents[0] if w.commits[at].parents else None
    return tuple(made)


def descends(w: World, sha: str, ancestor: str) -> bool:
    """Return whether ``ancestor`` is ``sha`` or before it."""
    at: str | None = sha
    while at is not None:
        if at == ancestor:
            return True
        at = w.commits[at].parents[0] if w.commits[at].parents else None
    return False


@frozen
class FakeKeeper:
    """Keeper."""

    client: Client
    remaining: int | None = 4000

    def protection(self, branch: str) -> Any:
        def read(w: World) -> Any:
            if branch not in w.protection:
                raise RefusedError("Branch not found", response=_respond(404, "Branch not found"))
            return copy.deepcopy(w.protection[branch])

        return self.client.call("protection", read, write=False)

    def apply(self, branch: str, writes: tuple[Write, ...], *, purpose: str) -> None:
        for one in writes:
            self.client.call(purpose, lambda w, one=one: edit(w, branch, one), write=True)

    def server_time(self) -> Any:
        return self.client.server.clock.now()

    def quota(self) -> int | None:
        return self.remaining


def edit(w: World, branch: str, write: Write) -> None:
    """Apply one REST write to the stored GET body of ``branch``."""
    if branch not in w.protection:
        raise RefusedError("Branch not found", response=_respond(404, "Branch not found"))
    raw = w.protection[branch]
    match (write.method, write.path.strip("/").split("/")):
        case ("PUT", [""]):
            w.protection[branch] = put(write.body)
            return
        case _ if raw is None:
            raise RefusedError("Branch not protected", response=_respond(404, "Branch not protected"))
        case ("POST" | "DELETE", ["enforce_admins" | "required_signatures" as flag]):
            raw[flag] = {**raw[flag], "enabled": write.method == "POST"}
        case ("PATCH", ["required_pull_request_reviews"]):
            group = raw["required_pull_request_reviews"]
            body = dict(write.body)
            for key in ("bypass_pull_request_allowances", "dismissal_restrictions"):
                if key in body:
                    group[key] = actors(body.pop(key))
            group.update(body)
        case ("PATCH", ["required_status_checks"]):
            group = raw["required_status_checks"]
            if "strict" in write.body:
                group["strict"] = write.body["strict"]
            if "checks" in write.body:
                group["checks"] = [
                    {"context": c["context"], "app_id": None if c["app_id"] == -1 else c["app_id"]}
                    for c in write.body["checks"]
                ]
                group["contexts"] = [c["context"] for c in write.body["checks"]]
        case ("POST" | "DELETE", ["restrictions", kind]):
            given = actors(write.body)[kind]
            names = {a["id"] for a in given}
            kept = [a for a in raw["restrictions"][kind] if a["id"] not in names]
            raw["restrictions"][kind] = [*kept, *(given if write.method == "POST" else [])]
        case _:
            raise RefusedError("Not Found", response=_respond(404, f"no such route {write}"))


def put(body: dict[str, Any]) -> dict[str, Any]:
    """Return the GET body after a full PUT."""
    raw: dict[str, Any] = {"enforce_admins": {"enabled": bool(body["enforce_admins"])}}
    if body["required_status_checks"] is not None:
        checks = body["required_status_checks"]["checks"]
        raw["required_status_checks"] = {
            "strict": body["required_status_checks"]["strict"],
            "checks": [{**c, "app_id": None if c["app_id"] == -1 else c["app_id"]} for c in checks],
            "contexts": [c["context"] for c in checks],
        }
    if body["required_pull_request_reviews"] is not None:
        raw["required_pull_request_reviews"] = {
            key: actors(value) if isinstance(value, dict) else value
            for key, value in body["required_pull_request_reviews"].items()
        }
    if body["restrictions"] is not None:
        raw["restrictions"] = actors(body["restrictions"])
    for flag in ("required_linear_history", "allow_force_pushes", "allow_deletions", "required_signatures"):
        raw[flag] = {"enabled": bool(body.get(flag))}
    return raw


def actors(names: dict[str, list[str]]) -> dict[str, list[dict[str, Any]]]:
    """Return lists of actors as GET shows them; an id is made of the name."""
    return {
        kind: [
            {("login" if kind == "users" else "slug"): n, "id": number(n), "node_id": f"N{number(n)}"}
            for n in names.get(kind, [])
        ]
        for kind in ("users", "teams", "apps")
    }


def number(name: str) -> int:
    """Return the numeric id of an actor."""
    return int(hashlib.sha1(name.encode()).hexdigest()[:6], 16)


@frozen
class FakeMerger:
    """Merger. Merging enforces what protection asks for, as GitHub does."""

    client: Client

    def merge(self, number: int, *, sha: str, method: str, title: str, message: str) -> MergeOutcome:
        login = self.client.login

        def do(w: World) -> MergeOutcome:
            return merge(w, login, number, sha, method, title, message, str(self.client.server.clock.now()))

        return self.client.call("merge", do, write=True)

    def pull(self, number: int, *, armed_branches: tuple[str, ...] = ()) -> PullState:
        def read(w: World) -> PullState:
            armed = tuple(n for n in w.pulls[number].armed if w.pulls[n].base_ref in armed_branches)
            base = w.tips[f"refs/heads/{w.pulls[number].base_ref}"]
            return evolve(w.pulls[number], armed=armed, base_sha=base, date=self.client.server.clock.now())

        return self.client.call("pull", read, write=False)

    def commit_message(self, sha: str) -> str:
        def read(w: World) -> str:
            if sha not in w.commits:
                raise RefusedError("Not Found", response=_respond(404, "Not Found"))
            return w.commits[sha].message

        return self.client.call("commit_message", read, write=False)


def merge(
    w: World, login: str, number: int, sha_: str, method: str, title: str, message: str, salt: str = ""
) -> MergeOutcome:
    """Merge as GitHub would; answers 405 and 409 with GitHub's texts."""
    pull = w.pulls[number]
    if pull.merged or pull.state != "OPEN":
        return MergeOutcome(status=405, message="Pull Request is not mergeable")
    if sha_ != pull.head_sha:
        return MergeOutcome(status=409, message="Head branch was modified. Review and try the merge again.")
    unmet = blocked(w, login, pull.base_ref)
    if unmet is not None:
        return MergeOutcome(status=405, message=unmet)
    ref = f"refs/heads/{pull.base_ref}"
    base = w.tips[ref]
    tree = sha("merged", w.commits[base].tree, pull.head_sha)
    parents = (base, pull.head_sha) if method == "merge" else (base,)
    text = f"{title or f'Pull {number}'}\n\n{message}"
    made = sha(text, parents, tree, salt)
    w.commits[made] = RawCommit(sha=made, parents=parents, message=text, tree=tree)
    w.tips[ref] = made
    w.pulls[number] = evolve(pull, merged=True, state="MERGED", merge_sha=made, merged_by=login)
    return MergeOutcome(status=200, message="Pull Request successfully merged", sha=made)


def blocked(w: World, login: str, branch: str) -> str | None:
    """Return GitHub's text for the first unmet requirement, or None."""
    raw = w.protection.get(branch)
    if raw is None:
        return None
    if login in w.admins and not raw["enforce_admins"]["enabled"]:
        return None
    checks = raw.get("required_status_checks")
    for check in checks["checks"] if checks else []:
        if check["context"] not in w.green:
            return f'Required status check "{check["context"]}" is expected.'
    reviews = raw.get("required_pull_request_reviews")
    if reviews:
        allowed = reviews.get("bypass_pull_request_allowances", {}).get("users", [])
        if login not in {u["login"] for u in allowed} and w.approvals < reviews["required_approving_review_count"]:
            return "At least 1 approving review is required by reviewers with write access."
    limits = raw.get("restrictions")
    if limits is not None and login not in {u["login"] for u in limits["users"]}:
        return "You're not authorized to push to this branch."
    return None


def fresh_world() -> World:
    """Return a repository with a protected ``main``, an open pull request 7, and 8 by somebody else."""
    base = sha("base")
    head = sha("head")
    raw = {
        "url": "https://api.github.com/repos/acme/shop/branches/main/protection",
        "enforce_admins": {"url": "https://api.github.com/x", "enabled": True},
        "required_status_checks": {
            "strict": True,
            "contexts": ["build", "slow"],
            "checks": [{"context": "build", "app_id": 15368}, {"context": "slow", "app_id": None}],
        },
        "required_pull_request_reviews": {
            "dismiss_stale_reviews": True,
            "require_code_owner_reviews": False,
            "required_approving_review_count": 2,
            "require_last_push_approval": False,
            "bypass_pull_request_allowances": actors({"users": ["octo-dev"]}),
        },
        "restrictions": actors({"users": ["merge-bot", "keeper-admin", "stranger"], "teams": ["core"]}),
        "required_signatures": {"url": "https://api.github.com/y", "enabled": False},
        "required_linear_history": {"enabled": True},
        "allow_force_pushes": {"enabled": False},
        "allow_deletions": {"enabled": False},
    }
    pull = PullState(
        number=7,
        state="OPEN",
        merged=False,
        merge_sha=None,
        merged_by=None,
        head_sha=head,
        base_ref="main",
        base_sha=base,
        draft=False,
        labels=("change:safe",),
        review_decision="REVIEW_REQUIRED",
        checks_state="SUCCESS",
        armed=(),
        date=ManualClock().now(),
        fingerprint="f1",
    )
    return World(
        protection={"main": raw},
        tips={"refs/heads/main": base},
        commits={
            base: RawCommit(sha=base, parents=(), message="base", tree="tree0"),
            head: RawCommit(sha=head, parents=(base,), message="head", tree="tree1"),
        },
        pulls={7: pull, 8: evolve(pull, number=8, head_sha=sha("other"))},
        green=("build", "slow"),
    )


def seconds(clock: ManualClock, value: float) -> Any:
    """Return the server's time in ``value`` seconds."""
    return clock.now() + timedelta(seconds=value)
