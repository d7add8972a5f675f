"""Doing what a comment asks for, for people who may ask at this moment."""

from __future__ import annotations

from attrs import frozen

from bascule.gates.labels import HOLD
from bascule.messages import pipeline as say
from bascule.pipeline.commands import Command, Verb
from bascule.pipeline.decide import decide
from bascule.pipeline.run import report, run
from bascule.pipeline.session import Session
from bascule.pipeline.undoing.asked import Undo
from bascule.pipeline.undoing.disputed import dispute
from bascule.pipeline.undoing.lane import roll_back
from bascule.types import Result, RunStatus

MAY_ASK = ("write", "admin")


@frozen(kw_only=True)
class Answer:
    """What came of a command: a result for ``merge`` and ``why``, else whether it was done and what to say."""

    verb: str
    done: bool
    said: str
    result: Result | None = None


def obey(session: Session, command: Command) -> Answer:
    """Acknowledge with a reaction and do it; people without write access get a thumbs down and nothing else.

    Raises:
        BasculeError: GitHub failed, or the run failed before anything was changed.
    """
    reporter, observer = session.connection.reporter, session.connection.observer
    permission = observer.permission(command.login)
    if permission not in MAY_ASK:
        reporter.react(command.comment_id, "-1")
        return Answer(verb=command.verb.value, done=False, said=say.may_not_ask(command.login, permission))
    if command.verb is Verb.UNKNOWN:
        reporter.react(command.comment_id, "confused")
        return Answer(verb=command.verb.value, done=False, said=command.note)
    reporter.react(command.comment_id, "eyes")
    session.asked_by, session.asked_sha = command.login, command.sha
    if command.verb is Verb.HOLD:
        session.connection.reporter.label(command.number, HOLD)
        return Answer(verb="hold", done=True, said=say.held(command.number, HOLD))
    if command.verb is Verb.ROLLBACK:
        result = roll_back(session, Undo(number=command.number, reason=command.note, by=command.login, anyway=True))
        if result.status in {RunStatus.MERGED, RunStatus.NOOP}:
            reporter.react(command.comment_id, "rocket" if result.status is RunStatus.MERGED else "+1")
        return Answer(verb="rollback", done=True, said=result.summary, result=result)
    if command.verb is Verb.DISPUTE:
        said = dispute(session, command.number, command.note, by=command.login)
        return Answer(verb="dispute", done=True, said=said)
    if command.verb is Verb.WHY:
        decision = decide(session, command.number)
        result = report(session, decision, decision.result, comment=True)
        return Answer(verb="why", done=True, said=result.summary, result=result)
    result = run(session, command.number)
    if result.status in {RunStatus.MERGED, RunStatus.NOOP}:
        reporter.react(command.comment_id, "rocket" if result.status is RunStatus.MERGED else "+1")
    return Answer(verb="merge", done=True, said=result.summary, result=result)
