"""Notices of a run to the webhook that the environment names; none where it names none."""

from __future__ import annotations

from attrs import evolve

from bascule.errors import BasculeError
from bascule.messages import notify as say
from bascule.notify.notice import Event, Notice
from bascule.notify.webhook import Webhook
from bascule.pipeline.session import Session
from bascule.render.facts import not_restored
from bascule.types import Result


def deliver(session: Session, notice: Notice) -> str | None:
    """Deliver ``notice``; return why it could not be, or None. A notice that fails never changes what was done."""
    address = session.tokens.notify_url
    if address is None:
        return None
    session.progress(f"notice: {notice.event.value}")
    hook = Webhook(
        address=address, clock=session.clock, allow_http=session.environ.get("BASCULE_ALLOW_HTTP", "") == "1"
    )
    try:
        hook.deliver(notice)
    except BasculeError as error:
        return error.message
    return None


def alarmed(session: Session, result: Result) -> Result:
    """Page where protection was not restored; return ``result``, with an alarm where nobody could be told."""
    if not not_restored(result):
        return result
    change = result.change
    repository = session.connection.address.full_name
    branch = result.plan.branch if result.plan is not None else change.base_ref if change is not None else ""
    notice = Notice(
        event=Event.NOT_RESTORED,
        repository=repository,
        text=say.not_restored(repository, branch, result.run),
        run=result.run,
        at=now(session),
        number=change.number if change is not None and change.number else None,
        title=change.title if change is not None else "",
        url=change.url if change is not None else "",
        alarms=result.alarms,
        next=result.next,
    )
    failed = deliver(session, notice)
    return result if failed is None else evolve(result, alarms=(*result.alarms, failed))


def now(session: Session) -> str:
    """Return the server's time as last seen, else this machine's; ISO 8601, UTC."""
    return (session.connection.calls.date or session.clock.now()).isoformat(timespec="seconds")
