"""Gradle's build scripts: coordinates and plugins whose versions are written out."""

from __future__ import annotations

import re

from bascule_deps.model import Entry, Manifest

_COORDINATES = re.compile(r"""(["'])([\w.\-]+:[\w.\-]+):([\w.\-+]+)((?::[\w.\-]+)?(?:@\w+)?)\1""")
_PLUGIN = re.compile(r"""(\bid\s*\(?\s*(["'])([\w.\-]+)\2\s*\)?\s+version\s*\(?\s*(["']))([\w.\-+]+)(\4)""")
_KOTLIN = re.compile(r"""(\bkotlin\s*\(\s*(["'])([\w.\-]+)\2\s*\)\s+version\s*\(?\s*(["']))([\w.\-+]+)(\4)""")


def script(text: str, path: str) -> Manifest:  # noqa: ARG001
    """Read a build.gradle or build.gradle.kts. It is code: every line, but for those versions, is the rest.

    Versions that are put together (``$version``, variables, ``ext``) are part of the rest.
    """
    entries: list[Entry] = []

    def coordinates(found: re.Match[str]) -> str:
        entries.append(Entry(name=found[2], version=found[3], direct=True))
        return f"{found[1]}{found[2]}:…{found[4]}{found[1]}"

    def plugin(found: re.Match[str]) -> str:
        name = f"{found[3]}:{found[3]}.gradle.plugin"
        entries.append(Entry(name=name, version=found[5], place="plugins", direct=True))
        return f"{found[1]}…{found[6]}"

    def kotlin(found: re.Match[str]) -> str:
        name = f"org.jetbrains.kotlin.{found[3]}:org.jetbrains.kotlin.{found[3]}.gradle.plugin"
        entries.append(Entry(name=name, version=found[5], place="plugins", direct=True))
        return f"{found[1]}…{found[6]}"

    rest = []
    for line in text.splitlines():
        kept = _COORDINATES.sub(coordinates, line)
        kept = _KOTLIN.sub(kotlin, _PLUGIN.sub(plugin, kept))
        rest.append(kept.rstrip())
    return Manifest(ecosystem="gradle", lock=False, entries=tuple(entries), rest=rest)
