"""The replay itself: find the repository, judge its changes, see which were reverted, count."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from attrs import evolve, frozen

from bascule.clock import Clock
from bascule.errors import OutsideError, UsageError
from bascule.host.driver import Hosts
from bascule.messages import replay as say
from bascule.replay import summary
from bascule.replay.changes import change_of, request_of, when
from bascule.replay.graph import Landings, chain, landings
from bascule.replay.history import Entry, history
from bascule.replay.judge import Judge
from bascule.replay.policy import policy_of
from bascule.replay.records import About, Judged, Outcome, Policy, Report, Shown, outcome_of
from bascule.replay.repository import Repository, find
from bascule.replay.reverts import Landed, reverts
from bascule.rulepack.catalog import Catalog

Progress = Callable[[int, int], None]
"""Called with (changes judged, changes in all)."""

_MISSING = 20
"""After so many changes with a missing content, contents are not asked for any more."""


@frozen(kw_only=True)
class Request:
    """What to replay. ``last`` limits it to the newest changes; None for all.

    ``rulepack`` judges with the packs of a directory instead of the repository's own; ``diff`` compares with those of
    another one.
    """

    path: Path
    last: int | None = None
    branch: str | None = None
    rulepack: Path | None = None
    diff: Path | None = None


def replay(request: Request, hosts: Hosts, clock: Clock, progress: Progress) -> Report:
    """Return the report on ``request``; the repository is only read.

    Raises:
        UsageError: the path, the branch or a directory of packs is wrong.
        ConfigError: a rulepack is wrong.
        OutsideError: git failed.
    """
    started = clock.elapsed()
    repository = find(request.path, request.branch)
    catalog = _catalog(hosts)
    policy = policy_of(repository, catalog, request.rulepack)
    other = None if request.diff is None else policy_of(repository, catalog, request.diff)
    reader = _Reader(repository, policy, other, hosts, progress)
    changes = reader.judge(request.last)
    return Report(
        about=_about(repository),
        policy=policy,
        other=other,
        changes=changes,
        rows=summary.rows(changes, sorted({p.scenario for p in policy.packs})),
        reasons=summary.reasons(changes),
        unclaimed=summary.unclaimed(changes),
        seconds=clock.elapsed() - started,
        uncounted=reader.uncounted,
        skipped=reader.skipped,
        broken=tuple(sorted(catalog.broken.items())),
    )


def show(request: Request, sha: str, hosts: Hosts) -> Shown:
    """Return the change ``sha`` (shortened ids too) with its whole verdict.

    Raises:
        UsageError: ``sha`` is no commit of the branch; and as :func:`replay`.
        ConfigError: as :func:`replay`.
        OutsideError: as :func:`replay`.
    """
    repository = find(request.path, request.branch)
    git = repository.git
    commit = git.resolve(f"{sha}^{{commit}}")
    if commit is None:
        raise UsageError(say.no_commit(sha), where="--show", hint=say.SHOW_ONE)
    shas = chain(git, repository.tip)
    landed = landings(git, shas)
    target = landed.landed_by.get(commit, commit)
    if target not in shas:
        raise UsageError(say.not_on_branch(sha, repository.branch), where="--show", hint=say.SHOW_ONE)
    if target in repository.boundary:
        raise UsageError(say.at_the_boundary(sha), where="--show", hint=say.DEEPEN)
    policy = policy_of(repository, _catalog(hosts), request.rulepack)
    entry, counted = next(entries(repository, (target,)))
    change = change_of(entry, repository, landed.brought.get(target, ()))
    judge = Judge(policy, hosts, branch=bool(repository.branch), lines=counted, objects=_objects(repository, counted))
    tree, _ = judge.verdict(change)
    later = history(git, repository.tip, limit=shas.index(target) + 1, contents=False)
    return Shown(
        about=_about(repository),
        policy=policy,
        change=change,
        verdict=tree,
        outcome=Outcome.UNBOUND if tree is None else outcome_of(tree),
        reverted=reverts([_landed(e, landed) for e in later]).get(target),
        asked=commit if commit != target else "",
    )


class _Reader:
    """Judges a repository's changes. ``uncounted`` and ``skipped`` count as in :class:`Report`."""

    def __init__(
        self, repository: Repository, policy: Policy, other: Policy | None, hosts: Hosts, progress: Progress
    ) -> None:
        self._repository = repository
        self._policies = [policy] if other is None else [policy, other]
        self._hosts = hosts
        self._progress = progress
        self.uncounted = 0
        self.skipped = 0

    def judge(self, last: int | None) -> tuple[Judged, ...]:
        """Return the newest ``last`` changes, newest first."""
        repository = self._repository
        shas = chain(repository.git, repository.tip, limit=None if last is None else last + 1)
        older = shas[last] if last is not None and len(shas) > last else None
        shas = shas[:last]
        landed = landings(repository.git, shas, older)
        judges = {
            counted: [
                Judge(
                    p,
                    self._hosts,
                    branch=bool(repository.branch),
                    lines=counted,
                    objects=_objects(repository, counted),
                )
                for p in self._policies
            ]
            for counted in (True, False)
        }
        judged: list[Judged] = []
        trail: list[Landed] = []
        for entry, counted in entries(repository, shas):
            self._progress(len(judged), len(shas))
            if entry.info.sha in repository.boundary:
                self.skipped += 1
                continue
            self.uncounted += not counted
            trail.append(_landed(entry, landed))
            judged.append(_judged(entry, repository, landed, judges[counted]))
        self._progress(len(shas), len(shas))
        undone = reverts(trail)
        return tuple(evolve(j, reverted=undone[j.sha]) if j.sha in undone else j for j in judged)


def entries(repository: Repository, shas: Sequence[str]) -> Iterator[tuple[Entry, bool]]:
    """Yield the first-parent commits ``shas``, newest first, each with whether its lines could be counted.

    Where a content is missing, as in a partial or a damaged clone, the trees alone still tell which files changed.

    Raises:
        OutsideError: git failed at something else.
    """
    git = repository.git
    at = missing = 0
    while at < len(shas) and missing < _MISSING and not repository.partial:
        try:
            for entry in history(git, shas[at], limit=len(shas) - at):
                yield entry, True
                at += 1
        except OutsideError:
            missing += 1
            yield next(history(git, shas[at], limit=1, contents=False)), False  # git's own error, if it is another one
            at += 1
    if at < len(shas):
        for entry in history(git, shas[at], limit=len(shas) - at, contents=False):
            yield entry, False


def _judged(entry: Entry, repository: Repository, landed: Landings, judges: list[Judge]) -> Judged:
    change = change_of(entry, repository, landed.brought.get(entry.info.sha, ()))
    opinions = [judge.opinion(change) for judge in judges]
    return Judged(
        sha=change.head_sha,
        number=change.number,
        title=change.title,
        at=when(entry.info.committer_time),
        author=entry.info.author_name,
        opinion=opinions[0],
        other=opinions[1] if len(opinions) > 1 else None,
    )


def _objects(repository: Repository, counted: bool) -> Path | None:
    """Return where rehearsals read; nowhere in a clone that would have to ask its remote for contents."""
    return repository.git.directory.resolve() if counted and not repository.partial else None


def _landed(entry: Entry, landed: Landings) -> Landed:
    inside = landed.brought.get(entry.info.sha, ())
    asked = request_of(entry.info.message)
    return Landed(
        sha=entry.info.sha,
        number=asked.number,
        title=asked.title,
        head_ref=asked.head_ref,
        time=entry.info.committer_time,
        messages=(entry.info.message, *(c.message for c in inside)),
        entries=entry.entries,
        inside=tuple(c.sha for c in inside),
    )


def _about(repository: Repository) -> About:
    return About(
        name=repository.name,
        branch=repository.branch,
        tip=repository.tip,
        shallow=bool(repository.boundary),
        partial=repository.partial,
    )


def _catalog(hosts: Hosts) -> Catalog:
    return Catalog.of(hosts.scenarios().values(), hosts.broken(), hosts.fixes())
