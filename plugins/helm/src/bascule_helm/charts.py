"""Charts of one side of a change: where they are, what they say of themselves, what they take in."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bascule.kit import RehearsalError, Tree, yaml_documents

LOCKS = ("Chart.lock", "requirements.lock")


@dataclass(frozen=True, kw_only=True)
class Dependency:
    """An entry of ``dependencies``; ``raw`` is the whole of it, as stated."""

    name: str
    version: str
    repository: str
    raw: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A chart at ``root`` (empty for the repository's root). ``error`` says why ``Chart.yaml`` cannot be read."""

    root: str
    name: str = ""
    version: str = ""
    app_version: str = ""
    library: bool = False
    dependencies: tuple[Dependency, ...] = ()
    error: str = ""

    def path(self, relative: str) -> str:
        """Return ``relative`` to the chart as a path of the repository."""
        return f"{self.root}/{relative}" if self.root else relative

    def local(self) -> Iterator[tuple[Dependency, str | None]]:
        """Yield ``file://`` dependencies with the folder they mean, None where it lies outside the repository."""
        for dependency in self.dependencies:
            if dependency.repository.startswith("file://"):
                stated = dependency.repository.removeprefix("file://")
                target = posixpath.normpath(posixpath.join(self.root, stated))
                outside = stated.startswith("/") or target.split("/")[0] == ".."
                yield dependency, None if outside else target.removeprefix("./").removeprefix(".")


class Charts:
    """All charts of one tree. A chart in the ``charts/`` folder of another is a part of it, not one of its own."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        found = tree.files("**/Chart.yaml")
        self.roots: tuple[str, ...] = tuple(sorted(posixpath.dirname(p) for p in found))
        every = set(self.roots)
        self.tops: tuple[str, ...] = tuple(r for r in self.roots if not _parents(r) & every)
        self._read: dict[str, Chart] = {}
        tree.read_all(tuple(posixpath.join(r, "Chart.yaml") for r in self.tops))

    def __contains__(self, root: str) -> bool:
        return root in self.roots

    def chart(self, root: str) -> Chart:
        """Return the chart at ``root``; one that cannot be read has ``error``."""
        if root not in self._read:
            self._read[root] = _chart(self.tree, root)
        return self._read[root]

    def owners(self, path: str) -> tuple[str, ...]:
        """Return the roots of the charts that ``path`` is a file of, the nearest last."""
        return tuple(r for r in self.tops if within(path, r))

    def innermost(self, path: str) -> str | None:
        """Return the root of the chart, a part of another or not, in whose folder ``path`` lies most nearly."""
        return max((r for r in self.roots if within(path, r)), key=len, default=None)

    def users(self, roots: Iterable[str]) -> set[str]:
        """Return ``roots`` and every chart that takes one of them in by ``file://``, however far."""
        found = set(roots)
        taken = {top: {t for _, t in self.chart(top).local() if t is not None} for top in self.tops}
        while more := {top for top, targets in taken.items() if top not in found and targets & found}:
            found |= more
        return found

    def needs(self, root: str) -> set[str]:
        """Return ``root`` and every chart that it takes in by ``file://``, however far."""
        found, waiting = {root}, [root]
        while waiting:
            for _, target in self.chart(waiting.pop()).local():
                if target is not None and target in self and target not in found:
                    found.add(target)
                    waiting.append(target)
        return found


def within(path: str, root: str) -> bool:
    """Return whether ``path`` lies below the folder ``root``."""
    return not root or path.startswith(f"{root}/")


def _parents(root: str) -> set[str]:
    """Return the folders that, where they are charts, have ``root`` as a part of them."""
    steps = root.split("/")
    return {"/".join(steps[:at]) for at, step in enumerate(steps[:-1]) if step == "charts"}


def mapping_of(tree: Tree, path: str) -> tuple[Mapping[str, Any], str]:
    """Return the mapping that the one YAML document at ``path`` is, and why there is none."""
    try:
        text = tree.text(path)
        if text is None:
            return {}, ""
        found = [d for d in yaml_documents(text, path) if d is not None]
    except RehearsalError as failed:
        return {}, failed.answer.found
    if len(found) != 1 or not isinstance(found[0], dict):
        return {}, f"{path} is not one mapping"
    return found[0], ""


def _chart(tree: Tree, root: str) -> Chart:
    data, error = mapping_of(tree, posixpath.join(root, "Chart.yaml"))
    old, failed = mapping_of(tree, posixpath.join(root, "requirements.yaml"))
    listed = data.get("dependencies") or old.get("dependencies") or []
    if error or failed or not isinstance(listed, list):
        return Chart(root=root, error=error or failed or f"{root}/Chart.yaml: dependencies are not a list")
    dependencies = tuple(
        Dependency(name=_text(d.get("name")), version=_text(d.get("version")), repository=_text(d.get("repository")),
                   raw=d)
        for d in listed if isinstance(d, dict)
    )  # fmt: skip
    return Chart(
        root=root, name=_text(data.get("name")), version=_text(data.get("version")),
        app_version=_text(data.get("appVersion")), library=data.get("type") == "library", dependencies=dependencies,
    )  # fmt: skip


def _text(value: Any) -> str:
    return "" if value is None else str(value)
