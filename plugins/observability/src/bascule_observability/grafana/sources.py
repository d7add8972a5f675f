"""Provisioned data sources before and after. Of what they hold only names are told: the rest may be a credential."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bascule_observability.findings import Finding
from bascule_observability.survey import Document, Survey

KINDS: Mapping[str, str] = {
    "source-added": "a data source is new",
    "source-removed": "a data source goes",
    "source-address": "a data source's address, plugin, uid or access changes",
    "source-credentials": "a data source's credentials change",
    "source-settings": "other settings of a data source change",
}
_ADDRESS = frozenset({"url", "type", "uid", "access", "database", "orgId"})
_CREDENTIALS = frozenset({
    "user", "password", "basicAuth", "basicAuthUser", "basicAuthPassword", "secureJsonData", "withCredentials",
})  # fmt: skip


def provisioned(survey: Survey) -> dict[str, str]:
    """Return the plugin of every data source that the new side provisions, by name and by uid."""
    found = {}
    for document in survey.all_of(survey.trees.after, "datasources"):
        for source in _listed(document).values():
            for key in (source.get("name"), source.get("uid")):
                if isinstance(key, str):
                    found[key] = str(source.get("type") or "")
    return found


def compare(path: str, old: Document | None, new: Document | None) -> Iterator[Finding]:
    """Yield what differs between two provisioning files, without a value."""
    if new is not None and new.broken:
        yield Finding(what="unread", path=path, found=new.said)
        return
    before, after = _listed(old), _listed(new)
    for name in sorted({*before, *after}):
        was, now = before.get(name), after.get(name)
        if was is None or now is None:
            what, did = ("source-added", "is new") if was is None else ("source-removed", "is gone")
            yield Finding(what=what, path=path, found=f"{path}: data source {name} {did}")
            continue
        keys = sorted(k for k in {*was, *now} if was.get(k) != now.get(k))
        for what, chosen in (
            ("source-address", [k for k in keys if k in _ADDRESS]),
            ("source-credentials", [k for k in keys if k in _CREDENTIALS]),
            ("source-settings", [k for k in keys if k not in _ADDRESS | _CREDENTIALS | {"version", "editable"}]),
        ):
            if chosen:
                found = f"{path}: data source {name}: {', '.join(chosen)} changed"
                yield Finding(what=what, path=path, found=found)
    gone = _deleted(new) - _deleted(old)
    for name in sorted(gone):
        yield Finding(what="source-removed", path=path, found=f"{path}: data source {name} is to be deleted")


def _listed(document: Document | None) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for one in document.documents if document is not None else ():
        for source in one.get("datasources") or ():
            if isinstance(source, dict):
                name = str(source.get("name"))
                found[name if str(source.get("orgId", 1)) == "1" else f"{name} of organisation {source['orgId']}"] = (
                    source
                )
    return found


def _deleted(document: Document | None) -> set[str]:
    return {
        str(d.get("name")) for one in (document.documents if document is not None else ())
        for d in one.get("deleteDatasources") or () if isinstance(d, dict)
    }  # fmt: skip
