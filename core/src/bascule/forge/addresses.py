"""Where GitHub's doors are: API root, GraphQL, web pages and git, for github.com, GHE.com, GHES and a server on
loopback."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from attrs import frozen

from bascule.errors import UsageError
from bascule.messages import forge as text


def is_loopback(host: str) -> bool:
    """Return whether ``host`` (name or literal address) is this machine."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_address(url: str, *, allow_http: bool = False) -> None:
    """Refuse an API root that would leak a token or cannot be one.

    Raises:
        UsageError: no http(s) address, credentials inside it, or plain http to another machine without ``allow_http``.
    """
    try:
        parts = urlsplit(url)
        _ = parts.port  # read here, because it is parsed only when it is
    except ValueError:
        # Neither the address nor the reason is repeated: both may quote a password.
        message, hint = text.bad_address("what was given", "its host or port cannot be read")
        raise UsageError(message, hint=hint) from None
    if parts.scheme not in {"https", "http"} or not parts.hostname:
        message, hint = text.bad_address(url, "it is not an http(s) address")
        raise UsageError(message, hint=hint)
    if parts.username or parts.password or parts.query or parts.fragment:
        # Not repeated in the message: what stands there may be a secret.
        message, hint = text.bad_address(f"{parts.scheme}://{parts.hostname}", "it carries credentials or a query")
        raise UsageError(message, hint=hint)
    if parts.scheme == "http" and not allow_http and not is_loopback(parts.hostname):
        message, hint = text.plain_http(url)
        raise UsageError(message, hint=hint)


@frozen(kw_only=True)
class Api:
    """One GitHub. ``rest`` has no trailing slash; ``host`` is the web host with its port, lower case; ``web`` its
    origin."""

    rest: str
    web: str
    host: str

    @classmethod
    def of_host(cls, host: str) -> Api:
        """Return the API of a web host: ``github.com``, ``octo.ghe.com``, or a GitHub Enterprise Server."""
        host = host.lower()
        if host in {"github.com", "www.github.com"}:
            return cls(rest="https://api.github.com", web="https://github.com", host="github.com")
        if host.endswith(".ghe.com"):
            return cls(rest=f"https://api.{host}", web=f"https://{host}", host=host)
        return cls(rest=f"https://{host}/api/v3", web=f"https://{host}", host=host)

    @classmethod
    def of_root(cls, url: str, *, allow_http: bool = False) -> Api:
        """Return the API behind a root address such as ``https://github.example.com/api/v3``.

        Raises:
            UsageError: see :func:`check_address`.
        """
        check_address(url, allow_http=allow_http)
        root = url.rstrip("/")
        parts = urlsplit(root)
        host = parts.netloc.lower()
        if host == "api.github.com" or (host.startswith("api.") and host.endswith(".ghe.com")):
            return cls.of_host(host.removeprefix("api."))
        return cls(rest=root, web=f"{parts.scheme}://{host}", host=host)

    @property
    def graphql(self) -> str:
        """Return the GraphQL address: ``/api/v3`` becomes ``/api/graphql``, anything else gets ``/graphql``."""
        return f"{self.rest.removesuffix('/v3')}/graphql"

    def git_url(self, full_name: str) -> str:
        """Return the address from which git fetches ``owner/name``."""
        return f"{self.web}/{full_name}.git"
