"""The core's own gates: pure functions of a frozen context, one file each, asked in the order of :data:`GATES`.

A gate judges only what the *pack* requires; what protection still asks of the branch is a blocker and is found
elsewhere. Status says what helps: BLOCK when somebody has to do something, WAIT when time alone may mend it, ERROR when
the question could not be answered.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from attrs import frozen

from bascule.gates import (
    authors,
    auto_merge,
    branch,
    changes_requested,
    checks,
    conflicts,
    conversations,
    draft,
    files,
    forks,
    labels,
    protected_files,
    schedule,
    size,
    state,
    title,
)
from bascule.types import Check, GateContext

__all__ = ["GATES", "Gate", "run"]


@frozen(kw_only=True)
class Gate:
    """One question. ``needs`` is ``git`` (answerable from history) or ``github`` (only of a live pull request)."""

    name: str
    needs: str
    judge: Callable[[GateContext, frozenset[str]], tuple[Check, ...]]


GATES: tuple[Gate, ...] = (
    Gate(name=state.RULE, needs="github", judge=state.judge),
    Gate(name=draft.RULE, needs="github", judge=draft.judge),
    Gate(name=branch.RULE, needs="git", judge=branch.judge),
    Gate(name=files.RULE, needs="git", judge=files.judge),
    Gate(name=protected_files.RULE, needs="git", judge=protected_files.judge),
    Gate(name=size.RULE, needs="git", judge=size.judge),
    Gate(name=forks.RULE, needs="github", judge=forks.judge),
    Gate(name=authors.RULE, needs="github", judge=authors.judge),
    Gate(name=title.RULE, needs="git", judge=title.judge),
    Gate(name=labels.RULE, needs="github", judge=labels.judge),
    Gate(name=checks.RULE, needs="github", judge=checks.judge),
    Gate(name=changes_requested.RULE, needs="github", judge=changes_requested.judge),
    Gate(name=conversations.RULE, needs="github", judge=conversations.judge),
    Gate(name=conflicts.RULE, needs="github", judge=conflicts.judge),
    Gate(name=auto_merge.RULE, needs="github", judge=auto_merge.judge),
    # Its question is when a live pull request may merge; a commit of last year has no such moment.
    Gate(name=schedule.RULE, needs="github", judge=schedule.judge),
)
"""Every core gate, in the order in which checks are returned: what the change is, who made it, what the world says."""


def run(ctx: GateContext, *, claimed: Collection[str], known: Collection[str] | None = None) -> tuple[Check, ...]:
    """Ask every gate about the change under one pack.

    Args:
        ctx: the change, the pack, and the time (``ctx.now``, aware).
        claimed: the paths of the change that the pack claims, both names of a rename. ``files`` judges only these; all
            other gates judge the whole change.
        known: what could be known; defaults to ``ctx.change.known``. Gates that need more are left out entirely.

    Returns:
        The checks in the order of :data:`GATES`. A gate of which the pack asks nothing returns none.
    """
    paths = frozenset(claimed)
    available = ctx.change.known if known is None else known
    return tuple(check for gate in GATES if gate.needs in available for check in gate.judge(ctx, paths))
