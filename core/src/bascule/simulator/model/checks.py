"""What machines say about a commit: statuses, check suites and check runs."""

from typing import Any, ClassVar, Literal

from attrs import Factory, define

from bascule.simulator.model.ids import node_id

StatusState = Literal["error", "failure", "pending", "success"]
RunStatus = Literal["queued", "in_progress", "completed", "waiting", "requested", "pending"]


@define(kw_only=True)
class CommitStatus:
    """One commit status; the newest one per context counts."""

    PREFIX: ClassVar[str] = "SC"

    id: int
    repo_id: int
    sha: str
    context: str
    state: StatusState
    creator_id: int
    #: The app whose token posted it; None for a person's token.
    app_id: int | None = None
    description: str | None = None
    target_url: str | None = None
    created_at: str = ""
    updated_at: str = ""

    @property
    def node_id(self) -> str:
        """Global id."""
        return node_id(self.PREFIX, self.id)


@define(kw_only=True)
class CheckSuite:
    """The runs of one app on one commit."""

    PREFIX: ClassVar[str] = "CS"

    id: int
    repo_id: int
    app_id: int
    head_sha: str
    head_branch: str | None = None
    created_at: str = ""
    updated_at: str = ""

    @property
    def node_id(self) -> str:
        """Global id."""
        return node_id(self.PREFIX, self.id)


@define(kw_only=True)
class CheckRun:
    """One check run; the newest one per app and name counts."""

    PREFIX: ClassVar[str] = "CR"

    id: int
    repo_id: int
    suite_id: int
    app_id: int
    head_sha: str
    name: str
    status: RunStatus = "queued"
    #: success failure neutral cancelled skipped timed_out action_required stale; None until completed.
    conclusion: str | None = None
    external_id: str = ""
    details_url: str | None = None
    started_at: str | None = None
    completed_at: str | None = None
    title: str | None = None
    summary: str | None = None
    text: str | None = None
    annotations: list[dict[str, Any]] = Factory(list)
    actions: list[dict[str, Any]] = Factory(list)

    @property
    def node_id(self) -> str:
        """Global id."""
        return node_id(self.PREFIX, self.id)
