"""What is watched: the merge, the objectives of the packs that bind it, and from when on."""

from __future__ import annotations

from attrs import frozen

from bascule.errors import ConfigError, Problem
from bascule.git import Git
from bascule.messages import watch as say
from bascule.pipeline.session import Session
from bascule.pipeline.undoing.asked import Undo
from bascule.pipeline.undoing.found import Target, find
from bascule.pipeline.undoing.policy import Policy, policy_of
from bascule.slo import openslo, promql, short
from bascule.slo.objective import Objective
from bascule.types import Rulepack, WatchRule


@frozen(kw_only=True)
class Asked:
    """One watch. ``environment`` is empty where the merge itself is what users meet. ``duration`` in seconds.

    ``packs`` are the names of the packs that bind the change, ``paths`` its files.
    """

    target: Target
    policy: Policy
    objectives: tuple[Objective, ...]
    environment: str
    duration: float
    packs: tuple[str, ...]
    paths: tuple[str, ...]

    @property
    def number(self) -> int:
        """Return the pull request's number."""
        return self.target.change.number


def asked(session: Session, number: int) -> Asked:
    """Return what there is to watch of pull request ``number``, by the packs on the base branch.

    Raises:
        UsageError: it is not merged. ConfigError: an objective cannot be used, or packs contradict each other.
        BasculeError: GitHub, git or the journal cannot be read.
    """
    target = find(session, Undo(number=number))
    paths = _paths(target)
    policy = policy_of(session, target.snapshot, paths)
    packs = tuple(b.pack for b in policy.bound.packs)
    rules = [p.watch for p in packs if p.watch is not None and p.watch.slos]
    return Asked(
        target=target,
        policy=policy,
        objectives=_objectives(packs, target.git, target.tip),
        environment=_environment(rules),
        duration=max((r.duration for r in rules), default=WatchRule().duration),
        packs=tuple(p.name for p in packs),
        paths=paths,
    )


def _paths(target: Target) -> tuple[str, ...]:
    inverse = target.inverse()
    if inverse is not None:
        return inverse.paths
    before = target.landed.parents[0] if target.landed.parents else ""
    return tuple(sorted({f.path for f in target.git.raw_diff(before, target.landed.sha)})) if before else ()


def _environment(rules: list[WatchRule]) -> str:
    names = tuple(dict.fromkeys(r.environment or "production" for r in rules if r.after == "deployment"))
    if len(names) > 1:
        message, hint = say.two_environments(names)
        raise ConfigError(message, (), hint=hint)
    return names[0] if names else ""


def _objectives(packs: tuple[Rulepack, ...], git: Git, tip: str) -> tuple[Objective, ...]:
    found: dict[str, Objective] = {}
    problems: list[Problem] = []
    for pack in packs:
        for at, entry in enumerate(pack.watch.slos if pack.watch is not None else ()):
            where = pack.where(f"watch.slos[{at}]")
            for objective in _entry(entry, where, git, tip, problems):
                other = found.setdefault(objective.name, objective)
                if other.sli != objective.sli:
                    problems.append(_problem(where, say.twice_named(objective.name)))
    if problems:
        raise ConfigError(say.UNUSABLE, problems, hint=say.UNUSABLE_FIX)
    return tuple(found.values())


def _entry(entry: str, where: str, git: Git, tip: str, problems: list[Problem]) -> tuple[Objective, ...]:
    if short.is_short(entry):
        try:
            return (short.parse(entry, where=where),)
        except promql.QueryError as error:
            problems.append(_problem(where, error.said))
            return ()
    text = git.blob(tip, entry)
    if text is None:
        problems.append(_problem(where, say.no_file(entry, tip)))
        return ()
    found = openslo.load(text, entry)
    problems += found.problems
    return found.objectives


def _problem(where: str, said: tuple[str, str]) -> Problem:
    return Problem(where=where, message=said[0], fix=said[1])
