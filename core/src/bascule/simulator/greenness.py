"""What machines said about a commit, reduced to what protection asks: the newest word per context."""

from typing import Literal

from attrs import frozen

from bascule.simulator.model import CheckRun, CommitStatus, Repo, RequiredCheck
from bascule.simulator.world import World

State = Literal["success", "pending", "failure", "missing"]
_GREEN = {"success", "neutral", "skipped"}


@frozen(kw_only=True)
class Rollup:
    """All contexts of a commit: the newest status per context and the newest run per app and name."""

    statuses: tuple[CommitStatus, ...]
    runs: tuple[CheckRun, ...]

    @property
    def state(self) -> str | None:
        """GraphQL's `StatusState`: SUCCESS, PENDING, FAILURE or ERROR; None where nobody said anything."""
        words = [s.state for s in self.statuses] + [_run_state(r) for r in self.runs]
        for word in ("error", "failure", "pending"):
            if word in words:
                return word.upper()
        return "SUCCESS" if words else None


def _run_state(run: CheckRun) -> str:
    if run.status != "completed":
        return "pending"
    return "success" if run.conclusion in _GREEN else "failure"


def rollup(world: World, repo: Repo, sha: str) -> Rollup:
    """The newest word per context on `sha`."""
    statuses: dict[str, CommitStatus] = {}
    for status in sorted(world.store.statuses.where(repo_id=repo.id, sha=sha), key=lambda s: s.id):
        statuses[status.context] = status
    runs: dict[tuple[int, str], CheckRun] = {}
    for run in sorted(world.store.check_runs.where(repo_id=repo.id, head_sha=sha), key=lambda r: r.id):
        runs[(run.app_id, run.name)] = run
    return Rollup(statuses=tuple(statuses.values()), runs=tuple(runs.values()))


def state_of(found: Rollup, required: RequiredCheck) -> State:
    """How one required context stands; with a bound app only that app's word counts.

    Where several sources report one context every one of them must be green.
    """
    words: list[str] = []
    for status in found.statuses:
        if status.context == required.context and required.app_id in (None, status.app_id):
            words.append("success" if status.state == "success" else status.state)
    for run in found.runs:
        if run.name == required.context and required.app_id in (None, run.app_id):
            words.append(_run_state(run))
    if not words:
        return "missing"
    if any(word in ("failure", "error") for word in words):
        return "failure"
    return "pending" if "pending" in words else "success"
