"""The smallest write for each edit, and the full PUT only where nothing else does."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from bascule.errors import BasculeError
from bascule.protection import Hidden, Protection, Write, canonical, put_body, writes
from bascule.protection.rest import put_refusal

from .protection_cases import read
from .protection_server import FLAGS, empty_state, nobody
from .test_order_and_apply import review_group, state

REVIEWS = "required_pull_request_reviews"
CHECKS = "required_status_checks"
EMPTY = {"users": [], "teams": [], "apps": []}
FULL = state(
    required_status_checks={"strict": True, "checks": {("build", -1), ("test", 15368)}},
    required_pull_request_reviews=review_group(
        bypass={**nobody(), "users": {"octo-dev"}, "teams": {"sre"}}, dismissal={**nobody(), "apps": {"ci-app"}}
    ),
    restrictions={**nobody(), "users": {"octo-lead"}},
    enforce_admins=True,
    required_signatures=True,
)


def edit(**groups: Any) -> Protection:
    return read({**FULL, **groups})


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (edit(), ()),
        (
            edit(required_pull_request_reviews={**FULL[REVIEWS], "required_approving_review_count": 0}),
            (Write(method="PATCH", path=f"/{REVIEWS}", body={"required_approving_review_count": 0}),),
        ),
        (
            edit(
                required_pull_request_reviews={
                    **FULL[REVIEWS],
                    "bypass": {**nobody(), "users": {"octo-dev", "bascule-bot"}},
                }
            ),
            (
                Write(
                    method="PATCH",
                    path=f"/{REVIEWS}",
                    body={"bypass_pull_request_allowances": {**EMPTY, "users": ["bascule-bot", "octo-dev"]}},
                ),
            ),
        ),
        (
            edit(required_pull_request_reviews={**FULL[REVIEWS], "dismissal": None}),
            (Write(method="PATCH", path=f"/{REVIEWS}", body={"dismissal_restrictions": {}}),),
        ),
        (
            edit(required_pull_request_reviews={**FULL[REVIEWS], "dismissal": nobody()}),
            (Write(method="PATCH", path=f"/{REVIEWS}", body={"dismissal_restrictions": EMPTY}),),
        ),
        (
            edit(required_status_checks={"strict": True, "checks": {("build", -1)}}),
            (
                Write(
                    method="PATCH",
                    path=f"/{CHECKS}",
                    body={"strict": True, "checks": [{"context": "build", "app_id": -1}]},
                ),
            ),
        ),
        (
            edit(required_status_checks={**FULL[CHECKS], "strict": False}),
            (Write(method="PATCH", path=f"/{CHECKS}", body={"strict": False}),),
        ),
        (
            edit(restrictions={**nobody(), "users": {"bascule-bot"}, "apps": {"bascule-app"}}),
            (
                Write(method="POST", path="/restrictions/users", body={"users": ["bascule-bot"]}),
                Write(method="DELETE", path="/restrictions/users", body={"users": ["octo-lead"]}),
                Write(method="POST", path="/restrictions/apps", body={"apps": ["bascule-app"]}),
            ),
        ),
        (edit(enforce_admins=False), (Write(method="DELETE", path="/enforce_admins"),)),
        (edit(required_signatures=False), (Write(method="DELETE", path="/required_signatures"),)),
    ],
)
def test_each_field_has_its_smallest_write(target: Protection, expected: tuple[Write, ...]) -> None:
    assert writes(edit(), target) == expected


def test_turning_on_what_a_sub_resource_turns_on() -> None:
    off = edit(enforce_admins=False, required_signatures=False)
    assert [(w.method, w.path) for w in writes(off, edit())] == [
        ("POST", "/required_signatures"),
        ("POST", "/enforce_admins"),
    ]


def test_only_names_the_fields_to_write() -> None:
    target = edit(enforce_admins=False, restrictions=nobody(), required_signatures=False)
    assert [w.path for w in writes(edit(), target, only={"enforce_admins"})] == ["/enforce_admins"]
    assert [w.path for w in writes(edit(), target, only={"restrictions"})] == ["/restrictions/users"]
    assert writes(edit(), target, only=()) == ()


@pytest.mark.parametrize("group", [REVIEWS, CHECKS, "restrictions"])
def test_a_group_that_is_off_needs_a_put_of_everything(group: str) -> None:
    put, signatures = writes(edit(**{group: None}), edit())
    assert (put.method, put.path, put.body) == ("PUT", "", put_body(edit()))
    assert signatures == Write(method="POST", path="/required_signatures"), "PUT does not hold them"
    assert "contexts" not in put.body[CHECKS], "contexts would bind each check to whichever App reported last"
    assert put.body[CHECKS]["checks"] == [{"context": "build", "app_id": -1}, {"context": "test", "app_id": 15368}]


@pytest.mark.parametrize("name", FLAGS)
def test_a_switch_without_a_sub_resource_needs_a_put(name: str) -> None:
    made = writes(read(empty_state()), read(state(**{name: True})))
    assert [(w.method, w.path) for w in made] == [("PUT", "")]
    assert made[0].body[name] is True


@pytest.mark.parametrize("group", [REVIEWS, CHECKS, "restrictions"])
def test_nothing_is_ever_deleted(group: str) -> None:
    with pytest.raises(BasculeError, match=group):
        writes(edit(), edit(**{group: None}))
    with pytest.raises(BasculeError, match="off"):
        writes(edit(), canonical(None, branch="main"))


def test_unknown_fields_cannot_be_written() -> None:
    with pytest.raises(BasculeError, match="new_rule"):
        writes(edit(), evolve(edit(), extra={"new_rule": 1}))


@pytest.mark.parametrize(
    "hidden",
    [
        Hidden(rule_id="B", pattern="main", requires_deployments=True),
        Hidden(rule_id="B", pattern="main", bypass_force_push=1),
        Hidden(rule_id="B", pattern="main", deployment_environments=("prod",)),
    ],
)
def test_a_put_over_hidden_settings_is_refused_and_a_sub_resource_is_not(hidden: Hidden) -> None:
    current = evolve(edit(restrictions=None), hidden=hidden)
    with pytest.raises(BasculeError, match="PUT") as caught:
        writes(current, edit())
    assert caught.value.hint
    assert writes(current, edit(restrictions=None, enforce_admins=False))
    assert put_refusal(canonical(None, branch="main")) is None


def test_put_leaves_out_lists_that_are_off_for_personal_repositories() -> None:
    body = put_body(read(state(required_pull_request_reviews=review_group())))
    assert set(body[REVIEWS]) == {
        "dismiss_stale_reviews", "require_code_owner_reviews", "require_last_push_approval",
        "required_approving_review_count",
    }  # fmt: skip
    assert (body[CHECKS], body["restrictions"], body["enforce_admins"]) == (None, None, False)
