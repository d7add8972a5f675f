"""Rules over what a plan does."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from bascule.kit import Answer, Ask, Pattern, allow, block, error
from bascule_terraform.book import book
from bascule_terraform.rules.common import CHOICE, GLOBS, chosen, listed, named
from bascule_terraform.text import any_match

ACTIONS = ("create", "update", "delete", "replace", "read", "forget", "import", "move")
_COUNT = {"type": "integer", "minimum": 0}


@book.rule(
    "plan-actions",
    "The plan does none of the denied actions.",
    {
        "deny": {"type": "array", "minItems": 1, "uniqueItems": True, "items": {"enum": list(ACTIONS)}},
        "only": CHOICE,
        "except": CHOICE,
        "outputs": {"type": "array", "items": {"enum": ["create", "update", "delete"]}},
        "deferred": {"type": "boolean"},
        "failed_checks": {"type": "boolean"},
    },
    needs="terraform/plan",
)
def plan_actions(ask: Ask) -> Iterator[Answer]:
    """Judge actions of resources and outputs, deferred changes and failed checks."""
    params, plan = ask.params, ask.evidence
    deny = set(params.get("deny", ("delete", "replace", "forget")))
    only, excepted = params.get("only"), params.get("except")
    bad = []
    for change in plan["resource_changes"]:
        if (only is not None and not chosen(change, only)) or chosen(change, excepted):
            continue
        hit = [k for k in change["kinds"] if k in deny or k not in ACTIONS]
        if hit:
            bad.append(named(change, kinds=hit))
    clean = True
    if bad:
        clean = False
        yield block(
            f"the plan would do what is denied: {listed(bad)}",
            expected=f"no {', no '.join(sorted(deny))}",
            fix="take it out of this change, or let a person review and apply it",
        )
    outputs = [o["name"] for o in plan["outputs"] if set(o["actions"]) & set(params.get("outputs", ()))]
    if outputs:
        clean = False
        yield block(
            f"outputs change: {listed(outputs)}", expected=f"no output to {' or '.join(params['outputs'])}",
            fix="keep these outputs as they are, or let a person look at who reads them",
        )  # fmt: skip
    if plan["deferred_count"] and not params.get("deferred", False):
        clean = False
        yield block(
            f"{plan['deferred_count']} deferred: {listed(d['address'] for d in plan['deferred'])}",
            expected="a plan that says all it will do",
            fix="apply what it waits for first, then plan again; `deferred: true` in the rule accepts it",
        )
    if plan["failed_checks"] and not params.get("failed_checks", False):
        clean = False
        yield block(
            f"failed checks: {listed(c['address'] for c in plan['failed_checks'])}",
            expected="every check of the configuration passes",
            fix="mend what the check looks at; `failed_checks: true` in the rule accepts it",
        )
    if clean:
        yield allow(f"{len(plan['resource_changes'])} resources change, none in a denied way")


@book.rule(
    "resources",
    "Only resources of the allowed types, modules and providers change, and none of the denied.",
    {"allow": CHOICE, "deny": CHOICE, "providers": GLOBS},
    needs="terraform/plan",
)
def resources(ask: Ask) -> Answer:
    """Judge which resources change at all."""
    params = ask.params
    if not params:
        return error("no parameters", expected="`allow`, `deny` or `providers`", fix="state one of them in the pack")
    bad = []
    for change in ask.evidence["resource_changes"]:
        if chosen(change, params.get("deny")):
            bad.append(f"{change['address']} is denied")
        elif "allow" in params and not chosen(change, params["allow"]):
            bad.append(f"{change['address']} is not among the allowed")
        elif "providers" in params and not any_match(params["providers"], change["provider"]):
            bad.append(f"{change['address']} is of provider {change['provider'] or 'unknown'}")
    if bad:
        return block(
            f"resources that this pack does not pass: {listed(bad)}",
            expected="changes of the allowed types, modules and providers only",
            fix="split them into a change that a person reviews",
        )
    return allow(f"{len(ask.evidence['resource_changes'])} resources change, all of them allowed")


@book.rule(
    "limit",
    "The plan changes no more than so many resources, modules and share of what there is.",
    {
        **dict.fromkeys(
            ("create", "update", "delete", "replace", "forget", "import", "move", "total", "modules"), _COUNT
        ),
        "share": {"type": "number", "minimum": 0, "maximum": 1},
    },
    needs="terraform/plan",
)
def limit(ask: Ask) -> Answer:
    """Judge counts. A replacement counts as itself, as a create and as a delete."""
    plan, params = ask.evidence, ask.params
    if not params:
        return error("no parameters", expected="at least one limit", fix="state one, such as `total: 10`")
    acting = [c for c in plan["resource_changes"] if c["kinds"] != ["read"]]
    touched = [c for c in acting if set(c["kinds"]) - {"create", "import", "read", "move"}]
    counts: dict[str, float] = dict(plan["counts"])
    counts["create"] += counts["replace"]
    counts["delete"] += counts["replace"]
    counts["total"] = len({c["address"] for c in acting})
    counts["modules"] = len({c["module"] for c in acting})
    addresses = {c["address"] for c in touched}
    counts["share"] = min(1.0, len(addresses) / plan["managed"]) if plan["managed"] else float(bool(addresses))
    over = [f"{k} {counts[k]:.4g} > {params[k]:.4g}" for k in params if counts[k] > params[k]]
    if over:
        return block(
            f"more than the limit: {listed(over, 10)}",
            expected=", ".join(f"{k} at most {v:.4g}" for k, v in params.items()),
            fix="split the change, or let a person judge it",
        )
    return allow(", ".join(f"{k} {counts[k]:.4g} of {v:.4g}" for k, v in params.items()))


@lru_cache(maxsize=512)
def _pattern(text: str) -> Pattern:
    return Pattern(text)


@book.rule(
    "attributes",
    "Existing resources change only at the listed attribute paths.",
    {
        "type": "object", "additionalProperties": False, "required": ["allow"],
        "properties": {
            "allow": {"type": "object", "minProperties": 1, "additionalProperties": GLOBS},
            "create": {"type": "boolean"},
            "computed": GLOBS,
        },
    },
    needs="terraform/plan",
)  # fmt: skip
def attributes(ask: Ask) -> Answer:
    """Judge every differing path of every update; ``allow`` maps globs of types to patterns of paths."""
    try:
        table = [(kind, [_pattern(p) for p in paths]) for kind, paths in ask.params["allow"].items()]
        computed = [_pattern(p) for p in ask.params.get("computed", ())]
    except ValueError as wrong:
        return error(
            f"a path in `allow` cannot be read: {wrong}", expected="paths such as `tags.*`", fix="mend the pack"
        )
    bad = []
    for change in ask.evidence["resource_changes"]:
        kinds = set(change["kinds"])
        if kinds == {"read"} or (kinds <= {"create", "import"} and "create" in kinds and ask.params.get("create")):
            continue
        if kinds != {"update"}:
            bad.append(named(change))
            continue
        own = [p for kind, patterns in table if any_match((kind,), change["type"]) for p in patterns]
        bad += [
            f"{change['address']}: {at['path'] or 'the whole resource'}{_state(at['state'])}"
            for at in change["paths"]
            if not any(p.match(tuple(at["steps"])) for p in own)
            and not (at["state"] == "unknown" and any(p.match(tuple(at["steps"])) for p in computed))
        ]
        if change["more_paths"]:
            bad.append(f"{change['address']}: more paths than are kept")
    if bad:
        return block(
            f"changes elsewhere: {listed(bad)}",
            expected="; ".join(f"{k}: {', '.join(v)}" for k, v in list(ask.params["allow"].items())[:5]),
            fix="take these out of this change, or let a person review them",
        )
    return allow(f"{len(ask.evidence['resource_changes'])} resources change, only at the listed paths")


def _state(state: str) -> Any:
    return {"changed": "", "unknown": " (known after apply)", "sensitive": " (sensitive)"}.get(state, f" ({state})")
