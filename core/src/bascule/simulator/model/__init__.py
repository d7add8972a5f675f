"""The simulator's state: plain mutable records, one per GitHub object.

All times are texts such as `2026-01-31T12:00:00Z` from the simulator's clock; all references are database ids.
Records are stored through `bascule.simulator.store`; change one and call `save` on its table.
"""

from bascule.simulator.model.actions import Artifact, RunAttempt, WorkflowRun
from bascule.simulator.model.checks import CheckRun, CheckSuite, CommitStatus, RunStatus, StatusState
from bascule.simulator.model.deployments import Deployment, DeploymentState, DeploymentStatus, Environment
from bascule.simulator.model.ids import node_id, parse_node_id
from bascule.simulator.model.people import App, Installation, Team, Token, User
from bascule.simulator.model.protection import (
    ActorSet,
    BranchProtectionRule,
    RequiredCheck,
    RequiredReviews,
    RequiredStatusChecks,
)
from bascule.simulator.model.pulls import (
    AutoMergeRequest,
    Issue,
    IssueComment,
    IssueEvent,
    MergeMethod,
    PullRequest,
    Reaction,
    Review,
    ReviewComment,
    ReviewState,
    ReviewThread,
)
from bascule.simulator.model.releases import Release
from bascule.simulator.model.repos import Label, Repo

__all__ = [
    "ActorSet",
    "App",
    "Artifact",
    "AutoMergeRequest",
    "BranchProtectionRule",
    "CheckRun",
    "CheckSuite",
    "CommitStatus",
    "Deployment",
    "DeploymentState",
    "DeploymentStatus",
    "Environment",
    "Installation",
    "Issue",
    "IssueComment",
    "IssueEvent",
    "Label",
    "MergeMethod",
    "PullRequest",
    "Reaction",
    "Release",
    "Repo",
    "RequiredCheck",
    "RequiredReviews",
    "RequiredStatusChecks",
    "Review",
    "ReviewComment",
    "ReviewState",
    "ReviewThread",
    "RunAttempt",
    "RunStatus",
    "StatusState",
    "Team",
    "Token",
    "User",
    "WorkflowRun",
    "node_id",
    "parse_node_id",
]
