"""The change: one pull request at one head SHA, read once and frozen."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import Enum

from attrs import field, frozen


@frozen(kw_only=True)
class Actor:
    """Who did something. ``id`` is GitHub's numeric database id: names can be taken over, ids cannot.

    ``type`` is ``User``, ``Bot``, ``Organization`` or ``Mannequin``. A bot's login is stored with its
    ``[bot]`` suffix (REST's form).
    """

    login: str
    id: int | None
    type: str


@frozen(kw_only=True)
class Repo:
    """The base repository. ``id`` is what everything binds to; ``full_name`` may change under a run."""

    id: int
    node_id: str
    full_name: str
    owner_type: str
    default_branch: str
    private: bool = False
    archived: bool = False
    host: str = "github.com"


class FileKind(Enum):
    """What a tree entry is, from its mode (100644, 100755, 120000, 160000)."""

    REGULAR = "regular"
    EXECUTABLE = "executable"
    SYMLINK = "symlink"
    SUBMODULE = "submodule"
    ABSENT = "absent"


@frozen(kw_only=True)
class FileChange:
    """One changed path. A rename carries both names; ``status`` is added, modified, removed, renamed or copied.

    ``kind_before`` and ``kind_after`` are ABSENT where the path does not exist on that side. ``binary`` files
    count 0 lines.
    """

    path: str
    status: str
    previous_path: str | None = None
    additions: int = 0
    deletions: int = 0
    kind_before: FileKind = FileKind.REGULAR
    kind_after: FileKind = FileKind.REGULAR
    binary: bool = False

    @property
    def paths(self) -> tuple[str, ...]:
        """Return every path this change touches: the new one and, for a rename, the old one."""
        if self.previous_path is not None and self.status == "renamed":
            return (self.path, self.previous_path)
        return (self.path,)


@frozen(kw_only=True)
class Commit:
    """A commit of the change. ``author`` and ``committer`` are None when GitHub knows no account for them."""

    sha: str
    author: Actor | None
    committer: Actor | None
    author_name: str = ""
    committer_name: str = ""
    message: str = ""
    parents: tuple[str, ...] = ()
    verified: bool = False


@frozen(kw_only=True)
class Review:
    """The latest review of one reviewer. ``state``: APPROVED, CHANGES_REQUESTED, COMMENTED, DISMISSED, PENDING."""

    author: Actor | None
    state: str
    commit_sha: str
    can_write: bool = False
    """Whether the reviewer has write access, so that GitHub counts the review."""


@frozen(kw_only=True)
class CheckResult:
    """A check run or commit status on the head SHA.

    ``app`` is the GitHub App's slug for check runs and None for statuses; ``app_id`` likewise. ``creator`` is
    the login behind a status. ``state`` is queued, in_progress, success, neutral, skipped, failure, cancelled,
    timed_out, action_required, stale, error or pending.
    """

    name: str
    state: str
    app: str | None = None
    app_id: int | None = None
    creator: str | None = None
    url: str = ""
    is_status: bool = False


@frozen(kw_only=True)
class AutoMerge:
    """GitHub's own auto-merge, armed by somebody."""

    enabled_by: Actor | None
    method: str


@frozen(kw_only=True)
class Change:
    """One pull request at one head SHA, as read at ``read_at`` (server time, UTC).

    ``base_sha`` is the tip of the base branch when it was read; ``merge_base`` the common ancestor. Lists that
    GitHub cut short have their ``*_complete`` flag False, which blocks. ``mergeable`` is MERGEABLE,
    CONFLICTING or UNKNOWN. ``merge_tree`` is the tree that merging ``head_sha`` into ``base_sha`` gives, computed by
    git on this machine; None when it conflicts or was not computed. ``known`` lists what could be known at all: a
    change from local history knows only ``git``.
    """

    repo: Repo
    number: int
    title: str
    head_sha: str
    base_sha: str
    base_ref: str
    author: Actor | None
    files: tuple[FileChange, ...]
    read_at: datetime
    node_id: str = ""
    body: str = ""
    url: str = ""
    head_ref: str = ""
    head_repo_id: int | None = None
    merge_base: str = ""
    merge_tree: str | None = None
    state: str = "open"
    draft: bool = False
    merged_sha: str | None = None
    merged_by: Actor | None = None
    files_complete: bool = True
    files_note: str = ""
    """Why the file list is not complete or not believed; empty when it is."""
    commits: tuple[Commit, ...] = ()
    commits_complete: bool = True
    labels: tuple[str, ...] = ()
    reviews: tuple[Review, ...] = ()
    reviews_complete: bool = True
    review_decision: str | None = None
    """GitHub's own APPROVED, REVIEW_REQUIRED, CHANGES_REQUESTED, or None where no review is required."""
    unresolved_threads: int = 0
    threads_complete: bool = True
    checks: tuple[CheckResult, ...] = ()
    checks_complete: bool = True
    mergeable: str = "UNKNOWN"
    merge_state: str = "UNKNOWN"
    auto_merge: AutoMerge | None = None
    teams: Mapping[str, tuple[int, ...]] = field(factory=dict)
    """Numeric ids of the members of the teams that packs name (``@org/team``), as read with the change."""
    known: tuple[str, ...] = ("git", "github")

    @property
    def from_fork(self) -> bool:
        """Return whether the head lives in another repository (or in one that was deleted)."""
        return self.head_repo_id != self.repo.id

    @property
    def paths(self) -> tuple[str, ...]:
        """Return every touched path, old names of renames included, sorted and unique."""
        return tuple(sorted({p for f in self.files for p in f.paths}))
