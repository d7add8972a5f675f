"""Asks one GraphQL operation and says plainly what an answer with errors means."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from attrs import field, frozen

from bascule.errors import OutsideError, UsageError
from bascule.forge.ports import RefusedError, Request, Response, Transport
from bascule.forge.queries import Operation
from bascule.messages import forge as text


@frozen(kw_only=True)
class Answer:
    """``data`` of an operation. ``missing``: dotted paths of optional fields that GitHub refused; ``date``: server
    time."""

    data: Mapping[str, Any]
    date: datetime
    headers: Mapping[str, str] = field(factory=dict)
    missing: tuple[str, ...] = ()

    def at(self, *path: str) -> Any:
        """Return the value at ``path``, or None where it, or a parent of it, is null or absent."""
        value: Any = self.data
        for key in path:
            if not isinstance(value, Mapping):
                return None
            value = value.get(key)
        return value


def ask(
    transport: Transport,
    operation: Operation,
    variables: Mapping[str, Any],
    *,
    purpose: str,
    optional: tuple[str, ...] = (),
) -> Answer:
    """Return the data of ``operation``.

    Args:
        optional: dotted paths (list indices left out) at which an error only means that the field is not known.

    Raises:
        UsageError: GitHub found no such repository or pull request.
        RefusedError: the token was refused (401, 403).
        OutsideError: any other error in the answer, or an answer without data.
        LostReplyError, RateLimitedError, MovedError: from the transport.
    """
    body = {"query": operation.text, "operationName": operation.name, "variables": dict(variables)}
    response = transport.send(Request(method="POST", path="/graphql", body=body, purpose=purpose))
    what = f"GraphQL {operation.name}"
    if not response.ok or not isinstance(response.body, Mapping):
        message, hint = text.refused(what, response.status, response.message)
        raise RefusedError(message, hint=hint, response=response)
    if response.date is None:
        message, hint = text.wrong_shape(what, "a Date header", "none")
        raise OutsideError(message, hint=hint)
    missing = _judge(what, response, variables, optional)
    data = response.body.get("data")
    if not isinstance(data, Mapping):
        message, hint = text.graphql_errors(what, ())
        raise OutsideError(message, hint=hint)
    return Answer(data=data, date=response.date, headers=response.headers, missing=missing)


def _judge(what: str, response: Response, variables: Mapping[str, Any], optional: tuple[str, ...]) -> tuple[str, ...]:
    errors = response.body.get("errors") or ()
    missing, serious = [], []
    for error in errors:
        place = ".".join(str(p) for p in error.get("path") or () if not isinstance(p, int))
        if any(place == o or place.startswith(f"{o}.") for o in optional):
            missing.append(place)
            continue
        if error.get("type") == "NOT_FOUND":
            _not_found(place, variables)
        serious.append(str(error.get("message", "?")) + (f" (at {place})" if place else ""))
    if serious:
        message, hint = text.graphql_errors(what, serious)
        raise OutsideError(message, hint=hint)
    return tuple(missing)


def _not_found(place: str, variables: Mapping[str, Any]) -> None:
    name = f"{variables.get('owner')}/{variables.get('name')}"
    if place == "repository":
        message, hint = text.no_repository(name)
        raise UsageError(message, hint=hint)
    if place == "repository.pullRequest":
        message, hint = text.no_pull(int(variables.get("number", 0)), name)
        raise UsageError(message, hint=hint)
