"""Ruby: Gemfile.lock."""

from __future__ import annotations

import re

from bascule_deps.model import Entry, Manifest


def gemfile_lock(text: str, path: str) -> Manifest:  # noqa: ARG001
    """Read a Gemfile.lock: sections GEM, GIT and PATH with their remotes; everything else is the rest."""
    entries, rest = [], []
    section = remote = ""
    sums = dict(re.findall(r"(?m)^  (\S+ \([^)]+\)) (sha256=[0-9a-f]+)$", text))
    for line in text.splitlines():
        if re.fullmatch(r"[A-Z ]+", line):
            section, remote = line, ""
        elif line.startswith("  remote: "):
            remote = line.removeprefix("  remote: ")
            rest.append(line)
        elif (found := re.fullmatch(r"    (\S+) \(([^)]+)\)", line)) and section in {"GEM", "GIT", "PATH"}:
            source = {"GIT": "git", "PATH": "path"}.get(section, "registry")
            content = sums.get(line.strip(), "")
            entries.append(Entry(name=found[1], version=found[2], source=source, origin=remote, content=content))
        elif section not in {"GEM", "CHECKSUMS", "DEPENDENCIES"} and line.strip() and not line.startswith("      "):
            rest.append(line)
    return Manifest(ecosystem="ruby", lock=True, entries=tuple(entries), rest=rest)
