"""The services that this plugin may ask.

Registries are asked only at addresses that the machine's owner names (``BASCULE_SERVICE_NPM``): which registry is the
right one is theirs to say, and none is built in. The two that are no registries have their public addresses here, asked
only where the owner says ``BASCULE_SERVICES=public``; an address that the owner names takes their place.
"""

from __future__ import annotations

from collections.abc import Mapping

from bascule.kit import service
from bascule.types import DryRunContext

PUBLIC: Mapping[str, str] = {"github": "https://api.github.com", "osv": "https://api.osv.dev"}
"""Public addresses by the service's name."""
HOSTS: Mapping[str, frozenset[str]] = {"github": frozenset({"", "github.com"}), "dockerhub": frozenset({""})}
"""What a service knows of where many hosts stand side by side: one address does not stand for all of them."""


def address(ctx: DryRunContext, name: str) -> str | None:
    """Return the address of the service ``name``, None where it may not be asked."""
    return service(ctx, name, PUBLIC.get(name, ""))


def foreign(name: str, origin: str) -> bool:
    """Return whether the service would be asked for a package that comes from elsewhere (``origin``: hosts,
    separated by commas).

    An address that the machine's owner names is asked for everything: the owner says what it stands for. Images and
    repositories come from many hosts side by side, so there the host counts all the same.
    """
    return name in HOSTS and not set(origin.lower().split(",")) <= HOSTS[name]
