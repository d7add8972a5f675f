"""Pull requests follow the branches that they join."""

from bascule.simulator import timeline
from bascule.simulator.access import level_at_least, permission_of
from bascule.simulator.enforce import RefUpdate, rule_for
from bascule.simulator.model import PullRequest, Repo
from bascule.simulator.pull_content import patch_id
from bascule.simulator.pulls import close, disarm
from bascule.simulator.reviewing import dismiss_stale
from bascule.simulator.threads import follow_head
from bascule.simulator.trial_merges import refresh
from bascule.simulator.world import Actor, World


def branch_moved(world: World, repo: Repo, actor: Actor, update: RefUpdate) -> set[int]:
    """After a branch of `repo` moved; ids of the repositories whose pull requests changed."""
    branch = update.ref.removeprefix("refs/heads/")
    world.store.set_meta(f"pusher:{repo.id}:{branch}", actor.user.id)
    touched: set[int] = set()
    for pull in world.store.pulls.where(head_repo_id=repo.id, head_ref=branch):
        base_repo = world.store.repos[pull.repo_id]
        if pull.state == "closed":
            if update.new is None and pull.merged and pull.head_sha == update.old:
                timeline.record(world, base_repo, pull.number, actor, "head_ref_deleted")
            continue
        touched.add(pull.repo_id)
        if update.new is None:
            timeline.record(world, base_repo, pull.number, actor, "head_ref_deleted")
            close(world, base_repo, actor, pull)
        else:
            _head_moved(world, base_repo, repo, actor, pull, update.new)
    for pull in world.store.pulls.where(repo_id=repo.id, base_ref=branch, state="open"):
        touched.add(repo.id)
        if update.new is None:
            timeline.record(world, repo, pull.number, actor, "base_ref_deleted")
            close(world, repo, actor, pull)
        elif world.git(repo).is_ancestor(pull.head_sha, update.new):
            mark_merged(
                world, repo, actor, pull, sha=_brought_in(world, repo, pull, update), base=update.old or update.new
            )
    return touched


def _brought_in(world: World, repo: Repo, pull: PullRequest, update: RefUpdate) -> str:
    """The first commit on the base branch that contains the head: the head itself after a fast-forward."""
    git = world.git(repo)
    assert update.new is not None
    new = git.between(update.old, update.new, "--first-parent")[::-1]
    return next((sha for sha in new if git.is_ancestor(pull.head_sha, sha)), pull.head_sha)


def _head_moved(world: World, repo: Repo, source: Repo, actor: Actor, pull: PullRequest, new: str) -> None:
    git = world.git(repo)
    ref, old = f"refs/pull/{pull.number}/head", pull.head_sha
    if source.id != repo.id:
        git.fetch_from(world.git(source), new)
    git.update_ref(ref, new, git.ref(ref))
    base = git.ref(f"refs/heads/{pull.base_ref}") or pull.base_sha
    pull.head_sha, pull.base_sha, pull.last_pusher_id = new, base, actor.user.id
    timeline.touch(world, pull)
    if not git.is_ancestor(old, new):
        timeline.record(world, repo, pull.number, actor, "head_ref_force_pushed", commit_id=new, before=old, after=new)
    if git.is_ancestor(new, base):
        close(world, repo, actor, pull)
        return
    if not level_at_least(permission_of(world, repo, actor), "write"):
        disarm(world, repo, actor, pull)
    follow_head(world, repo, pull, old)
    difference_changed(world, repo, actor, pull, before=(base, old))
    refresh(world, repo, pull)


def difference_changed(world: World, repo: Repo, actor: Actor, pull: PullRequest, *, before: tuple[str, str]) -> None:
    """Dismiss approvals if the rule says so and what the pull request does is not what it did for (base, head) before.

    Merging the base branch in changes nothing of it.
    """
    rule = rule_for(world, repo, pull.base_ref)
    group = rule.required_pull_request_reviews if rule else None
    if group is None or not group.dismiss_stale_reviews:
        return
    git = world.git(repo)
    directory, base = str(git.directory), git.ref(f"refs/heads/{pull.base_ref}") or pull.base_sha
    if patch_id(directory, *before) != patch_id(directory, base, pull.head_sha):
        dismiss_stale(world, repo, actor, pull)


def mark_merged(world: World, repo: Repo, actor: Actor, pull: PullRequest, *, sha: str, base: str) -> None:
    """Record that `sha` brought the pull request into its base branch, whose tip was `base` before."""
    now = world.clock.iso()
    pull.state, pull.merged, pull.merged_at, pull.merged_by_id = "closed", True, now, actor.user.id
    pull.closed_at, pull.closed_by_id, pull.merge_commit_sha, pull.base_sha = now, actor.user.id, sha, base
    pull.mergeable = None
    timeline.touch(world, pull)
    timeline.record(world, repo, pull.number, actor, "merged", commit_id=sha)
    timeline.record(world, repo, pull.number, actor, "closed")
