"""What each identity may ask of GitHub: the whole list, method and path, operation and reason.

A call that is not listed is a bug in Bascule and stops the run before anything is sent. The list is also
documentation: a security reviewer can hold it against the permissions of each token. GraphQL is allowed by
operation, compared with the text in :mod:`bascule.forge.queries`, so that no other query can borrow a listed name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from attrs import frozen

from bascule.forge.identity import Identity
from bascule.forge.ports import Request, Response, Transport
from bascule.forge.queries import OPERATIONS


class NotAllowedError(RuntimeError):
    """A bug: an identity was about to make a call that is not on its list. Nothing was sent."""


@frozen(kw_only=True)
class Endpoint:
    """A method and a path in GitHub's own notation; ``{x}`` is one segment, ``{x+}`` one or more. ``why``: its use."""

    method: str
    path: str
    why: str

    def matches(self, method: str, path: str) -> bool:
        """Return whether a request is this endpoint."""
        return method == self.method and _pattern(self.path).fullmatch(path) is not None


@cache
def _pattern(path: str) -> re.Pattern[str]:
    parts = re.split(r"(\{\w+\+?\})", path)
    # No dots-only segment and no empty one: nothing that a server could read as another path.
    segment = r"(?!\.{1,2}(?:/|$))[^/]+"
    made = "".join(
        (f"{segment}(?:/{segment})*" if part.endswith("+}") else segment) if part.startswith("{") else re.escape(part)
        for part in parts
    )
    return re.compile(made)


REPO = "/repos/{owner}/{repo}"
PROTECTION = f"{REPO}/branches/{{branch}}/protection"

_SHARED = (
    Endpoint(method="GET", path="/repositories/{id}", why="the canonical name of a renamed or transferred repository"),
    Endpoint(method="GET", path="/rate_limit", why="the server's time, before anything else was asked"),
)

_KEEPER = (
    *_SHARED,
    Endpoint(method="GET", path=PROTECTION, why="protection as it is, for snapshot and read-back"),
    Endpoint(method="PUT", path=PROTECTION, why="restoring a part that a person deleted meanwhile"),
    *(
        Endpoint(method=method, path=f"{PROTECTION}/{part}", why=why)
        for part, methods, why in (
            ("enforce_admins", ("POST", "DELETE"), "admit administrators, and no longer"),
            ("required_signatures", ("POST", "DELETE"), "waive signatures, and require them again"),
            ("required_pull_request_reviews", ("PATCH", "DELETE"), "single fields of the review rule, and back"),
            ("required_status_checks", ("PATCH", "DELETE"), "single fields of the check rule, and back"),
            ("restrictions", ("DELETE",), "undo a restriction that a window added"),
            ("restrictions/users", ("POST", "PUT", "DELETE"), "admit one user, and no longer"),
            ("restrictions/teams", ("POST", "PUT", "DELETE"), "admit one team, and no longer"),
            ("restrictions/apps", ("POST", "PUT", "DELETE"), "admit one app, and no longer"),
        )
        for method in methods
    ),
    Endpoint(method="GET", path=f"{REPO}/git/ref/{{ref+}}", why="the journal's tip"),
    Endpoint(method="GET", path=f"{REPO}/git/matching-refs/{{ref+}}", why="no journal yet, or no access to it"),
    Endpoint(method="GET", path=f"{REPO}/git/commits/{{commit_sha}}", why="one entry of the journal"),
    Endpoint(method="GET", path=f"{REPO}/git/trees/{{tree_sha}}", why="a large entry of the journal"),
    Endpoint(method="GET", path=f"{REPO}/git/blobs/{{file_sha}}", why="a large entry of the journal"),
    Endpoint(method="POST", path=f"{REPO}/git/trees", why="a large entry of the journal"),
    Endpoint(method="POST", path=f"{REPO}/git/commits", why="an entry of the journal"),
    Endpoint(method="POST", path=f"{REPO}/git/refs", why="the first entry of the journal"),
    Endpoint(method="PATCH", path=f"{REPO}/git/refs/bascule/journal", why="append to the journal"),
)

_ROLLBACK_READS = (
    Endpoint(method="GET", path=f"{REPO}/pulls", why="is there a rollback's pull request already?"),
    Endpoint(method="GET", path=f"{REPO}/git/ref/{{ref+}}", why="is there a rollback's branch already?"),
    Endpoint(method="GET", path=f"{REPO}/issues", why="is there a rollback's issue already?"),
    Endpoint(method="GET", path=f"{REPO}/deployments", why="what is deployed to the rulepack's environment"),
    Endpoint(
        method="GET", path=f"{REPO}/deployments/{{deployment_id}}/statuses", why="whether and since when it is live"
    ),
)

_ROLLBACK_WRITES = (
    Endpoint(method="POST", path=f"{REPO}/git/blobs", why="a file that a rollback merged with later changes"),
    Endpoint(method="POST", path=f"{REPO}/git/trees", why="the tree of a rollback that later commits follow"),
    Endpoint(method="POST", path=f"{REPO}/git/commits", why="the one commit of a rollback"),
    Endpoint(
        method="POST", path=f"{REPO}/git/refs", why="a rollback's branch, below bascule/; a release's tag, never moved"
    ),
    Endpoint(method="PATCH", path=f"{REPO}/git/refs/heads/bascule/{{name}}", why="a rollback's branch, on a newer tip"),
    Endpoint(method="POST", path=f"{REPO}/pulls", why="a rollback's pull request"),
    Endpoint(method="POST", path=f"{REPO}/issues", why="an issue with a rollback's timeline, where it is wanted"),
)

ENDPOINTS: Mapping[Identity, tuple[Endpoint, ...]] = {
    Identity.OBSERVER: (
        *_SHARED,
        Endpoint(method="GET", path=f"{REPO}/collaborators/{{username}}/permission", why="may this person command?"),
        Endpoint(method="GET", path="/orgs/{org}/teams/{team_slug}/members", why="teams that a rulepack names"),
        Endpoint(method="GET", path=f"{REPO}/git/commits/{{commit_sha}}", why="the commit that landed"),
        Endpoint(method="GET", path=f"{REPO}/compare/{{basehead}}", why="what landed besides the change"),
        Endpoint(method="GET", path=f"{REPO}/issues/{{issue_number}}/events", why="who put the asking label on?"),
        Endpoint(method="GET", path=f"{REPO}/commits/{{commit_sha}}/pulls", why="the merge that a commit names"),
        Endpoint(method="GET", path=f"{REPO}/actions/runs", why="the workflow's run that a rulepack's evidence names"),
        Endpoint(method="GET", path=f"{REPO}/actions/runs/{{run_id}}/artifacts", why="what that run left"),
        Endpoint(
            method="GET",
            path=f"{REPO}/actions/artifacts/{{artifact_id}}/{{archive_format}}",
            why="where the artifact lies; it is fetched from there without the token",
        ),
        Endpoint(method="POST", path=f"{REPO}/check-runs", why="the verdict as a check run (Apps only)"),
        *_ROLLBACK_READS,
    ),
    Identity.MERGER: (
        *_SHARED,
        Endpoint(method="PUT", path=f"{REPO}/pulls/{{pull_number}}/merge", why="the merge, at one SHA"),
        Endpoint(method="GET", path=f"{REPO}/git/commits/{{commit_sha}}", why="whose merge it was: the trailer says"),
        Endpoint(method="POST", path=f"{REPO}/issues/{{issue_number}}/labels", why="a hold that a person asked for"),
        Endpoint(method="POST", path=f"{REPO}/issues/{{issue_number}}/comments", why="the sticky comment"),
        Endpoint(method="PATCH", path=f"{REPO}/issues/comments/{{comment_id}}", why="the sticky comment, edited"),
        Endpoint(
            method="GET", path=f"{REPO}/issues/comments/{{comment_id}}", why="the sticky comment of an earlier run"
        ),
        Endpoint(method="POST", path=f"{REPO}/issues/comments/{{comment_id}}/reactions", why="a command was heard"),
        Endpoint(method="POST", path=f"{REPO}/statuses/{{sha}}", why="the verdict as a commit status"),
        Endpoint(method="GET", path=f"{REPO}/git/ref/tags/{{ref+}}", why="is the release's tag there, and where?"),
        Endpoint(method="GET", path=f"{REPO}/git/tags/{{tag_sha}}", why="the commit of an annotated tag"),
        Endpoint(method="POST", path=f"{REPO}/git/tags", why="an annotated tag on the merged commit"),
        Endpoint(method="GET", path=f"{REPO}/releases/tags/{{tag+}}", why="is there a release of the tag?"),
        Endpoint(method="GET", path=f"{REPO}/releases", why="is there a draft of it?"),
        Endpoint(method="POST", path=f"{REPO}/releases", why="the release that a rulepack asks for"),
        *_ROLLBACK_WRITES,
    ),
    Identity.KEEPER: _KEEPER,
    Identity.SWEEPER: _KEEPER,
}
"""REST, by identity."""

_READS = (
    "Snapshot PacksAt MoreFiles MoreCommits MoreContexts MoreReviews MoreThreads OpenPulls FindPull Mergeable Viewer"
)
GRAPHQL: Mapping[Identity, tuple[str, ...]] = {
    Identity.OBSERVER: tuple(_READS.split()),
    Identity.MERGER: ("PullState", "OpenPulls", "Viewer"),
    Identity.KEEPER: ("Journal", "JournalChain", "Viewer", "Guard"),
    Identity.SWEEPER: ("Journal", "JournalChain", "Viewer", "Guard"),
}
"""GraphQL operations, by identity; there is no mutation among them."""


class AllowlistTransport:
    """Passes on what an identity may ask; anything else is a bug."""

    def __init__(self, inner: Transport, *, identity: Identity) -> None:
        self._inner = inner
        self._identity = identity

    def send(self, request: Request) -> Response:
        """Send ``request``.

        Raises:
            NotAllowedError: it is not on the identity's list; nothing was sent.
        """
        if not permitted(self._identity, request):
            name = request.body.get("operationName") if request.path == "/graphql" and request.body else ""
            raise NotAllowedError(f"{self._identity.value} may not send {request.method} {request.path} {name or ''}")
        return self._inner.send(request)


def permitted(identity: Identity, request: Request) -> bool:
    """Return whether ``identity`` may send ``request``."""
    if request.path != "/graphql":
        return any(e.matches(request.method, request.path) for e in ENDPOINTS[identity])
    body = request.body if isinstance(request.body, dict) else {}
    operation = OPERATIONS.get(str(body.get("operationName")))
    return (
        request.method == "POST"
        and operation is not None
        and operation.name in GRAPHQL[identity]
        and body.get("query") == operation.text
    )
