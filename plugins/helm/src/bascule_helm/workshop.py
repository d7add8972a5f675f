"""One side of a change, written out for helm: the charts that matter, their ``file://`` dependencies built."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from bascule.kit import Tree
from bascule.types import FileKind
from bascule_helm.charts import Charts, within
from bascule_helm.memory import key
from bascule_helm.sets import Settings, below, claimed, escape
from bascule_helm.tool import Helm, HelmError, Redactor

VENDOR = (
    "run `helm dependency build` and commit the archives in charts/ (a repository without network cannot be rendered "
    "otherwise), or leave this chart to a person"
)


class Side:
    """``before`` or ``after``: its charts, and a folder in which they lie ready for helm.

    Args:
        tree: the side's files.
        helm: the program.
        folder: where it is written; nothing is there yet.
    """

    def __init__(self, tree: Tree, helm: Helm, folder: Path) -> None:
        self.tree = tree
        self.charts = Charts(tree)
        self.folder = folder
        self._helm = helm
        self._ready: dict[str, str] = {}
        self._states: dict[str, str] = {}
        self.secrets = Redactor((), ())

    def write(self, roots: Iterable[str], settings: Settings) -> None:
        """Write out the charts at ``roots`` with all they need; raises RehearsalError as :meth:`Tree.export`."""
        needed = {n for r in roots if r in self.charts for n in self.charts.needs(r)}
        outside = [p for p in self.tree.files("**/*.yaml", "**/*.yml")
                   if not self.charts.owners(p) and claimed(self.charts, p, settings) in needed]  # fmt: skip
        stated = [g for e in settings.charts for g in (*e.get("values", ()), *e.get("common", ()))]
        extra = [*outside, *(self.tree.files(*stated) if stated else ())]
        links = any(
            e.kind is FileKind.SYMLINK and any(within(p, n) for n in needed) for p, e in self.tree.entries.items()
        )
        # What a link points to may lie anywhere in the repository.
        if needed and links:
            self.tree.export(self.folder)
        elif needed:
            globs = (*(below(n) for n in sorted(needed)), *(escape(p) for p in extra))
            for at in range(0, len(globs), 500):
                self.tree.export(self.folder, *globs[at : at + 500])
        yaml = [p for p in self.tree.files("**/*.yaml", "**/*.yml") if any(within(p, n) for n in needed)]
        values = [p for p in yaml if not ({"templates", "crds"} & set(p.split("/")) or p.endswith("/Chart.yaml"))]
        texts = [self.tree.read(p) or b"" for p in dict.fromkeys((*values, *extra))]
        paths = [p for p in self.tree.entries if any(within(p, n) for n in needed)]
        self.secrets = Redactor((t.decode("utf-8", "replace") for t in texts), paths)

    def state(self, root: str) -> str:
        """Return what stands for every file that helm reads of the chart at ``root``; empty where a link leads off."""
        if root not in self._states:
            needs = self.charts.needs(root)
            files = [(p, e.kind, e.oid) for p, e in self.tree.entries.items() if any(within(p, n) for n in needs)]
            linked = any(kind is FileKind.SYMLINK for _, kind, _ in files)
            self._states[root] = "" if linked else key(root, sorted((p, kind.value, oid) for p, kind, oid in files))
        return self._states[root]

    def place(self, root: str) -> Path:
        """Return the folder of the chart at ``root``."""
        return self.folder / root

    def ready(self, root: str) -> str:
        """Build the dependencies of the chart at ``root``; return why it cannot be rendered, empty where it can."""
        if root not in self._ready:
            self._ready[root] = "its file:// dependencies lead back to itself"  # until this very call has ended
            self._ready[root] = self._build(root)
        return self._ready[root]

    def _build(self, root: str) -> str:
        chart = self.charts.chart(root)
        if chart.error:
            return chart.error
        charts = self.place(root) / "charts"
        for dependency, target in chart.local():
            if target is None or target not in self.charts:
                return f"its dependency {dependency.name} is at {dependency.repository}, where there is no chart"
            if within(target, chart.path("charts")):
                continue
            if reason := self.ready(target):
                return f"its dependency {dependency.name}: {reason}"
            for old in charts.glob(f"{dependency.name}-[0-9v]*.tgz"):
                old.unlink()
            try:
                self._helm.package(self.place(target), charts, self.secrets, self.folder)
            except HelmError as failed:
                return f"its dependency {dependency.name} cannot be packed: {failed}"
        if not chart.dependencies:
            return ""
        try:
            missing = self._helm.missing(self.place(root), self.secrets, self.folder, state=self.state(root))
        except HelmError as failed:
            return str(failed)
        if not missing:
            return ""
        told = ", ".join(
            f"{name} ({status}{f', from {where}' if where else ''})" for name, where, status in missing[:4]
        )
        return f"its dependencies are not in charts/ as Chart.yaml states them: {told}"


def fix_for(reason: str) -> str:
    """Return what a person does about a chart that is not ready."""
    if "not in charts/" in reason:
        return VENDOR
    return "mend Chart.yaml; run `helm dependency list` and `helm template` on the chart to see what they say"
