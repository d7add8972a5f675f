"""Releases that a changelog alone announces, and where changelogs and further statements are looked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bascule.kit import Trees
from bascule_release import changelog
from bascule_release.formats import is_module, manifest
from bascule_release.reading import Package, Reader
from bascule_release.versions import parse


def from_changelog(trees: Trees, where: str | None, heading: str | None, found: Reader) -> Package | None:
    """Return the release that a changelog alone announces, for a repository whose version comes from its tags.

    It counts only where no manifest of the root and no module at the top of its code states a version.
    """
    roots = [p for p in trees.after.entries if "/" not in p and manifest(p)]
    modules = [p for p in trees.after.entries if is_module(p) and p.count("/") <= 2 and found.outright(p)]
    if any((r := found.reading("after", p)) is not None and r.stated for p in (*roots, *modules)):
        return None
    path = where if where is not None else changelog_path(trees, "")
    if path is None or path not in {f.path for f in found.change.files}:
        return None
    before, after = trees.before.text(path) or "", trees.after.text(path) or ""
    old = changelog.sections(before, heading)
    out = {s.version for s in old if s.version and not s.coming}
    new = next((s for s in changelog.sections(after, heading) if s.version and not s.coming), None)
    if new is None or new.version in out:
        return None
    python = any(p in {"pyproject.toml", "setup.py", "setup.cfg"} for p in roots)
    scheme = "pep440" if python else "semver" if parse(new.version, "semver") else "loose"
    last = next((s.version for s in old if s.version and not s.coming), "")
    name = ""
    return Package(folder="", name=name, scheme=scheme, old=last, new=new.version, source=path)


def changelog_path(trees: Trees, folder: str) -> str | None:
    """Return the changelog of ``folder`` by its usual names, after the change or, where it is gone, before it."""
    top = f"{folder}/" if folder else ""
    for tree in (trees.after, trees.before):
        for name in changelog.USUAL:
            if tree.has(top + name):
                return top + name
    return None


def stated_files(rules: Iterable[Mapping[str, Any]]) -> tuple[tuple[str, str], ...]:
    """Return the ``files: [{path, pattern}]`` of all rules' parameters."""
    return tuple(
        dict.fromkeys(
            (str(entry["path"]), str(entry["pattern"]))
            for params in rules
            for entry in params.get("files", ())
            if isinstance(entry, Mapping) and "pattern" in entry
        )
    )
