"""Actors in threads of which exactly one runs at a time; who goes on at each call is drawn from a seed."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable

from tests.window.fake import Killed

from bascule.clock import ManualClock
from bascule.errors import BasculeError


class Schedule:
    """Runs actors to their end. ``point()`` is where another one may take over."""

    def __init__(self, rng: random.Random, stickiness: float = 0.8) -> None:
        self.rng, self.stickiness = rng, stickiness
        self._turns: dict[str, threading.Semaphore] = {}
        self._main = threading.Semaphore(0)
        self._me = threading.local()
        self._alive: list[str] = []
        self.faults: list[BaseException] = []
        self.trace: list[str] = []

    def point(self) -> None:
        name = getattr(self._me, "name", None)
        if name is None:
            return
        self._main.release()
        self._turns[name].acquire()

    def run(self, actors: dict[str, Callable[[], object]]) -> None:
        threads = []
        for name, act in actors.items():
            self._turns[name] = threading.Semaphore(0)
            self._alive.append(name)
            threads.append(threading.Thread(target=self._body, args=(name, act), daemon=True))
            threads[-1].start()
        now = self.rng.choice(self._alive)
        while self._alive:
            if now not in self._alive or self.rng.random() > self.stickiness:
                now = self.rng.choice(self._alive)
            self.trace.append(now)
            self._turns[now].release()
            self._main.acquire()
        for thread in threads:
            thread.join(10)

    def _body(self, name: str, act: Callable[[], object]) -> None:
        self._me.name = name
        self._turns[name].acquire()
        try:
            act()
        except (Killed, BasculeError):
            pass
        except BaseException as error:
            self.faults.append(error)
        finally:
            self._alive.remove(name)
            self._main.release()


class SharedClock(ManualClock):
    """One clock for all; a sleep lets time pass for everybody and others run meanwhile."""

    def __init__(self, schedule: Schedule) -> None:
        super().__init__()
        self.schedule = schedule

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        self.schedule.point()
