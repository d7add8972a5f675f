"""The driver's side: many hosts, one call in flight for each, one loop that waits for all of them.

A plugin is loaded into a process before its first call there, so a host that was killed comes back by itself for the
next call, and a plugin that hangs while it is imported takes no other plugin of its distribution with it.
"""

from __future__ import annotations

import json
import select
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

from attrs import evolve, frozen

from bascule.clock import Clock
from bascule.host.discovery import Found
from bascule.host.nursery import Nursery
from bascule.host.process import HostProcess, kill_marked
from bascule.host.settings import Settings
from bascule.host.table import LOAD
from bascule.messages import host as texts

_LOOK = 0.05
"""Seconds between two looks at a host that keeps silent: a child of it may hold its pipe open after it died."""
_DYING = 1.0
"""Seconds that a process may take from closing its pipes to being gone."""


@frozen(kw_only=True)
class Call:
    """One request for one plugin. ``args`` is JSON text, so that many plugins share one serialisation."""

    plugin: str
    hook: str
    args: str


@frozen(kw_only=True)
class Answer:
    """What came back: ``answers`` as JSON data, or why there are none (``fault``, with ``fix`` where one is known)."""

    answers: Any = None
    fault: str = ""
    fix: str = ""


@frozen(kw_only=True)
class Doing:
    """The call that a host is busy with."""

    call: Call
    id: str
    deadline: float
    seconds: float
    mine: bool = True
    """False for the load that goes before the call."""
    closed: bool = False
    """Whether the host closed its end, so that no answer can come any more."""


class Line:
    """The line to one distribution's host: at most one process, at most one call in flight.

    Args:
        found: the distribution.
        settings: shared by all hosts.
        clock: only ``elapsed`` is used.
        nursery: what its host is forked from; None: started from scratch.
    """

    def __init__(self, found: Found, settings: Settings, clock: Clock, nursery: Nursery | None = None) -> None:
        self.found = found
        self.answers: dict[Call, Answer] = {}
        self._settings = settings
        self._clock = clock
        self._nursery = nursery
        self._process: HostProcess | None = None
        self._queue: deque[Call] = deque()
        self._doing: Doing | None = None
        self._count = 0

    def ask(self, call: Call) -> None:
        """Queue ``call``; :func:`converse` brings the answer into :attr:`answers`."""
        self._queue.append(call)

    @property
    def busy(self) -> bool:
        """Return whether a call is in flight or queued."""
        return self._doing is not None or bool(self._queue)

    @property
    def running(self) -> bool:
        """Return whether there is a process."""
        return self._process is not None

    def stop(self) -> str | None:
        """End the process and forget what was asked; return the mark of what may have left its group."""
        self._queue.clear()
        self._doing = None
        process, self._process = self._process, None
        if process is None:
            return None
        process.end(strays=False)
        return process.mark

    # -- for the loop -------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin the next call, if there is one and none is in flight."""
        while self._doing is None and self._queue:
            if self._process is not None and (self._process.exited() or self._process.stray()):
                self._end()  # between calls: this call gets a process of its own
            if self._process is None:
                try:
                    self._process = HostProcess(self._settings, self._nursery)
                except OSError as error:
                    self.answers[self._queue.popleft()] = Answer(fault=texts.cannot_start(str(error)))
                    continue
            self._begin(self._process)

    def _begin(self, process: HostProcess) -> None:
        call = self._queue[0]
        mine = call.plugin in process.loaded or call.hook == LOAD
        if mine:
            self._queue.popleft()
        hook = call.hook if mine else LOAD
        seconds = self._settings.limits.seconds(hook)
        self._count += 1
        name = str(self._count)
        args = self.load_args(call.plugin) if hook == LOAD else f'"args": {call.args}'
        process.send(f'{{"id": "{name}", "hook": "{hook}", "plugin": {json.dumps(call.plugin)}, {args}}}\n'.encode())
        self._doing = Doing(call=call, id=name, deadline=self._clock.elapsed() + seconds, seconds=seconds, mine=mine)

    def load_args(self, plugin: str) -> str:
        """Return the members of a load request, as JSON text."""
        value = next(e.value for e in self.found.entries if e.name == plugin)
        return f'"value": {json.dumps(value)}'

    def wants(self) -> list[tuple[int, int]]:
        """Return what to poll for."""
        return self._process.wants() if self._process is not None and self._doing is not None else []

    def wait(self) -> float:
        """Return how many seconds the loop may wait for this line, 0 or more."""
        left = self._doing.deadline - self._clock.elapsed() if self._doing is not None else _LOOK
        return max(0.0, min(left, _LOOK))

    def ready(self, fd: int) -> None:
        """Move bytes at ``fd``."""
        if self._process is not None:
            self._process.ready(fd)

    def look(self) -> None:
        """Finish the call if it is answered, dead, too long or too late."""
        doing, process = self._doing, self._process
        if doing is None or process is None:
            return
        limits, hook = self._settings.limits, LOAD if not doing.mine else doing.call.hook
        if (line := process.line()) is not None:
            self._finish(doing, process, line, hook)
        elif process.pending > limits.answer + 1024:  # the envelope around the answer is small
            self._fail(doing, texts.answer_too_long(hook, limits.answer))
        elif process.printed > limits.output:
            self._fail(doing, texts.printed_too_much(hook, limits.output))
        elif process.exited():
            process.read_rest()
            if (line := process.line()) is not None:
                self._finish(doing, process, line, hook)
            else:
                self._fail(doing, "", died=hook)
        elif process.eof and not doing.closed:
            # A process that dies closes its pipes before it can be waited for: give it the time to say how it died.
            soon = min(doing.deadline, self._clock.elapsed() + _DYING)
            self._doing = evolve(doing, deadline=soon, closed=True)
        elif self._clock.elapsed() >= doing.deadline:
            self._fail(doing, "" if doing.closed else texts.timed_out(hook, doing.seconds), died=hook)

    def _finish(self, doing: Doing, process: HostProcess, line: bytes, hook: str) -> None:
        try:
            reply = json.loads(line, parse_constant=_no_constant)
            good = isinstance(reply, dict) and reply.get("id") == doing.id
        except (ValueError, RecursionError):
            good = False
        if not good or process.pending:
            self._fail(doing, texts.broke_protocol(hook))
            return
        self._doing = None
        if "answers" in reply:
            if hook == LOAD:
                process.loaded.add(doing.call.plugin)
            if doing.mine:
                self.answers[doing.call] = Answer(answers=reply["answers"])
        else:
            self._drop(doing)
            self.answers[doing.call] = Answer(fault=str(reply.get("fault", "")) or "?", fix=str(reply.get("fix", "")))

    def _fail(self, doing: Doing, fault: str, *, died: str = "") -> None:
        output = self._process.output if self._process is not None else ""
        code = self._end()
        self._doing = None
        self._drop(doing)
        self.answers[doing.call] = Answer(fault=texts.last_output(fault or texts.died(died, code), output))

    def _drop(self, doing: Doing) -> None:
        """Take a call out of the queue whose load failed."""
        if not doing.mine:
            self._queue.popleft()

    def _end(self) -> int | None:
        process, self._process = self._process, None
        return process.end() if process is not None else None


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def stop(lines: Iterable[Line]) -> None:
    """End the hosts of ``lines`` with all they started."""
    kill_marked(*(mark for mark in [line.stop() for line in lines] if mark is not None))


def converse(lines: Iterable[Line]) -> Mapping[Call, Answer]:
    """Carry out everything that is queued on ``lines``, all lines at the same time; return the answers.

    A caller that is interrupted leaves no host behind that is busy with its question.
    """
    active = [line for line in lines if line.busy]
    try:
        for line in active:
            line.start()
        while any(line.busy for line in active):
            poll = select.poll()
            owner: dict[int, Line] = {}
            for line in active:
                for fd, events in line.wants():
                    poll.register(fd, events)
                    owner[fd] = line
            seconds = min(line.wait() for line in active if line.busy)
            for fd, _ in poll.poll(seconds * 1000):
                owner[fd].ready(fd)
            for line in active:
                line.look()
                line.start()
    except BaseException:
        stop(active)
        raise
    answers: dict[Call, Answer] = {}
    for line in active:
        answers.update(line.answers)
        line.answers.clear()
    return answers
