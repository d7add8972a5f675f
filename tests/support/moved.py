"""``bascule`` as a process of its own whose waiting moves the simulator's clock instead of taking time.

Run as ``python moved.py SIMULATOR ARGS...``; ``TEST_CLOCK_AHEAD`` in the environment are seconds that its clock is
ahead of this machine's from the beginning (whoever sets it moves the simulator's as well). Everything else is the real
command: its options, tokens, network.
"""

from __future__ import annotations

import json
import os
import sys
import time
import urllib.request
from datetime import datetime, timedelta

from bascule.clock import SystemClock

_elapsed, _now = SystemClock.elapsed, SystemClock.now
_moved = 0.0


def move(simulator: str) -> None:
    """Let every sleep of this process's system clock move it and the simulator's clock."""
    global _moved
    _moved = float(os.environ.get("TEST_CLOCK_AHEAD", "0"))

    def sleep(_: SystemClock, seconds: float) -> None:
        global _moved
        _moved += max(0.0, seconds)
        body = json.dumps({"advance": max(0.0, seconds)}).encode()
        with urllib.request.urlopen(f"{simulator}/_sim/clock", data=body, timeout=30) as reply:
            reply.read()
        time.sleep(0)

    SystemClock.sleep = sleep  # type: ignore[method-assign]
    SystemClock.elapsed = lambda self: _elapsed(self) + _moved  # type: ignore[method-assign]

    def now(self: SystemClock) -> datetime:
        return _now(self) + timedelta(seconds=_moved)

    SystemClock.now = now  # type: ignore[method-assign]


if __name__ == "__main__":
    from bascule.cli import main

    move(sys.argv[1])
    sys.argv[:] = ["bascule", *sys.argv[2:]]
    sys.exit(main())
