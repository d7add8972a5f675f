"""One clean process that has imported what every host needs, and of which hosts are forks: starting six costs like one.

It is started as a host is (``child.py``: isolated, with a clean environment), loads no plugin, holds nothing of the
driver's, and does two things: fork, and wait for what it forked. What a fork becomes is what a process of its own would
be: a session, a directory, an environment and limits of its own, and no file descriptor but the four it was sent.

Linux only, for it leans on process descriptors. Elsewhere, and where one host is all there is, hosts are started
directly.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from bascule.host.settings import Settings, clean_environment

CHILD = Path(__file__).with_name("child.py")
MARK = "BASCULE_HOST"
"""The variable by which what a host started is found again; its value is the host's mark, 32 hexadecimal digits."""
BLANK = "0" * 32
DESCRIPTORS = ("requests", "answers", "life", "output")


class Born(Protocol):
    """A started host process."""

    pid: int

    def exited(self) -> bool:
        """Return whether it has ended; it keeps its number until :meth:`reap`."""
        ...

    def reap(self) -> int:
        """Wait for its end; return its exit code, negative for a signal."""
        ...


class Direct:
    """A host started as a child of the driver.

    Args:
        config: what ``child.py`` is told, without descriptors.
        fds: by the names of :data:`DESCRIPTORS`.
        home: its directory.
        env: its environment.

    Raises:
        OSError: the process cannot be started.
    """

    def __init__(self, config: Mapping[str, Any], fds: Mapping[str, int], home: str, env: Mapping[str, str]) -> None:
        passed = {name: fds[name] for name in DESCRIPTORS[:3]}
        self._popen = subprocess.Popen(
            [sys.executable, "-I", "-u", str(CHILD), json.dumps({**config, **passed})],
            stdin=subprocess.DEVNULL,
            stdout=fds["output"],
            stderr=fds["output"],
            pass_fds=tuple(passed.values()),
            start_new_session=True,
            cwd=home,
            env=env,
        )
        self.pid = self._popen.pid

    def exited(self) -> bool:
        """Return whether it has ended."""
        try:
            return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
        except ChildProcessError:  # reaped by somebody else
            return True

    def reap(self) -> int:
        """Wait for its end; return its exit code."""
        return self._popen.wait()


class Forked:
    """A host that the nursery forked."""

    def __init__(self, nursery: Nursery, pid: int) -> None:
        self.pid = pid
        self._nursery = nursery
        self._handle = os.pidfd_open(pid)

    def exited(self) -> bool:
        """Return whether it has ended."""
        return bool(select.select([self._handle], [], [], 0)[0])

    def reap(self) -> int:
        """Wait for its end; return its exit code, -SIGKILL where nobody can say any more."""
        os.close(self._handle)
        return self._nursery.reap(self.pid)


class Nursery:
    """The driver's end. Started with the first host, and again after it was lost or :meth:`stop` was called.

    Not for two threads at once.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._popen: subprocess.Popen[bytes] | None = None
        self._line: socket.socket | None = None
        self._life = -1

    @staticmethod
    def possible() -> bool:
        """Return whether this system has what it takes."""
        return sys.platform == "linux" and hasattr(os, "pidfd_open")

    def fork(self, config: Mapping[str, Any], fds: Mapping[str, int], home: str, env: Mapping[str, str]) -> Born:
        """Return a new host; arguments and errors are those of :class:`Direct`."""
        request = {"do": "fork", "config": dict(config), "home": home, "env": dict(env)}
        try:
            reply = self._ask(request, [fds[name] for name in DESCRIPTORS])
            return Forked(self, int(reply["pid"]))
        except (OSError, ValueError, KeyError) as error:
            # Somebody killed it, or its answer makes no sense: what it forked dies with the driver, by itself.
            self.stop()
            raise OSError(f"the process that hosts are forked from is gone: {error}") from error

    def reap(self, pid: int) -> int:
        """Wait for the fork ``pid`` and return its exit code."""
        try:
            return int(self._ask({"do": "reap", "pid": pid}, [])["code"]) if self._line is not None else -signal.SIGKILL
        except (OSError, ValueError, KeyError):
            self.stop()
            return -signal.SIGKILL

    def stop(self) -> None:
        """End it. Hosts that it forked are for whoever holds them to end, before this."""
        popen, self._popen = self._popen, None
        line, self._line = self._line, None
        if line is not None:
            line.close()
            os.close(self._life)
        if popen is not None:
            with contextlib.suppress(ProcessLookupError):
                popen.kill()
            popen.wait()

    def _ask(self, request: Mapping[str, Any], fds: list[int]) -> Mapping[str, Any]:
        if self._line is None:
            self._start()
        assert self._line is not None
        socket.send_fds(self._line, [json.dumps(request).encode()], fds)
        answer = self._line.recv(1 << 16)
        if not answer:
            raise OSError("it closed the line")
        reply: Mapping[str, Any] = json.loads(answer)
        return reply

    def _start(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        life, self._life = os.pipe()
        limits = self._settings.limits
        config = {"nursery": theirs.fileno(), "life": life, "path": list(self._settings.path)}
        try:
            self._popen = subprocess.Popen(
                [sys.executable, "-I", "-u", str(CHILD), json.dumps(config)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(), life),
                start_new_session=True,
                cwd="/",
                env={**clean_environment("/", {}), MARK: BLANK},
            )
        except OSError:
            ours.close()
            os.close(self._life)
            raise
        finally:
            theirs.close()
            os.close(life)
        ours.settimeout(limits.spawn)
        self._line = ours
