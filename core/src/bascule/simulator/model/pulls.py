"""Issues and pull requests, with what people say about them."""

from typing import ClassVar, Literal

from attrs import Factory, define

from bascule.simulator.model.ids import node_id

MergeMethod = Literal["merge", "squash", "rebase"]
ReviewState = Literal["PENDING", "COMMENTED", "APPROVED", "CHANGES_REQUESTED", "DISMISSED"]
#: What a reaction stands on.
SubjectKind = Literal["issue", "issue_comment", "review", "review_comment"]


@define(kw_only=True)
class Issue:
    """An issue that is not a pull request; numbers are shared with pull requests (`Repo.last_number`)."""

    PREFIX: ClassVar[str] = "I"

    id: int
    repo_id: int
    number: int
    author_id: int
    title: str
    body: str | None = None
    state: Literal["open", "closed"] = "open"
    state_reason: str | None = None
    locked: bool = False
    labels: list[int] = Factory(list)
    assignees: list[int] = Factory(list)
    created_at: str = ""
    updated_at: str = ""
    closed_at: str | None = None
    closed_by_id: int | None = None

    @property
    def node_id(self) -> str:
        """Global id."""
        return node_id(self.PREFIX, self.id)


@define(kw_only=True)
class AutoMergeRequest:
    """Auto-merge that somebody armed."""

    enabled_by_id: int
    enabled_at: str
    merge_method: MergeMethod = "merge"
    commit_title: str | None = None
    commit_message: str | None = None
    author_email: str | None = None


@define(kw_only=True)
class PullRequest:
    """A pull request. Its own id is a pull id; as an issue it has `issue_id`."""

    PREFIX: ClassVar[str] = "PR"

    id: int
    issue_id: int
    repo_id: int
    number: int
    author_id: int
    title: str
    body: str | None = None
    state: Literal["open", "closed"] = "open"
    draft: bool = False
    locked: bool = False
    #: None once the fork is deleted.
    head_repo_id: int | None
    #: Short branch names; `head_owner` outlives the fork, for the label `owner:branch`.
    head_ref: str
    head_sha: str
    head_owner: str
    base_ref: str
    base_sha: str
    maintainer_can_modify: bool = False
    labels: list[int] = Factory(list)
    assignees: list[int] = Factory(list)
    requested_reviewers: list[int] = Factory(list)
    requested_teams: list[int] = Factory(list)
    auto_merge: AutoMergeRequest | None = None
    #: None = the background job has not run for `mergeable_key`, which is "<head sha> <base sha>".
    mergeable: bool | None = None
    mergeable_key: str = ""
    #: Reads that still answer null (switch `mergeable_null_reads`).
    mergeable_null_reads_left: int = 0
    #: The test merge while open; the merge itself once merged.
    merge_commit_sha: str | None = None
    merged: bool = False
    merged_at: str | None = None
    merged_by_id: int | None = None
    #: Who pushed the head last, for `require_last_push_approval`.
    last_pusher_id: int | None = None
    created_at: str = ""
    updated_at: str = ""
    closed_at: str | None = None
    closed_by_id: int | None = None

    @property
    def node_id(self) -> str:
        """Global id."""
        return node_id(self.PREFIX, self.id)


@define(kw_only=True)
class Review:
    """One review of a pull request at one commit."""

    PREFIX: ClassVar[str] = "PRR"

    id: int
    repo_id: int
    pull_id: int
    author_id: int
    state: ReviewState
    commit_id: str
    body: str = ""
    submitted_at: str | None = None
    dismissed_by_id: int | None = None
    dismissal_message: str | None = None
    #: Dismissed because new commits were pushed (`dismiss_stale_reviews`).
    dismissed_as_stale: bool = False

    @property
    def node_id(self) -> str:
        """Global id."""
        return node_id(self.PREFIX, self.id)


@define(kw_only=True)
class ReviewThread:
    """A conversation on the code, which can be resolved."""

    PREFIX: ClassVar[str] = "PRRT"

    id: int
    repo_id: int
    pull_id: int
    path: str
    line: int | None = None
    start_line: int | None = None
    side: Literal["LEFT", "RIGHT"] = "RIGHT"
    subject_type: Literal["line", "file"] = "line"
    is_outdated: bool = False
    is_resolved: bool = False
    resolved_by_id: int | None = None

    @property
    def node_id(self) -> str:
        """Global id."""
        return node_id(self.PREFIX, self.id)


@define(kw_only=True)
class ReviewComment:
    """A comment in a review thread; the first one of a thread has no `in_reply_to_id`."""

    PREFIX: ClassVar[str] = "PRRC"

    id: int
    repo_id: int
    pull_id: int
    thread_id: int
    review_id: int | None
    author_id: int
    body: str
    path: str
    commit_id: str
    original_commit_id: str
    original_line: int | None = None
    diff_hunk: str = ""
    in_reply_to_id: int | None = None
    created_at: str = ""
    updated_at: str = ""

    @property
    def node_id(self) -> str:
        """Global id."""
        return node_id(self.PREFIX, self.id)


@define(kw_only=True)
class IssueComment:
    """A comment on the timeline of an issue or pull request."""

    PREFIX: ClassVar[str] = "IC"

    id: int
    repo_id: int
    number: int
    author_id: int
    body: str
    #: The app that wrote it, where a token of an app did.
    app_id: int | None = None
    is_minimized: bool = False
    minimized_reason: str | None = None
    created_at: str = ""
    updated_at: str = ""

    @property
    def node_id(self) -> str:
        """Global id."""
        return node_id(self.PREFIX, self.id)


@define(kw_only=True)
class Reaction:
    """A reaction; content is GitHub's REST word: +1 -1 laugh confused heart hooray rocket eyes."""

    PREFIX: ClassVar[str] = "REA"

    id: int
    repo_id: int
    subject: SubjectKind
    subject_id: int
    user_id: int
    content: str
    created_at: str = ""

    @property
    def node_id(self) -> str:
        """Global id."""
        return node_id(self.PREFIX, self.id)


@define(kw_only=True)
class IssueEvent:
    """What happened to an issue or pull request: labeled, merged, head_ref_force_pushed, auto_merge_enabled ..."""

    PREFIX: ClassVar[str] = "EV"

    id: int
    repo_id: int
    number: int
    actor_id: int
    event: str
    commit_id: str | None = None
    #: Details by event: {"label": name}, {"before": sha, "after": sha} ...
    details: dict[str, str] = Factory(dict)
    created_at: str = ""

    @property
    def node_id(self) -> str:
        """Global id."""
        return node_id(self.PREFIX, self.id)
