"""Go: go.mod and go.sum (go.dev/ref/mod)."""

from __future__ import annotations

import re

from bascule.kit import UnreadableError
from bascule_deps.model import Entry, Manifest

_REQUIRE = re.compile(r"(?P<name>[^\s()]+)\s+(?P<version>v[^\s/]+)\s*(?P<comment>//.*)?")


def go_mod(text: str, path: str) -> Manifest:  # noqa: ARG001
    """Read a go.mod; ``go``, ``toolchain``, ``replace``, ``exclude`` and ``retract`` are the rest."""
    entries, rest, block = [], [], ""
    for line in text.splitlines():
        stated = line.strip()
        if not stated or stated.startswith("//"):
            continue
        opened = re.fullmatch(r"(\w+)\s*\(", stated)
        if opened:
            block = opened[1]
        elif stated == ")":
            block = ""
        else:
            verb, said = (block, stated) if block else (stated.split()[0], stated.partition(" ")[2].strip())
            found = _REQUIRE.fullmatch(said) if verb == "require" else None
            if verb == "require" and found is None:
                raise UnreadableError(f"the line {stated!r}")
            if found is None:
                rest.append(f"{verb} {said}")
                continue
            direct = "indirect" not in (found["comment"] or "")
            entries.append(Entry(name=found["name"], version=found["version"], direct=direct))
    return Manifest(ecosystem="go", lock=False, entries=tuple(entries), rest=rest)


def go_sum(text: str, path: str) -> Manifest:  # noqa: ARG001
    """Read a go.sum: hashes of whatever was ever looked at. What is built is go.mod's matter, so nothing moves here.

    What counts is that a version keeps its hash (go.dev/ref/mod#go-sum-files).
    """
    hashes: dict[str, str] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        parts = line.split()
        if len(parts) != 3:
            raise UnreadableError(f"the line {line[:80]!r}")
        key = f"{parts[0]} {parts[1]}"
        if hashes.setdefault(key, parts[2]) != parts[2]:
            raise UnreadableError(f"{key} has two hashes")
    return Manifest(ecosystem="go", lock=True, entries=(), hashes=hashes)
