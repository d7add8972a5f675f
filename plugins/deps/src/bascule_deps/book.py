"""The book that rules and rehearsals of this scenario are written into."""

from __future__ import annotations

from bascule.kit import Book

CHANGES = "deps/changes"
"""Evidence: what a change does to dependencies, and what else it does."""
RELEASES = "deps/releases"
"""Evidence: when the versions that a change brings were published."""
ADVISORIES = "deps/advisories"
"""Evidence: which advisories are known of the versions before and after."""

book = Book(
    "deps",
    package="bascule_deps",
    summary="Dependency updates, judged by what really moves in manifests and lockfiles.",
    fits=(
        "**/package.json", "**/package-lock.json", "**/yarn.lock", "**/pnpm-lock.yaml", "**/pyproject.toml",
        "**/requirements*.txt", "**/uv.lock", "**/poetry.lock", "**/Cargo.toml", "**/Cargo.lock", "**/go.mod",
        "**/go.sum", "**/pom.xml", "**/Dockerfile", "**/.pre-commit-config.yaml",
    ),
)  # fmt: skip
