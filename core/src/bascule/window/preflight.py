"""The questions before a window is opened; each answer is None or a refusal. Pure."""

from __future__ import annotations

from datetime import datetime

from bascule.messages import window as say
from bascule.types import RunStatus
from bascule.window.order import Order, Passage
from bascule.window.state import State
from bascule.window.timing import Timing


def refusal(order: Order, state: State, now: datetime, quota: int | None, timing: Timing) -> Passage | None:
    """Return why no window may be opened now, or None.

    ``now`` is the server's time, ``quota`` the Keeper's remaining calls (None: never seen).
    """
    return _alive(order, state, now, timing) or _token(order, now, timing) or _quota(quota, timing)


def _alive(order: Order, state: State, now: datetime, timing: Timing) -> Passage | None:
    if order.attended:
        return None
    if state.alive is not None and (now - state.alive).total_seconds() <= timing.heartbeat_limit:
        return None
    last = f"{state.alive:%Y-%m-%d %H:%M UTC}" if state.alive is not None else None
    return Passage(
        status=RunStatus.WAITING,
        reason="no_heartbeat",
        found=say.no_heartbeat(timing.heartbeat_limit / 60, last),
        fix=say.NO_HEARTBEAT_FIX,
    )


def _token(order: Order, now: datetime, timing: Timing) -> Passage | None:
    if order.token_expires_at is None:
        return None
    life = (order.token_expires_at - now).total_seconds()
    needed = timing.deadline + timing.token_margin
    if life > needed:
        return None
    return Passage(status=RunStatus.WAITING, reason="token", found=say.token_ends(life, needed), fix=say.LIFE_FIX)


def _quota(quota: int | None, timing: Timing) -> Passage | None:
    if quota is None or quota >= timing.quota_reserve:
        return None
    found = say.quota_low(quota, timing.quota_reserve)
    return Passage(status=RunStatus.WAITING, reason="quota", found=found, fix=say.QUOTA_FIX)
