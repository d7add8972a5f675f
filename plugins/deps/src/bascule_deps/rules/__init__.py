"""The rules; importing this fills the book."""

from bascule_deps import rehearsals
from bascule_deps.book import book
from bascule_deps.rules import age, files, known, level, security, title

__all__ = ["age", "book", "files", "known", "level", "rehearsals", "security", "title"]
