"""A person says that a rollback was a wrong call: kept for whoever learns from it, and changing nothing else."""

from __future__ import annotations

from bascule.errors import UsageError
from bascule.messages import pipeline as texts
from bascule.messages import rollback as say
from bascule.pipeline.act import journal_of
from bascule.pipeline.configured import configured
from bascule.pipeline.session import Session
from bascule.window.entries import ChangeRef, Outcome
from bascule.window.plain import record_outcome


def dispute(session: Session, number: int, reason: str, *, by: str) -> str:
    """Record that ``by`` disputes what was done about pull request ``number``, label it, and return what to say.

    Raises:
        UsageError: no reason was given, or there is no key to sign the journal with.
        BasculeError: GitHub or the journal failed.
    """
    if not reason.strip():
        message, hint = say.dispute_needs_reason()
        raise UsageError(message, hint=hint)
    snapshot = session.connection.observer.snapshot(number, settle=0.0)
    change = snapshot.change_without_git
    configured(session, snapshot)  # where the journal is
    journal = journal_of(session, change.repo.id)
    if journal is None:
        raise UsageError(texts.NO_KEY_TO_RECORD, hint=texts.NO_KEY_FIX)
    ref = ChangeRef(number=number, head_sha=change.head_sha, base_sha=change.base_sha)
    body = Outcome(
        status="disputed",
        summary=say.disputed(number, by),
        changes=(ref,),
        details={"dispute": {"by": by, "reason": reason[:500], "landed": change.merged_sha}},
    )
    record_outcome(journal, session.run, body)
    session.connection.reporter.label(number, say.DISPUTED)
    return say.disputed(number, by)
