"""Rules over dashboards, Alertmanager and objectives."""

from __future__ import annotations

from fnmatch import fnmatchcase

from bascule.kit import Answer, Ask
from bascule_observability import slo as objectives
from bascule_observability.alertmanager import compare as alerting
from bascule_observability.book import book
from bascule_observability.findings import allowing, judged
from bascule_observability.grafana import dashboards

_GLOBS = {"type": "array", "items": {"type": "string", "minLength": 1, "maxLength": 200}}


@book.rule(
    "grafana",
    "Dashboards are whole, ask what can be asked of data sources that exist, and none is lost.",
    {"allow": allowing(dashboards.KINDS), "datasources": _GLOBS},
    needs="observability/grafana",
)
def grafana(ask: Ask) -> Answer:
    """Judge dashboards; ``datasources`` are globs of uids and names that exist though nobody here provisions them."""
    exist = ask.params.get("datasources", ())
    found = [f for f in ask.evidence["findings"] if not any(fnmatchcase(f.get("name", ""), g) for g in exist)]
    files = ask.evidence["files"]
    fine = f"{len(files)} dashboards and provisioning files, nothing to object" if files else "no dashboard changed"
    return judged(ask, dashboards.KINDS, found, fine)


@book.rule(
    "slo", "No objective asks less than before.", {"allow": allowing(objectives.KINDS)}, needs="observability/slo"
)
def slo(ask: Ask) -> Answer:
    """Judge OpenSLO files."""
    files = ask.evidence["files"]
    fine = f"{len(files)} SLO files, none asks less" if files else "no SLO file changed"
    return judged(ask, objectives.KINDS, ask.evidence["findings"], fine)


@book.rule(
    "alertmanager",
    "amtool accepts the configuration, no receiver is lost, and alerts still reach those whom they reached.",
    {"allow": allowing(alerting.KINDS)},
    needs="observability/alertmanager",
)
def alertmanager(ask: Ask) -> Answer:
    """Judge Alertmanager's configuration."""
    data = ask.evidence
    more = f" of {data['samples']}" if data["samples"] > data["tried"] else ""
    fine = (
        f"{len(data['files'])} configurations; {data['tried']}{more} label sets reach the receivers that they reached"
    )
    return judged(
        ask, alerting.KINDS, data["findings"], fine if data["files"] else "no Alertmanager configuration changed"
    )
