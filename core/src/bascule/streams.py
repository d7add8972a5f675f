"""What the machine may lack without deciding what a run does: a reader of its output, space, a home, a folder.

Standard library only: whatever restores protection uses it too.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Mapping
from pathlib import Path


class Stream(io.RawIOBase):
    """Writes to a descriptor; what cannot be written is dropped, and the first reason is kept in :attr:`failed`.

    A broken pipe is no failure: who reads decides how much of it.
    """

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._gone = False
        self.failed: OSError | None = None

    def write(self, data: object) -> int:
        """Write all of ``data``, or drop it; return its length either way."""
        view = memoryview(data).cast("B")  # type: ignore[arg-type]
        done = 0
        while done < len(view) and not self._gone:
            try:
                done += os.write(self._descriptor, view[done:])
            except OSError as error:
                self._gone = True
                self.failed = None if error.errno == errno.EPIPE else error
        return len(view)

    def fileno(self) -> int:
        """Return the descriptor."""
        return self._descriptor

    def isatty(self) -> bool:
        """Return whether it is a terminal."""
        return os.isatty(self._descriptor)

    def writable(self) -> bool:
        """Return True."""
        return True


def open_all() -> None:
    """Open what is closed of the descriptors 0 to 2 on the null device.

    Else the next file or socket that is opened would take the number, and what is printed would go into it.
    """
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest free number, which is this one


def guard() -> tuple[Stream, Stream]:
    """Make the process's standard output and error such streams; call it first thing in a process of our own."""
    open_all()
    made = Stream(1), Stream(2)
    sys.stdout = _text(made[0], sys.stdout, line_buffering=made[0].isatty())
    sys.stderr = _text(made[1], sys.stderr, line_buffering=True)
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115, PTH123 - as long as the process
    return made


def _text(raw: Stream, before: object, *, line_buffering: bool) -> io.TextIOWrapper:
    encoding = getattr(before, "encoding", None) or "utf-8"
    errors = getattr(before, "errors", None) or "backslashreplace"
    return io.TextIOWrapper(io.BufferedWriter(raw), encoding=encoding, errors=errors, line_buffering=line_buffering)


def home(environ: Mapping[str, str]) -> Path:
    """Return the person's folder; one that does not exist for an account without any, as in many containers."""
    try:
        return Path(environ.get("HOME") or Path.home())
    except RuntimeError:
        return Path("/nonexistent")


def folder() -> Path:
    """Return the current folder, or the root where it was removed under this process."""
    try:
        return Path.cwd()
    except OSError:
        return Path("/")
