"""Repositories, and the way in."""

from typing import Any

from attrs import frozen

from bascule.simulator.access import full_name, permission_of, repo_by_former_name, repo_by_name, user_by_login
from bascule.simulator.graphql import gitnodes, people
from bascule.simulator.graphql.protection import RuleNode, rule_node
from bascule.simulator.graphql.pulls import LabelNode, PullNode, ordered, pull
from bascule.simulator.graphql.scope import Connection, GraphqlFault, Scope, connect
from bascule.simulator.http import HttpError
from bascule.simulator.model import Repo
from bascule.simulator.pulls import pull_by_number


@frozen(kw_only=True)
class RepositoryNode:
    """Repository."""

    scope: Scope
    row: Repo
    typename: str = "Repository"

    def __getattr__(self, name: str) -> Any:
        renamed = {
            "id": "node_id",
            "database_id": "id",
            "is_private": "private",
            "is_archived": "archived",
            "merge_commit_allowed": "allow_merge_commit",
            "squash_merge_allowed": "allow_squash_merge",
            "rebase_merge_allowed": "allow_rebase_merge",
            "auto_merge_allowed": "allow_auto_merge",
        }
        if name in {"name", "delete_branch_on_merge", *renamed}:
            return getattr(self.row, renamed.get(name, name))
        raise AttributeError(name)

    @property
    def name_with_owner(self) -> str:
        """`owner/name`."""
        return full_name(self.scope.world, self.row)

    @property
    def url(self) -> str:
        """Its page."""
        return f"{self.scope.html}/{self.name_with_owner}"

    @property
    def owner(self) -> people.UserNode | None:
        """Whose it is."""
        return people.user(self.scope, self.row.owner_id)

    @property
    def is_fork(self) -> bool:
        """Whether it has a parent."""
        return self.row.parent_id is not None

    @property
    def parent(self) -> "RepositoryNode | None":
        """What it was forked from."""
        found = self.scope.world.store.repos.get(self.row.parent_id)
        return RepositoryNode(scope=self.scope, row=found) if found else None

    @property
    def viewer_permission(self) -> str | None:
        """What the asker may do."""
        level = permission_of(self.scope.world, self.row, self.scope.actor)
        return None if level == "none" else level.upper()

    @property
    def default_branch_ref(self) -> gitnodes.RefNode | None:
        """The default branch; None while the repository is empty."""
        return gitnodes.ref(self.scope, self.row, f"refs/heads/{self.row.default_branch}")

    def ref(self, qualified_name: str) -> gitnodes.RefNode | None:
        """A ref by its full name, or a branch by its short one."""
        full = qualified_name if qualified_name.startswith("refs/") else f"refs/heads/{qualified_name}"
        hidden = (
            not full.startswith(("refs/heads/", "refs/tags/")) and self.scope.world.switches.graphql_hides_custom_refs
        )
        return None if hidden else gitnodes.ref(self.scope, self.row, full)

    def object(self, oid: str | None = None, expression: str | None = None) -> Any:
        """A git object by id or by an expression."""
        return gitnodes.git_object(self.scope, self.row, oid or expression or "HEAD")

    def pull_request(self, number: int) -> PullNode:
        """One pull request."""
        try:
            return pull(self.scope, pull_by_number(self.scope.world, self.row, number))
        except HttpError as error:
            text = f"Could not resolve to a PullRequest with the number of {number}."
            raise GraphqlFault("NOT_FOUND", text) from error

    def pull_requests(
        self,
        states: list[str] | None = None,
        labels: list[str] | None = None,
        head_ref_name: str | None = None,
        base_ref_name: str | None = None,
        order_by: dict[str, str] | None = None,
        **page: Any,
    ) -> Connection:
        """Pull requests, oldest first unless asked otherwise."""
        rows = [PullNode(scope=self.scope, row=r) for r in self.scope.world.store.pulls.where(repo_id=self.row.id)]
        found = [
            p
            for p in ordered(rows, order_by)
            if (not states or p.state in states)
            and (head_ref_name is None or p.row.head_ref == head_ref_name)
            and (base_ref_name is None or p.row.base_ref == base_ref_name)
            and (not labels or set(labels) & {label.row.name for label in p.label_nodes})
        ]
        return connect(found, lambda p: p, name="pullRequests", **page)

    def branch_protection_rules(self, **page: Any) -> Connection:
        """Every rule; administrators only."""
        rules = self.scope.world.store.protection_rules.where(repo_id=self.row.id)
        made = [n for r in rules if (n := rule_node(self.scope, self.row, r))]
        return connect(made, lambda n: n, name="branchProtectionRules", **page)

    def label(self, name: str) -> LabelNode | None:
        """A label by name."""
        found = next(
            (x for x in self.scope.world.store.labels.where(repo_id=self.row.id) if x.name.lower() == name.lower()),
            None,
        )
        return LabelNode(scope=self.scope, row=found) if found else None


@frozen(kw_only=True)
class QueryRoot:
    """Query."""

    scope: Scope

    @property
    def viewer(self) -> people.UserNode:
        """Who asks; an app's token shows its bot, with the suffix."""
        return people.UserNode(scope=self.scope, row=self.scope.actor.user, as_user=True)

    def rate_limit(self, dry_run: bool = False) -> dict[str, Any]:
        """What this query cost and what is left."""
        del dry_run
        limit = self.scope.world.switches.rate_limit
        return {
            "limit": limit,
            "cost": 1,
            "remaining": max(0, limit - self.scope.used),
            "used": self.scope.used,
            "nodeCount": 0,
            "resetAt": self.scope.reset,
        }

    def repository(self, owner: str, name: str, follow_renames: bool = True) -> RepositoryNode:
        """A repository by name; old names are followed."""
        world = self.scope.world
        found = repo_by_name(world, owner, name) or (
            repo_by_former_name(world, owner, name) if follow_renames else None
        )
        if found is None or permission_of(world, found, self.scope.actor) == "none":
            text = f"Could not resolve to a Repository with the name '{owner}/{name}'."
            raise GraphqlFault("NOT_FOUND", text)
        return RepositoryNode(scope=self.scope, row=found)

    def user(self, login: str) -> people.UserNode:
        """A person by login."""
        return self._account(login, "User")

    def organization(self, login: str) -> people.UserNode:
        """An organization by login."""
        return self._account(login, "Organization")

    def repository_owner(self, login: str) -> people.UserNode | None:
        """A person or an organization."""
        row = user_by_login(self.scope.world, login)
        return people.UserNode(scope=self.scope, row=row) if row and row.type != "Bot" else None

    def _account(self, login: str, kind: str) -> people.UserNode:
        row = user_by_login(self.scope.world, login)
        if row is None or row.type != kind:
            text = f"Could not resolve to {'an' if kind == 'Organization' else 'a'} {kind} with the login of '{login}'."
            raise GraphqlFault("NOT_FOUND", text)
        return people.UserNode(scope=self.scope, row=row)

    def node(self, id: str) -> Any:
        """Anything by global id."""
        from bascule.simulator.graphql.lookup import by_id

        return by_id(self.scope, id)

    def nodes(self, ids: list[str]) -> list[Any]:
        """Several of them."""
        return [self.node(i) for i in ids]


__all__ = ["QueryRoot", "RepositoryNode", "RuleNode"]
