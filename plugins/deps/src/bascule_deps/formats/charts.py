"""Helm: the dependencies of Chart.yaml, Chart.lock, and the images that values name."""

from __future__ import annotations

from typing import Any

from bascule.kit import table, yaml_documents
from bascule_deps.formats.common import host, without
from bascule_deps.formats.images import image
from bascule_deps.model import Entry, Manifest

APP = "#appVersion"
"""Follows a chart's name where what it installs is meant."""


def _entries(data: dict[str, Any], *, exact: bool) -> tuple[Entry, ...]:
    found = []
    for value in data.get("dependencies") or ():
        one = table(value)
        address = str(one.get("repository", ""))
        source = "path" if address.startswith("file:") or not address else "registry"
        place = str(sorted(without(one, "name", "version", "repository").items()) or "")
        found.append(
            Entry(
                name=str(one.get("name", "")), version=str(one.get("version", "")), place=place, range=not exact,
                source=source, origin=address if address.startswith(("@", "alias:")) else host(address), direct=True,
            )
        )  # fmt: skip
    return tuple(found)


def chart(text: str, path: str) -> Manifest:
    """Read a Chart.yaml; the chart's own version and everything else is the rest."""
    data: dict[str, Any] = {}
    for document in yaml_documents(text, path):
        data = table(document)
    entries = _entries(data, exact=False)
    if data.get("appVersion"):
        # What the chart installs: it moves like a dependency, whatever it is called.
        entries += (Entry(name=f"{data.get('name', '')}{APP}", version=str(data["appVersion"]), direct=True),)
    return Manifest(ecosystem="helm", lock=False, entries=entries, rest=without(data, "dependencies", "appVersion"))


def chart_lock(text: str, path: str) -> Manifest:
    """Read a Chart.lock; digest and time follow from the rest of it."""
    data: dict[str, Any] = {}
    for document in yaml_documents(text, path):
        data = table(document)
    rest = without(data, "dependencies", "digest", "generated")
    return Manifest(ecosystem="helm", lock=True, entries=_entries(data, exact=True), rest=rest)


def values(text: str, path: str) -> Manifest:
    """Read a values file: mappings with ``repository`` and ``tag``, the usual form of an image."""
    entries: list[Entry] = []
    rest = [_images(document, "", entries) for document in yaml_documents(text, path)]
    return Manifest(ecosystem="docker", lock=False, entries=tuple(entries), rest=rest)


def _images(value: Any, place: str, entries: list[Entry]) -> Any:
    if isinstance(value, list):
        return [_images(item, f"{place}[{at}]", entries) for at, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    kept = dict(value)
    if isinstance(value.get("repository"), str) and isinstance(value.get("tag"), str | int | float):
        registry = value.get("registry") or value.get("imageRegistry") or ""
        name = "/".join(part for part in (str(registry), value["repository"]) if part)
        digest = str(value.get("digest") or value.get("sha") or "")
        tag = str(value["tag"])
        found = image(f"{name}:{tag}" + (f"@{digest}" if digest and "@" not in tag else ""), place)
        if tag:
            entries.append(found)
            kept = without(value, "repository", "registry", "imageRegistry", "tag", "digest", "sha")
    return {k: _images(v, f"{place}.{k}".lstrip("."), entries) for k, v in kept.items()}
