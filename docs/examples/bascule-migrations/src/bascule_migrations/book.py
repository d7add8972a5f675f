"""The book that the rules and rehearsals of this scenario are written into."""

from __future__ import annotations

from bascule.kit import Book

book = Book(
    "migrations",
    package="bascule_migrations",
    summary="Database migrations in SQL: only new ones, in order, that only add.",
    fits=("migrations/*.sql", "**/migrations/*.sql"),
)
