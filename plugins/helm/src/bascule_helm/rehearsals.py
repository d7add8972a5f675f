"""What is done before rules are asked: both sides are rendered and compared, charts are read."""

from __future__ import annotations

from collections.abc import Iterator

from bascule.kit import RehearsalError, Trees, prove
from bascule.types import Check, DryRunContext, Evidence, Status
from bascule_helm.book import book


@book.rehearsal("helm/charts")
def charted(ctx: DryRunContext) -> Iterator[Evidence | Check]:
    """Yield what the charts say of themselves; needs no helm."""
    from bascule_helm import metadata
    from bascule_helm.sets import Settings

    trees = Trees.of(ctx)
    old, new = trees.before.entries, trees.after.entries
    changed = tuple(sorted(p for p in {*old, *new} if old.get(p) != new.get(p)))
    data = metadata.evidence(trees, changed, Settings.of(ctx.pack.rules))
    yield prove(ctx, "helm/charts", data, f"{len(data['files'])} files of {len(data['charts'])} charts")


@book.rehearsal("helm/render", "helm/schema", "helm/lint")
def rendered(ctx: DryRunContext) -> Iterator[Evidence | Check]:
    """Yield what rendering both sides shows; then end with what could not be rendered, if anything."""
    from bascule_helm.rendering import Rehearsal

    uses = [r.use for r in ctx.pack.rules]
    versions = tuple(dict.fromkeys(
        str(r.params.get("kubernetes", "")) for r in ctx.pack.rules if r.use == "helm/schema"
    ))  # fmt: skip
    rehearsal = Rehearsal(ctx, versions, "helm/lint" in uses)
    found = rehearsal.run()
    data, version = found.data(), rehearsal.helm.version
    told = f"{len(data['renders'])} renderings, {len(data['objects'])} objects differ"
    yield prove(ctx, "helm/render", data, told, tool="helm", version=version)
    if versions:
        from bascule_helm.schemas import version_for

        checked = {
            "objects": list(found.schema.values())[:2000],
            "problems": data["problems"],
            "versions": {v: version_for(v) for v in versions},
        }
        yield prove(
            ctx, "helm/schema", checked, f"{len(checked['objects'])} objects to look at", tool="helm", version=version
        )
    if "helm/lint" in uses:
        linted = {"charts": list(found.lint.values())}
        yield prove(ctx, "helm/lint", linted, f"{len(linted['charts'])} linted", tool="helm", version=version)
    if found.problems and "helm/render" not in uses:  # that rule tells them, each by itself
        first, more = found.problems[0], len(found.problems) - 1
        raise RehearsalError(
            "; ".join(p["found"] for p in found.problems[:3]) + (f"; and {more - 2} more" if more > 2 else ""),
            expected="every chart of the change renders, with every set of values",
            fix=first["fix"],
            status=Status.BLOCK,
        )
