"""What a tool says of a configuration, without anything that stands in it: that may be a credential."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'|`[^`]*`|!!\w+ \S+|\S+://\S*|:\s*\S*\d\S*")
_KEY = re.compile(r"[a-z][a-z_]{0,40}")


def redacted(said: str, documents: Iterable[Any]) -> str:
    """Return ``said`` with everything quoted, and every value of ``documents``, replaced by an ellipsis.

    Keys stay where they look like keys (lower-case letters and underscores): they are what a person needs to mend it.
    """
    said = _QUOTED.sub("…", said)
    for value in sorted({v for d in documents for v in _values(d)}, key=len, reverse=True):
        said = said.replace(value, "…")
    return said


def _values(document: Any) -> Iterator[str]:
    if isinstance(document, dict):
        for key, value in document.items():
            if not _KEY.fullmatch(str(key)):
                yield str(key)
            yield from _values(value)
    elif isinstance(document, list):
        for item in document:
            yield from _values(item)
    elif document is not None and not isinstance(document, bool) and len(str(document)) > 2:
        yield str(document)
