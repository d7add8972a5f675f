"""The first code of a host process: ``python -I child.py CONFIG``. Standard library only, until the path is set.

It runs as a file, not as a module, so that it starts the same from an editable installation, a wheel or a plain
directory. ``-I`` ignores ``PYTHON*`` and the user's site; the driver's search path is handed over instead.

CONFIG is JSON: ``requests``, ``answers``, ``life`` (file descriptors), ``path``, ``memory``, ``file``, ``items``,
``answer``. Standard output and error are a pipe of their own that the driver reads, so that nothing a plugin prints can
reach the protocol. With ``nursery`` (a socket), ``life`` and ``path`` alone it is the process that hosts are forks of.
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


def search(path: list[str]) -> None:
    """Look for modules in ``path`` first."""
    sys.path[:] = [*path, *(p for p in sys.path if p not in path)]


def main(config: dict[str, Any]) -> None:
    """Set the process up and serve requests until the driver closes the pipe."""
    for name in ("requests", "answers", "life"):
        os.set_inheritable(config[name], False)
    end_with_driver(config["life"])
    limit(resource.RLIMIT_CORE, 0)
    limit(resource.RLIMIT_DATA, config["memory"])
    limit(resource.RLIMIT_FSIZE, config["file"])
    search(config["path"])

    from bascule.host.serving import serve

    serve(config["requests"], config["answers"], items=config["items"], answer=config["answer"])


def raise_hosts(config: dict[str, Any]) -> dict[str, Any] | None:
    """Fork hosts on request, wait for them on request. Return a host's CONFIG in each fork, None when the driver ends.

    Each request is a JSON message on the socket: ``fork`` with ``config``, ``home``, ``env`` and four descriptors, or
    ``reap`` with ``pid``. One answer each: ``pid``, ``code``.
    """
    import ctypes
    import gc
    import socket

    end_with_driver(config["life"])
    limit(resource.RLIMIT_CORE, 0)
    search(config["path"])
    # What every host imports: the guard, the records, and the kit that most plugins are written with.
    import bascule.host.serving
    import bascule.kit  # noqa: F401

    libc = ctypes.CDLL(None)
    libc.getenv.restype = ctypes.c_void_p
    mark = libc.getenv(b"BASCULE_HOST")
    line = socket.socket(fileno=config["nursery"])
    gc.freeze()
    while True:
        message, fds, _, _ = socket.recv_fds(line, 1 << 18, 4)
        if not message:
            return None
        request = json.loads(message)
        if request["do"] == "reap":
            _, status = os.waitpid(request["pid"], 0)
            line.send(json.dumps({"code": os.waitstatus_to_exitcode(status)}).encode())
            continue
        told, tell = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.setsid()
            line.detach()  # its number is closed below, and may be somebody else's by the time this object goes
            # What /proc shows of the environment is where the mark is looked for, and stays what it was at the start.
            ctypes.memmove(mark, request["env"]["BASCULE_HOST"].encode(), 32)
            os.environ.clear()
            os.environ.update(request["env"])
            os.chdir(request["home"])
            return {**request["config"], **own_only(fds)}
        for fd in (*fds, tell):
            os.close(fd)
        os.read(told, 1)  # it is a group of its own by now, so whoever gets its number can end all of it
        os.close(told)
        line.send(json.dumps({"pid": pid}).encode())


def own_only(fds: list[int]) -> dict[str, int]:
    """Make ``fds`` (requests, answers, life, output) the only open descriptors; return the first three by name."""
    requests, answers, life, output = fds
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    kept = {0, 1, 2, requests, answers, life}
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 - one call, and nothing of it stays open
        if int(name) not in kept:
            try:
                os.close(int(name))
            except OSError:  # the listing's own
                continue
    return {"requests": requests, "answers": answers, "life": life}


def start(config: dict[str, Any]) -> None:
    """Be a host, or what hosts are forked from."""
    host: dict[str, Any] | None = raise_hosts(config) if "nursery" in config else config
    if host is not None:
        main(host)


if __name__ == "__main__":
    start(json.loads(sys.argv[1]))
