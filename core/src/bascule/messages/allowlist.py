"""What the allowlist scenario says."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from bascule.messages.wording import code, count, listed


@frozen
class Say:
    """What was found and expected, and what to do next; ``fix`` is empty only where the check allows."""

    found: str
    expected: str
    fix: str = ""


NO_RULES = "the pack has no rules of this scenario; the core's gates judge alone"


def unknown_rule(use: str) -> Say:
    """A rule that this version does not have."""
    return Say(
        f"the rule {code(use)}",
        "a rule that this version offers (`bascule rulepack schema` lists them)",
        "upgrade bascule, or take the rule out of the pack",
    )


def incomplete() -> Say:
    """GitHub cut the list of files."""
    return Say("the list of changed files is not complete", "every changed file", "split the pull request")


def nothing_changed() -> Say:
    """A pull request without a change."""
    return Say("no file is changed", "at least one changed file", "close the pull request, or push what it is for")


def denied(paths: Sequence[str], patterns: Sequence[str]) -> Say:
    """Paths that are forbidden or cannot be read."""
    return Say(
        listed(paths),
        f"no path that matches {listed(patterns)}" if patterns else "paths that are valid UTF-8",
        "split the pull request, or merge by hand",
    )


def outside(paths: Sequence[str], patterns: Sequence[str]) -> Say:
    """Paths outside the list."""
    return Say(listed(paths), f"only {listed(patterns)}", "split the pull request, or merge by hand")


def inside(number: int) -> Say:
    """Everything is allowed."""
    return Say(f"{count(number, 'path')}, all allowed", "only allowed paths")
