"""Tags and releases on a merged commit: read first, then made once, never moved."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from attrs import frozen

from bascule.errors import OutsideError
from bascule.forge.ports import LostReplyError, RefusedError, Request, Response, Transport
from bascule.forge.rest import RepoAddress, a_list, anything, expect, mapping_with, segment, send
from bascule.messages import tagging as text
from bascule.types import ReleasePlan

_DEEP = 5
"""Tags of tags that are followed."""
_PAGES = 3
"""Pages of releases in which a draft is looked for; a draft of this tag is among the newest."""


@frozen(kw_only=True)
class Made:
    """A tag or release that is there now; ``new``: this call made it. ``where`` is its commit, or its address."""

    where: str
    new: bool


class GitHubTagger:
    """Makes tags and releases with the Merger's token; twice is once."""

    def __init__(self, transport: Transport, *, address: RepoAddress) -> None:
        self._transport = transport
        self._address = address

    def commit_of(self, name: str) -> str | None:
        """Return the commit that the tag ``name`` stands for, None where there is no such tag. One call or two.

        Raises:
            OutsideError: GitHub cannot be read, or the tag stands for no commit.
        """
        found = self._send("GET", f"/git/ref/tags/{quote(name, safe='/')}", statuses={200, 404})
        if found.status == 404:
            return None
        target = found.body["object"]
        for _ in range(_DEEP):
            if target["type"] == "commit":
                return str(target["sha"])
            if target["type"] != "tag":
                break
            target = self._send("GET", f"/git/tags/{segment(str(target['sha']))}", statuses={200}).body["object"]
        message, hint = text.odd_tag(name, str(target["type"]))
        raise OutsideError(message, hint=hint)

    def tag(self, name: str, sha: str, message: str = "") -> Made:
        """Make the tag ``name`` on the commit ``sha``, annotated with ``message`` unless that is empty.

        A tag that is there already is left as it is; ``where`` says which commit it stands for.

        Raises:
            OutsideError: GitHub refuses or cannot be asked. After a lost reply a read decides.
        """
        there = self.commit_of(name)
        if there is not None:
            return Made(where=there, new=False)
        target = sha
        if message:
            body = {"tag": name, "message": message, "object": sha, "type": "commit"}
            # An annotated tag is an object first; nobody sees it before a ref names it, so a lost reply is harmless.
            target = str(self._twice("POST", "/git/tags", body).body["sha"])
        try:
            self._send("POST", "/git/refs", {"ref": f"refs/tags/{name}", "sha": target}, statuses={201})
        except (LostReplyError, RefusedError):
            there = self.commit_of(name)  # it may have been applied, or somebody was faster
            if there is None:
                raise
            return Made(where=there, new=there == sha)
        return Made(where=sha, new=True)

    def release(self, name: str, plan: ReleasePlan) -> Made:
        """Make a release of the tag ``name``; one that is there, draft or not, is left as it is.

        Raises:
            OutsideError: GitHub refuses or cannot be asked. After a lost reply a read decides.
        """
        there = self.release_of(name)
        if there is not None:
            return Made(where=there, new=False)
        body: dict[str, Any] = {
            "tag_name": name, "name": plan.title or name, "body": plan.body, "draft": plan.draft,
            "prerelease": plan.prerelease,
        }  # fmt: skip
        try:
            made = self._send("POST", "/releases", body, statuses={201}, keys=("id", "html_url"))
        except (LostReplyError, RefusedError):
            there = self.release_of(name)
            if there is None:
                raise
            return Made(where=there, new=True)
        return Made(where=str(made.body["html_url"]), new=True)

    def release_of(self, name: str) -> str | None:
        """Return the address of the release of the tag ``name``, None without one. A draft is only in the list."""
        found = self._send("GET", f"/releases/tags/{quote(name, safe='/')}", statuses={200, 404}, keys=("html_url",))
        if found.status == 200:
            return str(found.body["html_url"])
        for page in range(1, _PAGES + 1):

            def build(repo: str, page: int = page) -> Request:
                return Request(
                    method="GET", path=f"/repos/{repo}/releases", query={"per_page": 100, "page": page}, purpose="tag"
                )

            reply = send(self._transport, self._address, build)
            rows = expect(build(self._address.full_name), reply, statuses={200}, shape=a_list).body
            mine = next((r for r in rows if r.get("tag_name") == name), None)
            if mine is not None:
                return str(mine["html_url"])
            if len(rows) < 100:
                break
        return None

    def _twice(self, method: str, tail: str, body: Any) -> Response:
        try:
            return self._send(method, tail, body, statuses={201}, keys=("sha",))
        except LostReplyError:
            return self._send(method, tail, body, statuses={201}, keys=("sha",))

    def _send(
        self, method: str, tail: str, body: Any = None, *, statuses: set[int], keys: tuple[str, ...] = ("object",)
    ) -> Response:
        def build(name: str) -> Request:
            return Request(method=method, path=f"/repos/{name}{tail}", body=body, purpose="tag")

        response = send(self._transport, self._address, build)
        shape = mapping_with(*keys) if response.ok else anything
        return expect(build(self._address.full_name), response, statuses=statuses, shape=shape)
