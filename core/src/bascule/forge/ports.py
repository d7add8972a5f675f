"""The ports that the window and the pipeline stand on.

Every GitHub call is one :class:`Request` through one :class:`Transport`, so that it can be recorded, counted,
limited by an identity's allowlist, and replaced. Nothing here retries a write: a write is repeated only when a read
has shown that it did not happen (DESIGN, section 6).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from attrs import field, frozen

from bascule.errors import OutsideError
from bascule.protection.rest import Write


@frozen(kw_only=True)
class Request:
    """One call. ``path`` starts with ``/`` and is relative to the API root; GraphQL is POST ``/graphql``.

    ``purpose`` is a short word for the log and the call budget (``gate``, ``open``, ``relax``, ``merge``, ...).
    """

    method: str
    path: str
    query: Mapping[str, str | int] = field(factory=dict)
    body: Any = None
    purpose: str = ""

    @property
    def is_write(self) -> bool:
        """Return whether the call may change something (GraphQL: whether it is a mutation)."""
        if self.path == "/graphql":
            return bool(self.body) and str(self.body.get("query", "")).lstrip().startswith("mutation")
        return self.method not in {"GET", "HEAD"}


@frozen(kw_only=True)
class Response:
    """One answer, whatever its status. ``headers`` have lower-case names; ``date`` is the server's clock (UTC)."""

    status: int
    body: Any
    headers: Mapping[str, str] = field(factory=dict)
    date: datetime | None = None

    @property
    def message(self) -> str:
        """Return GitHub's ``message``, or an empty string."""
        return str(self.body.get("message", "")) if isinstance(self.body, Mapping) else ""

    @property
    def ok(self) -> bool:
        """Return whether the status is 2xx."""
        return 200 <= self.status < 300


class LostReplyError(OutsideError):
    """The request may or may not have been applied: timeout, dropped connection, 5xx after a write."""


class RateLimitedError(OutsideError):
    """GitHub asked to wait; ``retry_after`` in seconds. The request was not applied."""

    def __init__(self, message: str, *, retry_after: float, hint: str = "", where: str = "", status: int = 429) -> None:
        super().__init__(message, hint=hint, where=where)
        self.retry_after = retry_after
        self.status = status


class MovedError(OutsideError):
    """GitHub redirected: the repository was renamed or transferred. The request was not applied.

    Never followed as it stands, because a redirect drops the query and a 307 looks like success to some clients;
    resolve the canonical name by ``repository_id`` and send the request again under that name.
    """

    def __init__(self, message: str, *, location: str, status: int, hint: str = "", where: str = "") -> None:
        super().__init__(message, hint=hint, where=where)
        self.location = location
        self.status = status

    @property
    def repository_id(self) -> int | None:
        """Return the repository id in the new location (``/repositories/ID/...``), or None when it has none."""
        _, found, rest = self.location.partition("/repositories/")
        number = rest.split("/", 1)[0].split("?", 1)[0]
        return int(number) if found and number.isdigit() else None


class RefusedError(OutsideError):
    """GitHub answered 4xx; ``response`` has its status and text. The request was not applied."""

    def __init__(self, message: str, *, response: Response, hint: str = "", where: str = "") -> None:
        super().__init__(message, hint=hint, where=where)
        self.response = response


class Transport(Protocol):
    """Sends one request. No redirects that drop a query or a method, no hidden retry, no hidden sleep."""

    def send(self, request: Request) -> Response:
        """Return the answer, whatever its HTTP status (1xx-4xx).

        Raises:
            LostReplyError: connection failed, timed out, answered 5xx, or 2xx with something that is not JSON; for a
                read this only means "try again".
            RateLimitedError: 403/429 (GraphQL: 200 with such an error) that is a primary or secondary limit.
            MovedError: 301, 302, 303, 307 or 308.
        """
        ...


@frozen(kw_only=True)
class RefState:
    """A ref's target and the server's time when it was read; ``sha`` None when the ref does not exist."""

    sha: str | None
    date: datetime


@frozen(kw_only=True)
class RawCommit:
    """A commit object of the journal's chain."""

    sha: str
    parents: tuple[str, ...]
    message: str
    tree: str


@frozen(kw_only=True)
class MergeOutcome:
    """What the merge call answered. ``sha`` is set only for 200; else ``status`` and GitHub's ``message``.

    ``retry_after``: seconds that GitHub asked to wait, where the answer was a rate limit (403 or 429).
    """

    status: int
    message: str
    sha: str | None = None
    retry_after: float | None = None


@frozen(kw_only=True)
class PullState:
    """What may have moved under a run: read right before the merge and after an ambiguous reply."""

    number: int
    state: str
    merged: bool
    merge_sha: str | None
    merged_by: str | None
    head_sha: str
    base_ref: str
    base_sha: str
    draft: bool
    labels: tuple[str, ...]
    review_decision: str | None
    checks_state: str | None
    """Roll-up of the head's checks: SUCCESS, PENDING, FAILURE, ERROR, EXPECTED, or None for none at all."""
    armed: tuple[int, ...]
    """Numbers of other open pull requests with auto-merge armed, on any base branch in ``armed_branches``."""
    date: datetime
    fingerprint: str = ""
    """Hash over reviews, labels, checks and conversation states as read; equal means nothing moved."""


class JournalStore(Protocol):
    """Where the journal's chain lives: four calls on git data."""

    def tip(self) -> RefState:
        """Return the tip of ``refs/bascule/journal`` and the server's time."""
        ...

    def chain(self, tip: str, *, limit: int = 100) -> tuple[RawCommit, ...]:
        """Return up to ``limit`` commits from ``tip`` backwards, newest first."""
        ...

    def commit(self, message: str, *, parents: tuple[str, ...], blob: bytes | None = None) -> str:
        """Store a commit (tree of a base commit, or a tree with ``blob`` as ``entry.json``); return its SHA."""
        ...

    def read(self, *, limit: int = 20) -> tuple[RefState, tuple[RawCommit, ...]]:
        """Return the tip with the server's time and up to ``limit`` commits, newest first. One call if there is one."""
        ...

    def large(self, tree: str) -> bytes | None:
        """Return ``entry.json`` of a commit's ``tree`` (entries above 32 KB live there), or None when it has none."""
        ...

    def advance(self, sha: str, *, expected: str | None) -> bool:
        """Create the ref (``expected`` None) or fast-forward it from ``expected``; return False when lost.

        Raises:
            LostReplyError: the caller must read the tip to learn what happened.
        """
        ...


class Keeper(Protocol):
    """Administration and journal. The only port that can loosen or restore protection."""

    def protection(self, branch: str) -> Mapping[str, Any] | None:
        """Return the raw classic protection of ``branch`` (GET body), or None for "Branch not protected"."""
        ...

    def apply(self, branch: str, writes: tuple[Write, ...], *, purpose: str) -> None:
        """Send writes that :mod:`bascule.protection.rest` made for ``branch``, in order.

        Raises:
            LostReplyError, RefusedError, RateLimitedError: for the first that failed; later ones were not sent.
        """
        ...

    def server_time(self) -> datetime:
        """Return the newest ``Date`` seen on a response, in UTC."""
        ...

    def quota(self) -> int | None:
        """Return the primary rate limit's remaining calls as last seen, or None when never seen."""
        ...


class Merger(Protocol):
    """Merges one pull request at one SHA."""

    def merge(self, number: int, *, sha: str, method: str, title: str, message: str) -> MergeOutcome:
        """Ask GitHub to merge; every 4xx comes back as an outcome.

        Raises:
            LostReplyError: the caller must read the pull request.
        """
        ...

    def pull(self, number: int, *, armed_branches: tuple[str, ...] = ()) -> PullState:
        """Return what may have moved, in one query."""
        ...

    def commit_message(self, sha: str) -> str:
        """Return the full message of a commit: its ``Bascule-Run:`` trailer says whose merge it is."""
        ...
