"""Specifications of Sloth and Pyrra, turned into OpenSLO.

Sloth: ``version: prometheus/v1`` and the Kubernetes form ``PrometheusServiceLevel`` of ``sloth.slok.dev/v1``
(https://sloth.dev/specs/default/). Pyrra: ``ServiceLevelObjective`` of ``pyrra.dev/v1alpha1``
(https://github.com/pyrra-dev/pyrra). Alerting is not carried over: a watch has its own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from bascule.config.reader import Document, Path
from bascule.errors import ConfigError, Problem
from bascule.messages import config as say_config
from bascule.messages import slo_files as say
from bascule.slo.openslo import API, documents

SLOTH, PYRRA = "sloth.slok.dev/v1", "pyrra.dev/v1alpha1"
_WINDOW = re.compile(r"\{\{\s*\.window\s*\}\}")


class _Wrong(Exception):
    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def to_openslo(text: str | bytes, path: str) -> list[dict[str, Any]]:
    """Return the objectives of a Sloth or Pyrra file as OpenSLO data, one mapping each.

    Raises:
        ConfigError: when it is neither, or an objective cannot be carried over; all problems are in it.
    """
    out: list[dict[str, Any]] = []
    problems: list[Problem] = []
    for doc in documents(text, path):
        if doc.problems:
            problems += doc.problems
            continue
        try:
            out += _document(doc)
        except _Wrong as wrong:
            problems.append(wrong.problem)
    if problems:
        raise ConfigError(f"{path} cannot be turned into OpenSLO", problems, hint="mend what is listed below")
    return out


def _document(doc: Document) -> Iterator[dict[str, Any]]:
    data = doc.data if isinstance(doc.data, Mapping) else {}
    if data.get("version") == "prometheus/v1":
        yield from _sloth(doc, (), camel=False)
    elif data.get("apiVersion") == SLOTH and data.get("kind") == "PrometheusServiceLevel":
        yield from _sloth(doc, ("spec",), camel=True)
    elif data.get("apiVersion") == PYRRA and data.get("kind") == "ServiceLevelObjective":
        yield _pyrra(doc)
    else:
        found = f"`apiVersion` {data.get('apiVersion', 'missing')}, `kind` {data.get('kind', 'missing')}"
        raise _Wrong(doc.problem((), say.unknown_format(found)))


def _get(doc: Document, path: Path, kind: type | tuple[type, ...], expected: str) -> Any:
    """Return the value at ``path``."""
    value: Any = doc.data
    for done, part in enumerate(path):
        ok = isinstance(value, Mapping) if isinstance(part, str) else isinstance(value, list)
        if not ok or (isinstance(value, Mapping) and part not in value):
            raise _Wrong(doc.problem(path[:done], say_config.missing_key(str(part), expected)))
        value = value[part]
    if not isinstance(value, kind) or isinstance(value, bool):
        raise _Wrong(doc.problem(path, say_config.wrong_type(value, expected, f"write {expected}")))
    return value


def _has(doc: Document, path: Path) -> bool:
    value: Any = doc.data
    for part in path:
        if not isinstance(value, Mapping) or part not in value:
            return False
        value = value[part]
    return True


def _sloth(doc: Document, top: Path, *, camel: bool) -> Iterator[dict[str, Any]]:
    service = str(_get(doc, (*top, "service"), str, "text"))
    slos = _get(doc, (*top, "slos"), list, "a list of objectives")

    def name(snake: str) -> str:
        head, *rest = snake.split("_")
        return head + "".join(w.capitalize() for w in rest) if camel else snake

    for at, slo in enumerate(slos):
        here: Path = (*top, "slos", at)
        target = float(_get(doc, (*here, "objective"), (int, float), "a number, such as 99.9"))
        title = str(_get(doc, (*here, "name"), str, "text"))
        sli = slo.get("sli") if isinstance(slo, Mapping) else None
        if isinstance(sli, Mapping) and "plugin" in sli:
            plugin = sli["plugin"].get("id", "") if isinstance(sli["plugin"], Mapping) else ""
            raise _Wrong(doc.problem((*here, "sli", "plugin"), say.plugin_sli(str(plugin))))
        text = str(slo.get("description", "")) if isinstance(slo, Mapping) else ""
        if isinstance(sli, Mapping) and "raw" in sli:
            query = str(_get(doc, (*here, "sli", "raw", name("error_ratio_query")), str, "a query"))
            metric = {"thresholdMetric": _metric(_WINDOW.sub("5m", query))}
            goal = {"op": "lte", "value": _round(1.0 - target / 100.0), "target": _round(target / 100.0)}
        else:
            bad = str(_get(doc, (*here, "sli", "events", name("error_query")), str, "a query"))
            total = str(_get(doc, (*here, "sli", "events", name("total_query")), str, "a query"))
            metric = _counts("bad", _WINDOW.sub("1m", bad), _WINDOW.sub("1m", total))
            goal = {"target": _round(target / 100.0)}
        yield _slo(f"{service}-{title}", service, text, metric, goal)


def _pyrra(doc: Document) -> dict[str, Any]:
    name = str(_get(doc, ("metadata", "name"), str, "text"))
    target = _get(doc, ("spec", "target"), (str, int, float), "a percentage, such as '99.9'")
    try:
        share = _round(float(target) / 100.0)
    except ValueError:
        expected = "a percentage, such as '99.9'"
        raise _Wrong(
            doc.problem(("spec", "target"), say_config.wrong_type(target, expected, f"write {expected}"))
        ) from None
    at: Path = ("spec", "indicator")
    _get(doc, at, dict, "one of ratio, latency, latencyNative, bool_gauge")
    if _has(doc, (*at, "ratio")):
        bad = str(_get(doc, (*at, "ratio", "errors", "metric"), str, "a metric"))
        total = str(_get(doc, (*at, "ratio", "total", "metric"), str, "a metric"))
        metric = _counts("bad", bad, total)
    elif _has(doc, (*at, "latency")):
        good = str(_get(doc, (*at, "latency", "success", "metric"), str, "a metric"))
        total = str(_get(doc, (*at, "latency", "total", "metric"), str, "a metric"))
        metric = _counts("good", good, total)
    elif _has(doc, (*at, "latencyNative")):
        series = str(_get(doc, (*at, "latencyNative", "total", "metric"), str, "a metric"))
        limit = _seconds(doc, (*at, "latencyNative", "latency"))
        counted = f"increase({series}[1m])"
        good = f"sum(histogram_fraction(0, {limit:g}, {counted}) * histogram_count({counted}))"
        metric = _counts("good", good, f"sum(histogram_count({counted}))")
    elif _has(doc, (*at, "bool_gauge")):
        series = str(_get(doc, (*at, "bool_gauge", "metric"), str, "a metric"))
        metric = _counts("good", f"sum(sum_over_time({series}[1m]))", f"sum(count_over_time({series}[1m]))")
    else:
        raise _Wrong(doc.problem(at, say.unknown_format("no indicator that is known")))
    text = str(doc.data["spec"].get("description", ""))
    service = str(_get(doc, ("metadata", "namespace"), str, "text")) if _has(doc, ("metadata", "namespace")) else ""
    return _slo(name, service, text, metric, {"target": share})


def _seconds(doc: Document, path: Path) -> float:
    text = str(_get(doc, path, str, "a duration, such as 100ms"))
    parts = re.findall(r"(\d+(?:\.\d+)?)(ms|s|m|h)", text)
    if not parts or "".join(n + u for n, u in parts) != text:
        expected = "a duration, such as 100ms"
        raise _Wrong(doc.problem(path, say_config.wrong_type(text, expected, f"write {expected}")))
    return sum(float(n) * {"ms": 0.001, "s": 1, "m": 60, "h": 3600}[u] for n, u in parts)


def _round(share: float) -> float:
    return float(f"{share:.10g}")


def _metric(query: str) -> dict[str, Any]:
    return {"metricSource": {"type": "prometheus", "spec": {"query": query}}}


def _counts(role: str, part: str, total: str) -> dict[str, Any]:
    return {"ratioMetric": {"counter": True, role: _metric(part), "total": _metric(total)}}


def _slo(name: str, service: str, text: str, metric: Mapping[str, Any], goal: Mapping[str, Any]) -> dict[str, Any]:
    clean = re.sub(r"[^a-z0-9.-]+", "-", name.lower()).strip("-.")[:63]
    spec: dict[str, Any] = {"description": " ".join(text.split())} if text.strip() else {}
    if service:
        spec["service"] = service
    spec["indicator"] = {"metadata": {"name": clean}, "spec": dict(metric)}
    spec["budgetingMethod"] = "Occurrences"
    spec["objectives"] = [dict(goal)]
    return {"apiVersion": API, "kind": "SLO", "metadata": {"name": clean}, "spec": spec}


_WORDS = frozenset({"apiVersion", "kind", "type", "budgetingMethod", "op"})


def as_yaml(slos: list[dict[str, Any]]) -> str:
    """Return the objectives as one YAML file."""
    return "---\n".join("\n".join(_lines(slo, 0)) + "\n" for slo in slos)


def _lines(value: Mapping[str, Any], depth: int) -> Iterator[str]:
    for key, below in value.items():
        if isinstance(below, Mapping):
            yield f"{'  ' * depth}{key}:"
            yield from _lines(below, depth + 1)
        elif isinstance(below, list):
            yield f"{'  ' * depth}{key}:"
            for item in below:
                first, *rest = _lines(item, depth + 1)
                yield f"{'  ' * depth}- {first.strip()}"
                yield from rest
        else:
            # A JSON string is a YAML string, whatever is in it.
            yield f"{'  ' * depth}{key}: {below if key in _WORDS else json.dumps(below, ensure_ascii=False)}"
