"""SIGINT, SIGTERM and SIGHUP while a window is open: noticed, never allowed to tear the restore apart.

A handler that raised could raise in the middle of the restore. So the handler only notes the signal; the run looks
between steps (:meth:`Stop.requested`), restores, closes the journal, and tells its caller which signal it was.
"""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any

WATCHED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""SIGHUP comes when a terminal is closed or a connection to it drops, with somebody's ``--attended`` run inside."""


class Stop:
    """A context in which the watched signals are only noted. Outside the main thread it watches nothing."""

    def __init__(self) -> None:
        self.requested: signal.Signals | None = None
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Stop:
        """Take over the handlers."""
        if threading.current_thread() is threading.main_thread():
            for number in WATCHED:
                if signal.getsignal(number) is not signal.SIG_IGN:  # nohup: told to go on
                    self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Put the old handlers back; a noted signal stays noted for the caller to act on."""
        for number, handler in self._before.items():
            # None means that it was not set from Python; the default is the closest that can be said.
            signal.signal(number, signal.SIG_DFL if handler is None else handler)

    def _note(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - signal's signature
        self.requested = signal.Signals(number)
