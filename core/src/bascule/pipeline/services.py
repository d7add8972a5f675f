"""Addresses beside GitHub that rehearsals may ask: only those that the machine's owner states."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from bascule.errors import UsageError
from bascule.forge.addresses import is_loopback
from bascule.messages import evidence as say

SERVICE = "BASCULE_SERVICE_"
"""Prefix of the environment variables that name a service's address."""
CLIENT = "BASCULE_HTTP_CONFIG_"
"""Prefix of the environment variables that name a file which says how a service is asked."""
SERVICES = "BASCULE_SERVICES"
"""``public``: plugins may ask the public addresses they know for services that have no variable of their own."""


def services(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the services' addresses by name, without a trailing slash: ``BASCULE_SERVICE_NPM`` for ``npm``.

    Names are lower-case, with ``-`` for ``_``. An empty variable is as good as none.

    Raises:
        UsageError: an address is none, carries credentials or a query, or is plain http to another machine without
            ``BASCULE_ALLOW_HTTP=1``.
    """
    plain = environ.get("BASCULE_ALLOW_HTTP", "") == "1"
    found = {}
    for variable, value in sorted(environ.items()):
        if variable.startswith(SERVICE) and value.strip():
            problem = _problem(value.strip(), plain=plain)
            if problem:
                message, hint = say.bad_service(variable, *problem)
                raise UsageError(message, hint=hint)
            found[variable.removeprefix(SERVICE).lower().replace("_", "-")] = value.strip().rstrip("/")
    return found


def clients(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the files that say how services are asked, by name: ``BASCULE_HTTP_CONFIG_PROMETHEUS`` for ``prometheus``.

    They are in the form of Prometheus' own HTTP client configuration (``authorization``, ``basic_auth``,
    ``tls_config``, ``http_headers``). Only the path crosses to a plugin, whose process reads the file as any program of
    the same user could; what is in it, the driver never sees.

    Raises:
        UsageError: a file that cannot be read, or one for a service that has no address.
    """
    found = {}
    addresses = services(environ)
    for variable, value in sorted(environ.items()):
        if not variable.startswith(CLIENT) or not value.strip():
            continue
        name = variable.removeprefix(CLIENT).lower().replace("_", "-")
        path = Path(value.strip()).absolute()
        if not path.is_file() or not os.access(path, os.R_OK):
            message, hint = say.no_client(variable, str(path))
            raise UsageError(message, hint=hint)
        if name not in addresses:
            message, hint = say.client_alone(variable, f"{SERVICE}{variable.removeprefix(CLIENT)}")
            raise UsageError(message, hint=hint)
        found[name] = str(path)
    return found


def public(environ: Mapping[str, str]) -> bool:
    """Return whether the machine's owner lets plugins ask the public addresses that they know.

    Raises:
        UsageError: the variable holds another word than ``public`` or ``none``.
    """
    word = environ.get("BASCULE_SERVICES", "").strip()
    if word not in {"", "none", "public"}:
        message, hint = say.bad_services(word)
        raise UsageError(message, hint=hint)
    return word == "public"


def _problem(address: str, *, plain: bool) -> tuple[str, str] | None:
    """Return what is wrong with ``address`` and how to mend it; never the address: it may hold a password."""
    try:
        parts = urlsplit(address)
        _ = parts.port  # read here, because it is parsed only when it is
    except ValueError:
        return say.NO_ADDRESS
    if parts.scheme not in {"https", "http"} or not parts.hostname:
        return say.NO_ADDRESS
    if parts.username or parts.password or parts.query or parts.fragment:
        return say.CREDENTIALS
    return say.PLAIN_HTTP if parts.scheme == "http" and not plain and not is_loopback(parts.hostname) else None
