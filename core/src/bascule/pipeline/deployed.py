"""Is a commit live in an environment, and since when? By GitHub's deployment statuses and git's ancestry."""

from __future__ import annotations

from datetime import datetime, timedelta

from attrs import frozen

from bascule.git import Git
from bascule.pipeline.session import Session

CLOCKS = timedelta(minutes=1)
"""A deployment may be created a moment before the merge's own time: both are whole seconds of two servers."""


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


def contains(git: Git, sha: str, deployed: str) -> bool:
    """Return whether commit ``deployed`` is ``sha`` or has it among its ancestors; unknown commits contain nothing."""
    if sha == deployed:
        return True
    return git.call("merge-base", "--is-ancestor", sha, deployed, ok=(0, 1, 128))[0] == 0
