"""What charts say of themselves before and after: versions, dependencies, locks; and what part each changed file is."""

from __future__ import annotations

import hashlib
import json
import posixpath
from collections.abc import Mapping
from typing import Any

from bascule.kit import Tree, Trees
from bascule_helm.charts import LOCKS, Chart, Charts, mapping_of
from bascule_helm.sets import Settings, outside_role, role

_OMITTED = ("version", "condition", "tags", "enabled", "import-values", "alias")
"""Fields of a dependency that helm leaves out of a digest where they are empty."""


def evidence(trees: Trees, changed: tuple[str, ...], settings: Settings) -> dict[str, Any]:
    """Return ``files`` (path, chart, role, on which sides) and ``charts`` (path, before, after, changed files)."""
    old, new = Charts(trees.before), Charts(trees.after)
    files: list[dict[str, Any]] = []
    touched: dict[str, list[str]] = {}
    for path in changed:
        side = new if path in trees.after.entries else old
        owners = side.owners(path)
        inner = side.innermost(path)
        what = role(path, inner, settings) if inner is not None else outside_role(path, settings)
        if owners and inner != owners[-1] and what in {"values", "document"}:
            what = "dependency"
        files.append({"path": path, "chart": owners[-1] or "." if owners else "", "role": what})
        for owner in owners:
            touched.setdefault(owner, []).append(path[len(owner) :].lstrip("/"))
    names = {old.chart(r).name: r for r in touched if r in old.tops and r not in new.tops}
    charts = []
    for root in sorted(touched):
        before = _told(old, root) if root in old.tops else None
        after = _told(new, root) if root in new.tops else None
        if before is None and after is not None and after["name"] in names:
            before = _told(old, names[after["name"]])
        if after is None and any(new.chart(r).name == (before or {}).get("name") for r in touched if r in new.tops):
            continue  # it moved, and is told where it went
        charts.append({"path": root or ".", "before": before, "after": after, "files": touched[root][:1000]})
    return {"files": files[:5000], "charts": charts}


def _told(charts: Charts, root: str) -> dict[str, Any]:
    chart = charts.chart(root)
    return {
        "name": chart.name, "version": chart.version, "app_version": chart.app_version, "error": chart.error,
        "dependencies": [
            {"name": d.name, "version": d.version, "repository": d.repository} for d in chart.dependencies
        ],
        "lock": _lock(charts.tree, chart),
    }  # fmt: skip


def _lock(tree: Tree, chart: Chart) -> str:
    """Return what holds of the lock file: ``none``, ``in sync``, ``out of sync``, or why it cannot be read."""
    path = next((p for n in LOCKS if tree.has(p := posixpath.join(chart.root, n))), None)
    if path is None:
        return "none"
    data, error = mapping_of(tree, path)
    locked = data.get("dependencies") or []
    if error or not isinstance(locked, list):
        return error or f"{path}: dependencies are not a list"
    wanted = digest([d.raw for d in chart.dependencies], [d for d in locked if isinstance(d, dict)])
    return "in sync" if data.get("digest") == wanted else "out of sync"


def digest(stated: list[Mapping[str, Any]], locked: list[Mapping[str, Any]]) -> str:
    """Return what helm writes as ``digest`` into ``Chart.lock``.

    It is SHA-256 over the JSON of the dependencies as stated and as locked, in the order of helm's own structure
    (``internal/resolver.HashReq``), with Go's escapes of ``<``, ``>`` and ``&``.
    """
    text = json.dumps([[_dependency(d) for d in side] for side in (stated, locked)], separators=(",", ":"),
                      ensure_ascii=False)  # fmt: skip
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def _dependency(stated: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"name": str(stated.get("name", ""))}
    for key in ("version", "repository", "condition", "tags", "enabled", "import-values", "alias"):
        value = stated.get(key)
        if value or key == "repository":
            found[key] = _sorted(value) if value is not None else ""
    return found


def _sorted(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _sorted(value[k]) for k in sorted(value)}
    return [_sorted(v) for v in value] if isinstance(value, list) else value
