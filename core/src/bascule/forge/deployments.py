"""What GitHub's deployments say about an environment: which commits were sent there, and since when each is live."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from attrs import frozen

from bascule.forge.ports import Request, Transport
from bascule.forge.reading import shaped
from bascule.forge.rest import RepoAddress, a_list, expect, send

_PAGES = 5


@frozen(kw_only=True)
class DeploymentSeen:
    """One deployment. ``created_at`` is the server's time, UTC."""

    id: int
    sha: str
    environment: str
    created_at: datetime


class Deployments:
    """Reads deployments with the Observer's token (Deployments: read)."""

    def __init__(self, transport: Transport, *, address: RepoAddress) -> None:
        self._transport = transport
        self._address = address

    def since(self, environment: str, moment: datetime) -> tuple[DeploymentSeen, ...]:
        """Return the deployments to ``environment`` that were created at or after ``moment``, oldest first.

        One call per 100; at most 500 of the newest are looked at.
        """
        found: list[DeploymentSeen] = []
        for page in self._pages(environment):
            recent = [d for d in page if d.created_at >= moment]
            found += recent
            if len(recent) < len(page):
                break
        return tuple(sorted(found, key=lambda d: (d.created_at, d.id)))

    def until(self, environment: str, moment: datetime) -> Iterator[DeploymentSeen]:
        """Yield the deployments to ``environment`` that were created at ``moment`` or before, newest first.

        One call per 100, when they are asked for; at most 500 of the newest are looked at.
        """
        for page in self._pages(environment):
            yield from sorted((d for d in page if d.created_at <= moment), key=lambda d: (d.created_at, d.id))[::-1]

    def _pages(self, environment: str) -> Iterator[list[DeploymentSeen]]:
        for page in range(1, _PAGES + 1):
            rows = self._read("/deployments", {"environment": environment, "per_page": 100, "page": page})
            with shaped("GET /deployments"):
                seen = [
                    DeploymentSeen(
                        id=int(r["id"]), sha=str(r["sha"]), environment=str(r["environment"]),
                        created_at=datetime.fromisoformat(r["created_at"]),
                    )
                    for r in rows
                ]  # fmt: skip
            yield seen
            if len(rows) < 100:
                return

    def live_since(self, deployment: int) -> datetime | None:
        """Return when a deployment was first reported a success, or None. One call.

        A deployment that a newer one replaced is ``inactive`` now, and its success is still among its statuses.
        """
        rows = self._read(f"/deployments/{deployment}/statuses", {"per_page": 100})
        with shaped("GET /deployments/statuses"):
            times = [datetime.fromisoformat(r["created_at"]) for r in rows if r["state"] == "success"]
        return min(times, default=None)

    def _read(self, tail: str, query: dict[str, str | int]) -> list[dict[str, str]]:
        def build(name: str) -> Request:
            return Request(method="GET", path=f"/repos/{name}{tail}", query=query, purpose="deployed")

        response = send(self._transport, self._address, build)
        found: list[dict[str, str]] = expect(
            build(self._address.full_name), response, statuses={200}, shape=a_list
        ).body
        return found
