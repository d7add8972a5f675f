"""What replay says."""

from __future__ import annotations

from collections.abc import Sequence

from bascule.messages.wording import code, count, listed, phrases, short, shown
from bascule.types import Check, Status

# -- which repository ------------------------------------------------------------------------------------------------

GIVE_A_REPOSITORY = "give the path of a clone, of a folder in one, or of a bare repository: bascule replay PATH"
NOT_A_REPOSITORY = "there is no git repository here or above"
NO_COMMITS = "this repository has no commit yet, so there is no history to replay"
COMMIT_FIRST = "commit something first, or fetch a branch and name it with --branch"


def not_a_folder(exists: bool) -> str:
    """Say that a path cannot be a repository."""
    return "this is a file; expected a folder" if exists else "there is no such folder"


def head_is_unborn(branch: str) -> str:
    """Say that HEAD names a branch that does not exist, as in a bare clone of a renamed branch."""
    return f"HEAD points to the branch {code(branch)}, which has no commit"


def no_branch(branch: str) -> str:
    """Say that ``--branch`` names nothing."""
    return f"there is no branch, tag or commit {code(branch)}"


def choose_branch(branches: Sequence[str]) -> str:
    """Return what to type instead."""
    if not branches:
        return "this repository has no branches"
    return f"choose one with --branch: {listed(branches, limit=8)}"


# -- which packs -----------------------------------------------------------------------------------------------------

GIVE_PACKS = "give a folder with rulepacks (NAME.yml), or one that holds rulepack/ or .github/rulepack/"
NO_PACKS_THERE = "there is no rulepack in this folder"
HAVE_THEM = "check the branch out once, so that git fetches it, or judge with other packs: --rulepack DIR"
MEND = "mend what is listed below"
MEND_OR_TRY = "mend what is listed below on the branch, or judge with other packs: --rulepack DIR"


def broken_packs(branch: str) -> str:
    """Say that packs cannot be used; ``branch`` is empty for those of a directory."""
    return f"the rulepacks of {code(branch)} are not usable" if branch else "the rulepacks are not usable"


def missing_packs(paths: Sequence[str]) -> str:
    """Say that a clone has packs only by name."""
    return f"this clone lacks the content of {listed(paths)}, and replay uses no network"


def same_name(name: str, other: str) -> str:
    """Say that reports could not tell two packs apart."""
    return f"there is a second rulepack called {code(name)}: {code(other)}"


# -- what stands in the way ------------------------------------------------------------------------------------------

_LABELS = {
    "rulepack": "files that no rulepack claims",
    "files": "files that the policy does not allow",
    "protected_files": "workflows, owners or rulepacks touched",
    "size": "too large",
    "title": "title",
    "branch": "another base branch",
}


def label(check: Check) -> str:
    """Return the words under which the replay counts ``check``: few enough to be a row of a table."""
    if check.rule == "rulepack" and not check.paths:
        return "rulepacks that contradict each other"
    if check.status is Status.WAIT:
        return f"needs a tool ({check.id or check.rule})"
    if check.id:
        return f"{check.id} ({check.rule})"
    return _LABELS.get(check.rule, check.rule)


def no_rules_yet(scenario: str, where: str) -> Check:
    """Say that a packaged default has looked at nothing but paths and size."""
    return Check(
        rule=f"{scenario}/rules",
        status=Status.WAIT,
        found=f"the scenario {code(scenario)} has no rules in this version; its default only observes",
        expected="rules or a rehearsal that look at what the change does",
        fix="judge by a pack of your own (--rulepack DIR), or wait for a version that has rules",
        where=where,
    )


def change_title(sha: str, title: str) -> str:
    """Return how a change is called at the head of its verdict."""
    return f"{short(sha)} {code(title)}"


# -- one change ------------------------------------------------------------------------------------------------------

SHOW_ONE = "give the id of a commit on this branch, as the report or `git log --first-parent` shows it"
DEEPEN = "fetch more of the history first: git fetch --deepen=500"
SHOW_OR_DIFF = "show one change under one policy; for the other: --rulepack DIR --show SHA"


def no_commit(sha: str) -> str:
    """Say that ``--show`` names nothing."""
    return f"there is no commit {code(sha)}, or more than one that starts so"


def not_on_branch(sha: str, branch: str) -> str:
    """Say that a commit never landed on the branch."""
    where = f"the branch {code(branch)}" if branch else "what is checked out"
    return f"{code(sha)} is neither on {where} nor in a merge on it"


def at_the_boundary(sha: str) -> str:
    """Say that a shallow clone cannot tell what a commit changed."""
    return f"what {code(sha)} changed is not known: this shallow clone ends there"


# -- the report ------------------------------------------------------------------------------------------------------

COLUMNS = ("SCENARIO", "CHANGES", "ALLOWED", "BLOCKED", "NEEDS TOOL", "REVERTED*")
NO_SCENARIO = "(no scenario)"
NONE = "–"
NOTHING_FITS = "No rulepack in this repository, and no installed scenario fits its files."
NOTHING_REVERTED = "* allowed, later reverted: none found"
SHOWN = {"message": "it says so", "inverse": "exact inverse"}
OUTCOME = {"allowed": "allowed", "blocked": "blocked", "needs_tool": "needs a tool", "unbound": "no scenario"}


def heading(name: str, branch: str, changes: int, last: bool, first_day: str, last_day: str, seconds: float) -> str:
    """Return the first line; a span of one day is written once."""
    which = f"last {count(changes, 'change')}" if last else f"all {count(changes, 'change')}"
    span = first_day if first_day == last_day else f"{first_day} – {last_day}"
    where = f"{shown(name)} {shown(branch)}" if branch else f"{shown(name)}, detached HEAD"
    return f"{where} · {which} ({span}) · {seconds:.1f} s · offline"


def judged_by(origin: str, place: str, names: Sequence[str]) -> str:
    """Say which packs judged."""
    packs = listed(names, limit=12)
    if origin == "repository":
        return f"Judged by the rulepacks of the branch, {shown(place)}: {packs}"
    if origin == "directory":
        return f"Judged by the rulepacks in {shown(place)}: {packs}"
    return f"No rulepack in this repository; judged by packaged defaults that fit its files: {packs}"


def compared_with(place: str, names: Sequence[str]) -> str:
    """Say which packs they are compared with."""
    return f"Compared with the rulepacks in {shown(place)}: {listed(names, limit=12)}"


def allowed(number: int, changes: int) -> str:
    """Return the share that would have passed on its content."""
    percent = 100 * number / changes if changes else 0.0
    share = f" ({percent:.1f} %)" if 0 < percent < 10 else f" ({percent:.0f} %)"
    return f"Allowed by content: {number:,} of {changes:,}{share}"


def several_rows(number: int) -> str:
    """Say that rows overlap."""
    have = "is bound by several scenarios and stands" if number == 1 else "are bound by several scenarios and stand"
    return f"{count(number, 'change')} {have} in each of their rows; all of its packs must allow it."


def without_rules(scenarios: Sequence[str]) -> str:
    """Say that a scenario's figures rest on paths and size alone."""
    return f"Judged by paths and size alone, because their packs state no rules: {listed(scenarios, limit=8)}"


def unready(scenarios: Sequence[str]) -> str:
    """Say why nothing of a scenario is called allowed."""
    have = "has" if len(scenarios) == 1 else "have"
    return (
        f"NEEDS TOOL: nothing blocks these, but paths and size alone do not make a change safe, and "
        f"{listed(scenarios, limit=8)} {have} no rules in this version. Their packaged defaults only observe."
    )


def top(title: str, counts: Sequence[tuple[str, int]], *, limit: int, names: bool) -> str:
    """Return ``Title: one 17 · two 9``; ``names`` are from outside and set as code."""
    parts = [f"{code(name) if names else name} {number:,}" for name, number in counts[:limit]]
    rest = len(counts) - limit
    return f"{title}: {' · '.join(parts)}{f' (+{rest})' if rest > 0 else ''}"


def was_reverted(sha: str, title: str, after: str, by: str, how: str, *, part: bool) -> str:
    """Return one line of the list of what was allowed and later reverted."""
    much = "reverted in part" if part else "reverted"
    return f"{short(sha)} {code(title, limit=60)} {much} after {after} by {short(by)} ({SHOWN[how]})"


def reinstated(number: int) -> str:
    """Say that some reverts were reverted, so that the change stands."""
    were = "was reverted and came back when that was reverted" if number == 1 else "were reverted and came back"
    return f"{count(number, 'more allowed change')} {were}: not counted."


def unknowable(uncounted: int, *, branch: bool, skipped: int) -> str:
    """Say what was not judged because git, or this clone, does not know it."""
    parts = ["checks, reviews, labels, the author's account, forks, the time of merging, commits of a squash"]
    if uncounted:
        parts.append(f"the lines of {count(uncounted, 'change')} (this clone lacks file contents)")
    if not branch:
        parts.append("the base branch (detached HEAD: name it with --branch)")
    text = f"Not knowable from git, and not judged: {', '.join(parts)}."
    if skipped:
        text += " This clone is shallow: what came before is not there (git fetch --unshallow)."
    return text


def broken_plugin(name: str, reason: str) -> str:
    """Say that an installed plugin took no part."""
    return f"The plugin {code(name)} is installed but was not used: {reason}. See: bascule plugins list"


def differs(sha: str, title: str, before: str, after: str, why: Sequence[str]) -> str:
    """Return one line of a comparison."""
    because = f": {phrases(why, limit=2)}" if why else ""
    return f"{short(sha)} {code(title, limit=60)} {OUTCOME[before]} → {OUTCOME[after]}{because}"


def differences(number: int, changes: int) -> str:
    """Return the heading of a comparison."""
    if not number:
        return f"Both policies say the same of all {count(changes, 'change')}."
    return f"{count(number, 'change')} judged otherwise:"


def more(number: int) -> str:
    """Say that a list was cut."""
    return f"+ {number:,} more: --json has them all"


def age(seconds: int) -> str:
    """Return how long after, in the largest unit that gives at least 2 (or minutes)."""
    for size, unit in ((86_400, "d"), (3_600, "h")):
        if seconds >= 2 * size:
            return f"{seconds // size:,} {unit}"
    return f"{seconds // 60} min" if seconds >= 60 else "less than a minute"


def next_steps(path: str, sha: str, *, own: bool) -> tuple[str, ...]:
    """Return what to run next, a command a line; ``sha`` is a change worth a look, empty for none.

    ``own``: the packs were written for this repository.
    """
    run = f"bascule replay {shown(path, limit=4096)}"
    look = (f"Look at one:      {run} --show {short(sha)}",) if sha else ()
    if own:
        return *look, f"Try other packs:  {run} --rulepack DIR", f"Compare:          {run} --diff DIR"
    return *look, f"Your own policy:  write NAME.yml into a folder DIR, then: {run} --rulepack DIR"
