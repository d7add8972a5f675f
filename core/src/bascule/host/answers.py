"""The driver's side: what a plugin said, believed only as far as it may be.

Shape first (strict: a number is not a text, a text is not a list), then names: a plugin speaks under its own names and
for its own change, and the source of every answer is written by the driver.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache
from typing import Any

import cattrs.v
from attrs import evolve, frozen
from cattrs import Converter

from bascule import wire
from bascule.git import is_tag_name
from bascule.host.discovery import NAME
from bascule.host.table import HOOKS, Hook
from bascule.messages import host as texts
from bascule.messages import host_checks as checks
from bascule.messages.wording import shown
from bascule.types import (
    CAUSES,
    Check,
    Classification,
    DryRunContext,
    Evidence,
    MergePlan,
    Observation,
    Rule,
    Rulepack,
    Scenario,
    Status,
    WatchContext,
)

_TEXT = 2000
WIDTH = {"ratio": 2, "gauge": 1}
"""Numbers in a block, by the kind of the series."""
SEEN = ("empty", "gone", "unreachable")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_TOOL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")


class BadAnswerError(Exception):
    """An answer that cannot be used; the message completes "its answer to HOOK ..."."""


@frozen(kw_only=True)
class Speaker:
    """Who answered: the plugin's name, what its answers are attributed to, and the names it may speak under."""

    plugin: str
    source: str
    names: tuple[str, ...]

    def owns(self, name: str) -> bool:
        """Return whether ``name`` is ``own-name/something``."""
        head, slash, tail = name.partition("/")
        return bool(slash and tail) and head in self.names

    def rules(self, pack: Rulepack) -> tuple[Rule, ...]:
        """Return the rules of ``pack`` that are this speaker's to answer."""
        return tuple(rule for rule in pack.rules if self.owns(rule.use))


def records(hook: Hook, data: Any, limit: int) -> list[Any]:
    """Return the records of an answer.

    Raises:
        BadAnswerError: for anything that is not a list of at most ``limit`` records of this hook.
    """
    if not isinstance(data, list) or len(data) > limit:
        raise BadAnswerError(texts.wrong_shape(hook.name, "not a list, or a longer one than allowed"))
    found = []
    for item in data:
        if not (isinstance(item, list) and len(item) == 2 and isinstance(item[0], str) and item[0] in hook.tags):
            raise BadAnswerError(texts.wrong_shape(hook.name, f"not one of {', '.join(hook.tags)}"))
        try:
            found.append(_strict().structure(item[1], hook.tags[item[0]]))
        except Exception as error:
            raise BadAnswerError(texts.wrong_shape(hook.name, _first(error))) from error
    return found


def check(given: Check, speaker: Speaker, hook: str, pack: Rulepack, where: str | None) -> Check:
    """Return ``given`` under its real source, with texts a terminal can show; an error if it is in another's name.

    In another's name is also a check that claims to answer a rule of the pack that is not the speaker's.
    """
    if not speaker.owns(given.rule):
        return checks.forged(speaker.plugin, hook, speaker.source, shown(given.rule), speaker.names, where)
    if given.id and given.id not in {rule.id for rule in speaker.rules(pack)}:
        return checks.foreign_rule(speaker.plugin, hook, speaker.source, shown(given.id), where)
    fix = _clean(given.fix)
    if not fix.strip() and given.status is not Status.ALLOW:
        fix = checks.NO_FIX
    return evolve(
        given,
        rule=shown(given.rule),
        found=_clean(given.found),
        expected=_clean(given.expected),
        fix=fix,
        where=None if given.where is None else shown(given.where),
        id=shown(given.id),
        eligible_at=None if given.eligible_at is None else shown(given.eligible_at),
        source=speaker.source,
    )


def unanswered(given: Sequence[Check], speaker: Speaker, pack: Rulepack, where: str | None) -> list[Check]:
    """Return what blocks because the speaker did not say enough: nothing at all, or nothing about one of its rules."""
    if not given:
        return [checks.no_checks(speaker.plugin, speaker.source, where)]
    said = {check.id for check in given}
    return [checks.no_answer(rule, speaker.source) for rule in speaker.rules(pack) if rule.id not in said]


_BROUGHT = ("actions:", "file:")
"""How the provenance of what the core brought begins; a plugin may repeat it, and not invent it."""


def evidence(given: Evidence, speaker: Speaker, ctx: DryRunContext, where: str | None) -> Evidence | Check:
    """Return ``given`` under its real source, or an error if it is another's, or bound to something else."""
    if not speaker.owns(given.kind):
        return checks.forged(speaker.plugin, "dry_run", speaker.source, shown(given.kind), speaker.names, where)
    bound = (given.binding.head_sha, given.binding.base_sha, given.binding.pack_sha256)
    if bound != (ctx.change.head_sha, ctx.change.base_sha, ctx.pack.sha256) or not _SHA256.fullmatch(given.sha256):
        return checks.foreign_evidence(speaker.plugin, speaker.source, shown(given.kind), where)
    if given.provenance.startswith(_BROUGHT) and given.provenance not in {i.provenance for i in ctx.inputs}:
        return checks.claimed_origin(speaker.plugin, speaker.source, shown(given.provenance), where)
    return evolve(given, summary=_clean(given.summary), provenance=_clean(given.provenance), source=speaker.source)


def plan(given: MergePlan, speaker: Speaker, pack_method: str | None, where: str | None) -> MergePlan | Check:
    """Return ``given``, or a check that blocks if its method is none, or not the pack's."""
    if given.method not in {"merge", "squash", "rebase", ""}:
        expected = "merge, squash or rebase, or none to leave it to the pack"
    elif pack_method is not None and given.method not in {"", pack_method}:
        expected = f"`{pack_method}`, as the rulepack says"
    elif given.tag is not None and not is_tag_name(given.tag):
        return checks.bad_tag(speaker.plugin, speaker.source, shown(given.tag), where)
    elif given.release is not None and given.tag is None:
        return checks.bad_tag(speaker.plugin, speaker.source, "", where)
    else:
        return given
    return checks.method_conflict(speaker.plugin, speaker.source, shown(given.method), expected, where)


def observation(given: Observation, speaker: Speaker, ctx: WatchContext) -> Observation:
    """Return ``given`` under its real source.

    Raises:
        BadAnswerError: for a series or a start that was not asked for, more blocks than asked for, blocks of another
            width than the series has, or numbers that are none.
    """
    asked = next((s for s in ctx.series if s.id == given.series), None)
    if asked is None:
        problem = f"the series {given.series!r} was not asked for"
    elif given.start.tzinfo is None or given.start != asked.start:
        problem = f"{given.series} starts at {given.start.isoformat()}, asked for was {asked.start.isoformat()}"
    elif len(given.blocks) > asked.blocks:
        problem = f"{given.series} has {len(given.blocks)} blocks, asked for were {asked.blocks}"
    elif any(len(b) != WIDTH[asked.kind] for b in given.blocks if b is not None):
        problem = f"a block of {given.series} is not {WIDTH[asked.kind]} numbers, as a {asked.kind} has"
    elif not all(math.isfinite(n) for b in given.blocks if b is not None for n in b):
        problem = "a number is not finite"
    elif given.seen not in SEEN:
        problem = f"{given.seen!r} is none of {', '.join(SEEN)}"
    else:
        return evolve(given, note=_clean(given.note), source=speaker.source)
    raise BadAnswerError(texts.wrong_shape("watch", problem))


def no_data(ctx: WatchContext, source: str, note: str) -> list[Observation]:
    """Return an observation without data for every series."""
    return [
        Observation(series=s.id, start=s.start, blocks=(None,) * s.blocks, seen="unreachable", note=note, source=source)
        for s in ctx.series
    ]


def classification(given: Classification, speaker: Speaker) -> Classification:
    """Return ``given`` under its real source.

    Raises:
        BadAnswerError: for a cause outside the closed set, or a confidence outside 0 to 1.
    """
    if given.cause not in CAUSES:
        raise BadAnswerError(texts.wrong_shape("classify", f"the cause {given.cause!r} is not one of {CAUSES}"))
    if not 0.0 <= given.confidence <= 1.0:
        raise BadAnswerError(texts.wrong_shape("classify", f"the confidence {given.confidence} is not in 0 to 1"))
    return evolve(given, because=_clean(given.because), source=speaker.source)


def scenarios(data: Any, limit: int) -> tuple[Scenario, ...]:
    """Return the scenarios of one plugin.

    Raises:
        BadAnswerError: for a wrong shape, an odd or repeated name, or a scope that does not exist.
    """
    found = tuple(records(HOOKS["scenarios"], data, limit))
    _named("scenario", [s.name for s in found])
    for scenario in found:
        _named(f"rule of {scenario.name}", [r.name for r in scenario.rules])
        _named(f"template of {scenario.name}", [t.name for t in scenario.templates])
        for spec in scenario.tools:
            if _TOOL.fullmatch(spec.name) is None:
                raise BadAnswerError(f"the tool {spec.name!r} of {scenario.name}: expected a program's name, no path")
        if scenario.scope not in {"bound", "all"}:
            raise BadAnswerError(f"the scope of {scenario.name} is {scenario.scope!r}; expected 'bound' or 'all'")
    return found


def _named(kind: str, names: Sequence[str]) -> None:
    for name in names:
        if NAME.fullmatch(name) is None:
            raise BadAnswerError(f"the name {name!r} of a {kind}: expected lower-case letters, digits and dashes")
    if len(set(names)) != len(names):
        raise BadAnswerError(f"two of the name {max(names, key=names.count)!r} of a {kind}")


def _clean(text: str) -> str:
    return "\n".join(shown(line, limit=_TEXT) for line in text[:_TEXT].splitlines())


def _first(error: Exception) -> str:
    return "; ".join(cattrs.transform_error(error, path="answer", format_exception=_explain)[:3])


def _explain(error: BaseException, kind: type[Any] | None) -> str:
    return str(error) if isinstance(error, _NotTakenError) else cattrs.v.format_exception(error, kind)


class _NotTakenError(TypeError):
    """JSON of another type than the field's."""


@cache
def _strict() -> Converter:
    """Return a converter that takes JSON for what it is; cattrs alone turns 5 into "5" and "ab" into ("a", "b")."""
    made: Converter = wire.converter().copy()
    for kind in (str, bool, int):
        made.register_structure_hook(kind, _exactly(kind))
    made.register_structure_hook(float, _number)
    made.register_structure_hook_factory(_is_many, lambda kind: _many(made, kind))
    wire.remember_records(made)
    return made


def _exactly(kind: type[Any]) -> Callable[[Any, Any], Any]:
    def take(value: Any, _: Any) -> Any:
        if type(value) is not kind:
            raise _NotTakenError(f"expected {kind.__name__}, found {type(value).__name__}")
        return value

    return take


def _number(value: Any, _: Any) -> float:
    if type(value) not in {int, float}:
        raise _NotTakenError(f"expected a number, found {type(value).__name__}")
    return float(value)


def _is_many(kind: Any) -> bool:
    return getattr(kind, "__origin__", None) in {tuple, Mapping, Sequence, Collection}


def _many(made: Converter, kind: Any) -> Callable[[Any, Any], Any]:
    """Return a hook for ``tuple[X, ...]`` and ``Mapping[K, V]`` that takes only a JSON list or object."""
    mapping = kind.__origin__ is Mapping
    parts = kind.__args__

    def take(value: Any, _: Any) -> Any:
        if mapping and isinstance(value, dict):
            return {made.structure(k, parts[0]): made.structure(v, parts[1]) for k, v in value.items()}
        if not mapping and isinstance(value, list):
            return tuple(made.structure(item, parts[0]) for item in value)
        raise _NotTakenError(f"expected {'an object' if mapping else 'a list'}, found {type(value).__name__}")

    return take
