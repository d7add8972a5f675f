"""What the forks and authors gates say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bascule.messages.gates import Say
from bascule.messages.wording import count, listed, phrases


def fork(deleted: bool) -> Say:
    """Say that the head lives elsewhere."""
    return Say(
        "the head repository is gone (a deleted fork)" if deleted else "the head lives in a fork",
        "a branch of this repository",
        "push the branch here, or merge by hand; forks.allow: true accepts forks",
    )


def commits_incomplete(seen: int) -> Say:
    """Say that not every commit could be read."""
    read = f"only {count(seen, 'commit')} could be read" if seen else "no commits could be read"
    return Say(read, "every commit, with its author and committer", "split the pull request, or merge by hand")


def unknown_people(who: Iterable[str]) -> Say:
    """Say that commits belong to no account; ``who`` are phrases with the role."""
    return Say(
        f"no GitHub account: {phrases(sorted(set(who)))}",
        "authors and committers with a known account",
        "each adds the commit's e-mail address to their GitHub account, or the commits are made again with a known one",
    )


def denied_people(who: Iterable[str]) -> Say:
    """Say who is denied."""
    return Say(
        f"denied: {phrases(sorted(set(who)))}",
        "nobody whom authors.deny names",
        "merge by hand, or take the entry out of authors.deny",
    )


def strangers(who: Iterable[str], allow: Sequence[str]) -> Say:
    """Say who is not allowed."""
    return Say(
        phrases(sorted(set(who))),
        f"only {listed(allow)}",
        "merge by hand, or add the account to authors.allow",
    )


def unread_teams(teams: Iterable[str]) -> Say:
    """Say that team membership could not be read, so nobody can be judged by it."""
    return Say(
        f"the members of {listed(teams)} could not be read",
        "readable teams",
        "give the Observer the permission Members: read, and check the team's name",
    )


def people_ok(names: Sequence[str], commits: int) -> str:
    """Say whose work it is."""
    return f"{listed(names)}, {'the only commit' if commits == 1 else f'all {commits:,} commits'}"
