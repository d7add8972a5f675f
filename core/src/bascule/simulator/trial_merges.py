"""The test merge of an open pull request: whether it merges cleanly, and `refs/pull/N/merge`."""

from bascule.simulator.commits import signature_of, signed_commit
from bascule.simulator.model import PullRequest, Repo
from bascule.simulator.world import World


def refresh(world: World, repo: Repo, pull: PullRequest) -> None:
    """Do the test merge again if head or base moved since the last one; afterwards `pull.mergeable` is a bool.

    Each time the answer is worked out anew, the next `mergeable_null_reads` reads hear that it is not known yet.
    """
    if pull.state == "closed":
        return
    git = world.git(repo)
    base = git.ref(f"refs/heads/{pull.base_ref}")
    key = f"{pull.head_sha} {base}"
    if pull.mergeable_key == key:
        return
    tree = git.merge_trees(base, pull.head_sha) if base else None
    pull.mergeable_key = key
    pull.mergeable = tree is not None
    pull.mergeable_null_reads_left = world.switches.mergeable_null_reads
    pull.merge_commit_sha = None
    # After a conflict the ref keeps the last merge that worked: clients that fetch it see an old state, as on GitHub.
    if tree is not None and base is not None:
        author = world.store.users[pull.author_id]
        pull.merge_commit_sha = signed_commit(
            world,
            repo,
            tree=tree,
            parents=[base, pull.head_sha],
            author=signature_of(world, author),
            message=f"Merge {pull.head_sha} into {base}",
        )
        ref = f"refs/pull/{pull.number}/merge"
        git.update_ref(ref, pull.merge_commit_sha, git.ref(ref))
    world.store.pulls.save(pull)


def known(world: World, repo: Repo, pull: PullRequest) -> bool | None:
    """Whether it merges cleanly, as a reader would hear now; None while GitHub would still be working it out."""
    refresh(world, repo, pull)
    return None if pull.mergeable_null_reads_left > 0 or pull.state == "closed" else pull.mergeable


def count_read(world: World, pull: PullRequest) -> None:
    """One reader has heard `known`'s answer."""
    if pull.mergeable_null_reads_left > 0:
        pull.mergeable_null_reads_left -= 1
        world.store.pulls.save(pull)
