"""Windows that were left open because their owner was killed."""

from __future__ import annotations

from attrs import frozen
from tests.e2e.kit import Repo

MERGE = {"method": "PUT", "path": r"/pulls/\d+/merge"}


@frozen
class Killed:
    """A repository whose window was left open. ``before``: its protection, byte for byte, before anything happened."""

    repo: Repo
    before: str


def killed(repo: Repo, number: int, *, env: dict[str, str] | None = None) -> Killed:
    """Merge, and kill the process when protection is loose and nothing is merged yet."""
    before = repo.protection()
    control = repo.world.sim.control
    control("faults", [{**MERGE, "action": "delay", "seconds": 1}, {**MERGE, "action": "drop"}])
    control("requests", method="DELETE")
    running = repo.start("merge", str(number), "--attended", "--json", env=env or repo.env())
    reached = running.until(lambda log: any(c["method"] == "PUT" and c["path"].endswith("/merge") for c in log))
    assert reached, f"the run never came to the merge: {running.finish()}"
    running.kill()
    assert repo.protection() != before, "protection is not loose: there is nothing to restore"
    return Killed(repo, before)
