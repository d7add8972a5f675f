"""The kit for authors of plugins and rulepacks: records with healthy defaults, a bench, and a clock that tests own."""

from typing import Any

from bascule.clock import ManualClock
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

__all__ = [
    "BASE",
    "DEV_ID",
    "HEAD",
    "NOW",
    "Bench",
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
]  # fmt: skip


def __getattr__(name: str) -> Any:
    # The bench calls hooks in this process, so it brings pluggy; who only wants records is spared that.
    if name in {"Bench", "Outcome"}:
        from bascule.testing import bench

        return getattr(bench, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
