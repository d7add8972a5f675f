"""Container images: Dockerfiles and Compose files."""

from __future__ import annotations

import re

from bascule_deps.model import Entry, Manifest

_FROM = re.compile(r"(?i)^\s*FROM\s+((?:--\S+\s+)*)(\S+)(?:\s+AS\s+(\S+))?\s*$")
_COPY = re.compile(r"(?i)^(\s*COPY\s+--from=)([^\s:@]+[:@/]\S+)(.*)$")
_IMAGE = re.compile(r"""^(\s*(?:-\s+)?image:\s*)(["']?)([^\s"'#]+)\2(\s*(?:#.*)?)$""")


def image(text: str, place: str) -> Entry:
    """Return the image ``registry/name:tag@digest`` as an entry; its digest is its content."""
    named, _, digest = text.partition("@")
    head, slash, last = named.rpartition("/")
    name, _, tag = last.partition(":")
    first = head.partition("/")[0]
    origin = first if "." in first or ":" in first or first == "localhost" else ""
    return Entry(name=f"{head}{slash}{name}", version=tag, place=place, origin=origin, content=digest, direct=True)


def dockerfile(text: str, path: str) -> Manifest:  # noqa: ARG001
    """Read a Dockerfile: the images that it starts from and copies from. All other lines are the rest."""
    entries, rest, stages = [], [], set()
    for line in text.splitlines():
        found = _FROM.match(line)
        copied = _COPY.match(line)
        if found:
            stage = found[3] or ""
            if found[2].lower() in stages or found[2] == "scratch" or "$" in found[2]:
                rest.append(line.strip())
            else:
                entries.append(image(found[2], f"FROM {stage}".strip()))
                rest.append(f"FROM {found[1]} AS {stage}")
            stages.add(stage.lower())
        elif copied:
            entries.append(image(copied[2], "COPY"))
            rest.append(f"{copied[1]}…{copied[3]}")
        else:
            rest.append(line.rstrip())
    return Manifest(ecosystem="docker", lock=False, entries=tuple(entries), rest=rest)


def yaml_images(text: str, path: str) -> Manifest:  # noqa: ARG001
    """Read the ``image:`` lines of a YAML file; all other lines are the rest."""
    entries, rest = [], []
    for line in text.splitlines():
        found = _IMAGE.match(line)
        if found and "$" not in found[3]:
            entries.append(image(found[3], ""))
            rest.append(f"{found[1]}…")
        else:
            rest.append(line.rstrip())
    return Manifest(ecosystem="docker", lock=False, entries=tuple(entries), rest=rest)
