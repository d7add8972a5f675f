"""How names, lists and numbers are written inside messages.

Texts use one piece of markup: a name that came from outside (path, login, label, title) stands between backticks,
through :func:`code`. Renderers turn that into a code span, so that no outside text is ever read as markup, and no
message is ambiguous about where a name ends.
"""

from __future__ import annotations

from collections.abc import Iterable


def shown(text: str, *, limit: int = 200) -> str:
    """Return ``text`` with everything that is not plainly visible written as an escape, cut to ``limit`` characters.

    Covers control characters and terminal escapes, bidirectional overrides, and the lone surrogates by which Python
    carries bytes that are not UTF-8 (``caf\\xe9``).
    """
    if not text.isprintable():
        text = "".join(c if c.isprintable() else _escape(c) for c in text)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _escape(char: str) -> str:
    point = ord(char)
    if 0xDC80 <= point <= 0xDCFF:  # surrogateescape: the byte itself
        return f"\\x{point - 0xDC00:02x}"
    if point < 0x100:
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"


def code(name: str, *, limit: int = 120) -> str:
    """Return ``name`` made visible and set between backticks; a backtick inside becomes ``\\x60``."""
    return f"`{shown(name.replace('`', chr(92) + 'x60'), limit=limit)}`"


def listed(names: Iterable[str], *, limit: int = 3, width: int = 160) -> str:
    """Return ``names`` as code, sorted and unique, cut to ``limit`` names and about ``width`` characters.

    What is left out is counted: ``+ 4 more``. The first name is always there.
    """
    every = sorted(set(names))
    parts: list[str] = []
    used = 0
    for name in every[:limit]:
        part = code(name)
        if parts and used + len(part) > width:
            break
        parts.append(part)
        used += len(part) + 2
    rest = len(every) - len(parts)
    return ", ".join(parts) + (f" + {rest} more" if rest else "")


def phrases(texts: Iterable[str], *, limit: int = 3) -> str:
    """Return ready phrases joined by ``; ``, in the given order, unique, cut to ``limit`` with ``+ N more``."""
    every = list(dict.fromkeys(texts))
    rest = len(every) - limit
    return "; ".join(every[:limit]) + (f"; + {rest} more" if rest > 0 else "")


def count(number: int, noun: str, plural: str = "") -> str:
    """Return ``1 file``, ``2 files``, ``1,000 files``; ``plural`` for nouns that do not just take an s."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def short(sha: str) -> str:
    """Return the first seven characters of a SHA."""
    return sha[:7]
