"""Which versions a change brings, so that something can be asked about each of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from attrs import evolve, field, frozen

from bascule_deps.model import Update

_THREE = {"npm", "cargo", "terraform"}
"""Ecosystems whose versions always have three numbers: `^1.2` means 1.2.0."""


@frozen(kw_only=True)
class Wanted:
    """A version that a change brings, once for all its files.

    ``was`` are the versions that it replaces. ``why`` says why nothing can be asked about it, empty where something
    can. ``stated`` is when a lockfile says that it was published. ``level`` is the greatest step to it.
    """

    ecosystem: str
    name: str
    version: str
    was: tuple[str, ...] = ()
    level: str = ""
    files: tuple[str, ...] = ()
    origin: str = ""
    pin: str = ""
    stated: str = ""
    why: str = field(default="")

    @property
    def key(self) -> tuple[str, str, str, str]:
        """Return what tells it from others."""
        return self.ecosystem, self.name, self.version, self.pin


_FAR = ("none", "digest", "build", "prerelease", "patch", "minor", "major", "downgrade", "added", "unknown")


def wanted(updates: Iterable[Update]) -> tuple[Wanted, ...]:
    """Return the versions that ``updates`` bring, sorted.

    Where a lockfile of the change says which version of a package is installed, the range in a manifest is not asked
    about: its lowest version need not exist, and is not what is installed.
    """
    updates = tuple(updates)
    locked = {(u.ecosystem, u.name) for u in updates if u.lock and u.exact and u.level != "removed"}
    found: dict[tuple[str, str, str, str], Wanted] = {}
    for update in updates:
        if update.level == "removed" or (not update.lock and (update.ecosystem, update.name) in locked):
            continue
        for one in _each(update):
            known = found.get(one.key)
            found[one.key] = one if known is None else _both(known, one)
    return tuple(found[key] for key in sorted(found))


def _each(update: Update) -> Iterator[Wanted]:
    version, was = _whole(update.ecosystem, update.exact), _whole(update.ecosystem, update.was)
    # What is installed under another name is found under its own.
    alias = update.source == "alias"
    base = Wanted(
        ecosystem=update.ecosystem, name=update.origin if alias else update.name, version=version or update.after,
        was=(was,) if was and not update.copy else (),
        level=update.level, files=(update.file,), origin="" if alias else update.origin, pin=update.pin,
        stated=update.stated, why=_why(update, version),
    )  # fmt: skip
    if update.packages and not base.why.startswith("comes"):
        for name in update.packages:
            yield evolve(base, name=name)
    else:
        yield base


def _whole(ecosystem: str, version: str) -> str:
    if ecosystem == "go":
        return version.removesuffix("/go.mod")
    if ecosystem in _THREE and re.fullmatch(r"\d+(\.\d+)?", version):
        return version + ".0" * (2 - version.count("."))
    return version


def _why(update: Update, version: str) -> str:
    if update.source not in {"registry", "alias"}:
        return f"comes from a {update.source} address, not from a registry"
    if not version and not update.pin:
        return "is no version that could be looked up"
    if update.name.endswith("#appVersion"):
        return "is what a chart installs; no registry is known for it"
    if update.ecosystem in {"maven", "gradle"} and ":" not in update.name and not update.packages:
        return "is a property, and this file does not say of which package"
    return ""


def _both(one: Wanted, other: Wanted) -> Wanted:
    return evolve(
        one,
        was=tuple(dict.fromkeys((*one.was, *other.was))),
        files=tuple(dict.fromkeys((*one.files, *other.files))),
        level=max(one.level, other.level, key=lambda level: _FAR.index(level) if level in _FAR else len(_FAR)),
        # Two files that disagree on where it comes from or when it was published: the stranger one counts.
        origin=one.origin or other.origin,
        stated=max(one.stated, other.stated) if one.stated and other.stated else "",
        why=one.why or other.why,
    )
