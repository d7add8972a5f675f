"""What a rollback writes: objects, one branch below ``bascule/``, one pull request, and an issue where one is wanted.

Objects and commits are named by their content, so sending one again changes nothing; a branch is created or, where its
commit is known to be Bascule's own, moved; and GitHub itself refuses a second open pull request for one branch. So
whoever lost an answer reads (:meth:`Reverter.find`, :meth:`Reverter.branch`) and goes on from there.
"""

from __future__ import annotations

import base64
from collections.abc import Collection
from datetime import datetime
from typing import Any

from attrs import frozen

from bascule.errors import OutsideError
from bascule.forge.ports import RefusedError, Request, Response, Transport
from bascule.forge.reading import shaped
from bascule.forge.rest import RepoAddress, Shape, a_list, anything, expect, mapping_with, segment, send
from bascule.messages import rollback as say

PREFIX = "bascule/"
"""How every branch begins that this port may write."""


@frozen(kw_only=True)
class Made:
    """A pull request as a list shows it. ``state`` is open, closed or merged."""

    number: int
    state: str
    head_sha: str
    base_ref: str
    url: str
    merged_sha: str | None = None


@frozen(kw_only=True)
class TreeEntry:
    """One path of a tree: ``mode`` as six octal digits; ``sha`` None takes the path away."""

    path: str
    mode: str
    sha: str | None


class Reverter:
    """Reads with the Observer's token, writes with the Merger's."""

    def __init__(self, merger: Transport, observer: Transport, *, address: RepoAddress) -> None:
        self._merger = merger
        self._observer = observer
        self._address = address

    def find(self, branch: str) -> Made | None:
        """Return the newest pull request from ``branch`` of this repository, whatever its state. One call."""
        query: dict[str, str | int] = {"state": "all", "head": f"{self._address.owner}:{branch}", "per_page": 10}
        found = self._read("/pulls", a_list, query=query).body
        with shaped("GET /pulls"):
            # GitHub ignores a head that it cannot read, and then lists every pull request.
            mine = [
                p for p in found if p["head"]["ref"] == branch and (p["head"]["repo"] or {}).get("id") == self._id(p)
            ]
            return _made(max(mine, key=lambda p: int(p["number"]))) if mine else None

    def branch(self, name: str) -> str | None:
        """Return the commit that branch ``name`` points to, or None when there is none. One call."""
        response = self._read(f"/git/ref/heads/{segment(name)}", anything, also={404})
        if response.status == 404:
            return None
        with shaped("GET /git/ref"):
            return str(response.body["object"]["sha"])

    def blob(self, content: bytes) -> str:
        """Store a file's content and return its object id. One call."""
        body = {"content": base64.b64encode(content).decode(), "encoding": "base64"}
        return str(self._write("POST", "/git/blobs", body, {201}, mapping_with("sha")).body["sha"])

    def tree(self, base: str, entries: tuple[TreeEntry, ...]) -> str:
        """Store the tree ``base`` with ``entries`` changed and return its object id. One call."""
        listed = [{"path": e.path, "mode": e.mode, "type": _kind(e.mode), "sha": e.sha} for e in entries]
        body = {"base_tree": base, "tree": listed}
        return str(self._write("POST", "/git/trees", body, {201}, mapping_with("sha")).body["sha"])

    def commit(self, *, tree: str, parent: str, message: str, name: str, email: str, at: datetime) -> str:
        """Store a commit and return its id; the same arguments give the same id. One call.

        Args:
            at: author's and committer's time; aware, whole seconds.
        """
        who = {"name": name, "email": email, "date": at.strftime("%Y-%m-%dT%H:%M:%SZ")}
        body = {"message": message, "tree": tree, "parents": [parent], "author": who, "committer": who}
        return str(self._write("POST", "/git/commits", body, {201}, mapping_with("sha")).body["sha"])

    def create(self, branch: str, sha: str) -> bool:
        """Create ``branch`` at ``sha``; False when a branch of that name is there already. One call."""
        body = {"ref": f"refs/heads/{_own(branch)}", "sha": sha}
        response = self._write("POST", "/git/refs", body, {201, 422}, anything)
        if response.status == 422 and "already exists" not in response.message:
            raise self._refused("POST", "/git/refs", response)
        return response.status == 201

    def move(self, branch: str, sha: str) -> None:
        """Move ``branch`` to ``sha``, also backwards: the caller knows that what is lost is Bascule's own. One call."""
        tail = f"/git/refs/heads/{_own(branch)}"
        self._write("PATCH", tail, {"sha": sha, "force": True}, {200}, mapping_with("ref"))

    def open(self, *, branch: str, base: str, title: str, body: str) -> Made | None:
        """Open a pull request; None when there is an open one for that branch already. One call."""
        sent = {"title": title, "body": body, "head": branch, "base": base, "maintainer_can_modify": False}
        response = self._write("POST", "/pulls", sent, {201, 422}, anything)
        if response.status == 422:
            if "already exists" not in str(response.body):
                raise self._refused("POST", "/pulls", response)
            return None
        with shaped("POST /pulls"):
            return _made(response.body)

    def issue(self, *, title: str, body: str, label: str, mark: str) -> int:
        """Open an issue with ``label`` unless one whose body has ``mark`` is there; return its number. Two calls.

        Args:
            mark: a line that no other issue has, such as a comment with the run's name; it must be in ``body``.
        """
        query: dict[str, str | int] = {"labels": label, "state": "all", "per_page": 100}
        found = self._read("/issues", a_list, query=query).body
        with shaped("GET /issues"):
            known = next((int(i["number"]) for i in found if mark in str(i.get("body") or "")), None)
        if known is not None:
            return known
        sent = {"title": title, "body": body, "labels": [label]}
        return int(self._write("POST", "/issues", sent, {201}, mapping_with("number")).body["number"])

    def _id(self, pull: Any) -> int:
        return int(pull["base"]["repo"]["id"]) if self._address.id is None else self._address.id

    def _read(
        self, tail: str, shape: Shape, *, query: dict[str, str | int] | None = None, also: Collection[int] = ()
    ) -> Response:
        def build(name: str) -> Request:
            return Request(method="GET", path=f"/repos/{name}{tail}", query=query or {}, purpose="rollback")

        response = send(self._observer, self._address, build)
        if response.status in also:
            return response
        return expect(build(self._address.full_name), response, statuses={200}, shape=shape)

    def _write(self, method: str, tail: str, body: Any, statuses: Collection[int], shape: Shape) -> Response:
        def build(name: str) -> Request:
            return Request(method=method, path=f"/repos/{name}{tail}", body=body, purpose="rollback")

        response = send(self._merger, self._address, build)
        return expect(build(self._address.full_name), response, statuses=statuses, shape=shape)

    def _refused(self, method: str, tail: str, response: Response) -> RefusedError:
        message, hint = say.github_refused(f"{method} {tail}", response.status, response.message)
        return RefusedError(message, hint=hint, response=response)


def _own(branch: str) -> str:
    if not branch.startswith(PREFIX):
        raise OutsideError(f"{branch} is not a branch of Bascule's", hint="a bug: report it")
    return branch


def _kind(mode: str) -> str:
    return {"160000": "commit", "040000": "tree"}.get(mode, "blob")


def _made(pull: Any) -> Made:
    merged = pull.get("merged_at") is not None
    return Made(
        number=int(pull["number"]),
        state="merged" if merged else str(pull["state"]),
        head_sha=str(pull["head"]["sha"]),
        base_ref=str(pull["base"]["ref"]),
        url=str(pull["html_url"]),
        merged_sha=pull.get("merge_commit_sha") if merged else None,
    )
