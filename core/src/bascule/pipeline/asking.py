"""Who asked? The pack's mode decides whether a mergeable change is merged now (DESIGN, "mode")."""

from __future__ import annotations

from attrs import evolve

from bascule.messages import pipeline as say
from bascule.pipeline.decide import Decision
from bascule.pipeline.session import Session
from bascule.types import Check, Mode, Result

JOB_APP = "github-actions"


def may_act(session: Session, decision: Decision) -> Check | Result | None:
    """Return None when the merge may go on, the final result where the mode only watches, or the check that waits.

    In ``guarded`` mode a person with write access must have asked: by a comment command (its live permission was
    checked), by typing the command with a token of their own and not in a runner, or by the label. A change from a fork
    needs a command that names its head.
    """
    united = decision.united
    assert united is not None
    if united.mode in {Mode.OFF, Mode.OBSERVE, Mode.PROPOSE}:
        path = decision.bound.packs[0].pack.path if decision.bound is not None else ""
        return evolve(decision.result, summary=say.watching(united.mode), next=say.watching_next(path))
    # However it came here (workflows pass it as GH_TOKEN, too): with it GitHub starts nothing after the merge.
    if decision.merger is not None and decision.merger.app_slug == JOB_APP:
        return say.job_token(decision.merger.login)
    if united.mode is Mode.AUTO or _typed_by_a_person(session, decision):
        return None
    change = decision.result.change
    if change is not None and change.from_fork:
        # Who may not write here can push after somebody asked: what was asked for has to be named.
        named = session.asked_by is not None and session.asked_sha and change.head_sha.startswith(session.asked_sha)
        return None if named else say.not_asked_at(change.head_sha)
    if session.asked_by is not None:
        return None
    return None if _labelled(session, decision) else say.not_asked(say.ASKING_LABEL)


def _typed_by_a_person(session: Session, decision: Decision) -> bool:
    viewer = decision.merger
    if viewer is None or viewer.type != "User" or not viewer.can_write:
        return False
    # A machine account is a User too: cron or a service with its token is nobody who asks.
    return session.typed and not session.automated


def _labelled(session: Session, decision: Decision) -> bool:
    """Return whether somebody with write access put the asking label on; triage may label too, so it is looked up."""
    change = decision.result.change
    if change is None or say.ASKING_LABEL not in change.labels:
        return False
    login = session.connection.observer.labelled_by(change.number, say.ASKING_LABEL)
    return login is not None and session.connection.observer.permission(login) in {"write", "admin"}
