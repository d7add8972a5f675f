"""Three-way restore, rule by rule."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from bascule.errors import BasculeError
from bascule.protection import Hidden, Write, canonical, differences, digest, plan_restore, put_body, rehearse, relax
from bascule.types import Relaxation, RelaxKind

from .protection_cases import RULE, read
from .protection_server import Server, nobody
from .test_order_and_apply import CHECKS, COUNT, REVIEWS, relaxation, review_group, state

ME = {"name": "bascule-bot", "id": 100, "node_id": ""}
BASE = state(
    required_status_checks={"strict": True, "checks": {("build", -1), ("test", 15368)}},
    required_pull_request_reviews=review_group(),
    restrictions={**nobody(), "users": {"octo-lead"}},
    enforce_admins=True,
)
ADMINS = relaxation("enforce_admins", before=True, after=False)
BYPASS = relaxation(f"{REVIEWS}.bypass_pull_request_allowances.users", "add", elements=(ME,))
PUSH = relaxation("restrictions.users", "add", elements=(ME,), kinds=(RelaxKind.RESTRICTIONS,))
TEST = relaxation(f"{CHECKS}.checks", "remove", elements=({"context": "test", "app_id": 15368},))


def live(**groups: Any) -> Any:
    return read({**BASE, **groups})


def with_reviews(**fields: Any) -> Any:
    return live(required_pull_request_reviews=review_group(**fields))


def test_ours_goes_back() -> None:
    plan = plan_restore(read(BASE), [COUNT], with_reviews(required_approving_review_count=0))
    assert digest(plan.target) == digest(read(BASE))
    assert plan.writes == (Write(method="PATCH", path=f"/{REVIEWS}", body={"required_approving_review_count": 2}),)
    assert (plan.notes, plan.human_edits, plan.unrestorable) == ((), (), ())


@pytest.mark.parametrize(
    ("r", "method", "path"),
    [
        (COUNT, "PATCH", f"/{REVIEWS}"),
        (BYPASS, "PATCH", f"/{REVIEWS}"),
        (TEST, "PATCH", f"/{CHECKS}"),
        (PUSH, "DELETE", "/restrictions/users"),
        (ADMINS, "POST", "/enforce_admins"),
    ],
)
def test_it_is_sent_even_where_a_read_shows_the_base(r: Relaxation, method: str, path: str) -> None:
    stale = plan_restore(read(BASE), [r], read(BASE))
    fresh = plan_restore(read(BASE), [r], relax(read(BASE), [r]))
    assert [(w.method, w.path) for w in stale.writes] == [(method, path)]
    assert stale.writes == fresh.writes


def test_a_tightening_stays_and_is_reported() -> None:
    plan = plan_restore(read(BASE), [COUNT], with_reviews(required_approving_review_count=3))
    assert plan.writes == ()
    assert digest(plan.target) == digest(with_reviews(required_approving_review_count=3))
    assert [(d.field, d.found, d.expected) for d in plan.human_edits] == [(COUNT.field, 3, 2)]
    assert "kept" in plan.notes[0]


def test_a_loosening_of_the_very_field_is_undone_and_reported() -> None:
    plan = plan_restore(read(BASE), [COUNT], with_reviews(required_approving_review_count=1))
    assert digest(plan.target) == digest(read(BASE))
    assert plan.writes == (Write(method="PATCH", path=f"/{REVIEWS}", body={"required_approving_review_count": 2}),)
    assert "put back to 2" in plan.notes[0]
    assert [(d.found, d.expected) for d in plan.human_edits] == [(1, 2)]


def test_edits_elsewhere_stay() -> None:
    theirs = live(
        required_pull_request_reviews=review_group(required_approving_review_count=0, dismiss_stale_reviews=True),
        enforce_admins=False,
    )
    plan = plan_restore(read(BASE), [COUNT], theirs)
    assert differences(plan.target, with_reviews(dismiss_stale_reviews=True))[0].field == "enforce_admins"
    assert {d.field for d in plan.human_edits} == {f"{REVIEWS}.dismiss_stale_reviews", "enforce_admins"}
    assert [w.body for w in plan.writes] == [{"required_approving_review_count": 2}]


def test_sets_lose_only_what_we_added() -> None:
    theirs = live(restrictions={**nobody(), "users": {"octo-dev", "bascule-bot"}})
    plan = plan_restore(read(BASE), [PUSH], theirs)
    assert digest(plan.target) == digest(live(restrictions={**nobody(), "users": {"octo-dev"}}))
    assert plan.writes == (Write(method="DELETE", path="/restrictions/users", body={"users": ["bascule-bot"]}),)


def test_sets_regain_only_what_we_removed() -> None:
    theirs = live(required_status_checks={"strict": True, "checks": {("lint", -1)}})
    plan = plan_restore(read(BASE), [TEST], theirs)
    assert plan.writes[0].body == {
        "strict": True,
        "checks": [{"context": "lint", "app_id": -1}, {"context": "test", "app_id": 15368}],
    }, "`build`, which a person took away, stays away"


def test_a_bypass_patch_carries_the_whole_list() -> None:
    bypass = {**nobody(), "users": {"bascule-bot", "octo-dev"}, "teams": {"sre"}}
    plan = plan_restore(read(BASE), [BYPASS], with_reviews(bypass=bypass))
    body = {"bypass_pull_request_allowances": {"users": ["octo-dev"], "teams": ["sre"], "apps": []}}
    assert plan.writes == (Write(method="PATCH", path=f"/{REVIEWS}", body=body),)


def test_a_renamed_merger_is_taken_out_under_its_new_name() -> None:
    raw = Server({**BASE, "restrictions": {**nobody(), "users": {"bascule-bot", "octo-lead"}}}).get() or {}
    raw["restrictions"]["users"][0]["login"] = "bridge-bot"
    plan = plan_restore(read(BASE), [PUSH], canonical(raw, branch="main", rule=RULE))
    assert plan.writes == (Write(method="DELETE", path="/restrictions/users", body={"users": ["bridge-bot"]}),)
    assert digest(plan.target) == digest(read(BASE))


@pytest.mark.parametrize(("r", "group"), [(COUNT, REVIEWS), (BYPASS, REVIEWS), (TEST, CHECKS), (PUSH, "restrictions")])
def test_a_group_that_was_turned_off_comes_back_whole_once(r: Relaxation, group: str) -> None:
    plan = plan_restore(read(BASE), [r, ADMINS], live(**{group: None}, enforce_admins=False, lock_branch=True))
    assert digest(plan.target) == digest(live(lock_branch=True)), "what people did elsewhere stays"
    assert [(w.method, w.path) for w in plan.writes] == [("PUT", "")]
    assert plan.writes[0].body == put_body(live(lock_branch=True))
    assert "turned" in plan.notes[0]
    assert {d.field for d in plan.human_edits} == {group, "lock_branch"}


def test_a_group_is_not_put_back_over_hidden_settings_and_the_rest_is_restored() -> None:
    hidden = Hidden(rule_id="B", pattern="main", requires_deployments=True)
    base = evolve(read(BASE), hidden=hidden)
    for theirs in (evolve(live(restrictions=None, enforce_admins=False), hidden=h) for h in (hidden, None)):
        plan = plan_restore(base, [PUSH, ADMINS], theirs)
        assert plan.writes == (Write(method="POST", path="/enforce_admins"),)
        assert "requiresDeployments" in plan.unrestorable[0]
        assert "by hand" in plan.unrestorable[0]
        assert digest(plan.target) == digest(live(restrictions=None)), "what these writes can reach"


def test_a_rule_that_was_deleted_comes_back_whole_once() -> None:
    base = read({**BASE, "required_signatures": True})
    plan = plan_restore(base, [COUNT], canonical(None, branch="main"))
    assert [(w.method, w.path) for w in plan.writes] == [("PUT", ""), ("POST", "/required_signatures")]
    assert digest(plan.target) == digest(base)
    assert "removed branch protection" in plan.notes[0]
    assert plan.unrestorable == ()
    assert [d.field for d in plan.human_edits] == [""]


def test_a_deleted_rule_s_hidden_settings_are_said_to_be_lost() -> None:
    base = evolve(read(BASE), hidden=Hidden(rule_id="B", pattern="main", bypass_force_push=1), extra={"new": 1})
    plan = plan_restore(base, [COUNT], canonical(None, branch="main"))
    assert [(w.method, w.path) for w in plan.writes] == [("PUT", "")]
    assert "new, bypassForcePushAllowances" in plan.unrestorable[0]


def test_a_wildcard_that_took_the_deleted_rule_s_place_is_no_restore() -> None:
    wild = canonical(Server(BASE).get(), branch="main", rule={**RULE, "pattern": "ma*"})
    plan = plan_restore(read(BASE), [COUNT], wild)
    assert [w.method for w in plan.writes] == ["PUT"]


def test_the_widest_opening_is_closed_first() -> None:
    relaxed = relax(read(BASE), [BYPASS, PUSH, ADMINS])
    assert [w.path for w in plan_restore(read(BASE), [BYPASS, PUSH, ADMINS], relaxed).writes] == [
        "/enforce_admins", f"/{REVIEWS}", "/restrictions/users",
    ]  # fmt: skip


def test_nothing_relaxed_is_nothing_to_restore() -> None:
    plan = plan_restore(read(BASE), [], live(enforce_admins=False))
    assert (plan.writes, digest(plan.target)) == ((), digest(live(enforce_admins=False)))
    other = plan_restore(read(BASE), [evolve(ADMINS, object="classic:other")], live(enforce_admins=False))
    assert other.writes == ()


def test_an_entry_that_does_not_belong_to_its_snapshot_is_refused() -> None:
    with pytest.raises(BasculeError, match="does not fit"):
        plan_restore(live(enforce_admins=False), [ADMINS], read(BASE))


def test_the_pure_rehearsal_finds_what_cannot_come_back() -> None:
    assert rehearse(read(BASE), [COUNT, BYPASS, TEST, PUSH, ADMINS]) == ()
    assert [d.field for d in rehearse(evolve(read(BASE), extra={"new": 1}), [COUNT])] == ["new"]
