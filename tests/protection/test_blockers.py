"""What protection asks of one change, requirement by requirement."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from bascule.protection import Hidden, Protection, blockers, canonical
from bascule.types import Actor, Blocker, CheckResult, Commit, RelaxKind, Review, Viewer

from .protection_cases import APP, USER, change, read
from .protection_server import FLAGS, empty_state, nobody
from .test_order_and_apply import review_group, state

DEV, LEAD, READER = (Actor(login=n, id=i, type="User") for n, i in (("octo-dev", 1), ("octo-lead", 2), ("octo-r", 3)))
HEAD = "a" * 40
OPEN = read(empty_state())


def ask(
    p: Protection,
    *,
    method: str = "squash",
    viewer: Viewer = USER,
    owned: bool | None = None,
    rules: tuple[str, ...] = (),
    **about: Any,
) -> Any:
    known: dict[str, Any] = {"author": DEV, **about}
    return blockers(p, change(**known), viewer, method=method, code_owned=owned, rules=rules)


def kinds(found: tuple[Blocker, ...]) -> list[RelaxKind | None]:
    return [b.kind for b in found]


def approved(by: Actor | None = LEAD, *, sha: str = HEAD, write: bool = True, state: str = "APPROVED") -> Review:
    return Review(author=by, state=state, commit_sha=sha, can_write=write)


def reviewed(**fields: Any) -> Protection:
    return read(state(required_pull_request_reviews=review_group(**{"required_approving_review_count": 1, **fields})))


def test_an_open_branch_asks_nothing() -> None:
    for method in ("merge", "squash", "rebase"):
        assert ask(OPEN, method=method) == ()
        assert ask(canonical(None, branch="main"), method=method) == ()


def test_drafts_and_conflicts_have_no_relaxation_even_without_protection() -> None:
    for p in (OPEN, canonical(None, branch="main")):
        draft, conflict = ask(p, draft=True, mergeable="CONFLICTING")
        assert (draft.kind, draft.waits, conflict.kind, conflict.waits) == (None, True, None, False)


@pytest.mark.parametrize(
    ("reviews", "met"),
    [
        ((), False),
        ((approved(),), True),
        ((approved(None),), True),
        ((approved(READER, write=False),), False),
        ((approved(DEV),), False),
        ((approved(evolve(DEV, login="renamed")),), False),
        ((approved(state="COMMENTED"),), False),
        ((approved(state="DISMISSED"),), False),
        ((approved(sha="c" * 40),), True),
    ],
)
def test_only_approvals_of_others_who_can_write_count(reviews: tuple[Review, ...], met: bool) -> None:
    assert kinds(ask(reviewed(), reviews=reviews)) == ([] if met else [RelaxKind.REVIEWS])


def test_too_few_approvals_say_so_and_may_still_come() -> None:
    (found,) = ask(reviewed(required_approving_review_count=2), reviews=(approved(),))
    assert found.waits
    assert (found.found, found.expected) == ("1 approval", "2 approvals by reviewers with write access")
    assert found.fix


def test_stale_approvals_do_not_count_where_they_are_dismissed() -> None:
    p = reviewed(dismiss_stale_reviews=True)
    (found,) = ask(p, reviews=(approved(sha="c" * 40),))
    assert found.found == "0 approvals and 1 of an older commit"
    assert ask(p, reviews=(approved(sha="c" * 40),), review_decision="APPROVED") == (), "GitHub kept it"


def test_githubs_own_decision_outweighs_the_count() -> None:
    assert ask(reviewed(), review_decision="APPROVED") == ()
    (found,) = ask(reviewed(), review_decision="REVIEW_REQUIRED", reviews=(approved(),))
    assert found.kind is RelaxKind.REVIEWS
    assert "GitHub still says" in found.found


def test_a_reviewers_no_cannot_be_waived() -> None:
    (found,) = ask(reviewed(), reviews=(approved(), approved(READER, state="CHANGES_REQUESTED")))
    assert (found.kind, found.waits) == (None, True)
    assert "octo-r" in found.found
    (found,) = ask(reviewed(), reviews=(approved(),), review_decision="CHANGES_REQUESTED")
    assert found.kind is None
    assert ask(reviewed(), reviews=(approved(), approved(READER, write=False, state="CHANGES_REQUESTED"))) == ()


def test_code_owners_count_as_asked_unless_known_otherwise() -> None:
    p = reviewed(require_code_owner_reviews=True)
    assert kinds(ask(p)) == [RelaxKind.REVIEWS, RelaxKind.CODE_OWNER_REVIEWS]
    assert kinds(ask(p, reviews=(approved(),))) == [RelaxKind.CODE_OWNER_REVIEWS]
    assert kinds(ask(p, reviews=(approved(),), review_decision="REVIEW_REQUIRED")) == [RelaxKind.CODE_OWNER_REVIEWS]
    assert kinds(ask(p, owned=False)) == [RelaxKind.REVIEWS]
    assert ask(p, review_decision="APPROVED") == ()


@pytest.mark.parametrize(
    ("review", "met"),
    [(approved(), True), (approved(sha="c" * 40), False), (approved(READER), False), (None, False)],
)
def test_the_last_push_is_approved_by_somebody_else_at_the_head(review: Review | None, met: bool) -> None:
    commits = (Commit(sha=HEAD, author=DEV, committer=READER),)
    found = ask(
        reviewed(require_last_push_approval=True, required_approving_review_count=0),
        reviews=() if review is None else (review,),
        commits=commits,
        review_decision="APPROVED",
    )
    assert kinds(found) == ([] if met else [RelaxKind.LAST_PUSH_APPROVAL])


def test_the_last_push_counts_as_unapproved_where_github_still_asks_for_a_review() -> None:
    """The approver may have pushed what somebody else committed, and then his approval is not one."""
    p, commits = reviewed(require_last_push_approval=True), (Commit(sha=HEAD, author=DEV, committer=DEV),)
    found = ask(p, reviews=(approved(),), commits=commits, review_decision="REVIEW_REQUIRED")
    assert kinds(found) == [RelaxKind.LAST_PUSH_APPROVAL]


def test_the_last_push_counts_as_unapproved_where_its_maker_is_unknown() -> None:
    p = reviewed(require_last_push_approval=True)
    assert kinds(ask(p, reviews=(approved(),))) == [RelaxKind.LAST_PUSH_APPROVAL]


def required(*checks: tuple[str, int], strict: bool = False) -> Protection:
    return read(state(required_status_checks={"strict": strict, "checks": set(checks)}))


def result(state: str, *, app: int | None = 5, name: str = "test") -> CheckResult:
    return CheckResult(name=name, state=state, app_id=app)


@pytest.mark.parametrize(
    ("results", "waits", "running", "words"),
    [
        ((), True, False, "has not reported"),
        ((result("success", name="other"),), True, False, "has not reported"),
        ((result("success", app=6),), True, False, "has not reported"),
        ((result("success", app=None),), True, False, "has not reported"),
        ((result("queued"),), True, True, "queued"),
        ((result("in_progress"), result("success")), True, True, "in_progress"),
        ((result("failure"),), False, False, "failure"),
        ((result("failure"), result("in_progress")), False, False, "failure"),
        ((result("stale"),), False, False, "stale"),
        ((result("something_new"),), False, False, "something_new"),
    ],
)
def test_required_checks_missing_running_failed(
    results: tuple[CheckResult, ...], waits: bool, running: bool, words: str
) -> None:
    (found,) = ask(required(("test", 5)), checks=results)
    assert (found.kind, found.name, found.waits, found.running) == (RelaxKind.CHECKS, "test (app 5)", waits, running)
    assert words in found.found


@pytest.mark.parametrize("green", ["success", "neutral", "skipped"])
def test_a_green_check_of_the_right_app_meets_it(green: str) -> None:
    assert ask(required(("test", 5)), checks=(result(green), result("failure", app=6))) == ()
    assert ask(required(("test", -1)), checks=(result(green, app=None),)) == ()
    assert kinds(ask(required(("test", -1)), checks=(result(green), result("failure", app=6)))) == [RelaxKind.CHECKS]


def test_each_unmet_check_is_a_blocker_of_its_own() -> None:
    found = ask(required(("a", -1), ("b", -1), ("c", -1)), checks=(result("success", name="b"),))
    assert [b.name for b in found] == ["a", "c"]


def test_a_list_that_was_cut_short_says_so() -> None:
    assert "cut short" in ask(required(("test", 5)), checks_complete=False)[0].found
    assert "cut short" in ask(reviewed(), reviews_complete=False)[0].found


def test_strict_asks_for_the_tip_of_the_base() -> None:
    green = {"checks": (result("success"),)}
    behind = {**green, "merge_base": "c" * 40}
    assert kinds(ask(required(("test", 5), strict=True), **behind)) == [RelaxKind.STRICT]
    assert kinds(ask(required(("test", 5), strict=True), **green, merge_state="BEHIND")) == [RelaxKind.STRICT]
    assert ask(required(("test", 5)), **behind) == ()
    assert ask(required(("test", 5), strict=True), **green) == ()
    assert ask(required(strict=True), **behind) == ()
    assert kinds(ask(required(strict=True), **behind, merge_state="BEHIND")) == [RelaxKind.STRICT]


@pytest.mark.parametrize(
    ("listed", "viewer", "teams", "met"),
    [
        ({"users": {"bascule-bot"}}, USER, {}, True),
        ({"users": {"bascule-bot"}}, evolve(USER, login="renamed"), {}, True),
        ({"users": {"octo-dev"}}, USER, {}, False),
        ({}, USER, {}, False),
        ({}, evolve(USER, admin=True), {}, False),
        ({"apps": {"bascule-app"}}, APP, {}, True),
        ({"apps": {"bascule-app"}}, evolve(APP, app_slug=None), {}, False),
        ({"apps": {"ci-app"}}, APP, {}, False),
        ({"teams": {"sre"}}, USER, {"@octo-org/sre": (100,)}, True),
        ({"teams": {"sre"}}, USER, {"@octo-org/platform": (100,)}, False),
        ({"teams": {"sre"}}, USER, {}, False),
        ({"teams": {"sre"}}, APP, {"@octo-org/sre": (9001,)}, False),
    ],
)
def test_restrictions_bind_who_is_not_listed(listed: Any, viewer: Viewer, teams: Any, met: bool) -> None:
    p = read(state(restrictions={**nobody(), **listed}))
    assert kinds(ask(p, viewer=viewer, teams=teams)) == ([] if met else [RelaxKind.RESTRICTIONS])


def test_signatures_depend_on_the_method() -> None:
    p = read(state(required_signatures=True))
    unsigned = (Commit(sha=HEAD, author=DEV, committer=DEV),)
    signed = (evolve(unsigned[0], verified=True),)
    assert ask(p, method="squash", commits=unsigned) == ()
    assert kinds(ask(p, method="rebase", commits=signed)) == [RelaxKind.SIGNATURES]
    assert kinds(ask(p, method="merge", commits=unsigned)) == [RelaxKind.SIGNATURES]
    assert ask(p, method="merge", commits=signed) == ()
    assert kinds(ask(p, method="merge", commits=signed, commits_complete=False)) == [RelaxKind.SIGNATURES]


def test_linear_history_refuses_only_merge_commits() -> None:
    p = read(state(required_linear_history=True))
    assert kinds(ask(p, method="merge")) == [RelaxKind.LINEAR_HISTORY]
    assert ask(p, method="squash") == ask(p, method="rebase") == ()


def test_conversations_lock_and_deployments() -> None:
    p = read(state(required_conversation_resolution=True))
    assert [(b.kind, b.waits) for b in ask(p, unresolved_threads=1)] == [(RelaxKind.CONVERSATIONS, True)]
    assert kinds(ask(p, threads_complete=False)) == [RelaxKind.CONVERSATIONS]
    assert ask(p) == ()
    assert [(b.kind, b.waits) for b in ask(read(state(lock_branch=True)))] == [(RelaxKind.LOCK, False)]
    hidden = Hidden(rule_id="B", pattern="main", requires_deployments=True, deployment_environments=("prod",))
    (found,) = ask(evolve(OPEN, hidden=hidden))
    assert (found.kind, found.waits) == (RelaxKind.DEPLOYMENTS, True)
    assert "prod" in found.expected
    assert ask(evolve(OPEN, hidden=hidden), merge_state="CLEAN") == ()


@pytest.mark.parametrize("name", ["allow_force_pushes", "allow_deletions", "block_creations", "allow_fork_syncing"])
def test_switches_that_do_not_concern_a_merge(name: str) -> None:
    assert ask(read(state(**{name: FLAGS[name]})), method="merge") == ()


def test_what_only_github_sees_blocks_too() -> None:
    for p in (OPEN, canonical(None, branch="main")):
        for said in ("BLOCKED", "BEHIND"):  # a ruleset asks for an up-to-date head as well
            (found,) = ask(p, merge_state=said)
            assert (found.kind, found.waits) == (None, True)
            assert said.lower() in found.found
    assert kinds(ask(reviewed(), merge_state="BLOCKED")) == [RelaxKind.REVIEWS]


@pytest.mark.parametrize(
    ("rules", "method", "about", "expected"),
    [
        (("PULL_REQUEST",), "squash", {"merge_state": "CLEAN"}, []),
        (("PULL_REQUEST",), "squash", {"merge_state": "BLOCKED"}, [RelaxKind.RULESET_BYPASS]),
        (("PULL_REQUEST",), "squash", {"merge_state": "UNKNOWN"}, [RelaxKind.RULESET_BYPASS]),
        (("UNREADABLE",), "squash", {"merge_state": "BEHIND"}, [RelaxKind.RULESET_BYPASS]),
        (("DELETION", "NON_FAST_FORWARD", "CREATION"), "merge", {"merge_state": "UNKNOWN"}, []),
        (("REQUIRED_LINEAR_HISTORY", "REQUIRED_SIGNATURES"), "squash", {"merge_state": "UNKNOWN"}, []),
        (("REQUIRED_LINEAR_HISTORY",), "merge", {"merge_state": "UNKNOWN"}, [RelaxKind.RULESET_BYPASS]),
        (("REQUIRED_SIGNATURES",), "rebase", {"merge_state": "UNKNOWN"}, [RelaxKind.RULESET_BYPASS]),
        (("MERGE_QUEUE",), "squash", {"merge_state": "CLEAN"}, [None]),
    ],
)
def test_what_rulesets_ask_counts_as_unmet_unless_github_calls_it_clear(
    rules: tuple[str, ...], method: str, about: dict[str, Any], expected: list[RelaxKind | None]
) -> None:
    for p in (OPEN, canonical(None, branch="main")):
        assert kinds(ask(p, rules=rules, method=method, **about)) == expected


def test_a_ruleset_behind_another_blocker_is_not_lost_from_sight() -> None:
    """A token that bypasses rulesets would override them together with the review that the pack waives."""
    found = ask(reviewed(), rules=("REQUIRED_STATUS_CHECKS",), merge_state="BLOCKED")
    assert kinds(found) == [RelaxKind.REVIEWS, RelaxKind.RULESET_BYPASS]
    assert "required_status_checks" in found[1].found
    assert kinds(ask(reviewed(), rules=("DELETION",), merge_state="BLOCKED")) == [RelaxKind.REVIEWS]


def test_every_blocker_says_what_was_found_what_was_expected_and_what_to_do() -> None:
    p = read({**state(required_pull_request_reviews=review_group(require_code_owner_reviews=True)),
              "required_status_checks": {"strict": True, "checks": {("a", -1)}}, "restrictions": nobody(),
              **dict.fromkeys(("required_signatures", "required_linear_history", "lock_branch"), True)})  # fmt: skip
    found = ask(p, method="merge", draft=True, mergeable="CONFLICTING", merge_base="c" * 40, commits_complete=False)
    assert len(found) == 10
    for blocker in found:
        assert blocker.found
        assert blocker.expected
        assert blocker.fix
        assert blocker.branch == "main"
    assert len({(b.kind, b.name) for b in found}) == len(found)
