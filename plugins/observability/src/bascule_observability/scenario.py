"""The scenario observability: it binds files and packages a rulepack; it has no rules of its own yet.

Until it has, the core's gates judge alone, its template stays in mode ``observe``, and its gate says so.
"""

from __future__ import annotations

from bascule.kit import Book

book = Book(
    "observability",
    package="bascule_observability",
    summary="Alerts, dashboards and service level objectives.",
    fits=(
        "prometheus/**/*.yml",
        "prometheus/**/*.yaml",
        "monitoring/**/*.yml",
        "monitoring/**/*.yaml",
        "ops/prometheus/**/*.yml",
        "alertmanager/**/*.yml",
        "**/*.rules.yml",
        "**/*.rules.yaml",
        "**/dashboards/**/*.json",
        "slo/**/*.yml",
    ),
)
