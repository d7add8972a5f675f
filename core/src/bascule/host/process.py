"""The driver's side of one host process: start it clean, move bytes without blocking, end it with all it started."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import uuid
from pathlib import Path

from bascule.host.homes import Home
from bascule.host.nursery import MARK, Direct, Nursery
from bascule.host.settings import Limits, Settings, clean_environment
from bascule.redact import redact

_CHUNK = 1 << 16
_TAIL = 4096


class HostProcess:
    """One running host. Methods never block, except :meth:`end`, which waits for a killed process.

    Args:
        settings: shared by all hosts.
        nursery: what to fork it from; None starts a process from scratch.

    Raises:
        OSError: when the process cannot be started.
    """

    def __init__(self, settings: Settings, nursery: Nursery | None = None) -> None:
        self.mark = uuid.uuid4().hex
        """What every process that this one starts carries in its environment."""
        self._home = Home()
        self._outbox = memoryview(b"")
        self._inbox = bytearray()
        self._tail = bytearray()
        self.printed = 0
        """Bytes printed since :meth:`send`."""
        self.eof = False
        """Whether the answers' pipe is closed."""
        self._silent = False
        self.loaded: set[str] = set()
        """Names of the plugins that this process has loaded."""
        self._fds: list[int] = []
        try:
            self._start(settings, nursery)
        except BaseException:
            self._close()
            raise

    def _start(self, settings: Settings, nursery: Nursery | None) -> None:
        requests, self._requests = self._pipe()
        self._answers, answers = self._pipe()
        life, _ = self._pipe()  # its writing end closes when this process ends, however it ends
        self._output, output = self._pipe()
        limits: Limits = settings.limits
        config = {
            "path": list(settings.path),
            "memory": limits.memory,
            "file": limits.file,
            "items": limits.items,
            "answer": limits.answer,
        }
        fds = {"requests": requests, "answers": answers, "life": life, "output": output}
        env = {**clean_environment(self._home.path, settings.env), MARK: self.mark}
        self._born = (nursery.fork if nursery is not None else Direct)(config, fds, self._home.path, env)
        for fd in (requests, answers, life, output):
            os.close(fd)
            self._fds.remove(fd)
        for fd in (self._requests, self._answers, self._output):
            os.set_blocking(fd, False)

    def _pipe(self) -> tuple[int, int]:
        ends = os.pipe()
        self._fds += ends
        return ends

    # -- bytes --------------------------------------------------------------------------------------------------------

    def send(self, data: bytes) -> None:
        """Queue ``data`` and begin a new call: what was printed so far is forgotten."""
        self._outbox = memoryview(data)
        self._tail.clear()
        self.printed = 0

    def stray(self) -> bool:
        """Return whether bytes are there that nobody asked for; they make the next answer unbelievable."""
        self._read_answers()
        return bool(self._inbox)

    def wants(self) -> list[tuple[int, int]]:
        """Return file descriptors and the poll events to wait for."""
        # A closed pipe is always ready: asking for it again would be a busy loop.
        wanted = [] if self.eof else [(self._answers, select.POLLIN)]
        wanted += [] if self._silent else [(self._output, select.POLLIN)]
        return [*wanted, (self._requests, select.POLLOUT)] if self._outbox else wanted

    def ready(self, fd: int) -> None:
        """Read from or write to ``fd``, as much as goes without waiting."""
        if fd == self._requests:
            try:
                self._outbox = self._outbox[os.write(fd, self._outbox) :]
            except BlockingIOError:
                pass
            except OSError:  # it closed its end: the answers' pipe will say so
                self._outbox = memoryview(b"")
        elif fd == self._answers:
            self._read_answers()
        else:
            self._read_output()

    def line(self) -> bytes | None:
        """Return the answer if it is there whole, taking it out."""
        end = self._inbox.find(b"\n")
        if end < 0:
            return None
        line = bytes(self._inbox[:end])
        del self._inbox[: end + 1]
        return line

    def read_rest(self) -> None:
        """Read all that is left of the answers of a process that has ended."""
        before = -1
        while not self.eof and len(self._inbox) != before:
            before = len(self._inbox)
            self._read_answers()

    @property
    def pending(self) -> int:
        """Return the number of bytes of an answer that is not whole yet."""
        return len(self._inbox)

    @property
    def output(self) -> str:
        """Return the end of what was printed during this call."""
        self._read_output()
        return redact(self._tail.decode(errors="replace"))

    def _read_answers(self) -> None:
        with contextlib.suppress(BlockingIOError):
            data = os.read(self._answers, _CHUNK)
            self.eof = self.eof or not data
            self._inbox += data

    def _read_output(self) -> None:
        with contextlib.suppress(BlockingIOError):
            data = os.read(self._output, _CHUNK)
            self._silent = self._silent or not data
            self.printed += len(data)
            self._tail += data
            del self._tail[:-_TAIL]

    # -- life ---------------------------------------------------------------------------------------------------------

    def exited(self) -> bool:
        """Return whether the process has ended. It is not reaped: its group keeps its number until :meth:`end`."""
        return self._born.exited()

    def end(self, *, strays: bool = True) -> int | None:
        """Kill the process, its group and whatever left the group; remove its directory; return its exit code.

        The exit code is the process's own if it had ended by itself (negative: the signal), None if it was killed here.
        ``strays`` false leaves what left the group to :func:`kill_marked`, which can look for many hosts' at once.
        """
        own = self.exited()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._born.pid, signal.SIGKILL)
        code = self._born.reap()
        if strays:
            kill_marked(self.mark)
        self._close()
        return code if own else None

    def _close(self) -> None:
        while self._fds:
            os.close(self._fds.pop())
        self._home.remove()


def kill_marked(*marks: str) -> None:
    """Kill processes that carry the mark of a host and escaped its group by a session of their own (Linux).

    A process that also wiped its environment stays; what that could still reach is the same as for any program that the
    installing person runs.
    """
    proc = Path("/proc")
    if not marks or not proc.is_dir() or not hasattr(os, "pidfd_open"):
        return
    wanted = {f"{MARK}={mark}".encode() for mark in marks}
    for _ in range(8):  # a process may be forking while the list is read
        killed = False
        for entry in proc.iterdir():
            if entry.name.isdigit():
                killed = _kill_if_marked(int(entry.name), entry / "environ", wanted) or killed
        if not killed:
            return


def _kill_if_marked(pid: int, environ: Path, wanted: set[bytes]) -> bool:
    try:
        handle = os.pidfd_open(pid)  # first the handle, then the look: the number cannot change hands in between
    except OSError:
        return False
    try:
        if wanted.isdisjoint(environ.read_bytes().split(b"\0")):
            return False
        signal.pidfd_send_signal(handle, signal.SIGKILL)
        return True
    except OSError:
        return False
    finally:
        os.close(handle)
