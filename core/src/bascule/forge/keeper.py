"""Administration: protection as it is, and the writes that change it. The only port that can loosen or restore."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bascule.errors import OutsideError, UsageError
from bascule.forge import queries, reading
from bascule.forge.graphql import ask
from bascule.forge.identity import Identity
from bascule.forge.observer import read_standing, read_viewer
from bascule.forge.ports import Request, Transport
from bascule.forge.reading import shaped
from bascule.forge.recording import CallLog
from bascule.forge.rest import RepoAddress, Shape, a_list, expect, mapping_with, nothing, segment, send
from bascule.forge.snapshot import Guarded, JournalView, Standing
from bascule.messages import forge as text
from bascule.protection.rest import Write
from bascule.types import Viewer

UNPROTECTED = "branch not protected"

_SWITCHES = {"enforce_admins", "required_signatures"}
_GROUPS = {
    "required_pull_request_reviews": mapping_with("dismiss_stale_reviews", "require_code_owner_reviews"),
    "required_status_checks": mapping_with("contexts"),
}


class GitHubKeeper:
    """Implements :class:`bascule.forge.ports.Keeper`. No retry of any write, no concurrency, no memory.

    Args:
        log: where the newest ``Date`` and the remaining quota stand.
        identity: Keeper or Sweeper, for the quota.
    """

    def __init__(
        self, transport: Transport, *, address: RepoAddress, log: CallLog, identity: Identity = Identity.KEEPER
    ) -> None:
        self._transport = transport
        self._address = address
        self._log = log
        self._identity = identity

    def protection(self, branch: str) -> Mapping[str, Any] | None:
        """Return the raw classic protection of ``branch``, or None for "Branch not protected". One call.

        Raises:
            RefusedError: no such branch or repository (also a 404), or no permission.
            LostReplyError: 200 with something that is not protection.
        """

        def build(name: str) -> Request:
            return Request(method="GET", path=_path(name, branch), purpose="protection")

        response = send(self._transport, self._address, build)
        # The status alone would also fit a branch, a repository or a permission that is not there.
        if response.status == 404 and response.message.strip().lower() == UNPROTECTED:
            return None
        request = build(self._address.full_name)
        body: Mapping[str, Any] = expect(request, response, statuses={200}, shape=mapping_with("enforce_admins")).body
        return body

    def apply(self, branch: str, writes: tuple[Write, ...], *, purpose: str) -> None:
        """Send ``writes`` in order, one call each.

        Raises:
            LostReplyError: no reply, or one that is not what this write answers: read before anything else.
            RefusedError, RateLimitedError, MovedError: not applied. Later writes were not sent.
        """
        for write in writes:

            def build(name: str, write: Write = write) -> Request:
                path = _path(name, branch) + (f"/{write.path.lstrip('/')}" if write.path else "")
                return Request(method=write.method, path=path, body=write.body, purpose=purpose)

            status, shape = answer_of(write)
            response = send(self._transport, self._address, build)
            expect(build(self._address.full_name), response, statuses={status}, shape=shape)

    def guard(self, branch: str) -> Guarded:
        """Return who this token is, the rule of ``branch`` with its hidden settings, and the journal's tip. One call.

        For a Keeper of its own: what the Observer's token may see of them comes with the snapshot.
        """
        variables = {**self._address.variables, "branch": f"refs/heads/{branch}"}
        answer = ask(self._transport, queries.GUARD, variables, purpose="guard")
        repository = answer.at("repository")
        if repository is None:
            message, hint = text.no_repository(self._address.full_name)
            raise UsageError(message, hint=hint)
        with shaped("GraphQL Guard"):
            self._address.observe(repository["databaseId"], repository["nameWithOwner"])
            target = (repository["journal"] or {}).get("target") or {}
            commits = reading.chain(target.get("history"))
            return Guarded(
                viewer=reading.viewer(answer.data["viewer"], repository["viewerPermission"], answer.headers),
                rule=(repository["branch"] or {}).get("branchProtectionRule"),
                journal=JournalView(tip=target.get("oid"), commits=commits, date=answer.date),
            )

    def viewer(self) -> Viewer:
        """Return who this token is and what it may do in this repository. One call."""
        return read_viewer(self._transport, self._address)

    def standing(self) -> Standing:
        """Return the same with the repository's own settings, which say where the journal is. One call."""
        return read_standing(self._transport, self._address)

    def server_time(self) -> datetime:
        """Return the newest ``Date`` seen on any answer, in UTC. No call, unless nothing was asked yet."""
        if self._log.date is None:
            self._transport.send(Request(method="GET", path="/rate_limit", purpose="time"))
        if self._log.date is None:
            message, hint = text.wrong_shape("GET /rate_limit", "a Date header", "none")
            raise OutsideError(message, hint=hint)
        return self._log.date

    def quota(self) -> int | None:
        """Return the primary rate limit's remaining calls as last seen, or None when never seen. No call."""
        return self._log.remaining.get(self._identity)


def answer_of(write: Write) -> tuple[int, Shape]:
    """Return the status and shape with which GitHub answers ``write`` (OpenAPI, `repos/*-branch-protection`)."""
    part = write.path.strip("/")
    if write.method == "DELETE" and not part.startswith("restrictions/"):
        return 204, nothing
    if part.startswith("restrictions/"):
        return 200, a_list
    if part in _SWITCHES:
        return 200, _switched_on
    # The whole rule: a redirect's or an error's body has a url too, but never this.
    return 200, _GROUPS.get(part, mapping_with("enforce_admins"))


def _switched_on(body: Any) -> str | None:
    return None if isinstance(body, Mapping) and body.get("enabled") is True else "enabled: true"


def _path(full_name: str, branch: str) -> str:
    return f"/repos/{full_name}/branches/{segment(branch)}/protection"
