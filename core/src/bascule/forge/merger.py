"""Merges one pull request at one head SHA, and reads what may have moved."""

from __future__ import annotations

import re
from typing import Any

from bascule.errors import OutsideError, UsageError
from bascule.forge import queries, reading
from bascule.forge.graphql import ask
from bascule.forge.observer import read_viewer
from bascule.forge.ports import LostReplyError, MergeOutcome, PullState, RateLimitedError, Request, Transport
from bascule.forge.reading import Node, nodes, shaped
from bascule.forge.rest import RepoAddress, expect, mapping_with, segment, send
from bascule.forge.snapshot import Armed
from bascule.messages import forge as text
from bascule.types import Viewer

_PAGES = 50
_SHA = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")


class GitHubMerger:
    """Implements :class:`bascule.forge.ports.Merger`."""

    def __init__(self, transport: Transport, *, address: RepoAddress) -> None:
        self._transport = transport
        self._address = address

    def merge(self, number: int, *, sha: str, method: str, title: str, message: str) -> MergeOutcome:
        """Ask GitHub to merge at ``sha``; every 4xx, limits included, comes back as an outcome. One call, never
        repeated.

        Raises:
            LostReplyError: no reply, or 200 without a merged commit: read the pull request.
            MovedError: the repository moved twice; nothing was merged.
        """
        body: dict[str, Any] = {"sha": sha, "merge_method": method}
        if title:
            body["commit_title"] = title
        if message:
            body["commit_message"] = message

        def build(name: str) -> Request:
            return Request(method="PUT", path=f"/repos/{name}/pulls/{number}/merge", body=body, purpose="merge")

        try:
            response = send(self._transport, self._address, build)
        except RateLimitedError as limited:
            return MergeOutcome(status=limited.status, message=limited.message, retry_after=limited.retry_after)
        if response.status >= 400:
            return MergeOutcome(status=response.status, message=response.message)
        request = build(self._address.full_name)
        landed = expect(request, response, statuses={200}, shape=mapping_with("sha", "merged")).body
        if landed["merged"] is not True or _SHA.fullmatch(str(landed["sha"])) is None:
            found, hint = text.wrong_shape(f"PUT {request.path}", "merged: true with a SHA", "something else")
            raise LostReplyError(found, hint=hint)
        return MergeOutcome(status=200, message=str(landed.get("message", "")), sha=str(landed["sha"]))

    def pull(self, number: int, *, armed_branches: tuple[str, ...] = ()) -> PullState:
        """Return what may have moved. One call, and one per 100 further open pull requests.

        Args:
            armed_branches: base branches that a relaxation touches; empty means every branch, which is the safe
            reading.

        Raises:
            UsageError: no such pull request.
            OutsideError: too many open pull requests to rule out an armed one, or another repository has this name.
        """
        base = armed_branches[0] if len(armed_branches) == 1 else None
        variables = {**self._address.variables, "number": number, "base": base}
        answer = ask(self._transport, queries.PULL_STATE, variables, purpose="reread", optional=(reading.RULES,))
        repository = answer.at("repository")
        if repository is None or repository.get("pullRequest") is None:
            message, hint = text.no_pull(number, self._address.full_name)
            raise UsageError(message, hint=hint)
        with shaped("GraphQL PullState"):
            self._address.observe(repository["databaseId"], repository["nameWithOwner"])
            others = self._armed(repository["open"], number, base)
            if armed_branches:
                others = [a for a in others if a.base_ref in armed_branches]
            return reading.pull_state(repository["pullRequest"], others=others, date=answer.date)

    def commit_message(self, sha: str) -> str:
        """Return the full message of commit ``sha``. One call.

        Raises:
            RefusedError: there is no such commit.
        """

        def build(name: str) -> Request:
            return Request(method="GET", path=f"/repos/{name}/git/commits/{segment(sha)}", purpose="landed")

        response = send(self._transport, self._address, build)
        request = build(self._address.full_name)
        body = expect(request, response, statuses={200}, shape=mapping_with("sha", "message")).body
        return str(body["message"])

    def viewer(self) -> Viewer:
        """Return who this token is and what it may do in this repository. One call."""
        return read_viewer(self._transport, self._address)

    def _armed(self, first: Node, number: int, base: str | None) -> list[Armed]:
        found = list(reading.armed(nodes(first), but=number))
        page = first
        for _ in range(_PAGES - 1):
            if not page["pageInfo"]["hasNextPage"]:
                return found
            variables = {**self._address.variables, "base": base, "after": page["pageInfo"]["endCursor"]}
            answer = ask(self._transport, queries.OPEN_PULLS, variables, purpose="reread")
            page = answer.data["repository"]["open"]
            found += reading.armed(nodes(page), but=number)
        if page["pageInfo"]["hasNextPage"]:
            message, hint = text.too_many_open(self._address.full_name, _PAGES * 100)
            raise OutsideError(message, hint=hint)
        return found
