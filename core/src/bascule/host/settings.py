"""How long, how much and with what a host may work. Tests pass small numbers; nothing else reads a clock."""

from __future__ import annotations

import os
from collections.abc import Mapping

from attrs import field, frozen

CHOSEN = "BASCULE_PLUGINS"
"""The variable that names the plugins to start."""

# Everything a tool needs to start, and nothing that can open a door: no token, no agent's socket, no proxy (its
# address may carry a password), no PYTHON* that would change what is imported.
INHERITED = ("PATH", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR", "SYSTEMROOT")


@frozen(kw_only=True)
class Limits:
    """Limits of one call. Times in seconds of the driver's clock, sizes in bytes.

    ``spawn`` runs from the start of the process until its plugins are imported and have answered ``scenarios``.
    ``items`` is the number of records in one answer, ``answer`` its size as JSON, ``output`` what may be printed
    during one call. ``memory`` (data segment) and ``file`` (one written file) are soft limits of the process.
    """

    spawn: float = 10.0
    gate: float = 2.0
    dry_run: float = 300.0
    relax: float = 2.0
    merge: float = 2.0
    restore: float = 30.0
    watch: float = 30.0
    classify: float = 2.0
    items: int = 1000
    answer: int = 16 * 1024 * 1024
    output: int = 4 * 1024 * 1024
    memory: int = 4 * 1024 * 1024 * 1024
    file: int = 1024 * 1024 * 1024

    def seconds(self, hook: str) -> float:
        """Return the time limit of ``hook``; ``load`` and ``scenarios`` have that of ``spawn``."""
        if hook in {"load", "scenarios"}:
            return self.spawn
        seconds: float = getattr(self, hook)
        return seconds


PATIENT = Limits(gate=30.0)
"""For examples of rulepacks: whether they hold is no question of how busy this machine is."""


@frozen(kw_only=True)
class Settings:
    """What every host of one :class:`~bascule.host.driver.Hosts` shares.

    ``path`` is the search path that discovery used and that hosts import from. ``env`` are extra variables for hosts.
    """

    path: tuple[str, ...]
    limits: Limits = Limits()
    env: Mapping[str, str] = field(factory=dict)


def chosen(environ: Mapping[str, str]) -> frozenset[str] | None:
    """Return the plugins that the machine's owner wants started beside Bascule's own; None for all that are installed.

    Args:
        environ: ``BASCULE_PLUGINS`` holds names, separated by commas or spaces; empty means none but Bascule's own.
    """
    names = environ.get("BASCULE_PLUGINS")
    return None if names is None else frozenset(names.replace(",", " ").split())


def clean_environment(home: str, extra: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a host whose home and temporary directory are ``home``.

    The person's own home is kept from it: that is where ``gh``, ``git`` and cloud tools keep their tokens.
    """
    kept = {name: os.environ[name] for name in INHERITED if name in os.environ}
    return {**kept, "HOME": home, "TMPDIR": home, **extra}
