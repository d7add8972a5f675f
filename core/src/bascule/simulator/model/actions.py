"""Actions: a workflow's runs with their attempts, and the artifacts that they leave."""

from typing import Any, ClassVar

from attrs import Factory, define

from bascule.simulator.model.ids import node_id


@define(kw_only=True)
class RunAttempt:
    """One attempt of a run; a re-run adds one, with the same commit and the same merge."""

    number: int
    #: queued in_progress completed waiting requested pending
    status: str
    #: success failure cancelled ...; None until completed.
    conclusion: str | None
    started_at: str
    updated_at: str


@define(kw_only=True)
class WorkflowRun:
    """One run of a workflow on one commit."""

    PREFIX: ClassVar[str] = "WFR"

    id: int
    repo_id: int
    workflow_id: int
    name: str
    #: The workflow's file, `.github/workflows/plan.yml`.
    path: str
    event: str
    head_sha: str
    head_branch: str | None
    head_repo_id: int
    run_number: int
    actor_id: int
    created_at: str
    attempts: list[RunAttempt]
    #: Reusable workflows that it calls: path, sha, and ref unless it was named by its commit.
    referenced: list[dict[str, Any]] = Factory(list)
    #: The base's tip of each pull request from this head when the run was made, by number as text.
    bases: dict[str, str] = Factory(dict)

    @property
    def node_id(self) -> str:
        """Global id."""
        return node_id(self.PREFIX, self.id)

    @property
    def last(self) -> RunAttempt:
        """The latest attempt."""
        return self.attempts[-1]


@define(kw_only=True)
class Artifact:
    """What a run's step uploaded; its bytes lie in ROOT/artifacts/<id>.zip."""

    PREFIX: ClassVar[str] = "A"

    id: int
    repo_id: int
    run_id: int
    name: str
    size: int
    #: `sha256:...`; None for what older uploaders left.
    digest: str | None
    created_at: str
    expires_at: str

    @property
    def node_id(self) -> str:
        """Global id."""
        return node_id(self.PREFIX, self.id)
