"""What a manifest or lockfile says, whatever its format."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import asdict, field, frozen


@frozen(kw_only=True)
class Entry:
    """One dependency in one file.

    ``version`` is exact, or the range as written where ``range`` is true. ``place`` tells several entries of one name
    apart (a table, a path in the tree) where the file does. ``source`` is ``registry``, ``git``, ``url``, ``path``,
    ``workspace`` or ``alias``; ``origin`` the host or address behind it. ``content`` is the hash of what is installed,
    ``script`` whether installing runs code of it. ``direct`` and ``dev`` are None where the file does not say.
    ``packages`` are the packages that have this version where ``name`` is not one itself (a property, a catalog's
    version). ``stated`` is when the file says that the version was published (ISO 8601): its own word, no proof.
    """

    name: str
    version: str
    place: str = ""
    range: bool = False
    source: str = "registry"
    origin: str = ""
    content: str = ""
    script: bool = False
    direct: bool | None = None
    dev: bool | None = None
    packages: tuple[str, ...] = ()
    stated: str = field(default="", eq=False)


@frozen(kw_only=True)
class Manifest:
    """A whole file: its entries, and ``rest``, everything else as data that can be compared.

    ``hashes`` are those of versions that the file lists without installing them (go.sum), by name and version.
    """

    ecosystem: str
    lock: bool
    entries: tuple[Entry, ...]
    rest: Any = None
    hashes: Mapping[str, str] = field(factory=dict)


@frozen(kw_only=True)
class Update:
    """A dependency that differs. ``before`` or ``after`` is empty where it was added or removed.

    ``copy``: ``after`` comes beside versions that stay, of which ``before`` is the nearest. ``exact`` and ``was`` are
    the versions themselves (of a range the lowest), empty where there is none. ``pin`` is the commit or digest that is
    really fetched, where a version is only beside it. ``source``, ``origin``, ``packages`` and ``stated`` are those of
    the entry after it.
    """

    ecosystem: str
    name: str
    before: str
    after: str
    level: str
    file: str
    lock: bool
    zero: int = 0
    unstable: bool = False
    direct: bool | None = None
    dev: bool | None = None
    copy: bool = False
    exact: str = ""
    was: str = ""
    pin: str = ""
    source: str = "registry"
    origin: str = ""
    packages: tuple[str, ...] = ()
    stated: str = ""

    def data(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {**asdict(self), "packages": list(self.packages)}


@frozen(kw_only=True)
class Other:
    """An edit that no update explains: ``what`` in words, ``kind`` for rules, ``name`` of the package, if any."""

    file: str
    kind: str
    what: str
    name: str = ""
    before: str = ""
    after: str = ""

    def data(self) -> dict[str, Any]:
        """Return it as JSON."""
        return asdict(self)


@frozen(kw_only=True)
class Changes:
    """All that a change does to dependencies. ``unread`` are manifests that could not be read, with the reason."""

    updates: tuple[Update, ...] = ()
    others: tuple[Other, ...] = ()
    unread: Mapping[str, str] = field(factory=dict)
    manifests: tuple[str, ...] = ()
    locks: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()
