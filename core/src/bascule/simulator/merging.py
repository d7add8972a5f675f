"""Merging a pull request, and what GitHub says of whether it could be.

A merge moves a ref and changes a record, which lie in two stores. So an intent is written first; `recover` finishes at
start what a killed server left half done.
"""

from attrs import frozen

from bascule.simulator import enforce, reactions, timeline, trial_merges
from bascule.simulator.git import RefRaceLost
from bascule.simulator.greenness import rollup
from bascule.simulator.http import HttpError
from bascule.simulator.merge_commits import make_merge, rebases
from bascule.simulator.merge_lag import lagging
from bascule.simulator.model import MergeMethod, PullRequest, Repo
from bascule.simulator.pull_heads import mark_merged
from bascule.simulator.pulls import head_repo
from bascule.simulator.refs import force_update
from bascule.simulator.world import Actor, World

BASE_MODIFIED = "Base branch was modified. Review and try the merge again."
HEAD_MODIFIED = "Head branch was modified. Review and try the merge again."
NOT_MERGEABLE = "Pull Request is not mergeable"
_FORBIDDEN: dict[MergeMethod, str] = {
    "merge": "Merge commits are not allowed on this repository.",
    "squash": "Squash merges are not allowed on this repository.",
    "rebase": "Rebase merges are not allowed on this repository.",
}
_INTENTS = "merge_intents"


@frozen(kw_only=True)
class Mergeability:
    """What one read of a pull request is told."""

    mergeable: bool | None
    rebaseable: bool | None
    #: clean, unstable, blocked, behind, dirty, draft or unknown.
    state: str


def allowed_methods(repo: Repo) -> list[MergeMethod]:
    """The ways of merging that the repository permits, in GitHub's order."""
    flags: list[tuple[MergeMethod, bool]] = [
        ("merge", repo.allow_merge_commit),
        ("squash", repo.allow_squash_merge),
        ("rebase", repo.allow_rebase_merge),
    ]
    return [method for method, allowed in flags if allowed]


def mergeable_state(world: World, repo: Repo, pull: PullRequest, viewer: Actor | None) -> str:
    """REST's `mergeable_state` (GraphQL's `mergeStateStatus` in lower case), without counting as a read.

    Nobody's freedom to pass protection shows in it: an administrator, too, sees `blocked`.
    """
    clean = trial_merges.known(world, repo, pull)
    if clean is None:
        return "unknown"
    if not clean:
        return "dirty"
    if pull.draft:
        return "draft"
    if any(name not in (*enforce.NO_MERGE_RULES, "MERGE_QUEUE") for name in world.switches.ruleset_rules):
        return "blocked"
    seen_by = viewer or Actor(user=world.store.users[pull.author_id])
    rule = enforce.rule_for(world, repo, pull.base_ref)
    if rule is not None:
        blockers = [enforce.unmet(world, repo, seen_by, pull, method, bypass=False) for method in allowed_methods(repo)]
        fewest = min(blockers, key=len)
        checks = rule.required_status_checks
        behind = checks is not None and checks.strict and enforce.behind(world, repo, pull)
        if len(fewest) > behind:
            return "blocked"
        if behind:
            return "behind"
    return "clean" if rollup(world, repo, pull.head_sha).state in (None, "SUCCESS") else "unstable"


def read(world: World, repo: Repo, pull: PullRequest, viewer: Actor | None, *, counts: bool = True) -> Mergeability:
    """What a reader hears of `mergeable` and `mergeable_state` now; `counts` against the switches that delay them."""
    mergeable = trial_merges.known(world, repo, pull)
    state = mergeable_state(world, repo, pull, viewer)
    rebaseable = None
    if mergeable is not None:
        base = world.git(repo).ref(f"refs/heads/{pull.base_ref}")
        rebaseable = mergeable and base is not None and rebases(str(world.git(repo).directory), base, pull.head_sha)
    if counts:
        state = lagging(world, repo, pull, state)
        trial_merges.count_read(world, pull)
    return Mergeability(mergeable=mergeable, rebaseable=rebaseable, state=state)


def merge(
    world: World,
    repo: Repo,
    actor: Actor,
    pull: PullRequest,
    *,
    method: MergeMethod = "merge",
    title: str | None = None,
    message: str | None = None,
    expected_head: str | None = None,
    bypass: bool = True,
) -> str:
    """Merge now; the id of the commit on the base branch. HttpError 403, 405 or 409 with GitHub's text.

    The caller runs `reactions.gate_changed` afterwards. `bypass` False is for auto-merge, which honours no allowance.
    """
    refusal = enforce.check_merge(world, repo, actor, pull, method, bypass=bypass)
    if refusal is not None and refusal.status == 403:
        raise HttpError(403, refusal.message)
    git = world.git(repo)
    base = git.ref(f"refs/heads/{pull.base_ref}")
    if pull.state == "closed" or base is None:
        raise HttpError(405, NOT_MERGEABLE)
    if expected_head is not None and expected_head != pull.head_sha:
        raise HttpError(409, HEAD_MODIFIED)
    if pull.draft:
        raise HttpError(405, "Pull Request is still a draft")
    if method not in allowed_methods(repo):
        raise HttpError(405, _FORBIDDEN[method])
    if git.merge_trees(base, pull.head_sha) is None:
        raise HttpError(405, NOT_MERGEABLE)
    if refusal is not None:
        raise HttpError(refusal.status, refusal.message)
    sha = make_merge(world, repo, actor, pull, base=base, method=method, title=title, message=message)
    if sha is None:
        raise HttpError(405, "This branch can't be rebased")
    _remember(world, pull, {"sha": sha, "base": base, "actor": actor.user.id})
    try:
        git.update_ref(f"refs/heads/{pull.base_ref}", sha, base)
    except RefRaceLost as error:
        _forget(world, pull)
        raise HttpError(405, BASE_MODIFIED) from error
    _finish(world, repo, actor, pull, sha=sha, base=base)
    return sha


def _remember(world: World, pull: PullRequest, intent: dict[str, str | int]) -> None:
    world.store.set_meta(_INTENTS, {**world.store.meta(_INTENTS, {}), str(pull.id): intent})
    world.store.flush()


def _forget(world: World, pull: PullRequest) -> None:
    world.store.set_meta(_INTENTS, {k: v for k, v in world.store.meta(_INTENTS, {}).items() if k != str(pull.id)})


def _finish(world: World, repo: Repo, actor: Actor, pull: PullRequest, *, sha: str, base: str) -> None:
    """Everything that follows once the ref has moved; done twice it is done once."""
    mark_merged(world, repo, actor, pull, sha=sha, base=base)
    update = enforce.RefUpdate(ref=f"refs/heads/{pull.base_ref}", old=base, new=sha)
    reactions.refs_updated(world, repo, actor, update)
    if repo.delete_branch_on_merge:
        _delete_head(world, repo, actor, pull)
    _forget(world, pull)


def _delete_head(world: World, repo: Repo, actor: Actor, pull: PullRequest) -> None:
    source, ref = head_repo(world, pull), f"refs/heads/{pull.head_ref}"
    if source is None or source.id != repo.id or pull.head_ref == repo.default_branch:
        return
    tip = world.git(repo).ref(ref)
    if tip is not None and enforce.rule_for(world, repo, pull.head_ref) is not None:
        return
    # Pull requests that build on this one go on against its base.
    for other in world.store.pulls.where(repo_id=repo.id, base_ref=pull.head_ref, state="open"):
        timeline.record(
            world, repo, other.number, actor, "automatic_base_change_succeeded", was=pull.head_ref, now=pull.base_ref
        )
        other.base_ref = pull.base_ref
        other.base_sha = world.git(repo).ref(f"refs/heads/{pull.base_ref}") or other.base_sha
        timeline.touch(world, other)
    if tip is not None:
        force_update(world, repo, actor, enforce.RefUpdate(ref=ref, old=tip, new=None))


def recover(world: World) -> None:
    """Finish or forget merges that a killed server left between ref and record; called once at start."""
    world.pool.unlock()
    for key, intent in world.store.meta(_INTENTS, {}).items():
        pull = world.store.pulls.get(int(key))
        repo = world.store.repos.get(pull.repo_id) if pull else None
        if pull is None or repo is None:
            world.store.set_meta(_INTENTS, {k: v for k, v in world.store.meta(_INTENTS, {}).items() if k != key})
            continue
        tip = world.git(repo).ref(f"refs/heads/{pull.base_ref}")
        if tip is not None and pull.state == "open" and world.git(repo).is_ancestor(intent["sha"], tip):
            actor = Actor(user=world.store.users[intent["actor"]])
            _finish(world, repo, actor, pull, sha=intent["sha"], base=intent["base"])
        else:
            _forget(world, pull)
    _catch_up(world)
    world.store.flush()


def _catch_up(world: World) -> None:
    """Branches that a killed push had moved already: their pull requests follow now, as if their author had pushed."""
    for pull in world.store.pulls.where(state="open"):
        repo, source = world.store.repos[pull.repo_id], head_repo(world, pull)
        if source is None:
            continue
        tip = world.git(source).ref(f"refs/heads/{pull.head_ref}")
        if tip == pull.head_sha:
            continue
        author = Actor(user=world.store.users[pull.author_id])
        update = enforce.RefUpdate(ref=f"refs/heads/{pull.head_ref}", old=pull.head_sha, new=tip)
        reactions.refs_updated(world, source, author, update)
        reactions.gate_changed(world, repo)
