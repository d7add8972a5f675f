"""Which values files a chart is rendered with, and what part of a chart a file is."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bascule.globs import globs
from bascule_helm.charts import LOCKS, Charts

INSIDE = (
    "values[-._]*.yaml", "values[-._]*.yml", "*[-._]values.yaml", "*[-._]values.yml",
    "values/**/*.yaml", "values/**/*.yml", "environments/**/*.yaml", "environments/**/*.yml",
    "envs/**/*.yaml", "envs/**/*.yml", "ci/**/*.yaml", "ci/**/*.yml",
)  # fmt: skip
"""Values files of environments and of trial installations, relative to their chart."""
_RELEASE = re.compile(r"[a-z0-9]([-a-z0-9]{0,51}[a-z0-9])?")
TRIALS = "ci/"
"""Where chart-testing keeps values of trial installations: nothing runs with them."""
OUTSIDE = (
    "**/values.yaml", "**/values.yml", "**/values[-._]*.yaml", "**/values[-._]*.yml",
    "**/*[-._]values.yaml", "**/*[-._]values.yml",
)  # fmt: skip
"""Values files that lie in no chart."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the pack says of rendering: entries of ``charts``, and what holds where they are silent."""

    charts: tuple[Mapping[str, Any], ...] = ()
    values: tuple[str, ...] = INSIDE
    kube_version: str = ""
    api_versions: tuple[str, ...] = ()
    namespace: str = "default"
    upgrade: bool = False

    @classmethod
    def of(cls, rules: Iterable[Any]) -> Settings:
        """Return what the ``helm/render`` rules among ``rules`` state; of two that differ, the later holds."""
        found = cls()
        for rule in rules:
            if rule.use == "helm/render":
                stated: dict[str, Any] = {
                    k: tuple(v) if isinstance(v, list | tuple) else v for k, v in rule.params.items()
                }
                charts = (*found.charts, *stated.pop("charts", ()))
                known: dict[str, Any] = {k: v for k, v in stated.items() if k in cls.__dataclass_fields__}
                found = replace(found, charts=charts, **known)
        return found


@dataclass(frozen=True, kw_only=True)
class ValuesSet:
    """One rendering of a chart. ``label`` names it on both sides of a change; ``files`` in the order helm is given."""

    label: str
    files: tuple[str, ...]
    release: str
    namespace: str
    kube_version: str = ""
    api_versions: tuple[str, ...] = ()
    upgrade: bool = False


def sets_of(charts: Charts, root: str, settings: Settings) -> tuple[ValuesSet, ...]:
    """Return every set of values that the chart at ``root`` is rendered with, its own ``values.yaml`` alone first."""
    chart = charts.chart(root)
    entries = [e for e in settings.charts if e["chart"].strip("/") == (root or ".")]
    found: dict[str, ValuesSet] = {}
    fallback = chart.name if _RELEASE.fullmatch(chart.name) else "release"
    for entry in entries or [{}]:
        base = ValuesSet(
            label="", files=(), release=entry.get("release", fallback),
            namespace=entry.get("namespace", settings.namespace),
            kube_version=entry.get("kube_version", settings.kube_version),
            api_versions=tuple(entry.get("api_versions", settings.api_versions)), upgrade=settings.upgrade,
        )  # fmt: skip
        common = charts.tree.files(*entry["common"]) if entry.get("common") else ()
        outside = charts.tree.files(*entry["values"]) if entry.get("values") else ()
        named = entry.get("release", "") if len(entries) > 1 else ""
        if not entry.get("only"):
            found.setdefault(named, _with(base, named, common))
            own = [p for p in charts.tree.files(*(escape(chart.path("")) + g for g in settings.values))
                   if role(p, root, settings) == "values" and p not in common]  # fmt: skip
            for path in own:
                label = f"{named} {path[len(root) :].lstrip('/')}".strip()
                found.setdefault(label, _with(base, label, (*common, path)))
        for path in (p for p in outside if p not in common):
            label = f"{named} {path}".strip()
            found.setdefault(label, _with(base, label, (*common, path)))
        if not entry:
            for path in charts.tree.files(*OUTSIDE):
                if not charts.owners(path) and claimed(charts, path, settings) == root:
                    found.setdefault(path, _with(base, path, (path,)))
    return tuple(found.values())


def claimed(charts: Charts, path: str, settings: Settings) -> str | None:
    """Return the chart that the file at ``path``, which lies in no chart, states values of; None where that is unclear.

    What the pack states counts; else the one chart whose name or folder is among its folders or in its name.
    """
    for entry in settings.charts:
        stated = (*entry.get("values", ()), *entry.get("common", ()))
        if stated and globs(stated).match(path):
            root = entry["chart"].strip("/")
            return "" if root == "." else str(root)
    if not globs(OUTSIDE).match(path):
        return None
    folder, name = posixpath.split(path)
    words = {*folder.split("/"), *_words(name)}
    meant = {t for t in charts.tops if {posixpath.basename(t), charts.chart(t).name} - {""} & words}
    return meant.pop() if len(meant) == 1 else None


def role(path: str, root: str, settings: Settings) -> str:
    """Return what the file at ``path`` is to the chart at ``root``."""
    relative = path[len(root) :].lstrip("/") if root else path
    folder, _, _ = relative.partition("/")
    if relative in {"Chart.yaml", "requirements.yaml"}:
        return "chart"
    if relative in LOCKS:
        return "lock"
    if relative in {"values.yaml", "values.yml"}:
        return "values"
    if relative == "values.schema.json":
        return "schema"
    if folder in {"templates", "crds"} and "/" in relative:
        return folder.rstrip("s")
    if folder == "charts" and "/" in relative:
        return "dependency"
    if globs(settings.values).match(relative) or _stated(path, settings):
        return "values"
    if relative.endswith((".md", ".md.gotmpl", ".txt", ".png", ".svg")) or relative in {"LICENSE", "OWNERS"}:
        return "document"
    return "file"


def _stated(path: str, settings: Settings) -> bool:
    every = [g for e in settings.charts for g in (*e.get("values", ()), *e.get("common", ()))]
    return bool(every) and globs(tuple(every)).match(path)


def outside_role(path: str, settings: Settings) -> str:
    """Return what a file that lies in no chart is: ``values`` or ``outside``."""
    return "values" if _stated(path, settings) or globs(OUTSIDE).match(path) else "outside"


def _with(base: ValuesSet, label: str, files: tuple[str, ...]) -> ValuesSet:
    return replace(base, label=label, files=files)


def _words(name: str) -> set[str]:
    stem = name.rsplit(".", 1)[0]
    cut = {stem.removeprefix(f"values{s}").removesuffix(f"{s}values") for s in "-._"}
    return {stem, *cut} - {"values"}


def escape(path: str) -> str:
    """Return the glob of exactly ``path``."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in path)


def below(root: str) -> str:
    """Return the glob of everything in the folder ``root``."""
    return f"{escape(root)}/**" if root else "**"
