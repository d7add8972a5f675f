"""Plugins that are installed here, found once: looking through every distribution costs more than most tests do."""

from __future__ import annotations

import sys
from functools import cache
from importlib.metadata import EntryPoint, entry_points

from bascule.host.table import GROUP


def entry_point(name: str) -> EntryPoint:
    """Return the entry point of the plugin ``name``.

    Raises:
        LookupError: no plugin of that name is installed, or more than one is.
    """
    found = [point for point in _all(tuple(sys.path)) if point.name == name]
    if not found:
        raise LookupError(f"the plugin `{name}` is not installed here: `pip install -e .` in its project")
    if len(found) > 1:
        raise LookupError(f"the plugin `{name}` is installed twice: uninstall one of the two")
    return found[0]


@cache
def _all(_path: tuple[str, ...]) -> tuple[EntryPoint, ...]:
    """Return every plugin's entry point; the path is what they are found along, and remembered by."""
    return tuple(entry_points(group=GROUP))
