"""What a finished decision or run is called, for terminals, comments, checks and annotations."""

from __future__ import annotations

from collections.abc import Sequence

from bascule.messages.wording import code, count, listed, short

STICKY = "<!-- bascule:sticky -->"
"""First line of the one comment that is edited in place; how the comment is found again."""

HEADINGS = {
    "allow": "✓",
    "wait": "…",
    "block": "✗",
    "error": "!",
}
ASCII_MARKS = {"✓": "ok", "✗": "FAIL", "…": "wait", "!": "ERR"}
"""For outputs that cannot show the signs: words, since a stray letter would need a legend."""
PLAIN = {"·": "-", "→": "->", "–": "-", "—": "-", "…": "...", "≤": "<=", "✓": "ok", "✗": "x", "−": "-"}

STATUS = {
    "merged": "MERGED",
    "mergeable": "MERGEABLE",
    "blocked": "BLOCKED",
    "waiting": "WAITING",
    "noop": "NOTHING TO DO",
    "failed": "FAILED",
}

NOT_RESTORED = "PROTECTION IS NOT RESTORED"
NOTHING_CHANGED = "Nothing was changed."
PLAN_TITLE = {
    "mergeable": "Plan",
    "merged": "Done",
    "blocked": "Plan, if it passed",
    "waiting": "Plan, when it passes",
    "failed": "Plan",
    "noop": "Plan",
}
ADMITS = {
    "nobody": "lets nobody else through",
    "actor": "lets only this account through",
    "admins": "lets administrators through",
    "everyone": "lets everyone with write access through",
}


def origin(provenance: str) -> str:
    """Return where evidence came from: ``actions:RUN/ATTEMPT/ARTIFACT``, ``file:NAME`` or ``local`` in words."""
    how, _, rest = provenance.partition(":")
    parts = rest.split("/")
    if how == "actions" and len(parts) == 3:
        return f"run {parts[0]} (attempt {parts[1]}), artifact {parts[2]}"
    if how == "file" and rest:
        return f"given file {code(rest)}"
    return "made here" if provenance == "local" else code(provenance)


def restore_command(run: str) -> str:
    """Return what a person runs when protection was left open by ``run``; empty: by an earlier run, long expired."""
    return f"bascule restore --run {run}" if run else "bascule restore --expired"


def tally(failed: int, waiting: int) -> str:
    """Return ``1 failed, 1 waiting``, or an empty string for neither."""
    parts = [f"{failed} failed"] if failed else []
    return ", ".join([*parts, f"{waiting} waiting"] if waiting else parts)


def gates_pass(number: int, *, others: bool = False) -> str:
    """Return ``All 9 gates pass``, or ``9 other gates pass``."""
    if others:
        return f"{count(number, 'other gate')} {'passes' if number == 1 else 'pass'}"
    return "The one gate passes" if number == 1 else f"All {number} gates pass"


def landed(sha: str, method: str) -> str:
    """Return how it landed."""
    return f"Merged as {code(short(sha))}{f' by {method}' if method else ''}."


def restored(*, identical: bool) -> str:
    """Say that protection is closed again, and whether it is byte for byte what it was."""
    return "read back, identical" if identical else "read back; somebody else's edit was kept, so it is not identical"


def not_restored(live: str, before: str) -> str:
    """Say that protection differs from the snapshot; both are SHA-256 sums."""
    return f"no: live settings are {code(f'sha256:{live[:12]}')}, before they were {code(f'sha256:{before[:12]}')}"


def verified(state: bool | None) -> str:
    """Say whether the late read has come yet."""
    if state is None:
        return "not yet: the next run or sweep reads once more, at least 35 s after the restore"
    return "read again later, still the same" if state else "a later read differs from what was restored"


def left_open(branch: str, run: str) -> str:
    """Say that protection may be open, and what to do about it."""
    return f"Protection of {code(branch)} may still be open. Run {code(restore_command(run))} now."


def person_can_merge() -> str:
    """Say that a refusal of Bascule refuses nothing to people."""
    return "A person can still merge as usual."


def edits(number: int) -> str:
    """Return the last line of a plan."""
    if not number:
        return "Plan: no setting changed."
    return f"Plan: {count(number, 'setting')} changed and restored, 0 permanent changes."


def cut_short(rows: int) -> str:
    """Say that a comment was too long for GitHub."""
    return f"{count(rows, 'row')} left out: GitHub takes no longer text. `bascule check --json` has them all."


def to_fix(failed: int, waiting: int) -> str:
    """Return ``1 thing to fix, 1 waiting``."""
    parts = [f"{count(failed, 'thing')} to fix"] if failed else []
    return ", ".join([*parts, f"{waiting} waiting"] if waiting else parts)


def bypassed(names: Sequence[str]) -> str:
    """Say which requirements the token overrides without an edit."""
    return f"bypasses {listed(names)} by a right that the token has anyway"
