"""What the packs of the change say about undoing it: read from the base branch now, and bound by the same files."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import evolve, frozen

from bascule.forge.snapshot import Snapshot
from bascule.pipeline.session import Session
from bascule.rulepack.bind import Bound, United, bind, unite
from bascule.rulepack.catalog import Catalog
from bascule.rulepack.load import load_all
from bascule.types import RelaxKind, RelaxRule, WatchRule

MODES = ("off", "propose", "auto")
"""What ``watch.rollback`` may say, tightest first: a machine does nothing, opens the pull request, or merges it too."""


@frozen(kw_only=True)
class Policy:
    """The packs of the change, united for its rollback.

    ``mode`` is the tightest of theirs, ``checks`` ``skip`` only where all of them say so. ``united.relax_allow`` is
    empty where a file of the change is claimed by no pack, or where no pack can be read; ``problem`` then says why.
    """

    bound: Bound
    united: United
    mode: str
    checks: str
    where: str | None = None
    problem: str = ""


def policy_of(session: Session, snapshot: Snapshot, paths: Iterable[str]) -> Policy:
    """Return the policy for undoing a change of ``paths``, from the packs in ``snapshot``.

    A rollback must stay possible when a pack is broken at three in the morning: then nothing may be relaxed for it, and
    what protection requires has to be met.
    """
    catalog = Catalog.of(session.hosts.scenarios().values(), session.hosts.broken())
    loaded = load_all(snapshot.packs, catalog, snapshot.packs_commit)
    problem = snapshot.packs_problem or "; ".join(f"{p.where}: {p.message}" for p in loaded.problems[:3])
    bound = bind(() if problem else loaded.packs, paths=paths, base_ref=snapshot.change_without_git.base_ref)
    united = unite(bound)
    rules = [b.pack.watch or WatchRule() for b in bound.packs]
    if not rules or bound.unclaimed:
        united = evolve(united, relax_allow=(), max_exposure=united.max_exposure or RelaxRule().max_exposure)
    mode = min((r.rollback for r in rules), key=MODES.index, default="off")
    skip = bool(rules) and not bound.unclaimed and all(r.rollback_checks == "skip" for r in rules)
    where = next(
        (b.pack.where("watch.rollback") for b in bound.packs if (b.pack.watch or WatchRule()).rollback == mode), None
    )
    return Policy(
        bound=bound, united=united, mode=mode, checks="skip" if skip else "wait", where=where, problem=problem
    )


def allowed(policy: Policy, *, skip: bool) -> tuple[RelaxKind, ...]:
    """Return what may be waived: what the packs allow, checks only where they are skipped."""
    return tuple(k for k in policy.united.relax_allow if skip or k is not RelaxKind.CHECKS)
