"""Changelogs: sections by version, in Markdown and reStructuredText, as people and tools write them.

Understood are keepachangelog.com 1.1.0 and its relatives: a heading that begins with (a name and) a version, and a date
in the heading or in one of the first lines below it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from attrs import frozen

from bascule import regex

USUAL = (
    "CHANGELOG.md", "CHANGELOG.rst", "CHANGELOG", "CHANGELOG.txt", "Changelog.md", "changelog.md", "CHANGES.md",
    "CHANGES.rst", "CHANGES", "CHANGES.txt", "HISTORY.md", "HISTORY.rst", "History.md", "NEWS.md", "NEWS.rst", "NEWS",
    "docs/changelog.md", "docs/changelog.rst", "docs/changes.rst", "docs/CHANGELOG.md", "RELEASES.md", "ChangeLog.md",
)  # fmt: skip
"""Where a changelog is looked for when a pack does not say, the first that is there."""
_ATX = re.compile(r"(#{1,4})[ \t]+(\S.*?)[ \t]*#*[ \t]*")
_LINE = re.compile(r"""([=\-~^"'#*+_.:])\1{2,}[ \t]*""")
_LINK = re.compile(r"\[([^\[\]]*)\](?:\([^()]*\)|\[[^\[\]]*\])")
_REFERENCE = re.compile(r"[ \t]{0,3}(?:\[[^\[\]]+\]:[ \t]*\S+.*|\.\.[ \t]+_[^:]+:.*)")
_TITLE = re.compile(
    r"(?:[A-Za-z@][\w@/.'’-]*[ \t]+){0,5}[(\[]?[vV]?"
    r"(?P<version>\d+(?:\.\d+)+(?:[-+.!_]?[0-9A-Za-z]+)*)[)\]]?(?P<rest>.*)"
)
_REST = re.compile(r"[ \t?:]*|[ \t]*[-–—:,(\[/@·|].*|[ \t]+(?:released?|on|of|from)\b.*", re.IGNORECASE)
_UNRELEASED = re.compile(r"(?i)(?:unreleased|not yet released|in development|upcoming|tba|tbd)")
_COMING = re.compile(
    r"(?i)[\W_]*(?:unreleased|upcoming|next(?:[ _-]release)?|development|in development|main|master|head)\b"
)
_MONTHS = {
    m: n for n, m in enumerate(("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1)
}
_ISO = re.compile(r"(?<!\d)(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)")
_DAY_FIRST = re.compile(r"(?i)(?<!\d)(\d{1,2})(?:st|nd|rd|th)?[ -]([a-z]{3,9})\.?,?[ -](\d{4})(?!\d)")
_MONTH_FIRST = re.compile(r"(?i)\b([a-z]{3,9})\.?[ -](\d{1,2})(?:st|nd|rd|th)?,?[ -](\d{4})(?!\d)")
_DATED = re.compile(
    r"(?i)[\s:*_>(\[-]*(?:released?|release[ -]date|date|published)?(?:[ \t]*(?:on|date|at))?[\s:*_]*"
    r"(?P<date>[\w ,./-]{6,30}\d)[\s:*_.)\]]*"
)
_SAID = re.compile(r"(?i)\breleased?(?:[ \t]+on|:)?[ \t]+(?:the[ \t]+)?(?P<date>[\w ,./-]{6,30}\d)")
"""A date in a sentence, as in ``(bugfix release, released on July 4th 2014)``."""


@frozen(kw_only=True)
class Section:
    """One version's part of a changelog.

    ``version`` is empty for what is called unreleased. ``dated`` is an ISO date, empty without one. ``coming``: it says
    of itself that it is not out yet. ``entries`` are its lines that say something, without bullets.
    """

    version: str
    title: str
    dated: str
    coming: bool
    body: str
    entries: tuple[str, ...]


def sections(text: str, heading: str | None = None) -> tuple[Section, ...]:
    """Return the sections of ``text`` from the top.

    Args:
        heading: an RE2 expression with a group ``version``, and ``date`` if it has one, that whole headings match.

    Raises:
        ValueError: ``heading`` is no such expression.
    """
    lines = text.splitlines()
    marks = list(_marks(lines, heading))
    found = []
    for at, (start, below, version, rest) in enumerate(marks):
        end = marks[at + 1][0] if at + 1 < len(marks) else len(lines)
        found.append(_section(lines, start, below, end, version, rest))
    return tuple(found)


def _section(lines: list[str], start: int, below: int, end: int, version: str, rest: str) -> Section:
    body = [line.rstrip() for line in lines[below:end] if not _REFERENCE.fullmatch(line)]
    dated = found_date(rest)
    coming = not version or _UNRELEASED.search(rest) is not None
    first = [line for line in body if line.strip()][:4]
    spent: set[str] = set()
    for line in first:
        if _UNRELEASED.search(line) and len(line.split()) <= 4:
            coming, spent = True, spent | {line}
        date_line = _DATED.fullmatch(line) or _SAID.search(line)
        if date_line is not None and found_date(date_line["date"]):
            dated, spent = dated or found_date(date_line["date"]), spent | {line}
    entries = [_bare(line) for line in body if line not in spent and _says(line)]
    return Section(
        version=version, title=lines[start].strip("# \t"), dated=dated, coming=coming, body="\n".join(body).strip("\n"),
        entries=tuple(e for e in entries if e),
    )  # fmt: skip


def _says(line: str) -> bool:
    return bool(line.strip()) and not _LINE.fullmatch(line.strip()) and not _ATX.fullmatch(line)


def _bare(line: str) -> str:
    text = " ".join(line.strip().lstrip("*-+•").split())
    return "" if text.lower() in {"nothing", "nothing yet", "nothing yet.", "none", "tbd", "...", "n/a"} else text


def _marks(lines: list[str], heading: str | None) -> Iterator[tuple[int, int, str, str]]:
    """Yield (line of the heading, first line below it, version, rest of the title); no version for what is coming."""
    for at, title, below in _titles(lines):
        if heading is not None:
            found = next((m for m in regex.matches(heading, title, most=1) if m.whole == (0, len(title))), None)
            if found is not None:
                yield at, below, found.named.get("version", ""), found.named.get("date", "")
            elif _COMING.match(title):
                yield at, below, "", ""
            continue
        plain = _LINK.sub(r"\1", title).replace("`", "").replace("**", "").strip()
        found_title = _TITLE.fullmatch(plain)
        if found_title is not None and (_REST.fullmatch(found_title["rest"]) or found_date(found_title["rest"])):
            yield at, below, found_title["version"], found_title["rest"]
        elif _COMING.match(plain):
            yield at, below, "", ""


def _titles(lines: list[str]) -> Iterator[tuple[int, str, int]]:
    fenced = False
    for at, line in enumerate(lines):
        if line.lstrip().startswith(("```", "~~~")) and not _LINE.fullmatch(line.strip()):
            fenced = not fenced
        if fenced:
            continue
        atx = _ATX.fullmatch(line)
        if atx is not None:
            yield at, atx[2], at + 1
        elif line.strip() and not line[0].isspace() and at + 1 < len(lines):
            under = lines[at + 1].rstrip()
            # An underline shorter than half of its title is no underline but a rule or the start of a list.
            if _LINE.fullmatch(under) and not _LINE.fullmatch(line.strip()) and 2 * len(under) >= len(line.strip()):
                yield at, line.strip(), at + 2


def found_date(text: str) -> str:
    """Return the first date in ``text`` as ISO, empty where there is none: 2026-01-05, 5 January 2026, Jan 5, 2026."""
    for pattern, order in ((_ISO, (1, 2, 3)), (_DAY_FIRST, (3, 2, 1)), (_MONTH_FIRST, (3, 1, 2))):
        for found in pattern.finditer(text):
            year, month, day = (found[n] for n in order)
            number = int(month) if month.isdigit() else _MONTHS.get(month[:3].lower(), 0)
            try:
                return date(int(year), number, int(day)).isoformat()
            except ValueError:
                continue
    return ""
