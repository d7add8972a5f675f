"""The command line in a process of its own that is forked from one which has imported it: tests pay for work only.

A fork starts where a fresh process is after it has put the tokens out of reach and started itself anew (see
``bascule.forge.reexec``): what ``/proc`` shows of the environment is the server's, the tokens come through a pipe.
Everything else is a run of ``python -m bascule``: its arguments, environment, directory, streams, exit code and death.
``BASCULE_TEST_COLD=1`` starts a fresh interpreter each time, as a user's shell does.

The simulator's processes are forked in the same way, from a server of their own: see :func:`install`.
"""

from __future__ import annotations

import atexit
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

COLD = os.environ.get("BASCULE_TEST_COLD", "") == "1" or not hasattr(os, "pidfd_open")
BASCULE = "bascule"
SIMULATOR = "bascule.simulator"
MOVED = str(Path(__file__).with_name("moved.py"))
SWEEPER = str(Path(__file__).parents[1] / "faults" / "sweeper.py")
_LIMIT = 1 << 18  # bytes of a request; what a command line and an environment may take

# -- the tests' side --------------------------------------------------------------------------------------------------


class Server:
    """The one process of this test process that commands are forked from, or that simulators are (``what``)."""

    def __init__(self, what: str) -> None:
        self._lock = threading.Lock()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        for end in (ours, theirs):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _LIMIT)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", str(Path(__file__)), str(theirs.fileno()), what], pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL, cwd="/", env={"PATH": os.environ["PATH"]},
            )  # fmt: skip
        self._line = ours
        atexit.register(self.stop)

    def ask(self, request: Mapping[str, Any], fds: Sequence[int] = ()) -> dict[str, Any]:
        """Send one request and return its answer."""
        with self._lock:
            socket.send_fds(self._line, [json.dumps(request).encode()], fds)
            answer = self._line.recv(_LIMIT)
        assert answer, "the process that commands are forked from is gone"
        found: dict[str, Any] = json.loads(answer)
        return found

    def stop(self) -> None:
        """End it; commands that still run go on."""
        self._line.close()
        self._process.wait(timeout=30)


_servers: dict[str, Server] = {}


def server(what: str) -> Server:
    """Return this process's server, started with the first command or simulator."""
    if what not in _servers:
        _servers[what] = Server(what)
    return _servers[what]


class Process:
    """A started command; the part of ``subprocess.Popen`` that tests use. Its output goes to files, or to ``sink``."""

    def __init__(
        self, program: str, args: Sequence[str], *, env: Mapping[str, str], cwd: Path, sink: IO[Any] | None = None
    ) -> None:
        self._files: list[IO[Any]] = []
        for _ in range(0 if sink else 2):
            self._files.append(tempfile.TemporaryFile("w+", encoding="utf-8"))  # noqa: SIM115 - as long as this object
        request = {"do": "run", "program": program, "args": list(args), "env": dict(env), "cwd": str(cwd)}
        self._server = server(program if program == SIMULATOR else BASCULE)
        into = [sink, sink] if sink else self._files
        self.pid = int(self._server.ask(request, [file.fileno() for file in into])["pid"])
        self._handle = os.pidfd_open(self.pid)
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return the exit code, None while it runs."""
        if self.returncode is None and self._ended(0):
            self.returncode = int(self._server.ask({"do": "reap", "pid": self.pid})["code"])
            os.close(self._handle)
        return self.returncode

    def communicate(self, timeout: float) -> tuple[str, str]:
        """Wait for its end and return what it wrote."""
        if self.returncode is None and not self._ended(timeout):
            self.send_signal(signal.SIGKILL)
            raise subprocess.TimeoutExpired(str(self.pid), timeout)
        self.poll()
        found = []
        for file in self._files:
            file.seek(0)
            found.append(file.read())
            file.close()
        return found[0], found[1]

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait for its end and return its exit code; TimeoutExpired if it has not ended after ``timeout`` seconds."""
        if self.returncode is None and not self._ended(3600 if timeout is None else timeout):
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
        return self.poll()

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def send_signal(self, number: int) -> None:
        """Send it a signal."""
        if self.returncode is None:
            signal.pidfd_send_signal(self._handle, number)

    def _ended(self, timeout: float) -> bool:
        poll = select.poll()  # not select(): descriptors of a long test run may have high numbers
        poll.register(self._handle, select.POLLIN)
        return bool(poll.poll(timeout * 1000))


def start(program: str, args: Sequence[str], *, env: Mapping[str, str], cwd: Path, cold: bool = False) -> Any:
    """Start ``python -m bascule ARGS``, or ``python PROGRAM ARGS`` where ``program`` is a file of the tests.

    ``cold`` starts a fresh interpreter whatever this module's default is.
    """
    if not cold and not COLD:
        return Process(program, args, env=env, cwd=cwd)
    head = ["-m", "bascule"] if program == BASCULE else [program]
    return subprocess.Popen(
        [sys.executable, *head, *args], env=dict(env), cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def run(*args: str, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run ``bascule ARGS`` to its end, in a fork; ``env`` is all that it has, this process's environment if None."""
    started = start(BASCULE, args, env=os.environ if env is None else env, cwd=cwd or Path.cwd())
    out, err = started.communicate(timeout=300)
    return subprocess.CompletedProcess(["bascule", *args], started.returncode, out, err)


def install() -> None:
    """Let every simulator that this process starts be a fork of one process that has imported it."""
    from types import SimpleNamespace

    from bascule.simulator import process

    def popen(command: Sequence[str], *, stdout: IO[bytes], env: Mapping[str, str], **_: Any) -> Process:
        return Process(SIMULATOR, command[3:], env=env, cwd=Path.cwd(), sink=stdout)

    names = {name: getattr(subprocess, name) for name in ("DEVNULL", "TimeoutExpired")}
    if not COLD:
        vars(process)["subprocess"] = SimpleNamespace(Popen=popen, **names)


# -- the server's side ------------------------------------------------------------------------------------------------


LATER = ("_strptime", "ctypes", "github.Requester", "packaging.requirements", "rfc8785", "rich.console", "rich.table")
"""What commands import on the way, of others."""
RECORDS = ("bascule.types", "bascule.window.entries")
"""Modules whose records cross a boundary in nearly every run."""


def preload() -> None:
    """Import what commands import, and let cattrs write its functions; no state of a command is remembered."""
    import pkgutil

    import bascule

    for name in LATER:
        __import__(name)

    for found in pkgutil.walk_packages(bascule.__path__, "bascule."):
        part = found.name.split(".")[1]
        if part not in {"__main__", "simulator", "demo", "testing", "scenarios", "templates"}:
            __import__(found.name)
    _write_converters()


def _write_converters() -> None:
    from attrs import has

    from bascule import wire
    from bascule.config import structure
    from bascule.host import answers
    from bascule.rulepack import schema

    made = wire.converter()
    for module in RECORDS:
        for record in filter(has, vars(sys.modules[module]).values()):
            made.get_unstructure_hook(record)
            made.get_structure_hook(record)
    for record in filter(has, vars(schema).values()):
        structure.converter().get_structure_hook(record)
    for record in (r for r in vars(sys.modules["bascule.types"]).values() if has(r)):
        answers._strict().get_structure_hook(record)


def serve(line: socket.socket) -> dict[str, Any]:
    """Fork and reap on request; return the request in each fork. Ends the process when the tests end."""
    import gc

    gc.freeze()
    while True:
        message, fds, _, _ = socket.recv_fds(line, _LIMIT, 2)
        if not message:
            os._exit(0)
        request: dict[str, Any] = json.loads(message)
        if request["do"] == "reap":
            _, status = os.waitpid(request["pid"], 0)
            line.send(json.dumps({"code": os.waitstatus_to_exitcode(status)}).encode())
            continue
        pid = os.fork()
        if pid == 0:
            line.detach()
            for number, fd in enumerate(fds, start=1):
                os.dup2(fd, number)
            os.closerange(3, 1024)
            return request
        for fd in fds:
            os.close(fd)
        line.send(json.dumps({"pid": pid}).encode())


def become(request: dict[str, Any]) -> None:
    """Do what a fresh process would do, from where it has put the tokens out of reach; end as it would."""
    from bascule.cli.root import TOKENLESS
    from bascule.forge import reexec
    from bascule.forge.tokens import take_raw

    os.environ.clear()
    os.environ.update(request["env"])
    tempfile.tempdir = None
    os.chdir(request["cwd"])
    program, args = request["program"], request["args"]
    if raw := take_raw(os.environ):
        words = args if program == BASCULE else args[1:]
        if not (words and words[0] in TOKENLESS):
            os.environ[reexec.FD_VARIABLE] = str(reexec._hand_over(raw))
    sys.argv[:] = [program, *args]
    sys.orig_argv[:] = [sys.executable, *(["-m"] if program == BASCULE else []), program, *args]
    if program != BASCULE:
        sys.path.insert(0, str(Path(program).parent))
        runpy.run_path(program, run_name="__main__")
        return
    sys.path.insert(0, request["cwd"])
    from bascule.cli import main

    sys.exit(main())


def simulate(request: dict[str, Any]) -> None:
    """Do what ``python -m bascule.simulator`` would do."""
    from bascule.simulator.server import main

    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["cwd"])
    tempfile.tempdir = None
    sys.argv[:] = [request["program"], *request["args"]]
    sys.exit(main(request["args"]))


def end(code: int) -> None:
    """End as the interpreter would, but for taking every module to pieces."""
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code)


if __name__ == "__main__":
    number, what = sys.argv[1:]
    if what == SIMULATOR:
        __import__("bascule.simulator.server")
    else:
        sys.path.insert(0, str(Path(__file__).parent))
        nurseries = __import__("nurseries")
        del sys.path[0]
        preload()
        nurseries.install(now=True)
    wanted = serve(socket.socket(fileno=int(number)))
    try:
        (simulate if what == SIMULATOR else become)(wanted)
    except SystemExit as ended:
        end(int(ended.code or 0))
    end(0)
