"""The book that the rules and rehearsals of this scenario are written into."""

from __future__ import annotations

from bascule.kit import Book

book = Book(
    "observability",
    package="bascule_observability",
    summary="Alerts, dashboards and service level objectives: whether a change makes anybody see less.",
    fits=(
        "**/prometheus/**/*.yml",
        "**/prometheus/**/*.yaml",
        "monitoring/**/*.yml",
        "monitoring/**/*.yaml",
        "**/alertmanager/**/*.yml",
        "**/alertmanager/**/*.yaml",
        "**/*.rules.yml",
        "**/*.rules.yaml",
        "**/*[pP]rometheus[rR]ule*.yml",
        "**/*[pP]rometheus[rR]ule*.yaml",
        "**/dashboards/**/*.json",
        "slo/**/*.yml",
        "slo/**/*.yaml",
    ),
)
