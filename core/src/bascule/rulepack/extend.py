"""Laying a pack over the templates it extends: what both state narrows, and nothing gets looser without a reason.

The rule: *what a template states binds; what it leaves open is open.* Two keys are never open: a template that does not
speak of forks refuses them, and one that does not speak of unusual entries permits none.

Paths: a path passes only if it matches the pack's ``files.only`` *and* that of every template *and* the
``match.files`` of every template. Globs are not compared with each other; they all have to match, which is sound
whatever they say.

With ``loosen: <reason>``, what the pack states replaces what its templates state, list by list; what it does not state
stays. Every way in which the result is looser is written down in the pack.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from attrs import frozen

from bascule.errors import Problem
from bascule.messages import rulepack as say
from bascule.rulepack.layer import Layer, Stated
from bascule.rulepack.narrow import FIELDS, RULES

MATCH = "match.files"
ONLY = "files.only"


@frozen(kw_only=True)
class Policy:
    """What holds after extending. ``only`` and ``within`` are lists of globs of which a path must match each.

    ``only`` come from ``files.only`` (the pack's own first), ``within`` from the ``match.files`` of templates.
    """

    stated: Layer
    only: tuple[Stated, ...] = ()
    within: tuple[Stated, ...] = ()
    loosened: tuple[str, ...] = ()


@frozen(kw_only=True)
class Template:
    """A template that a pack extends. ``where`` is the place at which the pack names it."""

    name: str
    policy: Policy
    where: str


def alone(layer: Layer) -> Policy:
    """Return the policy of a pack that extends nothing."""
    return Policy(stated={k: v for k, v in layer.items() if k != ONLY}, only=_own(layer))


def extend(layer: Layer, templates: Sequence[Template], *, loosen: str) -> tuple[Policy, tuple[Problem, ...]]:
    """Return the policy of a pack that states ``layer`` over ``templates``, and what is wrong with it.

    Args:
        layer: what the pack's own file states.
        templates: in the order in which the pack names them; their own templates are in them already.
        loosen: the pack's reason; empty when it gives none, and then every way of being looser is a problem.
    """
    if not templates:
        return alone(layer), ()
    base, problems = _together(templates)
    looser = list(_looser(base, layer, replacing=bool(loosen)))
    if not loosen:
        problems += [_problem(where, say.needs_reason(f"`{key}`: {text}")) for key, text, where in looser]
        return _narrowed(base, layer), tuple(problems)
    return _replaced(base, layer, tuple(f"{key}: {text}" for key, text, _ in looser)), tuple(problems)


def _own(layer: Layer) -> tuple[Stated, ...]:
    return (layer[ONLY],) if ONLY in layer else ()


def _problem(where: str, said: say.Said) -> Problem:
    return Problem(where=where, message=said[0], fix=said[1])


def _together(templates: Sequence[Template]) -> tuple[Policy, list[Problem]]:
    """Return the policy under which all templates hold."""
    problems: list[Problem] = []
    stated: dict[str, Stated] = dict(templates[0].policy.stated)
    for template in templates[1:]:
        other = template.policy.stated
        for key, field in FIELDS.items():
            a, b = stated.get(key), other.get(key)
            if field.default is not None and (a is None) != (b is None):
                # One of them is silent about something that silence refuses.
                silent = Stated(value=field.default, where=template.name if b is None else templates[0].name)
                a, b = a or silent, b or silent
            if a is None or b is None:
                if (one := a or b) is not None:
                    stated[key] = one
                continue
            merged = field.merged(a, b)
            if isinstance(merged, str):
                problems.append(_problem(template.where, say.templates_disagree(key, merged)))
            else:
                stated[key] = merged
        if MATCH in other:
            stated[MATCH] = _joined(stated.get(MATCH), other[MATCH])
    matches = [t.policy.stated[MATCH] for t in templates if MATCH in t.policy.stated]
    policies = [t.policy for t in templates]
    return (
        Policy(
            stated=stated,
            only=_unique(s for p in policies for s in p.only),
            within=_unique([*(s for p in policies for s in p.within), *matches]),
        ),
        problems,
    )


def _joined(a: Stated | None, b: Stated) -> Stated:
    """Return the files that either list claims: claiming more means judging more, and each list also stays a limit."""
    if a is None:
        return b
    return a.plus(b, tuple(i for i, v in enumerate(b.value) if v not in a.value))


def _unique(sets: Iterable[Stated]) -> tuple[Stated, ...]:
    out: dict[tuple[str, ...], Stated] = {}
    for one in sets:
        out.setdefault(one.value, one)
    return tuple(out.values())


def _looser(base: Policy, layer: Layer, *, replacing: bool) -> Iterable[tuple[str, str, str]]:
    """Yield key, sentence and place in the pack for everything that ``layer`` allows beyond ``base``."""
    for key, own in layer.items():
        field = FIELDS.get(key)
        if field is None:
            continue
        stated = base.stated.get(key)
        if stated is None:
            if field.default is None:
                continue
            stated = Stated(value=field.default, where="its default")
        found = field.looser(stated, own)
        if replacing:
            found += field.dropped(stated, own)
        for text, where in found:
            yield key, text, where
    if replacing:
        for key, sets in ((ONLY, base.only), (MATCH, base.within)):
            if (own_set := layer.get(key)) is not None:
                for one in sets:
                    if not _surely_within(own_set, one):
                        yield key, say.no_longer_within(one.value, one.where), own_set.where


def _surely_within(own: Stated, base: Stated) -> bool:
    """Return whether every path of ``own`` is one of ``base``, as far as that shows without comparing globs."""
    return bool("**" in base.value or set(own.value) <= set(base.value))


def _narrowed(base: Policy, layer: Layer) -> Policy:
    stated = dict(base.stated)
    for key, own in layer.items():
        if key == ONLY:
            continue
        field = FIELDS.get(key)
        before = stated.get(key)
        if field is None or before is None:
            stated[key] = own
            continue
        merged = field.merged(before, own)
        stated[key] = own if isinstance(merged, str) else merged  # a disagreement is a problem already
    return Policy(stated=stated, only=_unique([*_own(layer), *base.only]), within=base.within)


def _replaced(base: Policy, layer: Layer, loosened: tuple[str, ...]) -> Policy:
    stated = {**base.stated, **{k: v for k, v in layer.items() if k != ONLY}}
    if "rules" in base.stated and "rules" in layer:
        stated["rules"] = RULES.over(base.stated["rules"], layer["rules"])
    return Policy(
        stated=stated,
        only=_own(layer) or base.only,
        within=() if MATCH in layer else base.within,
        loosened=loosened,
    )
