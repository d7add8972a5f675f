"""A scenario as a book of rules: one function each, with its schema beside it; the hooks come out of the book."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from attrs import define, field, frozen

from bascule import packaged
from bascule.hookspecs import HOOK_API
from bascule.kit.answers import Answer, RehearsalError
from bascule.messages import kit as say
from bascule.types import (
    Change,
    Check,
    DryRunContext,
    Evidence,
    GateContext,
    Rule,
    Rulepack,
    RuleSpec,
    Scenario,
    Status,
    ToolSpec,
)

NOTHING: Mapping[str, Any] = {"type": "object", "additionalProperties": False}
"""The schema of a rule without parameters."""


@frozen(kw_only=True)
class Ask:
    """What a rule is asked: the context, the entry of the pack, and the evidence it said it needs.

    ``evidence`` is the data of that evidence, empty where the rule needs none.
    """

    ctx: GateContext
    rule: Rule
    evidence: Mapping[str, Any] = field(factory=dict)
    proof: Evidence | None = None

    @property
    def change(self) -> Change:
        """Return the change."""
        return self.ctx.change

    @property
    def pack(self) -> Rulepack:
        """Return the pack that asks."""
        return self.ctx.pack

    @property
    def params(self) -> Mapping[str, Any]:
        """Return the entry's parameters; the core has checked them against the rule's schema."""
        return self.rule.params

    @property
    def now(self) -> datetime:
        """Return the time of judging (UTC); a rule has no other clock."""
        return self.ctx.now


Judge = Callable[[Ask], Answer | Iterable[Answer]]
Rehearsal = Callable[[DryRunContext], Iterable[Evidence | Check]]


@frozen(kw_only=True)
class _Entry:
    spec: RuleSpec
    judge: Judge
    needs: str | None


@define(kw_only=True)
class _Rehearsing:
    kinds: tuple[str, ...]
    run: Rehearsal


class Book:
    """A scenario called ``name`` whose templates lie in ``PACKAGE/rulepack/*.yml``.

    Args:
        name: the scenario's name; its rules are ``name/rule``.
        package: the import package that carries the templates.
        summary: one sentence on what it is for.
        fits: globs of files that suggest this scenario for a repository without packs.
        scope: ``bound``, or ``all`` to be asked about every change.
        tags: whether its rehearsals look at the repository's tags.
        tools: programs that its rehearsals run; ``bascule plugins doctor`` looks for them.
    """

    def __init__(
        self,
        name: str,
        *,
        package: str,
        summary: str,
        fits: Iterable[str],
        scope: str = "bound",
        tags: bool = False,
        tools: Iterable[ToolSpec] = (),
    ) -> None:
        self.name = name
        self._package = package
        self._summary = summary
        self._fits = tuple(fits)
        self._scope = scope
        self._tags = tags
        self._tools = tuple(tools)
        self._entries: dict[str, _Entry] = {}
        self._rehearsals: list[_Rehearsing] = []

    # -- writing ------------------------------------------------------------------------------------------------------

    def rule(
        self, name: str, summary: str, schema: Mapping[str, Any] | None = None, *, needs: str | None = None
    ) -> Callable[[Judge], Judge]:
        """Return a decorator that adds a rule.

        Args:
            name: without the scenario's prefix.
            summary: one sentence in the present tense: what holds for a change that passes.
            schema: ``properties`` of its parameters, or a whole JSON Schema of an object; None: no parameters.
            needs: the kind of evidence (``name/kind``) without which it cannot answer: until it is there, it waits.
        """
        spec = RuleSpec(name=name, summary=summary, schema=_whole(schema))

        def add(judge: Judge) -> Judge:
            self._entries[name] = _Entry(spec=spec, judge=judge, needs=needs)
            return judge

        return add

    def rehearsal(self, *kinds: str) -> Callable[[Rehearsal], Rehearsal]:
        """Return a decorator that adds a rehearsal, which yields evidence of ``kinds`` (``name/kind``), or checks.

        It runs only where a rule of the pack needs one of them.
        """

        def add(run: Rehearsal) -> Rehearsal:
            self._rehearsals.append(_Rehearsing(kinds=kinds, run=run))
            return run

        return add

    # -- the hooks ----------------------------------------------------------------------------------------------------

    def scenarios(self) -> Iterable[Scenario]:
        """Answer the hook of this name."""
        return [
            Scenario(
                name=self.name,
                api=HOOK_API,
                summary=self._summary,
                rules=tuple(e.spec for e in self._entries.values()),
                templates=packaged.templates(self._package),
                fits=self._fits,
                scope=self._scope,
                tags=self._tags,
                tools=self._tools,
            )
        ]

    def gate(self, ctx: GateContext) -> Iterable[Check]:
        """Answer the hook of this name: at least one check per rule of the pack that is this book's."""
        own = self.mine(ctx.pack)
        if not own:
            return [self._check(None, ctx.pack, Answer(status=Status.ALLOW, found=say.NO_RULES))]
        return [self._check(rule, ctx.pack, answer) for rule in own for answer in self._answers(ctx, rule)]

    def dry_run(self, ctx: DryRunContext) -> Iterator[Evidence | Check]:
        """Answer the hook of this name: every rehearsal whose evidence a rule of the pack needs."""
        needed = {e.needs for r in self.mine(ctx.pack) if (e := self._entry(r)) is not None}
        needed |= {kind for rule in ctx.pack.rules for kind in rule.needs}
        for rehearsing in self._rehearsals:
            if needed.isdisjoint(rehearsing.kinds):
                continue
            try:
                yield from rehearsing.run(ctx)
            except RehearsalError as failed:
                yield self._check(None, ctx.pack, failed.answer, "rehearsal")

    # -- inside -------------------------------------------------------------------------------------------------------

    def mine(self, pack: Rulepack) -> tuple[Rule, ...]:
        """Return the rules of ``pack`` that are this book's, known or not."""
        return tuple(rule for rule in pack.rules if rule.use.partition("/")[0] == self.name)

    def _entry(self, rule: Rule) -> _Entry | None:
        return self._entries.get(rule.use.partition("/")[2])

    def _answers(self, ctx: GateContext, rule: Rule) -> list[Answer]:
        entry = self._entry(rule)
        if entry is None:
            return [_said(Status.ERROR, say.unknown_rule(rule.use, tuple(f"{self.name}/{n}" for n in self._entries)))]
        proof = None
        if entry.needs is not None:
            proof = next((e for e in ctx.evidence if e.kind == entry.needs), None)
            if proof is None:
                return [_said(Status.WAIT, say.no_evidence(entry.needs))]
        ask = Ask(ctx=ctx, rule=rule, evidence=proof.data if proof is not None else {}, proof=proof)
        try:
            said = entry.judge(ask)
            return [said] if isinstance(said, Answer) else list(said) or [_said(Status.ERROR, say.silent(rule.use))]
        except RehearsalError as failed:
            return [failed.answer]

    def _check(self, rule: Rule | None, pack: Rulepack, answer: Answer, name: str = "rules") -> Check:
        return Check(
            rule=rule.use if rule is not None else f"{self.name}/{name}",
            id=rule.id if rule is not None else "",
            where=(rule.where or None) if rule is not None else pack.where("scenario"),
            status=answer.status,
            found=answer.found,
            expected=answer.expected,
            fix=answer.fix,
            paths=answer.paths,
            eligible_at=answer.eligible_at,
        )


def _said(status: Status, told: say.Say) -> Answer:
    return Answer(status=status, found=told.found, expected=told.expected, fix=told.fix)


def _whole(schema: Mapping[str, Any] | None) -> Mapping[str, Any]:
    if schema is None:
        return NOTHING
    if schema.get("type") == "object" and "properties" in schema:
        return schema
    return {"type": "object", "additionalProperties": False, "properties": dict(schema)}
