"""What a person reads about blockers, refusals and restores: found, expected, what to do next."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bascule.types import Blocker, Check, RelaxKind, Status


def rule_gone(where: str) -> str:
    """Somebody deleted the rule while the window was open."""
    return (
        f"{where}: somebody removed branch protection while it was relaxed; it was put back as it was before. "
        "Remove it again if that was meant"
    )


def lost_with_rule(where: str, names: Iterable[str]) -> str:
    """The rule came back without what REST cannot set."""
    return (
        f"{where}: the rule was deleted meanwhile, and with it {', '.join(names)}, which REST cannot set; "
        "set them by hand in the repository's settings, under Branches"
    )


def group_gone(where: str, group: str) -> str:
    """Somebody turned a group off around a field that was relaxed."""
    return (
        f"{where}: somebody turned {group} off while it was relaxed; it was put back as it was before. "
        "Turn it off again if that was meant"
    )


def group_stays_off(where: str, group: str, why: str) -> str:
    """A group cannot be turned on again."""
    return (
        f"{where}: somebody turned {group} off while it was relaxed, and it cannot be put back: {why}; "
        "turn it on by hand in the repository's settings, under Branches, as the snapshot in the journal has it"
    )


def tightening_kept(where: str, path: str, theirs: Any, base: Any) -> str:
    """Somebody made a relaxed field stricter than it was."""
    return f"{where}: somebody set {path} to {theirs} while it was relaxed; kept, as it is stricter than {base} before"


def loosening_undone(where: str, path: str, theirs: Any, base: Any) -> str:
    """Somebody made a relaxed field looser than it was."""
    return (
        f"{where}: somebody set {path} to {theirs} while it was relaxed; put back to {base} as before. "
        "Set it again if that was meant"
    )


def _blocker(
    kind: RelaxKind | None, name: str, branch: str, found: str, expected: str, fix: str, *, waits: bool = False
) -> Blocker:
    return Blocker(kind=kind, name=name, branch=branch, found=found, expected=expected, fix=fix, waits=waits)


def _n(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def draft(branch: str) -> Blocker:
    """The pull request is a draft."""
    return _blocker(
        None, "draft", branch, "the pull request is a draft", "a pull request that is ready for review",
        "mark it ready for review", waits=True,
    )  # fmt: skip


def conflict(branch: str) -> Blocker:
    """Head and base conflict."""
    return _blocker(
        None, "conflict", branch, "the change conflicts with its base", "a change that merges cleanly",
        f"merge {branch} into the head branch and resolve the conflict",
    )  # fmt: skip


def blocked_by_something(branch: str, state: str) -> Blocker:
    """GitHub says BLOCKED or BEHIND and classic protection does not say why."""
    return _blocker(
        None, "unknown requirement", branch,
        f"GitHub says that the pull request is {state.lower()}, and classic protection shows nothing unmet",
        "every requirement can be named before it is overridden",
        "look at the pull request's merge box: a ruleset or a merge queue may ask for more", waits=True,
    )  # fmt: skip


def rulesets(branch: str, rules: list[str]) -> Blocker:
    """Active rulesets ask for something, and GitHub does not say that it is met."""
    named = ", ".join(rule.lower() for rule in rules)
    return _blocker(
        RelaxKind.RULESET_BYPASS, "rulesets", branch,
        f"rulesets apply to {branch} ({named}), and GitHub does not say that they are met",
        "everything that they ask for is met", "look at the pull request's merge box, and meet what it asks for",
        waits=True,
    )  # fmt: skip


def merge_queue(branch: str) -> Blocker:
    """The branch has a merge queue, which a direct merge would pass by."""
    return _blocker(
        None, "merge queue", branch, f"{branch} has a merge queue", "a branch that is merged into directly",
        "add the pull request to the queue; Bascule passes nobody by", waits=True,
    )  # fmt: skip


def changes_requested(branch: str, logins: list[str]) -> Blocker:
    """A reviewer objects. No relaxation waives a person's no."""
    who = f"by {', '.join(logins)}" if logins else "(GitHub's review decision)"
    return _blocker(
        None, "changes requested", branch, f"changes were requested {who}", "no reviewer with write access objects",
        "answer the review; its author approves or dismisses it", waits=True,
    )  # fmt: skip


def reviews(branch: str, fresh: int, stale: int, needed: int, *, complete: bool) -> Blocker:
    """Too few approvals."""
    found = _n(fresh, "approval") + (f" and {stale} of an older commit" if stale else "")
    if fresh >= needed:
        found += ", and GitHub still says that a review is required"
    return _blocker(
        RelaxKind.REVIEWS, "reviews", branch, found + ("" if complete else " (the list was cut short)"),
        f"{_n(needed, 'approval')} by reviewers with write access", "ask for a review", waits=True,
    )  # fmt: skip


def code_owners(branch: str, fresh: int) -> Blocker:
    """Code owners may not have approved."""
    return _blocker(
        RelaxKind.CODE_OWNER_REVIEWS, "code owner reviews", branch,
        f"{_n(fresh, 'approval')}, and GitHub does not say that the code owners' are among them",
        "an approval by an owner of every owned file", "ask the owners that CODEOWNERS names for a review", waits=True,
    )  # fmt: skip


def last_push(branch: str, head_sha: str) -> Blocker:
    """Nobody but its maker approved the last push."""
    return _blocker(
        RelaxKind.LAST_PUSH_APPROVAL, "last push approval", branch,
        f"no approval of {head_sha[:12]} by somebody other than who made it",
        "the last push is approved by somebody else", "ask for a review of the newest commit", waits=True,
    )  # fmt: skip


def check_missing(branch: str, title: str, *, complete: bool) -> Blocker:
    """A required check has not reported."""
    found = f"check `{title}` has not reported" + ("" if complete else " (the list was cut short)")
    return _blocker(
        RelaxKind.CHECKS, title, branch, found, f"check `{title}` is green",
        "wait for it to start, or find out why it does not run for this change", waits=True,
    )  # fmt: skip


def check_running(branch: str, title: str, states: list[str]) -> Blocker:
    """A required check is under way."""
    return Blocker(
        kind=RelaxKind.CHECKS, name=title, branch=branch, found=f"check `{title}` is {', '.join(states)}",
        expected=f"check `{title}` is green", fix="wait for it to finish", waits=True, running=True,
    )  # fmt: skip


def check_failed(branch: str, title: str, states: list[str]) -> Blocker:
    """A required check is red."""
    return _blocker(
        RelaxKind.CHECKS, title, branch, f"check `{title}` ended as {', '.join(states)}", f"check `{title}` is green",
        "mend what it found, or run it again if it failed by chance",
    )  # fmt: skip


def strict(branch: str, base_sha: str) -> Blocker:
    """The head is behind its base."""
    return _blocker(
        RelaxKind.STRICT, "up to date", branch, f"the head does not contain the tip of {branch} ({base_sha[:12]})",
        f"a head that is up to date with {branch}", "update the branch; its checks then run again",
    )  # fmt: skip


def restrictions(branch: str, login: str) -> Blocker:
    """The merging identity may not push."""
    return _blocker(
        RelaxKind.RESTRICTIONS, "push restrictions", branch, f"{login} is not among those who may push to {branch}",
        f"{login} is listed in the push restrictions", f"list {login}, or merge with an identity that is listed",
    )  # fmt: skip


def signatures(branch: str, unsigned: list[str]) -> Blocker:
    """Commits without a verified signature."""
    shown = ", ".join(sha[:12] for sha in unsigned[:3]) + (f" + {len(unsigned) - 3} more" if len(unsigned) > 3 else "")
    return _blocker(
        RelaxKind.SIGNATURES, "signatures", branch,
        f"commits without a verified signature: {shown or 'the list was cut short'}",
        "every commit is signed", "set merge.method: squash, which GitHub signs, or sign the commits",
    )  # fmt: skip


def signatures_rebase(branch: str) -> Blocker:
    """GitHub cannot sign what it rebases."""
    return _blocker(
        RelaxKind.SIGNATURES, "signatures", branch, "merge method rebase, whose commits GitHub cannot sign",
        "every commit is signed", "set merge.method: squash or merge",
    )  # fmt: skip


def linear_history(branch: str) -> Blocker:
    """A merge commit where none may be."""
    return _blocker(
        RelaxKind.LINEAR_HISTORY, "linear history", branch, "merge method merge, which makes a merge commit",
        "no merge commits", "set merge.method: squash or rebase",
    )  # fmt: skip


def conversations(branch: str, unresolved: int) -> Blocker:
    """Open review threads."""
    found = _n(unresolved, "unresolved conversation") if unresolved else "the list of conversations was cut short"
    return _blocker(
        RelaxKind.CONVERSATIONS, "conversations", branch, found, "every conversation is resolved",
        "resolve the conversations on the pull request", waits=True,
    )  # fmt: skip


def lock(branch: str) -> Blocker:
    """The branch is read-only."""
    return _blocker(
        RelaxKind.LOCK, "lock", branch, f"{branch} is locked: nobody may push to it", "a branch that takes changes",
        "find out why it was locked; unlock it in the repository's settings, under Branches",
    )  # fmt: skip


def deployments(branch: str, environments: Iterable[str]) -> Blocker:
    """Deployments that must succeed first."""
    names = ", ".join(environments) or "environments that were not named"
    return _blocker(
        RelaxKind.DEPLOYMENTS, "deployments", branch, "GitHub does not say that the required deployments succeeded",
        f"a successful deployment to {names}", "deploy the head to them first", waits=True,
    )  # fmt: skip


def _refusal(kind: str, found: str, expected: str, fix: str) -> Check:
    return Check(rule=f"relax/{kind}", status=Status.BLOCK, found=found, expected=expected, fix=fix)


def no_relaxation(blocker: Blocker) -> Check:
    """A blocker that nothing lifts (conflict)."""
    return _refusal(blocker.name.replace(" ", "-"), blocker.found, blocker.expected, blocker.fix)


def not_allowed(blocker: Blocker, kind: RelaxKind, *, proposed: bool) -> Check:
    """The pack does not let this be waived, or it does and the scenario did not ask for it."""
    if proposed:
        expected = f"{blocker.expected}, or `relax.allow` of every pack that binds the change has `{kind.value}`"
        fix = f"{blocker.fix}; a person may allow `{kind.value}` in the pack on the base branch"
    else:
        expected = f"{blocker.expected}, or the scenario proposes to waive `{kind.value}`"
        fix = f"{blocker.fix}; `bascule plugins list` shows which scenario was asked"
    return _refusal(kind.value, blocker.found, expected, fix)


def nothing_lifts(blocker: Blocker, kind: RelaxKind, why: str) -> Check:
    """Allowed, but there is no edit that does it."""
    return _refusal(kind.value, f"{blocker.found}; {why}", blocker.expected, blocker.fix)


NO_EDIT = {
    RelaxKind.SIGNATURES: "required signatures are not relaxed: another merge method meets them",
    RelaxKind.LINEAR_HISTORY: "linear history is not relaxed: another merge method meets it",
    RelaxKind.CONVERSATIONS: "REST has no single setting for conversations",
    RelaxKind.LOCK: "a lock is not relaxed: somebody meant that nothing passes",
    RelaxKind.DEPLOYMENTS: "REST has no single setting for required deployments",
    RelaxKind.RULESET_BYPASS: "rulesets are not edited",
}
"""Why a kind has no edit of its own in classic protection."""

ORG_ONLY = "only repositories of an organization have lists of actors"
NO_SLUG = "the merging App's slug is not known, so it cannot be listed"
NO_GROUP = "the setting that asks for it is not in classic protection"


def unknown_rule(where: str) -> Check:
    """GraphQL did not say which rule covers the branch."""
    return _refusal(
        "object", f"{where}: the rule behind the branch was not read over GraphQL",
        "the rule's pattern and the settings that REST does not show",
        "give the token that reads Administration: read, and check that GraphQL answers",
    )  # fmt: skip


def wildcard(where: str, pattern: str) -> Check:
    """A REST write would fork the rule."""
    return _refusal(
        "object", f"{where}: the branch is covered by the wildcard rule `{pattern}`",
        "a rule for exactly this branch: a write to a wildcard's branch makes a second rule that stays",
        "give the branch a rule of its own, or list the merging identity as one who may bypass",
    )  # fmt: skip


def hidden_settings(where: str, names: Iterable[str]) -> Check:
    """Settings that a PUT might reset."""
    return _refusal(
        "object", f"{where}: {', '.join(names)} are set, which REST neither shows nor takes",
        "a rule that can be put back whole",
        "list the merging identity as one who may bypass, or merge by hand",
    )  # fmt: skip


def unknown_fields(where: str, names: Iterable[str]) -> Check:
    """Fields of the GET that this version does not know."""
    return _refusal(
        "object", f"{where}: unknown fields {', '.join(names)}",
        "a rule whose every field is known: it can be put back, and nothing in it is overridden unseen",
        "install a Bascule that knows them, or merge by hand",
    )  # fmt: skip


def not_restorable(where: str, found: Iterable[str]) -> Check:
    """The pure rehearsal failed."""
    return _refusal(
        "object", f"{where}: rehearsed, it would not come back the same: {'; '.join(found)}",
        "a rule that is the same after relax and restore", "merge by hand, and report this rule",
    )  # fmt: skip


def merger_cannot(where: str, login: str) -> Check:
    """The merger's token may not merge at all, so nothing is opened for it."""
    return _refusal(
        "merger", f"{where}: {login} has no write access to the repository",
        "a Merger that may merge", "set BASCULE_MERGER_TOKEN to a token with write access",
    )  # fmt: skip


def keeper_cannot(where: str, login: str) -> Check:
    """The keeper's token may not edit protection."""
    return _refusal(
        "keeper", f"{where}: {login} is no administrator of the repository",
        "a Keeper that may write Administration", "set BASCULE_KEEPER_TOKEN to an administrator's or an App's token",
    )  # fmt: skip
