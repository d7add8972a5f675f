"""What processes that hosts are forked from are forked from themselves, in tests: see ``nurseries.py``.

Run as ``python -I cradle.py NAME LIFE``, with the environment that ``bascule.host.nursery`` gives its process. It has
imported exactly what that process imports before its first fork, and nothing of any test.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import signal
import socket
import sys

import bascule.host.serving
import bascule.kit  # noqa: F401
from bascule.host.nursery import CHILD


def main(name: str, life: int) -> None:
    """Fork on request until the one who started this is gone; each fork becomes what ``child.py`` would be.

    Args:
        name: what to listen under, in Linux's abstract namespace.
        life: a descriptor whose other end closes when the one who started this is gone.
    """
    spec = importlib.util.spec_from_file_location("__main__", CHILD)
    assert spec is not None
    assert spec.loader is not None
    child = importlib.util.module_from_spec(spec)
    source = spec.loader.get_code("__main__")  # type: ignore[attr-defined]
    child.__name__ = "child"
    exec(source, child.__dict__)
    child.end_with_driver(life)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listening.bind(f"\0{name}")
    listening.listen(16)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how they ended
    os.write(1, b".")
    while True:
        asked, _ = listening.accept()
        try:
            message, fds, _, _ = socket.recv_fds(asked, 1 << 18, 2)
        except OSError:
            message, fds = b"", []
        if len(fds) != 2:  # killed before it had asked
            asked.close()
            continue
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.setsid()
            os.close(life)
            listening.close()
            asked.close()
            child.start({**json.loads(message), "nursery": fds[0], "life": fds[1]})
            os._exit(0)
        for fd in fds:
            os.close(fd)
        with asked, contextlib.suppress(OSError):  # a test may have killed who asked
            asked.send(str(pid).encode())


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
