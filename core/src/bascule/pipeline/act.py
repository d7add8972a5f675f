"""Act: pass what was decided through the window, or record why nothing was done."""

from __future__ import annotations

from collections.abc import Callable

from attrs import evolve

from bascule.errors import BasculeError, UsageError
from bascule.forge.identity import Identity
from bascule.git import Git
from bascule.messages import pipeline as say
from bascule.pipeline import tagging
from bascule.pipeline.asking import may_act
from bascule.pipeline.configured import key_variables
from bascule.pipeline.decide import Decision
from bascule.pipeline.session import Session
from bascule.types import Change, MergeReport, RestoreContext, Result, RunStatus, Status, Way, verdict
from bascule.window import keys, landed, secret
from bascule.window.entries import ChangeRef, Outcome
from bascule.window.journal import Journal, TipRead
from bascule.window.merging import Gated
from bascule.window.order import Inspect, Inspection, Order, Passage
from bascule.window.plain import PlainMerge, record_outcome
from bascule.window.stepwise import StepwiseWindow
from bascule.window.sweeper import met_alarms
from bascule.window.timing import Timing

LANDED_READS = 3


def act(session: Session, decision: Decision) -> Result:
    """Merge what may be merged and return what became of it; every run leaves one entry where it can be signed.

    Raises:
        BasculeError: something failed before anything was changed.
    """
    result = decision.result
    if result.status is RunStatus.MERGEABLE:
        stop = may_act(session, decision)
        if isinstance(stop, Result):
            result = stop
        elif stop is not None:
            assert result.verdict is not None
            tree = verdict(result.verdict.title, (*result.verdict.checks, stop), result.verdict.children)
            status = RunStatus.WAITING if stop.status is Status.WAIT else RunStatus.BLOCKED
            result = evolve(result, status=status, verdict=tree)
        else:
            return _pass(session, decision)
    return _recorded(session, decision, result)


def journal_of(session: Session, repository: int, *, seen: TipRead | None = None) -> Journal | None:
    """Return the journal where this process has a key to write it, else None.

    ``seen`` is an older read of its tip: whatever it says now must descend from that one (protocol.md, "Entries").
    """
    if session.journal is None:
        ring = keys.from_environment(key_variables(session))
        if ring.signer is None or not session.connection.has(Identity.KEEPER):
            return None
        session.journal = Journal(
            store=session.connection.journal,
            keys=ring,
            repository=repository,
            clock=session.clock,
            seen=seen.ref.sha if seen is not None else None,
        )
    return session.journal


def passed(session: Session, decision: Decision) -> Result:
    """Pass what a lane of its own has decided through the window, as :func:`act` does for what gates decided.

    Raises:
        BasculeError: something failed before anything was changed.
    """
    return _pass(session, decision)


def recorded(session: Session, decision: Decision, result: Result) -> Result:
    """Write the ``outcome`` entry of a lane's run that did nothing."""
    return _recorded(session, decision, result)


def _pass(session: Session, decision: Decision) -> Result:
    result, snapshot = decision.result, decision.snapshot
    plan, change = result.plan, result.change
    assert plan is not None
    assert change is not None
    assert decision.merger is not None
    # Plugins never run beside the open window (invariant 7).
    session.hosts.stop()
    journal = journal_of(session, change.repo.id, seen=decision.tip)
    # From here on the tip is another one: where the tag was written down, whoever merges reads it anew.
    tip = None if tagging.write_ahead(session, journal, decision) else decision.tip
    order = Order(
        run=session.run,
        plan=plan,
        gated=Gated.of(change, fingerprint=snapshot.fingerprint),
        actor=decision.merger.login,
        token_expires_at=decision.keeper.expires_at if decision.keeper is not None else None,
        attended=session.attended,
        hidden=decision.live.protection.hidden if decision.live is not None else None,
        details=_journal_details(result),
    )
    found: dict[str, str] = {}
    inspect = _inspector(session, decision, change, found)
    connection = session.connection
    if plan.way is Way.NONE:
        session.progress(f"merge at {change.head_sha[:7]}")
        merge = PlainMerge(
            merger=connection.merger, clock=session.clock, journal=journal, on_step=_steps(session, plan.branch)
        )
        passage = merge.run(order, tip=tip, inspect=inspect)
    else:
        if journal is None:
            raise UsageError(say.NO_KEY, hint=say.NO_KEY_FIX)
        window = StepwiseWindow(
            keeper=connection.keeper,
            merger=connection.merger,
            journal=journal,
            clock=session.clock,
            secrets=secret.folder(session.environ),
            repository=change.repo.full_name,
            timing=Timing(longest_request=float(connection.timeout)),
            count=lambda: len(connection.calls),
            on_step=_steps(session, plan.branch),
        )
        with connection.unspaced():
            passage = window.run(order, tip=tip, live=decision.live, inspect=inspect)
    done = tagging.after_merge(session, decision, _with_passage(result, passage), found.get("landed", ""))
    return _afterwards(session, decision, done)


def _steps(session: Session, branch: str) -> Callable[[str], None]:
    words = {
        "opened": f"window opened on {branch}, journalled",
        "relaxed": "protection relaxed",
        "merged": "merged",
        "restored": "protection restored, read back",
        "closed": "window closed, journalled",
    }
    return lambda step: session.progress(words.get(step, step))


def _with_passage(result: Result, passage: Passage) -> Result:
    merged = passage.sha is not None and passage.status is RunStatus.MERGED
    summary = passage.found
    if merged and passage.sha is not None:
        template = say.MERGED_RESTORED if passage.window is not None and passage.window.restored else say.MERGED
        summary = template.format(sha=passage.sha[:7])
    details = {
        **result.details,
        "reason": passage.reason,
        **({"by_hand": list(passage.by_hand)} if passage.by_hand else {}),
    }
    return evolve(
        result,
        status=passage.status,
        summary=summary,
        window=passage.window,
        merge=MergeReport(sha=passage.sha) if merged and passage.sha is not None else None,
        alarms=(*passage.alarms, *passage.notes),
        next=passage.fix,
        details=details,
    )


def _afterwards(session: Session, decision: Decision, result: Result) -> Result:
    """Let the scenarios look at their own side; what they do not like is an alarm, for protection is back already."""
    if result.status is not RunStatus.MERGED or decision.bound is None or result.change is None:
        return result
    alarms = list(result.alarms)
    for part in decision.bound.packs:
        ctx = RestoreContext(change=result.change, pack=part.pack, outcome=result)
        for check in session.hosts.restore(ctx, (part.pack.scenario,)):
            if check.status is not Status.ALLOW:
                alarms.append(f"{check.source}: {check.found}; {check.fix}")
    return evolve(result, alarms=tuple(alarms))


def _inspector(session: Session, decision: Decision, change: Change, seen: dict[str, str]) -> Inspect:
    """Return what compares the landed tree with the gated one, by git, once protection is back (invariant 5).

    ``seen`` gets the word for it under ``landed``.
    """

    def inspect(sha: str) -> Inspection:
        session.progress("landed tree against gated tree")
        git, commits = _landed(session, decision, sha)
        plan = decision.result.plan
        assert plan is not None
        parent = next((c.parents[0] for c in commits if c.sha == sha and c.parents), None)
        found = landed.judge(
            commits,
            run=session.run,
            landed=sha,
            base=change.base_sha,
            gated_tree=change.merge_tree,
            actual_tree=git.merge_tree(parent, change.head_sha) if parent is not None else None,
            rebased=len(change.commits) if plan.merge.method == "rebase" else 0,
            opened_to_others=any(r.admits.level > 1 for r in plan.relaxations),
        )
        seen["landed"] = found.verdict.value
        alarms = (found.found,) if found.verdict is landed.Verdict.ALARM else ()
        return Inspection(alarms=alarms, details={"landed": found.verdict.value, "landed_says": found.found})

    return inspect


def _landed(session: Session, decision: Decision, sha: str) -> tuple[Git, tuple[landed.LandedCommit, ...]]:
    """Return the clone and what landed since the recorded base, as soon as ``sha`` is among it."""
    base = decision.snapshot.change_without_git.base_sha
    for attempt in range(1, LANDED_READS + 1):
        git, tip = session.connection.branch(decision.snapshot)
        walk = git.commits(f"{base}..{tip}", options=("--first-parent",))
        commits = tuple(
            landed.LandedCommit(sha=c.sha, parents=c.parents, tree=c.tree, message=c.message, author=c.author_name)
            for c in walk
        )
        if any(c.sha == sha for c in commits) or attempt == LANDED_READS:
            break
        session.clock.sleep(float(attempt))  # git may be answered by a replica that lags behind the merge
    return git, commits


def _recorded(session: Session, decision: Decision, result: Result) -> Result:
    """Write the ``outcome`` of a run that did nothing; that it cannot be written is said, and changes nothing."""
    change = result.change
    if change is None or result.status is RunStatus.NOOP:
        return result
    try:
        journal = journal_of(session, change.repo.id, seen=decision.tip)
        if journal is None:
            return result
        ref = ChangeRef(number=change.number, head_sha=change.head_sha, base_sha=change.base_sha)
        body = Outcome(
            status=result.status.value,
            summary=result.summary or result.status.value,
            changes=(ref,),
            details=_journal_details(result),
        )
        record_outcome(journal, session.run, body, tip=decision.tip)
        result = evolve(result, alarms=met_alarms(journal, (), result.alarms))
    except BasculeError as error:
        return evolve(result, alarms=(*result.alarms, say.not_journalled(error.message)))
    return result


def _journal_details(result: Result) -> dict[str, object]:
    """Return what the journal keeps of a decision: rules and policy, never contents."""
    failed = result.verdict.of(Status.BLOCK, Status.ERROR, Status.WAIT) if result.verdict is not None else ()
    return {
        # A rollback's entries name what they undo, under the journal's signature.
        **{key: result.details[key] for key in ("undoes", "rollback_of") if key in result.details},
        "packs": [{"name": p.name, "scenario": p.scenario, "commit": p.commit} for p in result.packs],
        "open": [{"rule": c.rule, "status": c.status.value, "source": c.source} for c in failed],
        "blockers": [b.kind.value for b in result.blockers if b.kind is not None],
        # By hash: what was seen can be proven later, and what is in it stays where it was.
        "evidence": [
            {key: proof[key] for key in ("kind", "sha256", "provenance", "source")}
            for proof in result.details.get("evidence", ())
        ],
    }
