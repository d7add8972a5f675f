"""Which value is stricter, and edits that must fit."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from bascule.errors import BasculeError
from bascule.protection import canonical, inverse, looser, looser_by, relax, stricter_of
from bascule.protection.fields import TABLE, Shape
from bascule.protection.model import Member, Protection, RequiredCheck
from bascule.types import Admits, Relaxation, RelaxKind

from .protection_cases import read
from .protection_server import FLAGS, empty_state, nobody

REVIEWS = "required_pull_request_reviews"
CHECKS = "required_status_checks"


def state(**groups: Any) -> dict[str, Any]:
    return {**empty_state(), **groups}


def review_group(**fields: Any) -> dict[str, Any]:
    off = {"dismiss_stale_reviews": False, "require_code_owner_reviews": False, "require_last_push_approval": False}
    return {**off, "required_approving_review_count": 2, "dismissal": None, "bypass": nobody(), **fields}


def relaxation(field: str, op: str = "set", **about: Any) -> Relaxation:
    known = {"object": "classic:main", "kinds": (RelaxKind.REVIEWS,), "rung": 3, "admits": Admits.EVERYONE}
    return Relaxation(**{**known, "field": field, "op": op, **about})


COUNT = relaxation(f"{REVIEWS}.required_approving_review_count", before=2, after=0)


@pytest.mark.parametrize(("name", "strict"), [*FLAGS.items(), ("enforce_admins", True), ("required_signatures", True)])
def test_every_switch_has_its_stricter_side(name: str, strict: bool) -> None:
    tight, loose = read(state(**{name: strict})), read(state(**{name: not strict}))
    assert [d.field for d in looser(loose, tight)] == [name]
    assert looser(tight, loose) == ()
    assert stricter_of(name, True, False) is strict
    assert stricter_of(name, not strict, not strict) is (not strict)


def test_the_table_has_every_field_of_the_record() -> None:
    from attrs import fields

    paths = {row.path.split(".")[0] for row in TABLE if row.path}
    assert paths == {f.name for f in fields(Protection)} - {"branch", "protected", "extra", "hidden"}
    from bascule.protection.model import Reviews, StatusChecks

    inner = {f"{CHECKS}.{f.name}" for f in fields(StatusChecks)} | {f"{REVIEWS}.{f.name}" for f in fields(Reviews)}
    assert inner == {".".join(row.path.split(".")[:2]) for row in TABLE if "." in row.path and row.path[:3] == "req"}


def test_incomparable_values_keep_both_requirements() -> None:
    one, two = RequiredCheck(context="t", app_id=1), RequiredCheck(context="t", app_id=2)
    assert set(stricter_of(f"{CHECKS}.checks", (one,), (two,))) == {one, two}
    a, b, c = (Member(name=n, id=i) for i, n in enumerate("abc"))
    assert stricter_of("restrictions.users", (a, b), (b, c)) == (b,)
    assert stricter_of(f"{REVIEWS}.required_approving_review_count", 1, 3) == 3


def test_groups_are_not_ordered_as_wholes() -> None:
    groups = [row.path for row in TABLE if row.shape is Shape.GROUP]
    assert len(groups) == 5
    for path in groups:
        with pytest.raises(TypeError, match="group"):
            stricter_of(path, None, None)


def test_a_check_bound_to_an_app_is_stricter_than_from_any_source() -> None:
    bound = read(state(required_status_checks={"strict": False, "checks": {("t", 5)}}))
    free = read(state(required_status_checks={"strict": False, "checks": {("t", -1)}}))
    other = read(state(required_status_checks={"strict": False, "checks": {("t", 6)}}))
    assert looser(bound, free) == ()
    assert [d.expected for d in looser(free, bound)] == [["t (app 5)"]]
    assert looser(bound, other)
    assert looser(other, bound)


def test_looser_by_takes_only_our_own_effect() -> None:
    snapshot = read(state(required_pull_request_reviews=review_group()))
    for count, ours in ((0, True), (1, False), (2, False), (3, False)):
        live = read(state(required_pull_request_reviews=review_group(required_approving_review_count=count)))
        assert looser_by(live, snapshot, [COUNT]) == ((COUNT,) if ours else ()), count
    assert looser_by(read(state()), snapshot, [COUNT]) == (), "a group turned off is a person's doing"
    assert looser_by(canonical(None, branch="main"), snapshot, [COUNT]) == ()
    assert looser_by(relax(snapshot, [COUNT]), snapshot, [evolve(COUNT, object="classic:other")]) == ()


def test_looser_by_finds_one_element_among_people_s_own() -> None:
    me = {"name": "bascule-bot", "id": 100, "node_id": ""}
    added = relaxation("restrictions.users", "add", elements=(me,))
    snapshot = read(state(restrictions=nobody()))
    live = read(state(restrictions={**nobody(), "users": {"bascule-bot", "octo-dev"}}))
    assert looser_by(live, snapshot, [added]) == (added,)
    assert looser_by(live, live, [added]) == (), "who is in the snapshot is nobody's late write"
    removed = relaxation(f"{CHECKS}.checks", "remove", elements=({"context": "t", "app_id": -1},))
    snapshot = read(state(required_status_checks={"strict": True, "checks": {("t", -1), ("u", -1)}}))
    live = read(state(required_status_checks={"strict": True, "checks": {("v", -1)}}))
    assert looser_by(live, snapshot, [removed]) == (removed,)


@pytest.mark.parametrize(
    "wrong",
    [
        evolve(COUNT, before=1),
        evolve(COUNT, object="classic:other"),
        evolve(COUNT, op="toggle"),
        evolve(COUNT, op="add"),
        evolve(COUNT, field=f"{CHECKS}.strict", before=True, after=False),
        evolve(COUNT, field="no_such_field"),
        evolve(COUNT, field=REVIEWS),
        relaxation(f"{REVIEWS}.bypass_pull_request_allowances.users", "add", elements=({"id": 3},)),
        relaxation(
            f"{REVIEWS}.bypass_pull_request_allowances.users", "add", elements=({"name": "octo-dev", "id": 102},)
        ),
        relaxation(f"{REVIEWS}.bypass_pull_request_allowances.users", "remove", elements=({"name": "octo-lead"},)),
    ],
)
def test_a_relaxation_that_does_not_fit_is_refused(wrong: Relaxation) -> None:
    p = read(state(required_pull_request_reviews=review_group(bypass={**nobody(), "users": {"octo-dev"}})))
    assert relax(p, [COUNT]).required_pull_request_reviews is not None
    with pytest.raises(BasculeError) as caught:
        relax(p, [wrong])
    assert caught.value.hint


def test_the_inverse_swaps_what_it_did_and_keeps_the_rest() -> None:
    assert inverse(COUNT) == evolve(COUNT, before=0, after=2)
    added = relaxation("restrictions.users", "add", elements=({"name": "x", "id": 1, "node_id": ""},))
    assert inverse(added) == evolve(added, op="remove")
