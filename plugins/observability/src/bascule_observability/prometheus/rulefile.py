"""Rule files and PrometheusRules as alerts and recordings, with where each stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from attrs import field, frozen

from bascule_observability.findings import Finding
from bascule_observability.prometheus.promql import Node, NotPromQLError, duration, parse
from bascule_observability.survey import Document


@frozen(kw_only=True)
class Rule:
    """One alert or recording. Lengths in seconds; ``node`` is None where ``problem`` says why it cannot be read."""

    path: str
    group: str
    name: str
    alert: bool
    expr: str
    node: Node | None
    problem: str = ""
    hold: float = 0.0
    keep: float = 0.0
    labels: Mapping[str, str] = field(factory=dict)
    annotations: Mapping[str, str] = field(factory=dict)

    @property
    def folder(self) -> str:
        """Return the folder of its file."""
        return str(PurePosixPath(self.path).parent)

    @property
    def shown(self) -> str:
        """Return it in words."""
        return f"alert {self.name}" if self.alert else f"recording {self.name}"


@frozen(kw_only=True)
class Group:
    """One group; ``interval`` in seconds, None where the server's own holds. ``rest`` are its other settings."""

    path: str
    name: str
    interval: float | None
    rules: tuple[Rule, ...]
    rest: Mapping[str, Any]


def specs(document: Document) -> Iterator[Mapping[str, Any]]:
    """Yield the part with ``groups`` of each document: the whole of a rule file, the ``spec`` of a PrometheusRule."""
    for one in document.documents:
        spec = one.get("spec") if "apiVersion" in one else one
        if isinstance(spec, Mapping):
            yield spec


def read(document: Document) -> tuple[tuple[Group, ...], tuple[Finding, ...]]:
    """Return the groups of a file and what is malformed in it."""
    groups: list[Group] = []
    wrong: list[Finding] = []
    seen: set[tuple[int, str]] = set()
    for at, spec in enumerate(specs(document)):
        listed = spec.get("groups")
        for raw in listed if isinstance(listed, list) else _malformed(document, "`groups` is no list", wrong):
            if not isinstance(raw, Mapping) or not isinstance(raw.get("name"), str):
                _malformed(document, "a group without a name", wrong)
                continue
            if (at, raw["name"]) in seen:
                found = f"the group {raw['name']} is there twice"
                wrong.append(Finding(what="duplicate-group", path=document.path, found=found))
            seen.add((at, raw["name"]))
            groups.append(_group(document, raw, wrong))
    return tuple(groups), tuple(wrong)


def _malformed(document: Document, found: str, wrong: list[Finding]) -> tuple[()]:
    wrong.append(Finding(what="form", path=document.path, found=found))
    return ()


def _group(document: Document, raw: Mapping[str, Any], wrong: list[Finding]) -> Group:
    name = raw["name"]
    interval = duration(raw["interval"]) if "interval" in raw else None
    if "interval" in raw and interval is None:
        _malformed(document, f"the interval of group {name} is no duration", wrong)
    rules = []
    common = _texts(raw.get("labels"))
    listed = raw.get("rules", [])
    for item in listed if isinstance(listed, list) else _malformed(document, f"rules of {name} are no list", wrong):
        rule = _rule(document, name, item, common)
        if rule is None:
            _malformed(document, f"a rule of group {name} with neither a name nor an expression", wrong)
        else:
            for key in ("for", "keep_firing_for"):
                if duration(item.get(key)) is None:
                    _malformed(document, f"{rule.shown}: `{key}` is no duration", wrong)
            rules.append(rule)
    rest = {k: v for k, v in raw.items() if k not in {"name", "interval", "rules", "labels"}}
    return Group(path=document.path, name=name, interval=interval, rules=tuple(rules), rest=rest)


def _rule(document: Document, group: str, raw: object, common: Mapping[str, str]) -> Rule | None:
    if not isinstance(raw, Mapping):
        return None
    name = raw.get("alert") or raw.get("record")
    expr = raw.get("expr")
    if not isinstance(name, str) or isinstance(expr, bool) or not isinstance(expr, str | int | float):
        return None
    node, problem = None, ""
    try:
        node = parse(str(expr))
    except NotPromQLError as error:
        problem = str(error)
    return Rule(
        path=document.path, group=group, name=name, alert="alert" in raw, expr=str(expr), node=node, problem=problem,
        hold=duration(raw.get("for")) or 0.0, keep=duration(raw.get("keep_firing_for")) or 0.0,
        labels={**common, **_texts(raw.get("labels"))}, annotations=_texts(raw.get("annotations")),
    )  # fmt: skip


def _texts(raw: object) -> dict[str, str]:
    return {str(k): str(v) for k, v in raw.items()} if isinstance(raw, Mapping) else {}
