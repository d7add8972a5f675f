"""The newest journal tip that a machine has seen, so that a sweeper notices a rewritten journal after its own
restart.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Mapping
from pathlib import Path

from attrs import frozen

from bascule import streams

_SHA = re.compile(r"[0-9a-f]{40,64}")


@frozen(kw_only=True)
class Memory:
    """One small file for one repository. What cannot be read or written is only forgotten, never an error."""

    path: Path

    @classmethod
    def of(cls, environ: Mapping[str, str], *, host: str, repository: int, journal: str = "") -> Memory:
        """Return the memory of a repository on ``host``, below the user's state folder.

        ``journal`` names another repository that holds its journal: one journal's tip says nothing about another's.
        """
        home = environ.get("XDG_STATE_HOME") or str(streams.home(environ) / ".local" / "state")
        name = re.sub(r"[^A-Za-z0-9.-]", "_", host)
        kept = f"{name}-{repository}" + (f"-{journal.lower().replace('/', '_')}" if journal else "")
        return cls(path=Path(home) / "bascule" / f"{kept}.tip")

    def read(self) -> str | None:
        """Return the tip, or None when there is none."""
        try:
            found = self.path.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            return None
        return found if _SHA.fullmatch(found) else None

    def write(self, tip: str | None) -> None:
        """Keep ``tip`` (whole or not at all); None keeps what there is."""
        if tip is None or tip == self.read():
            return
        draft = self.path.with_name(f"{self.path.name}.{os.getpid()}")
        with contextlib.suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            draft.write_text(tip, encoding="ascii")
            draft.replace(self.path)
