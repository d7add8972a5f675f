"""Who acts, as GraphQL shows them. A bot's login comes without its `[bot]` suffix."""

from typing import Any

from attrs import frozen

from bascule.simulator.graphql.scope import Connection, Scope, connect
from bascule.simulator.model import App, Team, User
from bascule.simulator.views import account_email_owner


@frozen(kw_only=True)
class UserNode:
    """User, Bot or Organization."""

    scope: Scope
    row: User
    #: A commit's author is declared a `User`; a bot there wears that type and keeps its suffix.
    as_user: bool = False

    @property
    def typename(self) -> str:
        """The account's type."""
        return "User" if self.as_user else self.row.type

    @property
    def id(self) -> str:
        """Global id."""
        return self.row.node_id

    @property
    def login(self) -> str:
        """Without a bot's suffix."""
        return self.row.login if self.as_user else self.row.login.removesuffix("[bot]")

    @property
    def database_id(self) -> int:
        """The number behind the name."""
        return self.row.id

    @property
    def name(self) -> str | None:
        """The display name."""
        return self.row.name

    @property
    def url(self) -> str:
        """The account's page."""
        prefix = "apps/" if self.row.type == "Bot" else ""
        return f"{self.scope.html}/{prefix}{self.login}"

    def avatar_url(self, size: int | None = None) -> str:
        """A picture's address."""
        del size
        return f"{self.scope.html}/avatars/{self.row.id}"

    def team(self, slug: str) -> "TeamNode | None":
        """A team of the organization."""
        found = self.scope.world.store.teams.find(org_id=self.row.id, slug=slug)
        return TeamNode(scope=self.scope, row=found) if found else None


@frozen(kw_only=True)
class TeamNode:
    """Team."""

    scope: Scope
    row: Team
    typename: str = "Team"

    @property
    def id(self) -> str:
        """Global id."""
        return self.row.node_id

    @property
    def database_id(self) -> int:
        """Numeric id."""
        return self.row.id

    @property
    def name(self) -> str:
        """Display name."""
        return self.row.name

    @property
    def slug(self) -> str:
        """Name in addresses."""
        return self.row.slug

    def members(self, **page: Any) -> Connection:
        """The team's people."""
        return connect(self.row.members, lambda i: user(self.scope, i), name="members", **page)


@frozen(kw_only=True)
class AppNode:
    """App."""

    scope: Scope
    row: App
    typename: str = "App"

    @property
    def id(self) -> str:
        """Global id."""
        return self.row.node_id

    @property
    def database_id(self) -> int:
        """Numeric id."""
        return self.row.id

    @property
    def slug(self) -> str:
        """Name in addresses."""
        return self.row.slug

    @property
    def name(self) -> str:
        """Display name."""
        return self.row.name


def user(scope: Scope, user_id: int | None) -> UserNode | None:
    """An account by id; None for nobody."""
    row = scope.world.store.users.get(user_id)
    return UserNode(scope=scope, row=row) if row else None


def app(scope: Scope, app_id: int | None) -> AppNode | None:
    """An app by id."""
    row = scope.world.store.apps.get(app_id)
    return AppNode(scope=scope, row=row) if row else None


def person_of_email(scope: Scope, email: str) -> UserNode | None:
    """Whose address that is."""
    row = account_email_owner(scope.world, email)
    return UserNode(scope=scope, row=row, as_user=True) if row else None
