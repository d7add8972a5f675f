"""The kit for authors of plugins and rulepacks: records with healthy defaults, and a clock that tests own."""

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
    "BASE", "DEV_ID", "HEAD", "NOW", "ManualClock", "make_actor", "make_blocker", "make_change", "make_check",
    "make_check_result", "make_commit", "make_context", "make_files", "make_pack", "make_plan", "make_repo",
    "make_result", "make_review", "make_verdict", "make_window",
]  # fmt: skip
