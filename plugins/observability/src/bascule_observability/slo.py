"""OpenSLO documents before and after: whether an objective asks less."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from bascule_observability.findings import Finding, as_data
from bascule_observability.survey import Document, Survey

KINDS: Mapping[str, str] = {
    "unread": "a file that cannot be read",
    "form": "what OpenSLO v1 does not know",
    "removed": "a document goes",
    "objective-removed": "an objective goes",
    "target": "a target is lower",
    "window": "the time window is another one, longer or not comparable",
    "indicator": "what is measured, or how, changes",
    "alerting": "alert policies go or change",
}
_KINDS = frozenset({
    "SLO", "SLI", "Service", "DataSource", "AlertPolicy", "AlertCondition", "AlertNotificationTarget",
})  # fmt: skip
_LENGTH = re.compile(r"(\d+)\s*(m|h|d|w|M|Q|Y)")
_MINUTES = {"m": 1, "h": 60, "d": 1440, "w": 10080, "M": 43200, "Q": 129600, "Y": 525600}
"""A month counts as 30 days, a quarter as three of them, a year as 365."""


def evidence(survey: Survey) -> dict[str, Any]:
    """Return ``files`` and ``findings`` of changed OpenSLO files. A document that moves to another file stays."""
    files = survey.of_kind("slo")
    found = [Finding(what="unread", path=d.path, found=d.said) for d in survey.broken("slo")]
    before: dict[str, tuple[str, Mapping[str, Any]]] = {}
    after: dict[str, tuple[str, Mapping[str, Any]]] = {}
    for path, old, new in files:
        if new is not None and new.broken:
            continue
        known = {f.found for f in _form(path, old)}
        found += [f for f in _form(path, new) if f.found not in known]
        for side, document in ((before, old), (after, new)):
            for one in document.documents if document is not None and not document.broken else ():
                name = (one.get("metadata") or {}).get("name")
                side[f"{one.get('kind')} {name}"] = (path, one)
    for key, (path, was) in before.items():
        if key not in after:
            found.append(Finding(what="removed", path=path, found=f"{key} is gone"))
        elif was.get("kind") == "SLO":
            found += _slo(key, after[key][0], was, after[key][1])
        elif was.get("spec") != after[key][1].get("spec") and was.get("kind") != "Service":
            what = "alerting" if str(was.get("kind")).startswith("Alert") else "indicator"
            found.append(Finding(what=what, path=after[key][0], found=f"{key} changed"))
    return {"files": [f[0] for f in files][:3000], "findings": as_data(found)}


def _form(path: str, document: Document | None) -> Iterator[Finding]:
    for one in document.documents if document is not None else ():
        name = (one.get("metadata") or {}).get("name") if isinstance(one.get("metadata"), dict) else None
        said = []
        if one.get("apiVersion") != "openslo/v1":
            said.append(f"apiVersion {one.get('apiVersion')} instead of openslo/v1")
        if one.get("kind") not in _KINDS:
            said.append(f"kind {one.get('kind')}")
        if not isinstance(name, str) or not name:
            said.append("no metadata.name")
        if one.get("kind") == "SLO":
            said += _spec(one.get("spec"))
        for words in said:
            yield Finding(what="form", path=path, found=f"{path}: {name or 'a document'}: {words}")


def _spec(spec: object) -> Iterator[str]:
    if not isinstance(spec, dict):
        yield "no spec"
        return
    objectives = spec.get("objectives")
    if not isinstance(objectives, list) or not objectives or not all(isinstance(o, dict) for o in objectives):
        yield "no list of objectives"
    else:
        for one in objectives:
            target = _target(one)
            if target is None or not 0 < target < 1:
                yield "an objective whose target is not above 0 and below 1 (targetPercent: 100)"
    if "indicator" not in spec and "indicatorRef" not in spec and not _composite(spec):
        yield "neither indicator nor indicatorRef"
    if spec.get("budgetingMethod") not in {"Occurrences", "Timeslices", "RatioTimeslices"}:
        yield "budgetingMethod is none of Occurrences, Timeslices, RatioTimeslices"
    if _window(spec) is None:
        yield "no timeWindow with a duration"


def _composite(spec: Mapping[str, Any]) -> bool:
    objectives = spec.get("objectives")
    return isinstance(objectives, list) and all(
        isinstance(o, dict) and ("indicator" in o or "indicatorRef" in o) for o in objectives
    )


def _target(objective: Mapping[str, Any]) -> float | None:
    for key, size in (("target", 1), ("targetPercent", 100)):
        value = objective.get(key)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return round(value / size, 12)
    return None


def _window(spec: Mapping[str, Any]) -> int | None:
    """Return the length of the one time window in minutes, None where it is not stated."""
    windows = spec.get("timeWindow")
    first = windows[0] if isinstance(windows, list) and windows else None
    found = _LENGTH.fullmatch(str(first.get("duration"))) if isinstance(first, dict) else None
    return int(found[1]) * _MINUTES[found[2]] if found else None


def _slo(key: str, path: str, was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Finding]:
    def finding(what: str, words: str) -> Finding:
        return Finding(what=what, path=path, found=f"{key}: {words}")

    old, new = was.get("spec"), now.get("spec")
    if not isinstance(old, dict) or not isinstance(new, dict):
        return
    yield from (finding(what, words) for what, words in _objectives(old, new))
    before, after = _window(old), _window(new)
    if old.get("timeWindow") != new.get("timeWindow"):
        same = _besides(old) == _besides(new)
        if before is None or after is None or after > before or not same:
            yield finding("window", f"window of {_shown(before)} became {_shown(after)}")
    measured = [k for k in ("indicator", "indicatorRef", "budgetingMethod", "service") if old.get(k) != new.get(k)]
    if measured:
        yield finding("indicator", f"{', '.join(measured)} changed")
    if old.get("alertPolicies") != new.get("alertPolicies"):
        yield finding("alerting", "alertPolicies changed")


def _besides(spec: Mapping[str, Any]) -> list[Any]:
    windows = spec.get("timeWindow")
    return [{k: v for k, v in w.items() if k != "duration"} for w in windows or () if isinstance(w, dict)]


def _shown(minutes: int | None) -> str:
    return "no length" if minutes is None else f"{minutes / 1440:g} days"


def _objectives(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    sides = [[o for o in s.get("objectives") or () if isinstance(o, dict)] for s in (old, new)]
    named = [{str(o.get("displayName") or at): o for at, o in enumerate(side)} for side in sides]
    for name, was in named[0].items():
        now = named[1].get(name)
        if now is None:
            yield "objective-removed", f"objective {name} is gone"
            continue
        before, after = _target(was), _target(now)
        if before is not None and (after is None or after < before):
            yield "target", f"target {before:g} became {after if after is not None else 'none'}"
        rest = [{k: v for k, v in o.items() if k not in {"target", "targetPercent", "displayName"}} for o in (was, now)]
        if rest[0] != rest[1]:
            keys = sorted(k for k in {*rest[0], *rest[1]} if rest[0].get(k) != rest[1].get(k))
            yield "indicator", f"objective {name}: {', '.join(keys)} changed"
