"""Is a commit live in an environment, and since when? By GitHub's deployment statuses and git's ancestry."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import islice

from attrs import frozen

from bascule.git import CommitInfo, Git
from bascule.pipeline.session import Session

CLOCKS = timedelta(minutes=1)
"""A deployment may be created a moment before the merge's own time: both are whole seconds of two servers."""

LOOKED_AT = 20
"""Deployments that are looked at for one that succeeded."""


@frozen(kw_only=True)
class Deployed:
    """A deployment that brought a commit live. ``sha`` is what was deployed: the commit itself, or a later one that
    contains it. ``at`` is the server's time of the first success, UTC.
    """

    deployment: int
    environment: str
    sha: str
    at: datetime


def live(session: Session, sha: str, environment: str, *, since: datetime, git: Git) -> Deployed | None:
    """Return the first deployment to ``environment`` that brought ``sha`` live, or None where none has yet.

    One call for the list, and one for each deployment that contains ``sha`` until a successful one is met.

    Args:
        session: the run; its Observer needs Deployments: read.
        sha: the landed commit.
        environment: the rulepack's, by its name on GitHub.
        since: when ``sha`` landed (server time); what was deployed before cannot contain it.
        git: the repository's clone; a deployed commit that is not in it yet is fetched where the clone may.

    Raises:
        BasculeError: GitHub cannot be read, or the token may not see deployments.
    """
    deployments = session.connection.deployments
    for one in deployments.since(environment, since - CLOCKS):
        if not contains(git, sha, one.sha):
            continue
        at = deployments.live_since(one.id)
        if at is not None:
            return Deployed(deployment=one.id, environment=environment, sha=one.sha, at=at)
    return None


def replaced(session: Session, deployed: str, environment: str, *, at: datetime) -> Deployed | None:
    """Return the last successful deployment to ``environment`` before the one that brought ``deployed`` live at ``at``.

    None where there is none among the :data:`LOOKED_AT` that were created last. One call for the list, and one for each
    deployment that is looked at.

    Args:
        session: the run; its Observer needs Deployments: read.
        deployed: the commit that was deployed, as :func:`live` says it.
        environment: the rulepack's.
        at: when that was a success, as :func:`live` says it.

    Raises:
        BasculeError: GitHub cannot be read.
    """
    deployments = session.connection.deployments
    for one in islice(deployments.until(environment, at), LOOKED_AT):
        since = deployments.live_since(one.id)
        # One that was a success at the very same second is another that nobody can put before or after.
        if since is not None and (since, one.sha) != (at, deployed) and since <= at:
            return Deployed(deployment=one.id, environment=environment, sha=one.sha, at=since)
    return None


def beside(git: Git, deployed: str, before: str, *, own: tuple[str, str]) -> tuple[CommitInfo, ...] | None:
    """Return what else a deployment brought, by first parents and newest first; None where git cannot tell.

    Args:
        git: the repository's clone.
        deployed: the commit that was deployed.
        before: the commit that was live before; None is returned where git does not have it.
        own: the commit below the merge, and the merge: what lies between is the merge's own.
    """
    if git.call("cat-file", "-e", f"{before}^{{commit}}", ok=(0, 1, 128))[0] != 0:
        return None
    first = ("--first-parent",)
    mine = {c.sha for c in git.commits(f"{own[0]}..{own[1]}", options=first)}
    return tuple(c for c in git.commits(f"{before}..{deployed}", options=first) if c.sha not in mine)


def contains(git: Git, sha: str, deployed: str) -> bool:
    """Return whether commit ``deployed`` is ``sha`` or has it among its ancestors; unknown commits contain nothing."""
    if sha == deployed:
        return True
    return git.call("merge-base", "--is-ancestor", sha, deployed, ok=(0, 1, 128))[0] == 0
