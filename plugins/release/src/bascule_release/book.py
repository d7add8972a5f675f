"""The book that the rules and rehearsals of this scenario are written into."""

from __future__ import annotations

from bascule.kit import Book

book = Book(
    "release",
    package="bascule_release",
    summary="Releases: a new version, stated the same everywhere, with its changelog, and the tag that it gets.",
    tags=True,
    fits=(
        "**/CHANGELOG*", "**/CHANGES*", "**/HISTORY*", "**/VERSION", "**/version.txt", "**/pyproject.toml",
        "**/setup.cfg", "**/setup.py", "**/_version.py", "**/__version__.py", "**/__about__.py", "**/package.json",
        "**/package-lock.json", "**/Cargo.toml", "**/Cargo.lock", "**/Chart.yaml", "**/pom.xml", "**/gradle.properties",
        "**/mix.exs", "**/composer.json", "**/*.csproj",
    ),
)  # fmt: skip
