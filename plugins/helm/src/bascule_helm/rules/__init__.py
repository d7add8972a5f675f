"""The rules; importing this fills the book."""

from bascule_helm import rehearsals
from bascule_helm.book import book
from bascule_helm.rules import amounts, checked, images, metadata, objects, security

__all__ = ["amounts", "book", "checked", "images", "metadata", "objects", "rehearsals", "security"]
