"""What an output can show: colour, signs, width."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from io import StringIO
from typing import TYPE_CHECKING, TextIO

from attrs import frozen

from bascule.messages import result as words

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

STYLES = {"✓": "green", "✗": "bold red", "…": "yellow", "!": "bold red", "~": "cyan"}
"""Colours repeat what the signs say; nothing is said by colour alone."""
SIGNS = "✓✗…→·~−≤├└│"


@frozen(kw_only=True)
class Look:
    """How to write. ``ascii`` replaces signs by words; ``width`` in columns."""

    color: bool = False
    ascii: bool = False
    width: int = 100

    @classmethod
    def of(cls, stream: TextIO, environ: Mapping[str, str]) -> Look:
        """Return what ``stream`` can show.

        ``NO_COLOR`` (any value) and ``TERM=dumb`` turn colour off, ``FORCE_COLOR`` turns it on where nothing else
        forbids it; otherwise a terminal gets colour. Signs that the encoding lacks are replaced by words. Width: the
        terminal's, at most 120; 100 for everything else.
        """
        terminal = stream.isatty()
        refused = bool(environ.get("NO_COLOR")) or environ.get("TERM") == "dumb"
        try:
            SIGNS.encode(getattr(stream, "encoding", None) or "utf-8")
        except (UnicodeEncodeError, LookupError):
            ascii_only = True
        else:
            ascii_only = False
        columns = shutil.get_terminal_size((100, 24)).columns if terminal else 100
        return cls(
            color=not refused and (terminal or bool(environ.get("FORCE_COLOR"))),
            ascii=ascii_only,
            width=max(40, min(columns, 120)),
        )

    def mark(self, sign: str) -> str:
        """Return ``sign``, or its word where signs cannot be shown."""
        return words.ASCII_MARKS.get(sign, sign) if self.ascii else sign


class _Buffer(StringIO):
    """Tells rich which lines it may draw with."""

    def __init__(self, encoding: str) -> None:
        super().__init__()
        self._encoding = encoding

    @property
    def encoding(self) -> str:  # type: ignore[override]  # StringIO says None
        """Return the encoding that was asked for."""
        return self._encoding


def draw(look: Look, *parts: RenderableType) -> list[str]:
    """Return ``parts`` as lines: no trailing spaces, no line that GitHub Actions would take for a command."""
    from rich.console import Console

    buffer = _Buffer("ascii" if look.ascii else "utf-8")
    console: Console = Console(
        file=buffer, width=look.width, force_terminal=look.color, color_system="standard" if look.color else None,
        no_color=not look.color, highlight=False, markup=False, emoji=False, soft_wrap=False, legacy_windows=False,
    )  # fmt: skip
    for part in parts:
        console.print(part)
    return [_inert(line.rstrip()) for line in buffer.getvalue().splitlines()]


def finish(look: Look, lines: list[str]) -> str:
    """Return ``lines`` as text; in ASCII, every other character becomes a plain one or an escape."""
    text = "\n".join(lines)
    if not look.ascii:
        return text
    for sign, replacement in words.PLAIN.items():
        text = text.replace(sign, replacement)
    return text.encode("ascii", "backslashreplace").decode("ascii")


def _inert(line: str) -> str:
    """Break ``::command`` at the start of a line and ``##[command]`` anywhere: the runner obeys both in a log.

    Character for character, so that columns stay where they are.
    """
    if line.lstrip().startswith("::"):
        line = line.replace("::", ".:", 1)
    return line.replace("##[", "##(")
