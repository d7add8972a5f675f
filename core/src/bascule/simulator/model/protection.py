"""Classic branch protection as GitHub stores it, with the settings that REST does not show."""

from typing import ClassVar

from attrs import Factory, define

from bascule.simulator.model.ids import node_id


@define(kw_only=True)
class ActorSet:
    """Users, teams and apps by id, in the order given."""

    users: list[int] = Factory(list)
    teams: list[int] = Factory(list)
    apps: list[int] = Factory(list)


@define(kw_only=True)
class RequiredCheck:
    """A context that must be green; `app_id` None means from any source."""

    context: str
    app_id: int | None = None


@define(kw_only=True)
class RequiredStatusChecks:
    """The status check group."""

    strict: bool = False
    checks: list[RequiredCheck] = Factory(list)


@define(kw_only=True)
class RequiredReviews:
    """The review group."""

    dismiss_stale_reviews: bool = False
    require_code_owner_reviews: bool = False
    required_approving_review_count: int = 1
    require_last_push_approval: bool = False
    #: None = off: everybody with write access may dismiss; an empty set = only administrators.
    dismissal_restrictions: ActorSet | None = None
    bypass_pull_request_allowances: ActorSet = Factory(ActorSet)


@define(kw_only=True)
class BranchProtectionRule:
    """One rule; a group that is None is off."""

    PREFIX: ClassVar[str] = "BPR"

    id: int
    repo_id: int
    #: A branch name or an fnmatch pattern; REST knows only rules whose pattern is a branch name.
    pattern: str
    creator_id: int | None = None
    required_status_checks: RequiredStatusChecks | None = None
    required_pull_request_reviews: RequiredReviews | None = None
    #: None = off; empty lists = nobody may push.
    restrictions: ActorSet | None = None
    enforce_admins: bool = False
    required_signatures: bool = False
    required_linear_history: bool = False
    allow_force_pushes: bool = False
    allow_deletions: bool = False
    block_creations: bool = False
    required_conversation_resolution: bool = False
    lock_branch: bool = False
    allow_fork_syncing: bool = False
    #: From here on: not visible to REST.
    bypass_force_push_allowances: ActorSet = Factory(ActorSet)
    requires_deployments: bool = False
    required_deployment_environments: list[str] = Factory(list)
    ignore_approvals_from_contributors: bool = False
    merge_queue_enforcement_level: str = "off"
    created_at: str = ""
    updated_at: str = ""

    @property
    def node_id(self) -> str:
        """Global id."""
        return node_id(self.PREFIX, self.id)
