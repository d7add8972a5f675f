"""What follows from a change: the seams that other parts of GitHub hang on.

Called with the server's lock held, after the change is in the store and before the reply leaves.
"""

from bascule.simulator.enforce import RefUpdate
from bascule.simulator.model import Repo
from bascule.simulator.world import Actor, World


def refs_updated(world: World, repo: Repo, actor: Actor, update: RefUpdate) -> None:
    """After a ref moved: pull requests follow their head and base, stale reviews are dismissed."""
    # Imported late: pull requests move refs themselves.
    from bascule.simulator.pull_heads import branch_moved

    repo.pushed_at = world.clock.iso()
    world.store.repos.save(repo)
    if not update.ref.startswith("refs/heads/"):
        return
    for repo_id in branch_moved(world, repo, actor, update) - {repo.id}:
        # The head of a fork's pull request moved: what waits for it stands in the base repository.
        gate_changed(world, world.store.repos[repo_id])


def gate_changed(world: World, repo: Repo) -> None:
    """After anything changed that a merge may wait for: protection, statuses, check runs, reviews, threads, labels.

    Here armed auto-merges fire.
    """
    from bascule.simulator.auto_merge import fire

    fire(world, repo)
