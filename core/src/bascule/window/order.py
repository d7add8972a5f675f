"""What a run asks of the window, and what the window answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from attrs import field, frozen

from bascule.errors import ExitCode
from bascule.messages import window as say
from bascule.protection.model import Hidden, Protection
from bascule.types import Plan, RunStatus, WindowReport
from bascule.window.entries import ChangeRef
from bascule.window.merging import Gated


@frozen(kw_only=True)
class Order:
    """One change to pass. ``plan`` says how, ``gated`` what must not have moved.

    ``actor`` is the Merger's login, ``token_expires_at`` the end of the Keeper's token (None: unknown).
    ``attended``: a person
    watches, so no sweeper's heartbeat is asked for. ``hidden`` is what GraphQL shows of the branch's rule.
    ``details`` is JSON for the journal (scenario, gates, evidence hashes).
    """

    run: str
    plan: Plan
    gated: Gated
    actor: str
    token_expires_at: datetime | None = None
    attended: bool = False
    hidden: Hidden | None = None
    details: Mapping[str, Any] = field(factory=dict)

    @property
    def change(self) -> ChangeRef:
        """Return the change as the journal names it."""
        return ChangeRef(number=self.gated.number, head_sha=self.gated.head_sha, base_sha=self.gated.base_sha)


@frozen(kw_only=True)
class LiveRead:
    """Live protection that somebody read already. ``elapsed`` is :meth:`Clock.elapsed` right before that read was
    sent.
    """

    protection: Protection
    elapsed: float


@frozen(kw_only=True)
class Inspection:
    """What the caller found out about the landed commit while the journal waits: alarms, and details for the entry."""

    alarms: tuple[str, ...] = ()
    details: Mapping[str, Any] = field(factory=dict)


Inspect = Callable[[str], Inspection]
"""Called with the landed commit once protection is back and before the closing entry is written; keep it short."""


def inspected(inspect: Inspect | None, sha: str | None) -> Inspection:
    """Return what ``inspect`` says of the landed commit; a fault in it is an alarm, for the entry has to be written."""
    if inspect is None or sha is None:
        return Inspection()
    try:
        return inspect(sha)
    except Exception as error:
        return Inspection(alarms=(say.inspection_failed(str(error) or type(error).__name__),))


@frozen(kw_only=True)
class Passage:
    """The window's answer.

    ``reason`` is one word for machines: merged, busy, overtaken, leaked, forged, moved, armed, no_heartbeat, token,
    quota,
    rehearsal, deadline, exposed, stopped, relax_failed, head_moved, base_moved, merge_refused, merged_by_other,
    outside,
    journal, not_restored. ``found`` and ``fix`` are for people. ``window`` is None when none was opened. ``proof``
    says how
    we know that the merge is ours (``actor``: only the landed tree proves it). ``by_hand`` are commands that restore
    when ``restored`` is False. ``signal`` names the signal that ended the run.
    """

    status: RunStatus
    reason: str
    found: str
    fix: str = ""
    window: WindowReport | None = None
    sha: str | None = None
    proof: str = ""
    alarms: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    loose: tuple[str, ...] = ()
    by_hand: tuple[str, ...] = ()
    opened: str | None = None
    signal: str | None = None

    @property
    def restored(self) -> bool:
        """Return whether protection is proven to be as it was, or was never touched."""
        return self.reason != "not_restored" and (self.window is None or self.window.restored)

    @property
    def exit_code(self) -> ExitCode:
        """Return the process's exit code; a protection that is not restored outranks everything."""
        if not self.restored:
            return ExitCode.NOT_RESTORED
        return {
            RunStatus.MERGED: ExitCode.DONE,
            RunStatus.MERGEABLE: ExitCode.DONE,
            RunStatus.NOOP: ExitCode.DONE,
            RunStatus.BLOCKED: ExitCode.BLOCKED,
            RunStatus.WAITING: ExitCode.WAITING,
            RunStatus.FAILED: ExitCode.OUTSIDE,
        }[self.status]
