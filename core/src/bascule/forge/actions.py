"""Workflow runs and their artifacts, as GitHub states them; nothing here decides which of them counts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from attrs import frozen

from bascule.clock import Clock
from bascule.errors import OutsideError
from bascule.forge.addresses import Api
from bascule.forge.download import Fetched, fetch
from bascule.forge.ports import MovedError, Request, Response, Transport
from bascule.forge.reading import shaped
from bascule.forge.rest import RepoAddress, expect, mapping_with, send
from bascule.messages import download, forge

_PAGES = 10
_PER_PAGE = 100
EXPIRED = 410
"""What GitHub answers for an artifact whose time is over."""


@frozen(kw_only=True)
class ForPull:
    """A pull request that GitHub lists with a run: its number, and its base as of then."""

    number: int
    base_ref: str
    base_sha: str


@frozen(kw_only=True)
class Referenced:
    """A reusable workflow that a run called. ``name`` is ``OWNER/REPO/PATH@REF`` as the caller wrote it."""

    name: str
    sha: str


@frozen(kw_only=True)
class WorkflowRun:
    """A run at its latest attempt.

    ``created_at`` is when the event came, for all attempts; ``started_at`` when this attempt began. ``status`` is
    completed, in_progress, queued, waiting, requested or pending; ``conclusion`` None until completed.
    """

    id: int
    number: int
    attempt: int
    path: str
    event: str
    head_sha: str
    repository_id: int
    head_repository_id: int | None
    status: str
    conclusion: str | None
    created_at: datetime
    started_at: datetime
    url: str
    pulls: tuple[ForPull, ...] = ()
    referenced: tuple[Referenced, ...] = ()


@frozen(kw_only=True)
class Artifact:
    """What a run left. ``size`` in bytes; ``digest`` as GitHub states it (``sha256:...``), None where it does not."""

    id: int
    name: str
    size: int
    digest: str | None
    expired: bool
    created_at: datetime | None
    run_id: int | None
    head_sha: str | None = None
    repository_id: int | None = None


class Actions:
    """What the Observer's token reads of Actions (permission *Actions: read*)."""

    def __init__(
        self, transport: Transport, *, address: RepoAddress, api: Api, clock: Clock, allow_http: bool = False
    ) -> None:
        self._transport = transport
        self._address = address
        self._api = api
        self._clock = clock
        self._allow_http = allow_http

    def runs(self, head_sha: str) -> tuple[WorkflowRun, ...]:
        """Return every run on ``head_sha``, of all workflows and events. One call per 100.

        Raises:
            RefusedError: the token lacks Actions: read.
            OutsideError: more than can be read: one that was not read could be the one that failed.
        """
        rows = self._pages("actions/runs", "workflow_runs", {"head_sha": head_sha}, "evidence")
        with shaped("GET /actions/runs"):
            return tuple(_run(row) for row in rows)

    def artifacts(self, run_id: int, name: str) -> tuple[Artifact, ...]:
        """Return the artifacts called ``name`` of a run, of all its attempts. One call per 100.

        Raises:
            RefusedError, OutsideError: as :meth:`runs`.
        """
        rows = self._pages(f"actions/runs/{run_id}/artifacts", "artifacts", {"name": name}, "evidence")
        with shaped("GET /actions/runs/artifacts"):
            # Older servers do not know the parameter and list everything.
            return tuple(_artifact(row) for row in rows if row["name"] == name)

    def download(self, artifact: Artifact, to: Path, *, limit: int, seconds: float) -> Fetched:
        """Write the archive of ``artifact`` to ``to`` and return its size and hash. Two calls, one of them GitHub's.

        GitHub answers with a signed address of its store; the token is not sent there.

        Raises:
            RefusedError: the artifact is gone (status 410) or out of reach.
            TooLargeError: it is larger than ``limit`` bytes.
            OutsideError: the store cannot be reached, or takes longer than ``seconds``.
        """

        location = self._stored_at(artifact.id)
        return fetch(
            location, to, limit=limit, seconds=seconds, clock=self._clock, api=self._api, allow_http=self._allow_http
        )

    def _stored_at(self, artifact_id: int) -> str:
        """Return the signed address; a repository that was renamed is asked for under its new name, once."""
        for renamed in (False, True):
            path = f"/repos/{self._address.full_name}/actions/artifacts/{artifact_id}/zip"
            request = Request(method="GET", path=path, purpose="evidence")
            try:
                response: Response = self._transport.send(request)
            except MovedError as moved:
                if renamed or moved.repository_id is None:
                    return moved.location
                self._address.resolve(self._transport, repository_id=moved.repository_id)
                continue
            expect(request, response, statuses=(302,))  # the transport raises for a redirect: this is a refusal
        message, hint = forge.moved_again(self._address.full_name)
        raise OutsideError(message, hint=hint)

    def _pages(self, path: str, key: str, query: Mapping[str, str], purpose: str) -> list[Any]:
        found: list[Any] = []
        for page in range(1, _PAGES + 1):

            def build(name: str, page: int = page) -> Request:
                asked: dict[str, str | int] = {**query, "per_page": _PER_PAGE, "page": page}
                return Request(method="GET", path=f"/repos/{name}/{path}", query=asked, purpose=purpose)

            response = send(self._transport, self._address, build)
            body = expect(
                build(self._address.full_name), response, statuses={200}, shape=mapping_with(key, "total_count")
            ).body
            rows = body[key]
            found += rows
            if len(rows) < _PER_PAGE:
                return found
        message, hint = download.too_many_rows(path, _PAGES * _PER_PAGE)
        raise OutsideError(message, hint=hint)


def _run(row: Mapping[str, Any]) -> WorkflowRun:
    head_repo = row["head_repository"]
    created = _time(row["created_at"])
    return WorkflowRun(
        id=int(row["id"]),
        number=int(row["run_number"]),
        attempt=int(row.get("run_attempt") or 1),
        path=str(row["path"]),
        event=str(row["event"]),
        head_sha=str(row["head_sha"]),
        repository_id=int(row["repository"]["id"]),
        head_repository_id=None if head_repo is None else int(head_repo["id"]),
        status=str(row["status"]),
        conclusion=row["conclusion"],
        created_at=created,
        started_at=_time(row["run_started_at"]) if row.get("run_started_at") else created,
        url=str(row["html_url"]),
        pulls=tuple(
            ForPull(number=int(p["number"]), base_ref=str(p["base"]["ref"]), base_sha=str(p["base"]["sha"]))
            for p in row["pull_requests"] or ()
        ),
        referenced=tuple(
            Referenced(name=str(w["path"]), sha=str(w["sha"])) for w in row.get("referenced_workflows") or ()
        ),
    )


def _artifact(row: Mapping[str, Any]) -> Artifact:
    run = row.get("workflow_run") or {}
    return Artifact(
        id=int(row["id"]),
        name=str(row["name"]),
        size=int(row["size_in_bytes"]),
        digest=row.get("digest"),
        expired=bool(row["expired"]),
        created_at=_time(row["created_at"]) if row["created_at"] else None,
        run_id=run.get("id"),
        head_sha=run.get("head_sha"),
        repository_id=run.get("repository_id"),
    )


def _time(value: str) -> datetime:
    return datetime.fromisoformat(value).astimezone(UTC)
