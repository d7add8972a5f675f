"""Who a token stands for. A module of its own: tokens are put out of reach before anything heavy is imported."""

from __future__ import annotations

from enum import Enum


class Identity(Enum):
    """Who a token stands for; each has an allowlist of endpoints (DESIGN, section 6)."""

    OBSERVER = "observer"
    MERGER = "merger"
    KEEPER = "keeper"
    SWEEPER = "sweeper"
