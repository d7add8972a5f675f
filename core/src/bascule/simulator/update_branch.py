"""Merging one branch into another: the base into a pull request's head, or any two."""

from bascule.simulator.access import level_at_least, permission_of
from bascule.simulator.commits import signature_of, signed_commit
from bascule.simulator.enforce import RefUpdate
from bascule.simulator.http import HttpError, not_found, unprocessable
from bascule.simulator.model import PullRequest, Repo
from bascule.simulator.pulls import head_repo
from bascule.simulator.reactions import gate_changed
from bascule.simulator.refs import force_update, update_or_raise
from bascule.simulator.world import Actor, World


def update_branch(world: World, repo: Repo, actor: Actor, pull: PullRequest, expected_head: str | None = None) -> str:
    """Merge the base branch into the head branch; the new head. 422 with GitHub's text, 403 for who may not push."""
    source = head_repo(world, pull)
    base = world.git(repo).ref(f"refs/heads/{pull.base_ref}")
    if pull.state == "closed" or source is None or base is None:
        raise unprocessable("Cannot update the branch of a closed pull request.")
    if expected_head is not None and expected_head != pull.head_sha:
        raise unprocessable("expected head sha didn’t match current head ref.")
    git = world.git(source)
    own = level_at_least(permission_of(world, source, actor), "write")
    lent = pull.maintainer_can_modify and level_at_least(permission_of(world, repo, actor), "write")
    if not own and not lent:
        raise HttpError(403, "Must have push access to update the head branch of this pull request.")
    if source.id != repo.id:
        git.fetch_from(world.git(repo), base)
    if git.is_ancestor(base, pull.head_sha):
        raise unprocessable("There are no new commits on the base branch.")
    tree = git.merge_trees(pull.head_sha, base)
    if tree is None:
        raise unprocessable("merge conflict between base and head")
    new = signed_commit(
        world,
        source,
        tree=tree,
        parents=[pull.head_sha, base],
        author=signature_of(world, actor.user),
        message=f"Merge branch '{pull.base_ref}' into {pull.head_ref}",
    )
    update = RefUpdate(ref=f"refs/heads/{pull.head_ref}", old=pull.head_sha, new=new)
    if own:
        update_or_raise(world, source, actor, update)
    else:
        # The author of the fork lent maintainers the branch; its own protection does not know them.
        force_update(world, source, actor, update)
        gate_changed(world, repo)
    return new


def merge_branches(world: World, repo: Repo, actor: Actor, *, base: str, head: str, message: str | None) -> str | None:
    """Merge `head` (branch or commit) into the branch `base`; the new commit, or None where there is nothing to do.

    404 for an unknown side, 409 on conflict, and what protection says.
    """
    git = world.git(repo)
    ours, theirs = git.ref(f"refs/heads/{base}"), git.resolve(head, "commit")
    if ours is None:
        raise HttpError(404, "Base does not exist")
    if theirs is None:
        raise HttpError(404, "Head does not exist")
    if git.is_ancestor(theirs, ours):
        return None
    if git.merge_base(ours, theirs) is None:
        raise not_found()
    tree = git.merge_trees(ours, theirs)
    if tree is None:
        raise HttpError(409, "Merge conflict")
    new = signed_commit(
        world,
        repo,
        tree=tree,
        parents=[ours, theirs],
        author=signature_of(world, actor.user),
        message=message or f"Merge {head} into {base}",
    )
    update_or_raise(world, repo, actor, RefUpdate(ref=f"refs/heads/{base}", old=ours, new=new))
    return new
