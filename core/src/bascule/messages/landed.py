"""What is said of the commits that landed, held against what was gated."""

from __future__ import annotations


def missing(sha: str) -> str:
    """The commit that the merge call named is not on the branch."""
    return f"{sha[:12]}, which the merge call named, is not on the base branch"


def other_run(title: str) -> str:
    """The landed commit is not this run's."""
    return f"{title} does not carry this run's Bascule-Run trailer"


def ours(title: str) -> str:
    """Exactly the gated change."""
    return f"{title}: exactly what was gated"


def strangers(titles: str) -> str:
    """Others came through while protection was relaxed, as far as anybody can tell."""
    return f"landed besides ours while protection may have been relaxed: {titles}"


def concurrent(titles: str) -> str:
    """Others landed too, but not through our window."""
    return f"the base moved under the merge, by: {titles}; gated again"


def tree(title: str) -> str:
    """The tree is neither the gated one nor what its parent and head give."""
    return f"{title} has another tree than the gated one, and than its actual parent and head give"
