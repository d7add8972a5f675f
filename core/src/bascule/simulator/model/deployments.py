"""Environments, deployments and what became of them."""

from typing import Any, ClassVar, Literal

from attrs import define

from bascule.simulator.model.ids import node_id

DeploymentState = Literal["error", "failure", "inactive", "in_progress", "queued", "pending", "success"]


@define(kw_only=True)
class Environment:
    """A named place that a repository is deployed to; made by hand or by the first deployment there."""

    PREFIX: ClassVar[str] = "EN"

    id: int
    repo_id: int
    name: str
    created_at: str = ""
    updated_at: str = ""

    @property
    def node_id(self) -> str:
        """Global id."""
        return node_id(self.PREFIX, self.id)


@define(kw_only=True)
class Deployment:
    """A request to deploy one commit to one environment; its newest status says how it stands."""

    PREFIX: ClassVar[str] = "DE"

    id: int
    repo_id: int
    sha: str
    #: As it was asked for: a branch, tag or SHA.
    ref: str
    task: str
    environment: str
    creator_id: int
    payload: Any = None
    description: str | None = None
    transient: bool = False
    production: bool = False
    created_at: str = ""
    updated_at: str = ""

    @property
    def node_id(self) -> str:
        """Global id."""
        return node_id(self.PREFIX, self.id)


@define(kw_only=True)
class DeploymentStatus:
    """One word about a deployment; all of them are kept, the newest counts."""

    PREFIX: ClassVar[str] = "DES"

    id: int
    repo_id: int
    deployment_id: int
    state: DeploymentState
    creator_id: int
    environment: str
    description: str = ""
    log_url: str = ""
    environment_url: str = ""
    created_at: str = ""
    updated_at: str = ""

    @property
    def node_id(self) -> str:
        """Global id."""
        return node_id(self.PREFIX, self.id)
