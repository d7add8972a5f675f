"""PHP: composer.lock."""

from __future__ import annotations

from bascule.kit import json_table, table
from bascule_deps.formats.common import host, without
from bascule_deps.model import Entry, Manifest


def composer_lock(text: str, path: str) -> Manifest:  # noqa: ARG001
    """Read a composer.lock."""
    data = json_table(text)
    entries = []
    for place in ("packages", "packages-dev"):
        for package in data.get(place) or ():
            source, dist = table(package.get("source")), table(package.get("dist"))
            entries.append(
                Entry(
                    name=str(package.get("name", "")), version=str(package.get("version", "")), place=place,
                    source="path" if dist.get("type") == "path" else "registry",
                    origin=host(str(source.get("url") or dist.get("url") or "")),
                    content=str(source.get("reference") or dist.get("reference") or ""), dev=place == "packages-dev",
                    script=package.get("type") == "composer-plugin", stated=str(package.get("time", "")),
                )
            )  # fmt: skip
    rest = without(data, "packages", "packages-dev", "content-hash", "_readme", "plugin-api-version")
    return Manifest(ecosystem="composer", lock=True, entries=tuple(entries), rest=rest)
