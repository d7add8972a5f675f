"""What the pipeline says between gates and window: bindings, modes, plans, outcomes."""

from __future__ import annotations

from bascule.types import Check, Mode, Status


def watching(mode: Mode) -> str:
    """What a run says that would merge but may only look on."""
    return f"Would merge; mode is {mode.value}, so nothing was done."


def watching_next(path: str) -> str:
    """How to let Bascule merge."""
    return f"a person can merge as usual; set `mode: guarded` or `mode: auto` in {path} on the base branch"


def not_asked(label: str) -> Check:
    """Guarded mode, and nobody with write access asked."""
    return Check(
        rule="mode",
        status=Status.WAIT,
        found="mode: guarded, and nobody with write access has asked",
        expected="a person with write access asks",
        fix=f"comment `/bascule merge`, set the label `{label}`, or run `bascule merge` yourself",
    )


def not_asked_at(head: str) -> Check:
    """Guarded mode, a change from a fork, and nobody asked for this very commit."""
    return Check(
        rule="mode",
        status=Status.WAIT,
        found=f"mode: guarded, a fork, and nobody with write access has asked for {head[:7]}",
        expected="a person with write access asks for this very commit, as its author can push others",
        fix=f"look at {head[:7]}, then comment `/bascule merge {head[:7]}`",
    )


def job_token(login: str) -> Check:
    """The Merger's token is the Actions job's own."""
    return Check(
        rule="identity",
        status=Status.BLOCK,
        found=f"the Merger's token is {login}'s: the Actions job's own",
        expected="a token of its own: what the job's token merges starts no workflow and no deployment",
        fix="set BASCULE_MERGER_TOKEN to the token of a bot account or an App",
    )


def protection_unreadable(why: str, merge_state: str) -> Check:
    """Protection cannot be read, and GitHub does not say that the pull request is clear to merge either."""
    return Check(
        rule="protection",
        status=Status.BLOCK,
        found=f"branch protection cannot be read ({why}) and GitHub calls the pull request {merge_state}",
        expected="protection that can be read, or a pull request that GitHub calls CLEAN",
        fix="set BASCULE_KEEPER_TOKEN to a token with Administration: read, or meet what the branch requires",
    )


def method_refused(method: str, allowed: tuple[str, ...], where: str | None) -> Check:
    """The pack asks for a merge method that the repository does not allow."""
    return Check(
        rule="method",
        status=Status.BLOCK,
        found=f"merge.method: {method}",
        expected=f"one that the repository allows: {', '.join(allowed) or 'none is allowed'}",
        fix="change merge.method in the rulepack, or the repository's settings",
        where=where,
    )


def two_methods(sources: tuple[str, ...]) -> Check:
    """Several scenarios want to say how to merge."""
    return Check(
        rule="method",
        status=Status.BLOCK,
        found=f"merge plans from {' and '.join(sources)}",
        expected="one merge plan",
        fix="split the pull request, so that one scenario decides how it is merged",
    )


NO_PACKS = "No rulepack on the base branch: nothing to do."
NO_PACKS_NEXT = "add .github/rulepack/NAME.yml on the base branch; try one first: bascule replay . --rulepack DIR"
NOT_OURS = "No rulepack claims any of the changed files: nothing to do."
NOT_OURS_NEXT = "a person can merge as usual; a rulepack's match.files decides what Bascule looks at"
ALREADY_MERGED = "Already merged as {sha}: nothing to do."
MERGED = "Merged as {sha}."
MERGED_RESTORED = "Merged as {sha}; protection restored and read back, identical."
CLOSED_FIX = "reopen the pull request, or leave it"
ASKING_LABEL = "auto-relax-merge"
NO_KEY = "protection has to be relaxed, and there is no key to sign the journal with"
NO_KEY_TO_RECORD = "there is no key to sign the journal with, so this cannot be recorded"
NO_KEY_FIX = "make one with `bascule keygen` and put it into BASCULE_JOURNAL_KEY"


def not_journalled(why: str) -> str:
    """A run that did nothing could not be written down."""
    return f"this run's outcome could not be written to the journal: {why}"


def not_reported(why: str) -> str:
    """The comment or the check could not be written."""
    return f"the report could not be written on the pull request: {why}"


def may_not_ask(login: str, permission: str) -> str:
    """Somebody without write access used a command."""
    return f"{login} has {permission} access; commands need write access"


def held(number: int, label: str) -> str:
    """A hold was put on."""
    return f"#{number} is held: remove the label `{label}` to let it go on"


OTHER_KEY_FIX = "give this process the key that the file names, or correct `journal.key` on the base branch"


def other_key(named: str, known: list[str]) -> str:
    """The repository expects another journal key than this process has."""
    return f"the journal's key is {named}, and this process knows {', '.join(known)}"


OTHER_JOURNAL_FIX = "name one journal: in .github/bascule.yml on the default branch, and nowhere else"


def other_journal(other: str, here: str) -> str:
    """The base branch or the environment names another journal than the default branch."""
    return f"the journal of this repository is in {here} by its default branch, and {other} is named as well"
