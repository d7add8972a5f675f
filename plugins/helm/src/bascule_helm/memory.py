"""What helm said in this process, by all that it read: the next change of a history begins where the last one ended."""

from __future__ import annotations

import hashlib
from collections import OrderedDict

MOST = 64 * 1024 * 1024
"""Characters that are kept; the oldest answers go first."""


class Memory:
    """Texts by key. A key says everything that a text depends on, so what is remembered is what would be said again.

    Args:
        most: characters of all texts together; a longer text is not kept at all.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._size = 0
        self._texts: OrderedDict[str, str] = OrderedDict()

    def get(self, key: str) -> str | None:
        """Return the text under ``key``, None where there is none (any more)."""
        if key in self._texts:
            self._texts.move_to_end(key)
        return self._texts.get(key)

    def put(self, key: str, text: str) -> None:
        """Keep ``text`` under ``key``; what was not asked for the longest makes room."""
        if len(text) > self._most:
            return
        self._size += len(text) - len(self._texts.pop(key, ""))
        self._texts[key] = text
        while self._size > self._most:
            _, gone = self._texts.popitem(last=False)
            self._size -= len(gone)


def key(*parts: object) -> str:
    """Return what stands for ``parts``, as SHA-256 in hexadecimal."""
    return hashlib.sha256(repr(parts).encode("utf-8", "surrogateescape")).hexdigest()


SAID = Memory()
"""This process's: a host's, which judges one change after the other."""
