"""The rules and rehearsals, all in one book."""

from bascule_observability import rehearsals
from bascule_observability.book import book
from bascule_observability.rules import others, prometheus, semantic

__all__ = ["book", "others", "prometheus", "rehearsals", "semantic"]
