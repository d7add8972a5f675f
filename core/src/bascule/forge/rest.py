"""REST calls in a repository: its canonical name, answers checked for status and shape."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any
from urllib.parse import quote

from bascule.errors import OutsideError
from bascule.forge.ports import LostReplyError, MovedError, RefusedError, Request, Response, Transport
from bascule.forge.replies import describe
from bascule.messages import forge as text


class RepoAddress:
    """Where the repository is now. Shared by all ports of a connection, so that one look-up serves all.

    ``full_name`` may change under a run; ``id`` is what everything binds to and never changes once known.
    """

    def __init__(self, full_name: str, *, repository_id: int | None = None) -> None:
        self.full_name = full_name
        self.id = repository_id

    @property
    def owner(self) -> str:
        """Return the login of the owner."""
        return self.full_name.partition("/")[0]

    @property
    def name(self) -> str:
        """Return the repository's name without its owner."""
        return self.full_name.partition("/")[2]

    @property
    def variables(self) -> dict[str, Any]:
        """Return ``owner`` and ``name`` as GraphQL variables."""
        return {"owner": self.owner, "name": self.name}

    def observe(self, repository_id: int, full_name: str) -> None:
        """Take note of what GitHub says about this repository.

        Raises:
            OutsideError: the name belongs to another repository than before.
        """
        if self.id is not None and self.id != repository_id:
            message, hint = text.other_repository(full_name, self.id, repository_id)
            raise OutsideError(message, hint=hint)
        self.id = repository_id
        self.full_name = full_name

    def resolve(self, transport: Transport, *, repository_id: int | None = None) -> str:
        """Ask for the canonical name by id, remember and return it. One call.

        Raises:
            RefusedError: the repository is gone, or the token cannot see it any more.
            OutsideError: the answer does not name the repository.
        """
        number = repository_id if self.id is None else self.id
        request = Request(method="GET", path=f"/repositories/{number}", purpose="resolve")
        response = expect(request, transport.send(request), statuses={200}, shape=mapping_with("id", "full_name"))
        self.observe(int(response.body["id"]), str(response.body["full_name"]))
        return self.full_name


Shape = Callable[[Any], str | None]
"""Checks a body: None when it fits, else the sentence that says what was expected."""


def mapping_with(*keys: str) -> Shape:
    """Return a shape: an object that has all of ``keys``."""

    def check(body: Any) -> str | None:
        if isinstance(body, Mapping) and all(k in body for k in keys):
            return None
        return f"an object with {', '.join(keys)}"

    return check


def a_list(body: Any) -> str | None:
    """Shape: an array."""
    return None if isinstance(body, list) else "an array"


def nothing(body: Any) -> str | None:
    """Shape: no body."""
    return None if body is None else "no body"


def anything(_: Any) -> str | None:
    """Shape: not looked at."""
    return None


def segment(value: str) -> str:
    """Return ``value`` as one path segment: a branch ``release/1`` becomes ``release%2F1``."""
    return quote(value, safe="")


def expect(request: Request, response: Response, *, statuses: Collection[int], shape: Shape = anything) -> Response:
    """Return ``response`` when its status and shape are those that the call answers.

    Raises:
        RefusedError: 4xx, or a status that this call never answers.
        LostReplyError: the status fits and the body does not: nobody can say what happened.
    """
    what = describe(request)
    if response.status not in statuses:
        message, hint = text.refused(what, response.status, response.message)
        raise RefusedError(message, hint=hint, response=response)
    if (expected := shape(response.body)) is not None:
        message, hint = text.wrong_shape(what, expected, _outline(response.body))
        raise LostReplyError(message, hint=hint)
    return response


def send(transport: Transport, address: RepoAddress, build: Callable[[str], Request]) -> Response:
    """Send the request that ``build`` makes for the canonical name; after a move, look the name up and send once more.

    A redirect says that nothing was applied, so repeating a write here repeats nothing.

    Raises:
        MovedError: the repository's id is not known, or it moved again.
        and whatever the transport raises.
    """
    try:
        return transport.send(build(address.full_name))
    except MovedError as moved:
        if address.id is None and moved.repository_id is None:
            raise
        before = address.full_name
        name = address.resolve(transport, repository_id=moved.repository_id)
        try:
            return transport.send(build(name))
        except MovedError as again:
            message, hint = text.moved_again(before if name == before else name)
            raise MovedError(message, location=again.location, status=again.status, hint=hint) from again


def _outline(body: Any) -> str:
    """Return a short outline of a body: never its values, which may be long or private."""
    if isinstance(body, Mapping):
        return "an object with " + (", ".join(sorted(str(k) for k in body)[:8]) or "nothing")
    if isinstance(body, list):
        return f"an array of {len(body)}"
    return "no body" if body is None else type(body).__name__
