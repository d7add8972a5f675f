"""Branches, tags and other refs."""

from typing import Any

from attrs import frozen

from bascule.simulator.enforce import rule_for
from bascule.simulator.graphql.gitnodes import GitNode, git_object
from bascule.simulator.graphql.scope import Connection, Scope, connect
from bascule.simulator.model import Repo, node_id


@frozen(kw_only=True)
class RulesetRuleNode:
    """RepositoryRule, as the switch plays it."""

    type: str
    typename: str = "RepositoryRule"

    @property
    def id(self) -> str:
        """Global id."""
        return node_id("RRU", self.type)


@frozen(kw_only=True)
class RefNode:
    """Ref."""

    scope: Scope
    repo: Repo
    full: str
    typename: str = "Ref"

    @property
    def id(self) -> str:
        """Global id."""
        return node_id("REF", f"{self.repo.id}:{self.full}")

    @property
    def prefix(self) -> str:
        """`refs/heads/`, or what comes before the name."""
        return "/".join(self.full.split("/")[:2]) + "/"

    @property
    def name(self) -> str:
        """Without the prefix."""
        return self.full.removeprefix(self.prefix)

    @property
    def target(self) -> GitNode | None:
        """What it points at."""
        sha = self.scope.world.git(self.repo).ref(self.full)
        return git_object(self.scope, self.repo, sha) if sha else None

    @property
    def repository(self) -> Any:
        """Where it lives."""
        from bascule.simulator.graphql.repositories import RepositoryNode

        return RepositoryNode(scope=self.scope, row=self.repo)

    @property
    def branch_protection_rule(self) -> Any:
        """The rule that holds for a branch; only administrators see it."""
        from bascule.simulator.graphql.protection import rule_node

        if not self.full.startswith("refs/heads/"):
            return None
        rule = rule_for(self.scope.world, self.repo, self.name)
        return rule_node(self.scope, self.repo, rule)

    def rules(self, **page: Any) -> Connection:
        """What active rulesets ask of it, by the switch."""
        names = self.scope.world.switches.ruleset_rules if self.full.startswith("refs/heads/") else []
        return connect(names, lambda name: RulesetRuleNode(type=name), name="rules", **page)

    def associated_pull_requests(self, **asked: Any) -> Connection:
        """Pull requests that have this branch as their head."""
        from bascule.simulator.graphql.pulls import selected

        rows = []
        if self.full.startswith("refs/heads/"):
            rows = self.scope.world.store.pulls.where(head_repo_id=self.repo.id, head_ref=self.name)
        return selected(self.scope, rows, name="associatedPullRequests", **asked)


def ref(scope: Scope, repo: Repo, full: str) -> RefNode | None:
    """A ref by its full name; None where there is none."""
    return RefNode(scope=scope, repo=repo, full=full) if scope.world.git(repo).ref(full) else None


def hidden(scope: Scope, full: str) -> bool:
    """Whether GraphQL acts as if there were no such ref, by the switch for refs outside heads and tags."""
    return not full.startswith(("refs/heads/", "refs/tags/")) and scope.world.switches.graphql_hides_custom_refs
