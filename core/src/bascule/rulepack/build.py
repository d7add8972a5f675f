"""From what holds to the frozen record, with the place of every value and the hash of all that decides."""

from __future__ import annotations

from typing import Any

from attrs import evolve

from bascule import wire
from bascule.config.reader import Document
from bascule.config.structure import plain_data
from bascule.rulepack.extend import MATCH, ONLY, Policy
from bascule.rulepack.layer import SCHEDULE, Stated
from bascule.rulepack.schema import PackShape
from bascule.types import (
    AuthorsRule,
    ChecksRule,
    Example,
    FilesRule,
    ForksRule,
    LabelsRule,
    Match,
    MergeRule,
    Mode,
    NotifyRule,
    RelaxRule,
    Rulepack,
    ScheduleRule,
    SizeRule,
    TextRule,
    WatchRule,
)


def build(*, name: str, path: str, commit: str, doc: Document, shape: PackShape, policy: Policy) -> Rulepack:
    """Return the record of a pack whose file is ``doc`` and whose policy, templates included, is ``policy``."""
    stated = policy.stated

    def of(key: str, default: Any) -> Any:
        return stated[key].value if key in stated else default

    only, more = _sets(policy)
    hours, zone = of(SCHEDULE, ("", "UTC"))
    watched = any(key.startswith("watch.") for key in stated)
    pack = Rulepack(
        name=name,
        path=path,
        scenario=shape.scenario,
        version=shape.version,
        commit=commit,
        extends=shape.extends,
        mode=of("mode", Mode.OBSERVE),
        match=Match(files=of(MATCH, ()), branches=of("match.branches", ())),
        files=FilesRule(
            only=only.value if only else (),
            deny=of("files.deny", ()),
            special=of("files.special", ()),
            only_all=tuple(s.value for s in more),
        ),
        authors=AuthorsRule(allow=of("authors.allow", ()), deny=of("authors.deny", ())),
        labels=LabelsRule(require=of("labels.require", ()), deny=of("labels.deny", ())),
        checks=ChecksRule(require=of("checks.require", ())),
        title=TextRule(require=of("title.require", ()), deny=of("title.deny", ())),
        size=SizeRule(files=of("size.files", None), lines=of("size.lines", None), commits=of("size.commits", None)),
        forks=ForksRule(allow=of("forks.allow", False)),
        rules=of("rules", ()),
        evidence={e.name: e for e in of("evidence", ())},
        schedule=ScheduleRule(merge=hours, timezone=zone),
        relax=RelaxRule(allow=of("relax.allow", ()), max_exposure=of("relax.max_exposure", 10.0)),
        merge=MergeRule(method=of("merge.method", None)),
        watch=WatchRule(
            after=of("watch.after", "merge"),
            environment=of("watch.environment", ""),
            duration=of("watch.for", 3600.0),
            slos=of("watch.slos", ()),
            rollback=of("watch.rollback", "off"),
            rollback_checks=of("watch.rollback.checks", "wait"),
        )
        if watched
        else None,
        notify=NotifyRule(comment=of("notify.comment", "problems")),
        examples=_examples(doc, shape),
        loosen=shape.loosen or "",
        loosened=policy.loosened,
        lines=_lines(doc, policy, only, more),
    )
    return evolve(pack, sha256=_hash(pack))


def _sets(policy: Policy) -> tuple[Stated | None, tuple[Stated, ...]]:
    """Return the pack's ``only`` and the further lists that must match as well."""
    match = policy.stated.get(MATCH)
    # Every claimed file matches the pack's own `match.files`; the same list again would say nothing.
    within = tuple(s for s in policy.within if match is None or s.value != match.value)
    if policy.only:
        return policy.only[0], (*policy.only[1:], *within)
    return None, within


def _examples(doc: Document, shape: PackShape) -> tuple[Example, ...]:
    return tuple(
        Example(
            name=example.name,
            change=plain_data(doc.data["examples"][at]["change"]),
            expect=example.expect,
            because=example.because or "",
        )
        for at, example in enumerate(shape.examples)
    )


def _lines(doc: Document, policy: Policy, only: Stated | None, more: tuple[Stated, ...]) -> dict[str, str]:
    """Return where every effective value was written, in this file or in a template."""
    own = ("", "version", "scenario", "extends", "loosen", "examples")
    lines = {k: v for k, v in doc.lines.items() if k in own or k.startswith(("extends[", "examples["))}
    for key in doc.data:
        lines.setdefault(key, doc.at((key,), key=True))
    entries = dict(policy.stated)
    if only is not None:
        entries[ONLY] = only
    entries.update({f"files.only_all[{at}]": one for at, one in enumerate(more)})
    for key, one in entries.items():
        lines.setdefault(key.partition(".")[0], one.where)
        key = f"{SCHEDULE}.merge" if key == SCHEDULE else key  # noqa: PLW2901
        lines[key] = one.where
        lines.update({f"{key}[{at}]": where for at, where in enumerate(one.items)})
    return lines


def _hash(pack: Rulepack) -> str:
    """Return the hash of everything that decides: not of where it is written, nor of its examples."""
    bare = evolve(
        pack,
        path="",
        commit="",
        lines={},
        examples=(),
        loosened=(),
        rules=tuple(evolve(r, where="") for r in pack.rules),
        evidence={name: evolve(e, where="") for name, e in pack.evidence.items()},
    )
    return wire.sha256(wire.dump(bare))
