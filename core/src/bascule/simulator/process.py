"""The simulator as a child process, for tests and the demo. Imports nothing of the server."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any


class SimulatorProcess:
    """Starts, stops, kills and restarts a simulator on one root directory.

    `users` are `LOGIN:TOKEN[:admin]`. After a restart it listens on the same port, so that addresses stay good.
    `unix_socket` is served as well.
    """

    def __init__(
        self, root: Path, users: Sequence[str] = (), *, port: int = 0, unix_socket: Path | None = None
    ) -> None:
        self.root = root
        self.users = tuple(users)
        self.port = port
        self.unix_socket = unix_socket
        self.url = ""
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, timeout: float = 30.0) -> "SimulatorProcess":
        """Start and wait until it serves. RuntimeError with its own words if it ends instead."""
        self.root.mkdir(parents=True, exist_ok=True)
        ready, log = self.root / "ready.json", self.root / "server.log"
        ready.unlink(missing_ok=True)
        command = [sys.executable, "-m", "bascule.simulator", "--root", str(self.root), "--port", str(self.port)]
        command += ["--ready-file", str(ready), *(word for user in self.users for word in ("--user", user))]
        command += ["--socket", str(self.unix_socket)] if self.unix_socket else []
        with log.open("ab") as sink:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, env={**os.environ, "PYTHONUNBUFFERED": "1"}
            )
        deadline = time.monotonic() + timeout
        while not ready.exists():
            if self._process.poll() is not None:
                raise RuntimeError(
                    f"the simulator ended with code {self._process.returncode}: {log.read_text()[-2000:]}"
                )
            if time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"the simulator did not start within {timeout:g} s: {log.read_text()[-2000:]}")
            time.sleep(0.02)
        told = json.loads(ready.read_text())
        self.url, self.port = told["url"], told["port"]
        return self

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return self._process.pid if self._process else None

    def stop(self) -> None:
        """Ask it to end (SIGTERM) and wait."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once (SIGKILL), as a crash would."""
        self._end(signal.SIGKILL)

    def _end(self, signum: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(signum)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def restart(self) -> "SimulatorProcess":
        """Start again on the same root and port."""
        self.stop()
        return self.start()

    def reset(self) -> None:
        """Begin again as at the first start: no repositories, the first users, every setting as it was."""
        self.control("reset", {})

    def control(self, path: str, body: Any = None, *, method: str | None = None) -> Any:
        """Call `/_sim/<path>`: GET without a body, POST with one; the JSON answer. HTTPError for a refusal."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(  # noqa: S310 - the address is our own child's
            f"{self.url}/_sim/{path}",
            data=data,
            method=method or ("GET" if data is None else "POST"),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as reply:  # noqa: S310 - as above
            return json.load(reply)

    def __enter__(self) -> "SimulatorProcess":
        return self.start() if self._process is None else self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
