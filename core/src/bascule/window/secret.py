"""The owner's secret: who holds it may restore a run's window before its deadline.

Only its SHA-256 stands in the journal. The secret is a file of mode 0600 in the job's temporary folder, named by the
run, so that an ``if: always()`` step of the same job finds it and nobody else does.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path

from attrs import field, frozen

from bascule import streams
from bascule.errors import UsageError
from bascule.messages import keys as say

_RUN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


@frozen(kw_only=True)
class Secret:
    """A random secret of one run."""

    value: str = field(repr=False)

    @property
    def fingerprint(self) -> str:
        """Return the hex SHA-256 that ``open`` carries as its owner."""
        return hashlib.sha256(self.value.encode()).hexdigest()


def new() -> Secret:
    """Return a fresh secret of 256 random bits."""
    return Secret(value=secrets.token_urlsafe(32))


def folder(environ: Mapping[str, str]) -> Path:
    """Return where secrets lie: the job's (``RUNNER_TEMP``), the session's (``XDG_RUNTIME_DIR``) or the user's
    folder.
    """
    for name in ("RUNNER_TEMP", "XDG_RUNTIME_DIR", "XDG_STATE_HOME"):
        if environ.get(name):
            return Path(environ[name]) / "bascule"
    return streams.home(environ) / ".local" / "state" / "bascule"


def keep(run: str, secret: Secret, at: Path) -> Path:
    """Write ``secret`` for ``run`` below ``at`` (folder 0700, file 0600; never over an existing file) and return the
    path.

    Raises:
        UsageError: the run's name is not a plain name, or the folder cannot be written.
    """
    path = _path(run, at)
    try:
        at.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secret.value)
    except OSError as error:
        raise UsageError(say.secret_not_kept(str(at), error.strerror or ""), hint=say.KEEP_HINT) from error
    return path


def find(run: str, at: Path) -> Secret | None:
    """Return the secret kept for ``run`` below ``at``, or None when there is none that this user can read."""
    try:
        return Secret(value=_path(run, at).read_text(encoding="ascii").strip())
    except (OSError, UnicodeDecodeError):
        return None


def forget(run: str, at: Path) -> None:
    """Remove the secret of ``run``; nothing happens when there is none."""
    _path(run, at).unlink(missing_ok=True)


def _path(run: str, at: Path) -> Path:
    if not _RUN.fullmatch(run):
        raise UsageError(say.bad_run_name(run), hint=say.RUN_HINT)
    return at / f"{run}.owner"
