"""Dashboards before and after: their form, their uids, the data sources they name and the queries they ask."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from attrs import frozen

from bascule_observability.findings import Finding, as_data, short
from bascule_observability.grafana import sources
from bascule_observability.grafana.queries import problem
from bascule_observability.prometheus.compare import LOGQL
from bascule_observability.survey import Document, Survey

KINDS: Mapping[str, str] = {
    "unread": "a file that cannot be read, or is no dashboard",
    "form": "what Grafana does not take as a dashboard",
    "panel-ids": "two panels of one id",
    "uid": "a uid that is missing, changed, or taken by another dashboard of this repository",
    "removed": "a dashboard goes",
    "emptied": "every panel goes",
    "query": "a query that is not PromQL",
    "datasource": "a data source that nobody provisions",
    **sources.KINDS,
}
_BUILT_IN = frozenset({"", "-- Grafana --", "-- Mixed --", "-- Dashboard --", "grafana", "default", "__expr__", "-100"})
_UID = 40
"""Characters of a uid that Grafana takes."""


@frozen(kw_only=True)
class Reference:
    """A data source as a panel names it: ``name`` is its uid or name, ``type`` its plugin, both perhaps empty."""

    name: str
    type: str


def evidence(survey: Survey) -> dict[str, Any]:
    """Return ``files`` and ``findings``; those of data sources carry the ``name`` that they are about.

    Raises:
        RehearsalError: too many files or findings.
    """
    dashboards = survey.of_kind("dashboard")
    provisioned = survey.of_kind("datasources")
    found = [f for path, old, new in provisioned for f in sources.compare(path, old, new)]
    named = {path for path, _, _ in dashboards}
    strangers = (survey.read(survey.trees.after, p) for p in survey.claimed if p.endswith(".json") and p not in named)
    for document in strangers:
        if document is not None:
            found.append(Finding(what="unread", path=document.path, found=document.said))
    found += [
        Finding(what="unread", path=d.path, found=d.said) for d in survey.broken("datasources")
        if d.path not in {p for p, _, _ in provisioned}
    ]  # fmt: skip
    if dashboards:
        known = sources.provisioned(survey)
        for path, old, new in dashboards:
            found += _judged(survey, path, old, new, known)
    files = [*named, *(p for p, _, _ in provisioned)]
    return {"files": sorted(files)[:3000], "findings": as_data(found)}


def whole(document: Document | None) -> dict[str, Any]:
    """Return the dashboard itself: as exported by the API it lies one level deeper."""
    if document is None or not document.documents:
        return {}
    made = document.documents[0]
    inner = made.get("dashboard")
    return dict(inner) if isinstance(inner, dict) else dict(made)


def panels(dashboard: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield every panel, also of rows, new style and old."""
    for place in (dashboard, *_dicts(dashboard.get("rows"))):
        for panel in _dicts(place.get("panels")):
            yield panel
            yield from _dicts(panel.get("panels"))


def _dicts(value: object) -> list[dict[str, Any]]:
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []


def _judged(
    survey: Survey, path: str, old: Document | None, new: Document | None, known: Mapping[str, str]
) -> Iterator[Finding]:
    if new is not None and new.broken:
        yield Finding(what="unread", path=path, found=new.said)
        return
    before, after = whole(old), whole(new)
    if new is None:
        if not _elsewhere(survey, path, before.get("uid")):
            shown = f"dashboard {before.get('title') or path} is gone"
            yield Finding(what="removed", path=path, found=shown)
        return
    had = {f.found for f in _alone(path, before, known)} if before else set()
    yield from (f for f in _alone(path, after, known) if f.found not in had)
    uid = after.get("uid")
    if before and before.get("uid") and before["uid"] != uid:
        yield Finding(what="uid", path=path, found=f"{path}: uid {before['uid']} became {uid or 'none'}")
    other = _elsewhere(survey, path, uid) if uid != before.get("uid") or not before else ""
    if other:
        yield Finding(what="uid", path=path, found=f"{path}: {other} has the uid {uid} too")
    if any(True for _ in panels(before)) and not any(True for _ in panels(after)):
        yield Finding(what="emptied", path=path, found=f"{path}: no panel is left")


def _elsewhere(survey: Survey, path: str, uid: object) -> str:
    """Return another dashboard of the new side with this uid, empty where there is none."""
    if not isinstance(uid, str) or not uid:
        return ""
    tree = survey.trees.after
    paths = [p for p in tree.files() if p.endswith(".json") and p != path]
    for other, raw in tree.read_all(p for p in paths if tree.entries[p].size <= survey.largest).items():
        if uid.encode() in raw:
            document = survey.read(tree, other)
            if document is not None and document.kind == "dashboard" and whole(document).get("uid") == uid:
                return other
    return ""


def _alone(path: str, dashboard: Mapping[str, Any], known: Mapping[str, str]) -> Iterator[Finding]:
    """Yield what is wrong with one dashboard by itself."""

    def finding(what: str, words: str, **facts: Any) -> Finding:
        return Finding(what=what, path=path, found=f"{path}: {words}", facts=facts)

    title, uid = dashboard.get("title"), dashboard.get("uid")
    if not isinstance(title, str) or not title.strip():
        yield finding("form", "no title")
    if not isinstance(uid, str) or not uid:
        yield finding("uid", "no uid, so that every import makes another dashboard")
    elif len(uid) > _UID:
        yield finding("uid", f"a uid of {len(uid)} characters; Grafana takes {_UID}")
    version = dashboard.get("schemaVersion")
    if not isinstance(version, int) or isinstance(version, bool):
        yield finding("form", "no schemaVersion")
    if not isinstance(dashboard.get("panels", dashboard.get("rows")), list):
        yield finding("form", "no list of panels")
    seen: set[object] = set()
    for panel in panels(dashboard):
        shown = short(str(panel.get("title") or panel.get("id") or "a panel"), 60)
        if not isinstance(panel.get("type"), str) and "libraryPanel" not in panel:
            yield finding("form", f"panel `{shown}` has no type")
        number = panel.get("id")
        if isinstance(number, int) and number in seen:
            yield finding("panel-ids", f"panel id {number} is there twice")
        seen.add(number if isinstance(number, int) else None)
    yield from _asked(dashboard, known, finding)


def _asked(dashboard: Mapping[str, Any], known: Mapping[str, str], finding: Any) -> Iterator[Finding]:
    variables = _variables(dashboard)
    missing: dict[str, None] = {}
    for panel in (*panels(dashboard), *_dicts((dashboard.get("annotations") or {}).get("list"))):
        own = _reference(panel.get("datasource"))
        shown = short(str(panel.get("title") or panel.get("name") or panel.get("id")), 60)
        for target in (panel, *_dicts(panel.get("targets"))):
            reference = _reference(target["datasource"]) if target.get("datasource") else own
            kind = _type(reference, variables, known)
            if kind is None:
                missing[reference.name] = None
            query = target.get("expr")
            if (
                isinstance(query, str)
                and query.strip()
                and kind in {"prometheus", "", None}
                and (why := problem(query))
            ):
                if kind != "prometheus" and LOGQL.search(query):
                    continue
                yield finding("query", f"panel `{shown}` asks `{short(query, 80)}`, which is not PromQL: {why}")
    for name in missing:
        yield finding("datasource", f"nobody provisions the data source {name}", name=name)


def _reference(value: object) -> Reference:
    if isinstance(value, dict):
        return Reference(name=str(value.get("uid") or ""), type=str(value.get("type") or ""))
    return Reference(name=value if isinstance(value, str) else "", type="")


def _variables(dashboard: Mapping[str, Any]) -> dict[str, str]:
    """Return the types of the data sources that variables and inputs of the dashboard stand for."""
    found = {}
    for one in _dicts((dashboard.get("templating") or {}).get("list")):
        if one.get("type") == "datasource":
            found[str(one.get("name"))] = str(one.get("query") or "")
    for one in _dicts(dashboard.get("__inputs")):
        if one.get("type") == "datasource":
            found[str(one.get("name"))] = str(one.get("pluginId") or "")
    return found


def _type(reference: Reference, variables: Mapping[str, str], known: Mapping[str, str]) -> str | None:
    """Return the plugin of a data source, empty where it is not known, None where the data source is not."""
    name = reference.name
    if name.startswith(("$", "[[")):
        inner = name.strip("${}[]").partition(":")[0]
        return reference.type or variables[inner] if inner in variables else None
    if name in _BUILT_IN or reference.type in {"datasource", "grafana", "__expr__"}:
        return reference.type
    return reference.type or known[name] if name in known else None
