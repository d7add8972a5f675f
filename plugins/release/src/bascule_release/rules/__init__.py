"""The rules; importing this fills the book."""

from bascule_release import rehearsals
from bascule_release.book import book
from bascule_release.rules import changelog, content, level, outside, tag, version

__all__ = ["book", "changelog", "content", "level", "outside", "rehearsals", "tag", "version"]
