"""Rules over files by their kind, and over what alerts and recordings say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bascule.kit import Answer, Ask, allow, block
from bascule_observability.book import book
from bascule_observability.findings import allowing, judged, listed
from bascule_observability.prometheus.compare import KINDS
from bascule_observability.prometheus.promql import duration
from bascule_observability.survey import KINDS as FILES

_NAMES = {"type": "array", "uniqueItems": True, "items": {"type": "string", "minLength": 1, "maxLength": 100}}
_LENGTH = {"type": "string", "pattern": "^([0-9]+(ms|s|m|h|d|w))+$"}
_ORDER = ("critical", "error", "warning", "info")


@book.rule(
    "kinds",
    "Every changed file is of a kind that this scenario judges, and of the listed ones.",
    {"only": {"type": "array", "minItems": 1, "uniqueItems": True, "items": {"enum": list(FILES)}}},
    needs="observability/kinds",
)
def kinds(ask: Ask) -> Answer:
    """Judge what kind of file each changed path is."""
    only = set(ask.params.get("only", FILES))
    files = ask.evidence["files"]
    bad = [f for f in files if f["kind"] not in only]
    if bad:
        return block(
            listed(f"{f['path']} is {FILES.get(f['kind'], f['why'])}" for f in bad),
            expected=f"only {', '.join(k for k in FILES if k in only)}",
            fix="split them into a change that a person reviews, or let another pack judge these files",
            paths=[f["path"] for f in bad],
        )
    return allow(f"{len(files)} files, each of a kind that is judged")


@book.rule(
    "prom-semantic",
    "No alert fires less than before, and new alerts say what they must.",
    {
        "allow": allowing(KINDS),
        "severity": {**_NAMES, "minItems": 2},
        "for": {
            "type": "object", "additionalProperties": False, "minProperties": 1,
            "properties": {"factor": {"type": "number", "minimum": 1}, "most": _LENGTH},
        },
        "labels": _NAMES,
        "annotations": _NAMES,
    },
    needs="observability/prom",
)  # fmt: skip
def prom_semantic(ask: Ask) -> Answer:
    """Judge findings by kind, after those that the parameters weigh."""
    found = [f for f in ask.evidence["findings"] if not _passes(f, ask.params)]
    found += _missing(ask)
    alerts, files = len(ask.evidence["alerts"]), len(ask.evidence["files"])
    fine = f"{files} rule files, {alerts} alerts new or changed, none fires less" if files else "no rule file changed"
    return judged(ask, KINDS, found, fine)


def _passes(finding: Mapping[str, Any], params: Mapping[str, Any]) -> bool:
    """Return whether a finding that is a matter of degree is within what the pack lets pass."""
    if finding["what"] == "severity":
        order = [s.lower() for s in params.get("severity", _ORDER)]
        was, now = finding["before"].lower(), finding["after"].lower()
        return was in order and now in order and order.index(now) < order.index(was)
    if finding["what"] == "for" and "for" in params:
        limit = params["for"]
        most = duration(limit.get("most"))
        within = finding["after"] <= finding["before"] * limit.get("factor", float("inf"))
        return within and ("most" not in limit or (most is not None and finding["after"] <= most))
    return False


def _missing(ask: Ask) -> Iterator[Mapping[str, Any]]:
    for alert in ask.evidence["alerts"]:
        for what, key in (("missing-label", "labels"), ("missing-annotation", "annotations")):
            gone = [n for n in ask.params.get(key, ()) if n not in alert[key]]
            if gone:
                found = f"alert {alert['name']} has no {what.partition('-')[2]} {', '.join(gone)}"
                yield {"what": what, "path": alert["path"], "found": found}
