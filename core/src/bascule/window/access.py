"""From the environment to one repository's Keeper and journal, for whatever restores, sweeps or audits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext

from attrs import frozen

from bascule import streams
from bascule.clock import Clock
from bascule.errors import ConfigError, UsageError
from bascule.forge.identity import Identity
from bascule.forge.ports import JournalStore, Keeper
from bascule.forge.snapshot import Standing
from bascule.forge.tokens import Secret
from bascule.messages import journal as say
from bascule.window.keys import Keys, from_environment


@frozen(kw_only=True)
class Access:
    """One repository through the Sweeper's (or Keeper's) token. ``login`` is who that is, ``host`` the web host,
    ``journal`` the repository that holds the journal where it is another one, ``notify`` where alarms are paged.

    ``unspaced()`` is a context in which writes are sent without GitHub's asked-for pauses.
    """

    keeper: Keeper
    store: JournalStore
    keys: Keys
    repository: int
    full_name: str
    host: str = "github.com"
    login: str = ""
    journal: str = ""
    notify: Secret | None = None
    allow_http: bool = False
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
        UsageError: no token, no such repository, a key that cannot be read, or nobody can say where the journal is.
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
        journal_repo=None,
    )
    try:
        standing = connection.keeper.standing()
        home = journal_repo or journal_home(standing, environ.get("BASCULE_JOURNAL_REPO", ""))
        if home:
            connection.keep_journal_in(home)
        number = connection.address.id
        assert number is not None  # the viewer's query has told it
        yield Access(
            keeper=connection.keeper,
            store=connection.journal,
            keys=keys,
            repository=number,
            full_name=connection.address.full_name,
            host=target.api.host,
            login=standing.viewer.login,
            journal=connection.journal_elsewhere,
            notify=tokens.notify_url,
            allow_http=environ.get("BASCULE_ALLOW_HTTP", "") == "1",
            unspaced=connection.unspaced,
        )
    finally:
        connection.close()


def journal_home(standing: Standing, named: str) -> str:
    """Return the repository that holds the journal by the settings or by the environment (``named``); empty: this one.

    Looking into the wrong one would find nothing open, whatever is loose.

    Raises:
        UsageError: they name two, or the settings cannot be read and nothing else names one.
    """
    problem, configured = standing.settings_problem, ""
    if standing.settings_text is not None:
        from bascule.config import settings

        try:
            configured = settings.load(standing.settings_text).journal.repository or ""
        except ConfigError as error:
            problem = error.message
    if problem is not None and not named:
        raise UsageError(say.home_unknown(problem), hint=say.HOME_HINT)
    if named and configured and named.lower() != configured.lower():
        raise UsageError(say.two_homes(named, configured), hint=say.HOME_HINT)
    return named or configured
