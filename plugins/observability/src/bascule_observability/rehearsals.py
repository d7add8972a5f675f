"""What is done before rules are asked: both sides are read and compared, and tools are run where there is need."""

from __future__ import annotations

from collections.abc import Iterator

from bascule.kit import prove
from bascule.types import Check, DryRunContext, Evidence
from bascule_observability.book import book
from bascule_observability.survey import Survey


@book.rehearsal("observability/kinds")
def kinds(ctx: DryRunContext) -> Iterator[Evidence | Check]:
    """Yield what kind of file each changed path is; of a removed one, what it was."""
    survey = Survey.of(ctx)
    files = []
    for path in survey.claimed:
        document = survey.read(survey.trees.after, path) or survey.read(survey.trees.before, path)
        if document is not None:
            files.append({"path": path, "kind": document.kind, "why": document.why})
    yield prove(ctx, "observability/kinds", {"files": files[:5000]}, f"{len(files)} files")


@book.rehearsal("observability/prom")
def prom(ctx: DryRunContext) -> Iterator[Evidence | Check]:
    """Yield what alerts and recordings lose or gain."""
    from bascule_observability.prometheus import compare

    data = compare.evidence(Survey.of(ctx))
    told = f"{len(data['files'])} rule files, {len(data['findings'])} findings"
    yield prove(ctx, "observability/prom", data, told, tool="promql-parser")
