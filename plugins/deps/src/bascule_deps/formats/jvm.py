"""Maven and Gradle: pom.xml, libs.versions.toml, gradle.lockfile."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

from bascule.kit import UnreadableError, table, toml_table
from bascule_deps.model import Entry, Manifest

_PACKAGES = {"dependency", "plugin", "parent", "extension"}


def pom(text: str, path: str) -> Manifest:  # noqa: ARG001
    """Read a pom.xml: dependencies, plugins, the parent, and properties called ``…version``; entities are refused."""
    if re.search(r"<!(?:DOCTYPE|ENTITY)", text):
        raise UnreadableError("it declares entities")
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 - entities are refused above
    except ElementTree.ParseError as error:
        raise UnreadableError(str(error)) from error
    entries: list[Entry] = []
    _walk(root, "", entries, _users(root))
    for element in root.iter():
        element.text = (element.text or "").strip()
        element.tail = ""
    return Manifest(
        ecosystem="maven", lock=False, entries=tuple(entries), rest=ElementTree.tostring(root, encoding="unicode")
    )


def _users(root: ElementTree.Element) -> dict[str, tuple[str, ...]]:
    """Return the packages whose version is a property, by the property's name."""
    found: dict[str, tuple[str, ...]] = {}
    for element in root.iter():
        stated = {_tag(child): child for child in element}
        if _tag(element) in _PACKAGES and (said := re.fullmatch(r"\$\{([^}]+)\}", _text(stated, "version"))):
            found[said[1]] = (*found.get(said[1], ()), _coordinates(_tag(element), stated))
    return found


def _coordinates(tag: str, stated: dict[str, ElementTree.Element]) -> str:
    group = _text(stated, "groupId", "org.apache.maven.plugins" if tag == "plugin" else "")
    return f"{group}:{_text(stated, 'artifactId')}"


def _walk(element: ElementTree.Element, above: str, entries: list[Entry], users: Mapping[str, tuple[str, ...]]) -> None:
    tag = _tag(element)
    here = f"{above}/{tag}"
    if tag in _PACKAGES:
        stated = {_tag(child): child for child in element}
        version = stated.get("version")
        if version is not None and version.text and not version.text.strip().startswith("${"):
            scope = _text(stated, "scope")
            entries.append(
                Entry(
                    name=_coordinates(tag, stated),
                    version=version.text.strip(),
                    place=here,
                    direct=True,
                    dev=scope == "test",
                )
            )
            version.text = "…"
    if tag == "properties":
        for child in element:
            if "version" in _tag(child).lower() and (child.text or "").strip():
                entries.append(
                    Entry(
                        name=_tag(child), version=(child.text or "").strip(), place=here, direct=True,
                        packages=users.get(_tag(child), ()),
                    )
                )  # fmt: skip
                child.text = "…"
    for child in element:
        _walk(child, here, entries, users)


def _tag(element: ElementTree.Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _text(stated: dict[str, ElementTree.Element], name: str, default: str = "") -> str:
    return (stated[name].text or "").strip() if name in stated else default


def catalog(text: str, path: str) -> Manifest:  # noqa: ARG001
    """Read a Gradle version catalog: its ``versions``, and libraries and plugins that state one themselves."""
    data = toml_table(text)
    entries, rest, users = [], dict(data), _refs(data)
    for name, stated in table(data.get("versions")).items():
        entries.append(
            Entry(
                name=name, version=_version(stated), place="versions", range=True, direct=True,
                packages=users.get(name, ()),
            )
        )  # fmt: skip
    for place in ("libraries", "plugins"):
        kept: dict[str, Any] = {}
        for alias, stated in table(data.get(place)).items():
            if isinstance(stated, str):
                name, _, version = stated.rpartition(":")
                entries.append(Entry(name=name, version=version, place=place, range=True, direct=True))
                kept[alias] = name
                continue
            spec = table(stated)
            exact = spec.get("version")
            if exact is not None and not (isinstance(exact, dict) and "ref" in exact):
                name = str(spec.get("module") or spec.get("id") or f"{spec.get('group')}:{spec.get('name')}")
                entries.append(Entry(name=name, version=_version(exact), place=place, range=True, direct=True))
                kept[alias] = {**spec, "version": "…"}
                continue
            kept[alias] = spec
        rest[place] = kept
    rest.pop("versions", None)
    return Manifest(ecosystem="gradle", lock=False, entries=tuple(entries), rest=rest)


def _refs(data: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    """Return the packages that refer to a version of the catalog, by the version's name."""
    found: dict[str, tuple[str, ...]] = {}
    for place in ("libraries", "plugins"):
        for stated in table(data.get(place)).values():
            version = stated.get("version") if isinstance(stated, dict) else None
            if isinstance(version, dict) and "ref" in version:
                ref = str(version["ref"])
                found[ref] = (*found.get(ref, ()), _library(stated))
    return found


def _library(spec: dict[str, Any]) -> str:
    """Return the coordinates of an entry; a plugin's are those of its marker artifact."""
    if "id" in spec:
        return f"{spec['id']}:{spec['id']}.gradle.plugin"
    return str(spec.get("module") or f"{spec.get('group')}:{spec.get('name')}")


def _version(stated: Any) -> str:
    if isinstance(stated, dict):
        return str(stated.get("strictly") or stated.get("require") or stated.get("prefer") or sorted(stated.items()))
    return str(stated)


def gradle_lock(text: str, path: str) -> Manifest:  # noqa: ARG001
    """Read a gradle.lockfile."""
    entries, rest = [], []
    for line in text.splitlines():
        found = re.fullmatch(r"([^#=\s]+:[^:=\s]+):([^:=\s]+)=(\S*)", line.strip())
        if found:
            entries.append(Entry(name=found[1], version=found[2]))
        elif line.strip() and not line.startswith("#"):
            rest.append(line.strip())
    return Manifest(ecosystem="gradle", lock=True, entries=tuple(entries), rest=rest)
