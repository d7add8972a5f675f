"""``bascule-restore`` as a process of its own whose waiting moves the simulator's clock instead of taking time.

Run as ``python sweeper.py SIMULATOR ARGS...``. Everything else is the real script: its options, tokens, network.
"""

from __future__ import annotations

import json
import os
import sys
import urllib.request
from datetime import datetime, timedelta

from bascule.clock import SystemClock
from bascule.window import restore_main


class MovedClock(SystemClock):
    """The machine's clock and the simulator's, moved together."""

    def __init__(self, simulator: str) -> None:
        self._simulator = simulator
        self._moved = 0.0

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self._moved)

    def elapsed(self) -> float:
        return super().elapsed() + self._moved

    def sleep(self, seconds: float) -> None:
        self._moved += seconds
        body = json.dumps({"advance": seconds}).encode()
        with urllib.request.urlopen(f"{self._simulator}/_sim/clock", data=body, timeout=30) as reply:
            reply.read()


if __name__ == "__main__":
    sys.exit(restore_main.run(sys.argv[2:], environ=os.environ, clock=MovedClock(sys.argv[1])))
