"""The scenario release: it binds files and packages a rulepack; it has no rules of its own yet.

Until it has, the core's gates judge alone, its template stays in mode ``observe``, and its gate says so.
"""

from __future__ import annotations

from bascule.kit import Book

book = Book(
    "release",
    package="bascule_release",
    summary="Version bumps and their changelog.",
    fits=(
        "**/CHANGELOG.md",
        "**/VERSION",
        "**/pyproject.toml",
        "**/setup.cfg",
        "**/package.json",
        "**/Cargo.toml",
        "**/_version.py",
    ),
)
