"""From the environment to one repository's Keeper and journal, for whatever restores, sweeps or audits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext

from attrs import frozen

from bascule import streams
from bascule.clock import Clock
from bascule.forge.ports import Identity, JournalStore, Keeper
from bascule.window.keys import Keys, from_environment


@frozen(kw_only=True)
class Access:
    """One repository through the Sweeper's (or Keeper's) token. ``login`` is who that is, ``host`` the web host.

    ``unspaced()`` is a context in which writes are sent without GitHub's asked-for pauses.
    """

    keeper: Keeper
    store: JournalStore
    keys: Keys
    repository: int
    full_name: str
    host: str = "github.com"
    login: str = ""
    unspaced: Callable[[], AbstractContextManager[object]] = nullcontext


@contextmanager
def connected(
    repo: str | None,
    environ: Mapping[str, str],
    clock: Clock,
    *,
    api_url: str | None = None,
    journal_repo: str | None = None,
) -> Iterator[Access]:
    """Yield access to ``repo`` (``owner/name``; None: this folder's). One call, to learn who and where we are.

    The tokens leave the environment first, so on Linux the process starts itself anew (``protect_process``).

    Raises:
        UsageError: no token, no such repository, a key that cannot be read.
        OutsideError: GitHub cannot be reached.
    """
    from bascule.forge import connect, protect_process, resolve

    tokens = protect_process()
    private = tokens.journal_key.reveal() if tokens.journal_key is not None else ""
    keys = from_environment(environ, private=private)
    chosen = dict(environ) if api_url is None else {**environ, "BASCULE_API_URL": api_url}
    target = resolve(None, repo=repo, environ=chosen, folder=streams.folder(), pull=False)
    connection = connect(
        target,
        tokens,
        clock=clock,
        environ=chosen,
        administrator=Identity.SWEEPER,
        journal_repo=journal_repo or environ.get("BASCULE_JOURNAL_REPO") or None,
    )
    try:
        viewer = connection.keeper.viewer()
        number = connection.address.id
        assert number is not None  # the viewer's query has told it
        yield Access(
            keeper=connection.keeper,
            store=connection.journal,
            keys=keys,
            repository=number,
            full_name=connection.address.full_name,
            host=target.api.host,
            login=viewer.login,
            unspaced=connection.unspaced,
        )
    finally:
        connection.close()
