"""One whole rollback, from the merge's number to the verified tree. Run again, it goes on where it was left."""

from __future__ import annotations

from attrs import define, evolve, field

from bascule import wire
from bascule.errors import BasculeError
from bascule.forge.reverter import Made
from bascule.git import Git
from bascule.messages import pipeline as texts
from bascule.messages import rollback as say
from bascule.pipeline.act import journal_of, passed, recorded
from bascule.pipeline.decide import Decision, who_merges
from bascule.pipeline.session import Session
from bascule.pipeline.sweeping import sweep_first
from bascule.pipeline.undoing.asked import Undo, typed_by
from bascule.pipeline.undoing.found import Target, find, moved, refusals
from bascule.pipeline.undoing.judged import foresee, judge, skips
from bascule.pipeline.undoing.made import commit_id, propose, refresh
from bascule.pipeline.undoing.policy import policy_of
from bascule.pipeline.undoing.told import tell
from bascule.render import rollback as shown
from bascule.rollback.inverse import Inverse, invert
from bascule.rollback.origin import UNDOES
from bascule.types import (
    Check,
    Overlap,
    RelaxKind,
    Result,
    RollbackReport,
    RunStatus,
    Status,
    Viewer,
    verdict,
)
from bascule.window.entries import ChangeRef, Landing, Outcome
from bascule.window.plain import record_outcome

MOVES = 5
"""How often one run starts over because the branch moved under it."""
FIRST_PAUSE, LONGEST_PAUSE = 2.0, 20.0
"""Seconds between two looks at checks that have not reported."""


def roll_back(session: Session, undo: Undo, *, dry_run: bool = False, wait: float = 0.0) -> Result:
    """Undo a merge and return what became of it.

    Args:
        undo: which, why, and for whom.
        dry_run: compute and judge, and write nothing anywhere.
        wait: seconds for which checks that have not reported are waited for.

    Raises:
        UsageError: the pull request is not merged.
        BasculeError: something failed before anything was changed; run again, it goes on.
    """
    target = find(session, undo)
    who = who_merges(session, target.snapshot)
    if not undo.machine:
        undo = evolve(undo, by=undo.by or typed_by(session, who))
    return _Lane(session=session, undo=undo, who=who, target=target, dry_run=dry_run, wait=wait).go()


@define(kw_only=True, eq=False)
class _Lane:
    """One run; ``target`` is renewed whenever the branch moves."""

    session: Session
    undo: Undo
    who: Viewer
    target: Target
    dry_run: bool
    wait: float
    _report: RollbackReport = field(init=False)
    _began: float = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._began = self.session.clock.elapsed()

    def go(self) -> Result:
        """Return what became of it."""
        known = self.session.connection.reverter.find(self.target.branch)
        inverse = self.target.inverse()
        self._describe(inverse, known)
        done = self._done(known)
        if done is not None:
            return done
        pause, moves = FIRST_PAUSE, 0
        while True:
            result, again, decision = self._once(inverse, known)
            if not again or self.dry_run:
                return self._end(result, decision)
            if again == "moved":
                moves += 1
                if moves > MOVES:
                    return self._end(result, decision)
                self.session.clock.sleep(float(moves - 1))  # the first time at once; then an answer may have been old
            else:
                left = self.wait - (self.session.clock.elapsed() - self._began)
                if left <= 0:
                    return self._end(evolve(result, next=result.next or say.WAIT_NEXT), decision)
                pause = min(pause, left)
                self.session.progress(say.waiting_for(_waits(result), pause))
                self.session.clock.sleep(pause)
                pause = min(LONGEST_PAUSE, pause * 1.5)
            self.target = moved(self.session, self.target)
            known, inverse = self.session.connection.reverter.find(self.target.branch), self.target.inverse()
            self._describe(inverse, known)
            done = self._done(known)
            if done is not None:
                return done

    def _once(self, inverse: Inverse | None, known: Made | None) -> tuple[Result, str, Decision | None]:
        """Return what one look gives, why another one is due (``moved``, ``wait``, or nothing), and the decision."""
        session, undo, target = self.session, self.undo, self.target
        said = refusals(target, undo, inverse)
        if inverse is None or any(c.status is not Status.ALLOW for c in said):
            return self._stopped(said), "", None
        if inverse.nothing_left:
            return self._plain(RunStatus.NOOP, say.nothing_left(undo.number)), "", None
        if self.dry_run and known is None:
            head = commit_id(session, target, inverse, self.who)
            self._report = evolve(self._report, commit=head)
            decision, policy = foresee(
                session, undo, target.snapshot, head=head, known=said, inverse=inverse, subject=target.subject,
                undoes=target.undoes,
            )  # fmt: skip
            self._policy(policy.mode, skip=skips(policy, inverse))
            return self._of(decision).result, "", self._of(decision)
        if not undo.by_person and known is None:
            early = policy_of(session, target.snapshot, inverse.paths)
            self._policy(early.mode, skip=skips(early, inverse))
            if early.mode == "off":
                return self._stopped((*said, say.not_by_machine(early.mode, None, early.where))), "", None
        if self.dry_run:
            assert known is not None
            pull, base = known.number, inverse.tip
        else:
            made = propose(session, target, inverse, self.who, known=known, body=shown.pull_body(self._report, UNDOES))
            if isinstance(made, Check):
                return self._stopped((*said, made)), "", None
            pull, base = made.pull.number, made.base
            self._report = evolve(self._report, pull=pull, commit=made.commit)
        decision, policy = judge(
            session, undo, pull, subject=target.subject, undoes=target.undoes, of=target.change, known=said,
            inverse=inverse,
        )  # fmt: skip
        self._policy(policy.mode, skip=skips(policy, inverse))
        decision = self._of(decision)
        return self._act(decision, inverse, base)

    def _act(self, decision: Decision, inverse: Inverse, base: str) -> tuple[Result, str, Decision | None]:
        session, result, change = self.session, decision.result, decision.result.change
        assert change is not None
        if self.dry_run:
            return result, "", decision
        if change.base_sha != inverse.tip or change.head_sha != self._report.commit:
            return result, "moved", decision
        behind = any(b.kind is RelaxKind.STRICT for b in result.blockers)
        if result.plan is None and behind and base != inverse.tip:
            self._report = evolve(self._report, commit=refresh(session, self.target, inverse, self.who))
            return result, "moved", decision
        if result.status is not RunStatus.MERGEABLE:
            patient = result.status is RunStatus.WAITING and not _for_a_person(result)
            return result, "wait" if patient else "", decision
        journal = journal_of(session, change.repo.id, seen=decision.tip)
        if journal is not None:
            found = sweep_first(session, decision, journal)
            if isinstance(found, Result):
                return found, "", decision
            if not isinstance(found, Decision):
                # What was judged was judged while protection was loose.
                self.target = evolve(self.target, alarms=(*self.target.alarms, *found.alarms))
                return result, "moved", decision
            decision = found
        result = passed(session, decision)
        reason = result.details.get("reason")
        if result.status is RunStatus.WAITING and reason in {"moved", "base_moved", "head_moved"}:
            return result, "moved", decision
        return result, "", decision

    def _end(self, result: Result, decision: Decision | None) -> Result:
        """Look at what landed, write down a run that did nothing, and tell whoever has to hear of it."""
        if self.dry_run:
            summary = say.would(self.undo.number) if result.status is RunStatus.MERGEABLE else result.summary
            return self._reported(evolve(result, summary=summary))
        if result.status is RunStatus.MERGED:
            result = self._landed(result)
        elif result.status is not RunStatus.NOOP and "reason" not in result.details:
            known = decision or Decision(result=result, snapshot=self.target.snapshot, tip=None)
            result = recorded(self.session, known, result)
        result = evolve(result, alarms=tuple(dict.fromkeys((*self.target.alarms, *result.alarms))))
        return tell(self.session, self.target, self._reported(result), self._report, self.who)

    def _landed(self, result: Result) -> Result:
        """Hold the landed tree against the expected one; where the branch moved in between, against the inverse on the
        commit below it."""
        assert result.merge is not None
        git: Git = self.target.git
        sha, expected = result.merge.sha, self._report.tree
        try:
            found = git.tree_of(sha)
            if found != expected and self.target.span is not None:
                there = invert(git, self.target.span, git.text("rev-parse", f"{sha}^1"))
                if there is not None and there.tree == found:
                    self._report = evolve(self._report, tree=found, exact=there.exact)
        except BasculeError as error:
            return evolve(result, alarms=(*result.alarms, error.message))
        at = self.session.connection.calls.date
        self._report = evolve(self._report, landed_tree=found, done_at=at.isoformat() if at is not None else "")
        windowed = result.window is not None and result.window.restored
        summary = say.done(self.undo.number, sha, exact=self._report.exact, windowed=windowed)
        if self._report.verified:
            return evolve(result, summary=summary)
        return evolve(result, summary=summary, alarms=(*result.alarms, say.tree_differs(found, expected or "")))

    def _done(self, known: Made | None) -> Result | None:
        """Return the end of a run whose work was done before, by the journal's word or by the merged pull request."""
        undone = self.target.trace.undone
        if undone is not None:
            self._report = evolve(self._report, pull=undone.number, done_at=undone.at.isoformat())
            text = say.already(self.undo.number, undone.number, undone.landed)
            return self._told(self._plain(RunStatus.NOOP, text), undone.landed)
        if known is None or known.state != "merged" or known.merged_sha is None:
            return None
        text = say.already(self.undo.number, known.number, known.merged_sha)
        self._report = evolve(self._report, pull=known.number, landed_tree=self.target.git.tree_of(known.merged_sha))
        result = self._plain(RunStatus.NOOP, text)
        # An earlier run died after the merge: what it could not write any more is written now.
        return self._reported(result) if self.dry_run else self._late(result, known)

    def _told(self, result: Result, sha: str) -> Result:
        """Tell of the rollback ``sha`` where an earlier run died before it had: its label is the last thing it sets."""
        told = say.LABEL in {label.casefold() for label in self.target.change.labels}
        if told or self.dry_run:
            return self._reported(result)
        return tell(self.session, self.target, self._reported(result), self._report, self.who, late=sha)

    def _late(self, result: Result, known: Made) -> Result:
        session, target = self.session, self.target
        assert known.merged_sha is not None
        try:
            journal = journal_of(session, target.snapshot.repo.id)
            if journal is not None:
                base = Decision(result=result, snapshot=target.snapshot, tip=None)
                swept = sweep_first(session, base, journal)
                if isinstance(swept, Result):
                    return tell(session, target, self._reported(swept), self._report, self.who)
                record_outcome(
                    journal,
                    session.run,
                    Outcome(
                        status="merged",
                        summary=result.summary,
                        changes=(ChangeRef(number=known.number, head_sha=known.head_sha, base_sha=target.landed.sha),),
                        landed=(Landing(number=known.number, sha=known.merged_sha),),
                        details=dict(self._details()),
                    ),
                )
        except BasculeError as error:
            result = evolve(result, alarms=(*result.alarms, texts.not_journalled(error.message)))
        return self._told(result, known.merged_sha)

    # -- records -------------------------------------------------------------------------------------------------------

    def _describe(self, inverse: Inverse | None, known: Made | None) -> None:
        """Renew the report from the merge, its inverse on the newest tip, and the pull request that is there."""
        target, span = self.target, self.target.span
        self._report = RollbackReport(
            of=self.undo.number,
            title=target.subject,
            undoes=target.undoes,
            landed=target.landed.sha,
            before=span.before if span is not None else "",
            commits=span.count if span is not None else 0,
            branch=target.branch,
            tip=target.tip,
            tree=inverse.tree if inverse is not None else None,
            tree_before=inverse.before_tree if inverse is not None else "",
            exact=inverse.exact if inverse is not None else False,
            reason=self.undo.reason,
            by=self.undo.by,
            merged_at=target.at.isoformat(),
            files=inverse.paths if inverse is not None else (),
            conflicts=inverse.conflicts if inverse is not None else (),
            overlap=tuple(Overlap(sha=c.sha, title=c.title, paths=c.paths) for c in inverse.overlap) if inverse else (),
            pull=known.number if known is not None else None,
            facts=self.undo.facts,
        )

    def _policy(self, mode: str, *, skip: bool) -> None:
        self._report = evolve(self._report, mode=mode, checks="skip" if skip else "wait")

    def _details(self) -> dict[str, object]:
        of = {"number": self.undo.number, "by": self.undo.by, "why": self.undo.reason[:500]}
        return {"undoes": self.target.undoes, "rollback_of": of}

    def _of(self, decision: Decision) -> Decision:
        result = evolve(decision.result, details={**decision.result.details, **self._details()})
        return evolve(decision, result=result)

    def _plain(self, status: RunStatus, summary: str) -> Result:
        return Result(
            run=self.session.run, status=status, summary=summary, change=self.target.change, verdict=None,
            details=self._details(),
        )  # fmt: skip

    def _stopped(self, said: tuple[Check, ...]) -> Result:
        tree = verdict(f"rollback of #{self.undo.number}", said)
        status = RunStatus.WAITING if tree.status is Status.WAIT else RunStatus.BLOCKED
        return evolve(self._plain(status, ""), verdict=tree)

    def _reported(self, result: Result) -> Result:
        return evolve(result, details={**result.details, "rollback": wire.dump(self._report)})


def _waits(result: Result) -> tuple[str, ...]:
    checks = result.verdict.of(Status.WAIT) if result.verdict is not None else ()
    return tuple(dict.fromkeys((*(c.rule for c in checks), *result.details.get("waits", ()))))


def _for_a_person(result: Result) -> bool:
    """Return whether time alone cannot help: a person has to ask or to let go."""
    checks = result.verdict.of(Status.WAIT) if result.verdict is not None else ()
    return any(c.rule in {"mode", "labels"} for c in checks)
