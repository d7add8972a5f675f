"""The same writes over HTTP, against a server that shares no protection code with us."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from bascule.protection import (
    Protection,
    canonical,
    choose,
    differences,
    digest,
    looser_by,
    plan_restore,
    relax,
    writes,
)
from bascule.protection import blockers as blockers_of
from bascule.simulator.process import SimulatorProcess
from bascule.types import CheckResult, Relaxation, RelaxKind, Viewer

from .protection_cases import RULE, change

REPO = "/repos/acme/shop"
ORG = {"login": "acme", "members": {"octo-dev": "admin", "octo-bot": "member"}, "teams": {"core": ["octo-bot"]}}
FULL = {
    "required_status_checks": {
        "strict": True,
        "checks": [{"context": "build", "app_id": -1}, {"context": "test", "app_id": 15368}],
    },
    "enforce_admins": True,
    "required_pull_request_reviews": {
        "required_approving_review_count": 2,
        "require_code_owner_reviews": True,
        "dismiss_stale_reviews": True,
        "require_last_push_approval": True,
        "dismissal_restrictions": {"users": [], "teams": ["core"]},
        "bypass_pull_request_allowances": {"users": ["octo-dev"], "teams": ["core"]},
    },
    "restrictions": {"users": ["octo-dev"], "teams": [], "apps": []},
    "required_linear_history": True,
    "required_conversation_resolution": True,
}


class Branch:
    """`main` of an organization's repository, written and read as a Keeper does."""

    def __init__(self, sim: SimulatorProcess, session: requests.Session) -> None:
        self.sim, self.session = sim, session

    def send(self, method: str, path: str, body: Any = None) -> Any:
        reply = self.session.request(method, self.sim.url + path, json=body, timeout=30)
        assert reply.ok, f"{method} {path} {body}: {reply.status_code} {reply.text[:300]}"
        return reply.json() if reply.content else None

    def apply(self, made: tuple[Any, ...]) -> None:
        for write in made:
            self.send(write.method, f"{REPO}/branches/main/protection{write.path}", write.body)

    def read(self) -> Protection:
        return canonical(self.send("GET", f"{REPO}/branches/main/protection"), branch="main", rule=RULE)


@pytest.fixture
def branch(tmp_path: Path) -> Iterator[Branch]:
    users = ("octo-dev:tok-dev", "octo-bot:tok-bot")
    with SimulatorProcess(tmp_path / "sim", users) as sim, requests.Session() as session:
        session.headers["Authorization"] = "token tok-dev"
        made = Branch(sim, session)
        sim.control("orgs", ORG)
        made.send("POST", "/orgs/acme/repos", {"name": "shop", "auto_init": True})
        made.send("PUT", f"{REPO}/collaborators/octo-bot", {"permission": "push"})
        made.send("PUT", f"{REPO}/branches/main/protection", FULL)
        made.send("POST", f"{REPO}/branches/main/protection/required_signatures")
        yield made


def viewer(branch: Branch, *, admin: bool = False) -> Viewer:
    user = branch.send("GET", "/users/octo-bot")
    return Viewer(login=user["login"], id=user["id"], type="User", can_write=True, admin=admin)


def planned(branch: Branch, *, admin: bool, owner_type: str) -> tuple[Relaxation, ...]:
    p, me = branch.read(), viewer(branch, admin=admin)
    red = CheckResult(name="test", state="failure", app_id=15368)
    asked = change(review_decision="REVIEW_REQUIRED", merge_base="c" * 40, checks=(red,))
    keeper = Viewer(login="octo-dev", id=1, type="User", admin=True)
    waivable = tuple(
        b
        for b in blockers_of(p, asked, me, method="squash")
        if owner_type == "Organization" or b.name != "push restrictions"
    )
    choice = choose(
        p, waivable, merger=me, keeper=keeper, allow=tuple(RelaxKind), owner_type=owner_type, proposals=None
    )
    assert choice.clear
    assert choice.relaxations
    return choice.relaxations


@pytest.mark.parametrize(
    ("admin", "owner_type", "edits"), [(True, "Organization", 1), (False, "Organization", 4), (False, "User", 5)]
)
def test_relaxed_and_restored_a_read_is_the_same_as_before(
    branch: Branch, admin: bool, owner_type: str, edits: int
) -> None:
    base = branch.read()
    relaxations = planned(branch, admin=admin, owner_type=owner_type)
    assert len(relaxations) == edits
    relaxed = relax(base, relaxations)
    branch.apply(writes(base, relaxed))
    live = branch.read()
    assert differences(live, relaxed) == ()
    assert looser_by(live, base, relaxations) == relaxations
    plan = plan_restore(base, relaxations, live)
    branch.apply(plan.writes)
    assert digest(branch.read()) == digest(base) == digest(plan.target)
    branch.apply(plan_restore(base, relaxations, branch.read()).writes)
    assert digest(branch.read()) == digest(base), "restoring twice is restoring once"


@pytest.mark.parametrize("gone", ["/required_pull_request_reviews", "/required_status_checks", "/restrictions", ""])
def test_what_somebody_turned_off_meanwhile_comes_back(branch: Branch, gone: str) -> None:
    base = branch.read()
    relaxations = planned(branch, admin=False, owner_type="Organization")
    branch.apply(writes(base, relax(base, relaxations)))
    branch.send("DELETE", f"{REPO}/branches/main/protection{gone}")
    seen = branch.send("GET", f"{REPO}/branches/main/protection") if gone else None
    plan = plan_restore(base, relaxations, canonical(seen, branch="main", rule=RULE if gone else None))
    branch.apply(plan.writes)
    assert digest(branch.read()) == digest(base) == digest(plan.target)
    assert plan.notes


@pytest.mark.parametrize("shown_as_null", [True, False])
def test_the_digest_does_not_depend_on_how_any_app_is_shown(branch: Branch, shown_as_null: bool) -> None:
    before = digest(branch.read())
    branch.sim.control("switches", {"any_app_shown_as_null": shown_as_null})
    assert digest(branch.read()) == before
