"""Every text about rolling a merge back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bascule.messages.wording import code, count, listed, short
from bascule.types import Check, Status

LABEL = "bascule:rolled-back"
DISPUTED = "bascule:disputed"

Said = tuple[str, str]
"""What was found, and what to do about it."""


def not_merged(number: int, state: str) -> Said:
    """Only a merge can be undone."""
    return f"#{number} is {state}, not merged: there is nothing to undo", "name a merged pull request"


def not_ours(number: int, sha: str, *, read: bool) -> Check:
    """The journal does not say that Bascule merged it, or cannot be read here."""
    why = "no signed entry of the journal says" if read else "the journal cannot be read here, so nothing says"
    keys = "" if read else "give it the Keeper's token and the journal's public key, or: "
    return _block(
        "origin",
        f"#{number} landed as {short(sha)}, and {why} that Bascule merged it",
        "a merge of Bascule's, or a person who asks for it all the same",
        f"{keys}bascule rollback --anyway, typed by a person",
    )


def by_journal(run: str) -> str:
    """The journal knows the merge."""
    return f"merged by run {code(run)}, by a signed entry of the journal"


def by_person(sha: str) -> str:
    """Nobody's run; a person asked."""
    return f"{short(sha)} is no merge of Bascule's; a person asked for it all the same"


def is_rollback(number: int, undoes: str) -> Check:
    """A rollback is never rolled back by a machine."""
    return _block(
        "origin",
        f"#{number} is itself a rollback, of {code(undoes)}",
        "a merge that is none; a rollback is never rolled back by machine",
        "merge the change again in a new pull request, or let a person type: bascule rollback --undo-rollback",
    )


def already(number: int, pull: int, sha: str) -> str:
    """Twice is once."""
    return f"#{number} was rolled back already, by #{pull} as {short(sha)}: nothing to do."


def nothing_left(number: int) -> str:
    """Somebody took it out by hand."""
    return f"Nothing of #{number} is left on the branch: somebody undid it already."


def unknown_span(number: int, sha: str) -> Check:
    """The landed tree is not what the pull request's head gives on any commit before it."""
    return _block(
        "inverse",
        f"{short(sha)} does not hold what merging #{number} gives, so it cannot be told what the merge put there",
        "a landed tree that git computes from the pull request and the commit before it",
        f"a person undoes it by hand: git revert {short(sha)}",
    )


def gone(number: int, sha: str, branch: str) -> Check:
    """The branch was rewritten."""
    return _block(
        "inverse",
        f"{short(sha)}, the merge of #{number}, is not on {code(branch)} any more",
        "a branch that contains the merge",
        "nothing, if the branch was rewritten without it; else a person looks at the branch",
    )


def conflicts(paths: Sequence[str], branch: str) -> Check:
    """Git cannot merge the inverse with what came later."""
    return _block(
        "inverse",
        f"later commits on {code(branch)} changed the same lines: {listed(paths)}",
        "an inverse that git merges with what came later",
        "a person reverts it by hand and resolves these files",
        paths=tuple(paths),
    )


def overlap(paths: Sequence[str], commits: Sequence[str]) -> Check:
    """The strict option: not even the same files."""
    return _block(
        "inverse",
        f"git merges it, and later commits touched the same files: {listed(paths)} ({', '.join(commits[:5])})",
        "no later commit on files of the merge, as --strict asks",
        "look at these commits, then leave --strict out",
        paths=tuple(paths),
    )


def exact(tree: str, commits: int) -> str:
    """Nothing came later."""
    what = "the merge is" if commits == 1 else f"its {commits} commits are"
    return f"{what} still the tip: the tree before it, {code(tree[:12])}, byte for byte"


def merged(later: int, touching: Sequence[str]) -> str:
    """Later commits stay."""
    also = f"; {count(len(touching), 'of them', 'of them')} touched the same files: {', '.join(touching[:5])}"
    return f"merged in memory with {count(later, 'later commit')}, no conflict{also if touching else ''}"


def odd_path(paths: Sequence[str]) -> Check:
    """A path that JSON cannot carry."""
    return _block(
        "inverse",
        f"paths that are not UTF-8: {listed(paths)}",
        "paths that GitHub's API can name",
        "a person reverts it by hand",
        paths=tuple(paths),
    )


def protected(paths: Sequence[str]) -> Check:
    """What decides about changes is not undone by machine either."""
    return _block(
        "protected files",
        f"the merge touched {listed(paths)}",
        "none of what decides about changes: workflows, CODEOWNERS, rulepacks, Bascule's configuration",
        "a person reverts it: the Merger has no permission for workflows, and policy takes a person",
        paths=tuple(paths),
    )


def foreign_branch(branch: str, sha: str) -> Check:
    """Somebody pushed to the rollback's branch."""
    return _block(
        "branch",
        f"{code(branch)} is at {short(sha)}, which is not this rollback's commit",
        "the one commit that Bascule makes",
        "look who pushed there; delete the branch to start anew",
    )


def closed(pull: int, branch: str) -> Check:
    """A person closed the rollback's pull request."""
    return _block(
        "pull request",
        f"#{pull}, this rollback's pull request, was closed without being merged",
        "an open one: who closed it did not want the rollback",
        f"reopen #{pull}, or delete {code(branch)} and its pull request's trace by merging a revert of your own",
    )


def not_the_tree(number: int) -> Check:
    """Merging the pull request would not give the expected tree."""
    return _block(
        "inverse",
        f"merging #{number} does not give the expected tree",
        "one head and one tree, computed twice",
        "run it again: the branch moved meanwhile",
    )


def tree_ok(tree: str) -> str:
    """The pull request gives the expected tree."""
    return f"merging it gives the expected tree {code(tree[:12])}"


def checks_skipped(pack: str) -> str:
    """The pack says so."""
    return f"not waited for, as {code(pack)} says (watch.rollback.checks: skip)"


NO_PACK_CHECKS = "no rulepack asks for any; what protection requires is waited for"
CHECKS_NOT_SKIPPED = "waited for although the rulepack skips them: later commits touched the same files"


def policy_broken(why: str) -> str:
    """Without a readable policy nothing may be waived."""
    return f"the rulepacks cannot be used, so nothing may be relaxed: {why}"


def held(label: str, number: int) -> Check:
    """A person said hold."""
    return Check(
        rule="labels",
        status=Status.WAIT,
        found=f"label {code(label)}",
        expected="no such label: who says hold is obeyed",
        fix=f"remove the label from #{number} to let the rollback go on",
    )


def not_by_machine(mode: str, number: int | None, where: str | None) -> Check:
    """The policy does not let a machine roll back."""
    there = f"merge #{number}, or " if number is not None else ""
    return Check(
        rule="mode",
        status=Status.WAIT if mode == "propose" else Status.BLOCK,
        found=f"watch.rollback: {mode}, and no person asked",
        expected="watch.rollback: auto in every rulepack of the change, or a person who asks",
        fix=f"{there}type `bascule rollback`, or comment `/bascule rollback` on the pull request",
        where=where,
    )


MACHINE_ANYWAY = "only a person may ask for what the journal does not know, or for undoing a rollback"


def title(number: int, subject: str) -> str:
    """The pull request's and the commit's title."""
    return f"Roll back #{number}: {subject}"


def commit_message(number: int, subject: str, landed: Sequence[str], trailer: str) -> str:
    """The message of the one commit; the same for every attempt."""
    what = f"This undoes {', '.join(s[:12] for s in landed)}, the merge of #{number}, and nothing else."
    return f"{title(number, subject)}\n\n{what}\n\n{trailer}"


def merge_message(reason: str, trailer: str) -> str:
    """The body of the merged commit."""
    return f"{reason}\n\n{trailer}" if reason else trailer


def pull_vanished(branch: str) -> Said:
    """GitHub says that it is there, and does not show it."""
    return f"GitHub does not show {branch} or its pull request, although it has one", "run it again in a moment"


def done(number: int, sha: str, *, exact: bool, windowed: bool) -> str:
    """It is undone."""
    tree = "the tree is the one before the merge" if exact else "what came later is kept"
    back = "; protection restored and read back, identical" if windowed else ""
    return f"Rolled back #{number} as {short(sha)}; {tree}{back}."


def tree_differs(found: str, expected: str) -> str:
    """The branch has another tree than it should."""
    return f"the rollback landed with tree {found[:12]}, expected {expected[:12]}: look at the branch"


def would(number: int) -> str:
    """A rehearsal."""
    return f"Would roll back #{number}. Nothing was changed."


def waiting_for(names: Iterable[str], seconds: float) -> str:
    """Polling."""
    return f"waiting for {', '.join(names) or 'GitHub'}; asking again in {seconds:.0f} s"


def dispute_needs_reason() -> Said:
    """A dispute without a word is of no use to anybody."""
    return "a dispute needs a reason", "comment `/bascule dispute REASON`, in a few words"


def disputed(number: int, by: str) -> str:
    """It is written down."""
    return f"{by} disputes what was done about #{number}; it is in the journal, and nothing else was changed"


WAIT_NEXT = "run the same command again, or give it --wait 10m: it goes on where it is"


def github_refused(what: str, status: int, message: str) -> Said:
    """GitHub said no to a write of the rollback's."""
    return (
        f"GitHub answers {status} to {what}: {message or 'no reason given'}",
        "the Merger needs Contents, Pull requests and Issues: write; then run it again",
    )


def not_told(why: str) -> str:
    """The rollback happened and could not be reported."""
    return f"the rollback could not be reported on the pull request: {why}"


def not_noticed(why: str) -> str:
    """The webhook did not take it."""
    return f"the notice could not be delivered: {why}"


def wrong_object(what: str, found: str, expected: str) -> Said:
    """GitHub stored something else than was computed here."""
    return (
        f"GitHub stored the {what} as {found[:12]}, and here it is {expected[:12]}",
        "report it: the rollback stopped before anything was merged",
    )


def _block(rule: str, found: str, expected: str, fix: str, *, paths: tuple[str, ...] = ()) -> Check:
    return Check(rule=rule, status=Status.BLOCK, found=found, expected=expected, fix=fix, paths=paths)
