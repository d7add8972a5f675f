"""Rust: Cargo.toml and Cargo.lock."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from bascule.kit import table, toml_table
from bascule_deps.formats.common import host, kind, without
from bascule_deps.model import Entry, Manifest

_TABLES = ("dependencies", "dev-dependencies", "build-dependencies")


def cargo_toml(text: str, path: str) -> Manifest:  # noqa: ARG001
    """Read a Cargo.toml; patches, features and profiles are the rest."""
    data = toml_table(text)
    workspace = table(data.get("workspace"))
    entries = [*_tables(data, ""), *_specs(table(workspace.get("dependencies")), "workspace", dev=False)]
    targets = {}
    for target, value in table(data.get("target")).items():
        entries += _tables(table(value), f"{target} ")
        targets[target] = without(table(value), *_TABLES)
    rest = {**without(data, "target", "workspace", *_TABLES), "target": targets}
    rest["workspace"] = without(workspace, "dependencies")
    return Manifest(ecosystem="cargo", lock=False, entries=tuple(entries), rest=rest)


def _tables(data: dict[str, Any], above: str) -> Iterator[Entry]:
    for name in _TABLES:
        yield from _specs(table(data.get(name)), f"{above}{name}", dev=name == "dev-dependencies")


def _specs(specs: dict[str, Any], place: str, *, dev: bool) -> Iterator[Entry]:
    for name, stated in specs.items():
        spec = stated if isinstance(stated, dict) else {"version": stated}
        source = "git" if "git" in spec else "path" if "path" in spec and "version" not in spec else "registry"
        more = without(spec, "version", "git", "path", "rev", "tag", "branch")
        version = str(spec.get("version") or spec.get("rev") or spec.get("tag") or spec.get("branch") or "")
        yield Entry(
            name=str(spec.get("package", name)),
            version=version,
            place=f"{place} {sorted(more.items())}" if more else place,
            range=True,
            source="workspace" if spec.get("workspace") else source,
            origin=str(spec.get("git", "")),
            direct=True,
            dev=dev,
        )


def _index(source: str) -> str:
    """Return the host and path of an index: many private ones lie on one host."""
    found = urlsplit(source.partition("+")[2].partition("#")[0].partition("?")[0])
    return f"{host(source)}{found.path.rstrip('/')}"


def cargo_lock(text: str, path: str) -> Manifest:  # noqa: ARG001
    """Read a Cargo.lock; packages without a source are this repository's own."""
    data = toml_table(text)
    entries = [
        Entry(
            name=str(p.get("name", "")), version=str(p.get("version", "")),
            source="registry" if source.startswith(("registry+", "sparse+")) else kind(source), origin=_index(source),
            content=str(p.get("checksum", "")) or (source if source.startswith("git+") else ""),
        )
        for p in data.get("package") or () if (source := str(p.get("source", "")))
    ]  # fmt: skip
    own = sorted((str(p.get("name")), str(p.get("version"))) for p in data.get("package") or () if not p.get("source"))
    return Manifest(ecosystem="cargo", lock=True, entries=tuple(entries), rest={"own": own, "patch": data.get("patch")})
