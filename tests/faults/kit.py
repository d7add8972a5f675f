"""One change, one run of the command line, one fault at its n-th GitHub call; then the sweeper, then the verdict.

Used by the tests and by ``python -m tests.faults``, which prints the whole table.
"""

from __future__ import annotations

import contextlib
import io
import json
import time
from typing import Any

from attrs import frozen
from tests.e2e.kit import ADMIN, JOURNAL_KEY, TOKENS, Ran, Repo, World, is_api, short, spotless
from tests.support import warm

from bascule.cli.audit import show
from bascule.clock import SystemClock
from bascule.forge import Secret, Tokens, connect, resolve
from bascule.window.access import Access
from bascule.window.keys import from_environment

HELD_AT_MOST = 300.0
"""Seconds; a hold is let go by the test long before."""


@frozen(kw_only=True)
class Scene:
    """A repository with one change that is ready to merge, and protection as it was."""

    repo: Repo
    number: int
    protection: str

    @classmethod
    def of(cls, world: World, **repository: Any) -> Scene:
        """Make it: one review is missing, and Bascule may stand in for it."""
        repo = world.repo(**repository)
        number = repo.pull()
        scene = cls(repo=repo, number=number, protection=repo.reviews())
        world.quiet()
        return scene

    def sweep(self) -> Ran:
        """Run ``bascule-restore --expired`` on a clock that waits by moving the simulator's."""
        started = warm.start(
            warm.SWEEPER, [self.repo.world.url, "--expired", "--json", "-R", self.repo.full],
            env=self.repo.env(HOME=str(self.repo.world.folder / "sweeper")), cwd=self.repo.world.folder,
        )  # fmt: skip
        out, err = started.communicate(timeout=120)
        ran = Ran(code=started.returncode, out=out, err=err)
        spotless(ran)
        return ran

    def expire(self) -> None:
        """Move the server's clock past every deadline."""
        self.repo.world.sim.control("clock", {"advance": 65})

    def journal(self) -> tuple[int, list[dict[str, Any]]]:
        """Return what ``bascule audit --verify`` says: its exit code and the entries, oldest first."""
        world = self.repo.world
        environ = {"BASCULE_API_URL": world.url, "HOME": str(world.folder)}
        target = resolve(None, repo=self.repo.full, environ=environ, folder=world.folder, pull=False)
        tokens = Tokens(keeper=Secret(value=TOKENS[ADMIN], origin="test"))
        clock, said = SystemClock(), io.StringIO()
        connection = connect(target, tokens, clock=clock, environ=environ)
        try:
            keys = from_environment({}, private=JOURNAL_KEY)
            access = Access(
                keeper=connection.keeper, store=connection.journal, keys=keys, repository=self.repo.id,
                full_name=self.repo.full,
            )  # fmt: skip
            with contextlib.redirect_stdout(said):
                code = show(access, clock, last=None, verify=True, as_json=True)
        finally:
            connection.close()
        return int(code), list(reversed(json.loads(said.getvalue())["entries"]))

    def settled(self) -> End:
        """Fail unless everything is as it has to be in the end; return what was found."""
        world = self.repo.world
        identical = self.repo.protection() == self.protection
        assert identical, "protection is not what it was"
        code, entries = self.journal()
        assert code == 0, [e for e in entries if not e["authentic"]]
        kinds = [e["kind"] for e in entries if e["kind"] in {"open", "restored", "verified", "unrestorable"}]
        assert not kinds or kinds[-1] != "open", "a window is still open"
        assert "unrestorable" not in kinds
        # A loosened snapshot in the journal would poison every later window.
        assert len({e["body"]["snapshot_sha256"] for e in entries if e["kind"] == "open"}) <= 1
        stored = self.repo.stored_pull(self.number)
        main = self.repo.head()
        if stored["merged"]:
            assert stored["merge_commit_sha"] == main
            assert "Bascule-Run: r-" in self.repo.message(main)
        world.quiet()
        return End(change="merged" if stored["merged"] else "open", identical=identical, audit=code)


@frozen(kw_only=True)
class End:
    """How it ended: the change (open or merged), protection, and the exit code of ``bascule audit --verify``."""

    change: str
    identical: bool
    audit: int


@frozen(kw_only=True)
class Killed:
    """What was found at the moment of death, and in the end."""

    index: int
    call: str
    moment: str
    loose: bool
    merged: str
    window: str
    did: str
    after: End

    @property
    def row(self) -> str:
        """Return one line of the table."""
        loose = "loose" if self.loose else "as it was"
        call = self.call if len(self.call) <= WIDTH else f"{self.call[: WIDTH - 1]}…"
        return (
            f"{self.index:3}  {call:{WIDTH}} {self.moment:7} {loose:10} {self.window:9} {self.merged:7} "
            f"{'identical' if self.after.identical else 'DIFFERENT':10} {self.after.audit:5}  {self.did or '-'}"
        )


WIDTH = 56
HEAD = (
    f"{'#':>3}  {'call':{WIDTH}} {'killed':7} {'protection':10} {'window':9} {'change':7} "
    f"{'afterwards':10} {'audit':>5}  what the sweeper did"
)


def clean_run(world: World) -> list[dict[str, Any]]:
    """Run once without a fault and return its requests in order, git's own traffic included."""
    scene = Scene.of(world)
    ran = scene.repo.merge(scene.number)
    assert ran.doc["status"] == "merged", ran.out + ran.err
    assert scene.settled().change == "merged"
    return ran.calls


def is_write(call: dict[str, Any]) -> bool:
    """Return whether a logged request changes something on GitHub."""
    return is_api(call) and call["method"] not in {"GET", "HEAD"} and call["path"] != "/graphql"


def at(index: int, **rule: Any) -> dict[str, Any]:
    """Return a fault that strikes the ``index``-th request (from 0), whatever it is."""
    return {"nth": index + 1, **rule}


HOLDS = {
    # Held and never applied: the sender died before its request reached GitHub.
    "before": ({"action": "delay", "seconds": HELD_AT_MOST}, {"action": "drop"}),
    # Applied, and nobody there any more to hear of it.
    "after": ({"action": "delay", "seconds": HELD_AT_MOST, "after": True},),
}


def kill(world: World, index: int, moment: str) -> Killed:
    """Kill a run with SIGKILL at its ``index``-th request, sweep, and fail unless all is well."""
    scene = Scene.of(world)
    world.sim.control("faults", [at(index, **rule) for rule in HOLDS[moment]])
    running = scene.repo.start("merge", str(scene.number), "--attended", "--json")
    assert running.until(lambda log: any(c["held"] == moment for c in log)), running.finish()
    held = next(c for c in world.log() if c["held"])
    running.kill()
    loose = scene.repo.protection() != scene.protection
    merged = "merged" if scene.repo.stored_pull(scene.number)["merged"] else "open"
    kinds = [e["kind"] for e in scene.journal()[1]]
    let_go(world)
    scene.expire()
    swept = scene.sweep()
    assert swept.code == 0, (index, moment, swept.out, swept.err)
    return Killed(
        index=index, call=short(held), moment=moment, loose=loose, merged=merged, window=kinds[-1] if kinds else "-",
        after=scene.settled(), did="; ".join(swept.doc["did"]),
    )  # fmt: skip


def let_go(world: World) -> None:
    """End every hold and wait until the simulator has dealt with what was held."""
    world.sim.control("faults", method="DELETE")
    deadline = time.monotonic() + 30
    while any(c["status"] is None for c in world.log()):
        assert time.monotonic() < deadline, "the simulator still holds a request"
        time.sleep(0.005)
