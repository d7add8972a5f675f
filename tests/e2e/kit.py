"""A GitHub on loopback, a repository made through its API, and the real command line run against both.

Nothing is set up except through GitHub's own API. ``/_sim/`` serves five things that GitHub has no API for: accounts
and apps, the clock, ordered faults, what runners do (workflow runs and artifacts), and reading what is stored, which is
how a refusal is asserted.
"""

from __future__ import annotations

import base64
import itertools
import json
import os
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from attrs import Factory, define, field, frozen
from tests.support import warm

from bascule.simulator.process import SimulatorProcess
from bascule.window import keys

# Secrets that no output, log or record may ever show; each is unlike anything else in these tests.
TOKENS = {
    "octo-dev": "sim-secret-dev-5f1c9a07",
    "octo-admin": "sim-secret-admin-b26e3d11",
    "octo-owner": "sim-secret-owner-90c4e7a2",
    "octo-reader": "sim-secret-reader-77ab0e35",
    "acme-bascule": "sim-secret-bot-d3f8124c",
    "ci": "sim-secret-ci-6be2915f",
    "other-ci": "sim-secret-other-ci-1c07",
}
JOURNAL_KEY = keys.generate(keys.Role.WINDOW).to_text()
SECRETS = (*TOKENS.values(), JOURNAL_KEY, JOURNAL_KEY.rpartition(":")[2])

# What GitHub works out by itself when somebody looks; nobody's doing.
COMPUTED = {"updated_at", "pushed_at", "mergeable", "mergeable_key", "mergeable_null_reads_left"}
BOT, ADMIN, DEV, OWNER = "acme-bascule", "octo-admin", "octo-dev", "octo-owner"
LABELS = ("change:safe", "auto-relax-merge")
PACK = ".github/rulepack/docs.yml"

DOCS = """\
version: 1
scenario: allowlist
mode: auto
match: {files: ["docs/**"]}
labels: {require: ["change:safe", auto-relax-merge], deny: [hold]}
rules: [{id: pages, use: allowlist/paths, only: ["docs/**"]}]
"""
"""A pack that judges the documentation and merges unasked; tests add to it."""


# What in a repository's configuration needs which plugin.
SCENARIOS = {name: rf"\b{name}\b" for name in ("deps", "helm", "release", "terraform")}
SCENARIOS["observability"] = r"\bobservability\b|\bwatch:"


def pack(*, relax: str = "reviews", **changes: str) -> str:
    """Return :data:`DOCS` with lines replaced or added: ``pack(mode="observe", size="{files: 1}")``."""
    lines = {line.partition(":")[0]: line for line in DOCS.splitlines()}
    lines["relax"] = f"relax: {{allow: [{relax}]}}"
    lines.update({key: f"{key}: {value}" for key, value in changes.items()})
    return "\n".join(lines.values()) + "\n"


@frozen(kw_only=True)
class Ran:
    """One run of the command line. ``calls``: the requests that the simulator logged meanwhile."""

    code: int
    out: str
    err: str
    calls: list[dict[str, Any]] = field(factory=list)

    @property
    def doc(self) -> dict[str, Any]:
        """Return the JSON document on stdout."""
        found: dict[str, Any] = json.loads(self.out)
        return found

    def rules(self, *statuses: str) -> set[str]:
        """Return the rules of the verdict's checks with one of ``statuses`` (default: every status but allow)."""
        return {
            c["rule"] for c in self.checks() if c["status"] in statuses or (not statuses and c["status"] != "allow")
        }

    def checks(self) -> list[dict[str, Any]]:
        """Return the verdict's checks in one list."""

        def walk(tree: dict[str, Any]) -> Iterator[dict[str, Any]]:
            yield from tree["checks"]
            for child in tree["children"]:
                yield from walk(child)

        return list(walk(self.doc["verdict"])) if self.doc["verdict"] else []

    def writes(self) -> list[str]:
        """Return what was written: ``METHOD path-within-the-repository`` of every call that is not a read."""
        return [short(c) for c in self.calls if c["method"] != "GET" and is_api(c) and c["path"] != "/graphql"]


def short(call: Mapping[str, Any]) -> str:
    """Return ``PUT pulls/1/merge``, ``POST graphql Snapshot`` or ``GET git info/refs``."""
    path = str(call["path"])
    parts = path.strip("/").split("/")
    if parts[0] == "repos":
        path = "/".join(parts[3:])
    elif len(parts) > 1 and parts[1].endswith(".git"):
        path = "git " + "/".join(parts[2:])
    else:
        path = path.strip("/")
    return f"{call['method']} {path} {call['operation'] or ''}".rstrip()


def is_api(call: Mapping[str, Any]) -> bool:
    """Return whether a logged request is a GitHub call, not git's own traffic."""
    return ".git/" not in str(call["path"])


def own_session() -> requests.Session:
    """Return a session that takes no proxy and no password of this machine's, and does not look for them each time."""
    made = requests.Session()
    made.trust_env = False
    return made


@define
class World:
    """One simulator and what all tests on it share. ``folder`` holds one machine's home, cache and state."""

    sim: SimulatorProcess
    folder: Path
    apps: dict[str, dict[str, Any]] = Factory(dict)
    _numbers: Iterator[int] = Factory(itertools.count)
    _session: requests.Session = Factory(own_session)

    @classmethod
    @contextmanager
    def started(cls, folder: Path) -> Iterator[World]:
        """Start a simulator below ``folder`` with the people and apps that every test uses."""
        people = [f"{login}:{TOKENS[login]}" for login in ("octo-dev", "octo-owner", "octo-reader", "acme-bascule")]
        # The administrator's token is a site administrator's only so that one account can set up everything.
        with SimulatorProcess(folder / "sim", [*people, f"octo-admin:{TOKENS['octo-admin']}:admin"]) as sim:
            world = cls(sim, folder)
            try:
                sim.control("orgs", {"login": "acme", "members": {ADMIN: "admin"}, "teams": {}})
                for slug in ("ci", "other-ci"):
                    for owner in ("acme", OWNER):
                        world.apps[slug] = sim.control(
                            "apps", {"slug": slug, "owner": owner, "permissions": {"checks": "write"}}
                        )
                        world._app_token(slug, owner)
                yield world
            finally:
                world._session.close()

    def _app_token(self, slug: str, owner: str) -> None:
        # One token reaches one installation; each owner's has a token of its own.
        body = {"slug": slug, "owner": owner, "permissions": {"checks": "write"}, "token": app_token(slug, owner)}
        self.sim.control("apps", body)

    @property
    def url(self) -> str:
        """Return the simulator's address."""
        return self.sim.url

    def call(self, method: str, path: str, body: Any = None, *, by: str = ADMIN, token: str | None = None) -> Any:
        """Send one request of GitHub's API as ``by`` and return the JSON; anything but success fails the test."""
        reply = self.raw(method, path, body, by=by, token=token)
        assert reply.ok, f"{method} {path}: {reply.status_code} {reply.text[:400]}"
        return reply.json() if reply.content else None

    def raw(
        self, method: str, path: str, body: Any = None, *, by: str = ADMIN, token: str | None = None
    ) -> requests.Response:
        """Send one request and return the answer, whatever it is."""
        headers = {"Authorization": f"token {token or TOKENS[by]}"}
        return self._session.request(method, self.url + path, json=body, headers=headers, timeout=60)

    def graphql(self, query: str, *, by: str = ADMIN, **variables: Any) -> Any:
        """Run one GraphQL operation as ``by`` and return its data."""
        found = self.call("POST", "/graphql", {"query": query, "variables": variables}, by=by)
        assert "errors" not in found, found
        return found["data"]

    def quiet(self) -> None:
        """Forget ordered faults and the request log."""
        self.sim.control("faults", method="DELETE")
        self.sim.control("requests", method="DELETE")

    def log(self) -> list[dict[str, Any]]:
        """Return the requests so far."""
        found: list[dict[str, Any]] = self.sim.control("requests")
        return found

    @contextmanager
    def switched(self, **switches: Any) -> Iterator[None]:
        """Play unverified facts of GitHub another way for a while."""
        before = self.sim.control("switches")
        self.sim.control("switches", switches)
        try:
            yield
        finally:
            self.sim.control("switches", {name: before[name] for name in switches})

    def repo(
        self,
        *,
        owner: str = "acme",
        rulepack: str | None = None,
        files: Mapping[str, str] | None = None,
        **settings: Any,
    ) -> Repo:
        """Make a repository with a page, code and a rulepack on main; octo-dev and the bot may write to it."""
        name, admin = f"shop-{next(self._numbers)}", ADMIN if owner == "acme" else owner
        path = f"/orgs/{owner}/repos" if owner == "acme" else "/user/repos"
        made = self.call(
            "POST", path, {"name": name, "auto_init": True, "allow_auto_merge": True, **settings}, by=admin
        )
        repo = Repo(self, made["full_name"], made["id"], admin)
        for login in (DEV, BOT):
            repo.call("PUT", f"/collaborators/{login}", {"permission": "push"}, by=admin)
        first = {"docs/a.md": "hello\n", "src/app.py": "print('hello')\n", **(files or {})}
        if rulepack != "":
            first[PACK] = pack() if rulepack is None else rulepack
        repo.commit("main", first, by=admin)
        return repo


def app_token(slug: str, owner: str) -> str:
    """Return the token of an app's installation at ``owner``."""
    return f"{TOKENS[slug]}-{owner}"


@define
class Repo:
    """One repository on the simulator. ``full`` is its name when it was made, ``admin`` who may change settings."""

    world: World
    full: str
    id: int
    admin: str
    plugins: set[str] = Factory(set)
    """The scenarios that its rulepacks have named so far; a run starts these and no others."""

    # -- setting it up, as any client of GitHub would -----------------------------------------------------------------

    def call(self, method: str, path: str = "", body: Any = None, *, by: str = ADMIN, token: str | None = None) -> Any:
        """Send one request below ``/repos/OWNER/NAME``."""
        return self.world.call(method, f"/repos/{self.full}{path}", body, by=by, token=token)

    def head(self, branch: str = "main") -> str:
        """Return the commit at the tip of ``branch``."""
        return str(self.call("GET", f"/git/ref/heads/{branch}", by=self.admin)["object"]["sha"])

    def commit(
        self, branch: str, files: Mapping[str, Any], *, by: str = DEV, message: str = "Write pages", **extra: Any
    ) -> str:
        """Commit ``files`` to ``branch`` (made from main where there is none) and return the commit.

        A value is a text, None (remove the file), or a whole entry of GitHub's tree API.
        """
        for path, what in files.items():
            if path.startswith(".github/") and isinstance(what, str):
                self.plugins |= {name for name, named in SCENARIOS.items() if re.search(named, what)}
        found = self.world.raw("GET", f"/repos/{self.full}/git/ref/heads/{branch}", by=by)
        parent = found.json()["object"]["sha"] if found.ok else self.head()
        entries = []
        for path, what in files.items():
            if isinstance(what, str):
                entries.append({"path": path, "mode": "100644", "type": "blob", "content": what})
            elif what is None:
                entries.append({"path": path, "mode": "100644", "type": "blob", "sha": None})
            else:
                entries.append({"path": path, **what})
        base = self.call("GET", f"/git/commits/{parent}", by=by)["tree"]["sha"]
        tree = self.call("POST", "/git/trees", {"base_tree": base, "tree": entries}, by=by)["sha"]
        body = {"message": message, "tree": tree, "parents": [parent], **extra}
        sha = str(self.call("POST", "/git/commits", body, by=by)["sha"])
        if found.ok:
            self.call("PATCH", f"/git/refs/heads/{branch}", {"sha": sha}, by=by)
        else:
            self.call("POST", "/git/refs", {"ref": f"refs/heads/{branch}", "sha": sha}, by=by)
        return sha

    def blob(self, content: str, *, by: str = DEV) -> str:
        """Store ``content`` and return its object id."""
        body = {"content": base64.b64encode(content.encode()).decode(), "encoding": "base64"}
        return str(self.call("POST", "/git/blobs", body, by=by)["sha"])

    def pull(
        self, files: Mapping[str, Any] | None = None, *, head: str = "topic", by: str = DEV,
        labels: tuple[str, ...] = LABELS, checks: Mapping[str, str] | None = None, title: str = "Add a page",
        base: str = "main", **fields: Any,
    ) -> int:  # fmt: skip
        """Open a pull request that is ready to merge as far as a rulepack can ask, and return its number.

        ``checks`` are conclusions of the app ``ci`` by name; ``pending`` leaves the check running.
        """
        sha = self.commit(head, {"docs/b.md": "a new page\n"} if files is None else files, by=by)
        body = {"title": title, "head": head, "base": base, **fields}
        number = int(self.call("POST", "/pulls", body, by=by)["number"])
        for name, conclusion in ({"test": "success"} if checks is None else checks).items():
            self.check(sha, name, conclusion)
        if labels:
            self.label(number, *labels)
        return number

    def check(self, sha: str, name: str = "test", conclusion: str = "success", *, app: str = "ci") -> None:
        """Report a check run as ``app``."""
        body: dict[str, Any] = {"name": name, "head_sha": sha}
        body |= {"status": "in_progress"} if conclusion == "pending" else {"conclusion": conclusion}
        self.call("POST", "/check-runs", body, token=app_token(app, self.full.partition("/")[0]))

    def run_workflow(self, sha: str, workflow: str, **fields: Any) -> int:
        """Let a workflow run on ``sha`` and return the run: it has succeeded unless ``fields`` say otherwise."""
        body = {"repo": self.full, "workflow": workflow, "head_sha": sha, **fields}
        return int(self.world.sim.control("runs", body)["id"])

    def go_on(self, run: int, **fields: Any) -> None:
        """Let a run go on: ``rerun=True``, ``status=``, ``conclusion=``."""
        self.world.sim.control("runs", {"repo": self.full, "id": run, **fields})

    def upload(self, run: int, name: str, content: bytes, **fields: Any) -> int:
        """Let a run upload the archive ``content`` as an artifact and return its number."""
        body = {"repo": self.full, "id": run, "name": name, "zip": base64.b64encode(content).decode(), **fields}
        return int(self.world.sim.control("artifacts", body)["id"])

    def label(self, number: int, *labels: str, by: str | None = None) -> None:
        """Put labels on a pull request."""
        self.call("POST", f"/issues/{number}/labels", {"labels": list(labels)}, by=by or self.admin)

    def review(self, number: int, event: str = "APPROVE", *, by: str = BOT, **fields: Any) -> Any:
        """Review a pull request."""
        return self.call("POST", f"/pulls/{number}/reviews", {"event": event, "body": "noted", **fields}, by=by)

    def thread(self, number: int, *, by: str = BOT, path: str = "docs/b.md") -> None:
        """Open a conversation on a line."""
        sha = self.call("GET", f"/pulls/{number}", by=by)["head"]["sha"]
        body = {"body": "why?", "commit_id": sha, "path": path, "line": 1, "side": "RIGHT"}
        self.call("POST", f"/pulls/{number}/comments", body, by=by)

    def comment(self, number: int, body: str, *, by: str = DEV) -> dict[str, Any]:
        """Comment on a pull request and return the comment."""
        made: dict[str, Any] = self.call("POST", f"/issues/{number}/comments", {"body": body}, by=by)
        return made

    def protect(self, branch: str = "main", **groups: Any) -> str:
        """Protect ``branch`` and return what a GET shows then; groups that are not named are off."""
        off = dict.fromkeys(("required_status_checks", "required_pull_request_reviews", "restrictions"))
        body = {"enforce_admins": True, **off, **groups}
        self.call("PUT", f"/branches/{branch}/protection", body, by=self.admin)
        return self.protection(branch)

    def reviews(self, count: int = 1, *, checks: bool = True, **fields: Any) -> str:
        """Require ``count`` reviews and, unless told otherwise, the check ``test`` of the app ``ci``."""
        groups: dict[str, Any] = {"required_pull_request_reviews": {"required_approving_review_count": count}}
        if checks:
            groups["required_status_checks"] = self.required()
        return self.protect(**{**groups, **fields})

    def required(self, *names: str, strict: bool = False) -> dict[str, Any]:
        """Return ``required_status_checks`` with ``names`` (default: ``test``) of the app ``ci``."""
        app = self.world.apps["ci"]["id"]
        return {"strict": strict, "checks": [{"context": n, "app_id": app} for n in names or ("test",)]}

    def arm(self, number: int, *, by: str = DEV, method: str = "SQUASH") -> None:
        """Arm GitHub's own auto-merge as ``by``."""
        node = self.call("GET", f"/pulls/{number}", by=by)["node_id"]
        self.world.graphql(
            "mutation($id: ID!, $method: PullRequestMergeMethod!) { enablePullRequestAutoMerge(input: "
            "{pullRequestId: $id, mergeMethod: $method}) { clientMutationId } }",
            by=by, id=node, method=method,
        )  # fmt: skip

    # -- what is stored -----------------------------------------------------------------------------------------------

    def protection(self, branch: str = "main") -> str:
        """Return the whole answer of GET protection as text, so that it is compared byte for byte."""
        return self.world.raw("GET", f"/repos/{self.full}/branches/{branch}/protection", by=self.admin).text

    def state(self) -> dict[str, Any]:
        """Return everything that the simulator has stored about this repository."""
        whole: dict[str, Any] = self.world.sim.control("state", {"repo": self.id})
        return {**whole, "refs": whole["refs"][str(self.id)]}

    def stored_pull(self, number: int) -> dict[str, Any]:
        """Return the stored pull request."""
        return next(dict(p) for p in self.state()["pulls"] if p["number"] == number)

    def message(self, sha: str) -> str:
        """Return a commit's message."""
        return str(self.call("GET", f"/git/commits/{sha}", by=self.admin)["message"])

    def comments(self, number: int) -> list[dict[str, Any]]:
        """Return the comments on a pull request."""
        found: list[dict[str, Any]] = self.call("GET", f"/issues/{number}/comments", by=self.admin)
        return found

    def untouched(self) -> Untouched:
        """Remember what must not change; compare later with :meth:`Untouched.holds`."""
        return Untouched(self, self.state(), self.protection())

    # -- the command line ---------------------------------------------------------------------------------------------

    def env(self, *, shared: bool = False, **changes: str | None) -> dict[str, str]:
        """Return the least environment of a run: bot as Observer and Merger, an administrator as Keeper.

        ``shared``: the administrator's token for everything. None removes a variable.
        """
        home = self.world.folder / "home" / self.full.replace("/", "-")
        home.mkdir(parents=True, exist_ok=True)
        found: dict[str, str | None] = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            # What a killed run leaves behind lies where the test's other files lie.
            "TMPDIR": str(self.world.folder),
            "BASCULE_API_URL": self.world.url,
            "BASCULE_JOURNAL_KEY": JOURNAL_KEY,
            "BASCULE_PLUGINS": ",".join(sorted(self.plugins)),
        }
        if shared:
            found["GH_TOKEN"] = TOKENS[self.admin]
        else:
            names = {"OBSERVER": BOT, "MERGER": BOT, "KEEPER": self.admin}
            found |= {f"BASCULE_{name}_TOKEN": TOKENS[login] for name, login in names.items()}
        return {name: value for name, value in {**found, **changes}.items() if value is not None}

    def run(
        self, *args: str, env: Mapping[str, str] | None = None, inputs: Path | None = None, moved: bool = False
    ) -> Ran:
        """Run ``bascule ARGS -R OWNER/NAME`` to its end; whatever it does, no secret and no traceback is shown.

        ``moved``: its waiting moves the clocks instead of taking time.
        """
        return self.bascule(*args, "-R", self.full, env=env, cwd=inputs, moved=moved)

    def bascule(
        self, *args: str, env: Mapping[str, str] | None = None, cwd: Path | None = None, moved: bool = False
    ) -> Ran:
        """Run ``bascule ARGS`` to its end."""
        self.world.sim.control("requests", method="DELETE")
        environ = self.env() if env is None else env
        return self._running(args, environ, cwd=cwd, moved=moved).finish()

    def merge(self, number: int, *args: str, env: Mapping[str, str] | None = None, moved: bool = False) -> Ran:
        """Run ``bascule merge NUMBER --attended --json``."""
        return self.run("merge", str(number), "--attended", "--json", *args, env=env, moved=moved)

    def start(self, *args: str, env: Mapping[str, str] | None = None, cold: bool = False) -> Running:
        """Start ``bascule ARGS -R OWNER/NAME`` and return while it runs.

        ``cold``: in a fresh interpreter, with every installed plugin.
        """
        environ = env or (self.env(BASCULE_PLUGINS=None) if cold else self.env())
        return self._running((*args, "-R", self.full), environ, cold=cold)

    def _running(
        self, args: Sequence[str], env: Mapping[str, str], *, cwd: Path | None = None, moved: bool = False,
        cold: bool = False,
    ) -> Running:  # fmt: skip
        if moved:
            started = warm.start(warm.MOVED, (self.world.url, *args), env=env, cwd=cwd or self.world.folder)
        else:
            started = warm.start(warm.BASCULE, args, env=env, cwd=cwd or self.world.folder, cold=cold)
        return Running(started, self.world)

    def audit(self, env: Mapping[str, str] | None = None) -> tuple[Ran, list[dict[str, Any]]]:
        """Verify the whole journal and return its entries, oldest first."""
        ran = self.run("audit", "--verify", "--json", "--last", "1000", env=env)
        return ran, list(reversed(ran.doc["entries"]))


@frozen
class Untouched:
    """A repository as it was, to prove that a refusal changed nothing that matters."""

    repo: Repo
    state: dict[str, Any]
    protection: str

    def holds(self, *, but: tuple[str, ...] = ()) -> None:
        """Fail unless branches, pull requests, protection and reviews are as they were.

        The journal may have grown, and Bascule may have reported on the head commit. ``but`` names tables that others
        changed on purpose.
        """
        now = self.repo.state()
        for name in ("repos", "pulls", "reviews", "review_threads", "protection_rules", "labels", "check_runs"):
            if name not in but:
                assert settled(now[name]) == settled(self.state[name]), f"{name} changed"
        if "refs" not in but:
            before, after = ({k: v for k, v in s["refs"].items() if not _passing(k)} for s in (self.state, now))
            assert after == before, "a ref moved"
        assert self.repo.protection() == self.protection


def _passing(ref: str) -> bool:
    """Return whether a ref is the journal's, or a trial merge that GitHub makes when somebody looks."""
    return ref.startswith("refs/bascule/") or (ref.startswith("refs/pull/") and ref.endswith("/merge"))


def settled(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return stored rows without what GitHub computes by itself; the commit of a merge that is only a trial is such."""
    return [
        {k: v for k, v in row.items() if k not in COMPUTED and not (k == "merge_commit_sha" and not row["merged"])}
        for row in rows
    ]


@define
class Running:
    """A run that was started and not waited for."""

    process: Any
    world: World

    def until(self, reached: Callable[[list[dict[str, Any]]], bool], timeout: float = 60.0) -> bool:
        """Wait until the request log satisfies ``reached``; False when the run ended before."""
        deadline = time.monotonic() + timeout
        while not reached(self.world.log()):
            if self.process.poll() is not None:
                return reached(self.world.log())
            assert time.monotonic() < deadline, "the run neither ended nor got there"
            time.sleep(0.01)
        return True

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate(timeout=30)

    def finish(self) -> Ran:
        """Wait for its end."""
        out, err = self.process.communicate(timeout=120)
        ran = Ran(code=self.process.returncode, out=out, err=err, calls=self.world.log())
        spotless(ran)
        return ran


def spotless(ran: Ran) -> None:
    """Fail when a run showed a secret or a traceback, whatever its outcome."""
    for text in (ran.out, ran.err, json.dumps(ran.calls)):
        for secret in SECRETS:
            assert secret not in text, "a secret was shown"
    assert "Traceback" not in ran.out + ran.err, ran.err


def meanwhile(act: Callable[[], Any], when: Callable[[], bool], timeout: float = 60.0) -> threading.Thread:
    """Do ``act`` once, as another person would, as soon as ``when``; join the thread that is returned."""

    def wait() -> None:
        deadline = time.monotonic() + timeout
        while not when():
            if time.monotonic() > deadline:
                return
            time.sleep(0.005)
        act()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread
