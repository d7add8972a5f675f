"""Who acts, as GraphQL shows them. A bot's login comes without its `[bot]` suffix."""

from typing import Any

from attrs import frozen

from bascule.simulator.graphql.scope import Connection, RowNode, Scope, connect, same
from bascule.simulator.model import App, Team, User
from bascule.simulator.views import account_email_owner


@frozen(kw_only=True)
class UserNode(RowNode):
    """User, Bot or Organization."""

    SAME = same("name", id="node_id", database_id="id")

    row: User
    #: A commit's author is declared a `User`; a bot there wears that type and keeps its suffix.
    as_user: bool = False

    @property
    def typename(self) -> str:
        """The account's type."""
        return "User" if self.as_user else self.row.type

    @property
    def login(self) -> str:
        """Without a bot's suffix."""
        return self.row.login if self.as_user else self.row.login.removesuffix("[bot]")

    @property
    def resource_path(self) -> str:
        """The account's page on this server."""
        prefix = "apps/" if self.row.type == "Bot" else ""
        return f"/{prefix}{self.row.login.removesuffix('[bot]')}"

    @property
    def url(self) -> str:
        """The account's page."""
        return f"{self.scope.html}{self.resource_path}"

    def avatar_url(self, size: int | None = None) -> str:
        """A picture's address."""
        del size
        return f"{self.scope.html}/avatars/{self.row.id}"

    def team(self, slug: str) -> "TeamNode | None":
        """A team of the organization."""
        found = self.scope.world.store.teams.find(org_id=self.row.id, slug=slug)
        return TeamNode(scope=self.scope, row=found) if found else None


@frozen(kw_only=True)
class TeamNode(RowNode):
    """Team."""

    SAME = same("name", "slug", id="node_id", database_id="id")

    row: Team
    typename: str = "Team"

    @property
    def organization(self) -> UserNode | None:
        """Whose team it is."""
        return user(self.scope, self.row.org_id)

    def members(self, **page: Any) -> Connection:
        """The team's people."""
        return connect(self.row.members, lambda i: user(self.scope, i), name="members", **page)


@frozen(kw_only=True)
class AppNode(RowNode):
    """App."""

    SAME = same("name", "slug", id="node_id", database_id="id")

    row: App
    typename: str = "App"


def user(scope: Scope, user_id: int | None) -> UserNode | None:
    """An account by id; None for nobody."""
    row = scope.world.store.users.get(user_id)
    return UserNode(scope=scope, row=row) if row else None


def as_user(scope: Scope, user_id: int | None) -> UserNode | None:
    """An account where the schema has a `User` and nothing else."""
    row = scope.world.store.users.get(user_id)
    return UserNode(scope=scope, row=row, as_user=True) if row else None


def by_login(scope: Scope, login: str) -> UserNode | None:
    """An account by its exact login."""
    row = next((u for u in scope.world.store.users if u.login == login), None)
    return UserNode(scope=scope, row=row) if row else None


def app(scope: Scope, app_id: int | None) -> AppNode | None:
    """An app by id."""
    row = scope.world.store.apps.get(app_id)
    return AppNode(scope=scope, row=row) if row else None


def person_of_email(scope: Scope, email: str) -> UserNode | None:
    """Whose address that is."""
    row = account_email_owner(scope.world, email)
    return UserNode(scope=scope, row=row, as_user=True) if row else None
