"""A story: a small history told commit by commit, with a clock that moves one day a commit."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bascule.clock import ManualClock
from bascule.host.driver import Hosts
from bascule.replay.records import Report
from bascule.replay.run import Request, replay

START = 1_767_600_000  # 5 January 2026
DAY = 86_400


class Story:
    """Tells a history in a work tree at ``path``; every method returns the new commit's id."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.days = 0
        path.mkdir(parents=True, exist_ok=True)
        self.git("init", "-q", "-b", "main")

    def git(self, *args: str, env: dict[str, str] | None = None) -> str:
        when = f"{START + self.days * DAY} +0000"
        person = {
            "GIT_AUTHOR_NAME": "Octo Dev", "GIT_AUTHOR_EMAIL": "octo-dev@localhost", "GIT_AUTHOR_DATE": when,
            "GIT_COMMITTER_NAME": "Octo Dev", "GIT_COMMITTER_EMAIL": "octo-dev@localhost", "GIT_COMMITTER_DATE": when,
            "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1",
        }  # fmt: skip
        done = subprocess.run(
            ["git", "-c", "protocol.file.allow=always", *args],
            cwd=self.path, env={**os.environ, **person, **(env or {})}, capture_output=True, check=True,
        )  # fmt: skip
        return done.stdout.decode("utf-8", "surrogateescape").strip()

    def write(self, files: dict[str, str | bytes | None]) -> None:
        """Write (or, for None, remove) files and stage everything."""
        for name, content in files.items():
            path = self.path / os.fsencode(name).decode("utf-8", "surrogateescape")
            if content is None:
                path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        self.git("add", "-A")

    def commit(self, message: str, files: dict[str, str | bytes | None] | None = None, **env: str) -> str:
        """Commit ``files``; without any, an empty commit."""
        self.days += 1
        self.write(files or {})
        self.git("commit", "-q", "--allow-empty", "--cleanup=verbatim", "-m", message, env=env)
        return self.head()

    def head(self) -> str:
        return self.git("rev-parse", "HEAD")

    def branch(self, name: str, at: str = "HEAD") -> None:
        self.git("checkout", "-q", "-b", name, at)

    def back(self, name: str = "main") -> None:
        self.git("checkout", "-q", name)

    def merge(self, message: str, *branches: str) -> str:
        self.days += 1
        self.git("merge", "-q", "--no-ff", "-m", message, *branches)
        return self.head()

    def revert(self, sha: str, *options: str) -> str:
        self.days += 1
        self.git("revert", "--no-edit", *options, sha)
        return self.head()


@pytest.fixture
def story(tmp_path: Path) -> Story:
    return Story(tmp_path / "shop")


@pytest.fixture(scope="session")
def hosts() -> Iterator[Hosts]:
    """The installed plugins, in their real processes, started once."""
    with Hosts.discover() as started:
        yield started


@pytest.fixture
def replayed(hosts: Hosts) -> Callable[..., Report]:
    """Return what replays a path; keywords are those of the request."""

    def run(path: Path, **options: Any) -> Report:
        return replay(Request(path=path, **options), hosts, ManualClock(), lambda done, total: None)

    return run
