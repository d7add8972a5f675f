"""Which run of a workflow stands for a change? Pure: what GitHub stated in, a run or what stands in the way out."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta

from bascule.forge.actions import Artifact, ForPull, WorkflowRun
from bascule.messages import actions as say
from bascule.messages.actions import Say
from bascule.types import Change, EvidenceSource

_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def chosen(runs: Iterable[WorkflowRun], source: EvidenceSource, change: Change, now: datetime) -> WorkflowRun | Say:
    """Return the run of ``source``'s workflow that stands for ``change``, or what stands in the way.

    It is a run of exactly this file, in this repository, of the change's head commit and repository, by the event that
    the pack names; of several the one that started last, at its latest attempt. It must have succeeded. Another run
    that succeeded before does not stand in for it: what is newest is what somebody wanted to know.
    """
    same_file = [r for r in runs if r.path == source.workflow and r.head_sha == change.head_sha]
    here = [r for r in same_file if r.repository_id == change.repo.id and r.event == source.event]
    mine = [r for r in here if r.head_repository_id == change.head_repo_id and r.head_repository_id is not None]
    if not mine:
        if here:
            return say.foreign_run(source.workflow, here[0].url)
        return say.no_run(source.workflow, source.event, change.head_sha, sorted({r.event for r in same_file}))
    run = max(mine, key=lambda r: (r.started_at, r.number, r.id))
    return _standing(run, source, now) or _attributed(run, change) or _calls(run, change) or run


def _standing(run: WorkflowRun, source: EvidenceSource, now: datetime) -> Say | None:
    if run.status != "completed" or run.conclusion is None:
        return say.unfinished(run.path, run.status, run.attempt, run.url)
    if run.conclusion == "action_required":
        return say.not_approved(run.path, run.url)
    if run.conclusion != "success":
        return say.failed(run.path, run.conclusion, run.attempt, run.url)
    if source.max_age is not None and now - run.started_at > timedelta(seconds=source.max_age):
        return say.old(run.path, (now - run.started_at).total_seconds(), source.max_age, run.url)
    return None


def _attributed(run: WorkflowRun, change: Change) -> Say | None:
    """Refuse a run that may have been another pull request's, whose base may hold another workflow in that file."""
    if run.event != "pull_request" or not run.pulls:
        return None
    others = sorted({p.number for p in run.pulls if not _ours(p, change)})
    return say.other_pulls(run.path, others, change.number, run.url) if others else None


def _ours(pull: ForPull, change: Change) -> bool:
    return pull.number == change.number and pull.base_ref == change.base_ref


def _calls(run: WorkflowRun, change: Change) -> Say | None:
    """Refuse reusable workflows that are not named by their commit: what they do can change without the change.

    One of this repository, called by its path (``./.github/workflows/...``), runs as it is at the run's own commit.
    """
    for called in run.referenced:
        name, _, ref = called.name.rpartition("@")
        if _SHA.fullmatch(ref) and ref == called.sha:
            continue
        own = name.casefold().startswith(f"{change.repo.full_name}/.github/workflows/".casefold())
        if own and ref in {f"refs/pull/{change.number}/merge", f"refs/heads/{change.head_ref}"}:
            continue
        return say.loose_call(run.path, called.name)
    return None


def own_calls(run: WorkflowRun, change: Change) -> tuple[str, ...]:
    """Return the files of this repository that the run called: they are pinned as its own file is."""
    prefix = f"{change.repo.full_name}/"
    names = (w.name.rpartition("@")[0] for w in run.referenced if not _SHA.fullmatch(w.name.rpartition("@")[2]))
    return tuple(n[len(prefix) :] for n in names if n.casefold().startswith(prefix.casefold()))


def base_of(run: WorkflowRun, change: Change, base_since: datetime) -> str | None:
    """Return the base commit that ``run`` saw, as GitHub states it; None where it states none, or what cannot be.

    All attempts of a run see the merge with the base of when its event came. ``base_since`` is when the tip of the
    base was committed: a run from before cannot have seen it, whatever is stated.
    """
    stated = next((p.base_sha for p in run.pulls if _ours(p, change)), None) if run.event == "pull_request" else None
    return None if stated == change.base_sha and run.created_at < base_since else stated


def picked(artifacts: Iterable[Artifact], run: WorkflowRun, source: EvidenceSource, limit: int) -> Artifact | Say:
    """Return the one artifact of the run's latest attempt, or what is wrong.

    GitHub lists the artifacts of all attempts together; those from before the latest attempt began are not its own.
    """
    named = tuple(artifacts)
    mine = [
        a for a in named if a.run_id in (None, run.id) and a.created_at is not None and a.created_at >= run.started_at
    ]
    if not mine:
        return say.earlier_artifact(source.artifact, run.url) if named else say.no_artifact(source.artifact, run.url)
    if len(mine) > 1:
        return say.two_artifacts(source.artifact, len(mine), run.url)
    (one,) = mine
    if one.repository_id not in (None, run.repository_id) or one.head_sha not in (None, run.head_sha):
        return say.foreign_artifact(source.artifact, run.url)
    if one.expired:
        return say.expired(source.artifact, run.url)
    if one.digest is None or not _DIGEST.fullmatch(one.digest):
        return say.no_digest(source.artifact, run.url)
    if one.size > limit:
        return say.large_artifact(source.artifact, one.size, limit)
    return one
