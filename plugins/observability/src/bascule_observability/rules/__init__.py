"""The rules and rehearsals, all in one book."""

from bascule_observability import rehearsals
from bascule_observability.book import book
from bascule_observability.rules import semantic

__all__ = ["book", "rehearsals", "semantic"]
