"""The rules and rehearsals, all in one book."""

from bascule_observability import rehearsals
from bascule_observability.book import book
from bascule_observability.rules import prometheus, semantic

__all__ = ["book", "prometheus", "rehearsals", "semantic"]
