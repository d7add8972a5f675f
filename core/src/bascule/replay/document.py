"""The report as the document that ``--json`` prints (docs/how-to/replay.md); keys are only added within a version."""

from __future__ import annotations

from typing import Any

from bascule import wire
from bascule.messages.wording import shown
from bascule.replay.records import About, Judged, Opinion, Outcome, Policy, Report, Shown
from bascule.replay.reverts import Revert

SCHEMA_VERSION = 1


def document(report: Report) -> dict[str, Any]:
    """Return ``report`` as JSON data; ``compared_with`` is null and changes have no ``other`` without ``--diff``."""
    return {
        "schema_version": SCHEMA_VERSION,
        "repository": _about(report.about),
        "policy": _policy(report.policy),
        "compared_with": None if report.other is None else _policy(report.other),
        "seconds": round(report.seconds, 3),
        "totals": {
            "changes": len(report.changes),
            **{o.value: report.count(o) for o in Outcome},
            "reverted": len(report.reverted),
            "reinstated": len(report.reinstated),
            "differences": None if report.other is None else len(report.differences),
        },
        "scenarios": [wire.dump(row) for row in report.rows],
        "reasons": [{"label": label, "changes": number} for label, number in report.reasons],
        "unclaimed": [{"folder": shown(name), "changes": number} for name, number in report.unclaimed],
        "unknown": {
            "lines": report.uncounted,
            "branch": not report.about.branch,
            "skipped": report.skipped,
            "plugins": [{"name": name, "reason": reason} for name, reason in report.broken],
        },
        "changes": [_judged(c) for c in report.changes],
    }


def document_of(one: Shown) -> dict[str, Any]:
    """Return one change with its whole verdict as JSON data; ``verdict`` is null where no pack binds it."""
    change = one.change
    return {
        "schema_version": SCHEMA_VERSION,
        "repository": _about(one.about),
        "policy": _policy(one.policy),
        "change": {
            "sha": change.head_sha,
            "number": change.number or None,
            "title": change.title,
            "at": change.read_at.isoformat(),
            "files": [shown(p, limit=4096) for p in change.paths],
        },
        "outcome": one.outcome.value,
        "verdict": wire.dump(one.verdict),
        "reverted": _revert(one.reverted),
    }


def _about(about: About) -> dict[str, Any]:
    return {
        "name": shown(about.name),
        "branch": shown(about.branch) or None,
        "tip": about.tip,
        "shallow": about.shallow,
        "partial": about.partial,
    }


def _policy(policy: Policy) -> dict[str, Any]:
    return {
        "origin": policy.origin,
        "place": shown(policy.place, limit=4096) or None,
        "packs": [
            {"name": p.name, "scenario": p.scenario, "mode": p.mode.value, "path": p.path, "sha256": p.sha256}
            for p in policy.packs
        ],
    }


def _judged(change: Judged) -> dict[str, Any]:
    data: dict[str, Any] = {
        "sha": change.sha,
        "number": change.number or None,
        "title": change.title,
        "at": change.at.isoformat(),
        "author": change.author,
        **_opinion(change.opinion),
        "reverted": _revert(change.reverted),
    }
    if change.other is not None:
        data["other"] = _opinion(change.other)
    return data


def _opinion(opinion: Opinion) -> dict[str, Any]:
    return {
        "outcome": opinion.outcome.value,
        "scenarios": list(opinion.scenarios),
        "packs": list(opinion.packs),
        "reasons": [
            {
                "rule": r.rule, "id": r.id, "status": r.status, "label": r.label, "found": r.found,
                "expected": r.expected, "fix": r.fix, "where": r.where,
            }
            for r in opinion.reasons
        ],
    }  # fmt: skip


def _revert(revert: Revert | None) -> dict[str, Any] | None:
    if revert is None:
        return None
    return {
        "by": revert.by,
        "how": revert.how,
        "seconds": revert.seconds,
        "in_part": revert.part,
        "undone_by": revert.undone_by,
    }
