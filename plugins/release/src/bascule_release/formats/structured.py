"""Files that are data: npm, Cargo, Composer, and lockfiles that state the version of what they lock for."""

from __future__ import annotations

import copy
from typing import Any

from bascule.kit import json_table, table, toml_table
from bascule_release.formats.common import MASK, Reading, Stated, text_of


def package_json(text: str) -> Reading:
    """Read a package.json."""
    data = json_table(text)
    return _top(data, "semver")


def composer(text: str) -> Reading:
    """Read a composer.json."""
    return _top(json_table(text), "loose")


def _top(data: dict[str, Any], scheme: str) -> Reading:
    version = text_of(data.get("version"))
    if not version:
        return Reading(stated=(), rest=data)
    stated = Stated(what="version", version=version, scheme=scheme, name=text_of(data.get("name")))
    return Reading(stated=(stated,), rest={**data, "version": MASK})


def package_lock(text: str) -> Reading:
    """Read npm's lockfile (1 to 3): its own two statements, and those of the workspaces that it links."""
    data = copy.deepcopy(json_table(text))
    stated: list[Stated] = []
    name = text_of(data.get("name"))
    if text_of(data.get("version")):
        stated.append(Stated(what="version", version=data["version"], scheme="semver", name=name))
        data["version"] = MASK
    for path, entry in table(data.get("packages")).items():
        if "node_modules/" in path or path == "node_modules" or not isinstance(entry, dict):
            continue
        if text_of(entry.get("version")):
            whose = text_of(entry.get("name")) or (name if not path else path.rpartition("/")[2])
            stated.append(
                Stated(what=f'packages["{path}"]', version=entry["version"], scheme="semver", name=whose, own=not path)
            )
            entry["version"] = MASK
    return Reading(stated=tuple(stated), rest=data)


def cargo(text: str) -> Reading:
    """Read a Cargo.toml: the package's version, the workspace's, and those asked of packages by path beside it."""
    data = copy.deepcopy(toml_table(text))
    stated: list[Stated] = []
    package = table(data.get("package"))
    name = text_of(package.get("name"))
    if text_of(package.get("version")):
        stated.append(Stated(what="[package]", version=package["version"], scheme="semver", name=name))
        package["version"] = MASK
    shared = table(table(data.get("workspace")).get("package"))
    if text_of(shared.get("version")):
        stated.append(Stated(what="[workspace.package]", version=shared["version"], scheme="semver"))
        shared["version"] = MASK
    for dependencies in _dependencies(data):
        for entry in dependencies.values():
            # A package by path is this repository's own: what is asked of it moves with its release.
            if isinstance(entry, dict) and "path" in entry and "version" in entry:
                entry["version"] = MASK
    return Reading(stated=tuple(stated), rest=data)


def _dependencies(data: dict[str, Any]) -> list[dict[str, Any]]:
    found = []
    for holder in (data, table(data.get("workspace")), *(t for t in table(data.get("target")).values())):
        if isinstance(holder, dict):
            for key in ("dependencies", "dev-dependencies", "build-dependencies"):
                if isinstance(holder.get(key), dict):
                    found.append(holder[key])
    return found


def cargo_lock(text: str) -> Reading:
    """Read a Cargo.lock: entries without a source are packages of this repository."""
    return _lock(text, lambda entry: "source" not in entry, "semver")


def uv_lock(text: str) -> Reading:
    """Read a uv.lock: editable and virtual sources are packages of this repository."""
    return _lock(text, lambda entry: bool({"editable", "virtual"} & set(table(entry.get("source")))), "pep440")


def _lock(text: str, own: Any, scheme: str) -> Reading:
    data = copy.deepcopy(toml_table(text))
    stated = []
    packages = data.get("package")
    for entry in packages if isinstance(packages, list) else ():
        if isinstance(entry, dict) and text_of(entry.get("version")) and own(entry):
            name = text_of(entry.get("name"))
            stated.append(Stated(what=f"package {name}", version=entry["version"], scheme=scheme, name=name, own=False))
            entry["version"] = MASK
    return Reading(stated=tuple(stated), rest=data)
