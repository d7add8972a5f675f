"""What became of a change, and what each answer of the merge call means for the run."""

from __future__ import annotations

from attrs import frozen

from bascule.messages import window as say
from bascule.types import RunStatus
from bascule.window.merging import Answer


@frozen(kw_only=True)
class Result:
    """What became of the change."""

    status: RunStatus
    reason: str
    found: str = ""
    fix: str = ""
    sha: str | None = None
    proof: str = ""


MEANING: dict[Answer, tuple[RunStatus, str, str]] = {
    Answer.MERGED: (RunStatus.MERGED, "merged", ""),
    Answer.NOOP: (RunStatus.NOOP, "merged_by_other", ""),
    Answer.HEAD_MOVED: (RunStatus.WAITING, "head_moved", say.HEAD_FIX),
    Answer.BASE_MOVED: (RunStatus.WAITING, "base_moved", say.BASE_MOVED_FIX),
    Answer.REFUSED: (RunStatus.FAILED, "merge_refused", say.MERGE_FIX),
    Answer.UNCLEAR: (RunStatus.FAILED, "merge_refused", say.MERGE_LOST_FIX),
}
