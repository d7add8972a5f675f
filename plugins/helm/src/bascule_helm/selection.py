"""Selectors of monitors that follow a label of the chart, and still pick the same objects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bascule_helm.compare import Changed, Path
from bascule_helm.manifests import Document, Key, Object, objects

_GROUP = "monitoring.coreos.com"
_PODS = {"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"}
_AT: Path = ("spec", "selector", "matchLabels")


def following(every: Iterable[Changed], before: list[Document], after: list[Document]) -> dict[Key, frozenset[Path]]:
    """Return, by monitor, the paths of its selector that changed and select the same objects as before.

    What a ServiceMonitor or PodMonitor selects is looked up anew all the time, so nothing is lost when ``matchLabels``
    and the labels of what they select change together, as where charts put ``helm.sh/chart`` into them. Selectors of a
    Deployment cannot be changed, and those of a Service take traffic from what still runs: they are never among these.

    Args:
        every: the objects that differ, as :func:`bascule_helm.compare.pairs` returns them.
        before: all that was rendered before, also what is the same.
        after: all that is rendered now.

    Raises:
        RehearsalError, NotAnObjectError: as :func:`bascule_helm.manifests.objects`.
    """
    monitors = [p for p in every if p.shown.group == _GROUP and p.shown.kind in ("ServiceMonitor", "PodMonitor")]
    moved = []
    for pair in monitors:
        if pair.before is None or pair.after is None:
            continue
        old, new = (_labels(o.body) for o in (pair.before, pair.after))
        if old is not None and new is not None and old != new:
            moved.append((pair.after, old, new))
    if not moved:
        return {}
    were, are = list(objects(before)), list(objects(after))
    found: dict[Key, frozenset[Path]] = {}
    for monitor, old, new in moved:
        picked = _picked(monitor.kind, were, old)
        if picked and picked == _picked(monitor.kind, are, new):
            changed = [k for k in {*old, *new} if old.get(k) != new.get(k)]
            found[monitor.key] = frozenset((*_AT, key) for key in changed)
    return found


def _labels(body: Mapping[str, Any]) -> dict[str, str] | None:
    """Return the labels that a monitor selects by, None where it selects by anything else as well or by nothing."""
    selector = _at(body, "spec", "selector")
    labels = selector.get("matchLabels")
    if set(selector) != {"matchLabels"} or not isinstance(labels, Mapping) or not labels:
        return None
    return {str(k): str(v) for k, v in labels.items()}


def _picked(kind: str, every: list[Object], labels: Mapping[str, str]) -> set[Key]:
    return {o.key for o in every if (own := _own(kind, o)) is not None and labels.items() <= own.items()}


def _own(kind: str, item: Object) -> dict[str, str] | None:
    """Return the labels that a monitor of ``kind`` would look at in ``item``, None where it does not look at it."""
    within: tuple[str, ...] = ("metadata",)
    if kind == "PodMonitor" and item.group == "apps" and item.kind in _PODS:
        within = ("spec", "template", "metadata")
    elif (item.group, item.kind) != ("", "Service" if kind == "ServiceMonitor" else "Pod"):
        return None
    labels = _at(item.body, *within).get("labels")
    return {str(k): str(v) for k, v in labels.items()} if isinstance(labels, Mapping) else {}


def _at(body: Mapping[str, Any], *steps: str) -> Mapping[str, Any]:
    value: Any = body
    for step in steps:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}
