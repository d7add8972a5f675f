"""What acting hands to the window and to the journal; GitHub is in memory here."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from attrs import Factory, evolve, frozen
from tests.window.fake import JOURNAL, Client, FakeJournal, FakeKeeper, FakeMerger, Fault, Killed, sha
from tests.window.kit import REPOSITORY, WINDOW_KEY, Stage, count

from bascule.errors import ExitCode
from bascule.forge.identity import Identity
from bascule.forge.ports import RawCommit, RefusedError, Response
from bascule.forge.tokens import Secret, Tokens
from bascule.pipeline.act import act
from bascule.pipeline.decide import Decision
from bascule.pipeline.session import Session
from bascule.render.facts import exit_code
from bascule.render.text import text
from bascule.rulepack.bind import Bound, BoundPack, United
from bascule.testing.builders import make_change, make_pack, make_plan, make_repo, make_result
from bascule.types import MergePlan, Mode, Result, RunStatus, Viewer
from bascule.window.journal import TipRead

RAW = ("sha", "parents", "tree", "message")
BOT = Viewer(login="merge-bot", id=9, type="User", can_write=True)


@frozen
class Run:
    """One run of the pipeline's second half on a stage of the window's tests."""

    stage: Stage
    status: RunStatus = RunStatus.MERGEABLE
    keeper: Viewer = BOT
    port: type[FakeKeeper] = FakeKeeper
    lag: list[bool] = Factory(list)

    def replica(self, base: str) -> tuple[Any, str]:
        """What git says of main; it is behind by as many readings as ``lag`` has items."""
        world = self.stage.world
        tip = world.tips["refs/heads/main"]
        seen = [] if self.lag and self.lag.pop() else [tip]
        found = [SimpleNamespace(author_name="", **{n: getattr(world.commits[s], n) for n in RAW}) for s in seen]
        return SimpleNamespace(commits=lambda *_, **__: found, merge_tree=lambda *_: None), tip

    def act(self, **more: Any) -> Result:
        client, pull = Client(self.stage.server), self.stage.world.pulls[7]
        base = self.stage.world.tips["refs/heads/main"]
        where = {"head_sha": pull.head_sha, "base_sha": base}
        change = make_change(
            repo=make_repo(id=REPOSITORY),
            number=7,
            labels=pull.labels,
            review_decision=pull.review_decision,
            merge_tree=sha("merged", self.stage.world.commits[base].tree, pull.head_sha),
            **where,
        )
        plan = make_plan(change_number=7, relaxations=(count(),), merge=MergePlan(method="squash", title="T"), **where)
        decision = Decision(
            result=evolve(make_result(self.status), change=change, plan=plan),
            snapshot=SimpleNamespace(fingerprint=pull.fingerprint, change_without_git=change),  # type: ignore[arg-type]
            bound=Bound(packs=(BoundPack(pack=make_pack(), claimed=("docs/a.md",)),)),
            united=United(mode=Mode.AUTO, relax_allow=(), max_exposure=10.0, method=None, comment="never"),
            merger=BOT,
            keeper=self.keeper,
            **{"tip": None, **more},
        )
        connection: Any = SimpleNamespace(
            has=lambda identity: identity is not Identity.SWEEPER,
            journal=FakeJournal(client),
            keeper=self.port(client),
            merger=FakeMerger(client),
            calls=client.calls,
            branch=lambda snapshot: self.replica(base),
            timeout=15,
            unspaced=nullcontext,
        )
        hosts: Any = SimpleNamespace(stop=lambda: None, restore=lambda ctx, names: ())
        session = Session(
            connection=connection,
            tokens=Tokens(journal_key=Secret(value=WINDOW_KEY.to_text(), origin="BASCULE_JOURNAL_KEY")),
            hosts=hosts,
            clock=self.stage.server.clock,
            environ={"RUNNER_TEMP": str(self.stage.folder)},
            attended=True,
        )
        return act(session, decision)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


class Powerless(FakeKeeper):
    """A Keeper whose token may not edit protection any more."""

    def apply(self, branch: str, writes: Any, *, purpose: str) -> None:
        refusal = Response(status=403, body={"message": "Resource not accessible"})
        raise RefusedError("Resource not accessible", response=refusal)


def push(stage: Stage, message: str) -> None:
    """Do what anybody with write access can do."""
    at = stage.world.tips.get(JOURNAL)
    made = sha("pushed", message, at)
    stage.world.commits[made] = RawCommit(sha=made, parents=(at,) if at else (), message=message, tree="t")
    stage.world.tips[JOURNAL] = made


def test_a_keepers_token_that_ends_soon_opens_no_window(stage: Stage) -> None:
    now, before = stage.server.clock.now(), stage.original()
    done = Run(stage, keeper=evolve(BOT, expires_at=now + timedelta(minutes=5))).act()
    assert (done.status, done.details["reason"], done.window) == (RunStatus.WAITING, "token", None)
    assert stage.protection == before
    assert not any("relax" in line for line in stage.server.log)
    assert Run(stage, keeper=evolve(BOT, expires_at=now + timedelta(hours=1))).act().status is RunStatus.MERGED


def test_a_run_that_only_records_its_outcome_tells_of_the_forged_entry_that_it_answers(stage: Stage) -> None:
    push(stage, "hello")
    done = Run(stage, status=RunStatus.BLOCKED).act()
    assert any("malformed" in alarm for alarm in done.alarms)
    assert not Run(stage, status=RunStatus.BLOCKED).act().alarms, "the next one finds it answered"


def test_a_journal_that_was_cut_since_the_first_reading_is_an_alarm(stage: Stage) -> None:
    """However long the gates took: a run remembers the newest entry that it saw."""
    stage.heartbeat()
    stage.heartbeat()
    ref, commits = FakeJournal(Client(stage.server)).read()
    tip = TipRead(ref=ref, elapsed=stage.server.clock.elapsed(), commits=commits)
    stage.server.clock.advance(30)
    stage.world.tips[JOURNAL] = stage.world.commits[str(ref.sha)].parents[0]
    before, log = stage.original(), len(stage.server.log)
    done = Run(stage).act(tip=tip)
    assert any("journal" in alarm for alarm in done.alarms)
    assert done.status is not RunStatus.MERGED
    assert stage.protection == before
    assert not any("advance" in line or "relax" in line for line in stage.server.log[log:])


def test_an_earlier_window_that_cannot_be_restored_is_as_loud_as_ones_own(stage: Stage) -> None:
    """Found open and expired, and still open afterwards: that is exit 4, though this run opened none."""
    with pytest.raises(Killed):
        stage.run(client=Client(stage.server, plan={"merge": Fault.KILL_BEFORE}))
    stage.server.clock.advance(120)
    done = Run(stage, port=Powerless).act()
    assert (done.window, done.details["reason"]) == (None, "not_restored")
    assert exit_code(done) is ExitCode.NOT_RESTORED
    shown = text(done, verbose=False, color=False, width=80, ascii=True)
    assert "NOT RESTORED" in shown
    assert "bascule restore --expired" in " ".join(shown.split()), "this run's own name would find nothing"


@pytest.mark.parametrize(("behind", "alarmed"), [(0, False), (2, False), (3, True)])
def test_a_git_replica_that_lags_is_waited_for_before_it_is_an_alarm(stage: Stage, behind: int, alarmed: bool) -> None:
    done = Run(stage, lag=[True] * behind).act()
    assert done.status is RunStatus.MERGED
    assert bool(done.alarms) is alarmed
