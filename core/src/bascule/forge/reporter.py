"""What a pull request shows of Bascule: one sticky comment, one check run or status, a reaction to a command.

Quiet: nothing is written that already stands there. A report is never a gate's input, so failing to write one
never changes a verdict; callers decide whether to mention it.
"""

from __future__ import annotations

from typing import Any

from attrs import frozen

from bascule.errors import UsageError
from bascule.forge.observer import read_viewer
from bascule.forge.ports import Request, Response, Transport
from bascule.forge.reading import digest
from bascule.forge.rest import RepoAddress, a_list, anything, expect, mapping_with, segment, send
from bascule.forge.snapshot import Sticky
from bascule.messages import forge as text

DESCRIPTION_LIMIT = 140
REACTIONS = ("+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes")
_STATUS_OF = {"success": "success", "neutral": "success", "failure": "failure"}


@frozen(kw_only=True)
class Report:
    """What the check run or status says. ``conclusion``: success, neutral, failure, or pending while something runs.

    ``summary`` is Markdown (the verdict's tree); a status shows only the title's first 140 characters.
    """

    title: str
    summary: str
    conclusion: str
    url: str = ""


class Reporter:
    """Writes comments, reactions and statuses with the Merger's token (None: a usage error), check runs with the
    Observer's."""

    def __init__(self, merger: Transport | None, observer: Transport, *, address: RepoAddress) -> None:
        self._merger = merger
        self._observer = observer
        self._address = address
        self._login: str | None = None

    def sticky(self, number: int, body: str, *, known: tuple[Sticky, ...] = (), me: str = "") -> int:
        """Write the sticky comment of ``number`` and return its id. No call when it already says so, else one.

        A comment that begins with the mark but was written by somebody else is never edited: anybody can copy the
        mark. Without ``me`` the first call that finds such comments costs one more, to learn the token's own login.

        Args:
            body: Markdown; the mark is put in front when it is not there.
            known: the comments with the mark, from the snapshot.
            me: the Merger's login, where the caller knows it.
        """
        if not body.startswith(text.STICKY_MARK):
            body = f"{text.STICKY_MARK}\n{body}"
        self._login = me or self._login
        mine = next((s for s in known if s.author.lower() == self._own_login().lower()), None) if known else None
        if mine is not None and mine.sha256 == digest(body):
            return mine.id
        if mine is not None:
            response = self._send("PATCH", f"/issues/comments/{mine.id}", {"body": body}, {200, 404})
            if response.status == 200:
                return mine.id
        response = self._send("POST", f"/issues/{number}/comments", {"body": body}, {201})
        return int(response.body["id"])

    def written(self, known: tuple[Sticky, ...], me: str) -> str | None:
        """Return the whole of the sticky comment among ``known`` that ``me`` wrote. At most one call.

        None: there is none, or it is gone.
        """
        mine = next((s for s in known if s.author.lower() == me.lower()), None)
        if mine is None:
            return None
        response = self._send("GET", f"/issues/comments/{mine.id}", None, {200, 404})
        return str(response.body.get("body") or "") if response.status == 200 else None

    def react(self, comment_id: int, content: str) -> None:
        """Put a reaction on a comment; twice is once. One call.

        Raises:
            ValueError: ``content`` is none of GitHub's reactions.
        """
        if content not in REACTIONS:
            raise ValueError(content)
        self._send("POST", f"/issues/comments/{comment_id}/reactions", {"content": content}, {200, 201})

    def label(self, number: int, name: str) -> None:
        """Put a label on ``number``; twice is once. One call."""

        def build(repo: str) -> Request:
            return Request(
                method="POST", path=f"/repos/{repo}/issues/{number}/labels", body={"labels": [name]}, purpose="label"
            )

        response = send(self._writer(), self._address, build)
        expect(build(self._address.full_name), response, statuses={200}, shape=a_list)

    def status(self, sha: str, report: Report) -> None:
        """Set the commit status named ``bascule`` on ``sha`` (Merger; personal tokens). One call."""
        shown = report.title if len(report.title) <= DESCRIPTION_LIMIT else report.title[: DESCRIPTION_LIMIT - 1] + "…"
        body = {
            "state": _STATUS_OF.get(report.conclusion, "pending"),
            "context": text.REPORT_NAME,
            "description": shown,
            **({"target_url": report.url} if report.url else {}),
        }
        self._send("POST", f"/statuses/{segment(sha)}", body, {201})

    def check_run(self, sha: str, report: Report) -> int:
        """Create the check run named ``bascule`` on ``sha`` and return its id (Observer; Apps and GITHUB_TOKEN
        only). One call."""
        done = report.conclusion in _STATUS_OF
        body: dict[str, Any] = {
            "name": text.REPORT_NAME,
            "head_sha": sha,
            "status": "completed" if done else "in_progress",
            **({"conclusion": report.conclusion} if done else {}),
            **({"details_url": report.url} if report.url else {}),
            # GitHub refuses a longer summary.
            "output": {"title": report.title, "summary": report.summary[:65_535]},
        }
        response = self._send("POST", "/check-runs", body, {201}, transport=self._observer)
        return int(response.body["id"])

    def _own_login(self) -> str:
        if self._login is None:
            self._login = read_viewer(self._writer(), self._address).login
        return self._login

    def _writer(self) -> Transport:
        if self._merger is None:
            message, hint = text.no_token("merger", ["BASCULE_MERGER_TOKEN"], actions=False)
            raise UsageError(message, hint=hint)
        return self._merger

    def _send(
        self, method: str, tail: str, body: Any, statuses: set[int], *, transport: Transport | None = None
    ) -> Response:
        def build(name: str) -> Request:
            return Request(method=method, path=f"/repos/{name}{tail}", body=body, purpose="report")

        response = send(self._writer() if transport is None else transport, self._address, build)
        shape = mapping_with("id") if response.ok else anything
        return expect(build(self._address.full_name), response, statuses=statuses, shape=shape)
