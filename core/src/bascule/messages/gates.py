"""What the core's gates say: one function per finding, each with what was found, what was expected, what to do next."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from attrs import frozen

from bascule.messages.wording import code, count, listed, short


@frozen
class Say:
    """The three sentences of a failing check. ``fix`` is never empty: a reader must know what to do next."""

    found: str
    expected: str
    fix: str


# -- state, draft, branch, conflicts ---------------------------------------------------------------------------------


def merged(sha: str) -> Say:
    """Say that the pull request has landed already."""
    landed = f"already merged as {code(short(sha))}" if sha else "already merged"
    return Say(landed, "an open pull request", "nothing to do: it has landed")


def closed(number: int) -> Say:
    """Say that the pull request was closed without a merge."""
    return Say(
        "closed without being merged",
        "an open pull request",
        f"reopen it if it is still wanted: `gh pr reopen {number}`",
    )


def archived() -> Say:
    """Say that the repository is read-only."""
    return Say(
        "the repository is archived, so GitHub refuses every write",
        "a repository that can be written to",
        "unarchive the repository, or close the pull request",
    )


def odd_state(state: str) -> Say:
    """Say that GitHub reported a state that is not known here."""
    return Say(
        f"state {code(state)}", "open, closed or merged", "report this: Bascule does not know the state, so it blocks"
    )


def draft(number: int) -> Say:
    """Say that the author does not call it ready."""
    return Say("still a draft", "ready for review", f"when it is ready, its author runs `gh pr ready {number}`")


def branch(base: str, wanted: Sequence[str]) -> Say:
    """Say that the pack is not for this base branch."""
    return Say(
        f"base branch {code(base)}",
        f"one of {listed(wanted)}",
        f"retarget the pull request, or add {code(base)} to match.branches",
    )


def conflicting(base: str, number: int) -> Say:
    """Say that git cannot merge it."""
    return Say(
        f"conflicts with {code(base)}",
        "merges cleanly",
        f"its author rebases or merges {code(base)} into it (`gh pr checkout {number}`)",
    )


def merge_unknown() -> Say:
    """Say that GitHub has not computed yet whether it merges."""
    return Say(
        "GitHub is still working out whether it merges cleanly",
        "merges cleanly",
        "wait a few seconds and ask again",
    )


def merge_odd(word: str) -> Say:
    """Say that GitHub's answer is not known here."""
    return Say(f"mergeable is {code(word)}", "MERGEABLE", "report this: Bascule does not know the word, so it blocks")


# -- files, protected files, size ------------------------------------------------------------------------------------


def files_incomplete(seen: int, note: str) -> Say:
    """Say that the file list cannot be believed."""
    why = f": {note}" if note else ""
    return Say(
        f"the list of changed files is not complete ({count(seen, 'file')} read{why})",
        "every changed file",
        "split the pull request (GitHub lists at most 3,000 files), or ask again if it was read while it moved",
    )


def no_files() -> Say:
    """Say that nothing is changed."""
    return Say(
        "no changed files",
        "at least one changed file",
        "close the pull request: its head adds nothing to the base branch",
    )


def none_claimed(pack: str) -> Say:
    """Say that the pack was asked about a change of which it claims nothing."""
    return Say(
        f"{code(pack)} claims none of the changed files",
        "at least one file that match.files names",
        "extend match.files, or bind the change with another pack",
    )


def not_utf8(paths: Iterable[str]) -> Say:
    """Say that names cannot be judged by globs."""
    return Say(
        f"file names that are not UTF-8: {listed(paths)}",
        "UTF-8 file names, which globs can judge",
        "rename the files, or merge by hand",
    )


def outside(paths: Iterable[str], only: Sequence[str]) -> Say:
    """Say which paths no glob of ``files.only`` allows."""
    return Say(
        listed(paths),
        f"only {listed(only)}",
        "split the pull request, or merge by hand; if these files belong here, add them to files.only",
    )


def denied_files(hits: Iterable[tuple[str, str]]) -> Say:
    """Say which paths a glob of ``files.deny`` names; ``hits`` are (path, glob)."""
    pairs = sorted(set(hits))
    return Say(
        f"{listed(p for p, _ in pairs)}, denied by {listed(g for _, g in pairs)}",
        f"nothing that matches {listed(g for _, g in pairs)}",
        "take these files out of the pull request, or merge by hand",
    )


SPECIAL = {
    "symlinks": ("symbolic links", "symbolic link"),
    "submodules": ("submodules", "submodule"),
    "modes": ("changed file modes", "changed file mode"),
}


def special(kind: str, paths: Sequence[str]) -> Say:
    """Say that entries are links, submodules or mode changes; ``kind`` is the word that ``files.special`` takes."""
    many, one = SPECIAL[kind]
    return Say(
        f"{one if len(paths) == 1 else many}: {listed(paths)}",
        f"no {many}",
        f"take them out, or permit them with files.special: [{kind}]",
    )


def files_ok(number: int) -> str:
    """Say that every claimed file is allowed."""
    return "1 changed, allowed" if number == 1 else f"{number:,} changed, {'both' if number == 2 else 'all'} allowed"


def protected_files(paths: Iterable[str]) -> Say:
    """Say that the change touches what decides about changes."""
    return Say(
        listed(paths),
        "no workflow, CODEOWNERS, rulepack or Bascule configuration",
        "a person reviews and merges this part by hand: put it into a pull request of its own",
    )


def too_big(what: str, found: int, limit: int) -> Say:
    """Say that a limit of ``size`` is exceeded; ``what`` is file, line or commit."""
    return Say(f"{count(found, what)}", f"at most {limit:,}", f"split the pull request, or raise size.{what}s")


def unmeasured(paths: Iterable[str]) -> Say:
    """Say that binary files have no lines to count."""
    return Say(
        f"binary files, whose lines cannot be counted: {listed(paths)}",
        "files whose size size.lines can measure",
        "take them out, or permit them with files.special: [binaries]",
    )


# -- labels and title ------------------------------------------------------------------------------------------------


def labels_missing(missing: Sequence[str], number: int) -> Say:
    """Say which labels are missing."""
    add = " ".join(f'--add-label "{name}"' for name in missing)
    return Say(
        f"{'label' if len(missing) == 1 else 'labels'} missing: {listed(missing)}",
        f"{listed(missing)} on the pull request",
        f"whoever vouches for the change runs {code(f'gh pr edit {number} {add}')}",
    )


def labels_denied(present: Sequence[str], number: int) -> Say:
    """Say which labels hold it."""
    remove = " ".join(f'--remove-label "{name}"' for name in present)
    return Say(
        f"held by {'label' if len(present) == 1 else 'labels'} {listed(present)}",
        f"no {listed(present)}",
        f"when the reason is gone, run {code(f'gh pr edit {number} {remove}')}",
    )


def labels_ok(required: Sequence[str], denied: Sequence[str]) -> str:
    """Say that labels are as asked."""
    there = f"{listed(required)} set" if required else ""
    absent = f"no {listed(denied)}" if denied else ""
    return ", ".join(t for t in (there, absent) if t)


def title_missing(title: str, expressions: Sequence[str]) -> Say:
    """Say that the title lacks what it must match."""
    return Say(f"title {code(title)}", f"matches {listed(expressions)}", "edit the title of the pull request")


def title_denied(title: str, expressions: Sequence[str]) -> Say:
    """Say that the title matches what it must not."""
    return Say(f"title {code(title)}", f"does not match {listed(expressions)}", "edit the title of the pull request")


def bad_expression(why: str) -> Say:
    """Say that a regular expression of the pack cannot be read."""
    return Say(f"an expression that cannot be read: {why}", "RE2 expressions", "mend it in the rulepack")


# -- reviews, conversations, auto-merge ------------------------------------------------------------------------------


def reviews_incomplete() -> Say:
    """Say that not every review could be read."""
    return Say("not every review could be read", "every review", "ask again; if it stays so, merge by hand")


def changes_requested(who: Iterable[str]) -> Say:
    """Say who asked for changes; no names where only GitHub's own decision says so."""
    names = sorted(set(who))
    return Say(
        f"changes requested by {listed(names)}" if names else "GitHub says that changes are requested",
        "no open request for changes",
        "address the review; then the reviewer approves or dismisses it",
    )


def threads_incomplete() -> Say:
    """Say that not every conversation could be read."""
    return Say("not every conversation could be read", "every conversation", "ask again; if it stays so, merge by hand")


def unresolved(number: int) -> Say:
    """Say how many conversations are open."""
    return Say(
        f"{count(number, 'unresolved conversation')}",
        "none",
        "answer and resolve them on the pull request's Files tab",
    )


def armed(method: str, who: str) -> str:
    """Note that GitHub may merge it by itself."""
    by = f" by {code(who)}" if who else ""
    return f"armed{by} ({method}): GitHub merges it by itself as soon as protection allows"


def armed_otherwise(method: str, wanted: str, number: int) -> Say:
    """Say that GitHub would merge by another method than the pack's."""
    return Say(
        f"armed with {code(method)}: the moment protection allows, GitHub merges it that way",
        f"{code(wanted)}, as merge.method says",
        f"run `gh pr merge {number} --disable-auto`, or arm it again with --{wanted}",
    )


# -- schedule --------------------------------------------------------------------------------------------------------


def outside_hours(now: str, schedule: str, zone: str, opens: str) -> Say:
    """Say that the schedule is closed and when it opens."""
    return Say(
        now, f"{schedule} ({zone})", f"wait; eligible {opens}" if opens else "mend schedule.merge: it never opens"
    )


def bad_schedule(why: str) -> Say:
    """Say that the schedule cannot be read."""
    return Say(
        why, "days and hours such as `Mon-Thu 09:00-16:00` and an IANA zone", "mend schedule.merge in the rulepack"
    )
