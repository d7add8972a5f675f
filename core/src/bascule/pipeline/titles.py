"""The message of a merge commit where nobody asked for one: what GitHub itself would write."""

from __future__ import annotations

from bascule.types import Change

_CO_AUTHOR = "co-authored-by:"


def default_message(change: Change, method: str) -> str:
    """Return the body of the merged commit.

    A merge commit carries the pull request's title, a squash the messages of its commits with their co-authors at the
    end, as GitHub's defaults do (``COMMIT_MESSAGES``, ``PR_TITLE``). A rebase keeps its commits' own messages.
    """
    if method == "merge":
        return change.title
    if method == "rebase":
        return ""
    bodies: list[str] = []
    co_authors: dict[str, None] = {}
    for commit in change.commits:
        if len(commit.parents) > 1:
            continue  # merges of the base branch say nothing about the change
        lines = commit.message.splitlines()
        co_authors |= {line.strip(): None for line in lines if line.lower().startswith(_CO_AUTHOR)}
        bodies.append("\n".join(line for line in lines if not line.lower().startswith(_CO_AUTHOR)).strip())
    if len(bodies) == 1:
        text = bodies[0].partition("\n")[2].strip()
    else:
        text = "\n\n".join(f"* {body}" for body in bodies if body)
    return "\n\n".join(part for part in (text, "\n".join(co_authors)) if part)
