"""Auto-merge: armed by a person or an app, fired by the server the moment protection allows it.

It merges as who armed it, and honours neither bypass allowances nor an administrator's freedom.
"""

from bascule.simulator import enforce, merging, timeline, trial_merges
from bascule.simulator.access import level_at_least, permission_of
from bascule.simulator.http import HttpError
from bascule.simulator.merge_lag import rules_text
from bascule.simulator.model import AutoMergeRequest, MergeMethod, PullRequest, Repo, Token, User
from bascule.simulator.pulls import disarm
from bascule.simulator.world import Actor, World

_EVENTS: dict[MergeMethod, str] = {
    "merge": "auto_merge_enabled",
    "squash": "auto_squash_enabled",
    "rebase": "auto_rebase_enabled",
}


def acting_as(world: World, repo: Repo, user: User) -> Actor:
    """The server acting for an account: with what its installation or its site administration gives, and no more."""
    if user.type == "Bot":
        app = next((a for a in world.store.apps if a.bot_id == user.id), None)
        installation = world.store.installations.find(app_id=app.id, account_id=repo.owner_id) if app else None
        if app is not None and installation is not None:
            token = Token(
                id=0,
                digest="",
                user_id=user.id,
                kind="installation",
                app_id=app.id,
                installation_id=installation.id,
                permissions=installation.permissions,
                repository_ids=installation.repository_ids,
            )
            return Actor(user=user, token=token)
    return Actor(user=user, token=Token(id=0, digest="", user_id=user.id, admin=True) if user.site_admin else None)


def enable(
    world: World,
    repo: Repo,
    pull: PullRequest,
    actor: Actor,
    method: MergeMethod = "merge",
    expected_head: str | None = None,
    *,
    commit_title: str | None = None,
    commit_message: str | None = None,
    author_email: str | None = None,
) -> AutoMergeRequest:
    """Arm it. HttpError 403 for who may not write, 422 with GraphQL's text where GitHub refuses.

    Arming again changes method and texts.
    """
    if not level_at_least(permission_of(world, repo, actor), "write"):
        raise HttpError(
            403, f"{actor.user.login} does not have the correct permissions to execute `EnablePullRequestAutoMerge`"
        )
    if expected_head is not None and expected_head != pull.head_sha:
        raise HttpError(422, merging.HEAD_MODIFIED)
    if pull.state == "closed":
        raise HttpError(422, "Can't enable auto-merge for this pull request.")
    if not repo.allow_auto_merge:
        raise HttpError(422, "Pull request Auto merge is not allowed for this repository")
    if pull.draft:
        raise HttpError(422, "Pull request Pull request is in draft state")
    if enforce.rule_for(world, repo, pull.base_ref) is None:
        raise HttpError(422, "Pull request Protected branch rules not configured for this branch")
    if method not in merging.allowed_methods(repo):
        words = {"merge": "merge commits are", "squash": "squash merging is", "rebase": "rebase merging is"}
        raise HttpError(422, f"Pull request Merge method {words[method]} not allowed on this repository")
    state = merging.mergeable_state(world, repo, pull, actor)
    if pull.auto_merge is None and state in ("clean", "unstable"):
        raise HttpError(422, f"Pull request Pull request is in {state} status")
    pull.auto_merge = AutoMergeRequest(
        enabled_by_id=actor.user.id,
        enabled_at=world.clock.iso(),
        merge_method=method,
        commit_title=commit_title,
        commit_message=commit_message,
        author_email=author_email,
    )
    timeline.record(world, repo, pull.number, actor, _EVENTS[method])
    timeline.touch(world, pull)
    return pull.auto_merge


def disable(world: World, repo: Repo, pull: PullRequest, actor: Actor) -> None:
    """Disarm it. HttpError 403 for who may not write, 422 where it is not armed."""
    if actor.user.id != pull.author_id and not level_at_least(permission_of(world, repo, actor), "write"):
        raise HttpError(
            403, f"{actor.user.login} does not have the correct permissions to execute `DisablePullRequestAutoMerge`"
        )
    if pull.auto_merge is None:
        raise HttpError(422, "Can't disable auto-merge for this pull request.")
    disarm(world, repo, actor, pull)


def fire(world: World, repo: Repo) -> None:
    """Merge every armed pull request of the repository that protection allows now, the longest waiting first."""
    armed = [p for p in world.store.pulls.where(repo_id=repo.id, state="open") if p.auto_merge is not None]
    if not armed or _only_protection_changed(world, repo):
        return
    # A merge can let the next one through, or put it behind.
    while any(_try(world, repo, pull) for pull in sorted(armed, key=_waiting)):
        pass


def _waiting(pull: PullRequest) -> tuple[str, int]:
    return (pull.auto_merge.enabled_at if pull.auto_merge else "", pull.number)


def _try(world: World, repo: Repo, pull: PullRequest) -> bool:
    order = pull.auto_merge
    if order is None or pull.state == "closed" or pull.draft:
        return False
    trial_merges.refresh(world, repo, pull)
    if not pull.mergeable:
        return False
    actor = acting_as(world, repo, world.store.users[order.enabled_by_id])
    try:
        merging.merge(
            world,
            repo,
            actor,
            pull,
            method=order.merge_method,
            title=order.commit_title,
            message=order.commit_message,
            expected_head=pull.head_sha,
            bypass=False,
        )
    except HttpError:
        return False
    return True


def _only_protection_changed(world: World, repo: Repo) -> bool:
    """With `auto_merge_fires_on_relax` off, a change of protection alone wakes nobody; the next event does."""
    if world.switches.auto_merge_fires_on_relax:
        return False
    key, rules = f"rules_seen:{repo.id}", rules_text(world, repo)
    before = world.store.meta(key)
    world.store.set_meta(key, rules)
    return before is not None and before != rules
