"""Edits of classic protection as REST writes."""

from __future__ import annotations

from typing import Any

from attrs import frozen


@frozen(kw_only=True)
class Write:
    """One REST write. ``path`` is relative to ``/repos/O/R/branches/BRANCH/protection`` and may be empty."""

    method: str
    path: str
    body: Any = None
