"""Paging who must hear that protection is loose, by the webhook that the environment names."""

from __future__ import annotations

import sys

from bascule.clock import Clock
from bascule.errors import BasculeError
from bascule.messages import notify as say
from bascule.window.access import Access


def page(
    access: Access, clock: Clock, branch: str, run: str, alarms: tuple[str, ...], by_hand: tuple[str, ...]
) -> None:
    """Deliver ``not_restored``, where an address is given; say on stderr that it could not be delivered.

    Restoring comes first, so this is only called when nothing more can be done here, and it never raises.
    """
    if access.notify is None:
        return
    from bascule.notify.notice import Event, Notice
    from bascule.notify.webhook import Webhook

    notice = Notice(
        event=Event.NOT_RESTORED,
        repository=access.full_name,
        text=say.not_restored(access.full_name, branch, run),
        run=run,
        at=clock.now().isoformat(timespec="seconds"),
        alarms=alarms,
        next="\n".join(by_hand),
    )
    try:
        Webhook(address=access.notify, clock=clock, allow_http=access.allow_http).deliver(notice)
    except BasculeError as error:
        print(f"ALARM {error.message}", file=sys.stderr)
