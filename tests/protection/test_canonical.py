"""Reading GitHub's GET: the traps of github-facts, one by one."""

from __future__ import annotations

from typing import Any

import pytest

from bascule.errors import BasculeError, OutsideError
from bascule.protection import canonical, differences, digest, from_json, looser, roundtrip, to_json
from bascule.protection.model import Actors, Member, Protection, RequiredCheck

from .protection_cases import RULE

OFF: dict[str, Any] = {"url": "u", "enforce_admins": {"url": "u", "enabled": False}}
DEV = {"login": "octo-dev", "id": 7, "node_id": "U_7", "type": "User", "avatar_url": "u", "site_admin": False}


def read(raw: dict[str, Any] | None = None, **more: Any) -> Protection:
    return canonical({**OFF, **more} if raw is None else raw, branch="main")


def reviews(**fields: Any) -> Protection:
    return read(required_pull_request_reviews=fields)


def test_no_protection_is_a_record_of_its_own() -> None:
    none = canonical(None, branch="main")
    assert not none.protected
    assert digest(none) != digest(read())
    assert [d.field for d in looser(none, read())] == [""]


def test_groups_that_are_off_are_absent_and_null_is_read_the_same() -> None:
    assert digest(read(restrictions=None, required_status_checks=None)) == digest(read())


def test_dismissal_off_and_dismissal_by_nobody_differ() -> None:
    off, nobody = reviews(), reviews(dismissal_restrictions={"users": [], "teams": []})
    assert digest(off) != digest(nobody)
    assert [d.field for d in looser(off, nobody)] == ["required_pull_request_reviews.dismissal_restrictions"]
    assert looser(nobody, off) == ()


def test_restrictions_off_and_nobody_may_push_differ() -> None:
    off, nobody = read(), read(restrictions={"users": [], "teams": [], "apps": []})
    assert [d.field for d in looser(off, nobody)] == ["restrictions"]
    assert (off.restrictions, nobody.restrictions) == (None, Actors())


def test_bypass_absent_and_empty_are_the_same() -> None:
    assert digest(reviews()) == digest(reviews(bypass_pull_request_allowances={"users": [], "teams": [], "apps": []}))


@pytest.mark.parametrize("app_id", [None, -1])
def test_null_and_minus_one_mean_any_app(app_id: int | None) -> None:
    p = read(required_status_checks={"strict": True, "contexts": ["t"], "checks": [{"context": "t", "app_id": app_id}]})
    assert p.required_status_checks is not None
    assert p.required_status_checks.checks == (RequiredCheck(context="t", app_id=-1),)


def test_contexts_are_only_a_copy_of_checks() -> None:
    checks = [{"context": "a", "app_id": 5}]
    both = read(required_status_checks={"strict": False, "contexts": ["a"], "checks": checks})
    one = read(required_status_checks={"strict": False, "checks": checks})
    old_server = read(required_status_checks={"strict": False, "contexts": ["a"]})
    assert digest(both) == digest(one) != digest(old_server)
    more = read(required_status_checks={"strict": False, "contexts": ["a", "b"], "checks": checks})
    assert more.required_status_checks is not None
    assert [c.context for c in more.required_status_checks.checks] == ["a", "b"], "what only contexts name still counts"


def test_a_renamed_login_is_no_difference_and_another_account_of_that_name_is() -> None:
    before, renamed = ({"users": [{**DEV, "login": login}], "teams": []} for login in ("octo-dev", "octo-dev-2"))
    other = {"users": [{**DEV, "id": 8}], "teams": []}
    assert digest(read(restrictions=before)) == digest(read(restrictions=renamed))
    assert differences(read(restrictions=before), read(restrictions=renamed)) == ()
    assert digest(read(restrictions=before)) != digest(read(restrictions=other))


def test_names_are_compared_without_case_and_doubles_fold() -> None:
    assert Actors(users=[Member(name="B"), Member(name="a"), Member(name="A")]).users == (
        Member(name="a"),
        Member(name="b"),
    )


def test_addresses_are_dropped_wherever_they_stand() -> None:
    spiced = read(
        url="x", protection_url="x", name="main", enabled=True,
        required_linear_history={"url": "x", "enabled": True},
        required_status_checks={"url": "x", "contexts_url": "x", "enforcement_level": "everyone", "strict": True,
                                "contexts": [], "checks": []},
        restrictions={"url": "x", "users_url": "x", "teams_url": "x", "apps_url": "x", "users": [DEV], "teams": []},
    )  # fmt: skip
    assert spiced.extra == {}
    assert roundtrip(spiced) == ()


def test_unknown_fields_are_kept_compared_and_cannot_be_remade() -> None:
    p = read(
        new_rule={"enabled": True, "url": "u", "levels": [{"html_url": "u", "n": 1}]},
        required_pull_request_reviews={"ignore_bots": True},
        required_status_checks={"strict": True, "checks": [{"context": "t", "app_id": 1, "path": "x"}]},
    )
    assert p.extra == {
        "new_rule": {"enabled": True, "levels": [{"n": 1}]},
        "required_pull_request_reviews.ignore_bots": True,
        "required_status_checks.checks[t].path": "x",
    }
    assert {d.field for d in roundtrip(p)} == set(p.extra)
    assert from_json(to_json(p)) == p
    other = read(new_rule={"enabled": False})
    assert digest(other) != digest(read(new_rule={"enabled": True}))
    assert looser(other, read(new_rule={"enabled": True})), "what cannot be ordered may be looser"


def test_a_flag_that_the_server_does_not_show_counts_as_off_and_is_not_sent() -> None:
    from bascule.protection import put_body

    assert digest(read()) == digest(read(lock_branch={"enabled": False}))
    assert "lock_branch" not in put_body(read())
    assert put_body(read(lock_branch={"enabled": False}))["lock_branch"] is False


def test_a_review_group_without_a_count_asks_for_one() -> None:
    assert digest(reviews()) == digest(reviews(required_approving_review_count=1))


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        ({"message": "Moved Permanently", "url": "u"}, "enforce_admins"),
        ({}, "enforce_admins"),
        ({"enforce_admins": True}, "enforce_admins"),
        ({"enforce_admins": {}}, "enforce_admins.enabled"),
        ({**OFF, "lock_branch": True}, "lock_branch"),
        ({**OFF, "lock_branch": {"enabled": "yes"}}, "lock_branch.enabled"),
        ({**OFF, "required_status_checks": []}, "required_status_checks"),
        ({**OFF, "required_status_checks": {"strict": 1}}, "required_status_checks.strict"),
        ({**OFF, "required_status_checks": {"checks": ["t"]}}, "required_status_checks.checks[0]"),
        ({**OFF, "required_status_checks": {"checks": [{"app_id": 1}]}}, "required_status_checks.checks[0].context"),
        (
            {**OFF, "required_status_checks": {"checks": [{"context": "t", "app_id": "1"}]}},
            "required_status_checks.checks[0].app_id",
        ),
        ({**OFF, "required_status_checks": {"contexts": [3]}}, "required_status_checks.contexts[0]"),
        (
            {**OFF, "required_pull_request_reviews": {"required_approving_review_count": True}},
            "required_pull_request_reviews.required_approving_review_count",
        ),
        (
            {**OFF, "required_pull_request_reviews": {"dismissal_restrictions": []}},
            "required_pull_request_reviews.dismissal_restrictions",
        ),
        ({**OFF, "restrictions": {"users": {}}}, "restrictions.users"),
        ({**OFF, "restrictions": {"users": ["octo-dev"]}}, "restrictions.users[0]"),
        ({**OFF, "restrictions": {"apps": [{"login": "x"}]}}, "restrictions.apps[0].slug"),
        ({**OFF, "restrictions": {"users": [{"login": "x", "id": "7"}]}}, "restrictions.users[0].id"),
    ],
)
def test_a_malformed_answer_names_the_field(raw: dict[str, Any], field: str) -> None:
    with pytest.raises(OutsideError) as caught:
        canonical(raw, branch="main")
    assert f"'{field}'" in caught.value.message
    assert caught.value.where == "classic:main"
    assert caught.value.hint


def test_hidden_settings_are_read_and_take_no_part_in_the_digest() -> None:
    rule = {**RULE, "requiresDeployments": True, "requiredDeploymentEnvironments": ["prod", "lab"]}
    p = canonical(OFF, branch="main", rule={**rule, "bypassForcePushAllowances": {"totalCount": 2}})
    assert p.hidden is not None
    assert p.hidden.deployment_environments == ("lab", "prod")
    assert p.hidden.settings == (
        "bypassForcePushAllowances",
        "requiresDeployments",
        "requiredDeploymentEnvironments",
    )
    assert digest(p) == digest(read())
    assert from_json(to_json(p)).hidden == p.hidden


@pytest.mark.parametrize(
    "gap", [{"pattern": None}, {"requiresDeployments": None}, {"bypassForcePushAllowances": None}, {"id": ""}]
)
def test_a_rule_that_does_not_say_what_is_hidden_is_refused(gap: dict[str, Any]) -> None:
    with pytest.raises(OutsideError, match=next(iter(gap))):
        canonical(OFF, branch="main", rule={**RULE, **gap})


@pytest.mark.parametrize("data", [None, [], {}, {"branch": "main", "protected": True, "extra": 3}])
def test_a_snapshot_that_is_none_is_refused(data: Any) -> None:
    with pytest.raises(BasculeError, match="snapshot"):
        from_json(data)


def test_an_unknown_value_without_canonical_json_is_refused_by_name() -> None:
    with pytest.raises(OutsideError, match="huge"):
        digest(read(huge=2**60))
