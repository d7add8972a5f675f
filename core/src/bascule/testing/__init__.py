"""The kit for authors of plugins and rulepacks: records with healthy defaults, a bench, and a clock that tests own.

Importing this package imports nothing else (PEP 562): pytest does it at every start, wherever Bascule is installed.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from bascule.clock import ManualClock
    from bascule.testing.bench import Bench, Outcome
    from bascule.testing.builders import (
        BASE,
        DEV_ID,
        HEAD,
        NOW,
        make_actor,
        make_blocker,
        make_change,
        make_check,
        make_check_result,
        make_commit,
        make_context,
        make_files,
        make_pack,
        make_plan,
        make_repo,
        make_result,
        make_review,
        make_verdict,
        make_window,
    )
    from bascule.testing.running import CommandOutcome

__all__ = [
    "BASE",
    "DEV_ID",
    "HEAD",
    "NOW",
    "Bench",
    "CommandOutcome",
    "ManualClock",
    "Outcome",
    "make_actor",
    "make_blocker",
    "make_change",
    "make_check",
    "make_check_result",
    "make_commit",
    "make_context",
    "make_files",
    "make_pack",
    "make_plan",
    "make_repo",
    "make_result",
    "make_review",
    "make_verdict",
    "make_window",
]

# The bench calls hooks in this process, so it brings pluggy; who only wants records is spared that.
_HOMES = {
    "Bench": "bascule.testing.bench",
    "CommandOutcome": "bascule.testing.running",
    "ManualClock": "bascule.clock",
    "Outcome": "bascule.testing.bench",
}


def __getattr__(name: str) -> object:
    """Resolve a public name where it is used first."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_HOMES.get(name, "bascule.testing.builders")), name)
