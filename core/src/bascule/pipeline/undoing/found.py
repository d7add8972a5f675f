"""Which merge is to be undone, what it put on the branch, and what its inverse is now."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from attrs import evolve, field, frozen

from bascule.config.settings import Settings
from bascule.errors import UsageError
from bascule.forge.identity import Identity
from bascule.forge.snapshot import Snapshot
from bascule.gates.protected_files import is_protected
from bascule.git import CommitInfo, Git
from bascule.messages import pipeline as texts
from bascule.messages import rollback as say
from bascule.pipeline.act import journal_of
from bascule.pipeline.configured import configured, key_variables
from bascule.pipeline.decide import tip_seen
from bascule.pipeline.session import Session
from bascule.pipeline.undoing.asked import Undo
from bascule.rollback.inverse import Inverse, Span, invert, span_of
from bascule.rollback.origin import Trace, trace, undoes_of
from bascule.types import Change, Check, Status
from bascule.window import keys
from bascule.window.journal import Journal, TipRead

SLACK = timedelta(hours=1)
"""How long before a merge its window may have been opened; far more than any window lives."""


class NotMergedError(UsageError):
    """The pull request is not merged (exit 2)."""


@frozen(kw_only=True)
class Target:
    """The merge to undo. ``undoes`` names it in trailers and the journal; ``at`` is when it was merged, as recorded.

    ``span`` None: it cannot be told what the merge put on the branch.
    """

    snapshot: Snapshot
    git: Git
    tip: str
    landed: CommitInfo
    trace: Trace
    undoes: str
    at: datetime
    span: Span | None
    settings: Settings = field(factory=Settings)
    alarms: tuple[str, ...] = ()

    @property
    def change(self) -> Change:
        """Return the merged pull request."""
        return self.snapshot.change_without_git

    @property
    def branch(self) -> str:
        """Return the name of the rollback's branch: one for each merge."""
        return f"bascule/rollback-{self.change.number}-{self.undoes[:14]}"

    @property
    def subject(self) -> str:
        """Return the merged change's title as it landed; what a person renames later changes nothing here."""
        lines = [text for text in self.landed.message.splitlines() if text.strip()]
        if len(self.landed.parents) > 1 and len(lines) > 1:
            return lines[1].strip()
        first = lines[0].strip() if lines else self.change.title
        return first.removesuffix(f"(#{self.change.number})").strip()

    def inverse(self) -> Inverse | None:
        """Return what undoing it on the tip gives; None when the tip does not contain it."""
        return None if self.span is None else invert(self.git, self.span, self.tip)


def find(session: Session, undo: Undo) -> Target:
    """Return the merge that ``undo`` names. One query, one git fetch, and the journal as far back as the merge.

    Raises:
        NotMergedError: it is not merged.
        BasculeError: GitHub, git or the journal cannot be read.
    """
    session.progress(f"reading #{undo.number}")
    before = session.clock.elapsed()
    snapshot = session.connection.observer.snapshot(undo.number, settle=0.0)
    change = snapshot.change_without_git
    if change.merged_sha is None:
        message, hint = say.not_merged(undo.number, change.state.lower())
        raise NotMergedError(message, hint=hint)
    settings, problems = configured(session, snapshot)
    alarms = tuple(texts.not_journalled(p.message) for p in problems)
    git, tip = session.connection.merged(snapshot)
    landed = next(iter(git.commits(change.merged_sha, options=("--max-count=1",))))
    session.progress("the journal's word on it")
    seen = _trace(session, snapshot, landed, tip_seen(snapshot.journal, before))
    made = datetime.fromtimestamp(landed.committer_time, UTC)
    return Target(
        snapshot=snapshot,
        git=git,
        tip=tip,
        landed=landed,
        trace=seen,
        undoes=seen.origin.run if seen.origin is not None else landed.sha,
        at=(seen.origin.at if seen.origin is not None else made).replace(microsecond=0),
        span=span_of(git, landed.sha, head=change.head_sha, commits=change.commits),
        settings=settings,
        alarms=alarms,
    )


def moved(session: Session, target: Target) -> Target:
    """Return ``target`` on the branch's newest tip. One git fetch."""
    git, tip = session.connection.merged(target.snapshot)
    return evolve(target, git=git, tip=tip)


def refusals(target: Target, undo: Undo, inverse: Inverse | None) -> tuple[Check, ...]:
    """Return what was looked at before anything is written: checks that allow, or say why it is a person's to do."""
    number, landed = target.change.number, target.landed.sha
    checks = [_origin(target, undo)]
    if target.span is None:
        return (*checks, say.unknown_span(number, landed))
    if inverse is None:
        return (*checks, say.gone(number, landed, target.change.base_ref))
    hits = tuple(p for p in inverse.paths if is_protected(p))
    odd = tuple(p for p in inverse.paths if not p.isascii() and "\udc80" <= max(p) <= "\udcff")
    if hits:
        checks.append(say.protected(hits))
    if odd and not inverse.exact:
        checks.append(say.odd_path(odd))
    checks.append(_inverse(target, undo, inverse))
    return tuple(checks)


def _origin(target: Target, undo: Undo) -> Check:
    origin = target.trace.origin
    undone = (origin.undoes if origin is not None else "") or undoes_of(target.landed.message)
    if undone and not (undo.undo_rollback and undo.by_person):
        return say.is_rollback(undo.number, undone)
    if origin is not None:
        return _allow("origin", say.by_journal(origin.run))
    if not (undo.anyway and undo.by_person):
        return say.not_ours(undo.number, target.landed.sha, read=target.trace.whole)
    return _allow("origin", say.by_person(target.landed.sha))


def _inverse(target: Target, undo: Undo, inverse: Inverse) -> Check:
    if inverse.tree is None:
        return say.conflicts(inverse.conflicts, target.change.base_ref)
    if inverse.exact:
        return _allow("inverse", say.exact(inverse.tree, inverse.span.count))
    titles = [f"{c.sha[:7]} {c.title}" for c in inverse.overlap]
    if undo.strict and inverse.overlap:
        return say.overlap(sorted({p for c in inverse.overlap for p in c.paths}), titles)
    later = int(target.git.text("rev-list", "--count", "--first-parent", f"{target.landed.sha}..{target.tip}"))
    return _allow("inverse", say.merged(later, titles))


def _allow(rule: str, found: str) -> Check:
    return Check(rule=rule, status=Status.ALLOW, found=found)


def _trace(session: Session, snapshot: Snapshot, landed: CommitInfo, tip: TipRead | None) -> Trace:
    journal = readable(session, snapshot.repo.id)
    if journal is None:
        return Trace(whole=False)
    state = journal.read(None if session.connection.journal_elsewhere else tip)
    if state.tip is None:
        return Trace()
    since = datetime.fromtimestamp(landed.committer_time, UTC) - SLACK
    return trace(
        journal.history(state.tip),
        number=snapshot.change_without_git.number,
        landed=landed.sha,
        message=landed.message,
        since=since,
    )


def readable(session: Session, repository: int) -> Journal | None:
    """Return the journal where this process can read and believe it, also without a key to write it; else None."""
    mine = journal_of(session, repository)
    if mine is not None:
        return mine
    ring = keys.from_environment(key_variables(session))
    if not ring.ring or not session.connection.has(Identity.KEEPER):
        return None
    return Journal(store=session.connection.journal, keys=ring, repository=repository, clock=session.clock)
