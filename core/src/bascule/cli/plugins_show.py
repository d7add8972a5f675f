"""How ``bascule plugins`` shows rows and findings: aligned, and as wide as what it is shown on."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from bascule.messages.wording import shown
from bascule.render.look import STYLES, Look, finish

if TYPE_CHECKING:
    from bascule.host.doctor import Examined
    from bascule.types import PluginReport

COLUMNS = ("NAME", "VERSION", "STATUS", "API", "HOOKS", "SCENARIOS")
_SIGNS = {"ok": "✓", "failed": "✗", "quarantined": "✗", "off": "~", "note": "~"}


def table(reports: Sequence[PluginReport], look: Look) -> str:
    """Return one row per plugin in aligned columns; below a quarantined one, why and what to do.

    The hook ``scenarios`` is everybody's; what it answered has a column of its own.
    """
    rows = [
        (
            r.name,
            f"{r.distribution} {r.version}".strip(),
            r.status,
            "-" if r.api is None else str(r.api),
            " ".join(h for h in r.hooks if h != "scenarios") or "-",
            " ".join(r.scenarios) or "-",
        )
        for r in reports
    ]
    widths = [max(len(line[i]) for line in (COLUMNS, *rows)) for i in range(len(COLUMNS))]
    indent = " " * (look_width(look) + 1)
    lines = [(indent + _padded(COLUMNS, widths)).rstrip()]
    for report, row in zip(reports, rows, strict=True):
        lines.append(f"{_sign(report.status, look)} {_padded(row, widths)}".rstrip())
        if report.status != "ok":
            lines += _wrapped("reason: ", shown(report.reason, limit=1200), len(indent) + 2, look)
            lines += _wrapped("fix:    ", report.fix, len(indent) + 2, look)
    return finish(look, lines)


def findings(examined: Sequence[Examined], look: Look) -> str:
    """Return each plugin with what was tried below it; a fix stands below what failed."""
    width = max(len(f.what) for e in examined for f in e.findings)
    lines: list[str] = []
    for one in examined:
        sign = _sign("ok" if one.sound else "failed", look)
        lines += [*([""] if lines else []), f"{sign} {one.plugin.name}  {one.plugin.source}"]
        for found in one.findings:
            head = f"{' ' * (look_width(look) + 1)}{_sign(found.status, look)} {found.what.ljust(width)}  "
            plain = len(click.unstyle(head))
            first, *rest = _wrapped("", shown(found.found, limit=1200), plain, look)
            lines += [head + first.lstrip(), *rest]
            if found.fix:
                lines += _wrapped("fix: ", found.fix, plain, look)
    return finish(look, lines)


def look_width(look: Look) -> int:
    """Return how many columns a sign takes."""
    return max(len(look.mark(sign)) for sign in _SIGNS.values())


def _sign(status: str, look: Look) -> str:
    sign = _SIGNS[status]
    text = look.mark(sign).ljust(look_width(look))
    if not look.color:
        return text
    words = STYLES[sign].split()
    return click.style(text, fg=words[-1], bold="bold" in words)


def _padded(row: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))


def _wrapped(head: str, text: str, indent: int, look: Look) -> list[str]:
    """Return ``text`` in lines that fit; a word that is too long for a line, such as a path, stays whole."""
    return textwrap.wrap(
        text, max(look.width, indent + 40), initial_indent=" " * indent + head,
        subsequent_indent=" " * (indent + len(head)), break_long_words=False, break_on_hyphens=False,
    ) or [" " * indent + head]  # fmt: skip
