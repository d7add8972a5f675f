"""Rulepacks that a plugin ships: ``rulepack/*.yml`` inside its package become its templates."""

from __future__ import annotations

from importlib.resources import files

from bascule.types import Template


def templates(package: str) -> tuple[Template, ...]:
    """Return the templates in ``package``'s folder ``rulepack``, sorted by name.

    Args:
        package: import name; ``rulepack/default.yml`` in it is the template ``default``.

    Raises:
        ModuleNotFoundError: the package is not importable.
        FileNotFoundError: it has no folder ``rulepack``.
    """
    found = [entry for entry in files(package).joinpath("rulepack").iterdir() if entry.name.endswith(".yml")]
    return tuple(
        Template(name=entry.name.removesuffix(".yml"), text=entry.read_text(encoding="utf-8"))
        for entry in sorted(found, key=lambda e: e.name)
    )
