"""All ports of one repository, each with its identity's token, allowlist and record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from bascule.clock import Clock
from bascule.forge.actions import Actions
from bascule.forge.addresses import is_loopback
from bascule.forge.allowlists import AllowlistTransport
from bascule.forge.deployments import Deployments
from bascule.forge.fetch import (
    cache_root,
    clone_path,
    fetch_branch,
    fetch_change,
    fetch_merged,
    fetch_tags,
    fill,
)
from bascule.forge.github import GitHubTransport, Spacing
from bascule.forge.identity import Identity
from bascule.forge.journal import GitHubJournal
from bascule.forge.keeper import GitHubKeeper
from bascule.forge.merger import GitHubMerger
from bascule.forge.observer import Observer
from bascule.forge.ports import Transport
from bascule.forge.recording import CallLog, RecordingTransport
from bascule.forge.repo import Target
from bascule.forge.reporter import Reporter
from bascule.forge.rest import RepoAddress
from bascule.forge.retrying import RetryingReads, RetryPolicy
from bascule.forge.reverter import Reverter
from bascule.forge.snapshot import Snapshot
from bascule.forge.tagger import GitHubTagger
from bascule.forge.tokens import Tokens
from bascule.git import Git
from bascule.types import Change


class Connection:
    """The ports, made when first used; a port whose identity has no token raises UsageError then.

    ``calls`` has every request of every identity. Identities with the same token share one connection to GitHub.
    """

    def __init__(
        self,
        target: Target,
        tokens: Tokens,
        *,
        clock: Clock,
        environ: Mapping[str, str],
        timeout: int,
        spacing: Spacing | None,
        retry: RetryPolicy,
        administrator: Identity,
        journal_repo: str | None,
    ) -> None:
        self.target = target
        self.api = target.api
        self.calls = CallLog()
        self.address = RepoAddress(target.full_name)
        self.timeout = timeout
        self.cache = cache_root(environ)
        self._tokens = tokens
        self._clock = clock
        self._retry = retry
        self._administrator = administrator
        self._journal_address = self.address if journal_repo is None else RepoAddress(journal_repo)
        local = is_loopback(urlsplit(target.api.rest).hostname or "")
        self._spacing = spacing or (Spacing(calls=0.0, writes=0.0) if local else Spacing())
        self._allow_http = environ.get("BASCULE_ALLOW_HTTP", "") == "1"
        self._sockets: dict[str, GitHubTransport] = {}
        self._hurried = 0
        self._base_tree: str | None = None

    @cached_property
    def observer(self) -> Observer:
        """Return what the Observer's token reads."""
        return Observer(self._transport(Identity.OBSERVER), address=self.address, api=self.api, clock=self._clock)

    @cached_property
    def actions(self) -> Actions:
        """Return what the Observer's token reads of workflow runs and artifacts."""
        return Actions(
            self._transport(Identity.OBSERVER),
            address=self.address,
            api=self.api,
            clock=self._clock,
            allow_http=self._allow_http,
        )

    @cached_property
    def merger(self) -> GitHubMerger:
        """Return the port that merges."""
        return GitHubMerger(self._transport(Identity.MERGER), address=self.address)

    @cached_property
    def tagger(self) -> GitHubTagger:
        """Return what makes tags and releases on merged commits, with the Merger's token."""
        return GitHubTagger(self._transport(Identity.MERGER), address=self.address)

    @cached_property
    def keeper(self) -> GitHubKeeper:
        """Return the port that relaxes and restores (with the Sweeper's token where this is a sweeper)."""
        identity = self._administrator
        return GitHubKeeper(self._transport(identity), address=self.address, log=self.calls, identity=identity)

    @cached_property
    def journal(self) -> GitHubJournal:
        """Return the journal's store, in this repository or in ``journal_repo``."""
        # The tree of the base commit, where git has fetched it already: that saves the journal a call.
        tree = self._base_tree if self._journal_address is self.address else None
        return GitHubJournal(self._transport(self._administrator), address=self._journal_address, base_tree=tree)

    @cached_property
    def reverter(self) -> Reverter:
        """Return what writes the branch and the pull request of a rollback."""
        return Reverter(self._transport(Identity.MERGER), self._transport(Identity.OBSERVER), address=self.address)

    @cached_property
    def deployments(self) -> Deployments:
        """Return what reads deployments."""
        return Deployments(self._transport(Identity.OBSERVER), address=self.address)

    @cached_property
    def reporter(self) -> Reporter:
        """Return what writes on the pull request; without a Merger's token it can only make check runs."""
        merger = self._transport(Identity.MERGER) if self._tokens.get(Identity.MERGER) is not None else None
        return Reporter(merger, self._transport(Identity.OBSERVER), address=self.address)

    @property
    def journal_elsewhere(self) -> str:
        """Return the name of the repository that holds the journal, or an empty string where it is this one."""
        other = self._journal_address.full_name
        return "" if other.lower() == self.address.full_name.lower() else other

    def keep_journal_in(self, repository: str) -> None:
        """Let the journal live in ``owner/name`` from now on; a no-op where it does already.

        Raises:
            RuntimeError: the journal was used before, in another repository. A bug.
        """
        if self._journal_address.full_name.lower() == repository.lower():
            return
        if "journal" in self.__dict__:
            raise RuntimeError(repository)
        self._journal_address = RepoAddress(repository)

    def has(self, identity: Identity) -> bool:
        """Return whether there is a token for ``identity``."""
        return self._tokens.get(identity) is not None

    def same(self, a: Identity, b: Identity) -> bool:
        """Return whether two identities use one token, so that one's viewer is the other's."""
        first, second = self._tokens.get(a), self._tokens.get(b)
        return first is not None and second is not None and first.reveal() == second.reveal()

    def fetch(self, snapshot: Snapshot) -> Change:
        """Return the change with its files from git (:func:`bascule.forge.fetch.fetch_change`)."""
        token = self._tokens.require(Identity.OBSERVER)
        change = fetch_change(snapshot, self.cache, token, api=self.api, clock=self._clock)
        self._base_tree = Git(clone_path(self.cache, change.repo)).tree_of(change.base_sha)
        return change

    def branch(self, snapshot: Snapshot) -> tuple[Git, str]:
        """Return the clone after fetching the base branch, and the branch's tip: what landed, from git."""
        change = snapshot.change_without_git
        token = self._tokens.require(Identity.OBSERVER)
        return fetch_branch(change.repo, change.base_ref, self.cache, token, api=self.api, clock=self._clock)

    def tags(self, snapshot: Snapshot) -> None:
        """Fetch the repository's tags into the clone, for rehearsals that look at them."""
        fetch_tags(snapshot.repo, self.cache, self._tokens.require(Identity.OBSERVER), api=self.api, clock=self._clock)

    def merged(self, snapshot: Snapshot) -> tuple[Git, str]:
        """Return the clone after fetching a merged pull request's base branch and head, and the branch's tip."""
        token = self._tokens.require(Identity.OBSERVER)
        git, tip = fetch_merged(snapshot, self.cache, token, api=self.api, clock=self._clock)
        self._base_tree = git.tree_of(tip)
        return git, tip

    def objects(self, snapshot: Snapshot, *, contents: bool = False) -> Path:
        """Return the bare clone's folder; with ``contents`` every file of base and head is in it, for offline
        readers."""
        if contents:
            token = self._tokens.require(Identity.OBSERVER)
            return fill(snapshot, self.cache, token, api=self.api, clock=self._clock)
        return clone_path(self.cache, snapshot.repo)

    @contextmanager
    def unspaced(self) -> Iterator[None]:
        """Send without pauses on every connection, and repeat no read here; for the time that a window is open.

        A window has its own budget for repeated reads: it must hear of a limit or a lost reply at once, not after this
        layer has waited for two minutes.
        """
        for identity in (Identity.MERGER, self._administrator):
            if self.has(identity):
                self._socket(identity)
        self._hurried += 1
        try:
            with ExitStack() as stack:
                for socket in self._sockets.values():
                    stack.enter_context(socket.unspaced())
                yield
        finally:
            self._hurried -= 1

    def close(self) -> None:
        """Close all connections."""
        for socket in self._sockets.values():
            socket.close()

    def _transport(self, identity: Identity) -> Transport:
        recorded = RecordingTransport(self._socket(identity), identity=identity, log=self.calls, clock=self._clock)
        return RetryingReads(
            AllowlistTransport(recorded, identity=identity),
            clock=self._clock,
            policy=self._retry,
            enabled=lambda: self._hurried == 0,
        )

    def _socket(self, identity: Identity) -> GitHubTransport:
        token = self._tokens.require(identity)
        if token.reveal() not in self._sockets:
            self._sockets[token.reveal()] = GitHubTransport(
                self.api.rest,
                token,
                clock=self._clock,
                timeout=self.timeout,
                spacing=self._spacing,
                allow_http=self._allow_http,
            )
        return self._sockets[token.reveal()]


def connect(
    target: Target,
    tokens: Tokens,
    *,
    clock: Clock,
    environ: Mapping[str, str],
    timeout: int = 15,
    spacing: Spacing | None = None,
    retry: RetryPolicy | None = None,
    administrator: Identity = Identity.KEEPER,
    journal_repo: str | None = None,
) -> Connection:
    """Return the ports of ``target``. Nothing is sent and PyGithub is not imported before the first call.

    Args:
        environ: for ``XDG_CACHE_HOME`` and ``BASCULE_ALLOW_HTTP`` only; tokens come from ``tokens``.
        timeout: seconds per request, also the "longest request" of the window's deadline rule.
        spacing: None for GitHub's asked-for pauses, and none at all on loopback.
        retry: how reads are repeated; writes never are.
        administrator: Keeper, or Sweeper for ``bascule-restore``.
        journal_repo: ``owner/name`` of the journal where it is not in the repository itself.
    """
    return Connection(
        target,
        tokens,
        clock=clock,
        environ=environ,
        timeout=timeout,
        spacing=spacing,
        retry=RetryPolicy() if retry is None else retry,
        administrator=administrator,
        journal_repo=journal_repo,
    )
