"""The project's Markdown as data: fenced blocks with their marks, headings with their anchors, links."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from attrs import frozen
from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[2]
_MARK = re.compile(r"<!-- ([a-z-]+): ([a-z0-9-]+) -->")


@frozen(kw_only=True)
class Block:
    """A fenced block. ``mark`` is what an HTML comment right above it says: ``hand: step``, or empty."""

    file: Path
    line: int
    language: str
    text: str
    mark: str = ""

    @property
    def where(self) -> str:
        """Return ``path:line``."""
        return f"{self.file.relative_to(ROOT)}:{self.line}"


@cache
def documents() -> tuple[Path, ...]:
    """Return every Markdown file of the project, generated pages too; recorded renderings are no documents."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "*.md"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    found = (ROOT / name for name in listed.split("\0") if name)
    return tuple(p for p in found if p.exists() and "golden" not in p.parts and p.parts[-2] != "pages")


@cache
def tokens(file: Path) -> tuple[Token, ...]:
    """Return the file's block tokens, parsed as GitHub does."""
    return tuple(MarkdownIt("gfm-like", {"linkify": False}).parse(file.read_text()))


@cache
def blocks(file: Path) -> tuple[Block, ...]:
    """Return the fenced blocks of a file, in order."""
    found: list[Block] = []
    mark = ""
    for token in tokens(file):
        if token.type == "html_block":
            seen = _MARK.fullmatch(token.content.strip())
            mark = f"{seen[1]}: {seen[2]}" if seen else ""
        elif token.type == "fence":
            assert token.map is not None
            language = token.info.split()[0] if token.info else ""
            found.append(Block(file=file, line=token.map[0] + 1, language=language, text=token.content, mark=mark))
            mark = ""
        elif token.level == 0:
            mark = ""
    return tuple(found)


def inline(file: Path) -> Iterator[tuple[int, Token]]:
    """Yield (line, token) of every inline token: text, code, links."""
    for token in tokens(file):
        if token.type == "inline":
            assert token.map is not None
            for child in token.children or ():
                yield token.map[0] + 1, child


def anchors(file: Path) -> set[str]:
    """Return the anchors that GitHub gives the file's headings."""
    found: dict[str, int] = {}
    made: set[str] = set()
    for before, token in zip(tokens(file), tokens(file)[1:], strict=False):
        if before.type != "heading_open":
            continue
        text = "".join(c.content for c in token.children or () if c.type in {"text", "code_inline"})
        slug = re.sub(r"[^\w\- ]", "", text.strip().lower()).replace(" ", "-")
        seen = found.get(slug, 0)
        found[slug] = seen + 1
        made.add(slug if seen == 0 else f"{slug}-{seen}")
    return made
