"""Rules over what renders, which objects change, and where in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bascule.kit import Answer, Ask, allow, block, error
from bascule_helm.book import book
from bascule_helm.rules.common import (
    ECHOES,
    KINDS,
    NOISE,
    PATHS_BY_KIND,
    TEXT,
    TEXTS,
    edits_of,
    hits,
    kind_match,
    listed,
    named,
    patterns,
    quiet,
)

_VERSION = {"type": "string", "pattern": r"^v?1\.[0-9]{1,3}(\.[0-9]{1,3})?$"}
_CHART = {
    "type": "object", "additionalProperties": False, "required": ["chart"],
    "properties": {
        "chart": TEXT, "release": {"type": "string", "pattern": "^[a-z0-9]([-a-z0-9.]{0,51}[a-z0-9])?$"},
        "namespace": {"type": "string", "pattern": "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"},
        "values": {"type": "array", "minItems": 1, "items": {"type": "string", "format": "glob"}},
        "common": {"type": "array", "minItems": 1, "items": {"type": "string", "format": "glob"}},
        "only": {"type": "boolean"}, "kube_version": _VERSION, "api_versions": TEXTS,
    },
}  # fmt: skip


@book.rule(
    "render",
    "Every chart of the change renders before and after, with every set of values.",
    {
        "charts": {"type": "array", "minItems": 1, "items": _CHART},
        "values": {"type": "array", "items": {"type": "string", "format": "glob"}},
        "kube_version": _VERSION, "api_versions": TEXTS, "upgrade": {"type": "boolean"},
        "namespace": {"type": "string", "pattern": "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"},
        "random": {"enum": ["allow", "block"]}, "lookup": {"enum": ["allow", "block"]},
        "unseen": {"enum": ["allow", "block"]},
    },
    needs="helm/render",
)  # fmt: skip
def render(ask: Ask) -> Iterator[Answer]:
    """Say what was rendered, what could not be, and what no rendering can tell."""
    found, clean = ask.evidence, True
    for problem in found["problems"][:10]:
        clean = False
        yield block(problem["found"], expected="a chart that renders here, offline", fix=problem["fix"])
    if found["random"] and ask.params.get("random") == "block":
        clean = False
        yield block(
            f"templates that come out otherwise each time: {listed(found['random'])}",
            expected="the same manifests from the same files",
            fix="keep drawn values in an existing Secret, or pass them in; `random: allow` accepts it",
        )
    looks = [n for n in found["notes"] if "`lookup`" in n]
    if looks and ask.params.get("lookup") == "block":
        clean = False
        yield block(
            "; ".join(looks), expected="templates that depend on nothing but their files",
            fix="pass in what is looked up; `lookup: allow` accepts it",
        )  # fmt: skip
    loud = [o for o in found["objects"] if not quiet(o, ECHOES)]
    shown, charts = {o["source"] for o in loud}, {o["chart"] for o in loud}
    unseen = [t for t in found["templates"] if t not in shown]
    unseen += [f"{c}/values.yaml" for c in found.get("values", ()) if c not in charts]
    if unseen and ask.params.get("unseen") == "block":
        clean = False
        yield block(
            f"templates or values that change without showing it: {listed(unseen)}",
            expected="values with which the change can be seen, in an environment or in ci/",
            fix="add such values, or let a person read them; `unseen: allow` accepts it",
        )
    if clean:
        ok = [r for r in found["renders"] if r["after"] == "ok"]
        told = [
            f"{len(ok)} renderings of {len({r['chart'] for r in ok})} charts, {len(found['objects'])} objects differ"
        ]
        told += found["notes"][:5]
        if found["random"]:
            told.append(f"not compared, drawn anew each time: {listed(found['random'], 3)}")
        if unseen:
            told.append(f"no values show what changes in {listed(unseen, 3)}")
        yield allow("; ".join(told))


@book.rule(
    "paths",
    "Objects change only at the allowed paths, and none is created or deleted that may not be.",
    {"allow": PATHS_BY_KIND, "deny": PATHS_BY_KIND, "create": KINDS, "delete": KINDS, "ignore": TEXTS},
    needs="helm/render",
)
def paths(ask: Ask) -> Iterator[Answer]:
    """Judge every differing path; ``allow`` and ``deny`` map globs of kinds to patterns of paths."""
    params = ask.params
    if not {"allow", "deny", "create", "delete"} & set(params):
        yield error("no parameters", expected="`allow`, `deny`, `create` or `delete`", fix="state one in the pack")
        return
    try:
        allowed, denied = (_table(params.get(k)) for k in ("allow", "deny"))
        ignore = tuple(params.get("ignore", NOISE))
        patterns(ignore)
    except ValueError as wrong:
        yield error(f"a path cannot be read: {wrong}", expected="paths such as `spec.replicas`", fix="mend the pack")
        return
    elsewhere, forbidden, born, gone = [], [], [], []
    for item in ask.evidence["objects"]:
        group, kind = item["group"], item["kind"]
        if item["status"] == "added":
            if not kind_match(tuple(params.get("create", ())), group, kind):
                born.append(named(item))
            continue
        if item["status"] == "removed":
            if not kind_match(tuple(params.get("delete", ())), group, kind):
                gone.append(named(item))
            continue
        no = tuple(p for kinds, texts in denied if kind_match(kinds, group, kind) for p in texts)
        yes = tuple(p for kinds, texts in allowed if kind_match(kinds, group, kind) for p in texts)
        for edit in edits_of(item, ignore):
            at = named(item, f": {edit['path']}{'' if edit['state'] == 'changed' else ' (' + edit['state'] + ')'}")
            if no and hits(no, edit["steps"]):
                forbidden.append(at)
            elif "allow" in params and not hits(yes, edit["steps"]):
                elsewhere.append(at)
        if item["more"] and ("allow" in params or no):
            elsewhere.append(named(item, ": more paths than are kept"))
    yield from _say(params, forbidden, elsewhere, born, gone, len(ask.evidence["objects"]))


def _table(stated: Any) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    table: list[tuple[tuple[str, ...], tuple[str, ...]]] = [
        ((kinds,), tuple(texts)) for kinds, texts in (stated or {}).items()
    ]
    for _, texts in table:
        patterns(texts)
    return table


def _say(
    params: Any, forbidden: list[str], elsewhere: list[str], born: list[str], gone: list[str], n: int
) -> Iterator[Answer]:
    if forbidden:
        yield block(
            f"changes at denied paths: {listed(forbidden)}", expected="these paths stay as they are",
            fix="take them out of this change, or let a person review it",
        )  # fmt: skip
    if elsewhere:
        told = (
            "; ".join(f"{k}: {', '.join(v[:6])}" for k, v in list(params["allow"].items())[:5])
            if "allow" in params
            else "fewer paths"
        )
        yield block(
            f"changes elsewhere: {listed(elsewhere)}", expected=told,
            fix="take these out of this change, or let a person review them",
        )  # fmt: skip
    for what, items in (("create", born), ("delete", gone)):
        if items:
            kinds = ", ".join(params.get(what, ())) or "nothing"
            yield block(
                f"the change would {what} {listed(items)}", expected=f"to {what} {kinds}",
                fix=f"leave it as it is, add the kind to `{what}` in the pack, or let a person review it",
            )  # fmt: skip
    if not (forbidden or elsewhere or born or gone):
        yield allow(f"{n} objects differ, none of them where it may not")


DENIED = (
    "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding", "ServiceAccount", "CustomResourceDefinition",
    "ValidatingWebhookConfiguration", "MutatingWebhookConfiguration", "ValidatingAdmissionPolicy*",
    "MutatingAdmissionPolicy*", "APIService", "Namespace", "Secret", "SealedSecret", "ExternalSecret", "ClusterIssuer",
    "PodSecurityPolicy", "SecurityContextConstraints", "PriorityClass", "StorageClass", "CSIDriver", "RuntimeClass",
    "NetworkPolicy", "ResourceQuota", "LimitRange", "PersistentVolume",
)  # fmt: skip
"""What decides about access, about the whole cluster, or about other people's objects."""


@book.rule(
    "kinds",
    "No object of a denied kind changes, comes or goes.",
    {"deny": KINDS, "allow": KINDS, "only": {**KINDS, "minItems": 1}, "ignore": TEXTS},
    needs="helm/render",
)
def kinds(ask: Ask) -> Answer:
    """Judge kinds. ``deny`` replaces the packaged list, ``allow`` takes kinds out of it, ``only`` admits no others."""
    params = ask.params
    ignore = tuple(params.get("ignore", NOISE))
    try:
        patterns(ignore)
    except ValueError as wrong:
        return error(f"a path cannot be read: {wrong}", expected="paths such as `spec.replicas`", fix="mend the pack")
    deny, permit = tuple(params.get("deny", DENIED)), tuple(params.get("allow", ()))
    bad, count = [], 0
    for item in ask.evidence["objects"]:
        if quiet(item, ignore):
            continue
        count += 1
        group, kind = item["group"], item["kind"]
        if "only" in params and not kind_match(tuple(params["only"]), group, kind):
            bad.append(named(item, f" {item['status']}, not among {', '.join(params['only'][:4])}"))
        elif kind_match(deny, group, kind) and not kind_match(permit, group, kind):
            at = edits_of(item, ignore)
            bad.append(named(item, f" {item['status']}{' at ' + at[0]['path'] if at else ''}"))
    if bad:
        return block(
            f"kinds that a person looks at: {listed(bad)}",
            expected="no change of access, cluster-wide objects or secrets",
            fix="split it into a change that a person reviews; `allow` in the rule takes a kind out of the list",
        )  # fmt: skip
    return allow(f"{count} objects differ beyond labels of the chart's version, none of a denied kind")
