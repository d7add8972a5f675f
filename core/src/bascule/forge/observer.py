"""Reads: a pull request whole in one call, and the few things that must be asked live."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from bascule.clock import Clock
from bascule.errors import BusyError, OutsideError, UsageError
from bascule.forge import queries, reading
from bascule.forge.addresses import Api
from bascule.forge.graphql import Answer, ask
from bascule.forge.ports import RawCommit, Request, Response, Transport
from bascule.forge.queries import Operation
from bascule.forge.reading import Node, nodes, shaped
from bascule.forge.rest import RepoAddress, Shape, a_list, expect, mapping_with, segment, send
from bascule.forge.snapshot import Snapshot, Standing
from bascule.forge.snapshot_reader import PushedError, SnapshotReader
from bascule.messages import finding
from bascule.messages import forge as text
from bascule.types import Viewer

_PAGES = 10
_TEAM_PAGES = 50


@frozen(kw_only=True)
class Between:
    """Commits that are on ``head`` and not on ``base``, oldest first. ``diverged``: ``base`` is not an ancestor
    any more."""

    commits: tuple[RawCommit, ...]
    complete: bool
    diverged: bool


class Observer:
    """What the Observer's token reads. ``address`` is shared with the other ports and learns the canonical name
    here."""

    def __init__(self, transport: Transport, *, address: RepoAddress, api: Api, clock: Clock) -> None:
        self._transport = transport
        self._address = address
        self._api = api
        self._clock = clock

    def snapshot(self, number: int, *, settle: float = 30.0) -> Snapshot:
        """Read pull request ``number``.

        One call; one more for a base branch that is not the default one, one per 100 further files, commits,
        checks, reviewers and conversations, and one per poll while GitHub computes whether it merges (at most
        ``settle`` seconds; 0 takes UNKNOWN).

        Raises:
            UsageError: no such repository or pull request.
            BusyError: somebody pushed three times while pages were read.
            OutsideError: GitHub's answer has errors or another shape; and what the transport raises.
        """
        reader = SnapshotReader(self._transport, address=self._address, api=self._api, clock=self._clock)
        for _ in range(3):
            try:
                return reader.read(number, settle)
            except PushedError:
                continue
        message, hint = text.kept_moving(number)
        raise BusyError(message, hint=hint)

    def viewer(self) -> Viewer:
        """Return who the token is and what it may do in this repository. One call."""
        return read_viewer(self._transport, self._address)

    def find(self, branch: str) -> int:
        """Return the number of the open pull request that comes from ``branch`` (or ``owner:branch``). One call.

        Raises:
            UsageError: none, or several that nothing tells apart.
        """
        owner, colon, name = branch.rpartition(":")
        answer = self._ask(queries.FIND_PULL, {"branch": name}, purpose="find")
        with shaped("GraphQL FindPull"):
            found = nodes(answer.data["repository"]["pullRequests"])
            if colon:
                found = [n for n in found if (n["headRepositoryOwner"] or {}).get("login", "").lower() == owner.lower()]
            elif len(found) > 1:
                found = [n for n in found if not n["isCrossRepository"]] or found
            numbers = [int(n["number"]) for n in found]
        if len(numbers) == 1:
            return numbers[0]
        repo = self._address.full_name
        message, hint = (
            finding.many_pulls_for_branch(branch, numbers) if numbers else finding.no_pull_for_branch(branch, repo)
        )
        raise UsageError(message, hint=hint)

    def of_commit(self, sha: str) -> int:
        """Return the number of the merged pull request that brought ``sha`` (7 to 40 digits). One call.

        Raises:
            UsageError: no commit of that name, or no merged pull request, or several.
        """
        response = self._get(f"/commits/{segment(sha)}/pulls", "of_commit", a_list, also={404, 422})
        found: list[int] = []
        if response.status == 200:
            with shaped("GET /commits/{sha}/pulls"):
                merged = [p for p in response.body if p["merged_at"] is not None]
                own = [p for p in merged if str(p["merge_commit_sha"]).startswith(sha)]
                found = [int(p["number"]) for p in own or merged]
        if len(found) == 1:
            return found[0]
        message, hint = finding.no_merge_of_commit(sha, self._address.full_name, found)
        raise UsageError(message, hint=hint)

    def permission(self, login: str) -> str:
        """Return what ``login`` may do here now: admin, write, read or none. One call, never remembered.

        GitHub folds maintain into write and triage into read.
        """
        response = self._get(
            f"/collaborators/{segment(login)}/permission", "permission", mapping_with("permission"), also={404}
        )
        return "none" if response.status == 404 else str(response.body["permission"])

    def labelled_by(self, number: int, label: str) -> str | None:
        """Return the login that put ``label`` on ``number`` last, or None when nobody did. One call per 100 events.

        None also for a pull request with more than 1,000 events: the last one that was read may not be the last.
        """
        last: str | None = None
        for page in range(1, _PAGES + 1):

            def build(name: str, page: int = page) -> Request:
                query: dict[str, str | int] = {"per_page": 100, "page": page}
                return Request(method="GET", path=f"/repos/{name}/issues/{number}/events", query=query, purpose="asked")

            response = send(self._transport, self._address, build)
            events = expect(build(self._address.full_name), response, statuses={200}, shape=a_list).body
            with shaped("GET /issues/events"):
                for event in events:
                    if event["event"] == "labeled" and event["label"]["name"].lower() == label.lower():
                        last = (event["actor"] or {}).get("login")
            if len(events) < 100:
                return last
        return None

    def team_members(self, org: str, slug: str) -> tuple[int, ...]:
        """Return the numeric ids of a team's members, child teams included, sorted. One call per 100.

        Raises:
            RefusedError: no such team, or the token lacks Members: read.
            OutsideError: more members than can be read; a list cut short would let through whom the pack denies.
        """
        found: list[int] = []
        for page in range(1, _TEAM_PAGES + 1):
            request = Request(
                method="GET",
                path=f"/orgs/{segment(org)}/teams/{segment(slug)}/members",
                query={"per_page": 100, "page": page},
                purpose="team",
            )
            members = expect(request, self._transport.send(request), statuses={200}, shape=a_list).body
            with shaped(f"GET {request.path}"):
                found += [int(m["id"]) for m in members]
            if len(members) < 100:
                return tuple(sorted(found))
        message, hint = text.team_too_big(f"@{org}/{slug}", _TEAM_PAGES * 100)
        raise OutsideError(message, hint=hint)

    def commit(self, sha: str) -> RawCommit:
        """Return a commit of this repository. One call.

        Raises:
            RefusedError: there is no such commit.
        """
        body = self._get(f"/git/commits/{segment(sha)}", "commit", mapping_with("sha", "tree", "parents")).body
        with shaped("GET /git/commits"):
            return _raw(body["sha"], body)

    def between(self, base: str, head: str) -> Between:
        """Return what ``head`` (a SHA or a branch) has that ``base`` lacks: what landed since. One call, up to 250
        commits."""
        body = self._get(
            f"/compare/{segment(base)}...{segment(head)}", "landed", mapping_with("commits", "total_commits", "status")
        ).body
        with shaped("GET /compare"):
            found = tuple(_raw(c["sha"], c["commit"] | {"parents": c["parents"]}) for c in body["commits"])
            return Between(
                commits=found,
                complete=len(found) == body["total_commits"],
                diverged=body["status"] in {"diverged", "behind"},
            )

    def _get(self, tail: str, purpose: str, shape: Shape, *, also: set[int] | None = None) -> Response:
        def build(name: str) -> Request:
            return Request(method="GET", path=f"/repos/{name}{tail}", purpose=purpose)

        response = send(self._transport, self._address, build)
        if response.status in (also or ()):
            return response
        return expect(build(self._address.full_name), response, statuses={200}, shape=shape)

    def _ask(
        self, operation: Operation, variables: Mapping[str, Any], *, purpose: str, optional: tuple[str, ...] = ()
    ) -> Answer:
        return ask(
            self._transport,
            operation,
            {**self._address.variables, **variables},
            purpose=purpose,
            optional=optional,
        )


def read_viewer(transport: Transport, address: RepoAddress) -> Viewer:
    """Return who the token behind ``transport`` is and what it may do at ``address``. One call.

    Raises:
        UsageError: the token does not see the repository.
    """
    return read_standing(transport, address).viewer


def read_standing(transport: Transport, address: RepoAddress) -> Standing:
    """Return what :func:`read_viewer` does, and the settings on the default branch. One call."""
    answer = ask(transport, queries.VIEWER, address.variables, purpose="viewer")
    repository = answer.at("repository")
    if repository is None:
        message, hint = text.no_repository(address.full_name)
        raise UsageError(message, hint=hint)
    with shaped("GraphQL Viewer"):
        address.observe(repository["databaseId"], repository["nameWithOwner"])
        settings, problem = reading.settings(repository.get("settings"))
        return Standing(
            viewer=reading.viewer(answer.data["viewer"], repository["viewerPermission"], answer.headers),
            settings_text=settings,
            settings_problem=problem,
        )


def _raw(sha: str, body: Node) -> RawCommit:
    return RawCommit(
        sha=sha,
        parents=tuple(p["sha"] for p in body["parents"]),
        message=body["message"],
        tree=body["tree"]["sha"],
    )
