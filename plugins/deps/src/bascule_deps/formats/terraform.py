"""Terraform and OpenTofu configuration: constraints of providers, and versions of modules."""

from __future__ import annotations

import re

from bascule_deps.formats.common import host
from bascule_deps.model import Entry, Manifest

_OPEN = re.compile(r'^\s*(?P<verb>[A-Za-z_][\w-]*)\s*(?P<labels>(?:"[^"]*"\s*)*)(?P<equals>=\s*)?\{\s*(?:#.*|//.*)?$')
_INLINE = re.compile(
    r'^(?P<head>\s*(?P<name>[\w-]+)\s*=\s*\{\s*source\s*=\s*"(?P<source>[^"]+)"\s*,\s*version\s*=\s*")(?P<version>[^"]+)(?P<tail>"\s*\}\s*)$'
)
_VERSION = re.compile(r'^(?P<head>\s*version\s*=\s*")(?P<version>[^"$]+)(?P<tail>"\s*(?:#.*|//.*)?)$')
_SOURCE = re.compile(r'^\s*source\s*=\s*"(?P<source>[^"$]+)"')
_REF = re.compile(r'^(?P<head>\s*source\s*=\s*"(?P<source>[^"$?]+)\?ref=)(?P<version>[^"&$]+)(?P<tail>"\s*)$')
_HEREDOC = re.compile(r"<<-?\s*(\w+)\s*$")


class _Reader:
    """One pass over the lines: versions are taken out where they belong to a module or a required provider."""

    def __init__(self, text: str) -> None:
        self.entries: list[Entry] = []
        self.rest: list[str] = []
        self._lines = text.splitlines()
        self._blocks: list[str] = []
        self._until = ""  # the end of a heredoc, or of a comment

    def run(self) -> None:
        for at, line in enumerate(self._lines):
            self.rest.append(line.rstrip() if self._until else self._line(at, line))
            self._follow(line)

    def _line(self, at: int, line: str) -> str:
        here = "/".join(self._blocks)
        provider = re.fullmatch(r"terraform/required_providers/[\w-]+", here)
        module = re.fullmatch(r'module "[^"]*"', here)
        if here == "terraform/required_providers" and (found := _INLINE.match(line)):
            return self._take(found, found["source"], here)
        if module and (found := _REF.match(line)):
            return self._take(found, found["source"], here, kind="git")
        if (provider or module) and (found := _VERSION.match(line)):
            source = self._source(at)
            if source is not None:
                return self._take(found, source, here)
        return line.rstrip()

    def _take(self, found: re.Match[str], source: str, place: str, kind: str = "registry") -> str:
        exact = re.fullmatch(r"=?\s*v?\d+(?:\.\d+)*(?:-[\w.]+)?", found["version"].strip())
        name, origin = source, ""
        if kind == "registry" and source.count("/") in {2, 3} and "." in source.partition("/")[0]:
            origin, _, name = source.partition("/")
        if kind == "git":
            origin = host(source.removeprefix("git::"))
        self.entries.append(
            Entry(
                name=name, version=found["version"].strip().removeprefix("=").strip(), place=place, range=not exact,
                source=kind, origin=origin, direct=True,
            )
        )  # fmt: skip
        return f"{found['head']}…{found['tail'].rstrip()}"

    def _source(self, at: int) -> str | None:
        """Return the source that the block of line ``at`` states, above or below it; None where it states none."""
        for step in (-1, 1):
            depth, look = 0, at + step
            while 0 <= look < len(self._lines) and depth >= 0:
                line = self._lines[look]
                if depth == 0 and (found := _SOURCE.match(line)):
                    return found["source"]
                ends, begins = line.count("}"), line.count("{")
                depth += (ends - begins) if step < 0 else (begins - ends)
                look += step
        return None

    def _follow(self, line: str) -> None:
        """Keep count of open blocks; a line whose braces cannot be followed opens one that nothing is known of."""
        if self._until:
            if self._until in (line.strip(), "*/") and (self._until != "*/" or "*/" in line):
                self._until = ""
            return
        bare = re.sub(r'"(?:[^"\\]|\\.)*"', '""', line)
        bare = re.sub(r"(#|//).*$", "", bare)
        if "/*" in bare:
            self._until = "" if "*/" in bare else "*/"
            return
        if found := _HEREDOC.search(bare):
            self._until = found[1]
        opened = _OPEN.match(line)
        if opened and bare.count("{") == 1 and "}" not in bare:
            self._blocks.append(" ".join(f"{opened['verb']} {opened['labels']}".split()))
            return
        for brace in re.findall(r"[{}]", bare):
            if brace == "{":
                self._blocks.append("?")
            elif self._blocks:
                self._blocks.pop()


def configuration(text: str, path: str) -> Manifest:  # noqa: ARG001
    """Read a .tf file. Everything but those versions is the rest, line by line, terraform's own version included."""
    reader = _Reader(text)
    reader.run()
    return Manifest(ecosystem="terraform", lock=False, entries=tuple(reader.entries), rest=reader.rest)
