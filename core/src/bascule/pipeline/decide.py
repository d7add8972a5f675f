"""Decide: everything up to the plan, reading only. This is all that ``bascule check`` does (DESIGN, section 4)."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import evolve, field, frozen

from bascule.config.settings import Settings
from bascule.forge.identity import Identity
from bascule.forge.ports import RefState, RefusedError
from bascule.forge.snapshot import JournalView, Snapshot
from bascule.messages import pipeline as say
from bascule.pipeline.configured import configured
from bascule.pipeline.session import Session
from bascule.pipeline.titles import default_message
from bascule.pipeline.verdicts import judge
from bascule.protection import Choice, Protection, blockers, canonical, choose, queued
from bascule.rulepack.bind import Bound, United, bind, refusals, unite
from bascule.rulepack.catalog import Catalog
from bascule.rulepack.load import load_all
from bascule.types import (
    Blocker,
    Change,
    Check,
    Evidence,
    MergeContext,
    MergePlan,
    PackRef,
    Plan,
    RelaxContext,
    RelaxProposal,
    Result,
    RunStatus,
    Status,
    Verdict,
    Viewer,
    Way,
    verdict,
)
from bascule.window.journal import TipRead
from bascule.window.order import LiveRead

_CLEAR_STATES = {"CLEAN", "HAS_HOOKS", "UNSTABLE"}
_METHODS = ("squash", "merge", "rebase")


@frozen(kw_only=True)
class Decision:
    """The result so far, and what acting on it needs. ``tip`` and ``live`` spare the window two reads.

    ``keeper`` is who would edit protection, None where it was not read.
    """

    result: Result
    snapshot: Snapshot
    tip: TipRead | None
    bound: Bound | None = None
    united: United | None = None
    merger: Viewer | None = None
    keeper: Viewer | None = None
    live: LiveRead | None = None
    evidence: tuple[Evidence, ...] = ()
    settings: Settings = field(factory=Settings)


@frozen(kw_only=True)
class Guard:
    """What protection says: None where it could not be read, with the reason."""

    protection: Protection | None
    why: str = ""
    live: LiveRead | None = None
    keeper: Viewer | None = None
    tip: TipRead | None = None


def decide(session: Session, number: int) -> Decision:
    """Return what Bascule would do with pull request ``number`` now. Nothing is changed anywhere.

    Raises:
        BasculeError: GitHub, git or the installation failed, or the pull request does not exist.
    """
    session.progress(f"reading #{number}")
    before = session.clock.elapsed()
    snapshot = session.connection.observer.snapshot(number)
    base = Decision(
        result=_result(session, RunStatus.NOOP, "", snapshot.change_without_git),
        snapshot=snapshot,
        tip=tip_seen(snapshot.journal, before),
    )
    early = _nothing_to_do(session, snapshot)
    if early is not None:
        return evolve(base, result=early)
    settings, problems = configured(session, snapshot)
    if session.connection.journal_elsewhere:
        base = evolve(base, tip=None)  # the first query looked into this repository
    base = evolve(base, settings=settings)
    catalog = Catalog.of(session.hosts.scenarios().values(), session.hosts.broken(), session.hosts.fixes())
    loaded = load_all(snapshot.packs, catalog, snapshot.packs_commit)
    change = session.connection.fetch(snapshot)
    problems = (*problems, *loaded.problems)
    if problems or snapshot.packs_problem is not None:
        broken = refusals(problems) or (_unreadable(snapshot),)
        tree = verdict(f"#{number}", broken)
        return evolve(base, result=_result(session, RunStatus.BLOCKED, "", change, tree))
    bound = bind(loaded.packs, paths=change.paths, base_ref=change.base_ref)
    if bound.nothing:
        result = _result(session, RunStatus.NOOP, say.NOT_OURS, change, next_step=say.NOT_OURS_NEXT)
        return evolve(base, result=result, bound=bound)
    change = evolve(change, teams=_teams(session, bound))
    united = unite(bound)
    judged = judge(session, snapshot, change, bound, united)
    return _with_protection(
        session, evolve(base, bound=bound, united=united, evidence=judged.evidence), change, judged.tree
    )


def _nothing_to_do(session: Session, snapshot: Snapshot) -> Result | None:
    change = snapshot.change_without_git
    if change.merged_sha is not None:
        summary = say.ALREADY_MERGED.format(sha=change.merged_sha[:7])
        return _result(session, RunStatus.NOOP, summary, change)
    if not snapshot.packs and snapshot.packs_problem is None:
        return _result(session, RunStatus.NOOP, say.NO_PACKS, change, next_step=say.NO_PACKS_NEXT)
    return None


def _with_protection(session: Session, known: Decision, change: Change, tree: Verdict) -> Decision:
    snapshot, united, bound = known.snapshot, known.united, known.bound
    assert united is not None
    assert bound is not None
    merger = who_merges(session, snapshot)
    merge, refused = _merge_plan(session, snapshot, change, tree, bound, united, known.evidence)
    if refused is not None:
        tree = verdict(tree.title, (*tree.checks, refused), tree.children)
    guard = read_protection(session, snapshot, change)
    found: tuple[Blocker, ...] = ()
    choice = Choice()
    if guard.protection is None:
        found = queued(change, snapshot.rules)
        choice = Choice(waits=found)
        if change.merge_state not in _CLEAR_STATES:
            blocked = say.protection_unreadable(guard.why, change.merge_state)
            tree = verdict(tree.title, (*tree.checks, blocked), tree.children)
    else:
        found = blockers(guard.protection, change, merger, method=merge.method, rules=snapshot.rules)
        choice = choose(
            guard.protection,
            found,
            merger=merger,
            keeper=guard.keeper or merger,
            allow=united.relax_allow,
            owner_type=change.repo.owner_type,
            proposals=_proposals(session, change, tree, found, bound),
        )
        if choice.refusals:
            tree = verdict(tree.title, (*tree.checks, *choice.refusals), tree.children)
    plan = plan_of(change, merge, choice, united) if choice.clear else None
    status = _status(tree, choice)
    result = _result(session, status, "", change, tree, packs=tuple(PackRef.of(b.pack) for b in bound.packs))
    result = evolve(result, blockers=found, plan=plan, details=_details(known, choice))
    tip = None if session.connection.journal_elsewhere else guard.tip or known.tip
    return evolve(known, result=result, merger=merger, keeper=guard.keeper, live=guard.live, tip=tip)


def _status(tree: Verdict, choice: Choice) -> RunStatus:
    if tree.status in {Status.BLOCK, Status.ERROR} or choice.refusals:
        return RunStatus.BLOCKED
    if tree.status is Status.WAIT or choice.waits:
        return RunStatus.WAITING
    return RunStatus.MERGEABLE


def plan_of(change: Change, merge: MergePlan, choice: Choice, united: United) -> Plan:
    """Return the plan of merging ``change`` by ``merge`` with what ``choice`` relaxes."""
    return Plan(
        change_number=change.number,
        head_sha=change.head_sha,
        base_sha=change.base_sha,
        branch=change.base_ref,
        merge=merge,
        way=Way.STEPWISE if choice.relaxations else Way.NONE,
        relaxations=choice.relaxations,
        bypasses=choice.bypasses,
        max_exposure=united.max_exposure,
    )


def read_protection(session: Session, snapshot: Snapshot, change: Change) -> Guard:
    """Read protection with the Keeper's token where there is one; a token that may not read it is no fault."""
    connection = session.connection
    if not connection.has(Identity.KEEPER):
        return Guard(protection=None, why="there is no Keeper token")
    session.progress(f"protection of {change.base_ref}")
    viewer, rule, tip = snapshot.viewer, snapshot.protection_rule, None
    if not connection.same(Identity.OBSERVER, Identity.KEEPER):
        before = session.clock.elapsed()
        seen = connection.keeper.guard(change.base_ref)
        viewer, rule, tip = seen.viewer, seen.rule, tip_seen(seen.journal, before)
    before = session.clock.elapsed()
    try:
        raw = connection.keeper.protection(change.base_ref)
    except RefusedError as refused:
        if refused.response.status not in {401, 403, 404}:
            raise
        return Guard(protection=None, why=f"GitHub answers {refused.response.status}")
    read = canonical(raw, branch=change.base_ref, rule=rule)
    live = LiveRead(protection=read, elapsed=before)
    return Guard(protection=read, live=live, keeper=viewer, tip=tip)


def who_merges(session: Session, snapshot: Snapshot) -> Viewer:
    """Return who the Merger's token is; one call where it is not the Observer's."""
    connection = session.connection
    if not connection.has(Identity.MERGER) or connection.same(Identity.OBSERVER, Identity.MERGER):
        return snapshot.viewer
    return connection.merger.viewer()


def _merge_plan(
    session: Session,
    snapshot: Snapshot,
    change: Change,
    tree: Verdict,
    bound: Bound,
    united: United,
    evidence: tuple[Evidence, ...],
) -> tuple[MergePlan, Check | None]:
    """Ask the scenarios how to merge; nobody's opinion means the packs' method, else the repository's first choice."""
    plans: list[tuple[str, MergePlan]] = []
    for part in bound.packs:
        mine = tuple(e for e in evidence if e.binding.pack_sha256 == part.pack.sha256)
        ctx = MergeContext(change=change, pack=part.pack, verdict=tree, evidence=mine)
        answer = session.hosts.merge(ctx, (part.pack.scenario,))
        if isinstance(answer, Check):
            return MergePlan(method=method_of(snapshot, united)), answer
        if answer is not None:
            plans.append((part.pack.name, answer))
    if len(plans) > 1:
        return plans[0][1], say.two_methods(tuple(name for name, _ in plans))
    plan = plans[0][1] if plans else MergePlan(method="")
    plan = evolve(plan, method=plan.method or method_of(snapshot, united))
    if not plan.message:
        # Our trailer needs a message of our own, and that replaces GitHub's: so we write what GitHub would have.
        plan = evolve(plan, message=default_message(change, plan.method))
    if plan.method not in snapshot.merge_methods:
        where = bound.packs[0].pack.where("merge.method")
        return plan, say.method_refused(plan.method, snapshot.merge_methods, where)
    return plan, None


def method_of(snapshot: Snapshot, united: United) -> str:
    """Return the packs' merge method, else the repository's first choice."""
    return united.method or next((m for m in _METHODS if m in snapshot.merge_methods), _METHODS[0])


def _proposals(
    session: Session, change: Change, tree: Verdict, found: tuple[Blocker, ...], bound: Bound
) -> tuple[RelaxProposal, ...] | None:
    """Return what every scenario that has an opinion proposes; None where none has one, so that the packs decide."""
    if not found:
        return None
    common: dict[str, RelaxProposal] | None = None
    for part in bound.packs:
        ctx = RelaxContext(change=change, pack=part.pack, verdict=tree, blockers=found)
        answer = session.hosts.relax(ctx, (part.pack.scenario,))
        if answer is None:
            continue
        named = {p.kind.value: p for p in answer}
        common = named if common is None else {k: p for k, p in common.items() if k in named}
    return None if common is None else tuple(common.values())


def _teams(session: Session, bound: Bound) -> Mapping[str, tuple[int, ...]]:
    """Read the members of every team that a bound pack names among authors."""
    entries = {e for b in bound.packs for e in (*b.pack.authors.allow, *b.pack.authors.deny) if e.startswith("@")}
    found: dict[str, tuple[int, ...]] = {}
    for entry in sorted(entries):
        org, _, slug = entry.removeprefix("@").partition("/")
        found[entry] = session.connection.observer.team_members(org, slug)
    return found


def tip_seen(view: JournalView, before: float) -> TipRead | None:
    """Return the journal's tip as a query showed it in passing; None where that cannot be known from it."""
    if view.tip is None:
        # Only the REST read decides that there is no journal: some servers hide such refs from GraphQL.
        return None
    return TipRead(ref=RefState(sha=view.tip, date=view.date), elapsed=before, commits=view.commits)


def _unreadable(snapshot: Snapshot) -> Check:
    return Check(
        rule="rulepack",
        status=Status.BLOCK,
        found=str(snapshot.packs_problem),
        expected="rulepacks that can be read as text",
        fix="mend the file on the base branch: bascule rulepack validate",
    )


def _details(known: Decision, choice: Choice) -> Mapping[str, object]:
    waits = [b.name for b in choice.waits]
    proofs = [
        {
            "kind": e.kind,
            "sha256": e.sha256,
            "summary": e.summary,
            "provenance": e.provenance,
            "tool": f"{e.binding.tool} {e.binding.tool_version}".strip(),
            "source": e.source,
        }
        for e in known.evidence
    ]
    return {**({"waits": waits} if waits else {}), **({"evidence": proofs} if proofs else {})}


def _result(
    session: Session,
    status: RunStatus,
    summary: str,
    change: Change | None,
    tree: Verdict | None = None,
    *,
    next_step: str = "",
    packs: tuple[PackRef, ...] = (),
) -> Result:
    return Result(
        run=session.run, status=status, summary=summary, change=change, verdict=tree, next=next_step, packs=packs
    )
