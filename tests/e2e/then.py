"""A GitHub whose clock tests move, so that a merge or a deployment happened at a moment of history."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from attrs import define
from tests.e2e.kit import DEV, Repo, World


@define
class Then:
    """``zero`` is the moment that minutes are counted back from."""

    world: World
    zero: datetime

    @contextmanager
    def then(self, ago: float) -> Iterator[None]:
        """Let GitHub's clock be ``ago`` minutes before the zero of history."""
        ago += (datetime.now(UTC) - self.zero).total_seconds() / 60
        self.world.sim.control("clock", {"advance": -60 * ago})
        try:
            yield
        finally:
            self.world.sim.control("clock", {"advance": 60 * ago})

    def merged(self, repo: Repo, ago: float, **pull: Any) -> int:
        """Merge a change ``ago`` minutes before the zero of history."""
        with self.then(ago):
            number = repo.pull(**pull)
            ran = repo.merge(number)
            assert ran.doc["status"] == "merged", ran.out + ran.err
        return number

    def deployed(self, repo: Repo, ago: float, *states: str) -> None:
        """Deploy the branch as it is then, and report ``states``."""
        with self.then(ago):
            sent = {"ref": repo.head(), "environment": "production", "required_contexts": [], "auto_merge": False}
            number = repo.call("POST", "/deployments", sent, by=DEV)["id"]
            for state in states or ("success",):
                repo.call("POST", f"/deployments/{number}/statuses", {"state": state}, by=DEV)

    def now_again(self) -> None:
        """Set GitHub's clock right, after commands that moved it."""
        self.world.sim.control("clock", {"advance": -self.world.sim.control("clock")["offset"]})
