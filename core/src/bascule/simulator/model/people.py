"""Who acts: users, bots, organizations, teams, apps and their tokens."""

from typing import ClassVar, Literal

from attrs import Factory, define

from bascule.simulator.model.ids import node_id

AccountType = Literal["User", "Bot", "Organization"]
TokenKind = Literal["classic", "fine_grained", "installation"]


@define(kw_only=True)
class User:
    """An account: a person, an app's bot, or an organization."""

    id: int
    login: str
    type: AccountType = "User"
    site_admin: bool = False
    name: str | None = None
    email: str | None = None
    created_at: str = ""
    #: Organizations only: user id -> "admin" | "member".
    members: dict[int, str] = Factory(dict)
    #: Organizations only: what every member may do in every repository: none | read | write | admin.
    default_permission: str = "read"

    @property
    def node_id(self) -> str:
        """Global id; the prefix tells the account type."""
        return node_id({"User": "U", "Bot": "BOT", "Organization": "O"}[self.type], self.id)


@define(kw_only=True)
class Token:
    """A credential. Only its SHA-256 digest is stored, so that no dump of the state can leak one."""

    id: int
    digest: str
    user_id: int
    kind: TokenKind = "classic"
    scopes: list[str] = Factory(list)
    #: Acts as administrator everywhere, whatever the repository says.
    admin: bool = False
    app_id: int | None = None
    installation_id: int | None = None
    #: Fine-grained and installation tokens: permission name -> "read" | "write". Empty = not limited.
    permissions: dict[str, str] = Factory(dict)
    #: None = every repository that the account reaches.
    repository_ids: list[int] | None = None
    expires_at: str | None = None


@define(kw_only=True)
class App:
    """A GitHub App; its bot account is a `User` of type Bot with login `<slug>[bot]`."""

    PREFIX: ClassVar[str] = "A"

    id: int
    slug: str
    name: str
    owner_id: int
    bot_id: int
    permissions: dict[str, str] = Factory(dict)
    #: PEM of the key that its JWTs are signed with; None where tokens are handed out directly.
    public_key: str | None = None
    created_at: str = ""

    @property
    def node_id(self) -> str:
        """Global id."""
        return node_id(self.PREFIX, self.id)


@define(kw_only=True)
class Installation:
    """An app on an account."""

    id: int
    app_id: int
    account_id: int
    permissions: dict[str, str] = Factory(dict)
    #: None = all repositories of the account.
    repository_ids: list[int] | None = None
    created_at: str = ""


@define(kw_only=True)
class Team:
    """A team of an organization and what it may do where."""

    PREFIX: ClassVar[str] = "T"

    id: int
    org_id: int
    slug: str
    name: str
    description: str | None = None
    privacy: str = "closed"
    members: list[int] = Factory(list)
    #: repository id -> read | triage | write | maintain | admin
    repositories: dict[int, str] = Factory(dict)

    @property
    def node_id(self) -> str:
        """Global id."""
        return node_id(self.PREFIX, self.id)
