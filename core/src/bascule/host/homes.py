"""Home directories of hosts. A driver that is killed cannot remove them; the next driver on the machine does."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from pathlib import Path

PREFIX = "bascule-host-"


class Home:
    """A fresh directory, locked for as long as the driver lives: the lock ends with the process, however it ends.

    Raises:
        OSError: there is no room for a directory.
    """

    def __init__(self) -> None:
        while True:
            self.path = tempfile.mkdtemp(prefix=PREFIX)
            self._lock = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            fcntl.flock(self._lock, fcntl.LOCK_SH)
            if Path(self.path).is_dir():
                return
            os.close(self._lock)  # swept between its making and its locking

    def remove(self) -> None:
        """Remove the directory with all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


def sweep(folder: Path | None = None) -> tuple[str, ...]:
    """Remove this user's home directories in ``folder`` (where hosts have theirs) whose driver is gone; return them."""
    gone = []
    for path in sorted((folder or Path(tempfile.gettempdir())).glob(f"{PREFIX}*")):
        with contextlib.suppress(OSError):
            found = path.lstat()
            if found.st_uid != os.getuid() or path.is_symlink() or not path.is_dir():
                continue
            lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path, ignore_errors=True)
                gone.append(str(path))
            finally:
                os.close(lock)
    return tuple(gone)
