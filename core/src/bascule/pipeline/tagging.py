"""Tags and releases on the merged commit: written down before the merge, made after protection is back.

Nothing of it happens inside a window. A run that dies between merge and tag leaves an entry in the journal, by which
the next run on the merged change makes what is due; a tag that is there is never moved (DESIGN, invariant 13).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from attrs import evolve, frozen

from bascule import wire
from bascule.errors import BasculeError, OutsideError
from bascule.forge.identity import Identity
from bascule.git import Git
from bascule.messages import tagging as say
from bascule.pipeline.decide import Decision
from bascule.pipeline.session import Session
from bascule.types import Change, MergeReport, Plan, ReleasePlan, Result, RunStatus
from bascule.window.entries import ChangeRef, Entry, Flawed, Landing, Outcome, Restored
from bascule.window.journal import Journal
from bascule.window.plain import record_outcome
from bascule.window.trailer import run_of

DUE, DONE = "tag_due", "tagged"
"""Statuses of the journal's ``outcome`` entries that this module writes."""
SEARCHED = 1_000
"""Entries of the journal that are looked at for a tag that is due; beyond them a person tags."""
HORIZON = timedelta(days=30)
"""How far back they may be."""
CLOSE = timedelta(hours=1)
"""How far apart the entries of one run may be."""


@frozen(kw_only=True)
class Wanted:
    """A tag that a plan asks for, with what is needed to make it in another run.

    ``tree`` is the tree that the gates judged, None where it was not computed.
    """

    name: str
    message: str = ""
    release: ReleasePlan | None = None
    head_sha: str = ""
    tree: str | None = None

    @classmethod
    def of(cls, plan: Plan, change: Change) -> Wanted | None:
        """Return what ``plan`` asks for; None where it asks for no tag."""
        merge = plan.merge
        if merge.tag is None:
            return None
        return cls(
            name=merge.tag, message=merge.tag_message, release=merge.release, head_sha=change.head_sha,
            tree=change.merge_tree,
        )  # fmt: skip


def write_ahead(session: Session, journal: Journal | None, decision: Decision) -> bool:
    """Write down the tag that is due once the change is merged; return whether there was anything to write.

    Without a journal nothing is written, and a run that dies between merge and tag leaves the tag to a person.

    Raises:
        BasculeError: the journal cannot be read or written; nothing was merged.
    """
    result = decision.result
    assert result.plan is not None
    assert result.change is not None
    wanted = Wanted.of(result.plan, result.change)
    if wanted is None or journal is None:
        return False
    session.progress(f"tag {wanted.name} noted in the journal")
    body = Outcome(
        status=DUE, summary=say.due(wanted.name, result.change.number), changes=(_ref(result.change),),
        details={"tag": wire.dump(wanted)},
    )  # fmt: skip
    record_outcome(journal, session.run, body, tip=decision.tip)
    return True


def after_merge(session: Session, decision: Decision, result: Result, landed: str) -> Result:
    """Make the tag and the release that the plan asks for, where the merge is ours and is what was judged.

    Args:
        landed: what was found out about the landed commit (``ours``, ``concurrent_change``), empty for nothing.
    """
    plan, change, merge = result.plan, result.change, result.merge
    if result.status is not RunStatus.MERGED or plan is None or change is None or merge is None:
        return result
    wanted = Wanted.of(plan, change)
    if wanted is None:
        return result
    if result.window is not None and not result.window.restored:
        return _alarmed(result, say.not_while_open(wanted.name), say.again(change.number))
    if landed not in {"ours", "concurrent_change"}:
        return _alarmed(result, say.not_what_was_judged(wanted.name, merge.sha), say.BY_HAND)
    return _make(session, decision, evolve(result), wanted, merge.sha)


def due(session: Session, decision: Decision, journal: Journal) -> Result | None:
    """Make what an earlier run of ours left due on a change that is merged; None where nothing is.

    Only the signed journal says what is due: a text on the pull request or in a commit never does.
    """
    change = decision.result.change
    if change is None or change.merged_sha is None or not session.connection.has(Identity.MERGER):
        return None
    try:
        # Whose merge it was, its trailer says: for those of others the journal need not be read at all.
        run = run_of(session.connection.merger.commit_message(change.merged_sha))
        state = journal.read(decision.tip) if run is not None else None
        if run is None or state is None or state.tip is None:
            return None
        open_one = _open_one(_entries(journal, state.tip, state.date - HORIZON), change.number, run)
        if open_one is None:
            return None
        wanted, sha, landed = open_one
        if landed == "alarm":
            return _alarmed(decision.result, say.not_what_was_judged(wanted.name, change.merged_sha), say.BY_HAND)
        if state.is_open:
            return _alarmed(decision.result, say.not_while_open(wanted.name), say.again(change.number))
        if sha is not None and sha != change.merged_sha:
            return None
        if not landed and not _as_gated(session, decision, wanted, change.merged_sha):
            return _alarmed(decision.result, say.not_what_was_judged(wanted.name, change.merged_sha), say.BY_HAND)
    except BasculeError as error:
        return evolve(decision.result, alarms=(*decision.result.alarms, say.cannot_look(error.message)))
    base = evolve(decision.result, merge=MergeReport(sha=change.merged_sha))
    made = _make(session, decision, base, wanted, change.merged_sha, run=run)
    assert made.merge is not None
    return evolve(made, summary=say.finished(made.merge.sha, made.merge.tag)) if made.merge.tag else made


def _make(
    session: Session, decision: Decision, result: Result, wanted: Wanted, sha: str, *, run: str | None = None
) -> Result:
    assert result.change is not None
    assert result.merge is not None
    tagger, number = session.connection.tagger, result.change.number
    session.progress(f"tag {wanted.name}")
    try:
        made = tagger.tag(wanted.name, sha, wanted.message)
    except BasculeError as error:
        return _alarmed(result, say.not_made(wanted.name, sha, error.message), say.again(number))
    if made.where != sha:
        return _alarmed(result, say.elsewhere(wanted.name, made.where, sha), say.ELSEWHERE_FIX)
    result = evolve(result, merge=evolve(result.merge, tag=wanted.name))
    assert result.merge is not None
    address = ""
    if wanted.release is not None:
        session.progress(f"release {wanted.name}")
        try:
            address = tagger.release(wanted.name, wanted.release).where
        except BasculeError as error:
            return _alarmed(result, say.no_release(wanted.name, error.message), say.again(number))
        result = evolve(result, merge=evolve(result.merge, release=address))
    return _noted(session, decision, result, wanted, sha, run or session.run)


def _noted(session: Session, decision: Decision, result: Result, wanted: Wanted, sha: str, run: str) -> Result:
    """Write that it is done, so that nobody looks again; that this fails is said and undoes nothing."""
    journal, change = session.journal, decision.result.change
    if journal is None or change is None:
        return result
    body = Outcome(
        status=DONE, summary=say.done(wanted.name, sha), changes=(_ref(change),),
        landed=(Landing(number=change.number, sha=sha),), details={"tag": {"name": wanted.name}, "of": run},
    )  # fmt: skip
    try:
        record_outcome(journal, run, body)
    except BasculeError as error:
        return evolve(result, alarms=(*result.alarms, say.not_noted(error.message)))
    return result


def _alarmed(result: Result, found: str, fix: str) -> Result:
    return evolve(result, alarms=(*result.alarms, f"{found}; {fix}"))


def _ref(change: Change) -> ChangeRef:
    return ChangeRef(number=change.number, head_sha=change.head_sha, base_sha=change.base_sha)


def _entries(journal: Journal, tip: str, since: Any) -> Iterable[Entry]:
    """Yield authentic entries from ``tip`` back, newest first, as far as is looked."""
    for at, item in enumerate(journal.history(tip)):
        if at >= SEARCHED or (isinstance(item, Entry) and item.at < since):
            return
        if not isinstance(item, Flawed):
            yield item


def _open_one(entries: Iterable[Entry], number: int, run: str) -> tuple[Wanted, str | None, str] | None:
    """Return the tag that ``run`` left due for pull request ``number``: (tag, landed commit, what was found of it).

    None where it was made, or was never due. A run's entries lie close together, so that what is far older than the
    newest of them is not read.
    """
    sha: str | None = None
    landed = ""
    newest = None
    for entry in entries:
        if newest is not None and entry.at < newest - CLOSE:
            return None
        body = entry.body
        if entry.run != run:
            continue
        newest = newest or entry.at
        if not isinstance(body, Outcome | Restored):
            continue
        found = next((x.sha for x in body.landed if x.number == number), None)
        if found is not None and sha is None:
            sha, landed = found, str(body.details.get("landed", ""))
        if isinstance(body, Outcome) and any(c.number == number for c in body.changes):
            if body.status == DONE:
                return None
            if body.status == DUE:
                wanted = _read(body.details)
                return None if wanted is None else (wanted, sha, landed)
    return None


def _read(details: Mapping[str, Any]) -> Wanted | None:
    try:
        return wire.converter().structure(details["tag"], Wanted)
    except Exception:
        return None  # of another version: then a person tags


def _as_gated(session: Session, decision: Decision, wanted: Wanted, sha: str) -> bool:
    """Return whether the merged commit holds what was judged, for a merge that nobody has looked at since."""
    git, _ = session.connection.branch(decision.snapshot)
    if git.tree_of(sha) == wanted.tree:
        return True
    return _merged_tree(git, sha, wanted.head_sha) == git.tree_of(sha)


def _merged_tree(git: Git, sha: str, head: str) -> str | None:
    """Return the tree that merging ``head`` into the parent of ``sha`` gives; None where it cannot be told."""
    parent = git.resolve(f"{sha}^1")
    try:
        return git.merge_tree(parent, head) if parent is not None and head else None
    except OutsideError:
        return None
