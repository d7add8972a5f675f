"""The strict reader in one place: ``read`` a file, then ``structure`` what it says."""

from bascule.config.reader import Document, dotted, read
from bascule.config.structure import structure

__all__ = ["Document", "dotted", "read", "structure"]
