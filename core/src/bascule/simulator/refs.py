"""The one way in which a ref moves, whoever asks."""

from collections.abc import Sequence

from bascule.simulator import reactions
from bascule.simulator.enforce import RefUpdate, Refusal, check_push
from bascule.simulator.git import RefRaceLost
from bascule.simulator.http import HttpError, unprocessable
from bascule.simulator.model import Repo
from bascule.simulator.world import Actor, World

RACE_LOST = Refusal(message="Reference cannot be updated", git_lines=(), git_reason="failed to update ref", status=409)


def try_updates(world: World, repo: Repo, actor: Actor, updates: Sequence[RefUpdate]) -> list[Refusal | None]:
    """Check protection, then compare-and-swap each permitted ref; per update a refusal, or None where it happened."""
    git = world.git(repo)
    results = check_push(world, repo, actor, updates)
    for index, update in enumerate(updates):
        if results[index] is not None:
            continue
        try:
            git.update_ref(update.ref, update.new, update.old)
        except RefRaceLost:
            results[index] = RACE_LOST
            continue
        reactions.refs_updated(world, repo, actor, update)
    if any(result is None for result in results):
        reactions.gate_changed(world, repo)
    return results


def update_together(world: World, repo: Repo, actor: Actor, updates: Sequence[RefUpdate]) -> list[Refusal | None]:
    """All of them or none; per update a refusal, or None where it happened or only the others stood in its way."""
    git = world.git(repo)
    results = check_push(world, repo, actor, updates)
    if any(results):
        return results
    try:
        git.update_refs([(u.ref, u.new, u.old) for u in updates])
    except RefRaceLost:
        return [RACE_LOST for _ in updates]
    for update in updates:
        reactions.refs_updated(world, repo, actor, update)
    reactions.gate_changed(world, repo)
    return results


def force_update(world: World, repo: Repo, actor: Actor, update: RefUpdate) -> None:
    """Move a ref that was already decided on (a merge that `check_merge` allowed). RefRaceLost."""
    world.git(repo).update_ref(update.ref, update.new, update.old)
    reactions.refs_updated(world, repo, actor, update)


def update_or_raise(world: World, repo: Repo, actor: Actor, update: RefUpdate) -> None:
    """One update for REST: a refusal becomes its status and text."""
    refusal = try_updates(world, repo, actor, [update])[0]
    if refusal is RACE_LOST:
        raise HttpError(409, refusal.message) if update.old else unprocessable("Reference already exists")
    if refusal is not None:
        raise HttpError(refusal.status, refusal.message)
