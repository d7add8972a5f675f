"""What the allowlist scenario judges: which paths a change touches, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

from bascule import packaged
from bascule.globs import globs, is_utf8
from bascule.hookspecs import HOOK_API
from bascule.messages import allowlist as texts
from bascule.types import Check, GateContext, Rule, RuleSpec, Scenario, Status

NAME = "allowlist"

_GLOBS = {"type": "array", "items": {"type": "string", "format": "glob"}, "minItems": 1, "uniqueItems": True}

PATHS = RuleSpec(
    name="paths",
    summary="Every changed path, old names of renames included, is one of `only` and none of `deny`.",
    schema={
        "type": "object",
        "properties": {"only": _GLOBS, "deny": _GLOBS},
        "additionalProperties": False,
        "minProperties": 1,
    },
)


def scenario() -> Scenario:
    """Return the scenario: safe by its paths alone, which is what documentation is."""
    return Scenario(
        name=NAME,
        api=HOOK_API,
        summary="Changes that are safe because of which files they touch.",
        rules=(PATHS,),
        templates=packaged.templates("bascule.scenarios.allowlist"),
        fits=("docs/**", "**/*.md", "**/*.rst"),
    )


def gate(ctx: GateContext) -> Iterator[Check]:
    """Yield one check per rule of this plugin, or one that says that the pack has none."""
    own = [rule for rule in ctx.pack.rules if rule.use.partition("/")[0] == NAME]
    if not own:
        yield Check(rule=f"{NAME}/rules", status=Status.ALLOW, found=texts.NO_RULES, where=ctx.pack.where("rules"))
    for rule in own:
        if rule.use == f"{NAME}/{PATHS.name}":
            yield paths(ctx, rule)
        else:
            say = texts.unknown_rule(rule.use)
            yield _check(rule, Status.ERROR, say)


def paths(ctx: GateContext, rule: Rule) -> Check:
    """Judge the changed paths by ``only`` and ``deny``; what cannot be known or read is not allowed."""
    change = ctx.change
    only, deny = (globs(tuple(rule.params.get(key, ()))) for key in ("only", "deny"))
    if not change.files_complete:
        return _check(rule, Status.BLOCK, texts.incomplete())
    if not change.files:
        return _check(rule, Status.BLOCK, texts.nothing_changed())
    denied = [p for p in change.paths if deny.match(p) or not is_utf8(p)]
    if denied:
        return _check(rule, Status.BLOCK, texts.denied(denied, deny.patterns), tuple(denied))
    outside = [p for p in change.paths if only and not only.match(p)]
    if outside:
        return _check(rule, Status.BLOCK, texts.outside(outside, only.patterns), tuple(outside))
    return _check(rule, Status.ALLOW, texts.inside(len(change.paths)))


def _check(rule: Rule, status: Status, say: texts.Say, paths: tuple[str, ...] = ()) -> Check:
    return Check(
        rule=rule.use,
        id=rule.id,
        where=rule.where or None,
        status=status,
        found=say.found,
        expected=say.expected,
        fix=say.fix,
        paths=paths,
    )
