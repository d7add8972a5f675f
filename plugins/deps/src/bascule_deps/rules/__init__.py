"""The rules; importing this fills the book."""

from bascule_deps import rehearsals
from bascule_deps.book import book
from bascule_deps.rules import files, known, level, title

__all__ = ["book", "files", "known", "level", "rehearsals", "title"]
