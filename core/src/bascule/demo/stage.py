"""The stage: a simulator of its own, an organisation, people, packs and protection, made through GitHub's API."""

from __future__ import annotations

import base64
import io
import json
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import requests
from attrs import frozen

from bascule.demo.classes import CLASSES
from bascule.demo.service import FILES
from bascule.simulator.process import SimulatorProcess
from bascule.window import keys

# Tokens of a GitHub that lives for a minute on this machine's loopback; nobody else ever sees it.
TOKENS = {login: f"demo-{login}" for login in ("octo-dev", "octo-admin", "outsider", "acme-bascule", "acme-keeper")}
BASCULE = frozenset({"acme-bascule", "acme-keeper"})
"""The accounts whose calls are Bascule's; everybody else is the demo itself."""
ORG_REPO = "acme/handbook"
OWN_REPO = "octo-admin/notes"
SHOP = "acme/shop"
"""Where the scenarios play: one rulepack each."""
PACK = """\
version: 1
scenario: allowlist
extends: [allowlist/default]
mode: guarded
match: {files: ["**"]}                # everything is judged ...
files: {only: ["docs/**", "**/*.md"]} # ... and only documentation passes
checks: {require: [{name: test, app: ci}]}
relax: {allow: [reviews]}
loosen: a bot may stand in for the one missing review of a page
merge: {method: squash}
notify: {comment: problems}
"""


@frozen(kw_only=True)
class Ran:
    """A finished command: exit code and, where it printed one, its JSON document."""

    code: int
    document: Mapping[str, Any]
    out: str
    err: str


class Stage:
    """Everything that the acts work on; a context manager that leaves nothing behind."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="bascule-demo-")
        self.root = Path(self._folder.name)
        self.sim = SimulatorProcess(self.root / "github", [f"{u}:{t}" for u, t in TOKENS.items()])
        self.key = keys.generate(keys.Role.WINDOW)
        self.app_id = 0
        self._sessions: dict[str, requests.Session] = {}
        self._sweeper: subprocess.Popen[bytes] | None = None
        self.merged = 0
        """The pull request that the first act merged; the last act comes back to it."""

    def __enter__(self) -> Stage:
        self.sim.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._sweeper is not None:
            self._sweeper.terminate()
            self._sweeper.wait()
        for session in self._sessions.values():
            session.close()
        self.sim.stop()
        self._folder.cleanup()

    # -- GitHub, as people and apps use it ----------------------------------------------------------------------------

    def call(self, method: str, path: str, body: Any = None, *, who: str = "octo-admin") -> Any:
        """Call the API as ``who`` and return the JSON answer.

        Raises:
            RuntimeError: GitHub refuses; the demo's own set-up is wrong then.
        """
        session = self._sessions.setdefault(who, requests.Session())
        reply = session.request(
            method,
            self.sim.url + path,
            json=body,
            timeout=30,
            headers={"Authorization": f"token {TOKENS.get(who, f'demo-{who}')}"},
        )
        if not reply.ok:
            raise RuntimeError(f"{method} {path}: {reply.status_code} {reply.text[:300]}")
        return reply.json() if reply.content else None

    def graphql(self, query: str, variables: Mapping[str, Any], *, who: str) -> Any:
        """Run a GraphQL document as ``who``."""
        answer = self.call("POST", "/graphql", {"query": query, "variables": dict(variables)}, who=who)
        if answer.get("errors"):
            raise RuntimeError(str(answer["errors"]))
        return answer["data"]

    def write(
        self, repo: str, files: Mapping[str, str], *, branch: str = "main", who: str = "octo-admin", message: str = ""
    ) -> str:
        """Commit ``files``, new or changed, to ``branch`` as one commit; return its SHA."""
        at = f"/repos/{repo}/git"
        tip = self.call("GET", f"{at}/ref/heads/{branch}", who=who)["object"]["sha"]
        entries = [{"path": p, "mode": "100644", "type": "blob", "content": text} for p, text in files.items()]
        tree = self.call("POST", f"{at}/trees", {"base_tree": tip, "tree": entries}, who=who)["sha"]
        said = message or f"Write {', '.join(files)}"
        body = {"message": said, "tree": tree, "parents": [tip]}
        sha: str = self.call("POST", f"{at}/commits", body, who=who)["sha"]
        self.call("PATCH", f"{at}/refs/heads/{branch}", {"sha": sha}, who=who)
        return sha

    def build(self) -> None:
        """Make organisation, repositories, packs and protection."""
        self.sim.control(
            "orgs", {"login": "acme", "members": {"octo-admin": "admin", "acme-keeper": "admin"}, "teams": {}}
        )
        for name in ("handbook", "shop"):
            self.call("POST", "/orgs/acme/repos", {"name": name, "auto_init": True})
        self.call("POST", "/user/repos", {"name": "notes", "auto_init": True})
        self.call("PATCH", f"/repos/{OWN_REPO}", {"allow_auto_merge": True})
        for repo in (ORG_REPO, OWN_REPO, SHOP):
            for login in ("octo-dev", "acme-bascule"):
                self.call("PUT", f"/repos/{repo}/collaborators/{login}", {"permission": "push"})
            self.call("PUT", f"/repos/{repo}/collaborators/acme-keeper", {"permission": "admin"})
        for repo in (ORG_REPO, OWN_REPO):
            self.write(repo, {".github/rulepack/docs.yml": PACK})
        self.write(SHOP, {path: text for one in CLASSES for path, text in one.base.items()})
        self.write(SHOP, FILES)
        self.write(SHOP, {f".github/rulepack/{one.scenario}.yml": one.pack for one in CLASSES})
        for owner in ("acme", "octo-admin"):
            # One app, installed twice; an installation's token reaches only its own account.
            spec = {"slug": "ci", "owner": owner, "token": f"demo-ci-{owner}", "permissions": {"checks": "write"}}
            self.app_id = self.sim.control("apps", spec)["id"]
            for repo in (ORG_REPO, SHOP) if owner == "acme" else (OWN_REPO,):
                self._protect(repo)

    def _protect(self, repo: str) -> None:
        checks = [{"context": "test", "app_id": self.app_id}]
        body = {
            "required_status_checks": {"strict": False, "checks": checks},
            "required_pull_request_reviews": {"required_approving_review_count": 1, "dismiss_stale_reviews": True},
            "enforce_admins": True,
            "restrictions": None,
        }
        self.call("PUT", f"/repos/{repo}/branches/main/protection", body)

    def pull(
        self,
        repo: str,
        title: str,
        files: Mapping[str, str],
        *,
        branch: str,
        fork: bool = False,
        labels: tuple[str, ...] = ("change:safe", "auto-relax-merge"),
    ) -> int:
        """Open a pull request with ``files``, a green check and the labels; return its number."""
        who = "outsider" if fork else "octo-dev"
        home = self.call("POST", f"/repos/{repo}/forks", {}, who=who)["full_name"] if fork else repo
        tip = self.call("GET", f"/repos/{repo}/git/ref/heads/main")["object"]["sha"]
        self.call("POST", f"/repos/{home}/git/refs", {"ref": f"refs/heads/{branch}", "sha": tip}, who=who)
        self.write(home, files, branch=branch, who=who, message=title)
        head = f"{who}:{branch}" if fork else branch
        made = self.call("POST", f"/repos/{repo}/pulls", {"title": title, "head": head, "base": "main"}, who=who)
        self.green(repo, made["head"]["sha"])
        if labels:
            self.call("POST", f"/repos/{repo}/issues/{made['number']}/labels", {"labels": list(labels)})
        return int(made["number"])

    def green(self, repo: str, sha: str) -> None:
        """Let the app ``ci`` report a green check named ``test``."""
        run = {"name": "test", "head_sha": sha, "status": "completed", "conclusion": "success"}
        self.call("POST", f"/repos/{repo}/check-runs", run, who=f"ci-{repo.partition('/')[0]}")

    def artifact(self, repo: str, number: int, workflow: str, name: str, files: Mapping[str, bytes]) -> None:
        """Let ``workflow`` run on the pull request's head, succeed, and leave ``files`` as its artifact ``name``."""
        sha = self.call("GET", f"/repos/{repo}/pulls/{number}")["head"]["sha"]
        run = self.sim.control("runs", {"repo": repo, "workflow": workflow, "head_sha": sha})["id"]
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for path, content in files.items():
                archive.writestr(path, content)
        packed = base64.b64encode(out.getvalue()).decode()
        self.sim.control("artifacts", {"repo": repo, "id": run, "name": name, "zip": packed})

    def protection(self, repo: str) -> Any:
        """Return the protection of main as an administrator reads it."""
        return self.call("GET", f"/repos/{repo}/branches/main/protection")

    # -- Bascule, as its users run it ---------------------------------------------------------------------------------

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment of a Bascule process: an identity each, and the journal's key."""
        kept = {
            k: v for k, v in os.environ.items() if k in {"PATH", "LANG", "LC_ALL", "PYTHONPATH", "TERM", "NO_COLOR"}
        }
        return kept | {
            "HOME": str(self.root),
            "XDG_CACHE_HOME": str(self.root / "cache"),
            "XDG_STATE_HOME": str(self.root / "state"),
            "BASCULE_API_URL": self.sim.url,
            "BASCULE_OBSERVER_TOKEN": TOKENS["acme-bascule"],
            "BASCULE_MERGER_TOKEN": TOKENS["acme-bascule"],
            "BASCULE_KEEPER_TOKEN": TOKENS["acme-keeper"],
            "BASCULE_JOURNAL_KEY": self.key.to_text(),
            **{k: v for k, v in os.environ.items() if k.startswith("BASCULE_TOOL_")},
        }

    def start(self, *args: str, more: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Start ``bascule ARGS``, with ``more`` in its environment, and return the process, its output captured."""
        command = [sys.executable, "-m", "bascule", *args]
        pipe = subprocess.PIPE
        # The first acts' rulepacks need no plugin, so none is waited for.
        few = {} if any(SHOP in word for word in args) else {"BASCULE_PLUGINS": ""}
        env = {**self.environment, **few, **(more or {})}
        return subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe)

    def finish(self, process: subprocess.Popen[bytes], timeout: float = 240.0) -> Ran:
        """Wait for a started command, longer than a run itself tries to restore."""
        out, err = process.communicate(timeout=timeout)
        text = out.decode()
        document = json.loads(text) if text.startswith("{") else {}
        return Ran(code=process.returncode, document=document, out=text, err=err.decode())

    def run(self, *args: str) -> Ran:
        """Run ``bascule ARGS`` to its end."""
        return self.finish(self.start(*args))

    def sweep_in_background(self, repo: str) -> None:
        """Start the sweeper as an operator would: ``bascule-restore --expired --loop 2s``."""
        command = [sys.executable, "-m", "bascule", "restore", "--expired", "--loop", "2s", "-R", repo]
        with (self.root / "sweeper.log").open("ab") as log:
            self._sweeper = subprocess.Popen(
                command, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def requests(self) -> list[dict[str, Any]]:
        """Return GitHub's own log of requests so far."""
        found: list[dict[str, Any]] = self.sim.control("requests")
        return found

    def wait_for(self, seen: Callable[[], bool], *, seconds: float = 30.0) -> bool:
        """Wait until ``seen`` answers true; return whether it did in time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if seen():
                return True
            time.sleep(0.05)
        return False
