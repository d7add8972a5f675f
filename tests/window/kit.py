"""Orders, relaxations and windows for the tests."""

from __future__ import annotations

import copy
import itertools
from pathlib import Path
from typing import Any

from attrs import define, evolve, field
from tests.window.fake import Client, FakeJournal, FakeKeeper, FakeMerger, Server, fresh_world, number

from bascule.types import Admits, MergePlan, Plan, Relaxation, RelaxKind, Way
from bascule.window import keys
from bascule.window.entries import Heartbeat
from bascule.window.journal import Journal
from bascule.window.keys import Keys, Role
from bascule.window.merging import Gated
from bascule.window.order import Order, Passage
from bascule.window.stepwise import StepwiseWindow
from bascule.window.sweeper import Sweeper

REPOSITORY = 4711
WINDOW_KEY = keys.generate(Role.WINDOW)
OUTCOME_KEY = keys.generate(Role.OUTCOME)
STRANGER_KEY = keys.generate(Role.WINDOW)
RING = {k.id: k.public for k in (WINDOW_KEY, OUTCOME_KEY)}
KEYS = Keys(ring=RING, signer=WINDOW_KEY)

REVIEWS = "required_pull_request_reviews"


def count(before: int = 2, after: int = 0) -> Relaxation:
    return Relaxation(
        object="classic:main",
        field=f"{REVIEWS}.required_approving_review_count",
        op="set",
        kinds=(RelaxKind.REVIEWS,),
        rung=3,
        admits=Admits.EVERYONE,
        before=before,
        after=after,
    )


def bypass(login: str = "merge-bot") -> Relaxation:
    return Relaxation(
        object="classic:main",
        field=f"{REVIEWS}.bypass_pull_request_allowances.users",
        op="add",
        kinds=(RelaxKind.REVIEWS,),
        rung=1,
        admits=Admits.ACTOR,
        elements=({"name": login, "id": number(login), "node_id": f"N{number(login)}"},),
    )


def admins() -> Relaxation:
    return Relaxation(
        object="classic:main",
        field="enforce_admins",
        op="set",
        kinds=(RelaxKind.REVIEWS, RelaxKind.CHECKS),
        rung=2,
        admits=Admits.ADMINS,
        before=True,
        after=False,
    )


def check(context: str = "slow", app_id: int = -1) -> Relaxation:
    return Relaxation(
        object="classic:main",
        field="required_status_checks.checks",
        op="remove",
        kinds=(RelaxKind.CHECKS,),
        rung=3,
        admits=Admits.EVERYONE,
        elements=({"context": context, "app_id": app_id},),
    )


KINDS: dict[str, tuple[Relaxation, ...]] = {
    "count": (count(),),
    "bypass": (bypass(),),
    "admins": (admins(),),
    "count+check": (count(), check()),
}


@define
class Stage:
    """A server, and processes that come and go."""

    folder: Path
    server: Server = field(factory=lambda: Server(world=fresh_world()))
    runs: Any = field(factory=lambda: itertools.count(1))

    @property
    def world(self) -> Any:
        return self.server.world

    @property
    def protection(self) -> Any:
        return self.world.protection["main"]

    def journal(self, client: Client, signing: Keys = KEYS, **more: Any) -> Journal:
        return Journal(store=FakeJournal(client), keys=signing, repository=REPOSITORY, clock=self.server.clock, **more)

    def window(self, client: Client | None = None, **more: Any) -> StepwiseWindow:
        client = client or Client(self.server)
        return StepwiseWindow(
            keeper=FakeKeeper(client),
            merger=FakeMerger(client),
            journal=more.pop("journal", None) or self.journal(client),
            clock=self.server.clock,
            secrets=self.folder,
            repository="acme/shop",
            count=lambda: len(client.calls),
            **more,
        )

    def sweeper(self, client: Client | None = None) -> Sweeper:
        client = client or Client(self.server, login="sweeper-bot")
        return Sweeper(
            keeper=FakeKeeper(client), journal=self.journal(client), clock=self.server.clock, name="sweeper-1"
        )

    def order(self, *relaxations: Relaxation, **more: Any) -> Order:
        world, pull = self.world, self.world.pulls[7]
        plan = Plan(
            change_number=7,
            head_sha=pull.head_sha,
            base_sha=world.tips["refs/heads/main"],
            branch="main",
            merge=MergePlan(method=more.pop("method", "squash"), title="A change"),
            way=Way.STEPWISE,
            relaxations=relaxations or (count(),),
            max_exposure=more.pop("max_exposure", 10.0),
        )
        gated = Gated(
            number=7,
            head_sha=pull.head_sha,
            base_ref="main",
            base_sha=plan.base_sha,
            labels=pull.labels,
            review_decision=pull.review_decision,
            checks_state=pull.checks_state,
            fingerprint=pull.fingerprint,
        )
        run = more.pop("run", None) or f"r-{next(self.runs)}"
        return Order(run=run, plan=plan, gated=gated, actor="merge-bot", attended=more.pop("attended", True), **more)

    def run(self, *relaxations: Relaxation, client: Client | None = None, **more: Any) -> Passage:
        return self.window(client).run(self.order(*relaxations, **more))

    def original(self) -> Any:
        return copy.deepcopy(self.protection)

    def settle(self, *, land_after: int = 0) -> list[Any]:
        """Let time pass and the sweeper work until nothing is left to do; return what it did.

        Requests under way arrive before sweep ``land_after``.
        """
        done = []
        sweeper = self.sweeper()
        for sweep, wait in enumerate((61, 36, 36, 36)):
            self.server.clock.advance(wait)
            if sweep == land_after:
                self.server.land()
            done.append(sweeper.sweep())
        return done

    def state(self, **more: Any) -> Any:
        return self.journal(Client(self.server, login="reader"), **more).read()

    def heartbeat(self) -> None:
        journal = self.journal(Client(self.server, login="sweeper-bot"))
        state = journal.read()
        journal.append(state, ("sweeper-x", Heartbeat(sweeper="x", every=300, newest=state.newest)))


__all__ = ["KEYS", "KINDS", "OUTCOME_KEY", "REPOSITORY", "RING", "STRANGER_KEY", "WINDOW_KEY", "Stage", "evolve"]
