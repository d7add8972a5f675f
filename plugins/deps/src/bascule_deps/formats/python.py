"""Python: pyproject.toml, requirements files, poetry.lock, uv.lock, pdm.lock, Pipfile.lock."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from bascule.kit import json_table, table, toml_table
from bascule_deps.formats.common import host, kind, without
from bascule_deps.model import Entry, Manifest


def pyproject(text: str, path: str) -> Manifest:  # noqa: ARG001
    """Read a pyproject.toml: PEP 621, dependency groups (PEP 735), build requirements, and Poetry's tables."""
    data = toml_table(text)
    project, tool = table(data.get("project")), table(data.get("tool"))
    poetry, build = table(tool.get("poetry")), table(data.get("build-system"))
    entries = [*_listed(project.get("dependencies"), "project", dev=False)]
    for group, specs in table(project.get("optional-dependencies")).items():
        entries += _listed(specs, f"extra {group}", dev=False)
    for group, specs in table(data.get("dependency-groups")).items():
        entries += _listed([s for s in specs or () if isinstance(s, str)], f"group {group}", dev=True)
    entries += _listed(build.get("requires"), "build", dev=True)
    entries += _poetry(table(poetry.get("dependencies")), "poetry", dev=False)
    entries += _poetry(table(poetry.get("dev-dependencies")), "poetry dev", dev=True)
    groups = {}
    for group, value in table(poetry.get("group")).items():
        entries += _poetry(table(table(value).get("dependencies")), f"poetry {group}", dev=True)
        groups[group] = without(table(value), "dependencies")
    rest: dict[str, Any] = without(data, "project", "dependency-groups", "build-system", "tool")
    rest["project"] = without(project, "dependencies", "optional-dependencies")
    rest["build-system"] = without(build, "requires")
    rest["tool"] = without(tool, "poetry")
    rest["poetry"] = {**without(poetry, "dependencies", "dev-dependencies", "group"), "group": groups}
    return Manifest(ecosystem="python", lock=False, entries=tuple(entries), rest=rest)


def _listed(specs: Any, place: str, *, dev: bool) -> Iterator[Entry]:
    for spec in specs if isinstance(specs, list) else ():
        yield _requirement(str(spec), place, dev=dev)


def _requirement(spec: str, place: str, *, dev: bool | None, content: str = "") -> Entry:
    try:
        found = Requirement(spec)
    except InvalidRequirement:
        return Entry(name=spec, version=spec, place=place, range=True, source=kind(spec), direct=True, dev=dev)
    exact = re.fullmatch(r"===?\s*([^,*\s]+)", str(found.specifier))
    marker = f" ; {found.marker}" if found.marker else ""
    extras = f"[{','.join(sorted(found.extras))}]" if found.extras else ""
    return Entry(
        name=canonicalize_name(found.name), version=exact[1] if exact else str(found.specifier),
        place=f"{place}{extras}{marker}", range=exact is None, source=kind(found.url) if found.url else "registry",
        origin=found.url or "", content=content, direct=True, dev=dev,
    )  # fmt: skip


def _poetry(specs: dict[str, Any], place: str, *, dev: bool) -> Iterator[Entry]:
    for name, stated in specs.items():
        for at, one in enumerate(stated if isinstance(stated, list) else [stated]):
            spec = one if isinstance(one, dict) else {"version": one}
            address = str(spec.get("git") or spec.get("url") or spec.get("path") or "")
            source = "git" if "git" in spec else "url" if "url" in spec else "path" if "path" in spec else "registry"
            version = str(spec.get("version") or spec.get("rev") or spec.get("tag") or spec.get("branch") or "")
            more = without(spec, "version", "git", "url", "path", "rev", "tag", "branch")
            where = f"{place}#{at}{sorted(more.items())}" if more or at else place
            yield Entry(
                name=canonicalize_name(name), version=version, place=where, range=True, source=source, origin=address,
                direct=True, dev=dev,
            )  # fmt: skip


def requirements(text: str, path: str) -> Manifest:
    """Read a requirements or constraints file. Options (addresses, other files) are the rest; comments are not."""
    entries, rest = [], []
    whole = re.sub(r"\\\r?\n", " ", text)
    for line in whole.splitlines():
        stated = re.sub(r"(?:^|\s)#.*$", "", line).strip()
        if not stated:
            continue
        if stated.startswith("-") or "://" in stated.split("--hash")[0].split(" @ ")[0]:
            source = kind(stated.split()[-1])
            if stated.startswith(("-e", "--editable")) or not stated.startswith("-"):
                entries.append(Entry(name=stated, version=stated, range=True, source=source, direct=True))
            else:
                rest.append(stated)
            continue
        spec = re.split(r"\s--hash", stated, maxsplit=1)[0].strip()
        hashes = ",".join(sorted(re.findall(r"--hash[= ](\S+)", stated)))
        entries.append(_requirement(spec, "", dev=None, content=hashes))
    lock = not path.endswith(".in") and bool(entries) and all(e.content for e in entries)
    return Manifest(ecosystem="python", lock=lock, entries=tuple(entries), rest=rest)


def toml_lock(text: str, path: str) -> Manifest:  # noqa: ARG001
    """Read a poetry.lock, uv.lock or pdm.lock: tables called ``package``."""
    data = toml_table(text)
    entries = []
    for package in data.get("package") or ():
        source = table(package.get("source"))
        stated = str(source.get("registry") or source.get("url") or "")
        named = next(
            (k for k in ("git", "url", "path", "directory", "editable", "virtual", "workspace") if k in source), ""
        )
        how = str(source.get("type") or named or "registry")
        if how in {"editable", "virtual", "workspace", "directory"} and "version" not in package:
            continue
        entries.append(
            Entry(
                name=canonicalize_name(str(package.get("name", ""))), version=str(package.get("version", "")),
                place=str(package.get("marker") or package.get("markers") or ""), source=_kind(how),
                origin=",".join(_hosts(stated, package)) or (str(source.get(named, "")) if named else ""),
                content=",".join(sorted(_hashes(package))), dev=package.get("category") == "dev" or None,
                stated=_uploaded(package),
            )
        )  # fmt: skip
    metadata = without(table(data.get("metadata")), "content-hash", "content_hash", "files", "hashes")
    # What the package in this repository itself asks for is in its manifest, too.
    return Manifest(ecosystem="python", lock=True, entries=tuple(entries), rest={"metadata": metadata})


def _kind(how: str) -> str:
    return {"legacy": "registry", "registry": "registry", "git": "git", "url": "url"}.get(how, "path")


def _hashes(package: dict[str, Any]) -> Iterable[str]:
    files = [*(package.get("files") or ()), *(package.get("wheels") or ()), package.get("sdist") or {}]
    return (str(f["hash"]) for f in files if isinstance(f, dict) and "hash" in f)


def _hosts(index: str, package: dict[str, Any]) -> list[str]:
    """Return the hosts of the index and of all files: what a lockfile has addresses of is fetched from there."""
    files = [*(package.get("files") or ()), *(package.get("wheels") or ()), package.get("sdist") or {}]
    found = {host(str(f["url"])) for f in files if isinstance(f, dict) and "url" in f}
    return sorted({host(index), *found} - {""})


def _uploaded(package: dict[str, Any]) -> str:
    """Return when the newest file was uploaded, as uv.lock states it; empty where a file does not say."""
    files = [*(package.get("wheels") or ()), *([package["sdist"]] if package.get("sdist") else [])]
    times = [str(f.get("upload-time", "")) for f in files if isinstance(f, dict)]
    return max(times) if times and all(times) else ""


def pipfile_lock(text: str, path: str) -> Manifest:  # noqa: ARG001
    """Read a Pipfile.lock."""
    data = json_table(text)
    entries = []
    for place in ("default", "develop"):
        for name, value in table(data.get(place)).items():
            stated = table(value)
            source = "git" if "git" in stated else "path" if "path" in stated else "registry"
            entries.append(
                Entry(
                    name=canonicalize_name(name),
                    version=str(stated.get("version") or stated.get("ref") or "").lstrip("="),
                    place=place,
                    source=source,
                    origin=str(stated.get("git") or stated.get("index") or ""),
                    content=",".join(sorted(map(str, stated.get("hashes") or ()))),
                    dev=place == "develop",
                )
            )
    meta = without(table(data.get("_meta")), "hash")
    return Manifest(ecosystem="python", lock=True, entries=tuple(entries), rest=meta)
