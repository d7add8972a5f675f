"""How a simulator begins: with the accounts that were named at start, and nothing else."""

from collections.abc import Sequence

from attrs import frozen

from bascule.simulator.auth import add_token, add_user
from bascule.simulator.world import World, add_web_flow


@frozen(kw_only=True)
class UserSpec:
    """A user to exist from the start, from `LOGIN:TOKEN[:admin]`."""

    login: str
    token: str
    admin: bool = False

    @classmethod
    def parse(cls, text: str) -> "UserSpec":
        """ValueError with the expected form for anything else."""
        login, _, rest = text.partition(":")
        token, _, flag = rest.partition(":")
        if not login or not token or flag not in ("", "admin"):
            raise ValueError(
                f"found --user {text.split(':', maxsplit=1)[0]}:..., expected LOGIN:TOKEN or LOGIN:TOKEN:admin"
            )
        return cls(login=login, token=token, admin=flag == "admin")


def add_first_users(world: World, users: Sequence[UserSpec]) -> None:
    """Make the accounts that do not exist yet, with their tokens."""
    for spec in users:
        add_token(world, add_user(world, spec.login), spec.token, admin=spec.admin)


def begin_again(world: World, users: Sequence[UserSpec]) -> None:
    """Forget everything: repositories, accounts, settings and the moved clock; then begin as at the first start.

    Numbers are not given out twice, so that whoever kept an id from before finds nothing instead of something else.
    """
    for repo in world.store.repos:
        world.pool.drop(repo.id)
    world.store.clear(keep=("signing_key",))
    world.settings.reload()
    add_web_flow(world.store)
    add_first_users(world, users)
