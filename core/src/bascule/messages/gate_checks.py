"""What the checks gate says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bascule.messages.gates import Say
from bascule.messages.wording import code, count, listed, phrases, short

WORDS = {
    "queued": "queued",
    "in_progress": "running",
    "pending": "pending",
    "waiting": "waiting for an approval or a runner",
    "requested": "requested",
    "expected": "expected, not started",
    "success": "green",
    "neutral": "neutral",
    "skipped": "skipped",
    "failure": "failed",
    "error": "ended with an error",
    "cancelled": "cancelled",
    "timed_out": "timed out",
    "action_required": "needs somebody's action",
    "stale": "given up by GitHub as stale",
    "startup_failure": "failed to start",
}
"""State of a check, as GitHub spells it in lower case, to how it is said."""


def said(name: str, state: str, source: str) -> str:
    """Return ```test` running (github-actions)``; a state that is not known is shown as it came."""
    return f"{code(name)} {WORDS.get(state, f'in the unknown state {code(state)}')} ({source})"


def incomplete() -> Say:
    """Say that the list of checks was cut."""
    return Say(
        "not every check could be read", "every check on the head commit", "ask again; if it stays so, merge by hand"
    )


def nothing_ran(sha: str, wanted: Sequence[str]) -> Say:
    """Say that nothing reported at all: zero checks is not green."""
    return Say(
        f"no checks on {code(short(sha))}",
        f"green: {listed(wanted)}" if wanted else "at least one green check",
        "let CI run on this pull request; that nothing ran says nothing",
    )


def failing(items: Iterable[str], wanted: str) -> Say:
    """Say what is not green; ``items`` are phrases of :func:`said`."""
    return Say(
        phrases(items), wanted, "mend what failed and push, or run the check again if it was not the change's fault"
    )


def not_run(name: str, state: str, source: str) -> Say:
    """Say that a required check was skipped: GitHub lets that pass, a pack's requirement does not."""
    return Say(
        said(name, state, source),
        f"{code(name)} green: it must have run",
        "make the check run for these files, or take it out of checks.require",
    )


def pending(items: Iterable[str], wanted: str) -> Say:
    """Say what is still running."""
    return Say(phrases(items), wanted, "wait for it to finish")


def not_reported(name: str, source: str, *, others_running: bool) -> Say:
    """Say that a required check is not there (yet)."""
    yet = " yet" if others_running else ", and nothing is running"
    return Say(
        f"{code(name)} from {source} has not reported{yet}",
        f"{code(name)} green ({source})",
        "wait; if it never comes, compare the name and the app in checks.require with the pull request's Checks tab"
        if others_running
        else "start it, or compare the name and the app in checks.require with the pull request's Checks tab",
    )


def wrong_source(name: str, source: str, others: Iterable[str]) -> Say:
    """Say that somebody else reported under the required name."""
    return Say(
        f"{code(name)} was reported by {listed(others)}, not by {source}",
        f"{code(name)} green ({source})",
        "find out who reports under this name; if it is the right one, name its app in checks.require",
    )


def none_green(items: Iterable[str]) -> Say:
    """Say that checks exist, but all were skipped or neutral."""
    return Say(f"nothing ran: {phrases(items)}", "at least one green check", "let CI run on these files")


def green(names: Sequence[str], *, passed_over: Sequence[str] = (), also_failing: Sequence[str] = ()) -> str:
    """Say what is green; skipped, neutral and failing-but-not-required checks are named, not hidden."""
    text = f"{listed(names)} green" if len(names) <= 3 else f"{count(len(names), 'check')} green"
    if passed_over:
        text += f"; skipped or neutral: {listed(passed_over)}"
    if also_failing:
        text += f"; not required and not green: {listed(also_failing)}"
    return text
