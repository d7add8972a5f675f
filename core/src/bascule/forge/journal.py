"""The journal's chain on GitHub's git data: read tip and entries, store a commit, compare-and-swap the ref.

Entries are not interpreted here: what is authentic, and what it means, is the window's business.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

from bascule.errors import OutsideError
from bascule.forge import queries, reading
from bascule.forge.graphql import Answer, ask
from bascule.forge.ports import LostReplyError, RawCommit, RefState, Request, Response, Transport
from bascule.forge.reading import shaped
from bascule.forge.rest import RepoAddress, Shape, anything, expect, mapping_with, segment, send
from bascule.messages import forge as text

REF = "refs/bascule/journal"
LARGE = "entry.json"
LARGEST = 4 * 1024 * 1024
"""Bytes. No entry of ours comes near; anybody with write access can put a file of a hundred megabytes there, and every
reader would fetch it before it could know that nobody with a key signed it."""
_PAGE = 100
_SHA = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_LOST_SWAP = {"reference already exists", "update is not a fast forward", "reference does not exist"}


class GitHubJournal:
    """Implements :class:`bascule.forge.ports.JournalStore` in the repository at ``address``.

    Args:
        base_tree: tree that small entries carry (any tree of that repository); asked for once when None.
    """

    def __init__(self, transport: Transport, *, address: RepoAddress, base_tree: str | None = None) -> None:
        self._transport = transport
        self._address = address
        self._tree = base_tree

    def read(self, *, limit: int = 20) -> tuple[RefState, tuple[RawCommit, ...]]:
        """Return the tip and up to ``limit`` commits, newest first. One call; two or three where there seems to be
        none.

        GraphQL may hide refs outside heads and tags, so its "no such ref" is asked again through REST.
        """
        answer = self._ask(queries.JOURNAL, {"entries": min(limit, _PAGE)})
        repository = answer.at("repository")
        if repository is None:
            message, hint = text.no_repository(self._address.full_name)
            raise OutsideError(message, hint=hint)
        with shaped("GraphQL Journal"):
            self._address.observe(repository["databaseId"], repository["nameWithOwner"])
            self._learn_tree(answer)
            target = (repository["journal"] or {}).get("target")
            if target is not None:
                found = list(reading.chain(target["history"]))
                tip = RefState(sha=target["oid"], date=answer.date)
                whole = len(found) >= limit or not target["history"]["pageInfo"]["hasNextPage"]
                return tip, _linked(target["oid"], found, limit) if whole else self.chain(target["oid"], limit=limit)
        tip = self.tip()
        return tip, () if tip.sha is None else self.chain(tip.sha, limit=limit)

    def tip(self) -> RefState:
        """Return the tip and the server's time. One call, two where there is no journal.

        GitHub answers 404 both for no such ref and for no access; the list of matching refs is empty only for the
        first.

        Raises:
            RefusedError: the token may not read this repository's refs.
        """
        response = self._send("GET", f"/git/ref/{REF.removeprefix('refs/')}")
        if response.status == 404:
            response = self._get(f"/git/matching-refs/{REF.removeprefix('refs/')}", _refs)
            found = [r for r in response.body if r["ref"] == REF]
            return RefState(sha=found[0]["object"]["sha"] if found else None, date=_date(response))
        expect(self._request("GET", "/git/ref/bascule/journal"), response, statuses={200}, shape=_ref_to(None))
        return RefState(sha=response.body["object"]["sha"], date=_date(response))

    def chain(self, tip: str, *, limit: int = 100) -> tuple[RawCommit, ...]:
        """Return up to ``limit`` commits from ``tip`` along first parents, newest first. One call per 100.

        Raises:
            OutsideError: there is no such commit.
        """
        found: list[RawCommit] = []
        after: str | None = None
        while len(found) < limit:
            variables = {"oid": tip, "entries": min(_PAGE, limit - len(found)), "after": after}
            answer = self._ask(queries.JOURNAL_CHAIN, variables)
            node = answer.at("repository", "object")
            if node is None or "history" not in node:
                message, hint = text.no_entry(tip)
                raise OutsideError(message, hint=hint)
            with shaped("GraphQL JournalChain"):
                found += reading.chain(node["history"])
                page = node["history"]["pageInfo"]
            if not page["hasNextPage"]:
                break
            after = page["endCursor"]
        return _linked(tip, found, limit)

    def large(self, tree: str) -> bytes | None:
        """Return ``entry.json`` of ``tree``, or None when there is none or one above :data:`LARGEST`. Two calls."""
        body = self._get(f"/git/trees/{segment(tree)}", mapping_with("tree")).body
        with shaped("GET /git/trees"):
            found = next((e for e in body["tree"] if e["path"] == LARGE and e["type"] == "blob"), None)
            if found is None or found.get("size", 0) > LARGEST:
                return None
            sha = found["sha"]
        blob = self._get(f"/git/blobs/{segment(sha)}", mapping_with("content", "encoding")).body
        try:
            return base64.b64decode(blob["content"]) if blob["encoding"] == "base64" else blob["content"].encode()
        except (binascii.Error, AttributeError) as odd:
            message, hint = text.wrong_shape("GET /git/blobs", "base64", type(odd).__name__)
            raise OutsideError(message, hint=hint) from odd

    def commit(self, message: str, *, parents: tuple[str, ...], blob: bytes | None = None) -> str:
        """Store a commit and return its SHA. One call; one more with ``blob``, and once one more to learn a tree.

        Raises:
            RefusedError: the token may not write contents.
            LostReplyError: a commit may have been stored; nothing points to it, so storing another one is harmless.
        """
        tree = self._base_tree() if blob is None else self._blob_tree(blob)
        body = {"message": message, "tree": tree, "parents": list(parents)}
        response = self._write("POST", "/git/commits", body, {201}, mapping_with("sha", "tree", "parents"))
        sha = response.body["sha"]
        with shaped("POST /git/commits"):
            same = tuple(p["sha"] for p in response.body["parents"]) == parents and response.body["tree"]["sha"] == tree
        if not same or not isinstance(sha, str) or _SHA.fullmatch(sha) is None:
            text_, hint = text.wrong_shape("POST /git/commits", "the commit that was asked for", "another one")
            raise LostReplyError(text_, hint=hint)
        return sha

    def advance(self, sha: str, *, expected: str | None) -> bool:
        """Create the ref (``expected`` None) or fast-forward it; return False when somebody else was first. One call.

        GitHub compares only by ancestry, so ``sha`` must have ``expected`` as its only parent.

        Raises:
            LostReplyError: the caller must read the tip to learn what happened.
            RefusedError: not allowed at all (a permission, a rule, a missing object).
        """
        body: dict[str, Any]
        if expected is None:
            method, tail, body, good = "POST", "/git/refs", {"ref": REF, "sha": sha}, 201
        else:
            method, tail, body, good = "PATCH", f"/git/{REF}", {"sha": sha, "force": False}, 200
        response = self._send(method, tail, body)
        lost = response.status == 422 and response.message.lower().rstrip(".") in _LOST_SWAP
        if lost or response.status == 409:
            return False
        expect(self._request(method, tail, body), response, statuses={good}, shape=_ref_to(sha))
        return True

    def _base_tree(self) -> str:
        if self._tree is None:
            self._learn_tree(self._ask(queries.JOURNAL, {"entries": 1}))
        if self._tree is None:
            message, hint = text.no_tree(self._address.full_name)
            raise OutsideError(message, hint=hint)
        return self._tree

    def _learn_tree(self, answer: Answer) -> None:
        found = answer.at("repository", "defaultBranchRef", "target", "tree", "oid")
        if self._tree is None and found is not None:
            self._tree = str(found)

    def _blob_tree(self, blob: bytes) -> str:
        entry = {"path": LARGE, "mode": "100644", "type": "blob", "content": blob.decode("utf-8")}
        response = self._write("POST", "/git/trees", {"tree": [entry]}, {201}, mapping_with("sha"))
        return str(response.body["sha"])

    def _ask(self, operation: queries.Operation, variables: Mapping[str, Any]) -> Answer:
        return ask(self._transport, operation, {**self._address.variables, **variables}, purpose="journal")

    def _request(self, method: str, tail: str, body: Any = None) -> Request:
        return Request(method=method, path=f"/repos/{self._address.full_name}{tail}", body=body, purpose="journal")

    def _send(self, method: str, tail: str, body: Any = None) -> Response:
        def build(name: str) -> Request:
            return Request(method=method, path=f"/repos/{name}{tail}", body=body, purpose="journal")

        return send(self._transport, self._address, build)

    def _get(self, tail: str, shape: Shape = anything) -> Response:
        return expect(self._request("GET", tail), self._send("GET", tail), statuses={200}, shape=shape)

    def _write(self, method: str, tail: str, body: Any, statuses: set[int], shape: Shape) -> Response:
        return expect(self._request(method, tail, body), self._send(method, tail, body), statuses=statuses, shape=shape)


def _linked(tip: str, found: list[RawCommit], limit: int) -> tuple[RawCommit, ...]:
    """Return the commits that hang together from ``tip`` along first parents; the server's order is not trusted."""
    by_sha = {c.sha: c for c in found}
    chain: list[RawCommit] = []
    current = by_sha.pop(tip, None)
    while current is not None and len(chain) < limit:
        chain.append(current)
        current = by_sha.pop(current.parents[0], None) if current.parents else None
    return tuple(chain)


def _refs(body: Any) -> str | None:
    fits = isinstance(body, list) and all(_ref_fits(r) for r in body)
    return None if fits else "a list of refs"


def _ref_to(sha: str | None) -> Shape:
    def check(body: Any) -> str | None:
        fits = _ref_fits(body) and body["ref"] == REF and (sha is None or body["object"]["sha"] == sha)
        return None if fits else f"{REF}" + (f" at {sha}" if sha else "")

    return check


def _ref_fits(body: Any) -> bool:
    target = body.get("object") if isinstance(body, Mapping) else None
    return isinstance(target, Mapping) and isinstance(target.get("sha"), str) and isinstance(body.get("ref"), str)


def _date(response: Response) -> Any:
    if response.date is None:
        message, hint = text.wrong_shape("GET journal", "a Date header", "none")
        raise OutsideError(message, hint=hint)
    return response.date
