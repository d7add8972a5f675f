"""Repositories, and the way in."""

from typing import Any

from attrs import frozen

from bascule.simulator.access import (
    can_administer,
    full_name,
    permission_of,
    repo_by_former_name,
    repo_by_name,
    user_by_login,
)
from bascule.simulator.conversation import label_by_name
from bascule.simulator.graphql import gitnodes, people, refs
from bascule.simulator.graphql.protection import rule_node
from bascule.simulator.graphql.pulls import PullNode, selected
from bascule.simulator.graphql.scope import Connection, GraphqlFault, RowNode, Scope, connect, same
from bascule.simulator.graphql.search import search
from bascule.simulator.graphql.talk import LabelNode, in_label_order
from bascule.simulator.http import HttpError
from bascule.simulator.merging import allowed_methods
from bascule.simulator.model import Repo
from bascule.simulator.pulls import pull_by_number


@frozen(kw_only=True)
class RepositoryNode(RowNode):
    """Repository."""

    SAME = same(
        "name", "description", "delete_branch_on_merge", "created_at", "updated_at", "pushed_at",
        id="node_id", database_id="id", is_private="private", is_archived="archived", has_issues_enabled="has_issues",
        merge_commit_allowed="allow_merge_commit", squash_merge_allowed="allow_squash_merge",
        rebase_merge_allowed="allow_rebase_merge", auto_merge_allowed="allow_auto_merge",
    )  # fmt: skip

    row: Repo
    typename: str = "Repository"
    has_wiki_enabled: bool = False

    @property
    def name_with_owner(self) -> str:
        """`owner/name`."""
        return full_name(self.scope.world, self.row)

    @property
    def resource_path(self) -> str:
        """Its page on this server."""
        return f"/{self.name_with_owner}"

    @property
    def url(self) -> str:
        """Its page."""
        return f"{self.scope.html}{self.resource_path}"

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
    def viewer_can_administer(self) -> bool:
        """Whether the asker may change settings."""
        return can_administer(self.scope.world, self.row, self.scope.actor)

    @property
    def viewer_default_merge_method(self) -> str:
        """What the merge button offers first."""
        return allowed_methods(self.row)[0].upper()

    @property
    def is_empty(self) -> bool:
        """Whether nothing was pushed yet."""
        return not self.scope.world.git(self.row).refs("refs/heads/")

    @property
    def default_branch_ref(self) -> refs.RefNode | None:
        """The default branch; None while the repository is empty."""
        return refs.ref(self.scope, self.row, f"refs/heads/{self.row.default_branch}")

    def ref(self, qualified_name: str) -> refs.RefNode | None:
        """A ref by its full name, or a branch by its short one."""
        full = qualified_name if qualified_name.startswith("refs/") else f"refs/heads/{qualified_name}"
        return None if refs.hidden(self.scope, full) else refs.ref(self.scope, self.row, full)

    def refs(self, ref_prefix: str, query: str | None = None, direction: str | None = None, **page: Any) -> Connection:
        """Refs under a prefix such as `refs/heads/`, by name."""
        under = ref_prefix if ref_prefix.endswith("/") else f"{ref_prefix}/"
        names = [n for n in self.scope.world.git(self.row).refs(under) if not refs.hidden(self.scope, n)]
        found = [n for n in names if not query or query in n.removeprefix(under)]
        return connect(
            found[::-1] if direction == "DESC" else found,
            lambda n: refs.RefNode(scope=self.scope, repo=self.row, full=n),
            name="refs",
            **page,
        )

    def object(self, oid: str | None = None, expression: str | None = None) -> Any:
        """A git object by id or by an expression."""
        name = oid or expression or "HEAD"
        if name.startswith("refs/") and refs.hidden(self.scope, name):
            return None
        return gitnodes.git_object(self.scope, self.row, name)

    def pull_request(self, number: int) -> PullNode:
        """One pull request."""
        try:
            row = pull_by_number(self.scope.world, self.row, number)
        except HttpError as error:
            text = f"Could not resolve to a PullRequest with the number of {number}."
            raise GraphqlFault("NOT_FOUND", text) from error
        return PullNode(scope=self.scope, row=row)

    def pull_requests(self, **asked: Any) -> Connection:
        """Pull requests, oldest first unless asked otherwise."""
        return selected(self.scope, self.scope.world.store.pulls.where(repo_id=self.row.id), **asked)

    def branch_protection_rules(self, **page: Any) -> Connection:
        """Every rule; administrators only."""
        rules = self.scope.world.store.protection_rules.where(repo_id=self.row.id)
        made = [n for r in rules if (n := rule_node(self.scope, self.row, r))]
        return connect(made, lambda n: n, name="branchProtectionRules", **page)

    def label(self, name: str) -> LabelNode | None:
        """A label by name, whatever the case."""
        found = label_by_name(self.scope.world, self.row, name)
        return LabelNode(scope=self.scope, row=found) if found else None

    def labels(self, query: str | None = None, order_by: dict[str, str] | None = None, **page: Any) -> Connection:
        """Its labels; `query` is looked for in names and descriptions."""
        word = (query or "").lower()
        nodes = [
            LabelNode(scope=self.scope, row=row)
            for row in self.scope.world.store.labels.where(repo_id=self.row.id)
            if word in row.name.lower() or word in (row.description or "").lower()
        ]
        return connect(in_label_order(nodes, order_by), lambda n: n, name="labels", **page)


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
            "cost": self.scope.cost,
            "remaining": max(0, limit - self.scope.used),
            "used": self.scope.used,
            "nodeCount": self.scope.nodes,
            "resetAt": self.scope.reset,
        }

    def search(self, query: str, type: str, **page: Any) -> Connection:
        """Pull requests by GitHub's search words, newest first."""
        del type
        return search(self.scope, query, **page)

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
