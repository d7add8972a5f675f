"""The command line in a test: a process of its own, and an outcome to ask."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attrs import frozen

_KEPT = ("PATH", "LANG", "LC_ALL", "PYTHONPATH", "SSL_CERT_FILE", "SSL_CERT_DIR", "SYSTEMROOT")


@frozen(kw_only=True)
class CommandOutcome:
    """What a run did: its exit code, and what it printed on standard output and standard error."""

    args: tuple[str, ...]
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Return the document on standard output; fail, with everything that was printed, where it is none."""
        try:
            return json.loads(self.out)
        except ValueError as problem:
            raise AssertionError(f"no JSON on standard output: {problem}\n{self}") from problem

    def __str__(self) -> str:
        return f"bascule {' '.join(self.args)}: exit code {self.code}\n{self.out}{self.err}"


def run(
    *args: str, cwd: Path, home: Path, env: Mapping[str, str] | None = None, timeout: float = 300.0
) -> CommandOutcome:
    """Run ``bascule ARGS`` with this interpreter, to its end, and return what it did, whatever its exit code.

    Args:
        args: the command line without the program.
        cwd: where it runs.
        home: its HOME, so that no settings and no credentials of a person are found.
        env: variables on top of the search path and the locale; nothing else of this process's environment is there,
            so no token is.
        timeout: seconds after which the run is ended.

    Raises:
        subprocess.TimeoutExpired: it did not end in time.
    """
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-m", "bascule", *args], cwd=cwd, env={**kept, "HOME": str(home), **(env or {})},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, encoding="utf-8", errors="backslashreplace",
        timeout=timeout, check=False,
    )  # fmt: skip
    return CommandOutcome(args=args, code=done.returncode, out=done.stdout, err=done.stderr)
