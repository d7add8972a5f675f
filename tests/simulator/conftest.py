"""A simulator as its own process, and a small client that talks to it as any GitHub client would."""

from __future__ import annotations

import base64
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from bascule.simulator.process import SimulatorProcess

USERS = ("octo-dev:tok-dev", "octo-admin:tok-admin:admin", "octo-reader:tok-reader")


class Client:
    """Calls as one user; `ok` asserts the status and returns the JSON."""

    def __init__(self, sim: SimulatorProcess, token: str | None) -> None:
        self.sim = sim
        self.token = token
        self.session = requests.Session()
        self.session.trust_env = False  # nothing of this machine's, and no look for it with each request
        if token:
            self.session.headers["Authorization"] = f"token {token}"

    def call(self, method: str, path: str, body: Any = None, **kwargs: Any) -> requests.Response:
        kwargs.setdefault("allow_redirects", False)
        return self.session.request(method, self.sim.url + path, json=body, timeout=30, **kwargs)

    def ok(self, method: str, path: str, body: Any = None, status: int = 200, **kwargs: Any) -> Any:
        reply = self.call(method, path, body, **kwargs)
        assert reply.status_code == status, f"{method} {path}: {reply.status_code} {reply.text[:400]}"
        return reply.json() if reply.content else None

    def graphql(self, query: str, **variables: Any) -> Any:
        """The whole answer to a GraphQL document, errors included."""
        return self.ok("POST", "/graphql", {"query": query, "variables": variables})

    def data(self, query: str, **variables: Any) -> Any:
        """What a document without errors brought."""
        answer = self.graphql(query, **variables)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    def make_repo(self, name: str = "box", **settings: Any) -> str:
        """A repository with one commit; its full name."""
        return str(self.ok("POST", "/user/repos", {"name": name, "auto_init": True, **settings}, 201)["full_name"])

    def put_file(self, repo: str, path: str, text: str, **extra: Any) -> Any:
        known = self.call(
            "GET", f"/repos/{repo}/contents/{path}", params={"ref": extra["branch"]} if "branch" in extra else {}
        )
        body = {"message": f"write {path}", "content": base64.b64encode(text.encode()).decode(), **extra}
        if known.status_code == 200:
            body["sha"] = known.json()["sha"]
        return self.ok("PUT", f"/repos/{repo}/contents/{path}", body, 200 if "sha" in body else 201)

    def head(self, repo: str, branch: str = "main") -> str:
        return str(self.ok("GET", f"/repos/{repo}/git/ref/heads/{branch}")["object"]["sha"])

    def head_of(self, repo: str, ref: str) -> str:
        """The object that a full ref name points to."""
        return str(self.ok("GET", f"/repos/{repo}/git/ref/{ref.removeprefix('refs/')}")["object"]["sha"])


@pytest.fixture(scope="session")
def shared_process() -> Iterator[SimulatorProcess]:
    """One process per worker: starting one costs more than most tests. In a short path, for its unix socket."""
    with tempfile.TemporaryDirectory(prefix="sim-") as folder:
        root = Path(folder)
        with SimulatorProcess(root / "root", USERS, unix_socket=root / "api.sock") as process:
            yield process


@pytest.fixture
def sim(shared_process: SimulatorProcess) -> SimulatorProcess:
    """A simulator in its first state; a test may stop, kill and restart it."""
    if not shared_process.running:
        shared_process.start()
    shared_process.reset()
    return shared_process


@pytest.fixture
def dev(sim: SimulatorProcess) -> Iterator[Client]:
    client = Client(sim, "tok-dev")
    yield client
    client.session.close()


@pytest.fixture
def reader(sim: SimulatorProcess) -> Iterator[Client]:
    client = Client(sim, "tok-reader")
    yield client
    client.session.close()


@pytest.fixture
def anonymous(sim: SimulatorProcess) -> Iterator[Client]:
    client = Client(sim, None)
    yield client
    client.session.close()


class Git:
    """Real git in a folder, with none of the machine's settings."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def run(self, *args: str, check: bool = True, text_in: str = "") -> subprocess.CompletedProcess[str]:
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_SYSTEM": os.devnull,
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_AUTHOR_NAME": "Octo Dev",
            "GIT_AUTHOR_EMAIL": "octo-dev@users.noreply.github.com",
            "GIT_COMMITTER_NAME": "Octo Dev",
            "GIT_COMMITTER_EMAIL": "octo-dev@users.noreply.github.com",
            "LC_ALL": "C",
        }
        done = subprocess.run(
            ["git", *args], cwd=self.folder, env=env, capture_output=True, text=True, check=False, input=text_in
        )
        assert not check or done.returncode == 0, f"git {args}: {done.stderr}"
        return done


@pytest.fixture
def git(tmp_path: Path) -> Git:
    return Git(tmp_path / "work")


def with_token(url: str, token: str, repo: str) -> str:
    return f"{url.replace('://', f'://x-access-token:{token}@')}/{repo}.git"
