"""The services that this plugin may ask, and the one table of their public addresses.

An address of the table is asked only where the machine's owner says ``BASCULE_SERVICES=public``; one that the owner
names (``BASCULE_SERVICE_NPM``) takes its place.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from bascule.kit import service
from bascule.types import DryRunContext


@frozen
class Public:
    """A public address, and the hosts that lockfiles name for what is found there."""

    address: str
    hosts: frozenset[str]


def _public(address: str, *hosts: str) -> Public:
    return Public(address, frozenset({"", *hosts}))


PUBLIC: Mapping[str, Public] = {
    "npm": _public("https://registry.npmjs.org", "registry.npmjs.org", "registry.yarnpkg.com", "npmjs.org"),
    "pypi": _public("https://pypi.org", "pypi.org", "pypi.python.org", "files.pythonhosted.org", "pypi"),
    "crates": _public("https://crates.io", "index.crates.io", "github.com/rust-lang/crates.io-index"),
    "go": _public("https://proxy.golang.org"),
    "maven": _public("https://repo1.maven.org/maven2"),
    "rubygems": _public("https://rubygems.org", "rubygems.org", "https://rubygems.org/"),
    "packagist": _public("https://repo.packagist.org", "github.com", "api.github.com", "gitlab.com"),
    "nuget": _public("https://api.nuget.org"),
    "dockerhub": _public("https://hub.docker.com", "docker.io", "index.docker.io", "registry-1.docker.io"),
    "github": _public("https://api.github.com", "github.com"),
    "terraform": _public("https://registry.terraform.io", "registry.terraform.io"),
    "osv": _public("https://api.osv.dev"),
}
"""By the service's name. A package whose lockfile names another host is another package, whatever it is called."""


def address(ctx: DryRunContext, name: str) -> str | None:
    """Return the address of the service ``name``, None where it may not be asked."""
    return service(ctx, name, PUBLIC[name].address)


def foreign(ctx: DryRunContext, name: str, origin: str) -> bool:
    """Return whether the service would be asked for a package that comes from elsewhere (``origin``: hosts,
    separated by commas).

    An address that the machine's owner names is asked for everything: the owner says what it stands for. Images and
    repositories come from many hosts side by side, so there the host counts all the same.
    """
    if name in ctx.services and name not in {"dockerhub", "github"}:
        return False
    return not set(origin.lower().split(",")) <= PUBLIC[name].hosts
