"""A simulated GitHub as a process of its own, set up through GitHub's own API and plain git."""

from __future__ import annotations

import base64
import os
import subprocess
import uuid
from pathlib import Path
from typing import Any

import requests

from bascule.clock import Clock
from bascule.forge import Connection, Secret, Tokens, connect, resolve
from bascule.forge.github import Spacing
from bascule.forge.retrying import RetryPolicy
from bascule.simulator.process import SimulatorProcess

ADMIN, DEV = "tok-admin-hunter2", "tok-dev-hunter2"
USERS = (f"octo-admin:{ADMIN}:admin", f"octo-dev:{DEV}")


class Hub:
    """One server; ``api`` asserts the status and returns the JSON."""

    def __init__(self, sim: SimulatorProcess) -> None:
        self.sim = sim
        self._session = requests.Session()
        self._session.trust_env = False  # nothing of this machine's, and no look for it with each request

    def close(self) -> None:
        self._session.close()

    def api(self, method: str, path: str, body: Any = None, *, status: int = 200, token: str = ADMIN) -> Any:
        reply = self._session.request(
            method, self.sim.url + path, json=body, headers={"Authorization": f"token {token}"}, timeout=30
        )
        assert reply.status_code == status, f"{method} {path}: {reply.status_code} {reply.text[:300]}"
        return reply.json() if reply.content else None

    def repo(self, **settings: Any) -> Box:
        name = f"box-{uuid.uuid4().hex[:8]}"
        full = self.api("POST", "/user/repos", {"name": name, "auto_init": True, **settings}, status=201)["full_name"]
        return Box(self, full)


class Box:
    """One repository of the hub."""

    def __init__(self, hub: Hub, full_name: str) -> None:
        self.hub = hub
        self.full_name = full_name

    def api(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        return self.hub.api(method, f"/repos/{self.full_name}{path}", body, **more)

    def put(self, path: str, text: str, *, branch: str = "main", token: str = ADMIN) -> None:
        content = base64.b64encode(text.encode()).decode()
        body = {"message": f"write {path}", "content": content, "branch": branch}
        self.api("PUT", f"/contents/{path}", body, status=201, token=token)

    def tip(self, branch: str = "main") -> str:
        return str(self.api("GET", f"/git/ref/heads/{branch}")["object"]["sha"])

    def branch(self, name: str) -> None:
        self.api("POST", "/git/refs", {"ref": f"refs/heads/{name}", "sha": self.tip()}, status=201)

    def pull(self, head: str, *, base: str = "main", title: str = "T", token: str = ADMIN) -> int:
        body = {"title": title, "head": head, "base": base}
        return int(self.api("POST", "/pulls", body, status=201, token=token)["number"])

    def simple_pull(self, *, token: str = ADMIN) -> int:
        """A branch that adds one file, and its pull request."""
        name = f"topic-{uuid.uuid4().hex[:6]}"
        self.branch(name)
        self.put(f"docs/{name}.md", "text\n", branch=name)
        return self.pull(name, token=token)

    def clone(self, folder: Path) -> Clone:
        made = Clone(folder, self.hub.sim.url.replace("http://", f"http://x:{ADMIN}@") + f"/{self.full_name}.git")
        made.git("clone", "-q", made.url, ".")
        return made


class Clone:
    """A work tree of somebody who pushes."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.url = url
        folder.mkdir(parents=True, exist_ok=True)

    def git(self, *args: str) -> str:
        who = {
            f"GIT_{r}_{k}": v for r in ("AUTHOR", "COMMITTER") for k, v in (("NAME", "O"), ("EMAIL", "o@example.com"))
        }
        env = {**os.environ, **who, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        done = subprocess.run(
            ["git", "-C", str(self.folder), *args], capture_output=True, text=True, env=env, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def commit(self, message: str = "change") -> str:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)
        return self.git("rev-parse", "HEAD")


def connection(
    box: Box, number: int | None, cache: Path, clock: Clock, *, token: str = ADMIN, **more: Any
) -> Connection:
    """Return a connection in which one token plays every part."""
    secret = Secret(value=token, origin="GH_TOKEN")
    environ = {"BASCULE_API_URL": box.hub.sim.url, "XDG_CACHE_HOME": str(cache)}
    selector = None if number is None else str(number)
    return connect(
        resolve(selector, repo=box.full_name, environ=environ, folder=cache, pull=False),
        Tokens(observer=secret, merger=secret, keeper=secret, sweeper=secret),
        clock=clock,
        environ=environ,
        spacing=Spacing(calls=0, writes=0),
        retry=RetryPolicy(jitter=0.0),
        **more,
    )
