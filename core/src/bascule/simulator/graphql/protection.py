"""Branch protection rules with every setting, also those that REST hides."""

from typing import Any

from attrs import frozen

from bascule.simulator.access import can_administer
from bascule.simulator.graphql import people
from bascule.simulator.graphql.refs import RefNode
from bascule.simulator.graphql.scope import Connection, RowNode, Scope, connect, same
from bascule.simulator.model import ActorSet, BranchProtectionRule, Repo, node_id
from bascule.simulator.patterns import matches_pattern

#: GraphQL's names of the settings that are one field of the rule, by the rule's attribute.
FIELDS = same(
    "requires_deployments",
    "required_deployment_environments",
    "lock_branch",
    is_admin_enforced="enforce_admins",
    requires_commit_signatures="required_signatures",
    requires_conversation_resolution="required_conversation_resolution",
    requires_linear_history="required_linear_history",
    blocks_creations="block_creations",
    allows_deletions="allow_deletions",
    allows_force_pushes="allow_force_pushes",
    lock_allows_fetch_and_merge="allow_fork_syncing",
)
#: The same of the review group.
REVIEW_FIELDS = same(
    "required_approving_review_count",
    "require_last_push_approval",
    requires_code_owner_reviews="require_code_owner_reviews",
    dismisses_stale_reviews="dismiss_stale_reviews",
)


@frozen(kw_only=True)
class RuleNode(RowNode):
    """BranchProtectionRule."""

    SAME = same("pattern", id="node_id", database_id="id", **FIELDS)

    row: BranchProtectionRule
    repo: Repo
    typename: str = "BranchProtectionRule"

    def __getattr__(self, name: str) -> Any:
        if name in REVIEW_FIELDS:
            group = self.row.required_pull_request_reviews
            empty = None if name == "required_approving_review_count" else False
            return empty if group is None else getattr(group, REVIEW_FIELDS[name])
        return super().__getattr__(name)

    @property
    def repository(self) -> Any:
        """Where it holds."""
        from bascule.simulator.graphql.repositories import RepositoryNode

        return RepositoryNode(scope=self.scope, row=self.repo)

    @property
    def creator(self) -> people.UserNode | None:
        """Who made it."""
        return people.user(self.scope, self.row.creator_id)

    @property
    def requires_approving_reviews(self) -> bool:
        """Whether the review group is on."""
        return self.row.required_pull_request_reviews is not None

    @property
    def requires_status_checks(self) -> bool:
        """Whether the check group is on."""
        return self.row.required_status_checks is not None

    @property
    def requires_strict_status_checks(self) -> bool:
        """Whether branches must be up to date."""
        return bool(self.row.required_status_checks and self.row.required_status_checks.strict)

    @property
    def required_status_check_contexts(self) -> list[str]:
        """Names of required checks."""
        return [c.context for c in self.row.required_status_checks.checks] if self.row.required_status_checks else []

    @property
    def required_status_checks(self) -> list[dict[str, Any]]:
        """Required checks with their apps."""
        checks = self.row.required_status_checks.checks if self.row.required_status_checks else []
        return [{"context": c.context, "app": people.app(self.scope, c.app_id)} for c in checks]

    @property
    def restricts_pushes(self) -> bool:
        """Whether only some may push."""
        return self.row.restrictions is not None

    @property
    def restricts_review_dismissals(self) -> bool:
        """Whether only some may dismiss reviews."""
        group = self.row.required_pull_request_reviews
        return group is not None and group.dismissal_restrictions is not None

    def _allowances(self, prefix: str, name: str, actors: ActorSet | None, **page: Any) -> Connection:
        def made(actor: Any) -> dict[str, Any]:
            return {
                "id": node_id(prefix, f"{self.row.id}:{actor.id}"),
                "actor": actor,
                "branchProtectionRule": self,
            }

        return connect(allowance_actors(self.scope, actors or ActorSet()), made, name=name, **page)

    def bypass_force_push_allowances(self, **page: Any) -> Connection:
        """Who may force-push all the same."""
        return self._allowances("BFPA", "bypassForcePushAllowances", self.row.bypass_force_push_allowances, **page)

    def bypass_pull_request_allowances(self, **page: Any) -> Connection:
        """Who needs no pull request and no review."""
        group = self.row.required_pull_request_reviews
        actors = group.bypass_pull_request_allowances if group else None
        return self._allowances("BPRA", "bypassPullRequestAllowances", actors, **page)

    def review_dismissal_allowances(self, **page: Any) -> Connection:
        """Who may dismiss reviews, where that is restricted."""
        group = self.row.required_pull_request_reviews
        actors = group.dismissal_restrictions if group else None
        return self._allowances("RDA", "reviewDismissalAllowances", actors, **page)

    def push_allowances(self, **page: Any) -> Connection:
        """Who may push, where that is restricted."""
        return self._allowances("PA", "pushAllowances", self.row.restrictions, **page)

    def matching_refs(self, query: str | None = None, **page: Any) -> Connection:
        """Branches that the pattern fits."""
        heads = (n.removeprefix("refs/heads/") for n in self.scope.world.git(self.repo).refs("refs/heads/"))
        names = [f"refs/heads/{n}" for n in heads if (query or "") in n and matches_pattern(n, self.row.pattern)]
        return connect(names, lambda n: RefNode(scope=self.scope, repo=self.repo, full=n), name="matchingRefs", **page)


def allowance_actors(scope: Scope, actors: ActorSet) -> list[Any]:
    """Users, teams and apps of a set."""
    store = scope.world.store
    teams = [people.TeamNode(scope=scope, row=t) for i in actors.teams if (t := store.teams.get(i))]
    return [
        *(n for i in actors.users if (n := people.user(scope, i))),
        *teams,
        *(a for i in actors.apps if (a := people.app(scope, i))),
    ]


def rule_node(scope: Scope, repo: Repo, rule: BranchProtectionRule | None) -> RuleNode | None:
    """A rule for those who may see it: administrators; None for others and for none."""
    if rule is None or not can_administer(scope.world, repo, scope.actor):
        return None
    return RuleNode(scope=scope, repo=repo, row=rule)
