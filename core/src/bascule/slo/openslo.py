"""OpenSLO v1 (https://github.com/OpenSLO/OpenSLO): the parts that a watch uses, strictly; the rest is named as ignored.

Used: ``SLO`` with one objective and a ``ratioMetric`` or ``thresholdMetric`` of Prometheus, inline or as an ``SLI`` of
the same file, and ``DataSource`` by name. Targets count requests, whatever the time window is: a watch is shorter.
"""

# ruff: noqa: RUF009 - key() declares a field, as attrs.field() does

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from attrs import evolve, frozen

from bascule.config.reader import Document, Path, dotted, read
from bascule.config.shape import Kind, key
from bascule.config.structure import in_file_order, structure
from bascule.errors import Problem
from bascule.messages import config as say_config
from bascule.messages import slo_files as say
from bascule.messages.wording import code
from bascule.slo import promql
from bascule.slo.objective import Gauge, Objective, Ratio, queries
from bascule.slo.records import Direction

API = "openslo/v1"


def _named(text: str) -> tuple[str, str] | None:
    if re.fullmatch(r"[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?", text):
        return None
    return f"{code(text)} is no name", "use a-z, 0-9, `-` and `.`, at most 63 characters"


Name = Annotated[str, Kind("a name", _named)]


@frozen(kw_only=True)
class QueryShape:
    """The query of a Prometheus source."""

    query: str = key(doc="PromQL.", example="http_requests_total")


@frozen(kw_only=True)
class SourceShape:
    """Where a metric comes from."""

    ref: str | None = key(doc="Name of a DataSource.", name="metricSourceRef", default=None)
    type: str | None = key(doc="Type of the source.", default=None, example="prometheus")
    spec: QueryShape = key(doc="The query.")


@frozen(kw_only=True)
class MetricShape:
    """One metric."""

    source: SourceShape = key(doc="Where it comes from.", name="metricSource")


@frozen(kw_only=True)
class RatioShape:
    """Good or bad of total."""

    counter: bool = key(doc="Whether the metrics are counters.", default=True, example="true")
    good: MetricShape | None = key(doc="Good requests.", default=None)
    bad: MetricShape | None = key(doc="Bad requests.", default=None)
    total: MetricShape = key(doc="All requests.")


@frozen(kw_only=True)
class SliSpecShape:
    """What is measured."""

    ratio: RatioShape | None = key(doc="A ratio.", name="ratioMetric", default=None)
    threshold: MetricShape | None = key(doc="A value.", name="thresholdMetric", default=None)


@frozen(kw_only=True)
class MetadataShape:
    """Its name."""

    name: Name = key(doc="The name.", example="checkout-availability")


@frozen(kw_only=True)
class SliShape:
    """An SLI of its own, or inline."""

    metadata: MetadataShape | None = key(doc="Its name.", default=None)
    spec: SliSpecShape = key(doc="What is measured.")


@frozen(kw_only=True)
class TargetShape:
    """One objective of an SLO."""

    op: Literal["lte", "lt", "gte", "gt"] | None = key(doc="Comparison of a threshold.", default=None, example="lte")
    value: float | None = key(doc="The threshold.", default=None, example="0.5")
    target: float | None = key(doc="Share of good requests.", default=None, example="0.999")
    percent: float | None = key(doc="The same in per cent.", name="targetPercent", default=None, example="99.9")


@frozen(kw_only=True)
class SloSpecShape:
    """What an SLO asks."""

    description: str | None = key(doc="What it is for.", default=None)
    service: str | None = key(doc="What it belongs to.", default=None)
    indicator: SliShape | None = key(doc="The SLI, inline.", default=None)
    ref: str | None = key(doc="The SLI's name.", name="indicatorRef", default=None)
    objectives: tuple[TargetShape, ...] = key(doc="The target.", default=())


@frozen(kw_only=True)
class SloShape:
    """An SLO."""

    metadata: MetadataShape = key(doc="Its name.", example="{name: checkout-availability}")
    spec: SloSpecShape = key(doc="What it asks.", example="{...}")


@frozen(kw_only=True)
class NamedShape:
    """A DataSource, of which the name is used."""

    metadata: MetadataShape = key(doc="Its name.", example="{name: prometheus}")


@frozen(kw_only=True)
class Found:
    """What a file holds: objectives, what was not used (``file:line:column: key``), and all problems."""

    objectives: tuple[Objective, ...] = ()
    ignored: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


_SOURCE: dict[str, Any] = {"metricSource": {"metricSourceRef": {}, "type": {}, "spec": {"query": {}}}}
_SLI = {"ratioMetric": {"counter": {}, "good": _SOURCE, "bad": _SOURCE, "total": _SOURCE}, "thresholdMetric": _SOURCE}
_NAME: dict[str, Any] = {"metadata": {"name": {}}}
_INDICATOR = {**_NAME, "spec": _SLI}
_TARGET: dict[str, Any] = {"op": {}, "value": {}, "target": {}, "targetPercent": {}}
_USED: dict[str, dict[str, Any]] = {
    "SLO": {
        **_NAME,
        "spec": {"description": {}, "service": {}, "indicator": _INDICATOR, "indicatorRef": {}, "objectives": _TARGET},
    },
    "SLI": _INDICATOR,
    "DataSource": _NAME,
}
_OTHERS = frozenset({"Service", "AlertPolicy", "AlertCondition", "AlertNotificationTarget"})
_SHAPES: dict[str, type] = {"SLO": SloShape, "SLI": SliShape, "DataSource": NamedShape}


def documents(text: str | bytes, path: str) -> Iterator[Document]:
    """Yield the YAML documents of a file, each with its places in the whole file."""
    if isinstance(text, bytes):
        try:
            text = text.decode()
        except UnicodeDecodeError:
            yield read(text, path)
            return
    lines = text.split("\n")
    starts = [0, *(n + 1 for n, line in enumerate(lines) if re.fullmatch(r"---\s*", line))]
    for start, end in zip(starts, [*(s - 1 for s in starts[1:]), len(lines)], strict=True):
        part = lines[start:end]
        if any(line.strip() and not line.lstrip().startswith("#") for line in part):
            yield read("\n" * start + "\n".join(part), path)
    if not any(line.strip() and not line.lstrip().startswith(("#", "---")) for line in lines):
        yield read("", path)


def load(text: str | bytes, path: str) -> Found:
    """Return the objectives of an OpenSLO file."""
    found: dict[str, dict[str, tuple[Document, Any]]] = {kind: {} for kind in _USED}
    ignored: list[str] = []
    problems: list[Problem] = []
    for doc in documents(text, path):
        if doc.problems or not isinstance(doc.data, Mapping):
            problems += doc.problems or [doc.problem((), say_config.wrong_type(doc.data, "a mapping", "write keys"))]
            continue
        if doc.data.get("apiVersion") != API:
            problems.append(doc.problem(("apiVersion",), say.not_openslo(doc.data.get("apiVersion", "missing"))))
            continue
        kind = doc.data.get("kind")
        if not isinstance(kind, str) or kind not in _USED:
            if kind in _OTHERS:
                ignored.append(f"{doc.at(('kind',))}: {say.kind_ignored(str(kind))}")
            else:
                problems.append(doc.problem(("kind",), say.unknown_kind(kind)))
            continue
        kept, left = _pruned(doc.data, _USED[kind], ())
        ignored += [f"{doc.at(p, key=True)}: {say.key_ignored(dotted(p))}" for p in left if p[0] not in _HEAD]
        record, wrong = structure(evolve(doc, data=kept), _SHAPES[kind])
        problems += wrong
        if record is None:
            continue
        name = record.metadata.name if record.metadata is not None else ""
        if name in found[kind]:
            problems.append(doc.problem(("metadata", "name"), say.twice(name, found[kind][name][0].at(("kind",)))))
            continue
        found[kind][name] = (doc, record)
    objectives = []
    for doc, slo in found["SLO"].values():
        made = _objective(doc, slo, found)
        if isinstance(made, Objective):
            objectives.append(made)
        else:
            problems += made
    if not problems and not objectives:
        problems.append(Problem(where=path, message=say.no_slo()[0], fix=say.no_slo()[1]))
    return Found(objectives=tuple(objectives), ignored=tuple(ignored), problems=in_file_order(problems))


_HEAD = frozenset({"apiVersion", "kind"})


def _pruned(data: Any, used: Mapping[str, Any], at: Path) -> tuple[Any, list[Path]]:
    """Return ``data`` with only the keys of ``used``, and the places of the others."""
    if isinstance(data, list):
        parts = [_pruned(item, used, (*at, n)) for n, item in enumerate(data)]
        return [p[0] for p in parts], [place for p in parts for place in p[1]]
    if not isinstance(data, Mapping) or not used:
        return data, []
    kept, left = {}, []
    for name, value in data.items():
        if name in used:
            kept[name], below = _pruned(value, used[name], (*at, name))
            left += below
        else:
            left.append((*at, name))
    return kept, left


Kinds = Mapping[str, Mapping[str, tuple[Document, Any]]]


def _objective(doc: Document, slo: SloShape, found: Kinds) -> Objective | list[Problem]:
    """Return the objective of one SLO, or what is wrong with it."""
    spec, here = slo.spec, ("spec",)
    if (spec.indicator is None) == (spec.ref is None):
        both = spec.ref is not None
        return [doc.problem(here, say.one_of_two("indicator", "indicatorRef", both=both))]
    if spec.ref is not None:
        if spec.ref not in found["SLI"]:
            return [doc.problem((*here, "indicatorRef"), say.no_such("SLI", spec.ref, found["SLI"]))]
        at, sli = found["SLI"][spec.ref]
        place: Path = ("spec",)
    else:
        assert spec.indicator is not None, "one of the two is there"
        at, sli, place = doc, spec.indicator, ("spec", "indicator", "spec")
    if len(spec.objectives) != 1:
        return [doc.problem((*here, "objectives"), say.one_objective(len(spec.objectives)))]
    if (sli.spec.ratio is None) == (sli.spec.threshold is None):
        both = sli.spec.ratio is not None
        return [at.problem(place, say.one_of_two("ratioMetric", "thresholdMetric", both=both))]
    target = spec.objectives[0]
    if sli.spec.ratio is not None:
        made: Ratio | Gauge | list[Problem] = _ratio(doc, at, place, target, sli.spec.ratio)
        sources = [m.source for m in (sli.spec.ratio.total, sli.spec.ratio.good, sli.spec.ratio.bad) if m is not None]
    else:
        made = _gauge(doc, target, sli.spec.threshold)
        sources = [sli.spec.threshold.source]
    problems = [] if isinstance(made, (Ratio, Gauge)) else made
    for source in sources:
        if source.type is not None and source.type.lower() != "prometheus":
            problems.append(at.problem(place, say.not_prometheus(source.type)))
        if source.ref is not None and found["DataSource"] and source.ref not in found["DataSource"]:
            problems.append(at.problem(place, say.no_such("DataSource", source.ref, found["DataSource"])))
    if problems or not isinstance(made, (Ratio, Gauge)):
        return problems
    objective = Objective(
        name=slo.metadata.name,
        service=spec.service or "",
        sli=made,
        source=sources[0].ref or "",
        where=doc.at(("metadata", "name")),
        text=spec.description or "",
    )
    wrong = faults(objective)
    return [at.problem(place, said) for said in wrong] or objective


def _ratio(doc: Document, at: Document, place: Path, target: TargetShape, ratio: RatioShape) -> Ratio | list[Problem]:
    where: Path = ("spec", "objectives", 0)
    if (target.target is None) == (target.percent is None):
        return [doc.problem(where, say.one_of_two("target", "targetPercent", both=target.target is not None))]
    if (ratio.good is None) == (ratio.bad is None):
        return [at.problem((*place, "ratioMetric"), say.one_of_two("good", "bad", both=ratio.good is not None))]
    share = target.target if target.target is not None else float(f"{(target.percent or 0.0) / 100.0:.10g}")
    if not 0.0 < share < 1.0:
        return [doc.problem(where, say.bad_target(share))]
    return Ratio(
        target=share,
        good=ratio.good.source.spec.query if ratio.good is not None else "",
        bad=ratio.bad.source.spec.query if ratio.bad is not None else "",
        total=ratio.total.source.spec.query,
        counter=ratio.counter,
    )


def _gauge(doc: Document, target: TargetShape, metric: MetricShape) -> Gauge | list[Problem]:
    if target.op is None or target.value is None:
        return [doc.problem(("spec", "objectives", 0), say.needs_op())]
    direction = Direction.UP if target.op in {"lte", "lt"} else Direction.DOWN
    return Gauge(query=metric.source.spec.query, direction=direction, limit=target.value)


def faults(objective: Objective) -> list[tuple[str, str]]:
    """Return what is wrong with an objective's queries: not countable, or not PromQL where a parser is installed."""
    try:
        made = queries(objective)
    except promql.QueryError as error:
        return [error.said]
    wrong = [(q.text, why) for q in made if (why := promql.problem(q.text)) is not None]
    return [say.bad_query(text, why) for text, why in wrong]
