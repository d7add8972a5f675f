"""The first code of a host process: ``python -I child.py CONFIG``. Standard library only, until the path is set.

It runs as a file, not as a module, so that it starts the same from an editable installation, a wheel or a plain
directory. ``-I`` ignores ``PYTHON*`` and the user's site; the driver's search path is handed over instead.

CONFIG is JSON: ``requests``, ``answers``, ``life`` (file descriptors), ``path``, ``memory``, ``file``, ``items``,
``answer``. Standard output and error are a pipe of their own that the driver reads, so that nothing a plugin prints can
reach the protocol.
"""

from __future__ import annotations

import fcntl
import json
import os
import resource
import signal
import sys
import threading
from typing import Any


def end_with_driver(life: int) -> None:
    """Make this process group die when the driver does, whatever a plugin is busy with.

    Nothing is ever written to ``life``; its other end closes when the driver ends, even by SIGKILL. On Linux the kernel
    then signals the group itself, which works while C code holds the interpreter; elsewhere a thread waits for it.
    """
    if hasattr(fcntl, "F_SETSIG"):
        fcntl.fcntl(life, fcntl.F_SETOWN, -os.getpgrp())
        fcntl.fcntl(life, fcntl.F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(life, fcntl.F_SETFL, fcntl.fcntl(life, fcntl.F_GETFL) | os.O_ASYNC)
        # The driver may have died before the lines above: then no signal comes any more, but the read ends at once.
        os.set_blocking(life, False)
        try:
            gone = os.read(life, 1) == b""
        except BlockingIOError:
            gone = False
        if gone:
            os.killpg(0, signal.SIGKILL)
        return

    def wait() -> None:
        os.read(life, 1)
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=wait, daemon=True, name="driver-watch").start()


def limit(what: int, soft: int) -> None:
    """Lower a soft limit to ``soft``; a tool that a plugin starts may raise its own again."""
    _, hard = resource.getrlimit(what)
    resource.setrlimit(what, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


def main(config: dict[str, Any]) -> None:
    """Set the process up and serve requests until the driver closes the pipe."""
    for name in ("requests", "answers", "life"):
        os.set_inheritable(config[name], False)
    end_with_driver(config["life"])
    limit(resource.RLIMIT_CORE, 0)
    limit(resource.RLIMIT_DATA, config["memory"])
    limit(resource.RLIMIT_FSIZE, config["file"])
    sys.path[:] = [*config["path"], *(p for p in sys.path if p not in config["path"])]

    from bascule.host.serving import serve

    serve(config["requests"], config["answers"], items=config["items"], answer=config["answer"])


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
