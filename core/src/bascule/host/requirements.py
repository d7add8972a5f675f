"""The driver's side: what a distribution says it needs, compared with what is installed, before it gets a process."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import Distribution

from bascule import __version__
from bascule.messages import host as texts


def unmet(distribution: str, requires: Sequence[str], path: Sequence[str]) -> texts.Text | None:
    """Return why ``distribution`` cannot be used, or None.

    Args:
        distribution: its name. Every distribution but the core itself must say which core it was written for.
        requires: its Requires-Dist lines.
        path: where installed distributions are looked for.
    """
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.utils import canonicalize_name

    core = canonicalize_name("bascule")
    says_core = canonicalize_name(distribution) == core
    for text in requires:
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            return texts.unreadable_requirement(distribution, text)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        name = canonicalize_name(requirement.name)
        says_core = says_core or name == core
        found = __version__ if name == core else _version(name, path)
        if found is None:
            return texts.missing_requirement(distribution, requirement.name, text)
        if not requirement.specifier.contains(found, prereleases=True):
            return texts.wrong_version(distribution, requirement.name, found, str(requirement.specifier))
    return None if says_core else texts.no_core_requirement(distribution, __version__)


def held(distribution: str, requires: Sequence[str], path: Sequence[str]) -> tuple[str, ...]:
    """Return ``name version`` of what ``distribution`` needs here and has, in the order in which it says so.

    Args:
        distribution: its name.
        requires: its Requires-Dist lines, of which :func:`unmet` has found nothing to say.
        path: where installed distributions are looked for.
    """
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    found = []
    for requirement in map(Requirement, requires):
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        name = canonicalize_name(requirement.name)
        found.append(f"{name} {__version__ if name == 'bascule' else _version(name, path)}")
    return tuple(dict.fromkeys(found)) or (f"{distribution} needs nothing",)


def _version(name: str, path: Sequence[str]) -> str | None:
    installed = next(iter(Distribution.discover(name=name, path=list(path))), None)
    return None if installed is None else installed.version
