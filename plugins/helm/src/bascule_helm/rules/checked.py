"""Rules on what schemas and ``helm lint`` say."""

from __future__ import annotations

from collections.abc import Iterator

from bascule.kit import Answer, Ask, allow, block
from bascule_helm.book import book
from bascule_helm.rules.common import KINDS, kind_match, listed, named


@book.rule(
    "schema",
    "Values fit values.schema.json, and every object that differs fits the schemas of Kubernetes.",
    {
        "kubernetes": {"type": "string", "pattern": r"^v?1\.[0-9]{1,3}(\.[0-9]{1,3})?$"},
        "unknown": {"enum": ["allow", "block"]},
        "known": KINDS,
    },
    needs="helm/schema",
)
def schema(ask: Ask) -> Iterator[Answer]:
    """Judge what the schemas refuse that they did not refuse before."""
    params, clean = ask.params, True
    for problem in (p for p in ask.evidence["problems"] if p["what"] == "values-schema"):
        clean = False
        yield block(problem["found"], expected="values that fit the chart's values.schema.json", fix=problem["fix"])
    version = params.get("kubernetes", "")
    if ask.evidence["versions"].get(version) is None:
        clean = False
        yield block(
            f"there are no schemas of Kubernetes {version} here", expected="a version that kubernetes-validate carries",
            fix="state another in `kubernetes`, or bring kubernetes-validate up to date",
        )  # fmt: skip
    mine = [o for o in ask.evidence["objects"] if o["kube"] == version]
    wrong = [named(o, f": {w}") for o in mine for w in o["new"]]
    if wrong:
        clean = False
        yield block(
            f"no sound Kubernetes objects: {listed(wrong)}",
            expected=f"objects of Kubernetes {version or 'as it is now'}",
            fix="correct the template or the values; unknown fields are dropped or refused by the cluster",
        )  # fmt: skip
    strange = [
        named(o) for o in mine if o["unknown"] and not kind_match(tuple(params.get("known", ())), o["group"], o["kind"])
    ]
    if strange and params.get("unknown", "allow") == "block":
        clean = False
        yield block(
            f"kinds without a schema: {listed(strange)}", expected="kinds that Kubernetes itself serves",
            fix="add them to `known`, set `unknown: allow`, or check the API version",
        )  # fmt: skip
    if clean:
        old = sum(bool(o["old"]) for o in mine)
        told = ["every object that differs fits"]
        told += [f"{len(strange)} of kinds without a schema were not checked"] if strange else []
        told += [f"{old} have problems that they had before"] if old else []
        yield allow("; ".join(told))


@book.rule("lint", "`helm lint --strict` finds nothing that it did not find before.", {}, needs="helm/lint")
def lint(ask: Ask) -> Answer:
    """Judge new complaints; what was there before is told."""
    charts = ask.evidence["charts"]
    new = [f"{c['where']}: {said}" for c in charts for said in c["new"]]
    if new:
        return block(
            f"helm lint: {listed(new, 3)}", expected="no new warning or error",
            fix="run `helm lint --strict` on the chart and mend what it says",
        )  # fmt: skip
    old = list(dict.fromkeys(said for c in charts for said in c["old"]))
    more = f"; as before: {listed(old, 2)}" if old else ""
    return allow(f"{len(charts)} linted, nothing new{more}")
