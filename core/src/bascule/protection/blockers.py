"""What a branch's protection still asks for one change: not a gate, which judges what the pack asks.

Where the facts do not settle whether a requirement is met, it counts as unmet: a blocker too many waits or needs the
pack's consent, a blocker too few would be overridden unseen (DESIGN, invariants 6 and 8). Viewer-independent, except
for who may push.
"""

from __future__ import annotations

from collections.abc import Iterator

from bascule.protection import texts
from bascule.protection.fields import CODE_OWNERS, COUNT, LAST_PUSH, value
from bascule.protection.model import ANY_APP, Actors, Protection, RequiredCheck
from bascule.types import Actor, Blocker, Change, CheckResult, Review, Viewer

_GREEN = frozenset({"success", "neutral", "skipped"})
_RUNNING = frozenset({"queued", "in_progress", "pending", "waiting", "requested"})
_MERGEABLE_NOW = frozenset({"CLEAN", "HAS_HOOKS", "UNSTABLE"})
_HELD_UP = frozenset({"BLOCKED", "BEHIND"})
MERGE_QUEUE = "MERGE_QUEUE"
_NO_MERGE_RULES = frozenset({"CREATION", "DELETION", "NON_FAST_FORWARD"})
"""Rules of rulesets that ask nothing of a merge."""


def blockers(
    p: Protection,
    change: Change,
    viewer: Viewer,
    *,
    method: str,
    code_owned: bool | None = None,
    rules: tuple[str, ...] = (),
) -> tuple[Blocker, ...]:
    """Return the requirements of the branch that ``change`` does not meet yet, in a fixed order.

    Args:
        p: protection of the change's base branch.
        change: as read from GitHub; one from local history alone knows no reviews or checks, so all of them are unmet.
        viewer: who would merge.
        method: ``merge``, ``squash`` or ``rebase``; signatures and linear history depend on it.
        code_owned: whether CODEOWNERS on the base branch names an owner for any changed path. False: that requirement
            asks nothing of this change. None: not known, so it counts as asked.
        rules: types of the rules that active rulesets put on the base branch, as GraphQL names them, and
            :data:`MERGE_QUEUE` where it has one. Their parameters and who may bypass them are not modelled, so whether
            the change meets them is GitHub's to say.
    """
    return tuple(_ask(p, change, viewer, method, code_owned, rules))


def queued(change: Change, rules: tuple[str, ...]) -> tuple[Blocker, ...]:
    """Return the blocker of a merge queue, which a direct merge would pass by; none where there is no queue."""
    return (texts.merge_queue(change.base_ref),) if MERGE_QUEUE in rules else ()


def _ask(
    p: Protection, change: Change, viewer: Viewer, method: str, code_owned: bool | None, rules: tuple[str, ...]
) -> Iterator[Blocker]:
    found = [*_change_itself(change), *queued(change, rules)]
    if p.protected:
        found += _reviews(p, change, code_owned)
        found += _checks(p, change)
        found += _branch(p, change, viewer, method)
    yield from found
    asking = sorted({rule for rule in rules if rule != MERGE_QUEUE and not _asks_nothing(rule, method)})
    # Beside another blocker GitHub's word does not tell whether the ruleset is met: a token that bypasses it would
    # override it unseen.
    if asking and (found or change.merge_state not in _MERGEABLE_NOW):
        yield texts.rulesets(change.base_ref, asking)
    elif not found and change.merge_state in _HELD_UP:
        yield texts.blocked_by_something(change.base_ref, change.merge_state)


def _asks_nothing(rule: str, method: str) -> bool:
    """Return whether a ruleset's rule is met by this merge, whatever its parameters are."""
    if rule == "REQUIRED_LINEAR_HISTORY":
        return method != "merge"
    if rule == "REQUIRED_SIGNATURES":
        return method == "squash"
    return rule in _NO_MERGE_RULES


def _change_itself(change: Change) -> Iterator[Blocker]:
    if change.draft:
        yield texts.draft(change.base_ref)
    if change.mergeable == "CONFLICTING":
        yield texts.conflict(change.base_ref)


def _reviews(p: Protection, change: Change, code_owned: bool | None) -> Iterator[Blocker]:
    group = p.required_pull_request_reviews
    if group is None:
        return
    branch, decision = p.branch, change.review_decision
    objecting = [_login(r.author) for r in change.reviews if r.state == "CHANGES_REQUESTED" and r.can_write]
    if objecting or decision == "CHANGES_REQUESTED":
        yield texts.changes_requested(branch, sorted(objecting))
    approvals = [r for r in change.reviews if _counts(r, change)]
    stale = [r for r in approvals if group.dismiss_stale_reviews and r.commit_sha != change.head_sha]
    fresh, needed = len(approvals) - len(stale), value(p, COUNT)
    owners = bool(value(p, CODE_OWNERS)) and code_owned is not False
    # GitHub's own word is believed where it says yes: it knows which approvals it dismissed and who owns what.
    short = decision != "APPROVED" and fresh < needed
    unapproved = bool(value(p, LAST_PUSH)) and (
        # Who pushed is not who committed: the one approval may be the pusher's own. GitHub knows, and says no.
        decision == "REVIEW_REQUIRED" or not any(_approves_last_push(r, change) for r in approvals)
    )
    refused = decision == "REVIEW_REQUIRED" and not (owners or unapproved)
    if short or refused:
        yield texts.reviews(branch, fresh, len(stale), needed, complete=change.reviews_complete)
    if owners and decision != "APPROVED":
        yield texts.code_owners(branch, fresh)
    if unapproved:
        yield texts.last_push(branch, change.head_sha)


def _counts(review: Review, change: Change) -> bool:
    return review.state == "APPROVED" and review.can_write and not _is(review.author, change.author)


def _approves_last_push(review: Review, change: Change) -> bool:
    """Return whether ``review`` approves the head commit and is not by who made it; GitHub does not say who pushed."""
    head = next((c for c in change.commits if c.sha == change.head_sha), None)
    if review.commit_sha != change.head_sha or head is None:
        return False
    return not (_is(review.author, head.author) or _is(review.author, head.committer))


def _is(one: Actor | None, other: Actor | None) -> bool:
    if one is None or other is None:
        return False
    if one.id is not None and other.id is not None:
        return one.id == other.id
    return one.login.casefold() == other.login.casefold()


def _login(actor: Actor | None) -> str:
    return "a deleted account" if actor is None else actor.login


def _checks(p: Protection, change: Change) -> Iterator[Blocker]:
    group = p.required_status_checks
    if group is None:
        return
    for required in group.checks:
        states = {r.state for r in change.checks if _reports(r, required)}
        failed = sorted(states - _GREEN - _RUNNING)
        if failed:
            yield texts.check_failed(p.branch, required.title, failed)
        elif states & _RUNNING:
            yield texts.check_running(p.branch, required.title, sorted(states & _RUNNING))
        elif not states:
            yield texts.check_missing(p.branch, required.title, complete=change.checks_complete)
    # Beside no required check `strict` is said to have no effect: then only GitHub's own word counts.
    apart = bool(change.merge_base and change.merge_base != change.base_sha)
    if group.strict and (change.merge_state == "BEHIND" or (apart and group.checks)):
        yield texts.strict(p.branch, change.base_sha)


def _reports(result: CheckResult, required: RequiredCheck) -> bool:
    return result.name == required.context and required.app_id in {ANY_APP, result.app_id}


def _branch(p: Protection, change: Change, viewer: Viewer, method: str) -> Iterator[Blocker]:
    # Whether an administrator who is not listed may merge while administrators are held to the rules is not certain
    # (github-facts), so an administrator has to be listed like everybody else.
    if p.restrictions is not None and not _may_push(p.restrictions, change, viewer):
        yield texts.restrictions(p.branch, viewer.login)
    unsigned = [c.sha for c in change.commits if not c.verified]
    if p.required_signatures and method == "rebase":
        yield texts.signatures_rebase(p.branch)
    elif p.required_signatures and method == "merge" and (unsigned or not change.commits_complete):
        yield texts.signatures(p.branch, unsigned)
    if p.required_linear_history and method == "merge":
        yield texts.linear_history(p.branch)
    if p.required_conversation_resolution and (change.unresolved_threads or not change.threads_complete):
        yield texts.conversations(p.branch, change.unresolved_threads)
    if p.lock_branch:
        yield texts.lock(p.branch)
    if p.hidden is not None and p.hidden.requires_deployments and change.merge_state not in _MERGEABLE_NOW:
        yield texts.deployments(p.branch, p.hidden.deployment_environments)


def _may_push(restrictions: Actors, change: Change, viewer: Viewer) -> bool:
    if restrictions.lists(viewer):
        return True
    if viewer.type != "User" or viewer.id is None:
        return False
    slugs = {team.name.casefold() for team in restrictions.teams}
    return any(name.rpartition("/")[2].casefold() in slugs and viewer.id in ids for name, ids in change.teams.items())
