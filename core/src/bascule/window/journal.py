"""The journal of one repository: reading its state, and appending to it by compare-and-swap."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from attrs import define, evolve, field, frozen

from bascule.clock import Clock
from bascule.errors import OutsideError, UsageError
from bascule.forge.ports import JournalStore, LostReplyError, RawCommit, RefState
from bascule.messages import window as say
from bascule.window import signed
from bascule.window.entries import Body, Entry, Flawed, Outcome
from bascule.window.keys import Keys, Role
from bascule.window.retry import pause, reading
from bascule.window.scan import MissingOpenError, Scan
from bascule.window.state import State, fold
from bascule.window.timing import Timing

FIRST_PAGE = 20
PAGE = 100
REMEMBERED = 5000
SWAP_TRIES = 7
STALE_READS = 9


@frozen(kw_only=True)
class TipRead:
    """A read of the tip that somebody made already, usually the pipeline's first query.

    ``elapsed`` is :meth:`Clock.elapsed` taken right *before* that query was sent. ``commits`` may hold the chain's
    newest commits, newest first; what is missing is fetched.
    """

    ref: RefState
    elapsed: float
    commits: tuple[RawCommit, ...] = ()


Line = tuple[str, Body]
"""What is to be appended: the run that it belongs to, and the body."""


class JournalAlarmError(OutsideError):
    """The journal was rewritten, cut or deleted: nothing in it can be built upon."""


class OvertakenError(Exception):
    """Somebody else wrote a window entry or a baseline first; ``state`` is what the journal says now."""

    def __init__(self, state: State) -> None:
        super().__init__("overtaken")
        self.state = state


def _nonce() -> str:
    return secrets.token_hex(16)


@define(kw_only=True, eq=False)
class Journal:
    """One repository's journal as one process sees it.

    It remembers the newest tip it has seen for as long as it lives (``seen`` starts it with an older memory): a tip
    that does not descend from it is an alarm.
    """

    store: JournalStore
    keys: Keys
    repository: int
    clock: Clock
    seen: str | None = None
    nonce: Callable[[], str] = _nonce
    alive_within: float = Timing().heartbeat_limit
    last: State | None = field(default=None, init=False)
    met: dict[str, Flawed] = field(factory=dict, init=False)
    """What nobody with a key wrote and nobody had answered when it was read, by commit: an append of our own answers
    it, so whoever appends has to tell of it."""
    _believed: dict[str, Entry | Flawed] = field(factory=dict, init=False)

    def now(self) -> datetime:
        """Return the server's time as well as it is known: never behind by more than the second that ``Date`` cuts off,
        ahead by at most the time that the last read took.

        Whether somebody else's deadline has passed is decided by :attr:`State.date`, which is never ahead.

        Raises:
            RuntimeError: nothing was read yet.
        """
        if self.last is None:
            raise RuntimeError("read the journal first")
        return self.last.date + timedelta(seconds=self.clock.elapsed() - self.last.elapsed)

    def read(self, given: TipRead | None = None) -> State:
        """Return the state at the tip, following the chain back as far as that takes.

        It also looks ``alive_within`` seconds back for a sweeper's heartbeat.

        Raises:
            JournalAlarmError: the tip does not descend from the newest one seen, after waiting out stale reads.
            LostReplyError, RateLimitedError, RefusedError: the journal cannot be read.
        """
        if len(self._believed) > REMEMBERED:
            self._believed.clear()
        for attempt in range(1, STALE_READS + 1):
            found = self._state(given or self._tip())
            given = None
            if found is not None:
                self.last, self.seen = found, found.tip
                self.met.update({f.sha: f for f in found.unanswered})
                return found
            # An older tip than we know may be an old answer: GitHub's reads lag. A rewritten journal stays rewritten.
            self.clock.sleep(pause(attempt))
        raise JournalAlarmError(
            say.journal_rewritten(self.seen), hint=say.JOURNAL_REWRITTEN_HINT, where=say.JOURNAL_REF
        )

    def append(self, state: State, *lines: Line) -> State:
        """Append ``lines``, each a run id and a body, with one compare-and-swap and return the new state.

        A swap that is lost to a heartbeat, an outcome or something unauthentic is tried again on the new tip.

        Raises:
            OvertakenError: a window entry or baseline that ``state`` does not know is in the journal now.
            UsageError: there is no key whose role may sign this.
            LostReplyError, RateLimitedError, RefusedError, OutsideError: the journal cannot be written.
        """
        signer = self.keys.signer
        needs = Role.OUTCOME if all(isinstance(body, Outcome) for _, body in lines) else Role.WINDOW
        if signer is None or not self.keys.may_sign(needs):
            raise UsageError(say.no_key(needs.value), hint=say.NO_KEY_HINT)
        known, written = state, self._store(state.tip, lines)
        for attempt in range(1, SWAP_TRIES + 1):
            if self._swap(written[-1].sha, known.tip):
                return self._remember(known, written)
            self.clock.sleep(pause(attempt))
            fresh = self.read()
            if fresh.tip == written[-1].sha or written[-1].sha in self._believed:
                # A lost reply that was applied; somebody may have written behind us since.
                if not fresh.same_truth(fold(known, written, self.keys)):
                    raise OvertakenError(fresh)
                return fresh
            if not fresh.same_truth(known):
                raise OvertakenError(fresh)
            if fresh.tip != known.tip:
                known, written = fresh, self._store(fresh.tip, lines)
        raise OutsideError(say.JOURNAL_NOT_WRITTEN, hint=say.JOURNAL_NOT_WRITTEN_HINT, where=say.JOURNAL_REF)

    def history(self, tip: str) -> Iterator[Entry | Flawed]:
        """Yield the items of the chain from ``tip`` back to its beginning, newest first; pages are fetched as
        needed.
        """
        pages = _Pages(self.store, self.clock, ())
        at: str | None = tip
        while at is not None:
            item = self._read(pages.get(at))
            yield item
            at = item.parent

    def _tip(self) -> TipRead:
        elapsed = self.clock.elapsed()

        def once() -> tuple[RefState, tuple[RawCommit, ...]]:
            nonlocal elapsed
            elapsed = self.clock.elapsed()
            return self.store.read(limit=FIRST_PAGE)

        ref, commits = reading(self.clock, once)
        return TipRead(ref=ref, elapsed=elapsed, commits=commits)

    def _swap(self, sha: str, expected: str | None) -> bool:
        try:
            return self.store.advance(sha, expected=expected)
        except LostReplyError:
            return False  # read, then decide: the caller looks for our commit in the chain

    def _store(self, tip: str | None, lines: tuple[Line, ...]) -> tuple[Entry, ...]:
        """Store the commits of ``lines`` on ``tip``. Nobody sees them before the ref moves, so a lost reply is
        harmless.
        """
        signer = self.keys.signer
        assert signer is not None
        parent, made = tip, []
        for run, body in lines:
            nonce, at = self.nonce(), self.now()
            written = signed.write(
                body, repository=self.repository, run=run, nonce=nonce, parent=parent, at=at, key=signer
            )
            parents = (parent,) if parent is not None else ()

            def once(written: signed.Written = written, parents: tuple[str, ...] = parents) -> str:
                return self.store.commit(written.message, parents=parents, blob=written.blob)

            sha = reading(self.clock, once)
            made.append(
                Entry(
                    sha=sha,
                    repository=self.repository,
                    run=run,
                    nonce=nonce,
                    parent=parent,
                    at=at,
                    key=signer.id,
                    body=body,
                )
            )
            parent = sha
        return tuple(made)

    def _remember(self, known: State, written: tuple[Entry, ...]) -> State:
        made = fold(evolve(known, tip=written[-1].sha), written, self.keys)
        self._believed.update({e.sha: e for e in written})
        self.last, self.seen = made, made.tip
        return made

    def _state(self, read: TipRead) -> State | None:
        """Return the state at ``read``; None when the tip does not descend from what was seen."""
        start = State(tip=read.ref.sha, date=read.ref.date, elapsed=read.elapsed)
        if read.ref.sha is None:
            return start if self.seen is None else None
        if self.last is not None and self.last.tip == read.ref.sha:
            return evolve(self.last, date=start.date, elapsed=start.elapsed)
        scan = Scan(start=start, last=self.last, seen=self.seen, keys=self.keys, alive_within=self.alive_within)
        pages = _Pages(self.store, self.clock, read.commits)
        at: str | None = read.ref.sha
        while at is not None:
            at = scan.take(self._read(pages.get(at)))
        try:
            return scan.result()
        except MissingOpenError as error:
            raise _gap(error.sha) from error

    def _read(self, commit: RawCommit) -> Entry | Flawed:
        if commit.sha not in self._believed:
            self._believed[commit.sha] = signed.read(
                commit, repository=self.repository, keys=self.keys, blob=self._blob
            )
        return self._believed[commit.sha]

    def _blob(self, commit: RawCommit) -> bytes:
        # An entry that is not there has not the hash that the message names: malformed.
        return reading(self.clock, lambda: self.store.large(commit.tree)) or b""


class _Pages:
    """Commits of the chain by SHA, fetched a page at a time. Parents are followed, whatever order a page has."""

    def __init__(self, store: JournalStore, clock: Clock, given: tuple[RawCommit, ...]) -> None:
        self._store, self._clock = store, clock
        self._held = {c.sha: c for c in given}

    def get(self, sha: str) -> RawCommit:
        """Return the commit; JournalAlarmError when the store does not have it."""
        if sha not in self._held:
            page = reading(self._clock, lambda: self._store.chain(sha, limit=PAGE))
            self._held = {c.sha: c for c in page}
        if sha not in self._held:
            raise _gap(sha)
        return self._held[sha]


def _gap(sha: str) -> JournalAlarmError:
    return JournalAlarmError(say.journal_gap(sha), hint=say.JOURNAL_REWRITTEN_HINT, where=say.JOURNAL_REF)
