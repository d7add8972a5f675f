"""A file from an address that GitHub gave out: without the token, no further than the limits, to nowhere else."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from attrs import frozen

from bascule import __version__
from bascule.clock import Clock
from bascule.errors import OutsideError
from bascule.forge.addresses import Api, is_loopback
from bascule.messages import download as text

_BLOCK = 64 * 1024
_STALL = 15.0
"""Seconds without a byte after which a download is given up."""


@frozen(kw_only=True)
class Fetched:
    """What was written: ``size`` in bytes, ``sha256`` in hexadecimal."""

    size: int
    sha256: str


class TooLargeError(OutsideError):
    """The file is larger than what was asked for; what was written of it is gone."""


def fetch(
    location: str, to: Path, *, limit: int, seconds: float, clock: Clock, api: Api, allow_http: bool = False
) -> Fetched:
    """Write what ``location`` holds to the new file ``to``, readable by its owner alone.

    No credential is sent, none is looked up for the host (``.netrc``), no cookie is kept and no redirect is followed:
    the address itself is the permission.

    Args:
        location: the address; https, or http to this machine.
        to: where; it must not exist.
        limit: bytes at most, whatever the server says of its length.
        seconds: for all of it.
        clock: measures them.
        api: the GitHub that gave the address out; only one on this machine may point to this machine.
        allow_http: accept plain http to another machine.

    Raises:
        TooLargeError: more than ``limit`` bytes.
        OutsideError: another kind of address, another status than 200, the network, or no end in time.
    """
    where = _checked(location, api, allow_http=allow_http)
    import requests
    import urllib3

    deadline = clock.elapsed() + seconds
    try:
        with requests.Session() as session:
            session.auth = _nobody
            session.headers.clear()
            session.headers.update({"User-Agent": f"bascule/{__version__}", "Accept-Encoding": "identity"})
            # A proxy from the environment must never be asked to reach this very machine.
            session.trust_env = not is_loopback(urlsplit(location).hostname or "")
            with session.get(location, stream=True, allow_redirects=False, timeout=min(_STALL, seconds)) as reply:
                if reply.status_code != 200:
                    message, hint = text.store_refused(where, reply.status_code)
                    raise OutsideError(message, hint=hint)
                return _written(reply, to, limit=limit, deadline=deadline, seconds=seconds, clock=clock, where=where)
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as failure:
        to.unlink(missing_ok=True)
        # The failure's own words quote the address, and the address is a permission.
        message, hint = text.store_unreachable(where, type(failure).__name__)
        raise OutsideError(message, hint=hint) from None


def _nobody(request: Any) -> Any:
    """Authenticate as nobody; it also keeps the library from looking a password up."""
    return request


def _checked(location: str, api: Api, *, allow_http: bool) -> str:
    """Return the host, the only part of a signed address that may be shown."""
    parts = urlsplit(location)
    host = parts.hostname or ""
    here = is_loopback(host)
    plain = parts.scheme == "http" and (here or allow_http)
    inward = here and not is_loopback(urlsplit(api.rest).hostname or "")
    if not host or not (parts.scheme == "https" or plain) or inward or parts.username or parts.password:
        message, hint = text.odd_store(f"{parts.scheme}://{host}" if host else "no address")
        raise OutsideError(message, hint=hint)
    return host


def _written(reply: Any, to: Path, *, limit: int, deadline: float, seconds: float, clock: Clock, where: str) -> Fetched:
    length = reply.headers.get("Content-Length", "")
    if length.isdigit() and int(length) > limit:
        message, hint = text.store_too_large(where, limit)
        raise TooLargeError(message, hint=hint)
    hashed, size = hashlib.sha256(), 0
    try:
        with to.open("xb") as out:
            to.chmod(0o600)
            # One read of the socket at a time: to wait for a full block would let a slow server hold us at will.
            while block := reply.raw.read1(_BLOCK, decode_content=False):
                size += len(block)
                if size > limit:
                    message, hint = text.store_too_large(where, limit)
                    raise TooLargeError(message, hint=hint)
                if clock.elapsed() > deadline:
                    message, hint = text.store_too_slow(where, seconds)
                    raise OutsideError(message, hint=hint)
                hashed.update(block)
                out.write(block)
    except BaseException:
        to.unlink(missing_ok=True)
        raise
    if length.isdigit() and size != int(length):
        to.unlink(missing_ok=True)
        message, hint = text.store_unreachable(where, f"{size:,} of {int(length):,} bytes")
        raise OutsideError(message, hint=hint)
    return Fetched(size=size, sha256=hashed.hexdigest())
