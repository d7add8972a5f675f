"""Rules on which files change, and on what charts say of themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from bascule.globs import globs
from bascule.kit import Answer, Ask, allow, block
from bascule_helm.book import book
from bascule_helm.rules.common import listed
from bascule_helm.sets import INSIDE
from bascule_helm.tags import step

_GLOBS = {"type": "array", "minItems": 1, "items": {"type": "string", "format": "glob"}}


@book.rule(
    "values-only",
    "Only values files change: no template, no Chart.yaml, no dependency.",
    {"files": _GLOBS, "documents": {"type": "boolean"}},
    needs="helm/charts",
)
def values_only(ask: Ask) -> Answer:
    """Judge the files that the pack claims; ``files`` narrows which values files."""
    claims = globs(ask.pack.match.files) if ask.pack.match.files else None
    mine = [f for f in ask.evidence["files"] if claims is None or claims.match(f["path"])]
    roles = {"values", *(["document"] if ask.params.get("documents") else [])}
    bad = [f"{f['path']} ({f['role']})" for f in mine if f["role"] not in roles]
    if not bad and "files" in ask.params:
        chosen = globs(tuple(ask.params["files"]))
        bad = [f["path"] for f in mine if f["role"] == "values" and not chosen.match(f["path"])]
    if bad:
        return block(
            f"more than values: {listed(bad)}",
            expected=", ".join(ask.params.get("files", ["values files of charts and environments"])[:5]),
            fix="split the rest into a change that a person reviews", paths=[p.split(" ")[0] for p in bad[:50]],
        )  # fmt: skip
    if not mine:
        return block("no file that the pack claims", expected="values files", fix="see which pack matches these files")
    return allow(f"{len(mine)} values files")


_SEMVER = re.compile(r"v?(0|[1-9]\d{0,17})\.(0|[1-9]\d{0,17})\.(0|[1-9]\d{0,17})(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?")
_EXACT = re.compile(r"=?\s*v?\d+\.\d+\.\d+([-+][0-9A-Za-z.+-]+)?")
_LEVELS = ("patch", "minor", "major")


@book.rule(
    "chart-version",
    "A chart that changes takes a later version, and its dependencies are locked.",
    {
        "except": {**_GLOBS, "minItems": 0},
        "max": {"enum": list(_LEVELS)},
        "bump": {"enum": ["required", "optional"]},
        "app_version": {"enum": ["forward", "any"]},
        "lock": {"enum": ["required", "optional"]},
    },
    needs="helm/charts",
)
def chart_version(ask: Ask) -> Iterator[Answer]:
    """Judge version, appVersion and lock of every chart with changed files.

    ``except`` are globs within the chart, by default the values files of environments: they say how it is installed.
    """
    params = ask.params
    spared = globs(tuple(params.get("except", INSIDE)))
    bad: dict[str, list[str]] = {}
    for chart in ask.evidence["charts"]:
        if chart["after"] is None:
            continue
        meant = [f for f in chart["files"] if not spared.match(f)]
        for fix, found in _judged(chart, meant, params):
            bad.setdefault(fix, []).append(f"{chart['path']}: {found}")
    for fix, every in bad.items():
        yield block(
            listed(every), expected="a later version in Chart.yaml, and dependencies locked as they are stated", fix=fix
        )
    if not bad:
        yield allow(f"{len(ask.evidence['charts'])} charts change, each with a version of its own")


def _judged(chart: Mapping[str, Any], meant: list[str], params: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    old, new = chart["before"], chart["after"]
    if new["error"]:
        yield "mend Chart.yaml", new["error"]
        return
    if not _SEMVER.fullmatch(new["version"]):
        yield "write a semantic version, such as 1.2.3", f"version `{new['version'][:60]}` is none"
    elif old is not None and old["version"] != new["version"]:
        yield from _stepped(old["version"], new["version"], params)
    elif old is not None and meant and params.get("bump", "required") == "required":
        yield "raise `version` in Chart.yaml", f"{meant[0]} changes and version stays {new['version']}"
    if old is not None and params.get("app_version") == "forward" and old["app_version"] != new["app_version"]:
        far = step(old["app_version"], new["app_version"])
        if far in {"backward", "unknown"}:
            both = f"appVersion {old['app_version'] or 'nothing'} → {new['app_version'] or 'nothing'}"
            yield "let a person look at it", f"{both} {'goes back' if far == 'backward' else 'cannot be compared'}"
    yield from _locked(old, new, params)


def _stepped(before: str, after: str, params: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    import semver

    try:
        old, new = (semver.Version.parse(v.removeprefix("v")) for v in (before, after))
    except ValueError:
        yield "let a person look at it", f"version {before} → {after} cannot be compared"
        return
    if new <= old:
        yield "take a later version", f"version {before} → {after} goes back"
        return
    far = "major" if new.major != old.major else "minor" if new.minor != old.minor else "patch"
    if "max" in params and _LEVELS.index(far) > _LEVELS.index(params["max"]):
        yield f"take a {params['max']} step, or let a person judge it", f"version {before} → {after} is a {far} step"


def _locked(
    old: Mapping[str, Any] | None, new: Mapping[str, Any], params: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    if params.get("lock", "required") != "required":
        return
    if new["lock"] == "out of sync":
        if old is None or old["lock"] != "out of sync" or old["dependencies"] != new["dependencies"]:
            yield "run `helm dependency update` and commit Chart.lock", "Chart.lock is not what Chart.yaml asks for"
    elif new["lock"] not in {"in sync", "none"}:
        yield "run `helm dependency update` and commit Chart.lock", new["lock"]
    elif new["lock"] == "none":
        known = {(d["name"], d["version"], d["repository"]) for d in (old or {}).get("dependencies", ())}
        loose = [
            f"{d['name']} {d['version'] or 'without a version'}" for d in new["dependencies"]
            if d["repository"] and not d["repository"].startswith("file://") and not _EXACT.fullmatch(d["version"])
            and (d["name"], d["version"], d["repository"]) not in known
        ]  # fmt: skip
        if loose:
            yield (
                "run `helm dependency update` and commit Chart.lock, or state exact versions",
                f"nothing locks {listed(loose)}",
            )
