"""The book that the rules and rehearsals of this scenario are written into."""

from __future__ import annotations

from bascule.kit import Book

book = Book(
    "helm",
    package="bascule_helm",
    summary="Helm charts and the values they are installed with: what a change does to the manifests they render to.",
    fits=("**/Chart.yaml", "**/Chart.lock", "**/values*.yaml", "charts/**"),
)
