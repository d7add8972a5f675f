"""Hosts, and what they are forked from, as forks of a process that has imported what they import: see ``cradle.py``.

A test that starts hosts pays for what they do, not for the imports that each would begin with. What is forked is what
would be started, but for the seed of its hashes. Tests marked ``cold`` start hosts as users do: the contract, whose
answers must not depend on that seed, and what looks at a host's descriptors, environment and limits.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

CRADLE = "bascule-tests-cradle-"
COLD = os.environ.get("BASCULE_TEST_COLD", "") == "1" or not hasattr(os, "pidfd_open")
cold = COLD
"""Whether hosts are to be started as users do, from now on."""
_lines: dict[int, tuple[str, Any]] = {}
"""By process, the name that its cradle listens under, and the cradle; a fork has none of its own."""


class Cradled:
    """A process that hosts are forked from, itself forked from the cradle; the part of ``Popen`` that is used."""

    def __init__(self, config: Mapping[str, Any], pass_fds: Sequence[int]) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as line:
            line.connect(f"\0{_cradle()}")
            socket.send_fds(line, [json.dumps({"path": config["path"]}).encode()], list(pass_fds))
            self._pid = int(line.recv(64))

    def kill(self) -> None:
        """End it."""
        os.kill(self._pid, signal.SIGKILL)

    def wait(self) -> None:
        """Nothing: the cradle is who has to wait."""


def _cradle() -> str:
    """Return the name under which the cradle of this process listens, or of the one it was forked from."""
    for pid in (os.getpid(), os.getppid()):
        if pid in _lines:
            return _lines[pid][0]
    name = f"{CRADLE}{os.getpid()}"
    from bascule.host.nursery import BLANK, MARK
    from bascule.host.settings import clean_environment

    ready, tell = os.pipe()
    life, _ = os.pipe()  # its other end closes with this process
    program = str(Path(__file__).with_name("cradle.py"))
    process = subprocess.Popen(
        [sys.executable, "-I", "-u", program, name, str(life)], stdin=subprocess.DEVNULL, stdout=tell, cwd="/",
        start_new_session=True, pass_fds=(life,), env={**clean_environment("/", {}), MARK: BLANK},
    )  # fmt: skip
    os.close(tell)
    os.close(life)
    assert os.read(ready, 1) == b"."
    os.close(ready)
    _lines[os.getpid()] = (name, process)
    return name


def stop() -> None:
    """End this process's cradle."""
    _, process = _lines.pop(os.getpid(), ("", None))
    if process is not None:
        process.kill()
        process.wait()


def install(*, now: bool = False) -> None:
    """Let hosts of this process, and of its forks, be started so; with ``now`` the cradle is there before they are."""
    from types import SimpleNamespace

    from bascule.host import nursery, process
    from bascule.host.settings import Settings

    direct = nursery.Direct

    class Lone(nursery.Forked):
        """A host by itself: what it was forked from ends with it."""

        def reap(self) -> int:
            code = super().reap()
            self._nursery.stop()
            return code

    def alone(config: Mapping[str, Any], fds: Mapping[str, int], home: str, env: Mapping[str, str]) -> nursery.Born:
        if cold:
            return direct(config, fds, home, env)
        of = nursery.Nursery(Settings(path=tuple(config["path"])))
        return Lone(of, of.fork(config, fds, home, env).pid)

    def popen(command: Sequence[str], **more: Any) -> Any:
        config = json.loads(command[-1])
        if cold or "nursery" not in config:
            return subprocess.Popen(command, **more)
        return Cradled(config, more["pass_fds"])

    vars(nursery)["subprocess"] = SimpleNamespace(Popen=popen, DEVNULL=subprocess.DEVNULL)
    vars(process)["Direct"] = alone
    if now:
        _cradle()
