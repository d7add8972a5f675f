"""Everything that a handler may touch, in one place."""

from attrs import field, frozen

from bascule.simulator.clock import Clock
from bascule.simulator.git import GitRepo, RepoPool
from bascule.simulator.model import Repo, Token, User
from bascule.simulator.settings import Settings, Switches
from bascule.simulator.signing import Signer
from bascule.simulator.store import Store

#: The account behind commits that GitHub makes itself; its number is the same everywhere.
WEB_FLOW = 19864447


@frozen(kw_only=True)
class World:
    """State, git data, clock and switches of one simulator."""

    store: Store
    pool: RepoPool
    clock: Clock
    settings: Settings
    signer: Signer = field()

    @signer.default
    def _default_signer(self) -> Signer:
        return Signer(self.store)

    @property
    def switches(self) -> Switches:
        """How the unverified facts are played."""
        return self.settings.switches

    def git(self, repo: Repo) -> GitRepo:
        """The git data of a repository."""
        return self.pool.get(repo.id)


def add_web_flow(store: Store) -> None:
    """GitHub's own account, unless it is there already."""
    if store.users.get(WEB_FLOW) is None:
        store.users.save(User(id=WEB_FLOW, login="web-flow", name="GitHub", email="noreply@github.com"))


def create_world(store: Store) -> World:
    """A world over a store; git data lies beside the store's file."""
    add_web_flow(store)
    return World(store=store, pool=RepoPool(store.root), clock=Clock(store), settings=Settings(store))


@frozen(kw_only=True)
class Actor:
    """Who acts, and with which credential; `token` is None where the server acts for a user (auto-merge)."""

    user: User
    token: Token | None = None

    @property
    def app_id(self) -> int | None:
        """The app behind the credential, if any."""
        return self.token.app_id if self.token else None
