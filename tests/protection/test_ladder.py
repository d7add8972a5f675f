"""The least relaxation for each blocker and identity, and every refusal."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from bascule.protection import Choice, Protection, canonical, choose
from bascule.protection import blockers as blockers_of
from bascule.types import (
    Actor,
    Admits,
    Blocker,
    CheckResult,
    Commit,
    Relaxation,
    RelaxKind,
    RelaxProposal,
    Status,
    Viewer,
)

from .protection_cases import ADMIN, APP, KEEPER, RULE, USER, change, read
from .protection_server import Server, nobody
from .test_order_and_apply import CHECKS, REVIEWS, review_group, state

ALL = tuple(RelaxKind)
COUNT, OWNERS, LAST = (
    f"{REVIEWS}.{n}"
    for n in ("required_approving_review_count", "require_code_owner_reviews", "require_last_push_approval")
)
BYPASS = f"{REVIEWS}.bypass_pull_request_allowances"
STRICT, REQUIRED = f"{CHECKS}.strict", f"{CHECKS}.checks"
REVIEWED = state(required_pull_request_reviews=review_group())
CHECKED = state(required_status_checks={"strict": True, "checks": {("build", -1), ("test", 5)}})
RED = CheckResult(name="test", state="failure", app_id=5)
GREEN = CheckResult(name="build", state="success")


def decide(
    p: Protection, *, merger: Viewer = USER, owner: str = "Organization", allow: tuple[RelaxKind, ...] = ALL,
    proposals: tuple[RelaxProposal, ...] | None = None, keeper: Viewer = KEEPER, method: str = "squash", **about: Any,
) -> Choice:  # fmt: skip
    known = {"author": Actor(login="octo-dev", id=1, type="User"), "checks": (GREEN, RED), **about}
    found = blockers_of(p, change(**known), merger, method=method)
    return choose(
        p, found, merger=merger, keeper=keeper, allow=allow, owner_type=owner, proposals=proposals
    )  # fmt: skip


def fields(choice: Choice) -> list[str]:
    assert choice.refusals == ()
    assert choice.waits == ()
    return [r.field for r in choice.relaxations]


def refused(choice: Choice) -> list[str]:
    assert choice.relaxations == ()
    assert choice.bypasses == ()
    assert not choice.clear
    for check in choice.refusals:
        assert check.status is Status.BLOCK
        assert check.found
        assert check.expected
        assert check.fix
    return [check.rule for check in choice.refusals]


def kinds(found: tuple[Blocker, ...]) -> list[RelaxKind | None]:
    return [b.kind for b in found]


def test_nothing_asked_is_nothing_done() -> None:
    choice = decide(read(state()))
    assert choice == Choice()
    assert choice.clear


# -- reviews ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("merger", "field", "name"),
    [(USER, f"{BYPASS}.users", "bascule-bot"), (APP, f"{BYPASS}.apps", "bascule-app")],
)
def test_reviews_in_an_organization_let_one_actor_through(merger: Viewer, field: str, name: str) -> None:
    (made,) = decide(read(REVIEWED), merger=merger).relaxations
    assert made == Relaxation(
        object="classic:main", field=field, op="add", kinds=(RelaxKind.REVIEWS,), rung=1, admits=Admits.ACTOR,
        elements=({"name": name, "id": 100 if merger is USER else None, "node_id": ""},),
    )  # fmt: skip


def test_reviews_in_a_personal_repository_relax_only_the_failing_scalars() -> None:
    group = review_group(require_code_owner_reviews=True, require_last_push_approval=True)
    p = read(state(required_pull_request_reviews=group))
    assert fields(decide(p, owner="User")) == [OWNERS, LAST, COUNT]
    assert {r.admits for r in decide(p, owner="User").relaxations} == {Admits.EVERYONE}
    assert {r.kinds for r in decide(p, owner="User").relaxations} == {
        (RelaxKind.REVIEWS,), (RelaxKind.CODE_OWNER_REVIEWS,), (RelaxKind.LAST_PUSH_APPROVAL,),
    }  # fmt: skip
    only_owners = decide(read(state(required_pull_request_reviews=review_group(
        require_code_owner_reviews=True, required_approving_review_count=0))), owner="User")  # fmt: skip
    assert fields(only_owners) == [OWNERS]
    (scalar,) = decide(read(REVIEWED), owner="User").relaxations
    assert (scalar.op, scalar.before, scalar.after, scalar.rung) == ("set", 2, 0, 3)


def test_one_bypass_covers_all_review_requirements() -> None:
    group = review_group(require_code_owner_reviews=True, require_last_push_approval=True)
    (made,) = decide(read(state(required_pull_request_reviews=group))).relaxations
    assert made.kinds == (RelaxKind.REVIEWS, RelaxKind.CODE_OWNER_REVIEWS, RelaxKind.LAST_PUSH_APPROVAL)


def test_an_app_without_a_known_slug_cannot_be_listed() -> None:
    assert fields(decide(read(REVIEWED), merger=evolve(APP, app_slug=None))) == [COUNT]


# -- administrators --------------------------------------------------------------------------------------------------


def test_an_administrator_who_is_held_to_the_rules_is_let_go_alone() -> None:
    p = read({**CHECKED, "enforce_admins": True, "restrictions": nobody()})
    (made,) = decide(p, merger=ADMIN, owner="User", merge_base="c" * 40).relaxations
    assert (made.field, made.before, made.after, made.rung, made.admits) == (
        "enforce_admins", True, False, 2, Admits.ADMINS,
    )  # fmt: skip
    assert made.kinds == (RelaxKind.CHECKS, RelaxKind.STRICT, RelaxKind.RESTRICTIONS)


def test_one_actor_is_less_than_all_administrators_and_those_less_than_everyone() -> None:
    held = {**REVIEWED, "enforce_admins": True}
    assert fields(decide(read(held), merger=ADMIN)) == [f"{BYPASS}.users"]
    assert fields(decide(read(held), merger=ADMIN, owner="User")) == ["enforce_admins"]
    assert fields(decide(read(held), merger=USER, owner="User")) == [COUNT]
    both = {**held, **CHECKED, "enforce_admins": True, REVIEWS: REVIEWED[REVIEWS]}
    assert fields(decide(read(both), merger=ADMIN)) == ["enforce_admins"], "it covers the reviews already"
    assert fields(decide(read(both), merger=USER)) == [f"{BYPASS}.users", REQUIRED]
    pushed = {**held, "restrictions": nobody()}
    assert fields(decide(read(pushed), merger=ADMIN)) == [f"{BYPASS}.users", "restrictions.users"]


def test_an_administrator_who_is_not_held_needs_no_edit_but_the_packs_consent() -> None:
    p = read({**REVIEWED, CHECKS: CHECKED[CHECKS]})
    choice = decide(p, merger=ADMIN)
    assert choice.relaxations == ()
    assert kinds(choice.bypasses) == [RelaxKind.REVIEWS, RelaxKind.CHECKS]
    assert choice.clear
    assert refused(decide(p, merger=ADMIN, allow=(RelaxKind.REVIEWS,))) == ["relax/checks"]


def test_a_bypass_needs_no_readable_rule() -> None:
    p = canonical(Server(REVIEWED).get(), branch="main")
    assert decide(p, merger=ADMIN).clear


def test_an_app_is_never_an_administrator() -> None:
    app = evolve(APP, admin=True)
    assert fields(decide(read(REVIEWED), merger=app)) == [f"{BYPASS}.apps"]
    assert fields(decide(read({**CHECKED, "enforce_admins": True}), merger=app)) == [REQUIRED]


def test_who_may_bypass_reviews_already_needs_no_edit_and_bypasses_nothing_else() -> None:
    group = review_group(bypass={**nobody(), "apps": {"bascule-app"}})
    p = read({**CHECKED, REVIEWS: group})
    choice = decide(p, merger=APP)
    assert kinds(choice.bypasses) == [RelaxKind.REVIEWS]
    assert fields(choice) == [REQUIRED]
    assert decide(p, merger=APP, allow=(RelaxKind.CHECKS,)).waits[0].kind is RelaxKind.REVIEWS


# -- checks, strict, restrictions ------------------------------------------------------------------------------------


def test_only_failing_checks_are_taken_out_and_strict_stays() -> None:
    (made,) = decide(read(CHECKED)).relaxations
    assert (made.field, made.op, made.elements) == (REQUIRED, "remove", ({"context": "test", "app_id": 5},))


def test_strict_is_its_own_edit() -> None:
    (made,) = decide(read(CHECKED), checks=(GREEN, evolve(RED, state="success")), merge_base="c" * 40).relaxations
    assert (made.field, made.before, made.after) == (STRICT, True, False)


def test_a_running_check_is_waited_for_whatever_the_pack_allows() -> None:
    choice = decide(read(CHECKED), checks=(GREEN, evolve(RED, state="in_progress")))
    assert (choice.relaxations, choice.refusals) == ((), ())
    assert [b.name for b in choice.waits] == ["test (app 5)"]
    assert not decide(read(CHECKED), merger=ADMIN, checks=(GREEN, evolve(RED, state="queued"))).clear


def test_a_check_that_never_came_waits_or_is_waived() -> None:
    assert fields(decide(read(CHECKED), checks=(GREEN,))) == [REQUIRED]
    choice = decide(read(CHECKED), checks=(GREEN,), allow=())
    assert kinds(choice.waits) == [RelaxKind.CHECKS]
    assert choice.refusals == ()


@pytest.mark.parametrize(("merger", "kind"), [(USER, "users"), (APP, "apps")])
def test_restrictions_list_the_merger(merger: Viewer, kind: str) -> None:
    (made,) = decide(read(state(restrictions=nobody())), merger=merger).relaxations
    assert (made.field, made.op, made.admits, made.kinds) == (
        f"restrictions.{kind}", "add", Admits.ACTOR, (RelaxKind.RESTRICTIONS,),
    )  # fmt: skip


def test_restrictions_cannot_be_lifted_without_lists_or_a_name() -> None:
    p = read(state(restrictions=nobody()))
    assert refused(decide(p, owner="User")) == ["relax/restrictions"]
    assert refused(decide(p, merger=evolve(APP, app_slug=None))) == ["relax/restrictions"]


# -- no edit ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("switch", "kind", "method", "about"),
    [
        ("required_signatures", RelaxKind.SIGNATURES, "rebase", {}),
        ("required_linear_history", RelaxKind.LINEAR_HISTORY, "merge", {}),
        ("required_conversation_resolution", RelaxKind.CONVERSATIONS, "squash", {"unresolved_threads": 2}),
    ],
)
def test_what_has_no_edit_is_refused_unless_an_administrator_overrides_it(
    switch: str, kind: RelaxKind, method: str, about: Any
) -> None:
    p, held = read(state(**{switch: True})), read(state(**{switch: True}, enforce_admins=True))
    commits = (Commit(sha="a" * 40, author=None, committer=None, verified=True),)
    more = {"method": method, "commits": commits, **about}
    assert refused(decide(p, **more)) == [f"relax/{kind.value}"]
    assert kinds(decide(p, merger=ADMIN, **more).bypasses) == [kind]
    (made,) = decide(held, merger=ADMIN, **more).relaxations
    assert (made.field, made.kinds) == ("enforce_admins", (kind,))


def test_a_lock_is_never_overridden() -> None:
    for merger in (USER, ADMIN, APP):
        for enforced in (True, False):
            p = read(state(lock_branch=True, enforce_admins=enforced))
            assert refused(decide(p, merger=merger)) == ["relax/lock"]


def test_what_is_none_of_protections_business_is_never_relaxed() -> None:
    choice = decide(read(REVIEWED), merger=ADMIN, draft=True, mergeable="CONFLICTING")
    assert refused(choice) == ["relax/conflict"]
    assert [b.name for b in choice.waits] == ["draft"]


# -- the pack and the scenario ---------------------------------------------------------------------------------------


def test_what_the_pack_does_not_allow_waits_for_people_or_blocks() -> None:
    reviews = decide(read(REVIEWED), allow=())
    assert kinds(reviews.waits) == [RelaxKind.REVIEWS]
    assert refused(reviews) == []
    failing = decide(read(CHECKED), allow=(RelaxKind.STRICT,))
    assert refused(failing) == ["relax/checks"]
    assert "relax.allow" in failing.refusals[0].expected


def test_one_disallowed_requirement_stops_the_rest() -> None:
    both = {**REVIEWED, **CHECKED, REVIEWS: REVIEWED[REVIEWS]}
    choice = decide(read(both), allow=(RelaxKind.REVIEWS,))
    assert refused(choice) == ["relax/checks"]


def test_what_the_scenario_did_not_propose_is_not_relaxed() -> None:
    proposal = RelaxProposal(kind=RelaxKind.CHECKS, reason="known flake")
    assert decide(read(CHECKED), proposals=(proposal,)).clear
    none = decide(read(CHECKED), proposals=())
    assert refused(none) == ["relax/checks"]
    assert "scenario" in none.refusals[0].expected
    assert refused(decide(read(CHECKED), proposals=(proposal,), allow=())) == ["relax/checks"], "intersected"


# -- objects that could not be put back ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (None, "GraphQL"),
        ({**RULE, "pattern": "ma*"}, "ma*"),
        ({**RULE, "requiresDeployments": True}, "requiresDeployments"),
        ({**RULE, "bypassForcePushAllowances": {"totalCount": 1}}, "bypassForcePushAllowances"),
    ],
)
def test_a_rule_that_could_not_be_put_back_is_not_relaxed(rule: Any, words: str) -> None:
    p = canonical(Server(CHECKED).get(), branch="main", rule=rule)
    choice = decide(p, merge_state="CLEAN")
    assert refused(choice) == ["relax/object"]
    assert words in choice.refusals[0].found


def test_unknown_fields_are_not_relaxed_around() -> None:
    raw = {**(Server(CHECKED).get() or {}), "new_rule": {"enabled": True}}
    choice = decide(canonical(raw, branch="main", rule=RULE))
    assert refused(choice) == ["relax/object"]
    assert "new_rule" in choice.refusals[0].found


@pytest.mark.parametrize("allow", [ALL, (RelaxKind.REVIEWS, RelaxKind.CHECKS)])
def test_rulesets_are_neither_edited_nor_bypassed(allow: tuple[RelaxKind, ...]) -> None:
    p, about = read(REVIEWED), change(merge_state="BLOCKED", author=Actor(login="octo-dev", id=1, type="User"))
    for merger in (USER, ADMIN, APP):
        found = blockers_of(p, about, merger, method="squash", rules=("PULL_REQUEST",))
        choice = choose(p, found, merger=merger, keeper=KEEPER, allow=allow, owner_type="Organization", proposals=None)
        assert not choice.clear
        assert (choice.relaxations, choice.bypasses) == ((), ())


def test_unknown_fields_are_not_bypassed_either() -> None:
    raw = {**(Server(CHECKED).get() or {}), "new_rule": {"enabled": True}}
    for p in (canonical(raw, branch="main", rule=RULE), canonical(raw, branch="main")):
        choice = decide(p, merger=ADMIN)
        assert refused(choice) == ["relax/object"]
        assert "new_rule" in choice.refusals[0].found


def test_a_keeper_who_may_not_edit_is_found_before_the_window() -> None:
    assert refused(decide(read(CHECKED), keeper=USER)) == ["relax/keeper"]
    assert decide(read(CHECKED), keeper=APP).clear, "an App's permissions show only when it tries"


def test_nothing_is_opened_for_a_merger_who_may_not_write() -> None:
    reader = evolve(USER, can_write=False)
    assert refused(decide(read(CHECKED), merger=reader)) == ["relax/merger"]
    assert decide(read(CHECKED), merger=evolve(APP, can_write=False)).clear, "GitHub does not show it of an App"


def test_the_answer_does_not_depend_on_the_order_of_blockers() -> None:
    p = read({**CHECKED, REVIEWS: review_group(require_code_owner_reviews=True), "restrictions": nobody()})
    found = blockers_of(p, change(checks=(GREEN, RED), merge_base="c" * 40), USER, method="squash")
    assert len(found) == 5
    answers = [
        choose(p, order, merger=USER, keeper=KEEPER, allow=ALL, owner_type="Organization", proposals=None).relaxations
        for order in (found, found[::-1], found[2:] + found[:2])
    ]
    assert answers[0] == answers[1] == answers[2]
    assert [r.field for r in answers[0]] == [f"{BYPASS}.users", "restrictions.users", REQUIRED, STRICT]
