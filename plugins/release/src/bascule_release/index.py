"""Asking a package index whether it has a version."""

from __future__ import annotations

import ipaddress
import urllib.error
import urllib.request
from http.client import HTTPMessage
from typing import IO
from urllib.parse import quote, urlsplit

from attrs import frozen


@frozen(kw_only=True)
class Answer:
    """``taken``: the index has the version; None: nobody knows, and ``why`` says what was seen instead."""

    taken: bool | None
    why: str = ""


class _SameHost(urllib.request.HTTPRedirectHandler):
    """Follows redirects on the same host only: another one was not asked for."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> urllib.request.Request | None:
        if urlsplit(newurl)[:2] != urlsplit(req.full_url)[:2]:
            return None
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def problem(address: str) -> str | None:
    """Return what is wrong with an address of the pack, None where nothing is."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError as error:
        return str(error)
    if not host or parts.username or parts.password or "{version}" not in address:
        return "expected https://HOST/... with {version} in it, and no password"
    if "{" in parts.netloc or (parts.scheme != "https" and not (parts.scheme == "http" and _loopback(host))):
        return "expected https"
    return None


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def ask(address: str, name: str, version: str, *, seconds: float) -> Answer:
    """Return whether the index has ``version`` of ``name``.

    Args:
        address: of one version, with ``{name}`` and ``{version}``; :func:`problem` found nothing wrong with it.
        seconds: to wait for the connection and for each piece of the answer.
    """
    url = address.replace("{name}", quote(name, safe="@")).replace("{version}", quote(version, safe=""))
    handlers: list[urllib.request.BaseHandler] = [_SameHost(), urllib.request.ProxyHandler({})]
    opener = urllib.request.build_opener(*handlers)
    request = urllib.request.Request(url, headers={"Accept": "application/json", "User-Agent": "bascule"})  # noqa: S310 - problem() admits https only, and http to this machine
    try:
        with opener.open(request, timeout=seconds) as reply:
            return Answer(taken=True) if reply.status == 200 else Answer(taken=None, why=f"it answers {reply.status}")
    except urllib.error.HTTPError as error:
        with error:
            return Answer(taken=False) if error.code == 404 else Answer(taken=None, why=f"it answers {error.code}")
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        return Answer(taken=None, why=f"{type(reason).__name__}: {reason}"[:200])
