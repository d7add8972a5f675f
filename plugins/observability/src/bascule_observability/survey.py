"""What kind of file each changed path is, by its content; names only tell what to look at first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any

from attrs import frozen

from bascule.globs import globs
from bascule.kit import RehearsalError, Tree, Trees, json_document, yaml_documents
from bascule.types import DryRunContext, FileKind

KINDS: Mapping[str, str] = {
    "rules": "Prometheus rules, as a file or a PrometheusRule",
    "tests": "unit tests of Prometheus rules",
    "prometheus": "configuration of Prometheus",
    "alertmanager": "configuration of Alertmanager",
    "dashboard": "a Grafana dashboard",
    "datasources": "Grafana's provisioning of data sources",
    "slo": "an OpenSLO document",
}
YAML = (".yml", ".yaml", ".rules")
LARGEST = 8 * 1024 * 1024
_TEMPLATE = re.compile(r"^\s*\{\{", re.M)


@frozen(kw_only=True)
class Document:
    """One file on one side: its kind, its documents, or why it has none (``why``)."""

    path: str
    kind: str
    documents: tuple[Any, ...] = ()
    why: str = ""
    broken: bool = False

    @property
    def said(self) -> str:
        """Return path and ``why`` in one sentence."""
        return self.why if self.path in self.why else f"{self.path} is {self.why}"


def kind_of(documents: tuple[Any, ...], path: str) -> str:
    """Return the kind of a file by its parsed content, empty where it is none of :data:`KINDS`."""
    kinds = {_kind(d, path) for d in documents if d is not None}
    return kinds.pop() if len(kinds) == 1 else ""


def _kind(document: Any, path: str) -> str:
    if not isinstance(document, dict):
        return ""
    keys = set(document)
    if str(document.get("apiVersion", "")).startswith("monitoring.coreos.com/"):
        return "rules" if document.get("kind") == "PrometheusRule" else ""
    if str(document.get("apiVersion", "")).startswith("openslo"):
        return "slo"
    if path.endswith(".json"):
        return "dashboard" if _dashboard(document) else ""
    if "tests" in keys and "rule_files" in keys:
        return "tests"
    if "groups" in keys and keys <= {"groups", "namespace", "sourceMapping"}:
        return "rules"
    if "receivers" in keys and "route" in keys:
        return "alertmanager"
    if keys & {"scrape_configs", "rule_files", "alerting", "remote_write", "remote_read"} or "global" in keys:
        return "prometheus" if "apiVersion" not in keys else ""
    if keys & {"datasources", "deleteDatasources"} and document.get("apiVersion") in {1, "1"}:
        return "datasources"
    return ""


def _dashboard(document: Mapping[str, Any]) -> bool:
    inner = document.get("dashboard")
    whole = inner if isinstance(inner, dict) else document
    return bool({"panels", "rows", "schemaVersion", "templating"} & set(whole))


def _why(path: str, text: str) -> str:
    name = PurePosixPath(path)
    if name.suffix in {".jsonnet", ".libsonnet"}:
        return "a jsonnet source; what it makes is judged, not the source"
    if _TEMPLATE.search(text) and ("templates" in name.parts or not path.endswith(".json")):
        return "a template (Helm or another); what it renders is judged, not the template"
    return ""


_LAST: dict[str, Any] = {}
"""The newest survey and what it is of: objects never change under their ids."""


class Survey:
    """Both sides of a change, and which of its files are what. Reads are remembered.

    Args:
        trees: both sides.
        claims: the globs of the pack; empty means every file.
    """

    def __init__(self, trees: Trees, claims: Iterable[str] = ()) -> None:
        self.trees = trees
        self._claims = tuple(claims)
        self.largest = LARGEST
        self._read: dict[tuple[str, str], Document] = {}

    @classmethod
    def of(cls, ctx: DryRunContext) -> Survey:
        """Return the survey of ``ctx``'s change; the rehearsals of one change share it."""
        change = ctx.change
        key: tuple[str | None, ...] = (
            ctx.objects,
            change.base_sha,
            change.head_sha,
            change.merge_tree,
            change.merge_base,
        )
        key = (*key, *ctx.pack.match.files)
        if _LAST.get("key") != key:
            _LAST.update(key=key, survey=cls(Trees.of(ctx), ctx.pack.match.files))
        found: Survey = _LAST["survey"]
        return found

    @cached_property
    def changed(self) -> tuple[str, ...]:
        """Return every path whose content or kind differs between the sides, sorted."""
        old, new = self.trees.before.entries, self.trees.after.entries
        return tuple(sorted(p for p in {*old, *new} if old.get(p) != new.get(p)))

    @cached_property
    def claimed(self) -> tuple[str, ...]:
        """Return the changed paths that the pack claims: the others are other packs' to judge."""
        chosen = globs(self._claims or ("**",))
        return tuple(p for p in self.changed if chosen.match(p))

    def read(self, tree: Tree, path: str) -> Document | None:
        """Return the file at ``path`` of ``tree``, None where there is nothing; what cannot be read says why."""
        entry = tree.entries.get(path)
        if entry is None:
            return None
        key = (path, entry.oid)
        if key not in self._read:
            self._read[key] = self._look(tree, path)
        return self._read[key]

    def _look(self, tree: Tree, path: str) -> Document:
        kind = tree.entries[path].kind
        if kind in {FileKind.SYMLINK, FileKind.SUBMODULE}:
            return Document(path=path, kind="", why=f"a {kind.value}")
        if not path.endswith((*YAML, ".json", ".jsonnet", ".libsonnet")):
            return Document(path=path, kind="", why="neither YAML nor JSON")
        text = ""
        try:
            text = tree.text(path) or ""
            if path.endswith((".jsonnet", ".libsonnet")):
                return Document(path=path, kind="", why=_why(path, text))
            if path.endswith(".json"):
                documents: tuple[Any, ...] = (json_document(text, path),)
            else:
                documents = tuple(d for d in yaml_documents(text, path) if d is not None)
        except RehearsalError as error:
            why = _why(path, text) or error.answer.found
            return Document(path=path, kind="", why=why, broken=True)
        found = kind_of(documents, path)
        return Document(path=path, kind=found, documents=documents, why="" if found else _other(documents, path))

    def of_kind(
        self, *kinds: str, everything: bool = False
    ) -> tuple[tuple[str, Document | None, Document | None], ...]:
        """Return path, before and after of each changed file that is of one of ``kinds`` on a side.

        A side on which it is something else is None, but for a file that cannot be read (``broken``).

        Args:
            kinds: of :data:`KINDS`.
            everything: also what the pack does not claim.
        """
        found = []
        for path in self.changed if everything else self.claimed:
            sides = [self.read(t, path) for t in (self.trees.before, self.trees.after)]
            if any(d is not None and d.kind in kinds for d in sides):
                old, new = (d if d is not None and (d.kind in kinds or d.broken) else None for d in sides)
                found.append((path, old, new))
        return tuple(found)

    def all_of(self, tree: Tree, *kinds: str, most: int = 5000) -> Iterator[Document]:
        """Yield every file of ``tree`` of ``kinds``, changed or not.

        Raises:
            RehearsalError: more than ``most`` YAML and JSON files, or 256 MB of them.
        """
        paths = [p for p in tree.files() if p.endswith(YAML) and tree.entries[p].size <= LARGEST]
        size = sum(tree.entries[p].size for p in paths)
        if len(paths) > most or size > 256 * 1024 * 1024:
            raise RehearsalError(
                f"{len(paths):,} files of {size:,} bytes in this repository",
                expected=f"at most {most:,} files that could hold rules or dashboards",
                fix="judge this repository's rules by hand",
            )
        raw = tree.read_all(paths)
        hints = [h for k in kinds for h in _HINTS[k]]
        # Most files are none of these, and definitions of Kubernetes resources alone take seconds to parse.
        for path in paths:
            if any(h.search(raw[path]) for h in hints):
                document = self.read(tree, path)
                if document is not None and document.kind in kinds:
                    yield document

    def broken(self, *kinds: str) -> tuple[Document, ...]:
        """Return the claimed YAML files that cannot be read after the change, and may be of one of ``kinds``.

        What was of another kind before is left to those who judge that kind.
        """
        found = []
        for path in self.claimed:
            document = self.read(self.trees.after, path) if path.endswith(YAML) else None
            if document is not None and document.broken:
                before = self.read(self.trees.before, path)
                if before is None or before.kind in {"", *kinds}:
                    found.append(document)
        return tuple(found)


_HINTS: Mapping[str, tuple[re.Pattern[bytes], ...]] = {
    "rules": (re.compile(rb"\bgroups\b.*\bexpr\b[\"']?\s*:", re.S),),
    "tests": (re.compile(rb"\brule_files\b"),),
    "datasources": (re.compile(rb"\bdatasources\b"),),
}
"""What must stand in a file for it to be of a kind."""


def _other(documents: tuple[Any, ...], path: str) -> str:
    first = next((d for d in documents if isinstance(d, dict)), {})
    if "elements" in first and "layout" in first:
        return "a Grafana dashboard of schema v2, which is not judged"
    if "groups" in first and first.get("apiVersion") in {1, "1"}:
        return "Grafana's own alerts, which are not judged"
    if len({_kind(d, path) for d in documents}) > 1:
        return "documents of several kinds in one file"
    return "nothing that this scenario knows" if documents else "an empty file"
