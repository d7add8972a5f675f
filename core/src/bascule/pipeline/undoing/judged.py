"""Whether a rollback may pass now, and by which plan: the lane's own scenario.

It is exempt from what judges a change on its own merits (size, files, authors, title, schedule, a scenario's rules and
rehearsals): the tree is proven, not judged. It is held to one head SHA, to what the packs let be relaxed, to required
checks unless the packs skip them, and to a person who says hold. No plugin is asked.
"""

from __future__ import annotations

from collections.abc import Iterable

from attrs import evolve

from bascule.forge.snapshot import Snapshot
from bascule.gates import checks as green
from bascule.gates.labels import HOLD
from bascule.messages import pipeline as texts
from bascule.messages import rollback as say
from bascule.pipeline.asking import JOB_APP
from bascule.pipeline.configured import configured
from bascule.pipeline.decide import Decision, method_of, plan_of, read_protection, tip_seen, who_merges
from bascule.pipeline.session import Session
from bascule.pipeline.undoing.asked import Undo
from bascule.pipeline.undoing.policy import Policy, allowed, policy_of
from bascule.protection import Choice, blockers, choose, queued
from bascule.rollback.inverse import Inverse
from bascule.rollback.origin import UNDOES
from bascule.types import (
    Blocker,
    Change,
    Check,
    GateContext,
    MergePlan,
    PackRef,
    RelaxKind,
    Result,
    RunStatus,
    Status,
    Verdict,
    Viewer,
    verdict,
)

_CLEAR_STATES = {"CLEAN", "HAS_HOOKS", "UNSTABLE"}


def judge(
    session: Session, undo: Undo, pull: int, *, subject: str, undoes: str, of: Change, known: tuple[Check, ...],
    inverse: Inverse,
) -> tuple[Decision, Policy]:  # fmt: skip
    """Return the decision about the rollback's pull request as it is now, and the policy that it stands on."""
    session.progress(f"reading #{pull}")
    before = session.clock.elapsed()
    snapshot = session.connection.observer.snapshot(pull)
    settings, _ = configured(session, snapshot)
    change = session.connection.fetch(snapshot)
    policy = policy_of(session, snapshot, change.paths)
    merger = who_merges(session, snapshot)
    skip = skips(policy, inverse)
    tree = verdict(
        f"rollback of #{of.number}",
        (*known, *_itself(undo, change, policy, inverse, merger, pull=pull)),
        _checks(snapshot, change, policy, skip=skip, overlap=bool(inverse.overlap)),
    )
    merge = _merge(undo, snapshot, policy, subject=subject, undoes=undoes, of=of.number, pull=pull)
    tip = None if session.connection.journal_elsewhere else tip_seen(snapshot.journal, before)
    base = Decision(
        result=Result(
            run=session.run, status=RunStatus.NOOP, summary="", change=change, verdict=tree,
            packs=tuple(PackRef.of(b.pack) for b in policy.bound.packs),
        ),
        snapshot=snapshot, tip=tip, united=policy.united, merger=merger, settings=settings,
    )  # fmt: skip
    return _protected(session, base, change, tree, merge, policy, skip=skip), policy


def foresee(
    session: Session, undo: Undo, snapshot: Snapshot, *, head: str, known: tuple[Check, ...], inverse: Inverse,
    subject: str, undoes: str,
) -> tuple[Decision, Policy]:  # fmt: skip
    """Return what :func:`judge` would say right after the pull request was opened; for a rehearsal. Writes nothing.

    Nothing has reported on the head yet, so every required check is missing; what rulesets ask is not foreseen.
    """
    of = snapshot.change_without_git
    policy = policy_of(session, snapshot, inverse.paths)
    merger = who_merges(session, snapshot)
    change = evolve(
        of, title=say.title(of.number, subject), head_sha=head, base_sha=inverse.tip, merge_tree=inverse.tree,
        merge_base=inverse.tip, merged_sha=None, state="open", draft=False, commits=(), reviews=(), checks=(),
        labels=(), review_decision=None, unresolved_threads=0, mergeable="MERGEABLE", merge_state="UNKNOWN", body="",
        url="", files=(), head_repo_id=of.repo.id,
    )  # fmt: skip
    skip = skips(policy, inverse)
    tree = verdict(
        f"rollback of #{of.number}",
        (*known, *_itself(undo, change, policy, inverse, merger, pull=None)),
        _checks(snapshot, change, policy, skip=skip, overlap=bool(inverse.overlap)),
    )
    merge = _merge(undo, snapshot, policy, subject=subject, undoes=undoes, of=of.number, pull=None)
    result = Result(
        run=session.run, status=RunStatus.NOOP, summary="", change=change, verdict=tree,
        packs=tuple(PackRef.of(b.pack) for b in policy.bound.packs),
    )  # fmt: skip
    base = Decision(result=result, snapshot=snapshot, tip=None, united=policy.united, merger=merger)
    return _protected(session, base, change, tree, merge, policy, skip=skip), policy


def skips(policy: Policy, inverse: Inverse) -> bool:
    """Return whether required checks are not waited for: a merge of the same files was tested by nobody yet."""
    return policy.checks == "skip" and not inverse.overlap


def _itself(
    undo: Undo, change: Change, policy: Policy, inverse: Inverse, merger: Viewer, *, pull: int | None
) -> Iterable[Check]:
    """Yield what is asked of every rollback: its tree, a person's hold, who asked, and whose token merges."""
    if inverse.tree is not None:
        same = change.merge_tree == inverse.tree
        ok = Check(rule="head", status=Status.ALLOW, found=say.tree_ok(inverse.tree))
        yield ok if same else say.not_the_tree(change.number)
    if HOLD in {label.casefold() for label in change.labels}:
        yield say.held(HOLD, change.number)
    if not undo.by_person and policy.mode != "auto":
        yield say.not_by_machine(policy.mode, pull, policy.where)
    if merger.app_slug == JOB_APP:
        yield texts.job_token(merger.login)


def _checks(snapshot: Snapshot, change: Change, policy: Policy, *, skip: bool, overlap: bool) -> tuple[Verdict, ...]:
    """Return, for each pack, its required checks on the rollback's head. One that has not reported is waited for."""
    found = []
    for part in policy.bound.packs:
        if skip:
            said: tuple[Check, ...] = (
                Check(rule="checks", status=Status.ALLOW, found=say.checks_skipped(part.pack.name)),
            )
        else:
            ctx = GateContext(change=change, pack=part.pack, now=snapshot.date)
            said = tuple(_patient(c, change) for c in green.judge(ctx, frozenset(part.claimed)))
            if overlap and policy.checks == "skip":
                note = Check(rule="checks", status=Status.ALLOW, found=say.CHECKS_NOT_SKIPPED)
                said = (*said, note)
        found.append(verdict(part.pack.name, said))
    if not found:
        said = (Check(rule="checks", status=Status.ALLOW, found=say.NO_PACK_CHECKS),)
        if policy.problem:
            said = (*said, Check(rule="rulepack", status=Status.ALLOW, found=say.policy_broken(policy.problem)))
        found.append(verdict("policy", said))
    return tuple(found)


def _patient(check: Check, change: Change) -> Check:
    """Return a missing check as one that is waited for: the commit is new, and whoever reports has only heard of it."""
    settled = {"success", *green.PENDING, *green.PASSED_OVER}
    failed = any(c.state not in settled for c in change.checks)
    return evolve(check, status=Status.WAIT) if check.status is Status.BLOCK and not failed else check


def _merge(
    undo: Undo,
    snapshot: Snapshot,
    policy: Policy,
    *,
    subject: str,
    undoes: str,
    of: int,
    pull: int | None,
) -> MergePlan:
    number = f" (#{pull})" if pull is not None else ""
    return MergePlan(
        method=method_of(snapshot, policy.united),
        title=f"{say.title(of, subject)}{number}",
        message=say.merge_message(undo.reason, f"{UNDOES}: {undoes}"),
    )


def _protected(
    session: Session, known: Decision, change: Change, tree: Verdict, merge: MergePlan, policy: Policy, *, skip: bool
) -> Decision:
    """Return the decision with what protection asks and what is relaxed for it."""
    assert known.merger is not None
    snapshot, merger = known.snapshot, known.merger
    if merge.method not in snapshot.merge_methods:
        refused = texts.method_refused(merge.method, snapshot.merge_methods, None)
        tree = verdict(tree.title, (*tree.checks, refused), tree.children)
    guard = read_protection(session, snapshot, change)
    if guard.protection is None:
        found = queued(change, snapshot.rules)
        choice = Choice(waits=found)
        if change.merge_state not in _CLEAR_STATES:
            stop = texts.protection_unreadable(guard.why, change.merge_state)
            tree = verdict(tree.title, (*tree.checks, stop), tree.children)
    else:
        found = blockers(guard.protection, change, merger, method=merge.method, rules=snapshot.rules)
        found = tuple(_now(b) if skip else b for b in found)
        choice = choose(
            guard.protection,
            found,
            merger=merger,
            keeper=guard.keeper or merger,
            allow=allowed(policy, skip=skip),
            owner_type=change.repo.owner_type,
            proposals=None,
        )
        if choice.refusals:
            tree = verdict(tree.title, (*tree.checks, *choice.refusals), tree.children)
    result = evolve(
        known.result,
        status=_status(tree, choice),
        verdict=tree,
        blockers=found,
        plan=plan_of(change, merge, choice, policy.united) if choice.clear else None,
        details={"waits": [b.name for b in choice.waits]} if choice.waits else {},
    )
    tip = None if session.connection.journal_elsewhere else guard.tip or known.tip
    return evolve(known, result=result, keeper=guard.keeper, live=guard.live, tip=tip)


def _now(blocker: Blocker) -> Blocker:
    """Return a running check's blocker as one that may be waived: the packs say that nobody waits for it."""
    return evolve(blocker, running=False) if blocker.kind is RelaxKind.CHECKS else blocker


def _status(tree: Verdict, choice: Choice) -> RunStatus:
    if tree.status in {Status.BLOCK, Status.ERROR} or choice.refusals:
        return RunStatus.BLOCKED
    return RunStatus.WAITING if tree.status is Status.WAIT or choice.waits else RunStatus.MERGEABLE
