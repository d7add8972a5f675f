"""npm: package.json, package-lock.json (versions 1 to 3), yarn.lock (classic and berry), pnpm-lock.yaml."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from bascule.kit import UnreadableError, json_table, table, yaml_documents
from bascule_deps.formats.common import host, kind, without
from bascule_deps.model import Entry, Manifest

_TABLES = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")


def package_json(text: str, path: str) -> Manifest:  # noqa: ARG001 - one signature for all readers
    """Read a package.json; all but the four tables of dependencies is the rest, scripts and overrides included."""
    data = json_table(text)
    entries = [_spec(name, str(spec), place) for place in _TABLES for name, spec in table(data.get(place)).items()]
    return Manifest(ecosystem="npm", lock=False, entries=tuple(entries), rest=without(data, *_TABLES))


def _spec(name: str, spec: str, place: str) -> Entry:
    source, origin, version = kind(spec), "", spec
    if spec.startswith("npm:"):
        source, (origin, _, version) = "alias", spec.removeprefix("npm:").rpartition("@")
    elif spec.startswith("workspace:"):
        source = "workspace"
    elif source == "registry" and re.fullmatch(r"[\w.-]+/[\w.-]+(?:#.*)?", spec):
        source = "git"  # the short form of a GitHub repository
    if source in {"git", "url"}:
        origin = spec.partition("#")[0]
    return Entry(
        name=name, version=version, place=place, range=True, source=source, origin=origin, direct=True,
        dev=place == "devDependencies",
    )  # fmt: skip


def package_lock(text: str, path: str) -> Manifest:  # noqa: ARG001
    """Read a package-lock.json. Version 2 says everything twice; its ``packages`` count, as for npm 7 and later."""
    data = json_table(text)
    if "packages" in data:
        packages = table(data["packages"])
        root = table(packages.get(""))
        direct = {n for t in _TABLES for n in table(root.get(t))}
        entries = [_locked(at, table(p), direct) for at, p in packages.items() if "node_modules/" in at]
        local = {at: without(table(p), *_TABLES) for at, p in packages.items() if "node_modules/" not in at}
        rest = {**without(data, "packages", "dependencies"), "local": local}
        rest["contradictions"] = _contradictions(packages, table(data.get("dependencies")))
        return Manifest(ecosystem="npm", lock=True, entries=tuple(entries), rest=rest)
    entries = list(_nested(table(data.get("dependencies")), "", 0))
    return Manifest(ecosystem="npm", lock=True, entries=tuple(entries), rest=without(data, "dependencies"))


def _locked(at: str, package: dict[str, Any], direct: set[str]) -> Entry:
    name = at.rpartition("node_modules/")[2]
    resolved = str(package.get("resolved", ""))
    link = bool(package.get("link"))
    real = str(package.get("name", name))
    return Entry(
        name=real, version=str(package.get("version", "")), place=at,
        source="path" if link else _resolved(resolved, real, str(package.get("version", ""))),
        origin=host(resolved), content=str(package.get("integrity", "")), script=bool(package.get("hasInstallScript")),
        direct=at == f"node_modules/{name}" and name in direct, dev=bool(package.get("dev")),
    )  # fmt: skip


def _contradictions(packages: dict[str, Any], dependencies: dict[str, Any]) -> list[str]:
    """Return where version 2's second half, which npm 6 reads, says something else than the first."""
    found = []
    for entry in _nested(dependencies, "", 0):
        package = table(packages.get(entry.place))
        if package.get("link"):
            continue
        resolved = str(package.get("resolved", ""))
        version = {str(package.get("version", "")), resolved, f"npm:{package.get('name')}@{package.get('version')}"}
        same = entry.version in version or not package
        if not same or (entry.content and entry.content != str(package.get("integrity", ""))):
            found.append(f"{entry.place} {entry.version} {entry.content[:24]}")
        elif not package:
            found.append(f"{entry.place} is missing above")
        elif entry.origin and entry.origin != host(resolved):
            found.append(f"{entry.place} from {entry.origin}")
    return sorted(found)


def _resolved(resolved: str, name: str, version: str) -> str:
    """Return the kind of source of ``resolved``, for this package and version.

    A registry hands out archives under the package's own path; any other address is just an address, also where it
    is another package's on the same host.
    """
    found, last = kind(resolved), name.rpartition("/")[2]
    path = unquote(re.split(r"[?#]", resolved, maxsplit=1)[0])
    return "registry" if found == "url" and path.endswith(f"/{name}/-/{last}-{version}.tgz") else found


def _nested(packages: dict[str, Any], above: str, depth: int) -> Iterator[Entry]:
    if depth > 100:
        raise UnreadableError("dependencies nested more than 100 deep")
    for name, value in packages.items():
        package = table(value)
        at = f"{above}node_modules/{name}"
        resolved = str(package.get("resolved", ""))
        yield Entry(
            name=name, version=str(package.get("version", "")), place=at,
            source=_resolved(resolved, name, str(package.get("version", ""))),
            origin=host(resolved), content=str(package.get("integrity", "")), dev=bool(package.get("dev")),
        )  # fmt: skip
        yield from _nested(table(package.get("dependencies")), f"{at}/", depth + 1)


_YARN_NAME = re.compile(r'"?(?P<name>@?[^@"\s,]+)@')
_YARN_FIELD = re.compile(r'^  "?(version|resolved|integrity|resolution|checksum|linkType)"?:? "?([^"]*)"?$')


def yarn_lock(text: str, path: str) -> Manifest:  # noqa: ARG001
    """Read a yarn.lock of either form, block by block. The ranges that led to a version are the resolver's matter."""
    entries: list[Entry] = []
    rest: list[str] = []
    for block in re.split(r"\n\s*\n", text.replace("\r\n", "\n")):
        lines = [line for line in block.split("\n") if line.strip() and not line.startswith("#")]
        if not lines:
            continue
        if lines[0].startswith(("__metadata", " ")):
            rest += lines
            continue
        found = _YARN_NAME.match(lines[0])
        if found is None or not lines[0].endswith(":"):
            raise UnreadableError(f"the block {lines[0][:60]!r}")
        fields = {m[1]: m[2] for line in lines[1:] if (m := _YARN_FIELD.match(line))}
        name = found["name"]
        resolution = fields.get("resolution", "")
        address = fields.get("resolved", "")
        source = _resolved(address, name, fields.get("version", "")) if address else "registry"
        if resolution:
            real, _, how = resolution.rpartition("@")
            name = real or name
            source = (
                "registry" if how.startswith("npm:") else "workspace" if how.startswith("workspace:") else kind(how)
            )
        if fields.get("linkType") == "soft" or source == "workspace":
            continue  # a part of this repository
        content = fields.get("integrity") or fields.get("checksum") or address.partition("#")[2]
        entries.append(
            Entry(
                name=name, version=fields.get("version", ""), place=lines[0].rstrip(":"), source=source,
                origin=host(address), content=content,
            )
        )  # fmt: skip
    return Manifest(ecosystem="npm", lock=True, entries=tuple(entries), rest=rest)


_PNPM = re.compile(r"^/?(?P<name>@[^/]+/[^/@]+|[^/@]+)[/@](?P<version>[^(_]+)")


def pnpm_lock(text: str, path: str) -> Manifest:
    """Read a pnpm-lock.yaml (formats 5 to 9)."""
    (data,) = [table(d) for d in yaml_documents(text, path) if d is not None] or [{}]
    entries, times = [], table(data.get("time"))
    for at, value in table(data.get("packages")).items():
        package = table(value)
        resolution = table(package.get("resolution"))
        found = _PNPM.match(str(at))
        address = str(resolution.get("tarball", ""))
        name = str(package.get("name") or (found["name"] if found else at))
        version = str(package.get("version") or (found["version"] if found else ""))
        source = "git" if resolution.get("type") == "git" else kind(address or version)
        entries.append(
            Entry(
                name=name, version=version, place=str(at), source=source, origin=host(address),
                content=str(resolution.get("integrity") or resolution.get("commit") or ""),
                script=bool(package.get("requiresBuild")), dev=bool(package["dev"]) if "dev" in package else None,
                stated=str(times.get(at, "")),
            )
        )  # fmt: skip
    importers = table(data.get("importers")) or {".": data}
    for where, value in importers.items():
        for place in _TABLES:
            for name, stated in table(table(value).get(place)).items():
                spec = stated.get("specifier", "") if isinstance(stated, dict) else stated
                entries.append(_spec(str(name), str(spec), f"{where}:{place}"))
    rest = without(data, "packages", "snapshots", "importers", "specifiers", "time", *_TABLES)
    return Manifest(ecosystem="npm", lock=True, entries=tuple(entries), rest=rest)
