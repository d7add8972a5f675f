"""What an HTTP answer means: a response, a lost reply, a rate limit, or a move. Pure.

The rules come from GitHub's behaviour as recorded in its public API descriptions and issue threads, not from
status codes alone: a 403 is a permission *or* a limit, told apart by its text; a GraphQL limit comes as 200.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from bascule.forge.ports import LostReplyError, MovedError, RateLimitedError, Request, Response
from bascule.messages import forge as text

DEFAULT_WAIT = 60.0
"""Seconds to wait when a limit names no time: GitHub asks for at least a minute after a secondary limit."""

_REDIRECTS = {301, 302, 303, 307, 308}
_SECONDARY = re.compile(
    r"secondary rate limit|abuse detection|please wait a few minutes|retry your request again later", re.I
)
_PRIMARY = re.compile(r"rate limit (already )?exceeded|exceeded .{0,40}rate limit", re.I)
_PERMISSION = re.compile(r"not accessible|must have|forbidden|permission|not authorized|saml|archived|protected", re.I)


def describe(request: Request) -> str:
    """Return how a person calls ``request``: method and path, or the GraphQL operation."""
    if request.path == "/graphql" and isinstance(request.body, Mapping):
        return f"GraphQL {request.body.get('operationName') or 'query'}"
    return f"{request.method} {request.path}"


def interpret(request: Request, status: int, headers: Mapping[str, str], body: str, *, now: datetime) -> Response:
    """Return the response, or raise what it means.

    Args:
        headers: names in lower case.
        body: the text as received.
        now: this machine's time (UTC), used where the answer carries no ``Date``.

    Raises:
        LostReplyError, RateLimitedError, MovedError: as :class:`bascule.forge.ports.Transport` says.
    """
    what = describe(request)
    if status in _REDIRECTS:
        location = headers.get("location", "")
        message, hint = text.moved(what, location or "nowhere")
        raise MovedError(message, location=location, status=status, hint=hint)
    if status >= 500:
        message, hint = text.server_fault(what, status, write=request.is_write)
        raise LostReplyError(message, hint=hint)
    date = _date(headers.get("date"))
    parsed = _parse(what, status, headers, body)
    response = Response(status=status, body=parsed, headers=dict(headers), date=date)
    secondary = _limit(request, response)
    if secondary is not None:
        moment = date or now
        seconds = wait_seconds(headers, moment, secondary=secondary)
        message, hint = text.limited(
            what, secondary=secondary, seconds=seconds, until=moment + timedelta(seconds=seconds)
        )
        raise RateLimitedError(message, retry_after=seconds, hint=hint, status=status)
    _graphql_fault(request, what, response)
    return response


def wait_seconds(headers: Mapping[str, str], now: datetime, *, secondary: bool) -> float:
    """Return how long to wait: ``Retry-After`` (seconds or a date), else the reset of a spent quota, else a minute.

    A secondary limit leaves the quota's headers untouched, so its reset would be the wrong time.
    """
    asked = headers.get("retry-after", "").strip()
    if asked.isdigit():
        return float(asked)
    if asked and (when := _date(asked)) is not None:
        return max(1.0, (when - now).total_seconds())
    reset = headers.get("x-ratelimit-reset", "")
    spent = headers.get("x-ratelimit-remaining", "") == "0"
    if re.fullmatch(r"\d+(\.\d+)?", reset) and (spent or not secondary):
        return max(1.0, float(reset) - now.timestamp())
    return DEFAULT_WAIT


def _parse(what: str, status: int, headers: Mapping[str, str], body: str) -> Any:
    if not body.strip():
        return None
    try:
        return json.loads(body)
    except ValueError:
        if status >= 400:
            return body[:500]  # a proxy's page: not applied, and no caller mistakes text for GitHub's JSON
        message, hint = text.not_json(what, status, headers.get("content-type", ""))
        raise LostReplyError(message, hint=hint) from None


def _limit(request: Request, response: Response) -> bool | None:
    """Return None for no limit, else whether it is a secondary one."""
    status, headers = response.status, response.headers
    message = response.message if isinstance(response.body, Mapping) else str(response.body or "")
    spent = headers.get("x-ratelimit-remaining") == "0"
    if status == 429:
        return not spent
    if status == 403:
        if _SECONDARY.search(message):
            return True
        if _PRIMARY.search(message):
            return False
        if "retry-after" in headers:
            return True
        return False if spent and not _PERMISSION.search(message) else None
    if status == 200 and request.path == "/graphql":
        for error in _errors(response):
            if str(error.get("type", "")).startswith("RATE_LIMIT") or error.get("code") == "graphql_rate_limit":
                return bool(_SECONDARY.search(str(error.get("message", ""))))
    return None


def _graphql_fault(request: Request, what: str, response: Response) -> None:
    """Raise for the answer that GraphQL gives with status 200 when it ran out of time: a lost reply."""
    if request.path != "/graphql" or response.status != 200:
        return
    for error in _errors(response):
        if str(error.get("message", "")).startswith("Something went wrong while executing your query"):
            message, hint = text.server_fault(what, response.status, write=request.is_write)
            raise LostReplyError(message, hint=hint)


def _errors(response: Response) -> list[Mapping[str, Any]]:
    found = response.body.get("errors") if isinstance(response.body, Mapping) else None
    return [e for e in found if isinstance(e, Mapping)] if isinstance(found, list) else []


def _date(value: str | None) -> datetime | None:
    if not value:
        return None
    try:
        parsed = parsedate_to_datetime(value)
    except ValueError:
        return None
    return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
