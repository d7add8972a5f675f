"""GitHub, as ports by identity: Observer reads, Merger merges, Keeper relaxes, restores and keeps the journal.

Names are loaded when they are first used (PEP 562), so that importing this package imports nothing of the network.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bascule.forge.connection import Connection, connect
    from bascule.forge.reexec import protect_process
    from bascule.forge.repo import Target, resolve
    from bascule.forge.snapshot import Snapshot
    from bascule.forge.tokens import Secret, Tokens

__all__ = ["Connection", "Secret", "Snapshot", "Target", "Tokens", "connect", "protect_process", "resolve"]

_HOME = {
    "Connection": "bascule.forge.connection",
    "Secret": "bascule.forge.tokens",
    "Snapshot": "bascule.forge.snapshot",
    "Target": "bascule.forge.repo",
    "Tokens": "bascule.forge.tokens",
    "connect": "bascule.forge.connection",
    "protect_process": "bascule.forge.reexec",
    "resolve": "bascule.forge.repo",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(name)
    value = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value
