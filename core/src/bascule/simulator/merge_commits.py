"""The commits that a merge makes, by method. Nothing here moves a ref."""

from functools import lru_cache
from pathlib import Path

from bascule.simulator.commits import signature_of, signed_commit
from bascule.simulator.git import GitRepo
from bascule.simulator.merge_texts import merge_text, squash_text
from bascule.simulator.model import MergeMethod, PullRequest, Repo
from bascule.simulator.world import Actor, World

#: GitHub rebases no longer series.
_REBASE_LIMIT = 100


def make_merge(
    world: World,
    repo: Repo,
    actor: Actor,
    pull: PullRequest,
    *,
    base: str,
    method: MergeMethod,
    title: str | None = None,
    message: str | None = None,
) -> str | None:
    """The commit that the base branch would point to after merging; None where it cannot be made (conflicts)."""
    git = world.git(repo)
    if method == "rebase":
        return _rebase(world, git, actor, base, pull.head_sha)
    tree = git.merge_trees(base, pull.head_sha)
    if tree is None:
        return None
    if method == "merge":
        return signed_commit(
            world,
            repo,
            tree=tree,
            parents=[base, pull.head_sha],
            author=signature_of(world, actor.user),
            message=merge_text(repo, pull, title, message),
        )
    own = [git.commit(sha) for sha in _own_commits(git, base, pull.head_sha)]
    author = signature_of(world, world.store.users[pull.author_id])
    return signed_commit(
        world,
        repo,
        tree=tree,
        parents=[base],
        author=author,
        message=squash_text(repo, pull, own, author, title, message),
    )


def _own_commits(git: GitRepo, base: str, head: str) -> list[str]:
    return git.between(base, head, "--topo-order", "--no-merges")[::-1]


def _rebase(world: World, git: GitRepo, actor: Actor, base: str, head: str) -> str | None:
    """Replay the commits; the author stays, the committer is who merges, and no signature can be kept."""
    tip = base
    committer = signature_of(world, actor.user)
    own = _own_commits(git, base, head)
    if len(own) > _REBASE_LIMIT:
        return None
    for sha in own:
        commit = git.commit(sha)
        if not commit.parents:
            return None
        tree = git.cherry_pick_tree(onto=tip, commit=commit)
        if tree is None:
            return None
        if tree == git.commit(tip).tree and commit.tree != git.commit(commit.parents[0]).tree:
            # The base branch has that change already.
            continue
        tip = git.write_commit(
            tree=tree, parents=[tip], author=commit.author, committer=committer, message=commit.message
        )
    return tip


@lru_cache(maxsize=256)
def rebases(directory: str, base: str, head: str) -> bool:
    """Whether every commit replays cleanly: a pure function of two commits."""
    git = GitRepo(Path(directory))
    try:
        tip, own = base, _own_commits(git, base, head)
        if len(own) > _REBASE_LIMIT:
            return False
        for sha in own:
            commit = git.commit(sha)
            tree = git.cherry_pick_tree(onto=tip, commit=commit) if commit.parents else None
            if tree is None:
                return False
            tip = git.write_commit(
                tree=tree, parents=[tip], author=commit.author, committer=commit.committer, message=commit.message
            )
        return True
    finally:
        git.close()
