"""The scenario helm: it binds files and packages a rulepack; it has no rules of its own yet.

Until it has, the core's gates judge alone, its template stays in mode ``observe``, and its gate says so.
"""

from __future__ import annotations

from bascule.kit import Book

book = Book(
    "helm",
    package="bascule_helm",
    summary="Helm charts and the values they are installed with.",
    fits=(
        "**/Chart.yaml",
        "**/Chart.lock",
        "**/values*.yaml",
        "charts/**",
    ),
)
