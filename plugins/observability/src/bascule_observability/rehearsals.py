"""What is done before rules are asked: both sides are read and compared, and tools are run where there is need."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bascule.kit import RehearsalError, prove, service
from bascule.types import Check, DryRunContext, Evidence, Status
from bascule_observability.book import book
from bascule_observability.findings import Finding, as_data
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


@book.rehearsal("observability/prom-check")
def prom_check(ctx: DryRunContext) -> Iterator[Evidence | Check]:
    """Yield what promtool has against the changed files and had not before; it runs only where there are any."""
    from bascule_observability.prometheus import promtool

    survey = Survey.of(ctx)
    files = [path for path, _, _ in survey.of_kind("rules", "prometheus")]
    findings: list[dict[str, Any]] = [
        Finding(what="unread", path=d.path, found=d.said).data()
        for d in survey.broken("rules", "prometheus")
        if d.path not in files
    ]
    version = ""
    if files:
        program, version = promtool.promtool(ctx)
        findings += as_data(promtool.checked(ctx, survey, program))
    data = {"files": files[:3000], "findings": findings}
    told = f"{len(files)} files, {len(findings)} new problems"
    yield prove(ctx, "observability/prom-check", data, told, tool="promtool", version=version)


@book.rehearsal("observability/prom-test")
def prom_test(ctx: DryRunContext) -> Iterator[Evidence | Check]:
    """Yield how the unit tests end that name changed rule files."""
    from bascule_observability.prometheus import promtool

    data = promtool.tested(ctx, Survey.of(ctx))
    told = f"{len(data['ran'])} test files, {len(data['findings'])} fail"
    yield prove(ctx, "observability/prom-test", data, told, tool="promtool", version=data["version"])


@book.rehearsal("observability/backtest")
def backtest(ctx: DryRunContext) -> Iterator[Evidence | Check]:
    """Yield what new and changed alerts would have done over the past, by the pack's rule."""
    from bascule_observability.prometheus import compare
    from bascule_observability.prometheus.api import Span
    from bascule_observability.prometheus.backtest import Past, tried

    touched = compare.touched(Survey.of(ctx))
    by: dict[str, Any] = {}
    for rule in ctx.pack.rules if touched.alerts else ():
        if rule.use != "observability/prom-backtest":
            continue
        address = service(ctx, "prometheus")
        if address is None:
            raise RehearsalError(
                "no Prometheus to ask how often these alerts would have fired",
                expected="a Prometheus that the owner of this machine names",
                fix="set BASCULE_SERVICE_PROMETHEUS where Bascule runs; a replay never asks one",
                status=Status.WAIT,
            )
        if len(touched.alerts) > 50:
            raise RehearsalError(
                f"{len(touched.alerts)} alerts are new or changed", expected="at most 50 to run over the past",
                fix="split the change", status=Status.BLOCK,
            )  # fmt: skip
        span = Span.last(rule.params.get("days", 7), rule.params.get("step", 60), ctx.now)
        api = Past(address, ctx.clients.get("prometheus", ""))
        by[rule.id] = [tried(api, span, new, old, touched.records) for new, old in touched.alerts]
    told = f"{len(touched.alerts)} alerts over the past"
    yield prove(ctx, "observability/backtest", {"rules": by}, told, tool="prometheus", provenance="prometheus")


@book.rehearsal("observability/grafana")
def grafana(ctx: DryRunContext) -> Iterator[Evidence | Check]:
    """Yield what dashboards and data sources lose, and what is wrong with new ones."""
    from bascule_observability.grafana import dashboards

    data = dashboards.evidence(Survey.of(ctx))
    told = f"{len(data['files'])} files, {len(data['findings'])} findings"
    yield prove(ctx, "observability/grafana", data, told, tool="promql-parser")


@book.rehearsal("observability/slo")
def slo(ctx: DryRunContext) -> Iterator[Evidence | Check]:
    """Yield what objectives lose."""
    from bascule_observability import slo as objectives

    data = objectives.evidence(Survey.of(ctx))
    yield prove(ctx, "observability/slo", data, f"{len(data['files'])} files, {len(data['findings'])} findings")


@book.rehearsal("observability/alertmanager")
def alertmanager(ctx: DryRunContext) -> Iterator[Evidence | Check]:
    """Yield what Alertmanager's configuration loses; amtool runs only where one changed."""
    from bascule_observability.alertmanager import routing

    data = routing.evidence(ctx, Survey.of(ctx))
    told = f"{len(data['files'])} files, {len(data['findings'])} findings, {data['tried']} label sets tried"
    yield prove(ctx, "observability/alertmanager", data, told, tool="amtool", version=data["version"])
