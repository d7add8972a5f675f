"""Which charts a change asks to be rendered, and with which values files."""

from __future__ import annotations

from bascule.globs import globs
from bascule.types import FileKind
from bascule_helm.findings import Findings
from bascule_helm.sets import Settings, claimed, outside_role
from bascule_helm.workshop import Side


def plan(
    before: Side,
    after: Side,
    changed: tuple[str, ...],
    settings: Settings,
    found: Findings,
    claims: tuple[str, ...] = (),
) -> list[tuple[str | None, str | None, set[str] | None]]:
    """Return (root before, root after, outside values files that alone changed or None for all) of each chart.

    Args:
        before: the base.
        after: what merging gives.
        changed: paths that differ.
        settings: what the pack says of rendering.
        found: is told what belongs to no chart, and what moved.
        claims: globs of the pack's own files; values elsewhere are not its to know.
    """
    whole: set[str] = set()
    partly: dict[str, set[str]] = {}
    for side in (before, after):
        touched = {o for p in changed for o in side.charts.owners(p)}
        # A link may lead to what changed, wherever that is.
        links = [p for p, e in side.tree.entries.items() if e.kind is FileKind.SYMLINK]
        whole |= side.charts.users(touched | {o for p in links for o in side.charts.owners(p)})
        for path in changed:
            if side.charts.owners(path) or outside_role(path, settings) != "values":
                continue
            if path not in side.tree.entries:
                continue
            root = claimed(side.charts, path, settings)
            if root is None or root not in side.charts:
                if side is after and (not claims or globs(claims).match(path)):
                    _stray(path, found)
            else:
                partly.setdefault(root, set()).add(path)
    moved = _moved(before, after, whole, found)
    planned: list[tuple[str | None, str | None, set[str] | None]] = []
    for root in sorted(whole | set(partly)):
        if root in moved.values() and root not in after.charts:
            continue
        old = moved.get(root, root if root in before.charts.tops else None)
        new = root if root in after.charts.tops else None
        planned.append((old, new, None if root in whole else partly[root]))
    return planned


def _stray(path: str, found: Findings) -> None:
    found.problem(
        "values", path, f"nothing says which chart {path} holds values for",
        "name the chart in `charts` of the pack's `helm/render`, or take the file out of what the pack matches",
    )  # fmt: skip


def _moved(before: Side, after: Side, roots: set[str], found: Findings) -> dict[str, str]:
    """Return, by its new root, the old root of every chart that moved: one of that name went, one came."""
    gone = {before.charts.chart(r).name: r for r in sorted(roots)
            if r in before.charts.tops and r not in after.charts}  # fmt: skip
    came = [r for r in sorted(roots) if r in after.charts.tops and r not in before.charts]
    joined = {r: gone[n] for r in came if (n := after.charts.chart(r).name) in gone}
    for new, old in joined.items():
        found.notes.append(f"the chart at {old} is now at {new}")
    return joined
