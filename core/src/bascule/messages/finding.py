"""Which pull request is meant."""

from __future__ import annotations

from collections.abc import Iterable

Text = tuple[str, str]
"""What was found, and what to do."""


def no_pull_for_branch(branch: str, name: str) -> Text:
    """A branch without an open pull request."""
    return f"no open pull request in {name} comes from branch {branch}", "push it and open one, or name a number"


def no_merge_of_commit(sha: str, name: str, numbers: Iterable[int]) -> Text:
    """A commit that no one merged pull request brought."""
    several = ", ".join(f"#{n}" for n in numbers)
    found = f"several merged pull requests of {name} have" if several else f"no merged pull request of {name} has"
    return f"{found} the commit {sha}{f': {several}' if several else ''}", "name the pull request by its number"


def many_pulls_for_branch(branch: str, numbers: Iterable[int]) -> Text:
    """A branch with several."""
    listed = ", ".join(f"#{n}" for n in numbers)
    return f"several open pull requests come from branch {branch}: {listed}", "name one by its number"
