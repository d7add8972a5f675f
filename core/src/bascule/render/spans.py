"""Messages into terminals and Markdown, so that nothing from outside is ever read as markup or command.

A message is plain text in which names stand between backticks (:mod:`bascule.messages.wording`). Plugins and
GitHub may send anything, so both kinds of pieces are made harmless here, whatever their author did.
"""

from __future__ import annotations

import html
import re

from bascule.messages.wording import shown

ZERO_WIDTH = "&#8203;"
"""Breaks a mention, a reference or an address after GitHub decoded entities; shows nothing."""

_SPECIAL = re.compile(r"([\\`*_\[\]|~$])")
# What GitHub turns into links or notifications although it is no Markdown; `_` may stand escaped in a login.
_LINKS = re.compile(r"@(?=\w)|#(?=\d)|\b[Gg][Hh]-(?=\d)|\b(?:https?|ftp|ssh|git|mailto|xmpp):(?=\S)|\bwww\.(?=\S)")
_CODE = re.compile(r"`([^`]+)`")
_BLOCK = re.compile(r"\s*(?:[#+=-]|\d+[.)])")  # would open a heading, a list or a rule at the start of a paragraph


def pieces(text: str, *, limit: int = 2_000) -> list[tuple[bool, str]]:
    """Return ``text`` as (is code, visible text) pieces; a backtick without a partner, or around nothing, is text."""
    line = " ".join(text.splitlines())
    visible = shown(line, limit=limit)
    if len(line) > limit and visible.count("`") % 2:
        visible += "`"  # the cut took the partner away
    parts = _CODE.split(visible)
    return [(bool(i % 2), part) for i, part in enumerate(parts) if part]


def terminal(text: str) -> str:
    """Return ``text`` for a terminal: one line, escapes visible, backticks only around what holds a space."""
    return "".join(f"`{part}`" if code and " " in part else part for code, part in pieces(text))


def plain(text: str) -> str:
    """Return ``text`` in one line without any backticks, for titles that are not Markdown."""
    return "".join(part for _, part in pieces(text))


def markdown(text: str, *, cell: bool = True, limit: int = 600) -> str:
    """Return ``text`` as inline Markdown; ``cell`` when it stands in a table, where code must not hold a bare ``|``."""
    made = "".join(_code(part, cell=cell) if code else _escaped(part) for code, part in pieces(text, limit=limit))
    return made if cell or not _BLOCK.match(made) else ZERO_WIDTH + made


def inline_html(text: str) -> str:
    """Return ``text`` as HTML, for ``<summary>``, in which GitHub reads no Markdown."""
    return "".join(
        f"<code>{html.escape(part)}</code>" if code else _broken(html.escape(part)) for code, part in pieces(text)
    )


def _escaped(text: str) -> str:
    # Links first: an escape would stand between a sign and what makes it a link, and hide it.
    return _SPECIAL.sub(r"\\\1", _broken(html.escape(text, quote=False)))


def _broken(text: str) -> str:
    """Return ``text`` with mentions, references and addresses broken up; entities of its own are left alone."""
    return _LINKS.sub(lambda m: m[0] + ZERO_WIDTH, text)


def _code(text: str, *, cell: bool) -> str:
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    body = text.replace("|", "\\|") if cell else text
    return f"{fence}{pad}{body}{pad}{fence}"
