"""A rollback that dies at its n-th GitHub call; then the sweeper, then the same command again.

``python -m tests.faults.rollback`` kills at every call and prints the table.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from attrs import frozen
from tests.e2e.kit import ADMIN, Repo, World, pack, short
from tests.faults.kit import HOLDS, Scene, at, let_go

PACK = pack(watch="{rollback: {mode: auto, checks: skip}}", relax="reviews, checks")


@frozen(kw_only=True)
class Undo:
    """A repository with one merge that can be undone, and the tree that has to come back."""

    scene: Scene
    tree: str

    @property
    def repo(self) -> Repo:
        """Return the repository."""
        return self.scene.repo

    @classmethod
    def of(cls, world: World) -> Undo:
        """Make it: merged by Bascule through a window of its own."""
        scene = Scene.of(world, rulepack=PACK)
        before = tree_of(scene.repo, scene.repo.head())
        ran = scene.repo.merge(scene.number)
        assert ran.doc["status"] == "merged", ran.out + ran.err
        # No read can be stale any more, so the next run verifies this window, however fast or slow this machine is.
        world.sim.control("clock", {"advance": 40})
        world.quiet()
        return cls(scene=scene, tree=before)

    def command(self) -> tuple[str, ...]:
        """Return the rollback's arguments."""
        return ("rollback", str(self.scene.number), "--attended", "--json")

    def settled(self) -> None:
        """Fail unless the merge is undone once, protection is what it was, and the journal proves both."""
        repo = self.repo
        assert tree_of(repo, repo.head()) == self.tree
        state = repo.state()
        reverts = [p for p in state["pulls"] if p["head_ref"].startswith("bascule/")]
        assert [p["merged"] for p in reverts] == [True], "not exactly one rollback"
        assert repo.head() == reverts[0]["merge_commit_sha"]
        assert repo.protection() == self.scene.protection, "protection is not what it was"
        code, entries = self.scene.journal()
        assert code == 0, [e for e in entries if not e["authentic"]]
        kinds = [e["kind"] for e in entries if e["kind"] in {"open", "restored", "verified"}]
        assert kinds[-1] != "open", "a window is still open"
        named = [e["body"].get("details", {}).get("undoes") for e in entries if e["body"].get("landed")]
        assert any(named), "no entry says what was undone"
        comments = [c for c in repo.comments(self.scene.number) if c["body"].startswith("<!-- bascule:sticky -->")]
        assert len(comments) == 1
        assert "Rolled back" in comments[0]["body"]


@frozen(kw_only=True)
class Died:
    """One case: where it died, and how the second run ended."""

    index: int
    call: str
    moment: str
    second: str

    @property
    def row(self) -> str:
        """Return one line of the table."""
        return f"{self.index:3}  {self.call[:60]:60} {self.moment:7} {self.second}"


def tree_of(repo: Repo, commit: str) -> str:
    """Return the tree of a commit."""
    return str(repo.call("GET", f"/git/commits/{commit}", by=ADMIN)["tree"]["sha"])


def clean_run(world: World) -> list[dict[str, Any]]:
    """Roll back once without a fault and return the requests in order."""
    undo = Undo.of(world)
    ran = undo.repo.run(*undo.command())
    assert ran.doc["status"] == "merged", ran.out + ran.err
    undo.settled()
    return ran.calls


def kill(world: World, index: int, moment: str) -> Died:
    """Kill a rollback with SIGKILL at its ``index``-th request, sweep, run it again, and fail unless all is well."""
    undo = Undo.of(world)
    world.sim.control("faults", [at(index, **rule) for rule in HOLDS[moment]])
    running = undo.repo.start(*undo.command())
    assert running.until(lambda log: any(c["held"] == moment for c in log)), running.finish()
    held = next(c for c in world.log() if c["held"])
    running.kill()
    let_go(world)
    undo.scene.expire()
    swept = undo.scene.sweep()
    assert swept.code == 0, (index, moment, swept.out, swept.err)
    again = undo.repo.run(*undo.command())
    assert again.code == 0, (index, moment, short(held), again.out, again.err)
    assert again.doc["status"] in {"merged", "noop"}
    undo.settled()
    third = undo.repo.run(*undo.command())
    assert (third.code, third.doc["status"]) == (0, "noop"), third.out
    undo.settled()
    return Died(index=index, call=short(held), moment=moment, second=again.doc["status"])


def lose(world: World, index: int, *, cut: bool) -> None:
    """Lose the answer to the ``index``-th request, which was applied; the same run has to find out and end well."""
    undo = Undo.of(world)
    world.sim.control("faults", at(index, action="lose", drop=cut))
    ran = undo.repo.run(*undo.command())
    assert (ran.code, ran.doc["status"]) == (0, "merged"), (index, ran.out, ran.err)
    undo.settled()


def main() -> int:
    """Print the table."""
    with tempfile.TemporaryDirectory(prefix="bascule-faults-") as folder, World.started(Path(folder)) as world:
        calls = clean_run(world)
        for index in range(len(calls)):
            for moment in HOLDS:
                print(kill(world, index, moment).row, flush=True)
    print(f"\n{2 * len(calls)} kills at {len(calls)} calls: each time undone once, protection identical.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
