"""Running the examples of packs: does each change get the verdict that its pack promises?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from attrs import frozen

from bascule.globs import globs
from bascule.messages import rulepack as say
from bascule.rulepack.bind import RULE
from bascule.rulepack.example import case_of
from bascule.rulepack.rehearsing import Rehearse, rehearsed
from bascule.types import Check, GateContext, Rulepack, Status, Verdict, verdict


class Judge(Protocol):
    """Whoever can be asked about a change: the core's gates, with or without plugins' gates."""

    def __call__(self, ctx: GateContext, claimed: tuple[str, ...]) -> Iterable[Check]:
        """Return the checks of the change under the context's pack; ``claimed`` are the paths that the pack claims."""
        ...


@frozen(kw_only=True)
class Outcome:
    """What one example got. ``ok``: the verdict is the expected one, and for the expected reason."""

    pack: str
    example: str
    where: str
    expected: str
    because: str
    verdict: Verdict
    ok: bool

    @property
    def reasons(self) -> tuple[str, ...]:
        """Return rules and ids of every check that does not allow, in the order of the verdict."""
        failed = (c for c in self.verdict.walk() if c.status is not Status.ALLOW)
        return tuple(dict.fromkeys(name for c in failed for name in (c.rule, c.id) if name))


def run(packs: Iterable[Rulepack], judge: Judge, rehearse: Rehearse | None = None) -> tuple[Outcome, ...]:
    """Return the outcome of every example of ``packs``, in their order.

    An example is judged by its own pack alone. The pack's mode plays no part: what passes is a question of gates.
    One that states contents is rehearsed first, in a repository made for it.

    Raises:
        ConfigError: when an example does not describe a change; packs that were loaded have none of those.
    """
    return tuple(_outcome(pack, at, judge, rehearse) for pack in packs for at in range(len(pack.examples)))


def _outcome(pack: Rulepack, at: int, judge: Judge, rehearse: Rehearse | None) -> Outcome:
    example = pack.examples[at]
    case = case_of(example, pack)
    paths = case.change.paths
    # A template that leaves it open which files are claimed is tried as if it claimed all of them.
    claims = globs(pack.match.files or ("**",))
    claimed = tuple(p for p in paths if claims.match(p))
    done = rehearsed(case, pack, rehearse)
    ctx = GateContext(change=done.change, pack=pack, now=case.now, evidence=done.evidence)
    checks = [*_unclaimed(tuple(p for p in paths if not claims.match(p))), *judge(ctx, claimed), *done.checks]
    got = verdict(pack.name, checks)
    reasons = {name for c in got.walk() if c.status is not Status.ALLOW for name in _names(c)}
    return Outcome(
        pack=pack.name,
        example=example.name,
        where=pack.where(f"examples[{at}]"),
        expected=example.expect,
        because=example.because,
        verdict=got,
        ok=got.status.value == example.expect and (not example.because or example.because in reasons),
    )


def _names(check: Check) -> tuple[str, ...]:
    return tuple(n for n in (check.rule, check.rule.rpartition("/")[2], check.id) if n)


def _unclaimed(paths: tuple[str, ...]) -> Iterable[Check]:
    if paths:
        found, expected, fix = say.unclaimed(paths)
        yield Check(rule=RULE, status=Status.BLOCK, found=found, expected=expected, fix=fix, paths=paths)
