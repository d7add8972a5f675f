"""The rules; importing this fills the book."""

from bascule_terraform import rehearsals
from bascule_terraform.book import book
from bascule_terraform.rules import configuration, fresh, planned

__all__ = ["book", "configuration", "fresh", "planned", "rehearsals"]
